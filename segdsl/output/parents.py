"""The documents of `segdsl parent`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from segdsl.api.activation_records import Execution
from segdsl.output import documents, models
from segdsl.parent_segment.changes import Change, Part
from segdsl.parent_segment.schedules import in_words
from segdsl.parent_segment.vanishing import What
from segdsl.workspace.parent.commands import Applied, ParentPull, ParentRun, ParentStatus
from segdsl.workspace.parent.planning import ParentPlan
from segdsl.workspace.parent.users import User, UserKind, Vanishing

_PARTS: dict[
    Part, Literal["setting", "master", "filter", "attribute", "behavior", "customer_group"]
] = {
    "setting": "setting",
    "master": "master",
    "filter": "filter",
    "attribute": "attribute",
    "behavior": "behavior",
    "customer group": "customer_group",
}
_KINDS: dict[What, Literal["attribute", "behavior", "column", "group_attribute"]] = {
    "attribute": "attribute",
    "behavior": "behavior",
    "column": "column",
    "group attribute": "group_attribute",
}
_USERS: dict[
    UserKind,
    Literal["segment", "stage", "activation", "template", "predictive_segment", "journey"],
] = {
    "segment": "segment",
    "stage": "stage",
    "activation": "activation",
    "template": "template",
    "predictive segment": "predictive_segment",
    "journey": "journey",
}
_DONE: dict[str, Literal["created", "updated", "there_already", "nothing"]] = {
    "created": "created",
    "updated": "updated",
    "there already": "there_already",
    "nothing": "nothing",
}


def _changes(changes: Iterable[Change]) -> tuple[models.ParentChange, ...]:
    return tuple(
        models.ParentChange(
            action=each.action,
            part=_PARTS[each.part],
            name=each.name,
            before=each.before,
            after=each.after,
        )
        for each in changes
    )


def _user(user: User) -> models.FieldUser:
    return models.FieldUser(
        kind=_USERS[user.kind], path=user.path, id=user.id, file=user.file, line=user.line
    )


def _vanishing(vanishing: Vanishing) -> models.VanishingField:
    return models.VanishingField(
        kind=_KINDS[vanishing.field.what],
        name=vanishing.field.name or None,
        owner=vanishing.field.owner or None,
        users=tuple(map(_user, vanishing.users)),
    )


def _plan(plan: ParentPlan) -> dict[str, Any]:
    return {
        "target": plan.target,
        "file": plan.file,
        "id": plan.id,
        "name": plan.name,
        "action": plan.action,
        "changes": _changes(plan.changes),
        "vanishing": tuple(map(_vanishing, plan.vanishing)),
        "unread": plan.unread,
        "conflict": plan.why,
        "server_changes": _changes(plan.theirs),
    }


def parent_plan_output(plan: ParentPlan) -> documents.ParentPlanOutput:
    """A plan."""
    return documents.ParentPlanOutput(**_plan(plan))


def parent_apply_output(plan: ParentPlan, applied: Applied | None) -> documents.ParentApplyOutput:
    """A plan, and what came of it; None where it was not applied."""
    if applied is None:
        return documents.ParentApplyOutput(**_plan(plan))
    return documents.ParentApplyOutput(
        **{**_plan(plan), "id": applied.id}, done=_DONE[applied.done]
    )


def parent_pull_output(pull: ParentPull) -> documents.ParentPullOutput:
    """What became of the file."""
    return documents.ParentPullOutput(
        file=pull.file,
        id=pull.id,
        name=pull.name,
        status=pull.status,
        changes=_changes(pull.changes),
    )


def parent_run_output(run: ParentRun) -> documents.ParentRunOutput:
    """A run, as far as it is."""
    execution = run.execution
    return documents.ParentRunOutput(
        id=run.id,
        name=run.name,
        run=execution.attempt_id or None,
        status=execution.status or None,
        ended=execution.is_ended,
        created_at=execution.created_at,
        finished_at=execution.finished_at,
        population=run.population,
        journeys=tuple(
            models.FollowingRun(id=each.id, name=each.name, status=each.execution.status or None)
            for each in run.journeys
        ),
    )


def _execution(execution: Execution) -> models.ParentExecution:
    return models.ParentExecution(
        run=execution.attempt_id or None,
        status=execution.status or None,
        ended=execution.is_ended,
        created_at=execution.created_at,
        finished_at=execution.finished_at,
        message=execution.message,
    )


def parent_status_output(status: ParentStatus) -> documents.ParentStatusOutput:
    """The parent segment as it is."""
    record, configuration = status.there.record, status.there.reading.configuration
    return documents.ParentStatusOutput(
        id=record.id,
        name=record.name,
        schedule=in_words(configuration.schedule),
        timezone=configuration.timezone,
        population=record.population,
        matrix_updated_at=record.matrix_updated_at,
        runs=None if status.runs is None else tuple(map(_execution, status.runs)),
        populations=None
        if status.populations is None
        else tuple(
            models.PopulationAt(time=each.time, population=each.population, is_run=each.is_run)
            for each in status.populations
        ),
    )
