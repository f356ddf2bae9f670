"""Shows the first rows of an activation as they would be exported, without running it.

Profiles are sampled through the API, and the functions are evaluated here. What the API does not
give is not shown, and notes say so: events of behaviors, and attributes of customer groups. Values
of columns with personal data are not even requested, unless they are to be revealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from segdsl.api import ClientError
from segdsl.api import Column as ServerColumn
from segdsl.diagnostics import Report
from segdsl.engine import EngineError
from segdsl.engine.rows import MemoryTable, memory_table, query_rows
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import behavior as spelling
from segdsl.language.values import ColumnType
from segdsl.schema.model import PERSONAL
from segdsl.sql import Context, SqlError
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Catalog
from segdsl.sql.exports import Placeholders, export
from segdsl.workspace.remote.activation_parts import Definitions, delivery_of, target_of
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.counting import ALL, PreviewOptions, questions_of
from segdsl.workspace.remote.preview import ExportSample, Failed, SampleColumn

ROWS = 5
"""The number of profiles where none is given."""


class SampleOptions(msgspec.Struct, frozen=True):
    """How many profiles to show, which of the exported columns, and whether personal data is.

    `elsewhere` are columns of what is shown beside the activation: it need not export them.
    """

    rows: int = ROWS
    columns: tuple[str, ...] = ()
    reveal: bool = False
    elsewhere: frozenset[str] = frozenset()


async def sample_export(
    connection: Connection,
    activation: a.Activation,
    definitions: Definitions,
    report: Report,
    options: SampleOptions,
) -> ExportSample | Failed | None:
    """The first rows of an activation. None if its segment is in the report."""
    try:
        attributes = await connection.client.attributes(connection.parent.id)
        delivery = await delivery_of(connection, activation, definitions)
        if isinstance(delivery, Failed):
            return delivery
        target = await target_of(connection, activation.target, delivery, definitions)
        if isinstance(target, Failed):
            return target
        sampling = _Sampling(connection, activation, delivery, attributes, options)
        if options.columns and not sampling.items:
            return ExportSample((), (), tuple(sampling.notes), connection.parent.timezone)
        asked = await questions_of(
            connection, (target.segment,), definitions.segments, report, PreviewOptions()
        )
        if asked[0] is None:
            return None
        found = await connection.client.profiles(
            connection.parent.id,
            msgspec.Raw(asked[0].rule.encode()),
            sampling.requested,
            options.rows,
        )
        return sampling.evaluated(found.names, found.rows, target.placeholders)
    except ClientError as error:
        return Failed(error.message, error.help)
    except SqlError as error:
        return Failed(error.message, error.help)
    except EngineError as error:
        return Failed(str(error))


async def columns_of(
    connection: Connection, activation: a.Activation, definitions: Definitions
) -> frozenset[str]:
    """The names of the columns of profiles that an activation exports, as far as they are known."""
    try:
        attributes = await connection.client.attributes(connection.parent.id)
        delivery = await delivery_of(connection, activation, definitions)
    except ClientError:
        # It is an answer to `sample_export`, which says so.
        return frozenset()
    if isinstance(delivery, Failed):
        return frozenset()
    return frozenset(each.name for each in _exported(delivery, [each.name for each in attributes]))


def _exported(delivery: a.Delivery, attributes: Iterable[str]) -> list[a.ExportColumn]:
    """The exported columns of profiles in their order."""
    columns = delivery.columns or a.Columns()
    every = attributes if columns.all else ()
    return [*(a.ExportColumn(a.ColumnSource(name), name) for name in every), *columns.items]


# --- what is sent ----------------------------------------------------------------------------


class _Sampling:
    """The columns of an activation that can be shown, and what has to be requested for them."""

    def __init__(
        self,
        connection: Connection,
        activation: a.Activation,
        delivery: a.Delivery,
        attributes: Sequence[ServerColumn],
        options: SampleOptions,
    ) -> None:
        self.connection = connection
        self.activation = activation
        self.options = options
        self.attributes = {each.name: each for each in attributes}
        self.notes: list[str] = []
        for each in delivery.behaviors:
            self.notes.append(
                f"the events of {spelling(each.behavior)} are not shown: the API has no request "
                "for them"
            )
        self.items = self._items(delivery)
        groups = dict.fromkeys(
            each.source.group for each in self.items if isinstance(each.source, a.ColumnSource)
        )
        self.groups = [each for each in groups if each is not None]
        for group in self.groups:
            self.notes.append(
                f"attributes of the customer group {group} are not shown: the API has no request "
                "for them"
            )
        self.hidden = {
            each.name
            for each in self.attributes.values()
            if each.visibility in PERSONAL and not options.reveal
        }

    def _items(self, delivery: a.Delivery) -> list[a.ExportColumn]:
        """The columns of profiles in their order; only those that are to be shown."""
        items = _exported(delivery, self.attributes)
        if not self.options.columns or self.options.columns == ALL:
            return items
        names = [each.name for each in items]
        unknown = [
            each
            for each in self.options.columns
            if each not in names and each not in self.options.elsewhere
        ]
        if unknown:
            raise SqlError(
                f"it exports no column `{unknown[0]}`",
                unknown=(unknown[0], lambda: names),
            )
        return [each for each in items if each.name in self.options.columns]

    @property
    def requested(self) -> tuple[str, ...]:
        """The attributes whose values are needed."""
        sources = (each.source for each in self.items)
        names = dict.fromkeys(
            each.column for each in sources if isinstance(each, a.ColumnSource) and not each.group
        )
        known = (name for name in names if name != PROFILE_ID and name in self.attributes)
        return tuple(name for name in known if name not in self.hidden)

    def evaluated(
        self,
        names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        placeholders: Placeholders,
    ) -> ExportSample:
        """The exported rows of sampled profiles."""
        tables = [self._customers(names, rows), *map(self._group, self.groups)]
        delivery = a.Delivery(columns=a.Columns(items=tuple(self.items)))
        context = Context(
            self.connection.now,
            self.connection.parent.timezone,
            Catalog(tuple(each.table for each in tables)),
        )
        everyone = c.Segment("", c.Everyone())
        made = export(delivery, everyone, context, placeholders)
        result = query_rows(tables, made.query)
        columns = tuple(
            SampleColumn(each.name, each.type, self._is_hidden(each.source))
            for each in made.columns
        )
        if masked := [each.name for each in columns if each.masked]:
            self.notes.append(f"masked, as they have personal data: {', '.join(masked)}")
        # Masked columns were not requested: null, and functions of null, would be misleading.
        shown = tuple(
            tuple(
                None if column.masked else value for column, value in zip(columns, row, strict=True)
            )
            for row in result.rows
        )
        notes = (*self.notes, *made.notes)
        return ExportSample(columns, shown, notes, context.zone)

    def _is_hidden(self, source: a.ColumnSource | a.TextSource) -> bool:
        return (
            isinstance(source, a.ColumnSource)
            and source.group is None
            and source.column in self.hidden
        )

    def _customers(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> MemoryTable:
        """The sampled profiles, with null for what was not requested."""
        at = {name: place for place, name in enumerate(names)}
        columns = [(each.name, each.type) for each in self.attributes.values()]
        values = [
            [row[at[name]] if name in at else None for name in (PROFILE_ID, *self.attributes)]
            for row in rows
        ]
        return memory_table(CUSTOMERS, columns, values)

    def _group(self, name: str) -> MemoryTable:
        """The table of a customer group, without rows."""
        group = self.connection.parent.customer_group
        known: Mapping[str, ColumnType | None] = {}
        if group is not None and group.name == name:
            known = {each.name: each.type for each in group.customer_group_attributes}
        return memory_table(CUSTOMER_GROUP + name, list(known.items()), [])
