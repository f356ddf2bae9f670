"""The API's journeys as typed, frozen data: stages, and steps that name the next one by its id.

Names and shapes are the description's (`JourneyJsonApiResource`, `JourneyStep`) but for what
recorded journeys have otherwise: the type of a test is `ABTest`, which the description spells
`AbTest`; names of waits may be missing; a branch has an id, and the excluded path may have no name.
Ids are strings; those of steps, branches, conditions and variants are uuids, made by the client.
Encoding is `segdsl.rules.rule.model.encode`, and the order of fields is that of the JSON's keys.
"""

from __future__ import annotations

from typing import Any, assert_never
from typing import Literal as OneOf

import msgspec

from segdsl.language import journeys as j
from segdsl.language.journeys import WaitUnit
from segdsl.language.values import Number

Mode = OneOf["no_reentry", "reentry_unless_goal_achieved", "reentry_always"]
State = OneOf["draft", "simulation", "launched"]
AB_TEST = "ABTest"
AB_TESTS = (AB_TEST, "AbTest")
"""How the type of a test is written: in every recorded answer, and in the description."""


class _Struct(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    pass


class Target(_Struct, frozen=True):
    """Where profiles jump to: a stage of a journey."""

    journey_id: str
    journey_stage_id: str


class Criteria(_Struct, frozen=True):
    """A criterion: its name, and the segment of those who meet it."""

    name: str
    segment_id: str
    target: Target | None = None
    description: str | None = None


# --- steps ---------------------------------------------------------------------------


class WaitDuration(_Struct, frozen=True):
    name: str | None
    wait_step: Number
    wait_step_unit: WaitUnit
    next: str | None = None


class WaitDate(_Struct, frozen=True):
    name: str | None
    wait_until_date: str
    timezone: str | None
    next: str | None = None


class WaitDays(_Struct, frozen=True):
    """Days of the week are from 1 (Monday) to 7 (Sunday)."""

    name: str | None
    wait_until_days_of_the_week: tuple[int, ...]
    timezone: str | None
    next: str | None = None


class ConditionPath(_Struct, frozen=True):
    """A path of a wait for a condition: those who meet it, or with `timed_out_path` the others."""

    id: str | None
    name: str | None
    segment_id: str | None
    timed_out_path: bool
    move_after: Number | None = None
    unit: WaitUnit | None = None
    next: str | None = None


class WaitCondition(_Struct, frozen=True):
    name: str | None
    conditions: tuple[ConditionPath, ...]
    description: str | None = None


class Activation(_Struct, frozen=True):
    """`journey_activation_step_id` is None where a draft has none yet."""

    name: str | None
    journey_activation_step_id: str | None = None
    next: str | None = None


class BranchPath(_Struct, frozen=True):
    """A path of a decision; the excluded one takes who is on no other.

    The server has a segment for that path too (observed); without its id it makes one (assumed).
    """

    id: str | None
    name: str | None
    segment_id: str | None = None
    excluded_path: bool = False
    next: str | None = None
    description: str | None = None


class Decision(_Struct, frozen=True):
    name: str | None
    branches: tuple[BranchPath, ...]


class VariantPath(_Struct, frozen=True):
    id: str | None
    name: str
    percentage: Number
    is_control_group: bool = False
    capping_at: Number | None = None
    next: str | None = None


class Test(_Struct, frozen=True):
    """`unique_id` is the attribute that a profile's variant is drawn from."""

    name: str | None
    variants: tuple[VariantPath, ...]
    customized_split: bool = False
    unique_id: str | None = None
    enabled_capping: bool = False


class Merge(_Struct, frozen=True):
    next: str | None = None


class Jump(_Struct, frozen=True):
    name: str | None
    target: Target


class End(_Struct, frozen=True):
    name: str | None = None


Step = (
    WaitDuration
    | WaitDate
    | WaitDays
    | WaitCondition
    | Activation
    | Decision
    | Test
    | Merge
    | Jump
    | End
)


def paths(step: Step) -> tuple[str | None, ...]:
    """The ids that a step leads to, in its order; None for a path that leads nowhere."""
    match step:
        case WaitCondition(conditions=conditions):
            return tuple(each.next for each in conditions)
        case Decision(branches=branches):
            return tuple(each.next for each in branches)
        case Test(variants=variants):
            return tuple(each.next for each in variants)
        case Jump() | End():
            return ()
        case WaitDuration() | WaitDate() | WaitDays() | Activation() | Merge():
            return (step.next,)
        case _:
            assert_never(step)


def step_name(step: Step) -> str | None:
    """What a step is called; a merge has no name."""
    return None if isinstance(step, Merge) else step.name


# --- the whole -----------------------------------------------------------------------


class Stage(msgspec.Struct, frozen=True, gc=False):
    """A stage; `root_step` is None where it has no steps."""

    name: str
    description: str | None = None
    id: str | None = None
    entry_criteria: Criteria | None = None
    milestone: Criteria | None = None
    exit_criterias: tuple[Criteria, ...] = ()
    root_step: str | None = None
    steps: dict[str, Step] = {}


class Journey(msgspec.Struct, frozen=True, gc=False):
    """A journey, or one version of it; `id` is None before the server has one."""

    name: str
    stages: tuple[Stage, ...]
    description: str | None = None
    reentry_mode: Mode = "no_reentry"
    goal: Criteria | None = None
    id: str | None = None


# --- as JSON -------------------------------------------------------------------------

Json = dict[str, Any]


def encode_journey(
    journey: Journey,
    *,
    state: State | None = "draft",
    folder_id: str | None = None,
    bundle_id: str | None = None,
) -> Json:
    """The body that creates or updates a journey with all that it has.

    Fields without a value are there, so that an update clears them. Without `folder_id` the body
    has no folder, and without `state` no state. With `bundle_id` it creates the next version.
    """
    attributes: Json = {"name": journey.name, "description": journey.description or ""}
    if state is not None:
        attributes["state"] = state
    if bundle_id is not None:
        attributes["journeyBundleId"] = bundle_id
    attributes["reentryMode"] = journey.reentry_mode
    attributes["goal"] = journey.goal
    attributes["journeyStages"] = [_stage(stage) for stage in journey.stages]
    return _resource(attributes, folder_id)


def encode_draft(
    journey: j.Journey[Any], *, folder_id: str | None = None, bundle_id: str | None = None
) -> Json:
    """The body that creates a journey with its stages by name, before anything has an id."""
    attributes: Json = {"name": journey.name}
    if journey.description:
        attributes["description"] = journey.description
    attributes["state"] = "draft"
    if bundle_id is not None:
        attributes["journeyBundleId"] = bundle_id
    attributes["reentryMode"] = j.REENTRY[journey.reentry or "never"]
    attributes["journeyStages"] = [{"name": stage.name} for stage in journey.stages]
    return _resource(attributes, folder_id)


def _resource(attributes: Json, folder_id: str | None) -> Json:
    made: Json = {"type": "journey", "attributes": attributes}
    if folder_id is not None:
        folder = {"data": {"id": folder_id, "type": "folder-segment"}}
        made["relationships"] = {"parentFolder": folder}
    return made


def _stage(stage: Stage) -> Json:
    encoded: Json = {} if stage.id is None else {"id": stage.id}
    encoded["name"] = stage.name
    encoded["description"] = stage.description or ""
    encoded["entryCriteria"] = stage.entry_criteria
    encoded["milestone"] = stage.milestone
    encoded["exitCriterias"] = stage.exit_criterias
    if stage.root_step is not None:
        encoded["rootStep"] = stage.root_step
    encoded["steps"] = {id: encode_step(step) for id, step in stage.steps.items()}
    return encoded


def encode_step(step: Step) -> Json:
    """A step as the API has it; what is None is left out."""
    match step:
        case WaitDuration():
            kind = {"type": "WaitStep", "waitStepType": "Duration"}
        case WaitDate():
            kind = {"type": "WaitStep", "waitStepType": "Date"}
        case WaitDays():
            kind = {"type": "WaitStep", "waitStepType": "DaysOfTheWeek"}
        case WaitCondition():
            kind = {"type": "WaitStep", "waitStepType": "Condition"}
        case Activation():
            kind = {"type": "Activation"}
        case Decision():
            kind = {"type": "DecisionPoint"}
        case Test():
            kind = {"type": AB_TEST}
        case Merge():
            kind = {"type": "Merge"}
        case Jump():
            kind = {"type": "Jump"}
        case End():
            kind = {"type": "End"}
        case _:
            assert_never(step)
    return kind | _fields(step)


def _fields(value: _Struct) -> Json:
    """The fields of a struct by their JSON names, and of those in it; without None."""
    fields: Json = {}
    for field in msgspec.structs.fields(value):
        inner = getattr(value, field.name)
        if inner is None:
            continue
        if isinstance(inner, tuple):
            inner = [_fields(each) if isinstance(each, _Struct) else each for each in inner]
        elif isinstance(inner, _Struct):
            inner = _fields(inner)
        fields[field.encode_name] = inner
    return fields
