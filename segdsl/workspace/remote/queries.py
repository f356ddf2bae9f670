"""Segments as SQL: by our own engine's stage, or as the API itself writes it.

The text is for people and for other engines; nothing is run here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from time import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from segdsl.api import Column as ServerColumn
from segdsl.api import Segment as ApiSegment
from segdsl.diagnostics import Code, Report
from segdsl.errors import InputError
from segdsl.language.condition import tree as c
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.segment_names import (
    SegmentNames,
    report_ambiguous_names,
    segment_ids,
)
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.values import ById, Reference
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import encode
from segdsl.sql import Context, SqlError, render, selection
from segdsl.sql.catalog import (
    ASSUMED_TABLES,
    CUSTOMER_GROUP,
    CUSTOMERS,
    Catalog,
    Column,
    Table,
)
from segdsl.terminal import visible
from segdsl.workspace.project.config import moment
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.schema import columns_of
from segdsl.workspace.remote.snapshot import read_snapshot
from segdsl.workspace.remote.source import read_segment


class Offline(msgspec.Struct, frozen=True):
    """What stands in for a target: a clock (by default now), a time zone (UTC), a database."""

    now: str | None
    zone: str | None
    database: str | None


def offline_sql(
    segments: Sequence[c.Segment],
    report: Report,
    dialect: str,
    offline: Offline,
    beside: Sequence[c.Segment] = (),
) -> list[str]:
    """The query of each segment, its names taken as they are written.

    `beside` are other segments that these may refer to.
    """
    zone = offline.zone or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InputError(f"there is no time zone `{zone}`: write one such as Asia/Tokyo") from None
    clock = int(time()) if offline.now is None else moment(offline.now, "--now")
    every = (*beside, *segments)
    report_ambiguous_names(segments, every, {}, report)
    if report.has_errors:
        return []
    among = _by_name(every)
    context = Context(now=clock, zone=zone, segments=among, database=offline.database)
    return _printed(segments, context, report, dialect)


async def target_sql(
    connection: Connection,
    segments: Sequence[c.Segment],
    report: Report,
    dialect: str,
    database: str | None,
    beside: Sequence[c.Segment] = (),
) -> list[str]:
    """The query of each segment over the columns of a target, and what it refers to there.

    `beside` are other segments of files that these may refer to. A name means the segment
    of the files that has it, as it is on the server or else as the file has it, and then one of
    the server.
    """
    client, parent = connection.client, connection.parent
    server = await read_snapshot(client, parent.id)
    every = (*beside, *segments)
    here = _by_name(every)
    known = server.existing_ids_with(every)
    ids = segment_ids(segments, known, report, among=[each.place for each in every])
    if report.has_errors:
        return []
    among: dict[Reference, c.Segment] = dict(here)
    for _, each in server.segments:
        found = _meaning(each)
        if found is not None:
            among[ById(each.id)] = found
    among.update({name: among[ById(id)] for (_, name), id in ids.items() if ById(id) in among})
    context = Context(
        now=connection.now,
        zone=parent.timezone,
        catalog=await _catalog(connection),
        segments=among,
        database=database or (None if connection.is_local else f"cdp_audience_{parent.id}"),
    )
    return _printed(segments, context, report, dialect)


async def remote_sql(
    connection: Connection, segments: Sequence[c.Segment], report: Report
) -> list[str]:
    """The query that the API's own compiler makes of each segment's rule."""
    client, parent = connection.client, connection.parent
    known: SegmentNames = {}
    if any(named_segments(each.condition) for each in segments):
        known = (await read_snapshot(client, parent.id)).existing_ids_with(segments)
    ids = segment_ids(segments, known, report)
    if report.has_errors:
        return []
    rules = [lower(each, report, ids=ids) for each in segments]
    return [
        _titled(each, await client.sql(parent.id, msgspec.Raw(encode(rule).encode())), "")
        for each, rule in zip(segments, rules, strict=True)
        if rule is not None
    ]


# --- texts ---------------------------------------------------------------------------


def _meaning(segment: ApiSegment) -> c.Segment | None:
    """What a segment of the server means; None where its rule is not understood."""
    report = Report()
    tree = read_segment(segment, report)
    if tree is None:
        return None
    (found,) = resolve(Program(segment.id, {segment.id: t.File((tree,))}), report) or (None,)
    return found


async def _catalog(connection: Connection) -> Catalog:
    """The tables of a target, as its API describes them."""
    client, parent = connection.client, connection.parent
    tables = [_table(CUSTOMERS, await client.attributes(parent.id))]
    for behavior in await client.behaviors(parent.id):
        tables.append(_table(behavior.table, columns_of(behavior, connection)))
    if parent.customer_group is not None:
        group = parent.customer_group
        tables.append(_table(f"{CUSTOMER_GROUP}{group.name}", group.customer_group_attributes))
    return Catalog((*tables, *ASSUMED_TABLES))


def _table(name: str, columns: Iterable[ServerColumn]) -> Table:
    listed = tuple(columns)
    return Table(
        name,
        tuple(Column(each.name, each.type) for each in listed if each.type is not None),
        frozenset(each.name for each in listed if each.type is None),
    )


def _by_name(segments: Iterable[c.Segment]) -> dict[Reference, c.Segment]:
    return {spelling: each for each in segments for spelling in c.spellings(*each.place)}


def _printed(
    segments: Iterable[c.Segment], context: Context, report: Report, dialect: str
) -> list[str]:
    moment = datetime.fromtimestamp(context.now, UTC).astimezone(ZoneInfo(context.zone))
    when = f"as of {moment.isoformat()} ({context.zone})"
    made = []
    for segment in segments:
        try:
            made.append(_titled(segment, render(selection(segment, context), dialect), when))
        except SqlError as error:
            report.add(Code.SEG309, segment.span, error.message, help=error.help_in(report))
    return made


def _titled(segment: c.Segment, sql: str, when: str) -> str:
    """The query under a comment of one line that says what it is."""
    title = " ".join(segment.name.split())
    head = f"-- {title}, {when}" if when else f"-- {title}"
    return f"{visible(head)}\n{sql.rstrip().rstrip(';')};\n"
