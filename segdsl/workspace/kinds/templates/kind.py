"""Activation templates as a kind of resources; see `segdsl.workspace.kinds.seg_files`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition.tree import folder_path
from segdsl.language.references.ids import Ids
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.loading import Loaded
from segdsl.source import Span
from segdsl.workspace.kinds.deliveries.documents import is_document
from segdsl.workspace.kinds.deliveries.references import OUTSIDE, uses_of
from segdsl.workspace.kinds.resource import LocalResource, Outline, Seen, Server, Use, Wanted
from segdsl.workspace.kinds.seg_files import Items, SegFileKind, outline_of_lines
from segdsl.workspace.kinds.state import StateMeta
from segdsl.workspace.kinds.templates import sources
from segdsl.workspace.kinds.templates.requests import TemplateRequests, read_templates
from segdsl.workspace.kinds.templates.state import TemplateState
from segdsl.workspace.project.keys import TEMPLATE, Key
from segdsl.workspace.remote.reading import ServerReading


class TemplateKind(
    msgspec.Struct,
    SegFileKind[a.ActivationTemplate, TemplateState],
    metaclass=StateMeta,
    frozen=True,
):
    """Activation templates."""

    name = TEMPLATE
    item_type = a.ActivationTemplate
    syntax_type = t.ActivationTemplate
    state_type = TemplateState
    outside_kinds = OUTSIDE

    # --- in a workspace ----------------------------------------------------------------

    def items(self, source: Items) -> Sequence[a.ActivationTemplate]:
        return source.templates

    def keys(self, loaded: Loaded) -> Sequence[Key]:
        return [Key(TEMPLATE, folder_path(each.folder), each.name) for each in loaded.templates]

    def spans(self, item: a.ActivationTemplate) -> tuple[Span, Span]:
        return item.span, item.name_span

    def report_namesakes(self, loaded: Loaded, report: Report) -> None:
        report_duplicates(loaded.templates, report, TEMPLATE)

    def uses_of(self, item: a.ActivationTemplate) -> Sequence[Use]:
        """The names of its connection and its recipients."""
        return [*uses_of(item.delivery)]

    def compile_item(
        self, item: a.ActivationTemplate, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        return sources.compile_template(item, local, ids, report)

    def matches(self, item: a.ActivationTemplate, state: TemplateState, ids: Ids) -> bool:
        return sources.matches(item, state, ids)

    # --- likeness ----------------------------------------------------------------------

    def item_fingerprint(self, item: a.ActivationTemplate) -> object | None:
        return sources.fingerprint(item)

    def outline(self, source: str) -> Outline:
        return outline_of_lines(source)

    # --- in saved plans ----------------------------------------------------------------

    def state_faults(self, state: TemplateState) -> Iterator[str]:
        if not _is_readable(state):
            yield "has a state whose `document` is not that of a template"

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        return await read_templates(reading)

    def requests(self, client: Client, parent_id: str) -> TemplateRequests:
        return TemplateRequests(client, parent_id)


def _is_readable(state: TemplateState) -> bool:
    if not is_document(state.document):
        return False
    template = state.template
    return bool(state.problem) or (template is not None and template.name == state.name)
