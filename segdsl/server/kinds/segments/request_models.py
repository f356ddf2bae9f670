"""Segments and their rules as clients send them.

A rule stays the bytes that came, so that its numbers keep their text.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import UNSET, Raw, UnsetType, field

from segdsl.server.errors import refuse
from segdsl.server.http.request_models import Body, EntityBody, Id, whole
from segdsl.server.kinds.segments.table import BATCH, JOURNEY, REALTIME, STAGE
from segdsl.server.rule_texts import with_text_ids


class StageOf(Body, frozen=True):
    """The stage whose rule a segment is; the keys are those of the description."""

    funnel_id: Id = field(name="funnel_id")
    stage_id: Id = field(name="stage_id")


class RuleBody(Body, frozen=True):
    """What all bodies with a rule have in common."""

    nullable: ClassVar[tuple[str, ...]] = ("rule", "description")

    rule: Raw | UnsetType = UNSET
    kind: Id | UnsetType = UNSET
    realtime: bool | UnsetType = UNSET
    funnel_stage: StageOf | UnsetType = field(name="funnel_stage", default=UNSET)


class SegmentBody(RuleBody, frozen=True):
    """The description's SegmentParameters, and `isVisible` (observed).

    An `audienceId` is ignored: the parent segment of the path counts (observed).
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    segment_folder_id: Id | UnsetType = UNSET
    count_population: bool | UnsetType = UNSET
    is_visible: bool | UnsetType = UNSET


class _Attributes(Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    rule: Raw | UnsetType = UNSET
    count_population: bool | UnsetType = UNSET
    is_visible: bool | UnsetType = UNSET
    funnel_stage: StageOf | UnsetType = field(name="funnel_stage", default=UNSET)


class SegmentEntity(EntityBody, frozen=True):
    """A segment under `/entities`."""

    nullable: ClassVar[tuple[str, ...]] = ("rule", "description")

    attributes: _Attributes = _Attributes()


def rule_text(rule: Raw | UnsetType, path: str, *, strict: bool = False) -> str | None:
    """A rule as the text that came; None where it is null or left out: everyone.

    Unless the service is strict, ids of references become strings.
    """
    if isinstance(rule, UnsetType):
        return None
    try:
        text = bytes(rule).decode()
    except UnicodeDecodeError:
        raise refuse("the rule is not UTF-8", path) from None
    if text == "null":
        return None
    return text if strict else with_text_ids(text)


def kind_of(body: RuleBody, default: int = BATCH) -> int:
    """0 (batch), 1 (realtime), 2 (the rule of a stage) or 3 (a rule of a journey).

    That one of 3 is created in this way is assumed: the description does not have it. It stays one,
    and no other segment becomes one.
    """
    if isinstance(body.kind, UnsetType):
        if isinstance(body.realtime, UnsetType) or default in (STAGE, JOURNEY):
            return default
        return REALTIME if body.realtime else BATCH
    kind = whole(body.kind, "$.kind")
    if kind not in (BATCH, REALTIME, STAGE, JOURNEY):
        raise refuse(
            "the kind of a segment is 0 (batch), 1 (realtime), 2 (funnel stage) or 3 (journey)",
            "$.kind",
        )
    return kind
