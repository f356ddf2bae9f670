"""Handlers of bundles: the versions of a journey together."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UnsetType

from segdsl.server.http.request_models import (
    check_id,
    check_type,
    decode,
    decode_entity,
    given,
    parent_folder,
    path_id,
    whole,
)
from segdsl.server.http.responses import document
from segdsl.server.kinds.journeys import responses, versions
from segdsl.server.kinds.journeys.collection import BUNDLE_NAME, Journeys
from segdsl.server.kinds.journeys.handlers import answer
from segdsl.server.kinds.journeys.model import Bundle
from segdsl.server.kinds.journeys.request_models import BundleEntity, VersionBody
from segdsl.server.kinds.placement import Paths, entity_paths
from segdsl.server.service import JSON, Call, Route, Service

_TYPE = "journeyBundle"
_PATHS = Paths("$.attributes.name", "$.rule", "$.relationships.parentFolder")


def find(service: Service, call: Call) -> Bundle:
    """The bundle of a path. Raises ApiError (404)."""
    return service[Journeys].bundle(path_id(call.path["id"], BUNDLE_NAME))


def _answer(service: Service, bundle: Bundle) -> Any:
    journeys = service[Journeys]
    listed = journeys.table.versions(bundle.id)
    return responses.bundle(bundle, listed, journeys.around(), document([]))


def read(service: Service, call: Call) -> Any:
    return _answer(service, find(service, call))


def update(service: Service, call: Call) -> Any:
    before = find(service, call)
    body, place = decode_entity(call.body, BundleEntity, strict=service.strict)
    check_type(body, place, (_TYPE,))
    check_id(body, place, before.id)
    attributes, latest = body.attributes, before.latest
    path = f"{place}.attributes"
    if not isinstance(attributes.latest_journey_id, UnsetType):
        latest = whole(attributes.latest_journey_id, f"{path}.latestJourneyId", 1)
    changed = msgspec.structs.replace(
        before,
        name=given(attributes.name, before.name),
        description=given(attributes.description, before.description),
        folder=parent_folder(body, place) or before.folder,
        latest=latest,
    )
    return _answer(service, service[Journeys].update_bundle(changed, entity_paths(place), path))


def delete(service: Service, call: Call) -> Any:
    """Deletes all versions. Empty (described)."""
    bundle, journeys = find(service, call), service[Journeys]
    journeys.delete([each.id for each in journeys.table.versions(bundle.id)], BUNDLE_NAME)
    return {}


def latest(service: Service, call: Call) -> Any:
    return answer(service, service[Journeys].find(find(service, call).latest))


def new_version(service: Service, call: Call) -> Any:
    """A draft, which is the latest from now on (documented)."""
    bundle, journeys = find(service, call), service[Journeys]
    body = decode(call.body or b"{}", VersionBody, strict=service.strict)
    id = bundle.latest
    if not isinstance(body.source_id, UnsetType):
        id = whole(body.source_id, "$.sourceId", 1)
    name = None if isinstance(body.attributes.name, UnsetType) else body.attributes.name
    source = journeys.find(id)
    return answer(service, versions.new_version(service, bundle, source, name, _PATHS))


def appendable(service: Service, call: Call) -> Any:
    """Empty where a version can be added (described), 400 where it cannot."""
    service[Journeys].check_appendable(find(service, call), "$")
    return {}


def activations(service: Service, call: Call) -> Any:
    """The activations of all versions; the same name occurs once for each (observed)."""
    journeys = service[Journeys]
    listed = journeys.table.versions(find(service, call).id)
    steps = journeys.activations.of_journeys(each.id for each in listed)
    strict = service.strict
    return document([responses.activation(step, strict=strict) for step in steps])


_ONE = "/entities/journey_bundles/{id}"
ROUTES = (
    Route("GET", _ONE, read, JSON),
    Route("PATCH", _ONE, update, JSON),
    Route("DELETE", _ONE, delete, JSON),
    Route("GET", f"{_ONE}/latest", latest, JSON),
    Route("POST", f"{_ONE}/journeys", new_version, JSON),
    Route("GET", f"{_ONE}/journeys_appendable", appendable, JSON),
    Route("GET", f"{_ONE}/activations", activations, JSON),
)
