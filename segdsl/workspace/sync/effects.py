"""What a plan does to populations: how many profiles before and after, who joins and who leaves.

Each segment is counted as it will be once the whole plan is applied: each change, and each segment
of the server that no change is about but that refers to what changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from segdsl.api import Client, ClientError
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.inline import EVERYONE, NOBODY, without_rule_sets
from segdsl.rules.lower import lower_in_any_layout
from segdsl.rules.rule.model import encode
from segdsl.workspace.sync.plan import Change, Plan
from segdsl.workspace.sync.projection import Projection, UncountableError, lifted
from segdsl.workspace.sync.segment_state import State
from segdsl.workspace.sync.server import read_server

AT_ONCE = 16
MOST_PROFILES = 200_000
"""Profiles whose ids are fetched to compare, where a limit leaves no other way."""
MOST_REACHED = 30
"""Segments beside those of the plan that are counted."""


class Effect(msgspec.Struct, frozen=True):
    """Profiles before and after a change, and those that join and leave; `error` where unknown."""

    before: int | None = None
    after: int | None = None
    joins: int | None = None
    leaves: int | None = None
    error: str | None = None


class Reached(msgspec.Struct, frozen=True):
    """A segment that is in no change, and refers to what changes."""

    id: str
    folder: tuple[str, ...]
    name: str
    effect: Effect


class Effects(msgspec.Struct, frozen=True):
    """What a plan does, counted.

    `by_change` has, by its number, each change of who is in a segment. `uncounted` is how many
    there are beside those of `reached`.
    """

    by_change: Mapping[int, Effect] = {}
    reached: tuple[Reached, ...] = ()
    uncounted: int = 0


UNASKED = Effects()
"""Nothing was counted."""


async def effects(
    client: Client,
    plan: Plan,
    begin: Callable[[int], None] = lambda steps: None,
    answered: Callable[[], None] = lambda: None,
) -> Effects:
    """The effects of a plan; `begin` hears how many there are to count."""
    if not plan.changes:
        return UNASKED
    there = (await read_server(client, plan.parent_segment)).states
    after = Projection(plan.changes, there)
    counting = _Counting(client, plan.parent_segment, after)
    changes = [
        (number, change)
        for number, change in enumerate(plan.changes)
        if change.action != "update" or change.mark in after.changing
    ]
    marks = {change.mark for change in plan.changes}
    others = sorted(
        (state.folder, state.name, id)
        for id, state in there.items()
        if id in after.changing and id not in marks
    )
    reached = [id for _, _, id in others[:MOST_REACHED]]
    begin(len(changes) + len(reached))
    room = asyncio.Semaphore(AT_ONCE)

    async def one(old: State | None, new: State | None) -> Effect:
        async with room:
            effect = await counting.effect(old, new)
        answered()
        return effect

    async with asyncio.TaskGroup() as group:
        of_changes = {
            number: group.create_task(one(*_states(change))) for number, change in changes
        }
        of_reached = {id: group.create_task(one(there[id], there[id])) for id in reached}
    return Effects(
        {number: task.result() for number, task in of_changes.items()},
        tuple(
            Reached(id, there[id].folder, there[id].name, task.result())
            for id, task in of_reached.items()
        ),
        len(others) - len(reached),
    )


def _states(change: Change) -> tuple[State | None, State | None]:
    return (
        None if change.before is None else change.before.state,
        None if change.after is None else change.after.state,
    )


class _Counting:
    """Counts one segment after the other."""

    def __init__(self, client: Client, parent: str, after: Projection) -> None:
        self.client = client
        self.parent = parent
        self.after = after

    async def effect(self, old: State | None, new: State | None) -> Effect:
        """Of a segment that is `old` now and will be `new`."""
        try:
            return await self._effect(old, new)
        except ClientError as error:
            return Effect(error=error.message)
        except UncountableError as error:
            return Effect(error=str(error))

    async def _effect(self, old: State | None, new: State | None) -> Effect:
        to_be = None if new is None else self.after.segment(new)
        before = None if old is None else await self._count(old.rule)
        after = None if to_be is None else await self._number(to_be)
        if old is None or to_be is None or before is None or after is None:
            return Effect(before, after, joins=after or 0, leaves=before or 0)
        both = await self._common(old, to_be, before, after)
        return Effect(before, after, after - both, before - both)

    async def _common(self, old: State, new: c.Segment, before: int, after: int) -> int:
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

    async def _number(self, of: c.Segment) -> int:
        return 0 if of.condition == NOBODY else await self._count(_rule(of))

    async def _count(self, rule: str) -> int:
        return await self.client.count(self.parent, msgspec.Raw(rule.encode()))

    async def _ids(self, rule: str, number: int) -> set[object]:
        if number > MOST_PROFILES:
            raise UncountableError(f"a limit of more than {MOST_PROFILES:,} profiles")
        found = await self.client.profiles(self.parent, msgspec.Raw(rule.encode()), (), number)
        return {row[0] for row in found.rows}


def _rule(of: c.Segment) -> str:
    report = Report()
    rule = lower_in_any_layout(of, report)
    if rule is None:
        raise UncountableError("; ".join(each.message for each in report.diagnostics))
    return encode(rule, pretty=False)
