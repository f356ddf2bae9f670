"""Conditions in lines: an element is one line where it fits, else it is broken at its brackets."""

from __future__ import annotations

from typing import assert_never

import msgspec

from segdsl.language import predicates as p
from segdsl.language.format import flat
from segdsl.language.format.lines import WIDTH, LinePrinter
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import behavior
from segdsl.language.syntax.walk import walk
from segdsl.language.values import Limit
from segdsl.source import Span


class ExpressionPrinter(LinePrinter):
    """Writes expressions; of the comments inside them each goes where it stood."""

    def _behind_node(self, expression: t.Expression, limit: int) -> None:
        """The same for an element behind which parentheses may have been left out."""
        self._behind(last_place(expression), limit)
        self._behind(expression.span.end, limit)

    def _body(self, expression: t.Expression, indent: int, end: int) -> None:
        """An expression that has its lines to itself: each operand of a chain on its own."""
        if isinstance(expression, t.Chain):
            self._operands(expression, indent, end)
        else:
            self._emit(expression, indent)
            self._behind_node(expression, end)

    def _limit(self, limit: Limit) -> None:
        for comment in self.comments.before(limit.span.start):
            self._line(0 if self.comments.column(comment) == 1 else 2, comment.text)
        self._above(limit.span.end, 0)
        self._line(0, flat.limit(limit))

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
        end = last_place(expression) if unbracketed else expression.span.end
        if not self.comments.between(expression.span.start, end) and not is_open(expression):
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
                self._where(inner, indent + 2, last_place(expression), suffix)
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


def last_place(expression: t.Expression) -> int:
    """The offset where an element ends that is written without the parentheses around it."""
    match expression:
        case t.Chain(_, operands):
            return operands[-1].span.end
        case t.Has(_, _, inner) if inner is not None:
            return last_place(inner)
        case t.Negation(operand) | t.FixedRuleSet(_, operand):
            return operand.span.end
        case _:
            return expression.span.end


def is_open(expression: t.Expression | None) -> bool:
    """Whether there is a list form of several items in it, which never is on one line."""
    nodes = () if expression is None else walk(expression)
    return any(isinstance(node, t.Listing) and len(node.items) > 1 for node in nodes)


def _is_list(predicate: p.In | p.Like) -> bool:
    return isinstance(predicate, p.In) or len(predicate.values) > 1
