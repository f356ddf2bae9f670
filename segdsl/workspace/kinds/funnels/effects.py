"""What changes of funnels do to their stages: profiles before and after, who joins and leaves.

Each stage whose rule changes is counted as it will be once the whole plan is applied, and so is one
that refers to a segment or to another stage that changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from segdsl.api import Client
from segdsl.language.condition import tree as c
from segdsl.language.references.inline import MAX_INLINED, inline_segments
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ById
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting, Effects, PartEffect
from segdsl.workspace.kinds.funnels.state import FunnelState, StageState
from segdsl.workspace.kinds.resource import Change, Server, Version
from segdsl.workspace.kinds.segments.effects import AT_ONCE, Counter
from segdsl.workspace.kinds.segments.projection import Projection, UncountableError, segment_state
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.keys import FUNNEL, SEGMENT, STAGE


async def funnel_effects(
    client: Client,
    parent_id: str,
    plan: Mapping[int, Change],
    server: Server,
    counting: Counting,
) -> Effects:
    """The effects of the changes of funnels in a plan on their stages, by the changes' numbers."""
    funnels = {number: each for number, each in plan.items() if each.kind == FUNNEL}
    if not funnels:
        return NOT_COUNTED
    after = _Stages(plan, server)
    changed = {number: after.changed(each) for number, each in funnels.items()}
    counting.begin(sum(map(len, changed.values())))
    counter = Counter(client, parent_id, after)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(old: StageState | None, new: StageState | None) -> PartEffect:
        stage = new or old
        assert stage is not None, "a stage is on one side at least"
        async with room:
            effect = await counter.effect(_segment(old), _segment(new))
        counting.answered()
        return PartEffect(stage.name, effect)

    async with asyncio.TaskGroup() as group:
        tasks = {
            number: [group.create_task(one(old, new)) for old, new in stages]
            for number, stages in changed.items()
        }
    parts = {number: tuple(each.result() for each in of) for number, of in tasks.items() if of}
    return Effects(parts=parts)


_Pair = tuple[StageState | None, StageState | None]


class _Stages:
    """The stages as they will be, each as one condition with what changes in its place."""

    def __init__(self, plan: Mapping[int, Change], server: Server) -> None:
        there = {
            ref.id: segment_state(state)
            for ref, state in server.states.items()
            if ref.kind == SEGMENT
        }
        changes = [each for each in plan.values() if each.kind == SEGMENT]
        self._segments = Projection(changes, there)
        pairs = [pair for each in plan.values() if each.kind == FUNNEL for pair in _pairs(each)]
        rules = {new.id: new for old, new in pairs if new and (not old or old.rule != new.rule)}
        every = {new.id: new for _, new in pairs if new}
        self._changing = dict(rules)
        while more := {
            id: each
            for id, each in every.items()
            if id not in self._changing and self._refers_to_change(each)
        }:
            self._changing |= more
        self._waiting: set[str] = set()

    def _refers_to_change(self, stage: StageState) -> bool:
        state = _segment(stage)
        return state is not None and any(
            ref.id in (self._segments.changing if ref.kind == SEGMENT else self._changing)
            for ref in state.refers_to
            if ref.kind in (SEGMENT, STAGE)
        )

    def changed(self, change: Change) -> list[_Pair]:
        """The stages of a funnel with a rule that others will be in, before and after."""
        return [
            (old, new)
            for old, new in _pairs(change)
            if (old is not None and old.rule) or (new is not None and new.rule)
            if new is None or new.id in self._changing
        ]

    def segment(self, state: SegmentState) -> c.Segment:
        """A stage's rule with what changes in the place of references; see `Projected`."""
        placed = self._segments.segment(state)
        times = 0

        def put(reference: c.Membership) -> c.Condition | None:
            nonlocal times
            target = reference.target
            id = target.id if isinstance(target, ById) else symbolic_id(STAGE, target)
            stage = self._changing.get(id)
            if stage is None:
                return None
            times += 1
            inner = _segment(stage)
            if inner is None:
                raise UncountableError(f"it refers to the stage “{stage.name}”, which has no rule")
            if id in self._waiting or times > MAX_INLINED:
                raise UncountableError("its references to stages are too deep")
            self._waiting.add(id)
            try:
                other = self.segment(inner)
            finally:
                self._waiting.discard(id)
            if other.limit is not None:
                raise UncountableError(
                    f"it refers to the stage “{stage.name}”, which changes too and has a limit "
                    "that no other rule can hold"
                )
            return other.condition

        condition = inline_segments(placed.condition, put, "stage")
        return msgspec.structs.replace(placed, condition=condition)


def _pairs(change: Change) -> list[_Pair]:
    """The stages of a change before and after, in the order of those that will be."""
    before = {each.id: each for each in _stages(change.before)}
    after = {each.id: each for each in _stages(change.after)}
    gone = [each for id, each in before.items() if id not in after]
    return [
        *((before.get(id), each) for id, each in after.items()),
        *((each, None) for each in gone),
    ]


def _stages(version: Version | None) -> tuple[StageState, ...]:
    if version is None:
        return ()
    assert isinstance(version.state, FunnelState), "a funnel"
    return version.state.stages


def _segment(stage: StageState | None) -> SegmentState | None:
    """The rule of a stage as that of a segment; None where there is none."""
    if stage is None or not stage.rule:
        return None
    return SegmentState((), stage.name, "batch", "", stage.rule)
