"""Turns what the grammar recognises into nodes, while it is being parsed.

One method for each rule of `grammar/segment.lark`; children arrive with every token
kept, so a span runs from the first child to the last. What the grammar lets through
and the language does not take is reported here with the place at hand.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec
from lark import Token, Transformer

from segdsl import predicates as p
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.source import Places, Span
from segdsl.syntax import tree as t
from segdsl.syntax.text import EscapeError, unquote
from segdsl.values import (
    UNITS,
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Limit,
    Literal,
    Name,
    Number,
    Order,
    Part,
    Reference,
    Text,
    Unit,
    Value,
)

MAX_DEPTH = 200
_N = TypeVar("_N")
_KINDS = ("batch", "realtime", "funnel_stage")
_PARAM_TYPES = ("number", "string", "boolean", "date")
_RELATIONS: dict[str, p.Relation] = {
    "=": "=",
    "!=": "=",
    ">": ">",
    ">=": ">=",
    "<": "<",
    "<=": "<=",
}
_PARENT_WORD = {"stage": "funnel", "variant": "test"}


class StoppedError(Exception):
    """Parsing cannot go on; the report says why."""


class Piece(msgspec.Struct, frozen=True):
    """A piece of a rule on its way up: its kind, its value and where it stood."""

    kind: str
    value: Any
    span: Span


class Builder(Transformer[Token, Any]):
    """State (`report`, `file`, `depths`) is set by the parser before each parse."""

    report: Report
    file: str
    # Of each node by its id: the node (kept, so that no other takes its id), how deep it
    # is, and how many parentheses stand around it.
    depths: dict[int, tuple[object, int, int]]
    items: list[t.Item]

    # --- helpers ---------------------------------------------------------------------

    def _span(self, children: list[Any]) -> Span:
        first, last = children[0], children[-1]
        start: Any = first.start_pos if isinstance(first, Token) else first.span.start
        end: Any = last.end_pos if isinstance(last, Token) else last.span.end
        return Span(self.file, start, end)

    def _token_span(self, token: Token) -> Span:
        assert token.start_pos is not None
        assert token.end_pos is not None
        return Span(self.file, token.start_pos, token.end_pos)

    def _depth(self, node: object) -> tuple[int, int]:
        _, depth, parentheses = self.depths.get(id(node), (None, 0, 0))
        return depth, parentheses

    def _deep(self, node: _N, inner: list[Any], span: Span, parentheses: int = 0) -> _N:
        """Notes the depth of a node; parentheses alone make none, as the formatter sets its own."""
        depth = max((self._depth(child)[0] for child in inner), default=0) + (not parentheses)
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

    def _text(self, token: Token, prefix: int = 0) -> str:
        try:
            return unquote(token[prefix:])
        except EscapeError as error:
            start = (token.start_pos or 0) + prefix + error.at
            self.report.add(
                Code.SEG003,
                Span(self.file, start, start + len(error.escape)),
                str(error),
                help='the escapes are `\\"`, `\\\\`, `\\n` and `\\u{…}` with a code point in hex',
            )
            return ""

    @staticmethod
    def _tokens(children: list[Any]) -> set[str]:
        return {child.type for child in children if isinstance(child, Token)}

    @staticmethod
    def _of(children: list[Any], kind: str) -> list[Any]:
        return [c.value for c in children if isinstance(c, Piece) and c.kind == kind]

    def _one(self, children: list[Any], kind: str) -> Any:
        found = self._of(children, kind)
        return found[0] if found else None

    def _choice(self, token: Token, choices: tuple[str, ...], what: str) -> str:
        if token in choices:
            return str(token)
        listed = ", ".join(f"`{choice}`" for choice in choices)
        self.report.add(
            Code.SEG012,
            self._token_span(token),
            f"`{token}` is no {what}",
            help=did_you_mean(token, choices, f"it is one of {listed}"),
        )
        return choices[0]

    # --- names, literals, lengths of time ----------------------------------------------

    def name(self, c: list[Any]) -> Piece:
        token = c[0]
        text = self._text(token) if token.type == "QUOTED_NAME" else str(token)
        return Piece("name", text, self._token_span(token))

    def literal(self, c: list[Any]) -> Piece:
        token = c[0]
        value: Literal
        match token.type:
            case "STRING":
                value = Text(self._text(token))
            case "NUMBER":
                value = Number(str(token))
            case "DATE":
                value = self._date(token)
            case "TIMESTAMP":
                value = Date(self._text(token, 1))
            case _:
                value = Boolean(token.type == "TRUE")
        return Piece("literal", value, self._token_span(token))

    def _date(self, token: Token) -> Date:
        found = Date(str(token))
        if not found.is_iso:
            self.report.add(
                Code.SEG016,
                self._token_span(token),
                f"{token} is not in the calendar",
                help=f'for a text that only the API can read write `@"{token}"`',
            )
        return found

    def value(self, c: list[Any]) -> Piece:
        part = c[0]
        value = part.value if part.kind == "literal" else Name(part.value, part.span)
        return Piece("value", value, part.span)

    def amount(self, c: list[Any]) -> Piece:
        if isinstance(c[0], Token):
            return Piece("amount", Number(str(c[0])), self._token_span(c[0]))
        return Piece("amount", Name(c[0].value, c[0].span), c[0].span)

    @staticmethod
    def _unit(token: Token) -> Unit:
        return cast(Unit, str(token).removesuffix("s"))

    def duration(self, c: list[Any]) -> Piece:
        parts = tuple(
            Part(amount.value, self._unit(unit))
            for amount, unit in zip(c[::2], c[1::2], strict=True)
        )
        span = self._span(c)
        units = [part.unit for part in parts]
        if len(set(units)) < len(units):
            self.report.add(
                Code.SEG014,
                span,
                "a unit stands twice in this length of time",
                help="add the two up",
            )
            parts = parts[:1]
        parts = tuple(sorted(parts, key=lambda part: UNITS.index(part.unit)))
        return Piece("duration", Duration(parts), span)

    def rounded(self, c: list[Any]) -> Piece:
        return Piece("rounded", self._unit(c[2]), self._span(c))

    def _single(self, part: Piece, instead: str) -> Part:
        duration: Duration = part.value
        if len(duration.parts) > 1:
            self.report.add(
                Code.SEG014, part.span, "the API takes one unit here, not several", help=instead
            )
        return duration.parts[0]

    def _rounded(self, c: list[Any]) -> Duration:
        duration: Duration = self._one(c, "duration")
        rounded: Unit | None = self._one(c, "rounded")
        if rounded == duration.smallest:
            rounded = None
        return msgspec.structs.replace(duration, rounded=rounded)

    def ref(self, c: list[Any]) -> Piece:
        token = c[0]
        value: Reference
        match token.type:
            case "STRING":
                value = ByName(self._text(token))
            case "ID":
                value = ById(str(token[1:]))
            case _:
                value = ById(self._text(token, 1))
        return Piece("ref", value, self._token_span(token))

    # --- subjects ----------------------------------------------------------------------

    def attribute(self, c: list[Any]) -> Piece:
        return Piece("subject", t.Attribute(c[0].value), c[0].span)

    def dotted(self, c: list[Any]) -> Piece:
        return Piece("subject", t.Dotted(c[0].value, c[2].value), self._span(c))

    def group_attribute(self, c: list[Any]) -> Piece:
        return Piece("subject", t.GroupAttribute(c[1].value, c[3].value), self._span(c))

    def ml_attribute(self, c: list[Any]) -> Piece:
        node = t.MlAttribute(cast(Any, str(c[0])), c[2].value, c[5].value)
        return Piece("subject", node, self._span(c))

    def column(self, c: list[Any]) -> Piece:
        return Piece("column", (c[0].value, c[2].value), self._span(c))

    def by(self, c: list[Any]) -> Piece:
        return Piece("grouping", tuple(self._of(c, "name")), self._span(c))

    per = by

    def over(self, c: list[Any]) -> Piece:
        for part in c[1].value.parts:
            if part.unit not in ("day", "hour", "minute", "second"):
                self.report.add(
                    Code.SEG014,
                    c[1].span,
                    f"a window cannot be counted in {part.unit}s",
                    help="a window is counted in days, hours, minutes and seconds",
                )
        return Piece("over", c[1].value, self._span(c))

    def filter(self, c: list[Any]) -> Piece:
        return Piece("filter", c[1], self._span(c))

    def _aggregate(self, c: list[Any], order: str | None) -> Piece:
        words = [
            str(w) for w in c if isinstance(w, Token) and w.type not in ("LPAR", "RPAR", "COMMA")
        ]
        function = "count distinct" if "distinct" in words else words[0]
        columns = self._of(c, "column")
        behavior = columns[0][0] if columns else self._one(c, "name")
        span = self._span(c)
        if any(of != behavior for of, _ in columns):
            self.report.add(
                Code.SEG211,
                span,
                "the columns of one aggregate belong to one behavior",
                help=f"count columns of `{behavior}` only, and ask for the other elsewhere",
            )
        where = self._one(c, "filter")
        node = t.Aggregate(
            cast(t.Function, function),
            behavior,
            tuple(column for _, column in columns),
            "some" in words,
            order,
            self._one(c, "grouping") or (),
            self._one(c, "over"),
            where,
        )
        return Piece("subject", self._deep(node, [where], span), span)

    def aggregate(self, c: list[Any]) -> Piece:
        return self._aggregate(c, None)

    def edge_aggregate(self, c: list[Any]) -> Piece:
        return self._aggregate(c, self._one(c, "name"))

    # --- predicates --------------------------------------------------------------------

    def _predicate(self, c: list[Any], predicate: p.Predicate) -> Piece:
        negated = bool(self._tokens(c) & {"NOT", "NOT_EQUAL"})
        return Piece("predicate", (predicate, negated), self._span(c))

    def compare(self, c: list[Any]) -> Piece:
        relation = _RELATIONS[str(c[-2])]
        value: Value = c[-1].value
        if isinstance(value, Date):
            word = {
                "=": "on",
                "<": "before",
                ">": "after",
                "<=": "on or before",
                ">=": "on or after",
            }
            self.report.add(
                Code.SEG013,
                c[-1].span,
                f"a date is not compared with `{c[-2]}`",
                help=f"write `{'not ' if c[-2] == '!=' else ''}{word[relation]} {value.text}`",
            )
        return self._predicate(c, p.Compare(relation, value))

    def is_word(self, c: list[Any]) -> Piece:
        match c[-1].type:
            case "NULL":
                return self._predicate(c, p.IsNull())
            case "TODAY":
                return self._predicate(c, p.Today())
            case word:
                return self._predicate(c, p.Compare("=", Boolean(word == "TRUE")))

    def bound(self, c: list[Any]) -> Piece:
        if c[0].kind == "value":
            return Piece("bound", c[0].value, c[0].span)
        duration = self._rounded(c)
        ago = "AGO" in self._tokens(c)
        return Piece("bound", p.Ago(duration) if ago else duration, self._span(c))

    def between(self, c: list[Any]) -> Piece:
        low_part, high_part = (part for part in c if isinstance(part, Piece))
        low, high = low_part.value, high_part.value
        from_now = "NOW" in self._tokens(c)
        span = self._span(c)

        def as_duration(bound: Any, unit_of: Any) -> Any:
            """`7` in `between 7 and 3 days ago` takes the unit of the other end."""
            if isinstance(bound, (Number, Name)) and isinstance(unit_of, Duration):
                return Duration((Part(bound, unit_of.smallest),), unit_of.rounded)
            return bound

        if from_now:
            low = as_duration(low, high)
            if isinstance(low, Duration) and isinstance(high, Duration):
                return self._predicate(c, p.BetweenNext(low, high))
        elif isinstance(high, p.Ago):
            if not (isinstance(low, Name) and len(high.duration.parts) > 1):
                low = as_duration(low, high.duration)
            low = p.Ago(low) if isinstance(low, Duration) else low
        if isinstance(low, Duration) or isinstance(high, Duration):
            self.report.add(
                Code.SEG014,
                span,
                "it is not said when these lengths of time are counted from",
                help="end with `ago` (`between 7 and 3 days ago`) or `from now`",
            )
            return self._predicate(c, p.Between(Number("0"), Number("0")))
        timed = isinstance(low, (p.Ago, Date)), isinstance(high, (p.Ago, Date))
        if not any(timed):
            return self._predicate(c, p.Between(low, high))
        for bound, part in ((low, low_part), (high, high_part)):
            if not isinstance(bound, (p.Ago, Date, Name)):
                self.report.add(
                    Code.SEG013,
                    part.span,
                    "the other end is a time, and this is none",
                    help="write a date (`2024-01-31`) or a time ago (`7 days ago`)",
                )
        return self._predicate(c, p.TimeBetween(low, high))

    def _values(self, c: list[Any]) -> tuple[tuple[Value, ...], Places]:
        found = [part for part in c if isinstance(part, Piece) and part.kind == "value"]
        if not found:
            self.report.add(
                Code.SEG015, self._span(c), "this list is empty", help="list one value at least"
            )
        return tuple(part.value for part in found), Places(part.span for part in found)

    def in_list(self, c: list[Any]) -> Piece:
        return self._predicate(c, p.In(*self._values(c)))

    def in_unit(self, c: list[Any]) -> Piece:
        return self._predicate(c, p.InUnit(cast(Any, str(c[-2])), self._unit(c[-1])))

    def like(self, c: list[Any]) -> Piece:
        words = {"CONTAINS": "contains", "STARTS": "starts with", "ENDS": "ends with"}
        word = next(words[kind] for kind in words if kind in self._tokens(c))
        return self._predicate(c, p.Like(cast(p.TextMatch, word), *self._values(c)))

    def matches(self, c: list[Any]) -> Piece:
        return self._predicate(c, p.Matches(c[-1].value))

    def within(self, c: list[Any]) -> Piece:
        direction = "past" if "PAST" in self._tokens(c) else "next"
        rolling = "at most 1 day 12 hours ago" if direction == "past" else "within next 36 hours"
        part = self._single(c[-1], f"write one unit, or a comparison such as `{rolling}`")
        return self._predicate(c, p.Within(cast(Any, direction), part.amount, part.unit))

    def time_range(self, c: list[Any]) -> Piece:
        length_part, start_part = (d for d in c if isinstance(d, Piece) and d.kind == "duration")
        length = Duration((self._single(length_part, "write the length in one unit"),))
        rounded = [d for d in c if isinstance(d, Piece) and d.kind == "rounded"]
        start = self._rounded([start_part, *rounded])
        return self._predicate(c, p.TimeRange(length, start, "REVERSE" in self._tokens(c)))

    def ago(self, c: list[Any]) -> Piece:
        words = self._tokens(c)
        relation: p.Relation = (
            "<"
            if "MORE_WORD" in words
            else ">"
            if "LESS_WORD" in words
            else "<="
            if "LEAST" in words
            else ">="
        )
        return self._predicate(c, p.TimeCompare(relation, p.Ago(self._rounded(c))))

    def dated(self, c: list[Any]) -> Piece:
        words = self._tokens(c)
        relation: p.Relation
        if "BEFORE" in words:
            relation = "<=" if "OR" in words else "<"
        elif "AFTER" in words:
            relation = ">=" if "OR" in words else ">"
        else:
            relation = "="
        return self._predicate(c, p.TimeCompare(relation, c[-1].value))

    def moment(self, c: list[Any]) -> Piece:
        if isinstance(c[0], Token):
            return Piece("moment", self.literal(c).value, self._token_span(c[0]))
        return Piece("moment", Name(c[0].value, c[0].span), c[0].span)

    # --- tests and other leaves --------------------------------------------------------

    def quantifier(self, c: list[Any]) -> Piece:
        words = self._tokens(c)
        how = (
            "any"
            if "ANY" in words
            else "every"
            if "EVERY" in words
            else "exactly"
            if "EXACTLY" in words
            else "at least"
            if "LEAST" in words
            else "at most"
        )
        number = self._one(c, "amount")
        return Piece("quantifier", t.Quantifier(cast(Any, how), number), self._span(c))

    def test(self, c: list[Any]) -> t.Test:
        predicate, negated = c[-1].value
        quantifier = self._one(c, "quantifier")
        subject = c[-2]
        span = self._span(c)
        node = t.Test(subject.value, predicate, negated, quantifier, span, subject.span)
        return self._deep(node, [subject.value], span)

    def has(self, c: list[Any]) -> t.Has:
        return t.Has(c[1].value, c[0].type == "NO", None, self._span(c))

    def has_where(self, c: list[Any]) -> t.Has:
        span = self._span(c)
        return self._deep(t.Has(c[1].value, c[0].type == "NO", c[3], span), [c[3]], span)

    def membership(self, c: list[Any]) -> t.Membership:
        of = str(c[1])
        target: Reference = c[2].value
        if len(c) > 3:
            if isinstance(target, ByName):
                target = ByName(target.name, self._text(c[5]))
            else:
                self.report.add(
                    Code.SEG001,
                    self._span(c[3:]),
                    "an id needs no name beside it",
                    help=f"end after the id: `in {of} #{target.id}`",
                )
        elif isinstance(target, ByName) and of in _PARENT_WORD:
            word = _PARENT_WORD[of]
            self.report.add(
                Code.SEG001,
                self._span(c),
                f"it is not said of which {word} this {of} is",
                help=f'add `of {word} "…"`, or name the {of} by its id: `in {of} #1234`',
            )
        return t.Membership(cast(Any, of), target, self._span(c))

    def score(self, c: list[Any]) -> t.Score:
        converted = "CONVERTED" in self._tokens(c)
        return t.Score(c[2].value, c[4].value, c[6].value, converted, self._span(c))

    def use(self, c: list[Any]) -> t.Use:
        arguments = tuple(self._of(c, "value")) if len(c) > 1 else None
        return t.Use(c[0].value, arguments, self._span(c))

    # --- groups ------------------------------------------------------------------------

    def chain(self, c: list[Any]) -> t.Chain:
        span = self._span(c)
        operands = c[::2]
        node = t.Chain(cast(Any, str(c[1])), tuple(operands), span)
        return self._deep(node, operands, span)

    def negation(self, c: list[Any]) -> t.Negation:
        span = self._span(c)
        return self._deep(t.Negation(c[1], span), [c[1]], span)

    def paren(self, c: list[Any]) -> t.Expression:
        span = self._span(c)
        inner: t.Expression = c[1]
        node = msgspec.structs.replace(inner, span=span)
        return self._deep(node, [inner], span, self._depth(inner)[1] + 1)

    def listing(self, c: list[Any]) -> t.Listing:
        span = self._span(c)
        items = [item for item in c if not isinstance(item, Token)]
        return self._deep(t.Listing(cast(Any, str(c[0])), tuple(items), span), items, span)

    def pinned(self, c: list[Any]) -> t.Pinned:
        span = self._span(c)
        label = self._text(c[0]) if c[0].type == "STRING" else None
        return self._deep(t.Pinned(label, c[2], span), [c[2]], span)

    def order(self, c: list[Any]) -> Piece:
        column = None if isinstance(c[0], Token) else c[0].value
        return Piece("order", Order(column, c[1].type == "DESC"), self._span(c))

    def limit(self, c: list[Any]) -> Piece:
        span = self._span(c)
        percent = "PERCENT" in self._tokens(c)
        limit = Limit(c[1].value, percent, tuple(self._of(c, "order")), span)
        return Piece("limit", limit, span)

    def limited(self, c: list[Any]) -> t.Limited:
        span = self._span(c)
        return self._deep(t.Limited(c[1], c[2].value, span), [c[1]], span)

    # --- items: appended as they end, so that those before a mistake are kept -----------

    def clause(self, c: list[Any]) -> t.Clause:
        word, value = c
        if word.type == "KIND":
            text = self._choice(value, _KINDS, "kind of segment")
        else:
            text = self._text(value)
        return t.Clause(cast(Any, str(word)), text, self._span(c))

    def body(self, c: list[Any]) -> Piece:
        where = None if isinstance(c[0], Token) else c[0]
        return Piece("body", (where, self._one(c, "limit"), self._span(c[:1])), self._span(c))

    def segment(self, c: list[Any]) -> None:
        clauses: dict[str, t.Clause] = {}
        for clause in c[2:-2]:
            if clause.word in clauses:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this segment has a {clause.word} already",
                    help="keep one of the two",
                )
            clauses.setdefault(clause.word, clause)
        where, limit, body = c[-1].value
        ordered = tuple(clauses[w] for w in ("description", "folder", "kind") if w in clauses)
        item = t.Segment(
            self._text(c[1]),
            ordered,
            where,
            limit,
            self._span(c),
            self._token_span(c[1]),
            Span(self.file, c[-2].start_pos, body.end),
        )
        self.items.append(item)

    def let(self, c: list[Any]) -> None:
        names = self._of(c, "name")
        item = t.Let(names[0], tuple(names[1:]), c[-1], self._span(c), c[1].span)
        self.items.append(item)

    def param(self, c: list[Any]) -> None:
        kind = self._choice(c[3], _PARAM_TYPES, "type of param")
        default = self._one(c, "literal")
        item = t.Param(c[1].value, cast(Any, kind), default, self._span(c), c[1].span)
        self.items.append(item)

    def import_(self, c: list[Any]) -> None:
        path, names = self._text(c[-1]), tuple(self._of(c, "name"))
        item = t.Import(names, path, self._span(c), self._token_span(c[-1]))
        self.items.append(item)

    def start(self, c: list[Any]) -> None:
        return None
