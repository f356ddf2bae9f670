"""What every rule of the grammar is built from: spans, texts, values, lengths of time.

The groundwork of `segdsl.language.syntax.builder`: helpers over children, and the smallest rules.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import SegdslError
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.lalr import Child
from segdsl.language.syntax.spelling import EscapeError, reference, unquote
from segdsl.language.values import (
    PARENT_WORDS,
    UNITS,
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Literal,
    Name,
    Number,
    Part,
    Reference,
    Text,
    Unit,
    Value,
    folder_path,
    folder_text,
)
from segdsl.source import Span

MAX_DEPTH = 200
_N = TypeVar("_N")


class StoppedError(SegdslError):
    """Parsing cannot go on; the report says why."""


class BaseBuilder:
    """What is common to all rules; `begin` comes before each parse.

    A method is handed the children of its rule, tokens among them, each with its symbol, its
    text or value, its start and its end; it returns the value of the rule.
    """

    report: Report
    file: str
    # Of each node by its id that is deeper than one: the node (kept, so that no other takes
    # its id), how deep it is, and how many parentheses stand around it.
    depths: dict[int, tuple[object, int, int]]
    items: list[t.Item]

    def begin(self, file: str, report: Report, items: list[t.Item]) -> None:
        """What is built now is of this file; items are added as they end."""
        self.file, self.report, self.items = file, report, items
        self.depths = {}

    def join(self, other: BaseBuilder) -> None:
        """What is built now goes where it goes in another builder."""
        self.file, self.report, self.items = other.file, other.report, other.items
        self.depths = other.depths

    # --- helpers ---------------------------------------------------------------------

    def _span(self, children: list[Child]) -> Span:
        return Span(self.file, children[0][2], children[-1][3])

    def _at(self, child: Child) -> Span:
        return Span(self.file, child[2], child[3])

    def _depth(self, node: object) -> tuple[int, int]:
        _, depth, parentheses = self.depths.get(id(node), (None, 1, 0))
        return depth, parentheses

    def _deep(self, node: _N, inner: list[Any], span: Span, parentheses: int = 0) -> _N:
        """Notes the depth of a node; parentheses alone make none, as the formatter sets its own."""
        known = self.depths
        deepest = 1
        for child in inner:
            noted = known.get(id(child))
            if noted is not None and noted[1] > deepest:
                deepest = noted[1]
        depth = deepest + (not parentheses)
        if max(depth, parentheses) > MAX_DEPTH:
            self.report.add(
                Code.SEG007,
                span,
                f"this is nested more than {MAX_DEPTH} levels deep",
                help="give an inner part a name with `let`, or drop needless parentheses",
            )
            raise StoppedError
        self.depths[id(node)] = (node, depth, parentheses)
        return node

    def _text(self, child: Child, prefix: int = 0) -> str:
        try:
            return unquote(child[1][prefix:])
        except EscapeError as error:
            start = child[2] + prefix + error.at
            self.report.add(
                Code.SEG003,
                Span(self.file, start, start + len(error.escape)),
                str(error),
                help='the escapes are `\\"`, `\\\\`, `\\n` and `\\u{…}` with a code point in hex',
            )
            return ""

    @staticmethod
    def _kinds(children: list[Child]) -> set[str]:
        return {child[0] for child in children}

    @staticmethod
    def _of(children: list[Child], kind: str) -> list[Any]:
        return [child[1] for child in children if child[0] == kind]

    def _one(self, children: list[Child], kind: str) -> Any:
        for child in children:
            if child[0] == kind:
                return child[1]
        return None

    def _choice(self, child: Child, choices: tuple[str, ...], what: str) -> str:
        word: str = child[1]
        if word in choices:
            return word
        listed = ", ".join(f"`{choice}`" for choice in choices)
        self.report.add(
            Code.SEG012,
            self._at(child),
            f"`{word}` is not {what}",
            help=did_you_mean(word, choices, f"it is one of {listed}"),
        )
        return choices[0]

    # --- names, literals, lengths of time ----------------------------------------------

    def name(self, c: list[Child]) -> str:
        kind, text, _, _ = c[0]
        return self._text(c[0]) if kind == "QUOTED_NAME" else text

    def literal(self, c: list[Child]) -> Literal:
        kind = c[0][0]
        match kind:
            case "STRING":
                return Text(self._text(c[0]))
            case "NUMBER":
                return self._number(c[0])
            case "DATE":
                return self._date(c[0])
            case "TIMESTAMP":
                return Date(self._text(c[0], 1))
            case _:
                return Boolean(kind == "TRUE")

    def _number(self, child: Child) -> Number:
        found = Number(child[1])
        if found.is_bounded:
            return found
        self.report.add(
            Code.SEG008,
            self._at(child),
            "this number is too large",
            help="write it with at most 400 digits and an exponent of at most 9999",
        )
        return Number("0")

    def _date(self, child: Child) -> Date:
        found = Date(child[1])
        if not found.is_iso:
            self.report.add(
                Code.SEG016,
                self._at(child),
                f"{child[1]} does not exist in the calendar",
                help=f'for a timestamp that only the API can read write `@"{child[1]}"`',
            )
        return found

    def value(self, c: list[Child]) -> Value:
        kind, value, _, _ = c[0]
        return Name(value, self._at(c[0])) if kind == "name" else value

    def amount(self, c: list[Child]) -> Number | Name:
        kind, value, _, _ = c[0]
        return Name(value, self._at(c[0])) if kind == "name" else self._number(c[0])

    @staticmethod
    def _unit(child: Child) -> Unit:
        return cast(Unit, child[1].removesuffix("s"))

    def duration(self, c: list[Child]) -> Duration:
        parts = tuple(
            Part(amount[1], self._unit(unit)) for amount, unit in zip(c[::2], c[1::2], strict=True)
        )
        if len(parts) == 1:
            return Duration(parts)
        units = [part.unit for part in parts]
        if len(set(units)) < len(units):
            self.report.add(
                Code.SEG014,
                self._span(c),
                "a unit occurs twice in this duration",
                help="add up the amounts",
            )
            parts = parts[:1]
        return Duration(tuple(sorted(parts, key=lambda part: UNITS.index(part.unit))))

    def rounded(self, c: list[Child]) -> Unit:
        return self._unit(c[2])

    def _single(self, child: Child, instead: str) -> Part:
        duration: Duration = child[1]
        if len(duration.parts) > 1:
            self.report.add(
                Code.SEG014,
                self._at(child),
                "the API accepts one unit here, not several",
                help=instead,
            )
        return duration.parts[0]

    def _rounded(self, c: list[Child]) -> Duration:
        duration: Duration = self._one(c, "duration")
        rounded: Unit | None = self._one(c, "rounded")
        if rounded is None or rounded == duration.smallest:
            return duration
        return msgspec.structs.replace(duration, rounded=rounded)

    def _parented(self, kind: str, c: list[Child], words: str) -> Reference:
        """The reference of `X of folder "F"`: `c` ends with it, or with its `of …` and string.

        A segment may be without a parent, and a journey has none.
        `words` are what stands before it.
        """
        has_parent = c[-1][0] != "ref"
        target: Reference = c[-4 if has_parent else -1][1]
        word = PARENT_WORDS.get(kind, "")
        if has_parent:
            if isinstance(target, ByName):
                parent = self._text(c[-1])
                if kind == "segment":
                    parent = folder_text(folder_path(parent))
                return ByName(target.name, parent)
            self.report.add(
                Code.SEG001,
                self._span(c[-3:]),
                "an id cannot be combined with a name",
                help=f"write only the id: `{words} {reference(target)}`",
            )
        elif isinstance(target, ByName) and kind not in ("segment", "journey"):
            self.report.add(
                Code.SEG001,
                self._span(c),
                f"the {word} of this {kind} is missing",
                help=f'add `of {word} "…"`, or name the {kind} by its id: `{words} #1234`',
            )
        return target

    def ref(self, c: list[Child]) -> Reference:
        kind, text, _, _ = c[0]
        match kind:
            case "STRING":
                return ByName(self._text(c[0]))
            case "ID":
                return ById(text[1:])
            case _:
                return ById(self._text(c[0], 1))
