"""Handlers of activation templates, which only `/entities` has."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UnsetType

from segdsl.server.errors import ASSOCIATION, refuse
from segdsl.server.http.request_models import (
    check_id,
    check_type,
    parameter,
    parent_folder,
    path_id,
)
from segdsl.server.http.responses import document
from segdsl.server.kinds.activations.request_models import (
    TEMPLATE_KEYS,
    Sent,
    changed,
    delivery,
    entity_sent,
)
from segdsl.server.kinds.activations.responses import TEMPLATE_TYPE
from segdsl.server.kinds.activations.template_table import Template, TemplateContent
from segdsl.server.kinds.activations.templates import NAME, Templates
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.placement import entity_paths
from segdsl.server.kinds.segments.collection import NAME as SEGMENT_NAME
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import JSON, Call, Route, Service

_BATCH, _JOURNEY = 0, 1


def list_templates(service: Service, call: Call) -> Any:
    """All templates, or those of one kind; `availableBySegment` where a segment is named."""
    service.check_audience(call.path["id"])
    templates = service[Templates].all()
    if "kind" in call.query:
        kind = parameter(call.query["kind"], "kind", None, 0)
        templates = [each for each in templates if (delivery(each.content).kind or 0) == kind]
    resources = service[Templates].resources(templates)
    if "availableBySegmentId" in call.query:
        service[Segments].find(path_id(call.query["availableBySegmentId"], SEGMENT_NAME))
        for resource in resources:
            attributes = resource["attributes"]
            attributes["availableBySegment"] = attributes["available"]
    return document(resources)


def create(service: Service, call: Call) -> Any:
    """Without a folder, the template goes into the root folder (assumed)."""
    body, place, sent = entity_sent(call.body, strict=service.strict)
    check_type(body, place, (TEMPLATE_TYPE,))
    for key in ("connectionId", "state"):
        if not sent.has(key):
            raise refuse(f"an activation template needs a `{key}`", sent.path, ASSOCIATION)
    wanted = TemplateContent(
        sent.name("an activation template", None),
        parent_folder(body, place) or service[Folders].root.id,
        _description(sent, None),
        _content(service, {}, sent),
    )
    template = service[Templates].create(wanted, entity_paths(place), sent.path)
    return _document(service, template)


def read(service: Service, call: Call) -> Any:
    return _document(service, service[Templates].find(path_id(call.path["id"], NAME)))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    id = path_id(call.path["id"], NAME)
    before = service[Templates].find(id)
    body, place, sent = entity_sent(call.body, strict=service.strict)
    check_type(body, place, (TEMPLATE_TYPE,))
    check_id(body, place, id)
    wanted = TemplateContent(
        sent.name("an activation template", before.name),
        parent_folder(body, place) or before.folder,
        _description(sent, before.description),
        _content(service, before.content, sent),
    )
    template = service[Templates].update(id, wanted, entity_paths(place), sent.path)
    return _document(service, template)


def delete(service: Service, call: Call) -> Any:
    id = path_id(call.path["id"], NAME)
    before = _document(service, service[Templates].find(id))
    service[Templates].delete(id)
    return before


def _content(
    service: Service, before: dict[str, msgspec.Raw], sent: Sent
) -> dict[str, msgspec.Raw]:
    content = changed(before, sent, TEMPLATE_KEYS, strict=service.strict)
    if delivery(content, sent.path).kind not in (None, _BATCH, _JOURNEY):
        message = "the kind of a template is 0 (batch) or 1 (batch journey)"
        raise refuse(message, f"{sent.path}.kind", ASSOCIATION)
    return content


def _description(sent: Sent, default: str | None) -> str | None:
    text = sent.text("description")
    return default if isinstance(text, UnsetType) else text


def _document(service: Service, template: Template) -> Any:
    [resource] = service[Templates].resources([template])
    return document(resource)


_ONE = "/entities/activation_templates/{id}"
ROUTES = (
    Route("GET", "/entities/parent_segments/{id}/activation_templates", list_templates, JSON),
    Route("POST", "/entities/activation_templates", create, JSON),
    Route("GET", _ONE, read, JSON),
    Route("PATCH", _ONE, update, JSON),
    Route("DELETE", _ONE, delete, JSON),
)
