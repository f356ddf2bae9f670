"""Journeys as clients send them, in bodies that may leave out and repeat what was answered.

What an update leaves out stays as it is (assumed); so does what a stage with an id leaves out. The
ids of what a journey refers to may be numbers or strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from segdsl.server.errors import ApiError, Problem, refuse
from segdsl.server.http.request_models import Body, EntityBody, Id, decode_entity, whole
from segdsl.server.kinds.journeys.checks import strict_problems
from segdsl.server.kinds.journeys.model import (
    Content,
    Criteria,
    Reentry,
    Stage,
    StageContent,
    State,
    Step,
)
from segdsl.server.service import Json

TYPE = "journey"
_IDS = ("segmentId", "journeyId", "journeyStageId", "journeyActivationStepId")
_DESCRIBED_TEST, _TEST = "AbTest", "ABTest"
_DEFAULT_STAGE = "Stage 1"


class Attributes(Body, frozen=True):
    """The attributes of a journey; `goal` and the stages are read by themselves."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    state: State | UnsetType | None = UNSET
    reentry_mode: Reentry | UnsetType | None = UNSET
    allow_reentry: bool | UnsetType | None = UNSET
    goal: Raw | UnsetType = UNSET
    journey_stages: list[dict[str, Any]] | UnsetType | None = UNSET
    journey_bundle_id: Id | UnsetType | None = UNSET
    journey_bundle_name: str | UnsetType | None = UNSET
    journey_bundle_description: str | UnsetType | None = UNSET


class JourneyEntity(EntityBody, frozen=True):
    nullable: ClassVar[tuple[str, ...]] = ("description", "goal", "journeyBundleDescription")

    attributes: Attributes = Attributes()


class StageName(Body, frozen=True):
    name: str | UnsetType = UNSET


