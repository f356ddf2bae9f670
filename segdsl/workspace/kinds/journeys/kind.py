"""Journeys as a kind of resources; see `segdsl.workspace.kinds.seg_files.SegFileKind`.

A journey is in a file with its activations. On a server it is called by the id of all its versions
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Code, Report
from segdsl.language.condition.tree import folder_path
from segdsl.language.references.ids import Ids
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import string
from segdsl.language.values import Reference
from segdsl.loading import Loaded
from segdsl.rules.lower.segment import Layout
from segdsl.source import Span
from segdsl.workspace.kinds.deliveries.documents import is_document
from segdsl.workspace.kinds.deliveries.references import OUTSIDE
from segdsl.workspace.kinds.journeys import sources
from segdsl.workspace.kinds.journeys.reading import read_journeys
from segdsl.workspace.kinds.journeys.requests import JourneyRequests
from segdsl.workspace.kinds.journeys.sources import JourneyItem
from segdsl.workspace.kinds.journeys.state import JourneyState
from segdsl.workspace.kinds.resource import (
    Edit,
    LocalResource,
    Outline,
    Seen,
    Server,
    Use,
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.rewriting import rewrite_use
from segdsl.workspace.kinds.seg_files import Items, SegFileKind, outline_of_words, says_more
from segdsl.workspace.kinds.segments.state import is_rule
from segdsl.workspace.kinds.state import StateMeta
from segdsl.workspace.project.keys import (
    JOURNEY,
    JOURNEY_ACTIVATION,
    JOURNEY_STAGE,
    JOURNEY_STEP,
    Key,
    Part,
)
from segdsl.workspace.remote.reading import ServerReading


class JourneyKind(
    msgspec.Struct, SegFileKind[JourneyItem, JourneyState], metaclass=StateMeta, frozen=True
):
    """Journeys, with the rules of their criteria in a layout."""

    layout: Layout = "v5"

    name = JOURNEY
    item_type = JourneyItem
    syntax_type = t.Journey
    state_type = JourneyState
    part_kinds = (JOURNEY_STAGE, JOURNEY_ACTIVATION, JOURNEY_STEP)
    outside_kinds = OUTSIDE

    # --- in a workspace ----------------------------------------------------------------

    def items(self, source: Items) -> Sequence[JourneyItem]:
        return sources.items_of(source.journeys, source.activations)

    def keys(self, loaded: Loaded) -> Sequence[Key]:
        return [Key(JOURNEY, folder_path(each.folder), each.name) for each in loaded.journeys]

    def spans(self, item: JourneyItem) -> tuple[Span, Span]:
        return item.journey.span, item.journey.name_span

    def report_namesakes(self, loaded: Loaded, report: Report) -> None:
        report_duplicates(loaded.journeys, report, JOURNEY)
        # Also those with mistakes, which are reported.
        names = [
            (file, item.name)
            for file, tree in loaded.trees.items()
            for item in tree.items
            if isinstance(item, t.Journey)
        ]
        for activation in loaded.activations:
            place = sources.place_of(activation)
            if place is None or names.count(place) == 1:
                continue
            report.add(
                Code.SEG313,
                activation.target.span,
                f"the activation {string(activation.name)} cannot be in a plan: its file has "
                + ("two journeys of that name" if place in names else "not its journey"),
                help="move the activation into the file of its journey, and name it there",
            )

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        """Each journey with the places of its activations."""
        trees = {
            (file, item.span.start): (item, tree)
            for file, tree in files.loaded.trees.items()
            for item in tree.items
            if isinstance(item, t.Activation)
        }
        found = []
        for local in super().read_files(files, report):
            item = self.item_of(local)
            spans = [each.span for each in item.activations]
            more = any(says_more(*trees[span.file, span.start]) for span in spans)
            # An activation that no step activates would be lost by a pull.
            more = more or local.says_more or len(item.used) < len(item.activations)
            found.append(msgspec.structs.replace(local, says_more=more, more_places=tuple(spans)))
        return tuple(found)

    def uses_of(self, item: JourneyItem) -> Sequence[Use]:
        return sources.uses_of(item)

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        if use.kind == JOURNEY:
            return ()  # The reference to its stage has the name, and is written anew.
        for place in (local.place, *local.more_places):
            edits = rewrite_use(msgspec.structs.replace(local, place=place), text, use, target)
            if edits is not None:
                return edits
        return None

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return sources.parts(self.item_of(local), seen)

    def compile_item(
        self, item: JourneyItem, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        return sources.compile_journey(item, local, ids, seen, report, self.layout)

    def matches(self, item: JourneyItem, state: JourneyState, ids: Ids) -> bool:
        return sources.matches(item, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def item_fingerprint(self, item: JourneyItem) -> object | None:
        return sources.fingerprint(item)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and the words of its stages."""
        return outline_of_words(source, "\nstage ")

    # --- in saved plans ----------------------------------------------------------------

    def state_faults(self, state: JourneyState) -> Iterator[str]:
        if not is_document(state.document) or (state.content is None and not state.problem):
            yield "has a state whose `document` is not that of a journey"
        if not all(is_rule(each.rule) for each in state.rules):
            yield "has a rule that is not a JSON object"
        if any(each.activation is None for each in state.activations):
            yield "has an activation whose `document` is not that of one"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return await read_journeys(reading)

    def requests(self, client: Client, parent_id: str) -> JourneyRequests:
        return JourneyRequests(client, parent_id, [])
