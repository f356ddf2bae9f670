"""What an activation template of a file compiles to, and what it is compared by. Pure."""

from __future__ import annotations

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.references.ids import Ids
from segdsl.rules.activations import normal_template
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import report_secrets
from segdsl.workspace.kinds.resource import LocalResource, Wanted
from segdsl.workspace.kinds.templates.state import TemplateState, document_of


def compile_template(
    template: a.ActivationTemplate, local: LocalResource, ids: Ids, report: Report
) -> Wanted | None:
    """The state of a template, which is the item of `local`; None after a report."""
    if report_secrets(template.delivery, "template", local.span, report):
        return None
    document = document_of(_known(template, ids), report)
    if document is None:
        return None
    return Wanted(None, TemplateState(local.key.folder, template.name, document))


def _known(template: a.ActivationTemplate, ids: Ids) -> a.ActivationTemplate:
    delivery = r.replaced(template.delivery, r.with_ids(ids))
    return normal_template(msgspec.structs.replace(template, delivery=delivery))


def matches(template: a.ActivationTemplate, state: TemplateState, ids: Ids) -> bool:
    """Whether a template has the content of a state."""
    return document_of(_known(template, ids), Report()) == state.document


def fingerprint(template: a.ActivationTemplate) -> object | None:
    """What it says, with the names of others in the place of ids, and no name of its own."""
    nameless = msgspec.structs.replace(template, name="", folder=None)
    return document_of(normal_template(nameless), Report())
