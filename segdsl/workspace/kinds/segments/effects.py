"""What changes of segments do to populations: profiles before and after, who joins and leaves.

Each segment is counted as it will be once the whole plan is applied: each change, and each segment
of the server that no change is about but that refers to what changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import msgspec

from segdsl.api import Client, ClientError
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.inline import EVERYONE, NOBODY, without_rule_sets
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.rules.lower import lower_in_any_layout
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting, Effect, Effects, Reached
from segdsl.workspace.kinds.resource import Change, Server
from segdsl.workspace.kinds.segments.projection import (
    Projection,
    UncountableError,
    lifted,
    segment_state,
)
from segdsl.workspace.kinds.segments.state import SegmentState, rule_refs
from segdsl.workspace.project.keys import PREDICTIVE, SEGMENT, Ref

AT_ONCE = 16
MOST_PROFILES = 200_000
"""Profiles whose ids are fetched to compare, where a limit leaves no other way."""
MOST_REACHED = 30
"""Segments beside those of the plan that are counted."""


async def segment_effects(
    client: Client,
    parent_id: str,
    plan: Mapping[int, Change],
    server: Server,
    counting: Counting,
) -> Effects:
    """The effects of the changes of segments in a plan, by their numbers."""
    if not plan:
        return NOT_COUNTED
    there = {
        ref.id: segment_state(state) for ref, state in server.states.items() if ref.kind == SEGMENT
    }
    after = Projection(plan.values(), there)
    counter = Counter(client, parent_id, after)
    changes = [
        (number, change)
        for number, change in plan.items()
        if change.action != "update" or change.ref.id in after.changing
    ]
    marks = {change.ref.id for change in plan.values()}
    others = sorted(
        (state.folder, state.name, id)
        for id, state in there.items()
        if id in after.changing and id not in marks
    )
    reached = [id for _, _, id in others[:MOST_REACHED]]
    counting.begin(len(changes) + len(reached))
    room = asyncio.Semaphore(AT_ONCE)

    async def one(old: SegmentState | None, new: SegmentState | None) -> Effect:
        async with room:
            effect = await counter.effect(old, new)
        counting.answered()
        return effect

    async with asyncio.TaskGroup() as group:
        of_changes = {
            number: group.create_task(one(*_states(change))) for number, change in changes
        }
        of_reached = {id: group.create_task(one(there[id], there[id])) for id in reached}
    return Effects(
        {number: task.result() for number, task in of_changes.items()},
        tuple(
            Reached(Ref(SEGMENT, id), there[id].folder, there[id].name, task.result())
            for id, task in of_reached.items()
        ),
        len(others) - len(reached),
    )


def _states(change: Change) -> tuple[SegmentState | None, SegmentState | None]:
    return (
        None if change.before is None else segment_state(change.before.state),
        None if change.after is None else segment_state(change.after.state),
    )


class Projected(Protocol):
    """Says what a state will be, as one condition that the server can count."""

    def segment(self, state: SegmentState) -> c.Segment:
        """Raises UncountableError."""


class Counter:
    """Counts one segment after the other."""

    def __init__(self, client: Client, parent: str, after: Projected) -> None:
        self.client = client
        self.parent = parent
        self.after = after

    async def effect(self, old: SegmentState | None, new: SegmentState | None) -> Effect:
        """Of a segment that is `old` now and will be `new`."""
        try:
            return await self._effect(old, new)
        except ClientError as error:
            return Effect(error=error.message)
        except UncountableError as error:
            return Effect(error=str(error))

    async def _effect(self, old: SegmentState | None, new: SegmentState | None) -> Effect:
        to_be = None if new is None else self.after.segment(new)
        before = None if old is None else await self._count(old.rule)
        after = None if to_be is None else await self._number(to_be)
        if old is None or to_be is None or before is None or after is None:
            return Effect(before, after, joins=after or 0, leaves=before or 0)
        both = await self._common(old, to_be, before, after)
        return Effect(before, after, after - both, before - both)

    async def _common(self, old: SegmentState, new: c.Segment, before: int, after: int) -> int:
        """How many profiles are in both."""
        if before == 0 or after == 0:
            return 0
        try:
            now = lifted(old)
        except UncountableError:
            now = None
        if now is None or now.limit is not None or new.limit is not None:
            return len(await self._ids(old.rule, before) & await self._ids(_rule(new), after))
        if now.condition == EVERYONE:
            return after
        if new.condition == EVERYONE:
            return before
        both = c.And((without_rule_sets(new.condition), without_rule_sets(now.condition)))
        return await self._count(_rule(msgspec.structs.replace(new, condition=both)))

    async def _number(self, segment: c.Segment) -> int:
        return 0 if segment.condition == NOBODY else await self._count(_rule(segment))

    async def _count(self, rule: str) -> int:
        return await self.client.count(self.parent, msgspec.Raw(rule.encode()))

    async def _ids(self, rule: str, number: int) -> set[object]:
        if number > MOST_PROFILES:
            raise UncountableError(f"a limit of more than {MOST_PROFILES:,} profiles")
        found = await self.client.profiles(self.parent, msgspec.Raw(rule.encode()), (), number)
        return {row[0] for row in found.rows}


def _rule(segment: c.Segment) -> str:
    report = Report()
    rule = lower_in_any_layout(segment, report)
    if rule is None:
        raise UncountableError("; ".join(each.message for each in report.diagnostics))
    text = encode(rule, pretty=False)
    if any(ref.kind == PREDICTIVE and is_symbolic(ref.id) for ref in rule_refs(text)):
        raise UncountableError("it goes by the scores of a predictive segment that is new")
    return text
