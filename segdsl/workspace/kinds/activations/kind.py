"""Activations as a kind of resources; see `segdsl.workspace.kinds.seg_files.SegFileKind`.

An activation belongs to its segment or stage. It is called by that one's path and its own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.references.ids import Ids
from segdsl.language.syntax import tree as t
from segdsl.loading import Loaded
from segdsl.source import Span
from segdsl.workspace.kinds.activations import sources
from segdsl.workspace.kinds.activations.requests import ActivationRequests, read_activations
from segdsl.workspace.kinds.activations.state import ActivationState
from segdsl.workspace.kinds.deliveries.documents import is_document
from segdsl.workspace.kinds.deliveries.references import OUTSIDE
from segdsl.workspace.kinds.resource import (
    Change,
    LocalResource,
    Outline,
    Owner,
    Seen,
    Server,
    Use,
    Version,
    Wanted,
)
from segdsl.workspace.kinds.seg_files import Items, SegFileKind, outline_of_lines
from segdsl.workspace.kinds.state import StateMeta
from segdsl.workspace.project.keys import ACTIVATION, Key
from segdsl.workspace.remote.reading import ServerReading


class ActivationKind(
    msgspec.Struct, SegFileKind[a.Activation, ActivationState], metaclass=StateMeta, frozen=True
):
    """Activations. That two of one target have one name is found by the engine."""

    name = ACTIVATION
    item_type = a.Activation
    syntax_type = t.Activation
    state_type = ActivationState
    outside_kinds = OUTSIDE
    is_owned = True

    # --- in a workspace ----------------------------------------------------------------

    def items(self, source: Items) -> Sequence[a.Activation]:
        return sources.of_segments(source.activations)

    def keys(self, loaded: Loaded) -> Sequence[Key]:
        return sources.keys(loaded)

    def spans(self, item: a.Activation) -> tuple[Span, Span]:
        return item.span, item.name_span

    def owner_of(self, item: a.Activation) -> Owner:
        return Owner(item.target.kind, item.target.reference, item.target.span)

    def uses_of(self, item: a.Activation) -> Sequence[Use]:
        return sources.uses_of(item)

    def compile_item(
        self, item: a.Activation, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        return sources.compile_activation(item, local, ids, report)

    def matches(self, item: a.Activation, state: ActivationState, ids: Ids) -> bool:
        return sources.matches(item, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def item_fingerprint(self, item: a.Activation) -> object | None:
        return sources.fingerprint(item)

    def outline(self, source: str) -> Outline:
        return outline_of_lines(source)

    # --- in saved plans ----------------------------------------------------------------

    def state_faults(self, state: ActivationState) -> Iterator[str]:
        if not _is_readable(state):
            yield "has a state whose `document` is not that of an activation"

    def change_faults(self, change: Change) -> Iterator[str]:
        yield from super().change_faults(change)
        match change:
            case Change(before=Version(old), after=Version(new)) if old.owner != new.owner:
                yield "moves an activation to another segment or stage"
            case _:
                pass
        if change.before is not None and change.parent_id is None:
            yield "has no `parent_id`, the segment of the activation"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return await read_activations(reading)

    def requests(self, client: Client, parent_id: str) -> ActivationRequests:
        return ActivationRequests(client, parent_id, {})


def _is_readable(state: ActivationState) -> bool:
    if not is_document(state.document) or not state.of[1]:
        return False
    activation = state.activation
    return bool(state.problem) or (activation is not None and activation.name == state.name)
