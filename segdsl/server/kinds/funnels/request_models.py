"""Funnels and their stages as clients send them."""

from __future__ import annotations

from typing import ClassVar

from msgspec import UNSET, UnsetType

from segdsl.server.errors import ASSOCIATION, refuse
from segdsl.server.http.request_models import Body, EntityBody, Id, whole
from segdsl.server.kinds.stages.table import Funnel, StageContent


class StageBody(Body, frozen=True):
    """A stage; without an id, or with null, it is new (described).

    `segmentId` and what else was answered is sent back by clients: see `stage_contents`.
    """

    name: str
    id: Id | None = None
    segment_id: Id | None = None


class FunnelBody(Body, frozen=True):
    """The description's FunnelParameters, and its FunnelCloneParameters."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    segment_folder_id: Id | UnsetType = UNSET
    stages: list[StageBody] | UnsetType = UNSET


class _Attributes(Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    stages: list[StageBody] | UnsetType = UNSET


class FunnelEntity(EntityBody, frozen=True):
    """A funnel under `/entities`."""

    nullable: ClassVar[tuple[str, ...]] = ("description",)

    attributes: _Attributes = _Attributes()


def stage_contents(
    stages: list[StageBody] | UnsetType,
    before: Funnel | None,
    segments: dict[int, str | None],
    path: str,
) -> tuple[StageContent, ...]:
    """The stages of a body; without them, those of the funnel as it is.

    `segments` are the ids of the segments of the funnel's stages. The segment of a stage cannot be
    set here (assumed: the description does not say what that would do). Raises ApiError (400).
    """
    if isinstance(stages, UnsetType):
        kept = () if before is None else before.stages
        return tuple(StageContent(stage.name, stage.id) for stage in kept)
    contents = []
    for position, stage in enumerate(stages):
        place = f"{path}[{position}]"
        # Public clients send an empty string for no id (the description's own example has one).
        id = None if stage.id is None or stage.id == "" else whole(stage.id, f"{place}.id")
        if stage.segment_id not in (None, "") and str(stage.segment_id) != segments.get(id or 0):
            message = (
                "the rule of a stage is a segment of the kind funnel stage: create that, "
                "with its `funnel_stage`"
            )
            raise refuse(message, f"{place}.segmentId", ASSOCIATION)
        contents.append(StageContent(stage.name, id))
    return tuple(contents)
