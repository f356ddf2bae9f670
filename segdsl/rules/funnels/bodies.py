"""Funnels and the rules of their stages as bodies of both families of the API.

A stage has no rule of its own there: its rule is a segment of the kind `funnel_stage`, which is
created after the funnel and names funnel and stage by their ids (described).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Literal as OneOf

from segdsl.language.condition import tree as c
from segdsl.language.values import SEGMENT_KINDS, Number
from segdsl.rules.rule.model import Rule

Json = dict[str, Any]
Family = OneOf["entities", "legacy"]


def encode_funnel(
    funnel: c.Funnel,
    family: Family,
    *,
    is_whole: bool = False,
    stage_ids: Mapping[str, str] | None = None,
    folder_id: str | None = None,
) -> Json:
    """The body that creates or updates a funnel with its stages, without their rules.

    With `is_whole`, for updates, a description that is not written is cleared. `stage_ids` are the
    ids of stages that the server has, by the names they are to have: a stage without one is new,
    and one that is not there is deleted (described). Without `folder_id` the body has no folder.
    """
    body: Json = {"name": funnel.name}
    if funnel.description is not None or is_whole:
        body["description"] = funnel.description or ""
    ids = stage_ids or {}
    stages: list[Json] = []
    for stage in funnel.stages:
        id = ids.get(stage.name)
        known = {} if id is None else {"id": id if family == "entities" else number_of(id)}
        stages.append({**known, "name": stage.name})
    if family == "legacy":
        if folder_id is not None:
            body["segmentFolderId"] = number_of(folder_id)
        return body | {"stages": stages}
    body["stages"] = stages
    return _resource("funnel", body, folder_id)


def encode_stage(
    segment: c.Segment,
    rule: Rule,
    family: Family,
    *,
    is_whole: bool = False,
    funnel_id: str | None = None,
    stage_id: str | None = None,
    folder_id: str | None = None,
) -> Json:
    """The body of the segment that is the rule of a stage.

    A create needs `funnel_id` and `stage_id`: without them the body does not name its stage. With
    `is_whole`, for updates, a description that is not written is cleared.
    """
    body: Json = {"name": segment.name}
    if segment.description is not None or is_whole:
        body["description"] = segment.description or ""
    if family == "legacy":
        body["kind"] = SEGMENT_KINDS.index("funnel_stage")
        if folder_id is not None:
            body["segmentFolderId"] = number_of(folder_id)
    body["rule"] = rule
    if funnel_id is not None and stage_id is not None:
        body["funnel_stage"] = {
            "funnel_id": number_of(funnel_id),
            "stage_id": number_of(stage_id),
        }
    return body if family == "legacy" else _resource("segment-funnel-stage", body, folder_id)


def _resource(type: str, attributes: Json, folder_id: str | None) -> Json:
    made: Json = {"type": type, "attributes": attributes}
    if folder_id is not None:
        folder = {"data": {"id": folder_id, "type": "folder-segment"}}
        made["relationships"] = {"parentFolder": folder}
    return made


def number_of(id: str) -> Number | str:
    """An id as a number, as bodies have it; a symbolic id as it is."""
    number = Number(id)
    return number if number.is_whole else id
