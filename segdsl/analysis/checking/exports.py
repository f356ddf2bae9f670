"""What activations and templates export, against the schema: columns, behaviors, who may see them.

What is wrong in itself is in `structure`, and what other files say in `targets`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal as OneOf

from segdsl.analysis.checking import types
from segdsl.analysis.checking.export_names import check_names_beside_all
from segdsl.analysis.checking.functions import check_functions
from segdsl.analysis.checking.segments import PROFILE_ID
from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.syntax.spelling import behavior, name, reference
from segdsl.language.values import ById, ByName, Reference
from segdsl.schema.ids import all_ids
from segdsl.schema.labels import LabelledName, behavior_names, column_names, suggest_name
from segdsl.schema.model import Behavior, Column, Schema
from segdsl.source import Span

_MOST_LISTED = 5
_PULL = "if it is new, run `segdsl schema pull`"


class ExportChecker:
    """Checks deliveries against one schema."""

    def __init__(self, schema: Schema, report: Report) -> None:
        self.schema = schema
        self.report = report
        self.attributes = {PROFILE_ID.name: PROFILE_ID, **schema.attributes_by_name}
        self.ids = all_ids(schema)
        self.known_ids = {(kind, id) for (kind, _), ids in self.ids.items() for id in ids}

    def check(self, delivery: a.Delivery) -> None:
        """Reports what the schema contradicts in what is delivered, where to, and who hears."""
        if delivery.connection is not None:
            self.reference("connection", delivery.connection.target, delivery.connection.span)
        if delivery.notification is not None:
            for each in delivery.notification.recipients:
                self.reference("user", each.user, each.span)
        if delivery.columns is not None:
            self._columns(delivery.columns)
            if delivery.columns.all:
                names = self.schema.attributes_by_name
                check_names_beside_all(delivery.behaviors, names, self.report)
        for export in delivery.behaviors:
            self._behavior(export)

    # --- attributes --------------------------------------------------------------------

    def _columns(self, columns: a.Columns) -> None:
        if columns.all:
            self._all_columns(columns)
        for item in columns.items:
            if not isinstance(item.source, a.ColumnSource):
                continue
            column = self._attribute(item.source, item.source_span)
            if column is not None:
                shown = f"`{name(column.name)}`"
                self._visible(column, shown, item.source_span)
                check_functions(item.source.functions, column.type, shown, self.report)

    def _all_columns(self, columns: a.Columns) -> None:
        """Names that `columns all` exports too, and what it exports that not everyone may see."""
        for item in columns.items:
            if item.name in self.schema.attributes_by_name:
                same = item.source == a.ColumnSource(item.name)
                self.report.add(
                    Code.SEG231,
                    item.span,
                    f"`columns all` exports `{name(item.name)}` too",
                    help="remove it here" if same else "give it another name: `as name`",
                )
        private = [name(each.name) for each in self.schema.attributes if each.is_personal]
        if private:
            listed = ", ".join(f"`{each}`" for each in private[:_MOST_LISTED])
            more = len(private) - _MOST_LISTED
            rest = f" and {more} more" if more > 0 else ""
            self._personal(columns.span, f"`columns all` exports personal data: {listed}{rest}")

    def _attribute(self, source: a.ColumnSource, span: Span) -> Column | None:
        if source.group is not None:
            return self._group_attribute(source.group, source.column, span)
        column = self.attributes.get(source.column)
        if column is None:
            self._no_attribute(source.column, span)
        return column

    def _group_attribute(self, group: str, attribute: str, span: Span) -> Column | None:
        owner = self.schema.groups_by_name.get(group)
        if owner is None:
            help = self.report.did_you_mean(group, self.schema.groups_by_name, _PULL)
            self.report.add(
                Code.SEG504, span, f"there is no customer group `{name(group)}`", help=help
            )
            return None
        column = owner.by_name.get(attribute)
        if column is None:
            self.report.add(
                Code.SEG504,
                span,
                f"the customer group `{name(group)}` has no attribute `{name(attribute)}`",
                help=self._nearest(attribute, lambda: _names(owner.columns)),
            )
        return column

    def _no_attribute(self, attribute: str, span: Span) -> None:
        written = name(attribute)
        if table_of(attribute) in self.schema.behaviors_by_name:
            self.report.add(
                Code.SEG505,
                span,
                f"`{written}` is a behavior, not an attribute",
                help=f"export its events: `behavior {written} all by … columns (…)`",
            )
            return
        help = self._nearest(attribute, lambda: _names(self.attributes.values()))
        if help == _PULL:
            having = [each.name for each in self.schema.behaviors if attribute in each.by_name]
            if having:
                help = (
                    f"it is a column of the events of `{behavior(having[0])}`: write `behavior "
                    f"{behavior(having[0])} … columns ({written})`"
                )
        self.report.add(Code.SEG501, span, f"there is no attribute `{written}`", help=help)

    # --- behaviors ---------------------------------------------------------------------

    def _behavior(self, export: a.BehaviorExport) -> None:
        events = self.schema.behaviors_by_name.get(export.behavior)
        if events is None:
            self._no_behavior(export)
            return
        exported: set[str] = set()
        for item in export.columns:
            if not isinstance(item.source, a.ColumnSource):
                continue
            exported.add(item.source.column)
            column = self._column(events, item.source.column, item.source_span)
            if column is not None:
                shown = f"`{name(column.name)}`"
                self._visible(column, shown, item.source_span)
                check_functions(item.source.functions, column.type, shown, self.report)
        for order in export.order:
            if order.column not in exported:
                # It is reported that it is not exported.
                continue
            key = _column_of(events, order.column)
            if key is not None and (key.type in types.ELEMENTS or key.type == "boolean"):
                self.report.add(
                    Code.SEG506,
                    order.span,
                    f"cannot order events by `{name(key.name)}`, which is of type {key.type_name}",
                    help="use another column",
                )

    def _no_behavior(self, export: a.BehaviorExport) -> None:
        written = name_of(export.behavior) or export.behavior
        known = self.schema.behaviors_by_name
        if written in self.attributes and name_of(export.behavior) is not None:
            self.report.add(
                Code.SEG505,
                export.behavior_span,
                f"`{name(written)}` is an attribute, not a behavior",
                help=f"export it in `columns (…)`: `{name(written)}`",
            )
            return
        help = self._nearest(written, lambda: behavior_names(self.schema))
        if written in known:
            help = f"write `{behavior(written)}`"
        elif table_of(written) in known:
            help = f"write `{name(written)}`"
        self.report.add(
            Code.SEG502,
            export.behavior_span,
            f"there is no behavior `{behavior(export.behavior)}`",
            help=help,
        )

    def _column(self, events: Behavior, column: str, span: Span) -> Column | None:
        known = _column_of(events, column)
        if known is None:
            help = self._nearest(column, lambda: _names(events.columns))
            if column in self.attributes:
                help = f"`{name(column)}` is an attribute of the profile: export it in `columns`"
            self.report.add(
                Code.SEG503,
                span,
                f"the behavior `{behavior(events.name)}` has no column `{name(column)}`",
                help=help,
            )
        return known

    # --- who may see it ----------------------------------------------------------------

    def _visible(self, column: Column, shown: str, span: Span) -> None:
        match column.visibility:
            case "blocked":
                self.report.add(
                    Code.SEG514,
                    span,
                    f"{shown} is blocked: no activation can export it",
                    help="remove it, or let an administrator change its visibility",
                )
            case "pii":
                self._personal(span, f"{shown} is personal data")
            case "clear" | "non_pii" | None:
                pass

    def _personal(self, span: Span, message: str) -> None:
        self.report.add(
            Code.SEG515,
            span,
            message,
            help="if it may leave the account, say why: `# allow SEG515: …`",
        )

    # --- references --------------------------------------------------------------------

    def reference(self, kind: OneOf["connection", "user"], target: Reference, span: Span) -> None:
        """Reports a connection or a user that the schema does not know.

        An older schema has none of a kind, and then nothing is known of it.
        """
        known = self.schema.connections if kind == "connection" else self.schema.users
        if known is None:
            return
        match target:
            case ById(id):
                if (kind, id) not in self.known_ids:
                    self.report.add(
                        Code.SEG511, span, f"the schema has no {kind} with the id #{id}", help=_PULL
                    )
            case ByName():
                ids = self.ids.get((kind, target), [])
                said = f"{reference(target, kind)}"
                if len(ids) > 1:
                    listed = " or ".join(f"#{id}" for id in ids)
                    self.report.add(
                        Code.SEG305,
                        span,
                        f"{len(ids)} {kind}s are named {said}",
                        help=f"specify one by its id: {listed}",
                    )
                elif not ids:
                    self.report.add(
                        Code.SEG513,
                        span,
                        f"there is no {kind} {said}",
                        help=self.report.did_you_mean(
                            target.name, [each.name for each in known], _PULL
                        ),
                    )

    def _nearest(self, word: str, known: Callable[[], Sequence[LabelledName]]) -> str | None:
        """A help line that names what was meant, by its name or its label."""
        if not self.report.can_compare():
            return _PULL
        listed = known()
        self.report.can_compare(len(listed))
        return suggest_name(word, listed, _PULL)


def _names(columns: Collection[Column]) -> list[LabelledName]:
    return column_names((each.name, each.label) for each in columns)


def _column_of(events: Behavior, column: str) -> Column | None:
    return PROFILE_ID if column == PROFILE_ID.name else events.by_name.get(column)
