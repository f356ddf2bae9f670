"""Activations and templates in lines: a clause each, columns and settings of several one a line."""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.language import activations as a
from segdsl.language.format import delivery_text
from segdsl.language.format.lines import WIDTH, LinePrinter
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name, string
from segdsl.source import Span


class DeliveryPrinter(LinePrinter):
    """Writes activations and templates; comments go with the clause that they stand at."""

    def _activation(self, item: t.Activation, following: int) -> None:
        head = f"activation {string(item.name)} {delivery_text.target(item.target)}"
        self._delivery(head, item.target.span, item.clauses, following)

    def _template(self, item: t.ActivationTemplate, following: int) -> None:
        head = f"activation template {string(item.name)}"
        self._delivery(head, item.name_span, item.clauses, following)

    def _delivery(
        self, head: str, end: Span, clauses: Sequence[d.DeliveryClause], following: int
    ) -> None:
        """An item whose head ends with a span."""
        self._above(end.end, 0)
        self._line(0, head)
        first = min((clause.span.start for clause in clauses), default=following)
        self._behind(end.end, first)
        self._blocks(clauses, self._delivery_clause, following)

    def _delivery_clause(self, clause: d.DeliveryClause) -> None:
        match clause:
            case a.Columns(_, items) if items:
                self._above(clause.span.start, 2)
                self._columns(delivery_text.columns_head(clause), items, clause.span.end, 2)
            case a.BehaviorExport():
                self._behavior(clause)
            case d.Settings(a.MapSetting(entries)) if entries:
                self._above(clause.span.start, 2)
                self._settings("with ", entries, clause.span.end, 2)
            case d.Locked():
                self._above(clause.span.start, 2)
                self._locked(clause)
            case _:
                self._above(clause.span.end, 2)
                self._line(2, delivery_text.clause(clause))

    def _behavior(self, clause: a.BehaviorExport) -> None:
        """The columns have a line of their own."""
        head = (clause.order[-1].span if clause.order else clause.behavior_span).end
        self._above(head, 2)
        self._line(2, delivery_text.behavior_head(clause))
        first = clause.columns[0].span.start if clause.columns else clause.span.end
        self._behind(head, first)
        if not clause.columns:
            self._above(clause.span.end, 4)
        self._columns("columns ", clause.columns, clause.span.end, 4)

    def _columns(self, head: str, columns: Sequence[a.ExportColumn], end: int, indent: int) -> None:
        whole = f"{head}({', '.join(map(delivery_text.column, columns))})"
        if self._stays_whole(whole, len(columns), end, indent):
            self._line(indent, whole)
            return
        self._line(indent, f"{head}(")
        for column, following in self._with_following(columns, end):
            self._above(column.span.end, indent + 2)
            self._line(indent + 2, f"{delivery_text.column(column)},")
            self._behind(column.span.end, following)
        self._above(end, indent + 2)
        self._line(indent, ")")

    def _settings(self, head: str, entries: Sequence[a.Entry], end: int, indent: int) -> None:
        whole = f"{head}({', '.join(map(delivery_text.entry, entries))})"
        if self._stays_whole(whole, len(entries), end, indent):
            self._line(indent, whole)
            return
        self._map(head, entries, end, indent, "")

    def _locked(self, clause: d.Locked) -> None:
        """One line where it fits and no comment stands inside, else a lock a line."""
        whole, end = delivery_text.clause(clause), clause.span.end
        if 2 + len(whole) <= WIDTH and not self.comments.between(0, end):
            self._line(2, whole)
            return
        self._line(2, "locked (")
        for lock, following in self._with_following(clause.locks, end):
            self._above(lock.span.end, 4)
            self._line(4, f"{delivery_text.lock(lock)},")
            self._behind(lock.span.end, following)
        self._above(end, 4)
        self._line(2, ")")

    def _stays_whole(self, whole: str, items: int, end: int, indent: int) -> bool:
        """Whether a list stays on one line: of one item at most, short, and without comments."""
        return items < 2 and indent + len(whole) <= WIDTH and not self.comments.between(0, end)

    def _map(
        self, head: str, entries: Sequence[a.Entry], end: int, indent: int, suffix: str
    ) -> None:
        self._line(indent, f"{head}(")
        for entry, following in self._with_following(entries, end):
            self._entry(entry, indent + 2)
            self._behind(entry.span.end, following)
        self._above(end, indent + 2)
        self._line(indent, f"){suffix}")

    def _entry(self, entry: a.Entry, indent: int) -> None:
        """A setting: one line where it fits and no comment stands inside, else broken open."""
        whole = f"{delivery_text.entry(entry)},"
        fits = indent + len(whole) <= WIDTH
        head = f"{name(entry.name)} = "
        match entry.value:
            case a.MapSetting(entries) if entries:
                self._above(entry.value_span.start, indent)
                if fits and not self.comments.between(0, entry.span.end):
                    self._line(indent, whole)
                else:
                    self._map(head, entries, entry.span.end, indent, ",")
            case a.ListSetting(items) if items and not fits:
                self._above(entry.span.end, indent)
                self._line(indent, f"{head}[")
                for item in items:
                    self._line(indent + 2, f"{delivery_text.setting(item)},")
                self._line(indent, "],")
            case _:
                self._above(entry.span.end, indent)
                self._line(indent, whole)
