"""What changes do to populations: how many profiles before and after, who joins and who leaves.

Each segment is counted as it will be once the whole plan is applied: what it refers to and
the plan changes too is counted in its new state, in the place of the reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from segdsl.api import Client, ClientError
from segdsl.condition import tree as c
from segdsl.diagnostics import Report
from segdsl.lift.segments import lift_rule
from segdsl.live.references import without_rule_sets
from segdsl.lower import lower
from segdsl.resolve import Program, resolve
from segdsl.rule.document import load
from segdsl.rule.model import encode
from segdsl.rule.reader import read_rule
from segdsl.rule.symbols import symbol
from segdsl.syntax import tree as t
from segdsl.values import ById, ByName
from segdsl.workspace.plan import Change, Plan
from segdsl.workspace.state import State

AT_ONCE = 16
MOST_PROFILES = 200_000
"""Profiles whose ids are fetched to compare, where a limit leaves no other way."""


class Effect(msgspec.Struct, frozen=True):
    """Profiles before and after a change, and those that join and leave; `error` where unknown."""

    before: int | None = None
    after: int | None = None
    joins: int | None = None
    leaves: int | None = None
    error: str | None = None


class _UncountableError(Exception):
    pass


async def effects(client: Client, plan: Plan, answered: Callable[[], None]) -> dict[int, Effect]:
    """The effect of each change of a plan that changes who is in a segment, by its number."""
    room = asyncio.Semaphore(AT_ONCE)
    becoming = _becoming(plan)

    async def one(number: int, change: Change) -> tuple[int, Effect]:
        async with room:
            effect = await _Counting(client, plan.parent_segment, becoming).effect(change)
        answered()
        return number, effect

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one(number, change))
            for number, change in enumerate(plan.changes)
            if counts(change)
        ]
    return dict(task.result() for task in tasks)


def counts(change: Change) -> bool:
    """Whether a change may change who is in a segment."""
    return change.action != "update" or "rule" in change.what


def _becoming(plan: Plan) -> dict[str, State]:
    """The states to be, by id or marked name."""
    return {
        change.id or symbol("segment", ByName(change.state.name)): change.after.state
        for change in plan.changes
        if change.after is not None
    }


class _Counting:
    """Counts one change."""

    def __init__(self, client: Client, parent: str, becoming: Mapping[str, State]) -> None:
        self.client = client
        self.parent = parent
        self.becoming = becoming

    async def effect(self, change: Change) -> Effect:
        try:
            return await self._effect(change)
        except ClientError as error:
            return Effect(error=error.message)
        except _UncountableError as error:
            return Effect(error=str(error))

    async def _effect(self, change: Change) -> Effect:
        old = None if change.before is None else _segment(change.before.state)
        new = None if change.after is None else self._to_be(change.after.state)
        before = None if old is None else await self._count(_rule(old))
        after = None if new is None else await self._count(_rule(new))
        if old is None or new is None or before is None or after is None:
            return Effect(before, after, joins=after or 0, leaves=before or 0)
        both = await self._common(old, new, before, after)
        return Effect(before, after, after - both, before - both)

    async def _common(self, old: c.Segment, new: c.Segment, before: int, after: int) -> int:
        """How many profiles are in both."""
        if old.limit is not None or new.limit is not None:
            return len(await self._profiles(old, before) & await self._profiles(new, after))
        if isinstance(old.condition, c.Everyone):
            return after
        if isinstance(new.condition, c.Everyone):
            return before
        both = c.And((without_rule_sets(new.condition), without_rule_sets(old.condition)))
        return await self._count(_rule(msgspec.structs.replace(new, condition=both)))

    async def _count(self, rule: str) -> int:
        return await self.client.count(self.parent, msgspec.Raw(rule.encode()))

    async def _profiles(self, of: c.Segment, number: int) -> set[object]:
        if number > MOST_PROFILES:
            raise _UncountableError(f"a limit of more than {MOST_PROFILES:,} profiles")
        rule = msgspec.Raw(_rule(of).encode())
        found = await self.client.profiles(self.parent, rule, (), number)
        return {row[0] for row in found.rows}

    def _to_be(self, state: State) -> c.Segment:
        segment = _segment(state)
        return msgspec.structs.replace(segment, condition=self._placed(segment.condition))

    def _placed(self, of: c.Condition) -> c.Condition:
        """The condition with those of segments that the plan changes in the place of references."""
        match of:
            case c.And(children) | c.Or(children):
                return msgspec.structs.replace(
                    of, children=tuple(self._placed(child) for child in children)
                )
            case c.Not(child) | c.RuleSet(_, child):
                return msgspec.structs.replace(of, child=self._placed(child))
            case c.Membership("segment", target):
                match target:
                    case ById(id):
                        state = self.becoming.get(id)
                    case ByName():
                        state = self.becoming.get(symbol("segment", target))
                if state is None:
                    return of
                other = _segment(state)
                if other.limit is not None or isinstance(other.condition, c.Everyone):
                    raise _UncountableError(
                        f"it refers to “{state.name}”, whose new limit no other rule can hold"
                        if other.limit is not None
                        else f"it refers to “{state.name}”, which becomes everyone"
                    )
                return without_rule_sets(self._placed(other.condition))
            case _:
                return of


def _segment(state: State) -> c.Segment:
    """A state as a condition."""
    report = Report()
    rule = read_rule(load(state.rule, report), "$", report)
    if rule is not None:
        tree = t.File((lift_rule(rule, state.name, None, state.kind),))
        segments = resolve(Program("", {"": tree}), report)
        if len(segments) == 1 and not report.has_errors:
            return segments[0]
    raise _UncountableError("the language has no words for a part of its rule")


def _rule(of: c.Segment) -> str:
    report = Report()
    rule = lower(of, report) or lower(of, report, layout="nested")
    if rule is None:
        raise _UncountableError("; ".join(each.message for each in report.diagnostics))
    return encode(rule, pretty=False)
