"""Journeys as they are answered, in the shapes of recorded answers.

A strict service answers the described shapes where those differ: the type `AbTest`, no null where
the description has none. That nothing but names of a draft may be blank is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from segdsl.server.http.responses import FOLDER, USER_LINKS, iso, link
from segdsl.server.kinds.activations.table import Execution
from segdsl.server.kinds.journeys.activation_table import ActivationStep
from segdsl.server.kinds.journeys.model import (
    Bundle,
    Criteria,
    Journey,
    Jump,
    Path,
    Stage,
    Step,
    Target,
    jumps,
)
from segdsl.server.kinds.journeys.run_table import JourneyExecution
from segdsl.server.service import Item, Json

TYPE = "journey"
ACTIVATION_TYPE = "journeyActivationStep"
EXECUTION_TYPE = "execution-journey"
_WAIT_FIELDS = (
    *("waitStep", "waitStepUnit", "waitStepType"),
    *("waitUntilDate", "timezone", "waitUntilDaysOfTheWeek"),
)
_OBSERVED_ZONE = "UTC"
"""The time zone of a wait that was given none (observed)."""


class Surroundings(msgspec.Struct, frozen=True):
    """What answers say of journeys beside themselves: all journeys and bundles by their ids."""

    journeys: Mapping[int, Journey]
    bundles: Mapping[int, Bundle]
    executions: Mapping[int, JourneyExecution]
    folders: Mapping[int, str]
    activations: Mapping[int, list[ActivationStep]]
    deliveries: Mapping[int, list[Execution]]
    strict: bool

    def bundle(self, journey: Journey) -> Bundle:
        return self.bundles[journey.bundle]


# --- journeys ----------------------------------------------------------------------------


def resource(journey: Journey, around: Surroundings) -> Json:
    """A version of a journey. `allowReentry` stays beside `reentryMode` (observed)."""
    content, bundle = journey.content, around.bundle(journey)
    last = around.executions.get(journey.id)
    return {
        "id": str(journey.id),
        "type": TYPE,
        "attributes": {
            "audienceId": journey.audience,
            "journeyBundleId": str(bundle.id),
            "name": content.name,
            "description": content.description,
            "state": content.state,
            "createdAt": iso(journey.created),
            "updatedAt": iso(journey.updated),
            "launchedAt": None if journey.launched is None else iso(journey.launched),
            "allowReentry": content.reentry != "no_reentry",
            "paused": journey.paused is not None,
            "pausedAt": None if journey.paused is None else iso(journey.paused),
            "journeyBundleName": bundle.name,
            "versionNumber": journey.version,
            "journeyBundleDescription": bundle.description,
            "reentryMode": content.reentry,
            "goal": _goal(journey, around),
            "journeyStages": [_stage(stage, journey, around) for stage in content.stages],
            "latestExecution": None if last is None else execution(last),
        },
        "relationships": {"parentFolder": link(FOLDER, journey.folder), **USER_LINKS},
    }


def _goal(journey: Journey, around: Surroundings) -> Json | None:
    goal = journey.content.goal
    return None if goal is None else _criteria(goal, journey, "goal", around)


def _stage(stage: Stage, journey: Journey, around: Surroundings) -> Json:
    content = stage.content

    def criteria(of: Criteria | None) -> Json | None:
        return None if of is None else _criteria(of, journey, "", around)

    answer: Json = {
        "id": str(stage.id),
        "name": stage.name,
        "description": content.description,
        "rootStep": content.root_step,
        "entryCriteria": criteria(content.entry_criteria),
        "milestone": criteria(content.milestone),
        "exitCriterias": [
            _criteria(exit, journey, f"{stage.id}-exit-{at}", around)
            for at, exit in enumerate(content.exit_criterias)
        ],
        "steps": {
            id: _step(step, journey, f"{stage.id}-{id}", around)
            for id, step in content.steps.items()
        },
    }
    return _described(answer, ("description", "rootStep"), around)


def _criteria(criteria: Criteria, journey: Journey, place: str, around: Surroundings) -> Json:
    answer: Json = {
        "name": criteria.name or "",
        "segmentId": criteria.segment_id,
        "description": criteria.description,
    }
    if criteria.target is not None:
        answer["target"] = _target(criteria.target, journey, place, around)
    return _described(answer, ("segmentId", "description"), around)


def _described(answer: Json, nullable: Iterable[str], around: Surroundings) -> Json:
    """The answer; a strict service leaves out nulls that the description does not have."""
    if around.strict:
        for key in nullable:
            if answer[key] is None:
                del answer[key]
    return answer


def reference_id(journey: Journey, place: str) -> str:
    """The id of a jump among what an answer includes."""
    return f"{journey.id}-{place}"


def _target(target: Target, journey: Journey, place: str, around: Surroundings) -> Json:
    to = around.journeys.get(int(target.journey_id))
    stages = [] if to is None else [str(stage.id) for stage in to.stages]
    stage = target.journey_stage_id
    return {
        "journeyId": target.journey_id,
        "journeyStageId": stage,
        "journeyBundleId": None if to is None else str(to.bundle),
        "stageOrderIndex": stages.index(stage) if stage in stages else None,
        "jumpReferenceId": reference_id(journey, place),
    }


def _step(step: Step, journey: Journey, place: str, around: Surroundings) -> Json:
    answer: Json = msgspec.to_builtins(step)
    if step.type == "ABTest":
        answer["type"] = "AbTest" if around.strict else "ABTest"
        answer["winnerVariantId"] = None
    for key in ("conditions", "branches", "variants"):
        if key in answer:
            answer[key] = [_path(path, key) for path in getattr(step, key)]
    if step.target is not None:
        answer["target"] = _target(step.target, journey, place, around)
    if not step.branches_off and step.type not in ("Jump", "End"):
        answer.setdefault("next", None)
    if step.type == "WaitStep" and step.wait_step_type in ("Duration", None) and not around.strict:
        answer = {**dict.fromkeys(_WAIT_FIELDS), "timezone": _OBSERVED_ZONE, **answer}
    return answer


def _path(path: Path, key: str) -> Json:
    answer: Json = {"id": path.id, "name": path.name, "description": path.description}
    answer |= msgspec.to_builtins(path)
    answer["next"] = path.next
    match key:
        case "branches":
            answer |= {"segmentId": path.segment_id, "excludedPath": path.excluded_path}
        case "conditions":
            answer |= {"segmentId": path.segment_id, "timedOutPath": path.timed_out_path}
        case _:
            answer.pop("description")
            answer["isControlGroup"] = path.is_control_group
    return answer


def item(journey: Journey, around: Surroundings) -> Item:
    """A journey in its folder."""
    return Item(journey.folder, journey.id, TYPE, lambda with_rule: resource(journey, around))


# --- what answers include ---------------------------------------------------------------------


def included(journeys: Iterable[Journey], around: Surroundings) -> list[Json]:
    """The jumps of journeys and those that lead to them, and their activations, each once."""
    listed = list(journeys)
    ids = {str(journey.id) for journey in listed}
    found: dict[str, Json] = {}
    for source in around.journeys.values():
        for _, jump in jumps(source.content):
            if str(source.id) in ids or jump.target.journey_id in ids:
                found[reference_id(source, jump.place)] = _jump(source, jump, around)
    activations = [
        activation(step, strict=around.strict)
        for journey in listed
        for step in around.activations.get(journey.id, ())
    ]
    return [*found.values(), *activations]


def _jump(source: Journey, jump: Jump, around: Surroundings) -> Json:
    """A jump; its journey or stage is called as it is (assumed)."""
    to = around.journeys.get(int(jump.target.journey_id))
    stage = None if to is None else to.stage(int(jump.target.journey_stage_id))
    return {
        "id": reference_id(source, jump.place),
        "type": "journey" if jump.stage is None else "journeyStage",
        "attributes": {
            "name": source.name,
            "jumpType": jump.kind,
            "jumpName": jump.name,
            "sourceJourneyId": str(source.id),
            "folderName": around.folders.get(source.folder, ""),
            "targetJourneyId": jump.target.journey_id,
            "targetStageId": jump.target.journey_stage_id,
            "targetStageName": "" if stage is None else stage.name,
            "deletedBy": None,
        },
    }


# --- executions, activations and bundles ---------------------------------------------------


def execution(run: JourneyExecution) -> Json:
    """An execution. Each session has one attempt; `message` is our own: why a run failed."""
    return {
        "workflowId": str(run.journey),
        "workflowSessionId": str(run.id),
        "workflowAttemptId": str(run.id),
        "createdAt": iso(run.created),
        "finishedAt": None if run.finished is None else iso(run.finished),
        "status": run.status,
        "message": run.message,
    }


def execution_resource(run: JourneyExecution) -> Json:
    attributes = {**execution(run), "journeyId": str(run.journey)}
    return {"id": str(run.id), "type": EXECUTION_TYPE, "attributes": attributes}


def activation(step: ActivationStep, *, strict: bool) -> Json:
    """An activation of a journey; older servers call its other id `syndicationId` (observed)."""
    id = None if step.syndication is None else str(step.syndication)
    params: Json = {"name": step.name, "connectionId": None, "connectorConfig": None}
    params |= step.content
    for key in ("connectionId", "activationTemplateId"):
        number = msgspec.json.decode(step.content.get(key, b"null"))
        if number is not None:
            params[key] = str(number)
    return {
        "id": str(step.id),
        "type": ACTIVATION_TYPE,
        "attributes": {
            "activationId": id,
            **({} if strict else {"syndicationId": id}),
            "activationParams": params,
        },
        "relationships": USER_LINKS,
    }


def bundle(bundle: Bundle, versions: list[Journey], around: Surroundings, users: Json) -> Json:
    """The versions of a journey, which is no JSON:API document (described).

    The parent segment is not built here, so it has no execution.
    """
    last = around.executions.get(bundle.latest)
    return {
        "name": bundle.name,
        "description": bundle.description or "",
        "latestJourneyId": str(bundle.latest),
        "lastVersionNumber": bundle.last_version,
        "journeys": [resource(each, around) for each in versions],
        **({} if last is None else {"latestExecution": execution(last)}),
        "included": users["included"],
    }
