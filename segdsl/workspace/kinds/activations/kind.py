"""Activations as a kind of resources; see `segdsl.workspace.kinds.kind.Kind`.

An activation belongs to its segment or stage. It is called by that one's path and its own name.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.files import SUFFIX
from segdsl.language.references.ids import Ids
from segdsl.language.values import Reference
from segdsl.workspace.kinds.activations import sources
from segdsl.workspace.kinds.activations.requests import ActivationRequests, read_activations
from segdsl.workspace.kinds.activations.state import ActivationState
from segdsl.workspace.kinds.deliveries.references import OUTSIDE
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.resource import (
    Change,
    Edit,
    LocalResource,
    Outline,
    Seen,
    Server,
    Use,
    Version,
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.rewriting import rewrite_use
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import ACTIVATION, Part
from segdsl.workspace.remote.reading import ServerReading


class ActivationKind(msgspec.Struct, frozen=True):
    """Activations."""

    @property
    def name(self) -> str:
        return ACTIVATION

    @property
    def suffix(self) -> str:
        return SUFFIX

    @property
    def part_kinds(self) -> Sequence[str]:
        return ()

    @property
    def outside_kinds(self) -> Sequence[str]:
        return OUTSIDE

    @property
    def is_owned(self) -> bool:
        return True

    # --- in a workspace ----------------------------------------------------------------

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        return tuple(sources.read_activations(files))

    def uses(self, local: LocalResource) -> Sequence[Use]:
        return sources.uses(local)

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return rewrite_use(local, text, use, target)

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return ()

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        return sources.compile_activation(local, ids, report)

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Every activation can be created."""

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        assert isinstance(state, ActivationState), "an activation"
        return sources.compiles_to(source, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def fingerprint(self, local: LocalResource) -> object | None:
        return sources.fingerprint(sources.activation_of(local))

    def source_fingerprint(self, source: str) -> object | None:
        return sources.source_fingerprint(source)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and its other lines."""
        lines = source.splitlines()[1:]
        description = next((each for each in lines if each.startswith("  description ")), "")
        return Outline(description, Counter(each for each in lines if each != description))

    # --- in saved plans ----------------------------------------------------------------

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, ActivationState)

    def change_faults(self, change: Change) -> Iterator[str]:
        for version in (change.before, change.after):
            if version is None:
                continue
            state = version.state
            assert isinstance(state, ActivationState), "an activation"
            if not _is_document(state):
                yield "has a state whose `document` is not that of an activation"
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

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        """None: an activation selects nobody."""
        return Effects()


def _is_document(state: ActivationState) -> bool:
    try:
        document = json.loads(state.document)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict) or not state.of[1]:
        return False
    return bool(state.problem) or (
        state.activation is not None and state.activation.name == state.name
    )
