"""Activations as bodies of both families of the API, and read back from either.

The entities family (`/entities/segments/{id}/syndications`) has a field for the end of a schedule
and none for workflows and sequences; the legacy family (`/audiences/{id}/segments/…`) is the other
way round (described).
"""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.references.ids import Ids
from segdsl.language.values import Reference
from segdsl.rules.activations import deliveries as d
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.activations.identifiers import Identifiers
from segdsl.rules.activations.resources import READ_ONLY, Resource, open_resource
from segdsl.rules.rule.document import UnreadableError

Json = dict[str, Any]
Family = OneOf["entities", "legacy"]

FIELDS = ("name", "description", "activationTemplateId", *d.FIELDS)
IGNORED = READ_ONLY | {"segmentId", "valid", "runStatus", "executions", "activationActionsEnabled"}
_DETAILS = ("valid", "executions", "runStatus", "notifyOn", "repeatUnit", "startAt")
"""Of these an answer has at least one, unless it is a summary."""


class ActivationParts(msgspec.Struct, frozen=True):
    """An activation that was read, without its target.

    Ids are those of the document; None where it has none. References are by id, but for symbolic
    ids.
    """

    name: str
    description: str | None
    template: Reference | None
    delivery: a.Delivery
    id: str | None = None
    segment_id: str | None = None
    column_ids: d.ColumnIds = d.ColumnIds()

    def activation(self, target: a.Target) -> a.Activation:
        return a.Activation(self.name, target, self.description, self.template, self.delivery)


def family_of(activation: a.Activation) -> OneOf["entities", "legacy", "both"]:
    """Which family of the API has the fields that the activation needs; `entities` if either does.

    `both`: the legacy body first, then the entities body as an update. No other order is safe: a
    legacy update may clear the end, which it has no field for (observed of segments), and an
    activation that was created without its workflow may run without it.
    """
    delivery = activation.delivery
    needs_legacy = delivery.workflow is not None or delivery.in_sequence
    schedule = delivery.schedule
    needs_entities = isinstance(schedule, a.Repeat) and schedule.end is not None
    if needs_legacy:
        return "both" if needs_entities else "legacy"
    return "entities"


def encode_activation(
    activation: a.Activation,
    ids: Ids,
    report: Report,
    family: Family,
    *,
    symbolic: bool = False,
    is_whole: bool = False,
    column_ids: d.ColumnIds | None = None,
) -> Json | None:
    """The body that creates or updates an activation; None after a report.

    For `entities` it is `{"type": "syndication", "attributes": {…}}`, for `legacy` the attributes
    alone. Fields that the family has no place for are left out: see `family_of`. With `is_whole`,
    for updates, fields that are not written are there without a value, so that they are cleared.
    `column_ids` are the ids of columns that the server has.
    """
    shape = d.BodyShape(
        has_end=family == "entities",
        has_cron=True,
        has_workflow=family == "legacy",
        has_one_behavior=False,
        is_whole=is_whole,
    )
    known = Identifiers(ids, report, symbolic)
    delivery, of_columns = activation.delivery, column_ids or d.ColumnIds()
    body: Json = {"name": activation.name}
    if activation.description is not None or is_whole:
        body["description"] = activation.description or ""
    body |= d.encode_columns_of(delivery, shape, of_columns)
    if delivery.schedule is None and activation.template is None:
        delivery = msgspec.structs.replace(delivery, schedule=a.ByHand())
    body |= d.encode_schedule_of(delivery, shape)
    connection = _connection(activation, known)
    notification = d.encode_notification_of(delivery, shape, known)
    template = None
    if activation.template is not None:
        span = activation.template_span
        template = known.text("activation template", activation.template, span)
    if connection is None or notification is None:
        return None
    body |= {"connectionId": connection, "connectorConfig": d.encode_settings_of(delivery)}
    body |= notification
    body |= d.encode_workflow_of(delivery, shape)
    if activation.template is not None:
        if template is None:
            return None
        body["activationTemplateId"] = template
    elif is_whole and family == "legacy":
        # The entities family takes no null here: only the legacy one can leave a template.
        body["activationTemplateId"] = None
    body |= d.encode_behaviors_of(delivery, shape, of_columns)
    return body if family == "legacy" else {"type": "syndication", "attributes": body}


def _connection(activation: a.Activation, ids: Identifiers) -> Any:
    """The id of the connection; None after a report."""
    connection = activation.delivery.connection
    if connection is None:
        ids.report.add(
            Code.SEG313,
            activation.name_span,
            "this activation has no connection, and the API needs one",
            help='add `to connection "…"`, also if a template has one',
        )
        return None
    return ids.number("connection", connection.target, connection.span)


def read_activation(document: Any, report: Report, path: str = "$") -> ActivationParts | None:
    """An activation of either family: an answer, or a body; None after a report.

    The document is JSON as `segdsl.rules.rule.document.load` reads it. Fields that only a server
    sets are ignored; what the language has no words for is reported with its path.
    """
    try:
        return _read(document, path, FieldReader(report))
    except UnreadableError:
        return None


def _read(document: Any, path: str, reader: FieldReader) -> ActivationParts:
    what = "an activation"
    resource = open_resource(document, path, "syndication", what, reader)
    _require_details(resource, reader)
    attributes, path = resource.attributes, resource.path
    attempts = Attempts()
    segment_id = resource.related.get("segment")
    if segment_id is None and attributes.get("segmentId") is not None:
        at = f"{path}.segmentId"
        segment_id = reader.identifier(attributes["segmentId"], at, "an id") or None
    attempts.read(lambda: reader.fields(attributes, path, FIELDS, what, IGNORED), {})
    data = {key: attributes[key] for key in FIELDS if attributes.get(key) is not None}
    name = attempts.read(
        lambda: reader.text(reader.need(data, "name", path, what), f"{path}.name", "a name"), ""
    )
    description = attempts.read(
        lambda: reader.optional_text(data, "description", path, "a description"), None
    )
    kind = "activation template"
    template = attempts.read(
        lambda: d.read_reference(data, "activationTemplateId", kind, path, reader), None
    )
    delivery, ids = d.read_delivery(data, path, reader, attempts)
    attempts.done()
    if delivery.schedule is None and template is None:
        delivery = msgspec.structs.replace(delivery, schedule=a.ByHand())
    return ActivationParts(name, description, template, delivery, resource.id, segment_id, ids)


def _require_details(resource: Resource, reader: FieldReader) -> None:
    """Refuses a summary: it leaves out the schedule, and would be read as run by hand."""
    if resource.is_answer and not any(key in resource.attributes for key in _DETAILS):
        reader.fail(
            resource.path,
            "this is a summary, which leaves out the schedule and the notifications",
            "ask for the activation itself",
        )
