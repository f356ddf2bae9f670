"""What a journey cannot say at all, and what it cannot say once it is launched.

Drafts are loose. A launch needs what the description's validation codes are about; limits are
documented. Which code stands for what is assumed from their names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from zoneinfo import available_timezones

from segdsl.server.errors import ASSOCIATION, TOO_LONG, TOO_SHORT, Problem
from segdsl.server.kinds.journeys.model import Content, Criteria, Stage, Step, jumps
from segdsl.server.kinds.journeys.programs import LoopError, step_order

ENTRY = "UNDEFINED_ENTRY_CRITERIA"
MILESTONE = "UNDEFINED_MILESTONE"
EXIT = "UNDEFINED_EXIT_CRITERIA"
ACTIVATION = "UNDEFINED_ACTIVATION_STEP"
WAIT = "UNDEFINED_WAIT_STEP"
DECISION = "UNDEFINED_DECISION_CONDITION"
MERGE = "UNDEFINED_MERGE_POINT"
MOST_STAGES = 8
MOST_STEPS = 120
"""Steps of a journey, which the vendor's pages call events."""
MOST_STEPS_OF_A_STAGE = 70
MOST_VERSIONS = 30
_MOST_CAPPED = 1_000_000


def limit_problems(content: Content, path: str) -> Iterator[Problem]:
    """What is too much, also in a draft; `path` is that of the attributes."""
    number = len(content.stages)
    if not 1 <= number <= MOST_STAGES:
        code = TOO_SHORT if number < 1 else TOO_LONG
        message = f"a journey has 1 to {MOST_STAGES} stages, and not {number}"
        yield Problem(message, f"{path}.journeyStages", code)
    sizes = [len(stage.content.steps) for stage in content.stages]
    for at, size in enumerate(sizes):
        if size > MOST_STEPS_OF_A_STAGE:
            message = f"a stage has at most {MOST_STEPS_OF_A_STAGE} steps, and not {size}"
            yield Problem(message, f"{path}.journeyStages[{at}].steps", TOO_LONG)
    if sum(sizes) > MOST_STEPS:
        message = f"a journey has at most {MOST_STEPS} steps, and not {sum(sizes)}"
        yield Problem(message, f"{path}.journeyStages", TOO_LONG)


def launch_problems(content: Content, activations: Collection[str], path: str) -> Iterator[Problem]:
    """Why a journey cannot be launched; `activations` are the ids of its own."""
    if content.goal is not None and content.goal.segment_id is None:
        yield Problem("the goal has no segment", f"{path}.goal", ASSOCIATION)
    for at, stage in enumerate(content.stages):
        place = f"{path}.journeyStages[{at}]"
        is_last = at + 1 == len(content.stages)
        yield from _criteria_problems(stage, is_last=is_last, path=place)
        yield from _graph_problems(stage, place)
        for id, step in stage.content.steps.items():
            yield from _step_problems(step, activations, f"{place}.steps.{id}")
        yield from _merge_problems(stage, place)


def _criteria_problems(stage: Stage, *, is_last: bool, path: str) -> Iterator[Problem]:
    content = stage.content
    if _is_undefined(content.entry_criteria):
        message = f"the stage `{stage.name}` has no entry criteria"
        yield Problem(message, f"{path}.entryCriteria", ENTRY)
    if _is_undefined(content.milestone) and not (is_last and content.milestone is None):
        message = f"the stage `{stage.name}` has no milestone"
        yield Problem(message, f"{path}.milestone", MILESTONE)
    for at, exit in enumerate(content.exit_criterias):
        if _is_undefined(exit):
            message = f"an exit of the stage `{stage.name}` has no segment"
            yield Problem(message, f"{path}.exitCriterias[{at}]", EXIT)


def _is_undefined(criteria: Criteria | None) -> bool:
    return criteria is None or criteria.segment_id is None


def _graph_problems(stage: Stage, path: str) -> Iterator[Problem]:
    content = stage.content
    steps = content.steps
    if content.root_step is not None and content.root_step not in steps:
        message = f"the stage has no step `{content.root_step}`"
        yield Problem(message, f"{path}.rootStep", ASSOCIATION)
    elif content.root_step is None and steps:
        yield Problem("the stage has steps, but no first one", f"{path}.rootStep", ASSOCIATION)
    for id, step in steps.items():
        for following in step.following:
            if following not in steps:
                message = f"the stage has no step `{following}`"
                yield Problem(message, f"{path}.steps.{id}", ASSOCIATION)
    try:
        step_order(content)
    except LoopError as error:
        message = f"the step `{error}` leads back to itself"
        yield Problem(message, f"{path}.steps.{error}", ASSOCIATION)


def _merge_problems(stage: Stage, path: str) -> Iterator[Problem]:
    steps = stage.content.steps
    reached = {following for step in steps.values() for following in step.following}
    for id, step in steps.items():
        if step.type == "Merge" and id not in reached:
            yield Problem("no step leads to the merge", f"{path}.steps.{id}", MERGE)


