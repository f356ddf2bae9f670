"""Handlers of journeys: lists, reads, changes, runs."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UnsetType

from segdsl.server.errors import ASSOCIATION, IMMUTABLE, refuse
from segdsl.server.http.request_models import (
    check_id,
    check_type,
    decode_entity,
    given,
    parameter,
    parent_folder,
    path_id,
    required_folder,
    whole,
)
from segdsl.server.http.responses import document
from segdsl.server.kinds.folders.collection import NAME as FOLDER_NAME
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.journeys import responses, versions
from segdsl.server.kinds.journeys.collection import NAME, Journeys
from segdsl.server.kinds.journeys.model import Journey
from segdsl.server.kinds.journeys.request_models import (
    TYPE,
    Attributes,
    DetailEntity,
    DuplicateEntity,
    journey_sent,
    wanted_content,
)
from segdsl.server.kinds.placement import Paths, entity_paths
from segdsl.server.service import JSON, Call, Json, Route, Service


def answer(service: Service, journeys: Journey | list[Journey]) -> Json:
    """The document of one journey, or of several, with what it includes."""
    around = service[Journeys].around()
    listed = [journeys] if isinstance(journeys, Journey) else journeys
    resources = [responses.resource(each, around) for each in listed]
    whole_document = document(resources[0] if isinstance(journeys, Journey) else resources)
    whole_document["included"] += responses.included(listed, around)
    return whole_document


def list_journeys(service: Service, call: Call) -> Any:
    """Those of the folder and of all below it (observed); all may be edited here."""
    folder = call.query.get("folder_id")
    if folder is None:
        raise refuse("the parameter `folder_id` is required")
    if call.query.get("permission", "view") not in ("view", "edit"):
        raise refuse("`permission` is `view` or `edit`")
    return answer(service, service[Journeys].below(path_id(folder, FOLDER_NAME)))


def create(service: Service, call: Call) -> Any:
    body, place = journey_sent(call.body, strict=service.strict)
    check_type(body, place, (TYPE,))
    path = f"{place}.attributes"
    attributes = body.attributes
    wanted = wanted_content(attributes, None, path, strict=service.strict)
    bundle = attributes.journey_bundle_id
    folder = (
        required_folder(body, place, "a journey")
        if bundle is None or isinstance(bundle, UnsetType)
        else service[Folders].root.id
    )
    journey = service[Journeys].create(
        wanted,
        folder,
        entity_paths(place),
        path,
        bundle=None
        if bundle is None or isinstance(bundle, UnsetType)
        else whole(bundle, f"{path}.journeyBundleId", 1),
        description=given(attributes.journey_bundle_description, wanted.description),
    )
    return answer(service, _with_bundle(service, journey, attributes, None, entity_paths(place)))


def read(service: Service, call: Call) -> Any:
    return answer(service, _find(service, call))


def update(service: Service, call: Call) -> Any:
    """What the body leaves out stays as it is (assumed)."""
    before = _find(service, call)
    body, place = journey_sent(call.body, strict=service.strict)
    check_type(body, place, (TYPE,))
    check_id(body, place, before.id)
    path = f"{place}.attributes"
    bundle = body.attributes.journey_bundle_id
    owner = before.bundle
    if bundle is not None and not isinstance(bundle, UnsetType):
        owner = whole(bundle, f"{path}.journeyBundleId", 1)
    if owner != before.bundle:
        message = "a version stays in its bundle: create a new version in the other one"
        raise refuse(message, f"{path}.journeyBundleId", IMMUTABLE)
    wanted = wanted_content(body.attributes, before.content, path, strict=service.strict)
    folder = parent_folder(body, place)
    paths = entity_paths(place)
    journey = service[Journeys].update(before, wanted, paths, path)
    journey = _with_bundle(service, journey, body.attributes, folder, paths, before)
    return answer(service, journey)


def _with_bundle(
    service: Service,
    journey: Journey,
    attributes: Attributes,
    folder: int | None,
    paths: Paths,
    before: Journey | None = None,
) -> Journey:
    """The journey after what a body says of its bundle.

    The name of a bundle is derived from its first version (described): it follows that version's
    name, unless it was given another one.
    """
    journeys = service[Journeys]
    bundle = journeys.bundle(journey.bundle)
    name = bundle.name
    if before is not None and journey.version == 1 and before.name == bundle.name:
        name = journey.name
    sent = attributes.journey_bundle_name
    if sent is not None and not isinstance(sent, UnsetType):
        name = sent
    changed = msgspec.structs.replace(
        bundle,
        name=name,
        folder=folder or bundle.folder,
        description=given(attributes.journey_bundle_description, bundle.description),
    )
    if changed == bundle:
        return journey
    journeys.update_bundle(changed, paths, f"{paths.name.rpartition('.')[0]}")
    return journeys.find(journey.id)


def detail(service: Service, call: Call) -> Any:
    """Changes the names of a draft and of its stages, which are listed in their order."""
    before = _find(service, call)
    body, place = decode_entity(call.body, DetailEntity, strict=service.strict)
    attributes, path = body.attributes, f"{place}.attributes"
    if before.content.state != "draft":
        raise refuse("only the names of a draft can change here", path, IMMUTABLE)
    stages = before.stages
    if not isinstance(attributes.journey_stages, UnsetType):
        if len(attributes.journey_stages) != len(stages):
            message = f"the journey has {len(stages)} stages"
            raise refuse(message, f"{path}.journeyStages", ASSOCIATION)
        stages = tuple(
            msgspec.structs.replace(stage, name=given(sent.name, stage.name))
            for stage, sent in zip(stages, attributes.journey_stages, strict=True)
        )
    wanted = msgspec.structs.replace(
        before.content,
        name=given(attributes.name, before.name),
        description=given(attributes.description, before.content.description),
        stages=stages,
    )
    paths = entity_paths(place)
    journey = service[Journeys].update(before, wanted, paths, path)
    sent = Attributes(journey_bundle_name=attributes.journey_bundle_name)
    return answer(service, _with_bundle(service, journey, sent, None, paths, before))


def delete(service: Service, call: Call) -> Any:
    """Empty (described)."""
    service[Journeys].delete([_find(service, call).id])
    return {}


def duplicate(service: Service, call: Call) -> Any:
    """Without a folder, the duplicate lies beside its source (assumed)."""
    body, place = decode_entity(call.body, DuplicateEntity, strict=service.strict)
    if isinstance(body.id, UnsetType) or isinstance(body.attributes.name, UnsetType):
        raise refuse("a duplicate needs the `id` of a journey and a `name`", place, ASSOCIATION)
    source = service[Journeys].find(whole(body.id, f"{place}.id", 1))
    folder = parent_folder(body, place) or source.folder
    name, paths = body.attributes.name, entity_paths(place)
    return answer(service, versions.duplicate(service, source, name, folder, paths))


def pause(service: Service, call: Call) -> Any:
    return answer(service, service[Journeys].set_paused(_find(service, call), paused=True))


def resume(service: Service, call: Call) -> Any:
    return answer(service, service[Journeys].set_paused(_find(service, call), paused=False))


def run(service: Service, call: Call) -> Any:
    execution = service[Journeys].run(_find(service, call))
    return {"data": responses.execution_resource(execution)}


def segment_rules(service: Service, call: Call) -> Any:
    """The stages of all versions. No rule of a segment can name them: nothing says how."""
    audience = parameter(call.query.get("audience_id"), "audience_id", None)
    service.check_audience(str(audience))
    around = service[Journeys].around()
    return {
        "data": [
            {
                "id": str(stage.id),
                "type": "journeySegmentRule",
                "attributes": {
                    "journeyId": str(journey.id),
                    "journeyStageId": str(stage.id),
                    "name": stage.name,
                    "location": around.folders.get(journey.folder, ""),
                    "journeyBundleName": around.bundle(journey).name,
                    "journeyBundleId": str(journey.bundle),
                    "journeyState": "launched" if journey.is_launched else "draft",
                    "journeyPaused": journey.paused is not None,
                    "journeyVersionNumber": journey.version,
                    "journeyIsLatestVersion": around.bundle(journey).latest == journey.id,
                },
            }
            for journey in around.journeys.values()
            for stage in journey.stages
        ]
    }


def _find(service: Service, call: Call) -> Journey:
    return service[Journeys].find(path_id(call.path["id"], NAME))


_ALL, _ONE = "/entities/journeys", "/entities/journeys/{id}"
ROUTES = (
    Route("GET", _ALL, list_journeys, JSON),
    Route("POST", _ALL, create),
    Route("POST", f"{_ALL}/duplicate", duplicate),
    Route("GET", f"{_ALL}/segment_rules", segment_rules),
    Route("GET", _ONE, read),
    Route("PATCH", _ONE, update),
    Route("DELETE", _ONE, delete),
    Route("POST", f"{_ONE}/detail", detail),
    Route("PATCH", f"{_ONE}/pause", pause, JSON),
    Route("PATCH", f"{_ONE}/resume", resume, JSON),
    Route("POST", f"{_ONE}/run", run, JSON),
)
