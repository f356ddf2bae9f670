"""Predictive segments as a kind of resources; see `segdsl.workspace.kinds.seg_files`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.language import predictive as p
from segdsl.language.condition.tree import folder_path
from segdsl.language.references.ids import Ids
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.loading import Loaded
from segdsl.source import Span
from segdsl.workspace.kinds.deliveries.documents import is_document
from segdsl.workspace.kinds.predictive import sources
from segdsl.workspace.kinds.predictive.requests import (
    PredictiveRequests,
    read_predictive_segments,
)
from segdsl.workspace.kinds.predictive.state import PredictiveState
from segdsl.workspace.kinds.resource import LocalResource, Outline, Seen, Server, Use, Wanted
from segdsl.workspace.kinds.seg_files import Items, SegFileKind, outline_of_lines
from segdsl.workspace.kinds.state import StateMeta
from segdsl.workspace.project.keys import PREDICTIVE, Key
from segdsl.workspace.remote.reading import ServerReading


class PredictiveKind(
    msgspec.Struct,
    SegFileKind[p.PredictiveSegment, PredictiveState],
    metaclass=StateMeta,
    frozen=True,
):
    """Predictive segments. Rules name them by `score of …`."""

    name = PREDICTIVE
    item_type = p.PredictiveSegment
    syntax_type = t.PredictiveSegment
    state_type = PredictiveState

    # --- in a workspace ----------------------------------------------------------------

    def items(self, source: Items) -> Sequence[p.PredictiveSegment]:
        return source.predictive_segments

    def keys(self, loaded: Loaded) -> Sequence[Key]:
        return [
            Key(PREDICTIVE, folder_path(each.folder), each.name)
            for each in loaded.predictive_segments
        ]

    def spans(self, item: p.PredictiveSegment) -> tuple[Span, Span]:
        return item.span, item.name_span

    def report_namesakes(self, loaded: Loaded, report: Report) -> None:
        report_duplicates(loaded.predictive_segments, report, PREDICTIVE)

    def uses_of(self, item: p.PredictiveSegment) -> Sequence[Use]:
        return sources.uses(item)

    def compile_item(
        self, item: p.PredictiveSegment, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        return sources.compile_predictive(item, ids, seen, report)

    def matches(self, item: p.PredictiveSegment, state: PredictiveState, ids: Ids) -> bool:
        return sources.matches(item, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def item_fingerprint(self, item: p.PredictiveSegment) -> object | None:
        return sources.fingerprint(item)

    def outline(self, source: str) -> Outline:
        return outline_of_lines(source)

    # --- in saved plans ----------------------------------------------------------------

    def state_faults(self, state: PredictiveState) -> Iterator[str]:
        if not _is_readable(state):
            yield "has a state whose `document` is not that of a predictive segment"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return await read_predictive_segments(reading)

    def requests(self, client: Client, parent_id: str) -> PredictiveRequests:
        return PredictiveRequests(client, parent_id)


def _is_readable(state: PredictiveState) -> bool:
    if not is_document(state.document):
        return False
    segment = state.segment
    return bool(state.problem) or (segment is not None and segment.name == state.name)
