"""Lays a file out in lines, and puts each comment where it stood.

An element is one line where it fits and no comment stands inside it; else it is
broken open at its brackets, as list forms of two items or more always are. A comment
before an element becomes a line above it, one on the line where an element ends stays
there, one inside what cannot be broken goes above that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec

from segdsl.language import predicates as p
from segdsl.language.format import flat
from segdsl.language.format.comments import Comments
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import behavior, literal, name, string
from segdsl.language.syntax.walk import walk
from segdsl.source import Source, Span

WIDTH = 100
_END = 1 << 60


def format_file(file: t.File, source: Source | None = None) -> str:
    """The canonical text; `source` is what the file was parsed from, for its comments.

    Without a source comments come first, as nobody can tell where they stood.
    """
    printer = _Printer(Comments(file.comments if source else (), source or Source("", "")))
    if source is None:
        printer.lines.extend(comment.text for comment in file.comments)
    printer.file(file)
    return "\n".join(printer.lines) + "\n" if printer.lines else ""


class _Printer:
    def __init__(self, comments: Comments) -> None:
        self.comments = comments
        self.lines: list[str] = []
        self._commented = False

    # --- comments and lines ------------------------------------------------------------

    def _line(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)
        self._commented = False

    def _above(self, end: int, indent: int, start: int = 0) -> None:
        """Writes the comments that stand before `end` as lines of their own."""
        for comment in self.comments.before(end, start):
            self._line(indent, comment.text)

    def _behind(self, end: int, limit: int) -> None:
        """Adds the comment on the line where the element just written ended.

        A line takes one comment, and none overtakes one that stood before it.
        """
        if self._commented or self.comments.between(0, end):
            return
        comment = self.comments.behind(end, limit)
        if comment is not None:
            self.lines[-1] += f"  {comment.text}"
            self._commented = True

    def _behind_node(self, expression: t.Expression, limit: int) -> None:
        """The same for an element behind which parentheses may have been left out."""
        self._behind(_last_place(expression), limit)
        self._behind(expression.span.end, limit)

    # --- items -------------------------------------------------------------------------

    def file(self, file: t.File) -> None:
        previous: t.Item | None = None
        for at, item in enumerate(file.items):
            following = file.items[at + 1].span.start if at + 1 < len(file.items) else _END
            whole = isinstance(item, (t.Import, t.Param))
            above = self.comments.before(item.span.end if whole else item.span.start)
            together = whole and not above and type(previous) is type(item)
            if self.lines and not together:
                self.lines.append("")
            self._block(above, item.span.start)
            self._item(item)
            if isinstance(item, t.Let):
                self._behind_node(item.body, following)
            self._behind(item.span.end, following)
            self._stays_indented(item, following)
            previous = item
        rest = self.comments.before(_END)
        if rest and self.lines:
            self.lines.append("")
        self._block(rest, None)

    def _stays_indented(self, item: t.Item, limit: int) -> None:
        """Comments right below an item that are indented, as a condition put out of use is.

        Those before parentheses that are left out become such ones.
        """
        if not isinstance(item, (t.Segment, t.Let)):
            return
        while (comment := self.comments.peek(0, limit)) is not None:
            if comment.span.start >= item.span.end and self.comments.column(comment) == 1:
                return
            self._above(comment.span.end, 2)

    def _block(self, comments: Sequence[t.Comment], start: int | None) -> None:
        """Comments at the left margin, with one blank line wherever there were some."""
        for at, comment in enumerate(comments):
            self._line(0, comment.text)
            line = self.comments.line(comment.span.start)
            following = comments[at + 1].span.start if at + 1 < len(comments) else start
            if following is not None and self.comments.line(following) > line + 1:
                self.lines.append("")

    def _item(self, item: t.Item) -> None:
        match item:
            case t.Segment():
                self._segment(item)
            case t.Let():
                self._let(item)
            case t.Param(param, kind, default):
                value = "" if default is None else f" = {literal(default)}"
                self._line(0, f"param {name(param)}: {kind}{value}")
            case t.Import(names, path):
                self._line(
                    0, f"import {', '.join(name(each) for each in names)} from {string(path)}"
                )
            case _:
                assert_never(item)

    def _let(self, item: t.Let) -> None:
        parameters = (
            f"({', '.join(name(each) for each in item.parameters)})" if item.parameters else ""
        )
        head = f"let {name(item.name)}{parameters} ="
        whole = f"{head} {flat.format_expression(item.body)}"
        self._above(item.name_span.end, 0)
        inner = self.comments.between(item.span.start, _last_place(item.body))
        if len(whole) <= WIDTH and not inner and not _is_open(item.body):
            self._line(0, whole)
            return
        body = item.body
        if isinstance(body, t.Listing) and not self.comments.between(0, body.span.start):
            self._emit(body, 0, f"{head} ")
            self._behind_node(body, item.span.end)
            return
        self._line(0, head)
        self._behind(item.name_span.end, item.body.span.start)
        self._body(item.body, 2, item.span.end)

    def _segment(self, item: t.Segment) -> None:
        written = sorted(item.clauses, key=lambda clause: clause.span.start)
        starts = [clause.span.start for clause in written]
        where = item.where_span.start
        self._above(item.name_span.start, 0)
        self._line(0, f"segment {string(item.name)}")
        self._behind(item.name_span.end, min([*starts, where]))
        above: dict[str, list[t.Comment]] = {}
        behind: dict[str, t.Comment | None] = {}
        for clause, following in zip(written, [*starts[1:], where], strict=False):
            above[clause.word] = self.comments.before(clause.span.end)
            behind[clause.word] = self.comments.behind(clause.span.end, following)
        for clause in item.clauses:
            for comment in above[clause.word]:
                self._line(2, comment.text)
            self._line(2, _clause(clause))
            last = behind[clause.word]
            if last is not None:
                self.lines[-1] += f"  {last.text}"
        end = item.limit.span.start if item.limit is not None else item.span.end
        if item.where is None:
            self._above(item.where_span.end, 2)
            self.lines.append("")
            self._line(0, "where everyone")
            self._behind(item.where_span.end, end)
        else:
            self._above(where, 2)
            self.lines.append("")
            self._line(0, "where")
            self._behind(where + len("where"), item.where.span.start)
            self._body(item.where, 2, end)
        if item.limit is not None:
            for comment in self.comments.before(item.limit.span.start):
                self._line(0 if self.comments.column(comment) == 1 else 2, comment.text)
            self._above(item.limit.span.end, 0)
            self._line(0, flat.limit(item.limit))

    def _body(self, expression: t.Expression, indent: int, end: int) -> None:
        """An expression that has its lines to itself: each operand of a chain on its own."""
        if isinstance(expression, t.Chain):
            self._operands(expression, indent, end)
        else:
            self._emit(expression, indent)
            self._behind_node(expression, end)

    # --- expressions -------------------------------------------------------------------

    def _operands(self, chain: t.Chain, indent: int, end: int) -> None:
        for at, operand in enumerate(chain.operands):
            prefix = f"{chain.word} " if at else ""
            self._emit(operand, indent, prefix, parentheses=flat.needs_parentheses(operand))
            following = chain.operands[at + 1].span.start if at + 1 < len(chain.operands) else end
            self._behind(operand.span.end, following)

    def _emit(
        self,
        expression: t.Expression,
        indent: int,
        prefix: str = "",
        suffix: str = "",
        *,
        parentheses: bool = False,
    ) -> None:
        """One element: on one line, or broken open."""
        self._above(expression.span.start if parentheses else _first_place(expression), indent)
        unbracketed = (
            isinstance(expression, (t.Has, t.Negation, t.FixedRuleSet)) and not parentheses
        )
        end = _last_place(expression) if unbracketed else expression.span.end
        if not self.comments.between(expression.span.start, end) and not _is_open(expression):
            text = flat.format_expression(expression)
            text = f"{prefix}({text}){suffix}" if parentheses else f"{prefix}{text}{suffix}"
            if indent + len(text) <= WIDTH:
                self._line(indent, text)
                return
        if parentheses:
            self._bracketed(expression, indent, prefix, suffix)
        else:
            self._broken(expression, indent, prefix, suffix)

    def _bracketed(self, expression: t.Expression, indent: int, prefix: str, suffix: str) -> None:
        self._line(indent, f"{prefix}(")
        if isinstance(expression, t.Chain):
            self._behind(expression.span.start + 1, expression.operands[0].span.start)
        inner = expression
        if not isinstance(expression, t.Chain):
            # The span takes the parentheses in; inside them the element begins later.
            inner = msgspec.structs.replace(
                expression, span=Span("", expression.span.start, expression.span.end - 1)
            )
        self._body(inner, indent + 2, expression.span.end)
        self._above(expression.span.end, indent + 2)
        self._line(indent, f"){suffix}")

    def _broken(self, expression: t.Expression, indent: int, prefix: str, suffix: str) -> None:
        match expression:
            case t.Chain():
                self._bracketed(expression, indent, prefix, suffix)
            case t.Listing(word, items):
                self._line(indent, f"{prefix}{word} (")
                for at, item in enumerate(items):
                    self._emit(item, indent + 2, suffix=",")
                    following = (
                        items[at + 1].span.start if at + 1 < len(items) else expression.span.end
                    )
                    self._behind_node(item, following)
                self._above(expression.span.end, indent + 2)
                self._line(indent, f"){suffix}")
            case t.Negation(operand):
                needed = flat.needs_parentheses(operand)
                self._emit(operand, indent, f"{prefix}not ", suffix, parentheses=needed)
            case t.FixedRuleSet(label, operand):
                start = f"{prefix}{flat.rule_set_head(label)} "
                listing = isinstance(operand, t.Listing)
                self._emit(operand, indent, start, suffix, parentheses=not listing)
            case t.Limited(operand, limit):
                self._line(indent, f"{prefix}(")
                self._body(operand, indent + 2, limit.span.start)
                self._above(expression.span.end, indent + 2)
                self._line(indent + 2, flat.limit(limit))
                self._line(indent, f"){suffix}")
            case t.Has(table, absent, inner) if inner is not None:
                self._line(indent, f"{prefix}{'no' if absent else 'has'} {behavior(table)}")
                self._where(inner, indent + 2, _last_place(expression), suffix)
            case t.Test(t.Aggregate() as subject) if subject.filter is not None:
                quantifier = flat.quantifier(expression.quantifier)
                self._line(indent, f"{prefix}{quantifier}{flat.function(subject)}")
                self._line(indent + 2, flat.aggregate_head(subject))
                self._where(subject.filter, indent + 2, expression.span.end, "")
                self._above(expression.span.end, indent + 2)
                self._line(indent, f") {flat.test_of(expression)}{suffix}")
            case t.Test(_, (p.In() | p.Like()) as predicate) if _is_list(predicate):
                start, values = flat.listed(predicate)
                places = predicate.places
                negation = "not " if expression.negated else ""
                how = flat.quantifier(expression.quantifier)
                head = f"{how}{flat.subject(expression.subject)} {negation}{start}"
                self._line(indent, f"{prefix}{head}(")
                for at, value in enumerate(values):
                    if places:
                        self._above(places[at].start, indent + 2)
                    self._line(indent + 2, f"{value},")
                    if places:
                        last = at + 1 == len(values)
                        following = expression.span.end if last else places[at + 1].start
                        self._behind(places[at].end, following)
                self._above(expression.span.end, indent + 2)
                self._line(indent, f"){suffix}")
            case t.Test() | t.Has() | t.Membership() | t.Score() | t.Use():
                self._line(indent, f"{prefix}{flat.format_expression(expression)}{suffix}")
            case _:
                assert_never(expression)

    def _where(self, expression: t.Expression, indent: int, end: int, suffix: str) -> None:
        """A filter: `where` before its first operand, the others below it."""
        if not isinstance(expression, t.Chain):
            self._emit(expression, indent, "where ", suffix)
            self._behind_node(expression, end)
            return
        last = len(expression.operands) - 1
        for at, operand in enumerate(expression.operands):
            needed = flat.needs_parentheses(operand)
            prefix = f"{expression.word} " if at else "where "
            closing = suffix if at == last else ""
            self._emit(operand, indent + 2 * bool(at), prefix, closing, parentheses=needed)
            following = end if at == last else expression.operands[at + 1].span.start
            self._behind(operand.span.end, following)


def _clause(clause: t.Clause) -> str:
    match clause.word:
        case "hidden":
            return clause.word
        case "kind":
            return f"{clause.word} {clause.value}"
        case "description" | "folder":
            return f"{clause.word} {string(clause.value)}"
        case _:
            assert_never(clause.word)


def _first_place(expression: t.Expression) -> int:
    """The first offset in an element where a comment can stay when it is broken open."""
    match expression:
        case t.Chain() | t.Listing() | t.Limited():
            return expression.span.start
        case t.Negation(operand) | t.FixedRuleSet(_, operand):
            return operand.span.start
        case t.Has() if expression.filter is not None:
            return expression.span.start
        case t.Test(t.Aggregate() as subject) if subject.filter is not None:
            return expression.span.start
        case t.Test(_, (p.In() | p.Like()) as predicate) if _is_list(predicate):
            return expression.subject_span.end
        case t.Test() | t.Has() | t.Membership() | t.Score() | t.Use():
            return expression.span.end
        case _:
            assert_never(expression)


def _last_place(expression: t.Expression) -> int:
    """The offset where an element ends that is written without the parentheses around it."""
    match expression:
        case t.Chain(_, operands):
            return operands[-1].span.end
        case t.Has(_, _, inner) if inner is not None:
            return _last_place(inner)
        case t.Negation(operand) | t.FixedRuleSet(_, operand):
            return operand.span.end
        case _:
            return expression.span.end


def _is_open(expression: t.Expression | None) -> bool:
    """Whether there is a list form of several items in it, which never is on one line."""
    nodes = () if expression is None else walk(expression)
    return any(isinstance(node, t.Listing) and len(node.items) > 1 for node in nodes)


def _is_list(predicate: p.In | p.Like) -> bool:
    return isinstance(predicate, p.In) or len(predicate.values) > 1
