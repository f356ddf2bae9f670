"""Lays a file out in lines, and puts each comment where it stood.

An element is one line where it fits and no comment stands inside it; else it is
broken open at its brackets, as list forms of two items or more always are. A comment
before an element becomes a line above it, one on the line where an element ends stays
there, one inside what cannot be broken goes above that.
"""

from __future__ import annotations

from typing import assert_never

from segdsl.language.format import flat
from segdsl.language.format.deliveries import DeliveryPrinter
from segdsl.language.format.expressions import is_open, last_place
from segdsl.language.format.funnels import FunnelPrinter
from segdsl.language.format.lines import WIDTH
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import literal, name, string

_END = 1 << 60


class FilePrinter(FunnelPrinter, DeliveryPrinter):
    """Collects the lines of a file, with its comments."""

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
            self._item(item, following)
            if isinstance(item, t.Let):
                self._behind_node(item.body, following)
            self._behind(item.span.end, following)
            if not whole:
                self._indented_below(item.span.end, following)
            previous = item
        rest = self.comments.before(_END)
        if rest and self.lines:
            self.lines.append("")
        self._block(rest, None)

    def _item(self, item: t.Item, following: int) -> None:
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
            case t.Funnel():
                self._funnel(item, following)
            case t.Activation():
                self._activation(item, following)
            case t.ActivationTemplate():
                self._template(item, following)
            case t.PredictiveSegment() | t.Journey():
                self._model(item, following)
            case _:
                assert_never(item)

    def _model(self, item: t.PredictiveSegment | t.Journey, following: int) -> None:
        """By a printer that is loaded for the first of them, on the same lines."""
        from segdsl.language.format.journeys import JourneyPrinter

        printer = JourneyPrinter(self.comments, self.lines)
        printer.item(item, following)
        self.commented = printer.commented

    def _let(self, item: t.Let) -> None:
        parameters = (
            f"({', '.join(name(each) for each in item.parameters)})" if item.parameters else ""
        )
        head = f"let {name(item.name)}{parameters} ="
        whole = f"{head} {flat.format_expression(item.body)}"
        self._above(item.name_span.end, 0)
        inner = self.comments.between(item.span.start, last_place(item.body))
        if len(whole) <= WIDTH and not inner and not is_open(item.body):
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
        where = item.where_span.start
        self._above(item.name_span.start, 0)
        self._line(0, f"segment {string(item.name)}")
        first = min([where, *(clause.span.start for clause in item.clauses)])
        self._behind(item.name_span.end, first)
        self._blocks(item.clauses, self._segment_clause, where)
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
            self._limit(item.limit)

    def _segment_clause(self, clause: t.Clause) -> None:
        self._above(clause.span.end, 2)
        self._line(2, _clause(clause))


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