def _step_problems(step: Step, activations: Collection[str], path: str) -> Iterator[Problem]:
    match step.type:
        case "Activation":
            if step.journey_activation_step_id not in activations:
                yield Problem("the step has no activation of the journey", path, ACTIVATION)
        case "WaitStep":
            problem = _wait_problem(step)
            if problem is not None:
                yield Problem(problem, path, WAIT)
        case "DecisionPoint":
            paths = step.paths
            is_undefined = any(each.segment_id is None and not each.excluded_path for each in paths)
            if not paths or is_undefined:
                yield Problem("the decision point has a branch without segment", path, DECISION)
        case "ABTest":
            problem = _test_problem(step)
            if problem is not None:
                yield Problem(problem, path, ASSOCIATION)
        case "Jump":
            if step.target is None:
                yield Problem("the jump leads nowhere", path, ASSOCIATION)
        case "Merge" | "End":
            pass


def _wait_problem(step: Step) -> str | None:
    match step.wait_step_type:
        case "Date":
            return None if _is_date(step.wait_until_date) else "the wait has no date"
        case "DaysOfTheWeek":
            days = step.wait_until_days_of_the_week or ()
            is_valid = bool(days) and all(1 <= day <= 7 for day in days)
            return None if is_valid else "the wait has no days of the week from 1 to 7"
        case "Condition":
            met = [path for path in step.paths if not path.timed_out_path]
            late = [path for path in step.paths if path.timed_out_path]
            if len(met) != 1 or met[0].segment_id is None or len(late) > 1:
                return "the wait needs one condition with a segment, and has one timeout at most"
            if late and (late[0].move_after or 0) < 1:
                return "the timeout of the wait has no `moveAfter`"
            return None
        case "Duration" | None:
            is_valid = (step.wait_step or 0) >= 1 and step.wait_step_unit is not None
            return None if is_valid else "the wait has no duration in days or weeks"


def _test_problem(step: Step) -> str | None:
    variants = step.paths
    if len(variants) < 2:
        return "the test has less than two variants"
    shares = [round(variant.percentage or 0, 6) for variant in variants]
    if any(share < 0 for share in shares) or abs(sum(shares) - 100) > 0.001:
        return f"the percentages of the variants sum to {sum(shares):g}, and not to 100"
    if step.enabled_capping:
        if not any(variant.is_control_group for variant in variants):
            return "a test with caps needs a control group"
        for variant in variants:
            cap = variant.capping_at
            if not variant.is_control_group and not 1 <= (cap or 0) <= _MOST_CAPPED:
                return f"the cap of a variant is a number from 1 to {_MOST_CAPPED:,}"
    return None


def _is_date(text: str | None) -> bool:
    try:
        return text is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def zone_problems(content: Content, path: str) -> Iterator[Problem]:
    """Time zones of waits that nobody knows."""
    for at, stage in enumerate(content.stages):
        for id, step in stage.content.steps.items():
            if step.timezone is not None and step.timezone not in available_timezones():
                place = f"{path}.journeyStages[{at}].steps.{id}.timezone"
                yield Problem(f"unknown time zone `{step.timezone}`", place, ASSOCIATION)


def places_of_jumps(content: Content, path: str) -> Iterator[tuple[str, int, int]]:
    """Where jumps lead: each with its place, the id of the journey and that of the stage."""
    for place, jump in jumps(content):
        yield f"{path}{place}", int(jump.target.journey_id), int(jump.target.journey_stage_id)


# --- what the description alone requires ----------------------------------------------------

_REQUIRED: dict[str, tuple[str, ...]] = {
    "Duration": ("name", "waitStep", "waitStepUnit"),
    "Date": ("name", "waitUntilDate", "timezone"),
    "DaysOfTheWeek": ("name", "waitUntilDaysOfTheWeek", "timezone"),
    "Condition": ("name", "conditions"),
    "Activation": ("name", "journeyActivationStepId"),
    "DecisionPoint": ("name", "branches"),
    "AbTest": ("name", "customizedSplit", "variants"),
    "Jump": ("name", "target"),
    "Merge": (),
    "End": (),
}
_OF_PATHS = {
    "conditions": ("id",),
    "branches": ("name", "segmentId"),
    "variants": ("id", "name", "percentage"),
}


def strict_problems(step: dict[str, object], path: str) -> Iterator[Problem]:
    """Keys of a step that the description requires, and real servers do not (observed)."""
    kind = step.get("type")
    known = step.get("waitStepType") if kind == "WaitStep" else kind
    if not isinstance(known, str) or known not in _REQUIRED:
        yield Problem(f"the type of a step is not `{known}`", path)
        return
    for key in _REQUIRED[known]:
        if step.get(key) is None:
            yield Problem(f"a step of the type `{known}` needs a `{key}`", path)
    for key, names in _OF_PATHS.items():
        ways = step.get(key)
        for at, way in enumerate(ways if isinstance(ways, list) else ()):
            for name in names:
                if not isinstance(way, dict) or way.get(name) is None:
                    yield Problem(f"a `{name}` is missing", f"{path}.{key}[{at}]")
