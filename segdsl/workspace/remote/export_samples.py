"""Shows the first rows of an activation as they would be exported, without running it.

Profiles are sampled through the API, and the functions are evaluated here. What the API does not
give is not shown, and notes say so: events of behaviors, and attributes of customer groups. Values
of columns with personal data are not even requested, unless they are to be revealed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from segdsl.language.values import ById, ByName, ColumnType, Reference
from segdsl.rules.activations import read_template
from segdsl.sql import Context, SqlError
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Catalog
from segdsl.sql.exports import Placeholders, export
from segdsl.terminal import visible
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.counting import ALL, PreviewOptions, questions_of
from segdsl.workspace.remote.preview import PERSONAL, ExportSample, Failed, SampleColumn

ROWS = 5
"""The number of profiles where none is given."""


class Definitions(msgspec.Struct, frozen=True):
    """What activations may refer to in files: segments, funnels, and templates."""

    segments: Sequence[c.Segment] = ()
    funnels: Sequence[c.Funnel] = ()
    templates: Sequence[a.ActivationTemplate] = ()


class SampleOptions(msgspec.Struct, frozen=True):
    """How many profiles to show, which of the exported columns, and whether personal data is."""

    rows: int = ROWS
    columns: tuple[str, ...] = ()
    reveal: bool = False


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
        target = await _target(connection, activation.target, definitions)
        if isinstance(target, Failed):
            return target
        delivery = await _delivery(connection, activation, definitions)
        if isinstance(delivery, Failed):
            return delivery
        sampling = _Sampling(connection, activation, delivery, attributes, options)
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


# --- who is sent -----------------------------------------------------------------------------


class _Target(msgspec.Struct, frozen=True):
    """The profiles that are sent, and what is known for the placeholders of texts."""

    segment: c.Segment
    placeholders: Placeholders


async def _target(
    connection: Connection, target: a.Target, definitions: Definitions
) -> _Target | Failed:
    """The segment of a target: as the files have it, or else as the server does."""
    parent: Placeholders = {"parent segment id": connection.parent.id}
    reference = target.reference
    if target.kind == "segment":
        found = [each for each in definitions.segments if reference in c.spellings(*each.place)]
        if len(found) == 1:
            segment = found[0]
        else:
            member = c.Membership(of="segment", target=reference, span=target.span)
            segment = c.Segment(_name(reference), member, span=target.span)
        names: Placeholders = (
            {} if isinstance(reference, ById) else {"segment name": reference.name}
        )
        ids: Placeholders = {"segment id": reference.id} if isinstance(reference, ById) else {}
        return _Target(segment, {**parent, **names, **ids})
    if isinstance(reference, ById):
        member = c.Membership(of="stage", target=reference, span=target.span)
        return _Target(c.Segment(_name(reference), member, span=target.span), parent)
    named: Placeholders = {
        **parent,
        "segment name": reference.name,
        "stage name": reference.name,
        **({} if reference.parent is None else {"funnel name": reference.parent}),
    }
    for funnel in definitions.funnels:
        for stage in funnel.stages:
            if (funnel.name, stage.name) == (reference.parent, reference.name):
                if stage.segment is None:
                    return Failed(f"the stage “{visible(stage.name)}” has no rule: it is empty")
                return _Target(stage.segment, named)
    for on_server in await connection.client.funnels(connection.parent.id):
        for known in on_server.stages:
            if (on_server.name, known.name) == (reference.parent, reference.name):
                member = c.Membership(of="stage", target=ById(known.id), span=target.span)
                return _Target(c.Segment(reference.name, member, span=target.span), named)
    return Failed(
        f"no funnel “{visible(reference.parent or '')}” with a stage “{visible(reference.name)}” "
        "is in these files or on the server"
    )


def _name(reference: Reference) -> str:
    return f"#{reference.id}" if isinstance(reference, ById) else reference.name


async def _delivery(
    connection: Connection, activation: a.Activation, definitions: Definitions
) -> a.Delivery | Failed:
    """What is exported: from the template what the activation does not say itself."""
    own, reference = activation.delivery, activation.template
    if reference is None or own.columns is not None:
        return own
    template = next(
        (each for each in definitions.templates if ByName(each.name) == reference), None
    )
    if template is None:
        found = await _server_template(connection, reference)
        if isinstance(found, Failed):
            return found
        template = found
    delivery = template.delivery
    return msgspec.structs.replace(delivery, behaviors=own.behaviors or delivery.behaviors)


async def _server_template(
    connection: Connection, reference: Reference
) -> a.ActivationTemplate | Failed:
    """A template as the server has it."""
    client, title = connection.client, visible(_name(reference))
    if isinstance(reference, ById):
        id = reference.id
    else:
        listed = await client.templates(connection.parent.id)
        ids = [each.id for each in listed if each.name == reference.name]
        if len(ids) != 1:
            number = f"{len(ids)} templates" if ids else "no template"
            return Failed(
                f"{number} on the server named “{title}”, and none in these files",
                "the columns are those of the template: add its file, or write them here",
            )
        (id,) = ids
    report = Report()
    parts = read_template((await client.template(id)).decoded(), report)
    if parts is None:
        reasons = "; ".join(each.message for each in report.diagnostics)
        return Failed(f"the template “{title}” on the server cannot be read: {reasons}")
    return parts.template


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
        columns = delivery.columns or a.Columns()
        items = [
            a.ExportColumn(a.ColumnSource(name), name) for name in self.attributes if columns.all
        ]
        items += columns.items
        if not self.options.columns or self.options.columns == ALL:
            return items
        names = [each.name for each in items]
        unknown = [each for each in self.options.columns if each not in names]
        if unknown:
            raise SqlError(
                f"“{visible(self.activation.name)}” exports no column `{unknown[0]}`",
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
