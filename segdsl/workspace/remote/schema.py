"""Reads the schema of a parent segment from an Audience API.

What a key or an account may not see is left out and noted: a missing part does not stop the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar, get_args

import msgspec

from segdsl.api import Client
from segdsl.api import responses as a
from segdsl.api.journey_records import Journey as ApiJourney
from segdsl.language.behaviors import name_of
from segdsl.schema.model import (
    Behavior,
    Column,
    CustomerGroup,
    Funnel,
    Journey,
    Model,
    Schema,
    Segment,
    Stage,
    Variant,
    Visibility,
)
from segdsl.schema.search import SchemaItem, owner_of
from segdsl.workspace.project.keys import Folder
from segdsl.workspace.remote.account_names import LEFT_OUT, read_account_names
from segdsl.workspace.remote.connect import Connection

_T = TypeVar("_T")
_VISIBILITIES: dict[str, Visibility] = {each: each for each in get_args(Visibility)}


class PulledSchema(NamedTuple):
    """A schema, and what is missing in it, in the reader's words."""

    schema: Schema
    missing: tuple[str, ...]


async def pull_schema(connection: Connection, named: Collection[str] = ()) -> PulledSchema:
    """The current schema; raises ClientError where its main parts cannot be read.

    `named` are the e-mail addresses in the workspace, in lower case: see `account_names`.
    """
    parent = connection.parent
    notes = _MissingParts(connection.passed_over)
    parts = await _read_parts(connection, notes)
    paths: dict[str | None, Folder] = {None: (), **{each.id: each.path for each in parts.folders}}
    names = await read_account_names(connection, paths, named)
    notes.texts.extend(names.missing)
    groups = [] if parent.customer_group is None else [parent.customer_group]
    schema = Schema(
        parent.id,
        parent.name,
        parent.timezone,
        _columns(parts.attributes, notes),
        _behaviors(parts.behaviors, connection, notes),
        tuple(
            CustomerGroup(each.name, _columns(each.customer_group_attributes, notes, each.name))
            for each in groups
        ),
        tuple(each.path for each in notes.readable("folder", parts.folders) if each.path),
        _segments(parts.segments, paths, notes),
        _funnels(parts.funnels, paths, notes),
        tuple(Model(each.id, each.name) for each in parts.predictive_models)
        + tuple(Model(each.id, each.name, each.solution) for each in parts.solutions),
        tuple(Variant(each.id, each.name, each.test) for each in parts.variants),
        templates=names.templates,
        connections=names.connections,
        users=names.users,
        journeys=_journeys(parts.journeys, paths),
    )
    return PulledSchema(schema, tuple(sorted(notes.texts)))


class _MissingParts:
    """Collects what is missing in a schema, in the reader's words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = list(texts)

    def readable(self, what: str, listed: a.Listed[_T]) -> tuple[_T, ...]:
        """What can be read of a list; the rest is noted."""
        self.texts.extend(f"{each.titled(what)}: {each.why}" for each in listed.unreadable)
        return tuple(listed)

    async def optional(
        self, what: str, one: str, answer: Awaitable[a.Listed[_T]]
    ) -> tuple[_T, ...]:
        """A list that a key or an account may not have."""
        try:
            return self.readable(one, await answer)
        except LEFT_OUT as error:
            self.texts.append(f"{what}: {error.message}")
            return ()

    async def if_offered(
        self, what: str, one: str, answer: Awaitable[a.Listed[_T]]
    ) -> tuple[_T, ...] | None:
        """The same; None where nothing is known then."""
        try:
            return self.readable(one, await answer)
        except LEFT_OUT as error:
            self.texts.append(f"{what}: {error.message}")
            return None


class _Parts(NamedTuple):
    """What the lists of a server say."""

    attributes: tuple[a.Column, ...]
    behaviors: a.Listed[a.Behavior]
    folders: a.Listed[a.Folder]
    segments: a.Listed[a.Segment]
    funnels: tuple[a.Funnel, ...]
    predictive_models: tuple[a.PredictiveModel, ...]
    solutions: tuple[a.Solution, ...]
    variants: tuple[a.Variant, ...]
    journeys: tuple[ApiJourney, ...] | None


async def _read_parts(connection: Connection, notes: _MissingParts) -> _Parts:
    client, id = connection.client, connection.parent.id
    main, others, journeys = await asyncio.gather(
        asyncio.gather(
            client.attributes(id),
            client.behaviors(id),
            client.folders(id),
            client.segments(id),
        ),
        asyncio.gather(
            notes.optional("funnels", "funnel", client.funnels(id)),
            notes.optional("predictive models", "predictive model", client.predictive_models(id)),
            notes.optional("models of solutions", "model", client.solutions(id)),
            notes.optional("variants of tests", "variant", client.variants(id)),
        ),
        notes.if_offered("journeys", "journey", client.journeys(id)),
    )
    return _Parts(*main, *others, journeys)


def _columns(
    listed: tuple[a.Column, ...], notes: _MissingParts, owner: str | None = None
) -> tuple[Column, ...]:
    """Attributes, or the columns of an owner, which is a behavior or a customer group."""
    if isinstance(listed, a.Listed):
        listed = notes.readable("attribute", listed)
    what, prefix = ("attribute", "") if owner is None else ("column", f"{owner}.")
    by_name: dict[str, a.Column] = {}
    for each in listed:
        first = by_name.setdefault(each.name, each)
        if first is not each:
            notes.texts.append(
                f"{what} “{prefix}{each.label}”: it has the column `{each.name}`, as "
                f"“{prefix}{first.label}” has, which is kept"
            )
    return _with_implicit(tuple(map(_column, by_name.values())))


def _behaviors(
    listed: a.Listed[a.Behavior], connection: Connection, notes: _MissingParts
) -> tuple[Behavior, ...]:
    """The behaviors; of two with one table the first."""
    by_table: dict[str, a.Behavior] = {}
    for each in notes.readable("behavior", listed):
        first = by_table.setdefault(each.table, each)
        if first is not each:
            notes.texts.append(
                f"behavior “{each.label}” (#{each.id}): it has the table `{each.table}`, as "
                f"“{first.label}” (#{first.id}) has, which is kept"
            )
    return tuple(
        Behavior(
            each.table,
            _columns(columns_of(each, connection), notes, each.label),
            _label(each.label, name_of(each.table) or each.table),
        )
        for each in by_table.values()
    )


def _segments(
    listed: a.Listed[a.Segment], paths: Mapping[str | None, Folder], notes: _MissingParts
) -> tuple[Segment, ...]:
    """The segments whose folder is known: another's place would be taken for theirs."""
    segments = []
    for each in notes.readable("segment", listed):
        if each.folder_id in paths:
            # References need the id alone, whatever the kind.
            path = paths[each.folder_id]
            segments.append(Segment(each.id, each.name, path, each.kind or "batch"))
        else:
            notes.texts.append(f"segment {each.name} (#{each.id}): its folder cannot be seen")
    return tuple(segments)


