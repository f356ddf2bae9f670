"""Segments as a kind of resources; see `segdsl.workspace.kinds.seg_files.SegFileKind`."""

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
from segdsl.workspace.kinds.resource import (
    Change,
    LocalResource,
    Outline,
    Seen,
    Server,
    Use,
    Version,
    Wanted,
)
from segdsl.workspace.kinds.seg_files import Items, SegFileKind, outline_of_words
from segdsl.workspace.kinds.segments import sources
from segdsl.workspace.kinds.segments.effects import segment_effects
from segdsl.workspace.kinds.segments.requests import SegmentRequests, server_of
from segdsl.workspace.kinds.segments.state import SegmentState, is_rule
from segdsl.workspace.kinds.state import StateMeta
from segdsl.workspace.project.keys import SEGMENT, Key
from segdsl.workspace.remote.reading import ServerReading


class SegmentKind(
    msgspec.Struct, SegFileKind[c.Segment, SegmentState], metaclass=StateMeta, frozen=True
):
    """Segments, with their rules in a layout; with `count_population` the server counts what is
    created."""

    layout: Layout = "v5"
    count_population: bool = False

    name = SEGMENT
    item_type = c.Segment
    syntax_type = t.Segment
    state_type = SegmentState

    # --- in a workspace ----------------------------------------------------------------

    def items(self, source: Items) -> Sequence[c.Segment]:
        return source.segments

    def keys(self, loaded: Loaded) -> Sequence[Key]:
        return [Key(SEGMENT, *segment.place) for segment in loaded.segments]

    def spans(self, item: c.Segment) -> tuple[Span, Span]:
        return item.span, item.span

    def report_namesakes(self, loaded: Loaded, report: Report) -> None:
        report_duplicates(loaded.segments, report)

    def uses_of(self, item: c.Segment) -> Sequence[Use]:
        return sources.uses_in(item.condition)

    def compile_item(
        self, item: c.Segment, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        return sources.compile_segment(item, ids, seen, report, self.layout)

    def check_new(self, local: LocalResource, report: Report) -> None:
        sources.check_new(self.item_of(local), report)

    def matches(self, item: c.Segment, state: SegmentState, ids: Ids) -> bool:
        return sources.matches(item, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def item_fingerprint(self, item: c.Segment) -> object | None:
        return sources.fingerprint(item)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and the words of its rule."""
        return outline_of_words(source, "\nwhere\n")

    # --- in saved plans ----------------------------------------------------------------

    def state_faults(self, state: SegmentState) -> Iterator[str]:
        if not is_rule(state.rule):
            yield "has a state whose `rule` is not a JSON object"

    def change_faults(self, change: Change) -> Iterator[str]:
        match change:
            case Change(after=Version(SegmentState(kind=None))):
                yield "has no `kind` to send"
            case _:
                pass
        yield from super().change_faults(change)
        if change.after is not None and change.body is None:
            yield "has no `body` to send"
        if change.body is not None and not is_rule(change.body):
            yield "has a `body` that is not a JSON object"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return server_of(await reading.snapshot(), await reading.stage_segments())

    def requests(self, client: Client, parent_id: str) -> SegmentRequests:
        return SegmentRequests(client, parent_id, self.count_population)

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        own = {number: each for number, each in changes.items() if each.kind == SEGMENT}
        return await segment_effects(client, parent_id, own, server, counting)


SEGMENTS = SegmentKind()
