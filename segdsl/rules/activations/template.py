"""Templates of activations as bodies of `/entities/activation_templates`, and read back."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.references.ids import Ids
from segdsl.rules.activations import deliveries as d
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.activations.identifiers import Identifiers
from segdsl.rules.activations.locks import encode_locks, read_locks, with_column_ids
from segdsl.rules.activations.resources import READ_ONLY, open_resource
from segdsl.rules.rule.document import UnreadableError

Json = dict[str, Any]

_BATCH = 0
_OF_JOURNEYS = ("kind", "runAfterJourneyRefresh")
FIELDS = (
    "name",
    "description",
    *_OF_JOURNEYS,
    "state",
    "fieldProperties",
    *(field for field in d.FIELDS if field not in ("syndicationBehaviors", "runAt", "cron")),
)
IGNORED = READ_ONLY | {
    "activationActionsEnabled",
    "activationCount",
    "journeyCount",
    "available",
    "availableBySegment",
    "availableByStep",
}
_STATES: tuple[a.TemplateState, ...] = ("draft", "published")


class TemplateParts(msgspec.Struct, frozen=True):
    """A template that was read, its folder by id; ids are None where the document has none."""

    template: a.ActivationTemplate
    id: str | None = None
    folder_id: str | None = None
    column_ids: d.ColumnIds = d.ColumnIds()


def encode_template(
    template: a.ActivationTemplate,
    ids: Ids,
    report: Report,
    *,
    symbolic: bool = False,
    is_whole: bool = False,
    column_ids: d.ColumnIds | None = None,
    folder_id: str | None = None,
) -> Json | None:
    """The body that creates or updates a template; None after a report.

    With `is_whole`, for updates, fields that are not written are cleared. `column_ids` are the ids
    of columns that the server has: locks name them. Without `folder_id` the body has no folder.
    """
    shape = d.BodyShape(
        has_end=True, has_cron=False, has_workflow=True, has_one_behavior=True, is_whole=is_whole
    )
    known = Identifiers(ids, report, symbolic)
    delivery = template.delivery
    of_columns = with_column_ids(template, column_ids or d.ColumnIds())
    body: Json = {"name": template.name}
    if template.description is not None or is_whole:
        body["description"] = template.description or ""
    body |= {"kind": _BATCH}
    body |= d.encode_columns_of(delivery, shape, of_columns)
    body |= d.encode_schedule_of(delivery, shape)
    connection = _connection(template, known)
    notification = d.encode_notification_of(delivery, shape, known)
    properties = encode_locks(template, of_columns, report)
    is_possible = _has_one_behavior(template, report)
    if connection is None or notification is None or properties is None or not is_possible:
        return None
    body["connectionId"] = connection
    if delivery.settings is not None or is_whole:
        body["connectorConfig"] = d.encode_settings_of(delivery)
    body |= notification
    body["state"] = template.state
    body |= d.encode_workflow_of(delivery, shape)
    body |= d.encode_behaviors_of(delivery, shape, of_columns)
    body["fieldProperties"] = properties
    made: Json = {"type": "activation-template", "attributes": body}
    if folder_id is not None:
        folder = {"data": {"id": folder_id, "type": "folder-segment"}}
        made["relationships"] = {"parentFolder": folder}
    return made


def _connection(template: a.ActivationTemplate, ids: Identifiers) -> Any:
    """The id of the connection; None after a report."""
    connection = template.delivery.connection
    if connection is None:
        ids.report.add(
            Code.SEG313,
            template.name_span,
            "this template has no connection, and the API needs one",
            help='add `to connection "…"`',
        )
        return None
    return ids.number("connection", connection.target, connection.span)


def _has_one_behavior(template: a.ActivationTemplate, report: Report) -> bool:
    behaviors = template.delivery.behaviors
    if len(behaviors) > 1:
        report.add(
            Code.SEG313,
            behaviors[1].span,
            f"this template has {len(behaviors)} behaviors, and the API takes one",
            help="an activation can have more: add them there",
        )
    return len(behaviors) <= 1


def read_template(document: Any, report: Report, path: str = "$") -> TemplateParts | None:
    """A template of batch activations: an answer, or a body; None after a report.

    The document is JSON as `segdsl.rules.rule.document.load` reads it. Fields that only a server
    sets are ignored; what the language has no words for is reported with its path.
    """
    try:
        return _read(document, path, FieldReader(report))
    except UnreadableError:
        return None


def _read(document: Any, path: str, reader: FieldReader) -> TemplateParts:
    what = "a template"
    resource = open_resource(document, path, "activation-template", what, reader)
    attributes, path = resource.attributes, resource.path
    attempts = Attempts()
    attempts.read(lambda: reader.fields(attributes, path, FIELDS, what, IGNORED), {})
    data = {key: attributes[key] for key in FIELDS if attributes.get(key) is not None}
    attempts.read(lambda: _refuse_journeys(data, path, reader), None)
    name = attempts.read(
        lambda: reader.text(reader.need(data, "name", path, what), f"{path}.name", "a name"), ""
    )
    description = attempts.read(
        lambda: reader.optional_text(data, "description", path, "a description"), None
    )
    state = attempts.read(
        lambda: reader.choice(data.get("state", "draft"), f"{path}.state", _STATES, "a state"),
        "draft",
    )
    delivery, ids = d.read_delivery(data, path, reader, attempts)
    attempts.done()
    at = f"{path}.fieldProperties"
    locks = read_locks(data.get("fieldProperties"), at, delivery, ids, reader)
    template = a.ActivationTemplate(
        name, None, description, cast(a.TemplateState, state), locks, delivery
    )
    return TemplateParts(template, resource.id, resource.related.get("parentFolder"), ids)


def _refuse_journeys(data: Json, path: str, reader: FieldReader) -> None:
    help = "keep this template in the console: files have templates for activations of segments"
    if "kind" in data and reader.whole_from(data["kind"], f"{path}.kind", "a kind", 0).text != "0":
        reader.fail(f"{path}.kind", "this is a template of a journey's activations", help)
    if reader.flag(data, "runAfterJourneyRefresh", path):
        at = f"{path}.runAfterJourneyRefresh"
        reader.fail(at, "this template runs after a journey is refreshed", help)