def _funnels(
    funnels: Sequence[a.Funnel], paths: Mapping[str | None, Folder], notes: _MissingParts
) -> tuple[Funnel, ...]:
    """The funnels with their stages; one whose folder cannot be seen is put in the root."""
    notes.texts.extend(
        f"folder of funnel {each.name} (#{each.id}): it cannot be seen"
        for each in funnels
        if each.folder_id not in paths
    )
    return tuple(
        Funnel(
            each.id,
            each.name,
            tuple(Stage(stage.id, stage.name) for stage in each.stages),
            paths.get(each.folder_id, ()),
        )
        for each in funnels
    )


def _journeys(
    listed: Sequence[ApiJourney] | None, paths: Mapping[str | None, Folder]
) -> tuple[Journey, ...] | None:
    """The newest version of each journey; one whose folder cannot be seen is put in the root."""
    if listed is None:
        return None
    newest: dict[str, ApiJourney] = {}
    for each in listed:
        bundle = each.bundle_id or each.id
        known = newest.get(bundle)
        if known is None or (each.version or 0) > (known.version or 0):
            newest[bundle] = each
    return tuple(
        Journey(
            each.id,
            each.bundle_name or each.name,
            tuple(Stage(stage.id, stage.name) for stage in each.stages),
            paths.get(each.folder_id, ()),
        )
        for each in newest.values()
    )


def columns_of(behavior: a.Behavior, connection: Connection) -> tuple[a.Column, ...]:
    """The columns of a behavior's events; a local API lists them all."""
    return behavior.columns if connection.is_local else behavior.event_columns


def _column(column: a.Column) -> Column:
    """A column with its label; of a type that is not known with the API's own word for it."""
    unknown = None if column.type is not None else (column.raw_type or "none")
    label = _label(column.label, column.name)
    visibility = _VISIBILITIES.get(column.visibility or "")
    return Column(
        column.name, column.type, column.grouping_name or None, label, unknown, visibility
    )


def _with_implicit(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Columns where `timestamp`, which responses do not list, is as visible as can be.

    Of a server that tells no visibility it stays unknown, as of the others.
    """
    if all(each.visibility is None for each in columns):
        return columns
    return tuple(
        msgspec.structs.replace(each, visibility="clear")
        if each.name == a.TIMESTAMP.name and each.visibility is None
        else each
        for each in columns
    )


def _label(label: str, name: str) -> str | None:
    """A label, where the console shows anything else than the name."""
    return None if label == name else label


class Sample(NamedTuple):
    """Frequent values of an attribute, or of a behavior's column; `problem` where none came."""

    behavior: str | None
    column: str
    values: tuple[object, ...]
    problem: str | None = None


def values_of(thing: SchemaItem, samples: Sequence[Sample]) -> tuple[object, ...] | None:
    """The values of a column or an attribute among samples; None where there are none of it."""
    if thing.kind not in ("attribute", "column"):
        return None
    return next(
        (
            each.values
            for each in samples
            if each.column == thing.name and each.behavior == thing.parent
        ),
        None,
    )


Rows = tuple[tuple[object, ...], ...]
"""Values as the API samples them, each with its part of all."""


async def sample(
    client: Client, parent_id: str, wanted: Sequence[tuple[str | None, str]]
) -> list[Sample]:
    """Values of columns, each of an attribute (no behavior) or of a behavior (`owner_of`)."""
    found = await sample_rows(client, parent_id, wanted)
    return [
        Sample(*of, (), each)
        if isinstance(each, str)
        else Sample(*of, tuple(row[0] for row in each if row))
        for of, each in zip(wanted, found, strict=True)
    ]


async def sample_rows(
    client: Client, parent_id: str, wanted: Sequence[tuple[str | None, str]]
) -> list[Rows | str]:
    """The same with the part of each value; a string says why no values came."""
    ids: dict[str, str] = {}
    if any(behavior is not None for behavior, _ in wanted):
        for each in await client.behaviors(parent_id):
            # Of two with one table the first is kept, as in the schema.
            ids.setdefault(owner_of(each.table), each.id)

    async def one(behavior: str | None, column: str) -> Rows | str:
        if behavior is not None and behavior not in ids:
            return f"the server has no behavior `{behavior}`: run `segdsl schema pull` again"
        id = None if behavior is None else ids[behavior]
        try:
            return await client.sample_values(parent_id, column, id)
        except LEFT_OUT as error:
            # What is secret, or gone since, must not hide the values of the others.
            return error.message

    return list(await asyncio.gather(*(one(*each) for each in wanted)))
