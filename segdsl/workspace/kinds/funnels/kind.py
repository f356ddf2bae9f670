"""Funnels as a kind of resources; see `segdsl.workspace.kinds.kind.Kind`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.files import SUFFIX
from segdsl.language.references.ids import Ids
from segdsl.language.values import Reference
from segdsl.rules.lower.segment import Layout
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.funnels import sources
from segdsl.workspace.kinds.funnels.effects import funnel_effects
from segdsl.workspace.kinds.funnels.requests import FunnelRequests, read_funnels
from segdsl.workspace.kinds.funnels.state import FunnelState
from segdsl.workspace.kinds.resource import (
    Change,
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
from segdsl.workspace.kinds.segments.kind import is_rule
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import FUNNEL, STAGE, Part
from segdsl.workspace.remote.reading import ServerReading

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|[^\s\w(),]+')


class FunnelKind(msgspec.Struct, frozen=True):
    """Funnels, with the rules of their stages in a layout."""

    layout: Layout = "v5"

    @property
    def name(self) -> str:
        return FUNNEL

    @property
    def suffix(self) -> str:
        return SUFFIX

    @property
    def part_kinds(self) -> Sequence[str]:
        return (STAGE,)

    @property
    def outside_kinds(self) -> Sequence[str]:
        return ()

    @property
    def is_owned(self) -> bool:
        return False

    # --- in a workspace ----------------------------------------------------------------

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        return tuple(sources.read_funnels(files, report))

    def uses(self, local: LocalResource) -> Sequence[Use]:
        return sources.uses(local)

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return rewrite_use(local, text, use, target)

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return sources.parts(local, seen)

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        return sources.compile_funnel(local, ids, seen, report, self.layout)

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Every funnel can be created; how many stages it may have is checked before."""

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        assert isinstance(state, FunnelState), "a funnel"
        return sources.compiles_to(source, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def fingerprint(self, local: LocalResource) -> object | None:
        return sources.fingerprint(sources.funnel_of(local))

    def source_fingerprint(self, source: str) -> object | None:
        return sources.source_fingerprint(source)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and the words of its stages."""
        head, _, stages = source.partition("\nstage ")
        description = ""
        for line in head.splitlines():
            if line.startswith("  description "):
                description = line.removeprefix("  description ")
        return Outline(description, Counter(_WORD.findall(stages)))

    # --- in saved plans ----------------------------------------------------------------

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, FunnelState)

    def change_faults(self, change: Change) -> Iterator[str]:
        for version in (change.before, change.after):
            if version is None:
                continue
            assert isinstance(version.state, FunnelState), "a funnel"
            for stage in version.state.stages:
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
