"""The activation templates of a workspace's files: read, compiled, and the names in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.condition.tree import folder_path
from segdsl.language.references.ids import Ids
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.rules.activations import normal_template
from segdsl.source import Source
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import about_secrets, secret_settings
from segdsl.workspace.kinds.resource import LocalResource, Use, Wanted, WorkspaceFiles
from segdsl.workspace.kinds.segments.sources import says_more
from segdsl.workspace.kinds.templates.state import TemplateState, document_of
from segdsl.workspace.project.keys import TEMPLATE, Key


def template_of(local: LocalResource) -> a.ActivationTemplate:
    """The template of a file."""
    assert isinstance(local.item, a.ActivationTemplate), "a template"
    return local.item


def read_templates(files: WorkspaceFiles, report: Report) -> Iterator[LocalResource]:
    """The templates of the `.seg` files; two of one place are reported."""
    for template in files.loaded.templates:
        tree = files.loaded.trees[template.span.file]
        items = {
            item.span.start: item for item in tree.items if isinstance(item, t.ActivationTemplate)
        }
        yield LocalResource(
            Key(TEMPLATE, folder_path(template.folder), template.name),
            files.paths[template.span.file],
            template.span,
            template.name_span,
            says_more(items[template.span.start], tree),
            template,
        )
    report_duplicates(files.loaded.templates, report, TEMPLATE)


def uses(local: LocalResource) -> list[Use]:
    """The names of its connection and its recipients."""
    return [*r.uses_of(template_of(local).delivery)]


def compile_template(local: LocalResource, ids: Ids, report: Report) -> Wanted | None:
    """The state of a template; None after a report."""
    template = template_of(local)
    secrets = [*secret_settings(template.delivery.settings)]
    if secrets:
        report.add(
            Code.SEG313,
            local.span,
            f"this template cannot be in a workspace: {about_secrets(secrets)}",
            help="keep what is secret in the connection, or the template in the console",
        )
        return None
    document = document_of(_known(template, ids), report)
    if document is None:
        return None
    return Wanted(None, TemplateState(local.key.folder, template.name, document))


def _known(template: a.ActivationTemplate, ids: Ids) -> a.ActivationTemplate:
    delivery = r.replaced(template.delivery, r.with_ids(ids))
    return normal_template(msgspec.structs.replace(template, delivery=delivery))


def compiles_to(source: str, state: TemplateState, ids: Ids) -> bool:
    """Whether a source of one template has the content of a state."""
    template = _only_template(source)
    return template is not None and document_of(_known(template, ids), Report()) == state.document


def fingerprint(template: a.ActivationTemplate) -> object | None:
    """What it says, with the names of others in the place of ids, and no name of its own."""
    nameless = msgspec.structs.replace(template, name="", folder=None)
    return document_of(normal_template(nameless), Report())


def source_fingerprint(source: str) -> object | None:
    """The same of canonical source."""
    template = _only_template(source)
    return None if template is None else fingerprint(template)


def _only_template(source: str) -> a.ActivationTemplate | None:
    """The template of a source that has one, and nothing wrong."""
    report = Report()
    tree = parse(Source("source", source), report)
    found = resolve_all(Program("source", {"source": tree}), report).templates
    return None if report.has_errors or len(found) != 1 else found[0]
