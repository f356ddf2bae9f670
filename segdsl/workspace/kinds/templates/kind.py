"""Activation templates as a kind of resources; see `segdsl.workspace.kinds.kind.Kind`."""

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
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.rewriting import rewrite_use
from segdsl.workspace.kinds.state import State
from segdsl.workspace.kinds.templates import sources
from segdsl.workspace.kinds.templates.requests import TemplateRequests, read_templates
from segdsl.workspace.kinds.templates.state import TemplateState
from segdsl.workspace.project.keys import TEMPLATE, Part
from segdsl.workspace.remote.reading import ServerReading


class TemplateKind(msgspec.Struct, frozen=True):
    """Activation templates."""

    @property
    def name(self) -> str:
        return TEMPLATE

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
        return False

    # --- in a workspace ----------------------------------------------------------------

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        return tuple(sources.read_templates(files, report))

    def uses(self, local: LocalResource) -> Sequence[Use]:
        return sources.uses(local)

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return rewrite_use(local, text, use, target)

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return ()

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        return sources.compile_template(local, ids, report)

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Every template can be created."""

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        assert isinstance(state, TemplateState), "a template"
        return sources.compiles_to(source, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def fingerprint(self, local: LocalResource) -> object | None:
        return sources.fingerprint(sources.template_of(local))

    def source_fingerprint(self, source: str) -> object | None:
        return sources.source_fingerprint(source)

    def outline(self, source: str) -> Outline:
        """The description in canonical source, and its other lines."""
        lines = source.splitlines()[1:]
        description = next((each for each in lines if each.startswith("  description ")), "")
        return Outline(description, Counter(each for each in lines if each != description))

    # --- in saved plans ----------------------------------------------------------------

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, TemplateState)

    def change_faults(self, change: Change) -> Iterator[str]:
        for version in (change.before, change.after):
            if version is not None:
                assert isinstance(version.state, TemplateState), "a template"
                if not _is_document(version.state):
                    yield "has a state whose `document` is not that of a template"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return await read_templates(reading)

    def requests(self, client: Client, parent_id: str) -> TemplateRequests:
        return TemplateRequests(client, parent_id)

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        """None: a template selects nobody."""
        return Effects()


def _is_document(state: TemplateState) -> bool:
    try:
        document = json.loads(state.document)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    return bool(state.problem) or (state.template is not None and state.template.name == state.name)
