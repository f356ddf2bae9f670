"""Segments as a kind of resources; see `segdsl.workspace.kinds.kind.Kind`."""

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
from segdsl.rules.rule.document import UnreadableError, load
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
from segdsl.workspace.kinds.segments import sources
from segdsl.workspace.kinds.segments.effects import segment_effects
from segdsl.workspace.kinds.segments.requests import SegmentRequests, server_of
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import SEGMENT, Part
from segdsl.workspace.remote.reading import ServerReading

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|[^\s\w(),]+')


class SegmentKind(msgspec.Struct, frozen=True):
    """Segments, with their rules in a layout; with `count_population` the server counts what is
    created."""

    layout: Layout = "v5"
    count_population: bool = False

    @property
    def name(self) -> str:
        return SEGMENT

    @property
    def suffix(self) -> str:
        return SUFFIX

    @property
    def part_kinds(self) -> Sequence[str]:
        return ()

    @property
    def outside_kinds(self) -> Sequence[str]:
        return ()

    @property
    def is_owned(self) -> bool:
        return False

    # --- in a workspace ----------------------------------------------------------------

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        return tuple(sources.read_segments(files, report))

    def uses(self, local: LocalResource) -> Sequence[Use]:
        return sources.uses(local)

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return rewrite_use(local, text, use, target)

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return ()

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        return sources.compile_segment(local, ids, seen, report, self.layout)

    def check_new(self, local: LocalResource, report: Report) -> None:
        sources.check_new(sources.segment_of(local), report)

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        assert isinstance(state, SegmentState), "a segment"
        return sources.compiles_to(source, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def fingerprint(self, local: LocalResource) -> object | None:
        return sources.fingerprint(sources.segment_of(local))

    def source_fingerprint(self, source: str) -> object | None:
        return sources.source_fingerprint(source)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and the words of its rule."""
        head, _, rule = source.partition("\nwhere\n")
        description = ""
        for line in head.splitlines():
            if line.startswith("  description "):
                description = line.removeprefix("  description ")
        return Outline(description, Counter(_WORD.findall(rule)))

    # --- in saved plans ----------------------------------------------------------------

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, SegmentState)

    def change_faults(self, change: Change) -> Iterator[str]:
        match change:
            case Change(after=Version(SegmentState(kind=None))):
                yield "has no `kind` to send"
            case _:
                pass
        for version in (change.before, change.after):
            if version is not None:
                assert isinstance(version.state, SegmentState), "a segment"
                if not is_rule(version.state.rule):
                    yield "has a state whose `rule` is not a JSON object"
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


def is_rule(text: str) -> bool:
    try:
        return isinstance(load(text, Report()), dict)
    except UnreadableError:
        return False


SEGMENTS = SegmentKind()
