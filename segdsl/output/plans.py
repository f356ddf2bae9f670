"""The JSON documents of `plan`, `apply`, `pull` and `mv`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from segdsl.output import documents, models
from segdsl.output.remote import api_error
from segdsl.output.segments import folder_of
from segdsl.workspace.kinds.effects import Effect, Effects, PartEffect
from segdsl.workspace.kinds.resource import Change
from segdsl.workspace.sync import plan as p
from segdsl.workspace.sync.applying import Outcome
from segdsl.workspace.sync.moving import Move
from segdsl.workspace.sync.pulling import Pull


def plan_output(plan: p.Plan, effects: Effects) -> documents.PlanOutput:
    """A plan, with the effects that were counted."""
    return documents.PlanOutput(**_plan(plan, effects))


def apply_output(plan: p.Plan, outcomes: Sequence[Outcome]) -> documents.ApplyOutput:
    """A plan, and the outcome of each change."""
    return documents.ApplyOutput(
        **_plan(plan, Effects()),
        outcomes=tuple(
            models.Outcome(
                kind=outcome.change.kind,
                name=outcome.change.state.name,
                folder=folder_of(outcome.change.state.folder),
                status=_OUTCOMES[outcome.done],
                id=outcome.id,
                error=api_error(outcome.error),
            )
            for outcome in outcomes
        ),
    )


_OUTCOMES: dict[str, models.OutcomeStatus] = {
    "created": "created",
    "updated": "updated",
    "deleted": "deleted",
    "there already": "there_already",
    "failed": "failed",
    "not tried": "not_tried",
}


def _plan(plan: p.Plan, effects: Effects) -> dict[str, Any]:
    return {
        "target": plan.target,
        "parent_segment": plan.parent_segment,
        "changes": tuple(
            _change(change, effects.by_change.get(number), effects.parts.get(number, ()))
            for number, change in enumerate(plan.changes)
        ),
        "reached": tuple(
            models.ReachedResource(
                kind=reached.ref.kind,
                id=reached.id,
                folder=folder_of(reached.folder),
                name=reached.name,
                effect=_effect(reached.effect),
            )
            for reached in effects.reached
        ),
        "reached_uncounted": effects.uncounted,
        "conflicts": tuple(map(_conflict, plan.conflicts)),
        "renames": tuple(
            models.RenamedResource(
                kind=rename.kind,
                id=rename.id,
                old_name=rename.old_name,
                old_folder=folder_of(rename.old_folder),
                name=rename.name,
                folder=folder_of(rename.folder),
                file=rename.file,
                why=rename.why,
            )
            for rename in plan.renames
        ),
        "left": tuple(
            models.ResourceWithId(
                kind=entry.kind, id=entry.id, folder=folder_of(entry.folder), name=entry.name
            )
            for entry in plan.left
        ),
        "left_alone": tuple(
            models.UntouchedResource(
                kind=resource.kind,
                id=resource.id or None,
                folder=folder_of(resource.folder),
                name=resource.name,
                why=resource.why,
            )
            for resource in plan.unmanaged
        ),
        "same": len(plan.unchanged),
        "others": plan.others,
    }


def _change(
    change: Change, effect: Effect | None, parts: Iterable[PartEffect]
) -> models.PlannedChange:
    return models.PlannedChange(
        kind=change.kind,
        action=change.action,
        id=change.id,
        folder=folder_of(change.state.folder),
        name=change.state.name,
        file=change.file or None,
        what=change.what,
        notes=change.notes,
        forced=change.forced,
        before=None if change.before is None else change.before.source,
        after=None if change.after is None else change.after.source,
        effect=_effect(effect),
        stages=tuple(
            models.PartEffect(name=part.name, effect=_counted(part.effect)) for part in parts
        ),
    )


def _effect(effect: Effect | None) -> models.Effect | None:
    return None if effect is None else _counted(effect)


def _counted(effect: Effect) -> models.Effect:
    return models.Effect(
        before=effect.before,
        after=effect.after,
        joins=effect.joins,
        leaves=effect.leaves,
        error=api_error(effect.error),
    )


def _conflict(conflict: p.Conflict) -> models.Conflict:
    return models.Conflict(
        kind=conflict.kind,
        why=conflict.why,
        id=conflict.id,
        folder=folder_of(conflict.folder),
        name=conflict.name,
        file=conflict.file or None,
        last_seen=conflict.base,
        here=conflict.here,
        server=conflict.there,
        notes=conflict.notes,
    )


def mv_output(move: Move) -> documents.MvOutput:
    """A recorded move."""
    kind, folder, name = move.local.key
    return documents.MvOutput(
        kind=kind,
        id=move.entry.id,
        old_name=move.entry.name,
        old_folder=folder_of(move.entry.folder),
        name=name,
        folder=folder_of(folder),
        file=move.local.file,
        moved=move.is_new,
        displaced=None if move.displaced is None else move.displaced.id,
    )


def pull_output(pull: Pull) -> documents.PullOutput:
    """The outcome of each resource, and the conflicts."""
    return documents.PullOutput(
        segments=tuple(
            models.PulledResource(
                kind=item.kind,
                status=_PULLED[item.what],
                folder=folder_of(item.folder),
                name=item.name,
                file=item.file or None,
                why=item.why or None,
            )
            for item in pull.items
        ),
        removed=pull.removals,
        conflicts=tuple(map(_conflict, pull.conflicts)),
    )


_PULLED: dict[str, models.PulledStatus] = {
    "new": "new",
    "changed": "changed",
    "the same": "the_same",
    "respelled": "respelled",
    "changed here": "changed_here",
    "deleted here": "deleted_here",
    "gone": "gone",
    "kept": "kept",
    "noted": "noted",
    "left alone": "left_alone",
}