class DetailAttributes(Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    journey_stages: list[StageName] | UnsetType = UNSET
    journey_bundle_name: str | UnsetType = UNSET


class DetailEntity(EntityBody, frozen=True):
    attributes: DetailAttributes = DetailAttributes()


class NameAttributes(Body, frozen=True):
    name: str | UnsetType = UNSET


class DuplicateEntity(EntityBody, frozen=True):
    """The journey to duplicate is the one with the `id` of the body (described)."""

    attributes: NameAttributes = NameAttributes()


class BundleAttributes(Body, frozen=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    latest_journey_id: Id | UnsetType = UNSET


class BundleEntity(EntityBody, frozen=True):
    attributes: BundleAttributes = BundleAttributes()


class VersionBody(Body, frozen=True):
    """A new version: a copy of `sourceId`, or of the latest."""

    source_id: Id | UnsetType = UNSET
    attributes: NameAttributes = NameAttributes()


def journey_sent(body: bytes, *, strict: bool) -> tuple[JourneyEntity, str]:
    """A journey and its path in the body. Raises ApiError (400)."""
    return decode_entity(body, JourneyEntity, strict=strict)


def wanted_content(
    attributes: Attributes, before: Content | None, path: str, *, strict: bool
) -> Content:
    """What a body makes of a journey, or of nothing; `path` is that of the attributes."""
    name = attributes.name
    if (before is None or strict) and (isinstance(name, UnsetType) or name is None):
        raise refuse("a journey needs a `name`", path)
    old = before or Content("", stages=(Stage(None, _DEFAULT_STAGE),))
    return Content(
        _given(name, old.name),
        old.description
        if isinstance(attributes.description, UnsetType)
        else attributes.description,
        _given(attributes.state, old.state),
        _reentry(attributes, old.reentry),
        _goal(attributes.goal, old.goal, f"{path}.goal"),
        _stages(attributes.journey_stages, old, f"{path}.journeyStages", strict=strict),
    )


def _given(value: Any, default: Any) -> Any:
    return default if value is None or isinstance(value, UnsetType) else value


def _reentry(attributes: Attributes, before: Reentry) -> Reentry:
    """`allowReentry` says whether at all, where there is no `reentryMode` (assumed)."""
    mode, is_allowed = attributes.reentry_mode, attributes.allow_reentry
    if mode is not None and not isinstance(mode, UnsetType):
        return mode
    if is_allowed is None or isinstance(is_allowed, UnsetType):
        return before
    if not is_allowed:
        return "no_reentry"
    return before if before != "no_reentry" else "reentry_always"


def _goal(goal: Raw | UnsetType, before: Criteria | None, path: str) -> Criteria | None:
    if isinstance(goal, UnsetType):
        return before
    plain = _with_text_ids(msgspec.json.decode(goal), path)
    return _convert(plain, Criteria | None, path)  # type: ignore[no-any-return]


def _stages(
    stages: list[dict[str, Any]] | UnsetType | None, before: Content, path: str, *, strict: bool
) -> tuple[Stage, ...]:
    if stages is None or isinstance(stages, UnsetType):
        return before.stages
    known = {stage.id: stage for stage in before.stages if stage.id is not None}
    return tuple(
        _stage(stage, known, f"{path}[{at}]", strict=strict) for at, stage in enumerate(stages)
    )


def _stage(sent: Json, known: Mapping[int, Stage], path: str, *, strict: bool) -> Stage:
    id = sent.get("id")
    number = None
    if id is not None:
        if isinstance(id, bool) or not isinstance(id, int | str):
            raise refuse("expected an id", f"{path}.id")
        number = whole(id, f"{path}.id", 1)
    if strict:
        problems = [
            problem
            for key, step in _steps(sent)
            for problem in strict_problems(step, f"{path}.steps.{key}")
        ]
        if problems:
            raise ApiError(400, problems)
    old = known.get(number) if number is not None else None
    merged: Json = {} if old is None else msgspec.to_builtins(old.content)
    merged |= {key: value for key, value in _with_text_ids(sent, path).items() if key != "id"}
    name = merged.get("name", None if old is None else old.name)
    if not isinstance(name, str) or not name.strip():
        raise refuse("a stage needs a name that is not blank", f"{path}.name")
    for key, value in sent.items():
        if value is None:
            merged.pop(key, None)
    content: StageContent = _convert(merged, StageContent, path)
    steps = {key: _plain_wait(step) for key, step in content.steps.items()}
    return Stage(number, name, msgspec.structs.replace(content, steps=steps))


def _plain_wait(step: Step) -> Step:
    """A wait for a duration has no time zone, which answers have all the same (observed)."""
    if step.type != "WaitStep" or step.wait_step_type not in ("Duration", None):
        return step
    return msgspec.structs.replace(step, timezone=None)


def _steps(stage: Json) -> list[tuple[str, Json]]:
    steps = stage.get("steps")
    listed = steps.items() if isinstance(steps, dict) else ()
    return [(key, step) for key, step in listed if isinstance(step, dict)]


def _with_text_ids(value: Any, path: str) -> Any:
    """The value with ids as strings, A/B tests as real servers call them, and without nulls."""
    if isinstance(value, list):
        return [_with_text_ids(each, f"{path}[{at}]") for at, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    changed = {key: _with_text_ids(inner, f"{path}.{key}") for key, inner in value.items()}
    for key in _IDS:
        id = changed.get(key)
        if id is not None:
            if isinstance(id, bool) or not isinstance(id, int | str):
                raise refuse("expected an id", f"{path}.{key}")
            changed[key] = str(whole(id, f"{path}.{key}", 1))
    if changed.get("type") == _DESCRIBED_TEST:
        changed["type"] = _TEST
    return {key: inner for key, inner in changed.items() if inner is not None}


def _convert(plain: Any, type: Any, path: str) -> Any:
    try:
        return msgspec.convert(plain, type=type)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        where = path + place.removesuffix("`").removeprefix("$")
        raise ApiError(400, [Problem(message, where)]) from None
