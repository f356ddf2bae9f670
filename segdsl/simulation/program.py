"""Journeys as programs: the steps of each stage in one list, with where each leads.

Steps are numbered from 0 in the order in which they are written, those in blocks too; the number
after the last is the end of the steps. Every way leads to a higher number, so that one pass over
the list moves all profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from segdsl.language.journeys import (
    Block,
    Criterion,
    End,
    Journey,
    JourneyStage,
    JourneyStageRef,
    Jump,
    Step,
    blocks,
)
from segdsl.language.values import ByName, Reference

RuleT = TypeVar("RuleT")


class Target(msgspec.Struct, frozen=True):
    """A stage of one of the simulated journeys: the numbers of both."""

    journey: int
    stage: int


class Node(msgspec.Struct, Generic[RuleT], frozen=True):
    """A step with where it leads: to `next`, and through block *i* to `ways[i]` first.

    The end of the steps is an `End` of its own. `depth` counts the blocks around the step, and
    `target` is where a jump goes; None if that stage is not simulated.
    """

    step: Step[RuleT]
    next: int
    ways: tuple[int, ...] = ()
    depth: int = 0
    target: Target | None = None


class Leaving(msgspec.Struct, Generic[RuleT], frozen=True):
    """A goal or an exit: its rule, whether it jumps, and where to, if that is simulated."""

    criterion: Criterion[RuleT]
    target: Target | None

    @property
    def jumps(self) -> bool:
        return self.criterion.jump is not None


class Stage(msgspec.Struct, Generic[RuleT], frozen=True):
    """A stage: the last of its nodes is the end of its steps."""

    stage: JourneyStage[RuleT]
    nodes: tuple[Node[RuleT], ...]
    exits: tuple[Leaving[RuleT], ...]

    @property
    def name(self) -> str:
        return self.stage.name


class Program(msgspec.Struct, Generic[RuleT], frozen=True):
    """A journey, its number in the simulation, and its stages."""

    number: int
    journey: Journey[RuleT]
    goal: Leaving[RuleT] | None
    stages: tuple[Stage[RuleT], ...]

    @property
    def name(self) -> str:
        return self.journey.name


def programs(journeys: Sequence[Journey[RuleT]]) -> tuple[Program[RuleT], ...]:
    """The programs of journeys that may jump to each other, numbered in their order.

    Where several journeys or stages have one name, a jump leads to the first.
    """
    return tuple(_Compiler(journeys, number).program() for number in range(len(journeys)))


class _Compiler(Generic[RuleT]):
    def __init__(self, journeys: Sequence[Journey[RuleT]], number: int) -> None:
        self._journeys = journeys
        self._number = number
        self._nodes: list[Node[RuleT]] = []

    def program(self) -> Program[RuleT]:
        journey = self._journeys[self._number]
        goal = None if journey.goal is None else self._leaving(journey.goal)
        return Program(self._number, journey, goal, tuple(map(self._stage, journey.stages)))

    def _stage(self, stage: JourneyStage[RuleT]) -> Stage[RuleT]:
        self._nodes = []
        end = _size(stage.steps)
        self._block(stage.steps, end, 0)
        self._nodes.append(Node(End(), end))
        assert len(self._nodes) == end + 1, "every step has its number"
        return Stage(stage, tuple(self._nodes), tuple(map(self._leaving, stage.exits)))

    def _block(self, block: Block[RuleT], after: int, depth: int) -> None:
        """Adds the steps of a block, behind which `after` follows."""
        for position, step in enumerate(block):
            here = len(self._nodes)
            is_last = position + 1 == len(block)
            following = after if is_last else here + _size((step,))
            inner = blocks(step)
            ways: list[int] = []
            begin = here + 1
            for each in inner:
                ways.append(begin if each else following)
                begin += _size(each)
            self._nodes.append(Node(step, following, tuple(ways), depth, self._target(step)))
            for each in inner:
                self._block(each, following, depth + 1)

    def _target(self, step: Step[RuleT]) -> Target | None:
        return self._resolved(step.target) if isinstance(step, Jump) else None

    def _leaving(self, criterion: Criterion[RuleT]) -> Leaving[RuleT]:
        jump = criterion.jump
        return Leaving(criterion, None if jump is None else self._resolved(jump))

    def _resolved(self, target: JourneyStageRef) -> Target | None:
        number = self._number
        if target.journey is not None:
            names = [journey.name for journey in self._journeys]
            found = _position(target.journey, names)
            if found is None:
                return None
            number = found
        stages = [stage.name for stage in self._journeys[number].stages]
        stage = _position(target.stage, stages)
        return None if stage is None else Target(number, stage)


def _position(reference: Reference, names: list[str]) -> int | None:
    if isinstance(reference, ByName) and reference.name in names:
        return names.index(reference.name)
    return None


def _size(block: Block[RuleT]) -> int:
    """The number of steps in a block, with those in blocks in it."""
    return sum(1 + sum(map(_size, blocks(step))) for step in block)
