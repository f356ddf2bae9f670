"""One resource of a server, of any kind, as source, as the API returns it, or as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Code, Report
from segdsl.errors import InputError
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.source import Span
from segdsl.workspace.kinds.registry import KINDS
from segdsl.workspace.kinds.resource import Server
from segdsl.workspace.project.keys import (
    ACTIVATION,
    FUNNEL,
    JOURNEY,
    JOURNEY_STAGE,
    PREDICTIVE,
    SEGMENT,
    TEMPLATE,
    Ref,
)
from segdsl.workspace.remote.journey_source import (
    ReadJourney,
    items_of,
    read_journey,
    resolved_journey,
)
from segdsl.workspace.remote.listing import Shown as ShownSegment
from segdsl.workspace.remote.listing import show as show_segment
from segdsl.workspace.remote.reading import ServerReading
from segdsl.workspace.remote.resources import WORDS, Resource, find_resource
from segdsl.workspace.sync.name_bindings import Names, names_on_server

_NAMED = (SEGMENT, FUNNEL, PREDICTIVE)
"""The kinds that the texts of all others name."""


class Shown(msgspec.Struct, frozen=True):
    """A resource, and what it takes to show it: `json` is what the API answers.

    A segment and a journey have their own answers; `server` has the others, and names for all.
    """

    resource: Resource
    json: str
    names: Mapping[Ref, ByName] = {}
    segment: ShownSegment | None = None
    journey: ReadJourney | None = None
    server: Server = Server()

    @property
    def ref(self) -> Ref:
        return Ref(self.resource.kind, self.resource.id)

    def source(self, report: Report) -> str | None:
        """The resource as canonical source, a journey with its activations; None after a report."""
        if self.segment is not None:
            return self.segment.source(report)
        own = Report()
        if self.journey is not None:
            items = items_of(self.journey, self.names, own)
            source = format_file(t.File(items)) if items else None
        else:
            source = self._source_of_state(own)
        for each in own.diagnostics:
            report.add(each.code, self._start, each.message, help=each.help, path=each.path)
        return None if own.has_errors else source

    @property
    def _start(self) -> Span:
        return Span(f"#{self.resource.id}", 0, 0)

    def _source_of_state(self, report: Report) -> str | None:
        state = self.server.states.get(self.ref)
        source = None if state is None else state.source(self.names)
        if source is not None:
            return source
        unmanaged = self.server.unmanaged_by_ref.get(self.ref)
        why = None if unmanaged is None else unmanaged.why
        why = why or (None if state is None else state.inexpressible) or self.resource.why
        report.add(
            Code.SEG402,
            None,
            f"this {self.resource.kind} cannot be written as source: {why or 'it is gone'}",
            help="`segdsl show --json` has what the API answers",
            path="$",
        )
        return None

    def drawn_journey(self, report: Report) -> j.Journey[c.Segment] | None:
        """The journey, to draw it; None after a report. Raises InputError for another kind."""
        if self.journey is None:
            raise InputError(
                f"--graph draws journeys, and {self.resource.path} is a {self.resource.kind}: "
                "show it without --graph"
            )
        own = Report()
        journey = resolved_journey(self.journey, self.names, own)
        for each in own.diagnostics:
            report.add(each.code, self._start, each.message, help=each.help, path=each.path)
        return journey


async def show(
    client: Client, parent_id: str, name: str, kinds: Iterable[str] = tuple(WORDS)
) -> Shown:
    """The resource with an id, a path or a name; raises ResourceNotFoundError, ClientError."""
    found = await find_resource(client, parent_id, name, kinds)
    match found.kind:
        case "segment":
            segment = await show_segment(client, parent_id, f"#{found.id}")
            return Shown(found, segment.json, segment=segment)
        case "journey":
            journey = await read_journey(client, parent_id, found.id, found.folder or ())
            json = msgspec.json.format(bytes(journey.journey.document), indent=2).decode()
            server = await _server(client, parent_id, (), journey=True)
            known = _names(server) | await _journey_names(client, parent_id, journey)
            return Shown(found, json, known, journey=journey, server=server)
        case _:
            server = await _server(client, parent_id, (found.kind,))
            json = await _json(client, parent_id, found)
            return Shown(found, json, _names(server), server=server)


async def _server(
    client: Client, parent_id: str, shown: tuple[str, ...], *, journey: bool = False
) -> Server:
    """The resources of the kinds that are shown, and of those that these name."""
    wanted = frozenset({*shown, SEGMENT, *((ACTIVATION,) if journey else ())})
    reading = ServerReading(client, parent_id, wanted)
    kinds = dict.fromkeys((*_NAMED, *((TEMPLATE,) if ACTIVATION in wanted else ()), *shown))
    server = Server.joined([await KINDS[kind].read_server(reading) for kind in kinds])
    if ACTIVATION not in wanted:
        return server
    outside = Server(outside=await reading.account_names())
    return Server.joined([server, outside])


def _names(server: Server) -> dict[Ref, ByName]:
    named = (named for _, listed in names_on_server(server) for named in listed)
    return Names(list(named)).by_ref


async def _journey_names(client: Client, parent_id: str, read: ReadJourney) -> dict[Ref, ByName]:
    """The names of journeys and their stages, where one that is shown jumps to others."""
    if b'"target"' not in bytes(read.journey.document):
        return {}
    listed = await client.journeys(parent_id)
    bundles: dict[str, set[str]] = {}
    for each in listed:
        bundles.setdefault(each.bundle_name or each.name, set()).add(each.bundle_id or each.id)
    names: dict[Ref, ByName] = {}
    for each in listed:
        name = each.bundle_name or each.name
        # One of several of a name is written by its id.
        if len(bundles[name]) == 1:
            names[Ref(JOURNEY, each.id)] = ByName(name)
            for stage in each.stages:
                names[Ref(JOURNEY_STAGE, stage.id)] = ByName(stage.name, name)
    return names


async def _json(client: Client, parent_id: str, found: Resource) -> str:
    """What the API answers of a resource, indented."""
    match found.kind:
        case "funnel":
            return await client.funnel_json(parent_id, found.id)
        case "predictive segment":
            document = (await client.predictive_segment(parent_id, found.id)).document
        case "activation template":
            document = (await client.template(found.id)).document
        case _:
            assert found.kind == ACTIVATION
            document = (await client.activation(found.owner or "", found.id)).document
    return msgspec.json.format(bytes(document), indent=2).decode()
