"""Funnels as a kind of resources; see `segdsl.workspace.kinds.seg_files.SegFileKind`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.loading import Loaded
from segdsl.rules.lower.segment import Layout
from segdsl.source import Span
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.funnels import sources
from segdsl.workspace.kinds.funnels.effects import funnel_effects
from segdsl.workspace.kinds.funnels.requests import FunnelRequests, read_funnels
from segdsl.workspace.kinds.funnels.state import FunnelState
from segdsl.workspace.kinds.resource import (
    Change,
    LocalResource,
    Outline,
    Seen,
    Server,
    Use,
    Wanted,
)
from segdsl.workspace.kinds.seg_files import Items, SegFileKind, outline_of_words
from segdsl.workspace.kinds.segments.state import is_rule
from segdsl.workspace.kinds.state import StateMeta
from segdsl.workspace.project.keys import FUNNEL, STAGE, Key, Part
from segdsl.workspace.remote.reading import ServerReading


class FunnelKind(
    msgspec.Struct, SegFileKind[c.Funnel, FunnelState], metaclass=StateMeta, frozen=True
):
    """Funnels, with the rules of their stages in a layout."""

    layout: Layout = "v5"

    name = FUNNEL
    item_type = c.Funnel
    syntax_type = t.Funnel
    state_type = FunnelState
    part_kinds = (STAGE,)

    # --- in a workspace ----------------------------------------------------------------

    def items(self, source: Items) -> Sequence[c.Funnel]:
        return source.funnels

    def keys(self, loaded: Loaded) -> Sequence[Key]:
        return [Key(FUNNEL, *funnel.place) for funnel in loaded.funnels]

    def spans(self, item: c.Funnel) -> tuple[Span, Span]:
        return item.span, item.name_span

    def report_namesakes(self, loaded: Loaded, report: Report) -> None:
        report_duplicates(loaded.funnels, report, FUNNEL)

    def uses_of(self, item: c.Funnel) -> Sequence[Use]:
        return sources.uses_of(item)

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return sources.parts(self.item_of(local), seen)

    def compile_item(
        self, item: c.Funnel, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        return sources.compile_funnel(item, ids, seen, report, self.layout)

    def matches(self, item: c.Funnel, state: FunnelState, ids: Ids) -> bool:
        return sources.matches(item, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def item_fingerprint(self, item: c.Funnel) -> object | None:
        return sources.fingerprint(item)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and the words of its stages."""
        return outline_of_words(source, "\nstage ")

    # --- in saved plans ----------------------------------------------------------------

    def state_faults(self, state: FunnelState) -> Iterator[str]:
        for stage in state.stages:
            if not stage.name.strip() or not stage.id.strip():
                yield "has a stage without a name or an id"
            if stage.rule and not is_rule(stage.rule):
                yield "has a stage whose `rule` is not a JSON object"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return await read_funnels(reading)

    def requests(self, client: Client, parent_id: str) -> FunnelRequests:
        return FunnelRequests(client, parent_id)

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        return await funnel_effects(client, parent_id, changes, server, counting)
