"""YAML with places: every value knows where it stands, and reads as YAML 1.2's core says.

The vendor's tool reads YAML 1.2, where `no` and `12:30` are texts; PyYAML's own rules are those
of 1.1, so only its parser is used, and scalars are told apart here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from importlib import import_module
from typing import Any, NoReturn

from segdsl.diagnostics import Code, Report
from segdsl.files import FileError
from segdsl.source import Source, Span
from segdsl.values import JSON_NUMBER, Number

_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?", re.ASCII)
_OTHER_BASES = re.compile(r"0x[0-9a-fA-F]{1,300}|0o[0-7]{1,300}")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG = re.compile(r"(&\S+\s+)?!")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# What is told apart without a tag, by PyYAML's rules or by ours.
_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
DEEPEST = 100


class UnreadableError(Exception):
    """A part of the document was reported and cannot be used."""


class Value:
    """A value with its place: a scalar's `data`, a list's or a map's `Value`s."""

    __slots__ = ("data", "place")

    def __init__(self, data: Any, place: Span) -> None:
        self.data = data
        self.place = place


def load(source: Source, report: Report) -> Value:
    """The one document of a YAML text; raises UnreadableError after a report, FileError."""
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise FileError(
            "reading YAML needs one package more: pip install 'segdsl[import]'"
        ) from None
    try:
        node = yaml.compose(source.text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        several = isinstance(error, yaml.composer.ComposerError) and "document" in str(
            error.problem
        )
        at = 0 if mark is None else min(mark.index, max(0, len(source.text) - 1))
        report.add(
            Code.SEG701,
            Span(source.name, at, at + 1),
            "this file holds more than one document"
            if several
            else f"this is not YAML: {error.problem or error.context}",
            help="give each segment a file of its own"
            if several
            else "mend it, or leave the file out",
        )
        raise UnreadableError from None
    except yaml.YAMLError as error:
        report.add(Code.SEG701, Span(source.name, 0, 0), f"this is not YAML: {error}")
        raise UnreadableError from None
    except RecursionError:
        report.add(Code.SEG701, Span(source.name, 0, 0), "this YAML is nested too deeply")
        raise UnreadableError from None
    if node is None:
        report.add(Code.SEG701, Span(source.name, 0, 0), "this file is empty")
        raise UnreadableError
    return _Reader(source, report).value(node, 0, frozenset())


class _Reader:
    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.seen: set[int] = set()

    def fail(self, place: Span, message: str, help: str | None = None) -> NoReturn:
        self.report.add(Code.SEG701, place, message, help=help)
        raise UnreadableError

    def value(self, node: Any, depth: int, above: frozenset[int]) -> Value:
        place = Span(self.source.name, node.start_mark.index, node.end_mark.index)
        if depth > DEEPEST:
            self.fail(place, "this YAML is nested too deeply")
        if id(node) in self.seen:
            self.fail(
                place,
                "a part of the document is used again by an alias",
                "write it out where it is needed",
            )
        self.seen.add(id(node))
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            self.fail(place, f"the tag `{node.tag}` means nothing here", "leave it out")
        inside = above | {id(node)}
        match node.id:
            case "mapping":
                return Value(self._map(node, depth, inside), place)
            case "sequence":
                return Value([self.value(each, depth + 1, inside) for each in node.value], place)
            case _:
                return Value(self._scalar(node, place), place)

    def _scalar(self, node: Any, place: Span) -> object:
        """What a scalar says: quoted, in a block or tagged `!!str` it is a text."""
        if _TAG.match(self.source.text, place.start):
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            if kind != "str":
                self.fail(place, f"the tag `!!{kind}` is not known here", "write the value plainly")
        elif node.style is None:
            if _NO_NUMBER.fullmatch(node.value):
                help = "name a number, or put a text in quotes"
                self.fail(place, f"`{node.value}` is no number that a segment can hold", help)
            return _plain(node.value)
        return node.value

    def _map(self, node: Any, depth: int, above: frozenset[int]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, value in node.value:
            place = Span(self.source.name, key.start_mark.index, key.end_mark.index)
            if key.id != "scalar":
                self.fail(place, "a key is a plain word")
            if key.value in found:
                self.fail(place, f"`{key.value}` stands twice", "keep one of the two")
            found[key.value] = self.value(value, depth + 1, above)
        return found


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
