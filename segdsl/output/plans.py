"""From plans and pulls to the JSON documents of `plan`, `apply` and `pull`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segdsl.output import parts, shapes
from segdsl.output.making import folder_of
from segdsl.output.remote import api_error
from segdsl.workspace.kinds.effects import Effect, Effects
from segdsl.workspace.sync import plan as p
from segdsl.workspace.sync.applying import Outcome
from segdsl.workspace.sync.moving import Move
from segdsl.workspace.sync.pulling import Pull


def plan_output(plan: p.Plan, effects: Effects) -> shapes.PlanOutput:
    """A plan with the effects that were counted."""
    return shapes.PlanOutput(**_plan(plan, effects))


def apply_output(plan: p.Plan, outcomes: Sequence[Outcome]) -> shapes.ApplyOutput:
    """A plan and what became of each change."""
    return shapes.ApplyOutput(
        **_plan(plan, Effects()),
        outcomes=tuple(
            parts.Outcome(
                name=each.change.state.name,
                folder=folder_of(each.change.state.folder),
                status=_OUTCOMES[each.done],
                id=each.id,
                error=api_error(each.error),
            )
            for each in outcomes
        ),
    )


_OUTCOMES: dict[str, parts.OutcomeStatus] = {
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
            parts.PlannedChange(
                action=change.action,
                id=change.id,
                folder=folder_of(change.state.folder),
                name=change.state.name,
                file=change.file or None,
                what=change.what,
                forced=change.forced,
                before=None if change.before is None else change.before.source,
                after=None if change.after is None else change.after.source,
                effect=_effect(effects.by_change.get(number)),
            )
            for number, change in enumerate(plan.changes)
        ),
        "reached": tuple(
            parts.ReachedSegment(
                id=each.id,
                folder=folder_of(each.folder),
                name=each.name,
                effect=_effect(each.effect),
            )
            for each in effects.reached
        ),
        "reached_uncounted": effects.uncounted,
        "conflicts": tuple(map(_conflict, plan.conflicts)),
        "renames": tuple(
            parts.RenamedSegment(
                id=each.id,
                old_name=each.old_name,
                old_folder=folder_of(each.old_folder),
                name=each.name,
                folder=folder_of(each.folder),
                file=each.file,
                why=each.why,
            )
            for each in plan.renames
        ),
        "left": tuple(
            parts.SegmentWithId(id=each.id, folder=folder_of(each.folder), name=each.name)
            for each in plan.left
        ),
        "left_alone": tuple(
            parts.UntouchedSegment(
                id=each.id or None, folder=folder_of(each.folder), name=each.name, why=each.why
            )
            for each in plan.unmanaged
        ),
        "same": len(plan.unchanged),
        "others": plan.others,
    }


def _effect(effect: Effect | None) -> parts.Effect | None:
    if effect is None:
        return None
    return parts.Effect(
        before=effect.before,
        after=effect.after,
        joins=effect.joins,
        leaves=effect.leaves,
        error=api_error(effect.error),
    )


def _conflict(of: p.Conflict) -> parts.Conflict:
    return parts.Conflict(
        why=of.why,
        id=of.id,
        folder=folder_of(of.folder),
        name=of.name,
        file=of.file or None,
        last_seen=of.base,
        here=of.here,
        server=of.there,
        notes=of.notes,
    )


def mv_output(move: Move) -> shapes.MvOutput:
    """A move that was recorded."""
    _, folder, name = move.local.key
    return shapes.MvOutput(
        id=move.entry.id,
        old_name=move.entry.name,
        old_folder=folder_of(move.entry.folder),
        name=name,
        folder=folder_of(folder),
        file=move.local.file,
        moved=move.is_new,
        displaced=None if move.displaced is None else move.displaced.id,
    )


def pull_output(pull: Pull) -> shapes.PullOutput:
    """What became of each segment, and the conflicts."""
    return shapes.PullOutput(
        segments=tuple(
            parts.PulledSegment(
                status=_PULLED[each.what],
                folder=folder_of(each.folder),
                name=each.name,
                file=each.file or None,
                why=each.why or None,
            )
            for each in pull.items
        ),
        removed=pull.removals,
        conflicts=tuple(map(_conflict, pull.conflicts)),
    )


_PULLED: dict[str, parts.PulledStatus] = {
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
