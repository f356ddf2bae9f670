"""The query of an activation: what it exports, row by row.

One row for each profile, and for each event of a behavior that is exported as rows; a profile
without such events has one row, whose columns of the behavior are null (documented). Rows are
ordered by the profile's id, so that the same data is the same file. The query is DuckDB's: the
functions have no equal in all dialects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

import msgspec
from sqlglot import exp

from segdsl.language.activations import (
    BehaviorExport,
    ColumnSource,
    Delivery,
    ExportColumn,
    Placeholder,
    PlaceholderName,
    TextSource,
    Time,
)
from segdsl.language.condition import tree as c
from segdsl.language.values import ColumnType
from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.context import Context, Relation, SqlError, customer_group, customers
from segdsl.sql.export_behaviors import JoinedBehavior, joined_behavior
from segdsl.sql.export_columns import SourceColumn, source_column, uses_addresses, with_steps
from segdsl.sql.expressions import (
    Node,
    column,
    identifier,
    integer,
    named,
    ordered_text,
    select,
    text,
)
from segdsl.sql.queries import selection
from segdsl.sql.time_format import format_time

# No behavior has such a name: those of segments that are referred to begin with 1.
_POPULATION = "segment_0"
_PROFILES, _GROUP, _BEHAVIOR, _ALL = "p", "g", "b", "a"
_PROFILE = "profile"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Placeholders = Mapping[PlaceholderName, str]
"""The values of placeholders, by name. One without a value stays as it is written, with a note."""


class ExportedColumn(msgspec.Struct, frozen=True):
    """A column of an export: its name there, its type, and what it is made of.

    `behavior` is the table of a behavior's column. `type` is None if it is not known.
    """

    name: str
    type: ColumnType | None
    source: ColumnSource | TextSource
    behavior: str | None = None


class Export(msgspec.Struct, frozen=True):
    """The query of an export, its columns in order, and what is not as on a real server."""

    query: exp.Select
    columns: tuple[ExportedColumn, ...]
    notes: tuple[str, ...] = ()


def export(
    delivery: Delivery,
    segment: c.Segment,
    context: Context,
    placeholders: Placeholders,
    *,
    profiles: int | None = None,
    most_events: int | None = None,
) -> Export:
    """What a delivery exports of the profiles of a segment, or of a stage's segment.

    `context` has the time and the time zone of the run. At most `profiles` profiles, in the order
    of their ids, and at most `most_events` events of a behavior for each (the API's
    `maxActivationBehaviorRow`). Raises SqlError if the segment has no SQL translation, a name does
    not exist, or a function cannot be applied.
    """
    return _Export(delivery, segment, context, placeholders).build(profiles, most_events)


class _Export:
    """Collects the columns, joins and notes of an export."""

    def __init__(
        self,
        delivery: Delivery,
        segment: c.Segment,
        context: Context,
        placeholders: Placeholders,
    ) -> None:
        self.delivery = delivery
        self.segment = segment
        self.context = context
        self.placeholders = placeholders
        self.customers = customers(context).with_alias(_ALL)
        self.groups: dict[str, Relation] = {}
        self.columns: list[ExportedColumn] = []
        self.nodes: list[Node] = []
        self.notes: dict[str, None] = {}

    def build(self, profiles: int | None, most_events: int | None) -> Export:
        own: list[tuple[SourceColumn, str]] = []
        for each in self._attributes():
            self._add(each, own)
        query = select().from_(self._profiles(own).subquery(identifier(_PROFILES)))
        order = [ordered_text(column(_PROFILE, _PROFILES))]
        for at, behavior in enumerate(self.delivery.behaviors, start=1):
            alias = f"{_BEHAVIOR}{at}"
            joined = self._behavior(behavior, alias, most_events)
            same = exp.EQ(this=column(_PROFILE, alias), expression=column(_PROFILE, _PROFILES))
            events = joined.query.subquery(identifier(alias))
            query = query.join(events, on=same, join_type="LEFT")
            if joined.rank is not None:
                order.append(column(joined.rank, alias))
        self._check_columns()
        selected = [
            named(node, each.name) for node, each in zip(self.nodes, self.columns, strict=True)
        ]
        query = query.select(*selected).order_by(
            *(exp.Ordered(this=each, desc=False) for each in order)
        )
        query = query.with_(identifier(_POPULATION), as_=self._population(profiles))
        return Export(query, tuple(self.columns), tuple(self.notes))

    # --- profiles ------------------------------------------------------------------------

    def _attributes(self) -> Iterator[ExportColumn]:
        """The columns of profiles, all attributes first."""
        columns = self.delivery.columns
        if columns is None:
            return
        if columns.all:
            if self.customers.table is None:
                raise SqlError("`columns all` requires the schema of the parent segment")
            table = self.customers.table
            for name in (*(each.name for each in table.columns), *sorted(table.untyped)):
                yield ExportColumn(ColumnSource(name), name)
        yield from columns.items

    def _add(self, item: ExportColumn, own: list[tuple[SourceColumn, str]]) -> None:
        match item.source:
            case TextSource() as written:
                self.nodes.append(text(self._write(written)))
                self.columns.append(ExportedColumn(item.name, "string", item.source))
            case ColumnSource() as source:
                relation = self._relation(source)
                found = source_column(relation, source, self.context)
                name = f"c{len(own) + 1}"
                own.append((found, name))
                self.nodes.append(column(name, _PROFILES))
                self._note_addresses(item.name, source)
                self.columns.append(ExportedColumn(item.name, found.type, source))
            case _:
                assert_never(item.source)

    def _relation(self, source: ColumnSource) -> Relation:
        if source.group is None:
            return self.customers
        if source.group not in self.groups:
            alias = f"{_GROUP}{len(self.groups) + 1}"
            relation = customer_group(self.context, source.group).with_alias(alias)
            self.groups[source.group] = relation
        return self.groups[source.group]

    def _profiles(self, own: list[tuple[SourceColumn, str]]) -> exp.Select:
        """The profiles with the columns of their own and of their groups."""

        def rows(nodes: Sequence[Node]) -> exp.Select:
            query = select(*nodes).from_(self.customers.sql)
            for relation in self.groups.values():
                same = exp.EQ(this=relation.id, expression=self.customers.id)
                query = query.join(relation.sql, on=same, join_type="LEFT")
            return query.where(exp.In(this=self.customers.id, query=_in_population()))

        return with_steps(rows, [(self.customers.id, _PROFILE)], own)

    def _population(self, profiles: int | None) -> exp.Select:
        query = selection(self.segment, self.context)
        if profiles is None:
            return query
        first = select(column(PROFILE_ID, _ALL)).from_(query.subquery(identifier(_ALL)))
        order = exp.Ordered(this=ordered_text(column(PROFILE_ID, _ALL)), desc=False)
        return first.order_by(order).limit(integer(profiles))

    # --- texts ---------------------------------------------------------------------------

    def _write(self, source: TextSource) -> str:
        return "".join(map(self._part, source.parts))

    def _part(self, part: str | Time | Placeholder) -> str:
        match part:
            case str():
                return part
            case Time(format):
                moment = _EPOCH + timedelta(seconds=self.context.now)
                return format_time(format, moment.astimezone(ZoneInfo(self.context.zone)))
            case Placeholder(name):
                value = self.placeholders.get(name)
                if value is None:
                    self.notes[f"`{{{name}}}` has no value here, and stays as it is"] = None
                    return f"{{{name}}}"
                return value
            case _:
                assert_never(part)

    # --- behaviors -----------------------------------------------------------------------

    def _behavior(
        self, behavior: BehaviorExport, alias: str, most_events: int | None
    ) -> JoinedBehavior:
        joined = joined_behavior(
            behavior, self.segment, self.context, _in_population(), self._write, most_events
        )
        for each in joined.columns:
            source = each.item.source
            if isinstance(source, ColumnSource):
                self._note_addresses(each.name, source)
            self.nodes.append(column(each.column, alias))
            self.columns.append(ExportedColumn(each.name, each.type, source, behavior.behavior))
        return joined

    def _note_addresses(self, name: str, source: ColumnSource) -> None:
        if uses_addresses(source.functions):
            self.notes[f"`{name}` is null: only Treasure Data has the database of IP addresses"] = (
                None
            )

    def _check_columns(self) -> None:
        """Raises SqlError unless there are columns, each with a name of its own."""
        if not self.columns:
            raise SqlError("nothing is exported: there are no columns", "write `columns all`")
        names: set[str] = set()
        for each in self.columns:
            # Names of columns are compared as engines do, without case.
            if each.name.lower() in names:
                raise SqlError(f"two columns are exported as `{each.name}`", "rename one with `as`")
            names.add(each.name.lower())


def _in_population() -> exp.Subquery:
    named_query = exp.Table(this=identifier(_POPULATION))
    return exp.Subquery(this=select(column(PROFILE_ID)).from_(named_query))
