"""YAML with places: every value has its place, and is read by the core schema of YAML 1.2.

The vendor's tool reads YAML 1.2, where `no` and `12:30` are texts; PyYAML's own rules are those
of 1.1, so only its parser is used, and scalars are typed here. The parser's events are read
one by one, so that a document that is too deep or too large is rejected early.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any, NoReturn

from segdsl.diagnostics import Code, Report
from segdsl.errors import FileError, SegdslError
from segdsl.language.values import JSON_NUMBER, Number
from segdsl.source import Source, Span

_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?", re.ASCII)
_OTHER_BASES = re.compile(r"0x[0-9a-fA-F]{1,300}|0o[0-7]{1,300}")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE = "tag:yaml.org,2002:"
_TAGS = {"scalar": "str", "sequence": "seq", "mapping": "map"}
"""The one tag that each kind of value may have: what it is without one."""
DEEPEST = 100
MOST_VALUES = 50_000
"""Values of a document, those in lists and maps counted: many times those of a large segment."""


class UnreadableError(SegdslError):
    """A part of the document was reported and cannot be used."""


class Value:
    """A value with its place: a scalar's `data`, a list's or a map's `Value`s.

    `keys` are the places of a map's keys.
    """

    __slots__ = ("data", "keys", "place")

    def __init__(self, data: Any, place: Span, keys: dict[str, Span] | None = None) -> None:
        self.data = data
        self.place = place
        self.keys = keys or {}


def load(source: Source, report: Report) -> Value:
    """The one document of a YAML text; raises UnreadableError after a report, FileError."""
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise FileError(
            "reading YAML needs one package more: pip install 'segdsl[import]'"
        ) from None
    reader = _Reader(source, report)
    loader = None
    try:
        loader = yaml.SafeLoader(source.text)
        return reader.document(iter(loader.get_event, None))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = 0 if mark is None else mark.index
        reader.fail(at, f"this is not YAML: {error.problem or error.context}", _FIX)
    except yaml.reader.ReaderError as error:
        message = f"this is not YAML: the character U+{error.character:04X} cannot stand in it"
        reader.fail(error.position, message, "write an escape in double quotes, or take it out")
    except (ValueError, OverflowError):
        # An escape beyond the last character: the parser hands it on as it is.
        at = 0 if loader is None else loader.get_mark().index
        reader.fail(at, "this is not YAML: the escape is not that of a character", _FIX)
    finally:
        if loader is not None:
            loader.dispose()


_FIX = "fix it, or leave the file out"


class _Reader:
    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.values = 0

    def fail(self, place: Span | int, message: str, help: str | None = None) -> NoReturn:
        if isinstance(place, int):
            at = min(place, max(0, len(self.source.text) - 1))
            place = Span(self.source.name, at, at + 1)
        self.report.add(Code.SEG701, place, message, help=help)
        raise UnreadableError

    def document(self, events: Iterator[Any]) -> Value:
        """The value of the only document among a parser's events."""
        found: Value | None = None
        for event in events:
            match type(event).__name__:
                case "StreamStartEvent" | "DocumentEndEvent" | "StreamEndEvent":
                    pass
                case "DocumentStartEvent" if found is None:
                    found = self._value(next(events), events, 0)
                case _:
                    help = "give each segment a file of its own"
                    self.fail(self._place(event), "this file holds more than one document", help)
        if found is None:
            self.fail(0, "this file is empty", "write a segment, or leave the file out")
        return found

    def _place(self, event: Any, end: Any = None) -> Span:
        last = event if end is None else end
        return Span(self.source.name, event.start_mark.index, last.end_mark.index)

    def _value(self, event: Any, events: Iterator[Any], depth: int) -> Value:
        """The value that begins with an event, read to its end."""
        self.values += 1
        place = self._place(event)
        kind = type(event).__name__.removesuffix("Event").removesuffix("Start").lower()
        if kind == "alias":
            self.fail(
                place,
                f"the alias `*{event.anchor}` uses a part of the document again",
                "write it out where it is needed",
            )
        if depth > DEEPEST:
            self.fail(place, f"this YAML is nested too deeply: {DEEPEST} levels are read")
        if self.values > MOST_VALUES:
            self.fail(
                place,
                f"this YAML is too large: {MOST_VALUES:,} values are read",
                "split the segment, and refer to its parts with `include`",
            )
        self._tag(event, kind, place)
        match kind:
            case "scalar":
                return Value(self._scalar(event, place), place)
            case "sequence":
                items: list[Value] = []
                while type(each := next(events)).__name__ != "SequenceEndEvent":
                    items.append(self._value(each, events, depth + 1))
                return Value(items, self._place(event, each))
            case _:
                return self._map(event, events, depth)

    def _tag(self, event: Any, kind: str, place: Span) -> None:
        """A value may only be tagged as what it is: `!!str`, or `!`, a text."""
        if event.tag in (None, "!", _CORE + _TAGS[kind]):
            return
        short = event.tag.replace(_CORE, "!!") if event.tag.startswith(_CORE) else event.tag
        self.fail(place, f"the tag `{short}` is not known here", "write the value plainly")

    def _scalar(self, event: Any, place: Span) -> object:
        """What a scalar says: quoted, in a block or tagged `!!str` it is a text."""
        if event.tag is None and event.style is None:
            if _NO_NUMBER.fullmatch(event.value):
                help = "write another number, or put text in quotes"
                self.fail(
                    place, f"`{event.value}` is not a number that a segment can contain", help
                )
            return _plain(event.value)
        return self._text(event.value, place)

    def _text(self, text: str, place: Span) -> str:
        """A text whose two halves of a character, written `"\\ud83d\\ude00"`, are one."""
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            message = "this text has half of a character: an escape `\\ud…` without the other half"
            self.fail(place, message, "write the character itself, or `\\U` and its eight digits")

    def _map(self, event: Any, events: Iterator[Any], depth: int) -> Value:
        found: dict[str, Value] = {}
        places: dict[str, Span] = {}
        while type(key := next(events)).__name__ != "MappingEndEvent":
            place = self._place(key)
            if type(key).__name__ == "AliasEvent":
                self._value(key, events, depth)
            if type(key).__name__ != "ScalarEvent":
                self.fail(place, "a key is a plain word")
            self._tag(key, "scalar", place)
            name = self._text(key.value, place)
            if name == "<<" and key.style is None and key.tag is None:
                help = "write the keys out where they are needed"
                self.fail(place, "`<<` merges keys of another part, which is not read", help)
            if name in found:
                self.fail(place, f"`{name}` stands twice", "keep one of the two")
            places[name] = place
            found[name] = self._value(next(events), events, depth + 1)
        return Value(found, self._place(event, key), places)


def _plain(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _OTHER_BASES.fullmatch(text):
        return Number(str(int(text, 0)))
    if re.fullmatch(JSON_NUMBER, text):
        return Number(text)
    if _INTEGER.fullmatch(text) and len(text) < 400:
        return Number(str(int(text)))
    if _FLOAT.fullmatch(text) and len(text) < 400:
        return Number(format(Decimal(text), "f"))
    return text
