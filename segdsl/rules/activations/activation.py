"""Activations as bodies of each family of the API, and read back from any.

The entities family (`/entities/segments/{id}/syndications`) has a field for the end of a schedule
and none for workflows and sequences; the legacy family (`/audiences/{id}/segments/…`) is the other
way round (described). Activations of journeys have a family of their own
(`/entities/journeys/{id}/activations`), with the fields of both in `activationParams` (described),
ids of connections as strings, and the older fields of a schedule, which clients send (observed).
"""

from __future__ import annotations

from typing import Any, assert_never
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
Family = OneOf["entities", "legacy", "journey"]
Needed = OneOf["entities", "legacy", "both", "journey"]

FIELDS = ("name", "description", "activationTemplateId", *d.FIELDS)
AFTER_JOURNEY = "runAfterJourneyRefresh"
"""No part of the description of activations; templates of journeys have it there (assumed)."""
JOURNEY_FIELDS = (*FIELDS, AFTER_JOURNEY)
STEP_IGNORED = READ_ONLY | {"activationId", "syndicationId"}
"""What an activation step has beside its parameters; `syndicationId` is the older name."""
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


def family_of(activation: a.Activation) -> Needed:
    """Which family of the API has the fields that the activation needs; `entities` if either does.

    Those of journeys are of the family `journey`.

    `both`: the legacy body first, then the entities body as an update. No other order is safe: a
    legacy update may clear the end, which it has no field for (observed of segments), and an
    activation that was created without its workflow may run without it.
    """
    if activation.target.kind == "journey":
        return "journey"
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
    alone, and for `journey` `{"type": "journeyActivationStep", "attributes": {"activationParams":
    {…}}}`, which in updates has the `id` of the step beside it. Fields that the family has no place
    for are left out: see `family_of`. With `is_whole`, for updates, fields that are not written are
    there without a value, so that they are cleared. `column_ids` are the ids of columns that the
    server has.
    """
    shape = d.BodyShape(
        has_end=family != "legacy",
        has_cron=True,
        has_workflow=family != "entities",
        has_one_behavior=False,
        is_whole=is_whole,
        is_of_journey=family == "journey",
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
    connection = _connection(activation, known, family)
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
        # The others take no null here: only the legacy family can leave a template.
        body["activationTemplateId"] = None
    body |= d.encode_behaviors_of(delivery, shape, of_columns)
    match family:
        case "legacy":
            return body
        case "entities":
            return {"type": "syndication", "attributes": body}
        case "journey":
            attributes = {"activationParams": body}
            return {"type": "journeyActivationStep", "attributes": attributes, "relationships": {}}
        case _:
            assert_never(family)


def _connection(activation: a.Activation, ids: Identifiers, family: Family) -> Any:
    """The id of the connection: a number, or for journeys a string. None after a report."""
    connection = activation.delivery.connection
    if connection is None:
        ids.report.add(
            Code.SEG313,
            activation.name_span,
            "this activation has no connection, and the API needs one",
            help='add `to connection "…"`, also if a template has one',
        )
        return None
    if family == "journey":
        return ids.text("connection", connection.target, connection.span)
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
    segment_id = resource.related.get("segment")
    if segment_id is None and attributes.get("segmentId") is not None:
        at = f"{path}.segmentId"
        segment_id = reader.identifier(attributes["segmentId"], at, "an id") or None
    parts = _fields(attributes, path, FIELDS, IGNORED, reader)
    return msgspec.structs.replace(parts, id=resource.id, segment_id=segment_id)


def read_journey_activation(
    document: Any, report: Report, path: str = "$"
) -> ActivationParts | None:
    """An activation of a journey, an answer or a body; None after a report.

    Its id is that of the journey's activation step. The document does not name the journey.
    """
    reader = FieldReader(report)
    what = "an activation of a journey"
    try:
        resource = open_resource(document, path, "journeyActivationStep", what, reader)
        at = resource.path
        own = reader.fields(resource.attributes, at, ("activationParams",), what, STEP_IGNORED)
        params = reader.need(own, "activationParams", at, what)
        at = f"{at}.activationParams"
        if not isinstance(params, dict):
            reader.fail(at, "`activationParams` is an object")
        parts = _fields(params, at, JOURNEY_FIELDS, IGNORED, reader)
    except UnreadableError:
        return None
    return msgspec.structs.replace(parts, id=resource.id)


def _fields(
    attributes: Json,
    path: str,
    fields: tuple[str, ...],
    ignored: frozenset[str],
    reader: FieldReader,
) -> ActivationParts:
    what = "an activation"
    attempts = Attempts()
    attempts.read(lambda: reader.fields(attributes, path, fields, what, ignored), {})
    data = {key: attributes[key] for key in fields if attributes.get(key) is not None}
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
    if reader.flag(data, AFTER_JOURNEY, path):
        if not isinstance(delivery.schedule, a.ByHand | None):
            reader.fail(
                f"{path}.{AFTER_JOURNEY}",
                "it runs after each refresh of its journey, and has a schedule as well",
                "keep one of them",
            )
        delivery = msgspec.structs.replace(delivery, schedule=a.AfterJourney())
    elif delivery.schedule is None and template is None:
        delivery = msgspec.structs.replace(delivery, schedule=a.ByHand())
    return ActivationParts(name, description, template, delivery, column_ids=ids)


def _require_details(resource: Resource, reader: FieldReader) -> None:
    """Refuses a summary: it leaves out the schedule, and would be read as run by hand."""
    if resource.is_answer and not any(key in resource.attributes for key in _DETAILS):
        reader.fail(
            resource.path,
            "this is a summary, which leaves out the schedule and the notifications",
            "ask for the activation itself",
        )
