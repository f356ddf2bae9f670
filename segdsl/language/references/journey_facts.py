"""What journeys define and where they lead, as far as other files ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal as OneOf

import msgspec

from segdsl.language import journeys as j
from segdsl.language.activations import Activation
from segdsl.language.condition import tree as c
from segdsl.language.values import ByName
from segdsl.source import Span


class JumpFacts(msgspec.Struct, frozen=True):
    """A jump of a stage, which is None for the goal of a journey.

    `at_once` is whether a profile may come to this step in the evaluation in which it enters the
    stage: no wait is on the way.
    """

    what: OneOf["step", "goal", "exit"]
    stage: str | None
    target: j.JourneyStageRef
    at_once: bool = False


class StepFacts(msgspec.Struct, frozen=True):
    """A step that sends profiles to an activation."""

    activation: str
    span: Span


class JourneyFacts(msgspec.Struct, frozen=True):
    """A journey: its place, the names of its stages, where it jumps, and what it activates."""

    place: c.Place
    stages: tuple[str, ...]
    jumps: tuple[JumpFacts, ...]
    activations: tuple[StepFacts, ...]
    name_span: Span


def journey_facts(journeys: Iterable[j.Journey[c.Segment]]) -> tuple[JourneyFacts, ...]:
    """What is known of journeys, each by itself."""
    return tuple(
        JourneyFacts(
            (c.folder_path(journey.folder), journey.name),
            tuple(stage.name for stage in journey.stages),
            tuple(_jumps(journey)),
            tuple(
                StepFacts(step.activation, step.span)
                for stage in journey.stages
                for step in j.walk_steps(stage.steps)
                if isinstance(step, j.Activate)
            ),
            journey.name_span,
        )
        for journey in journeys
    )


def journey_activations(activations: Iterable[Activation]) -> frozenset[tuple[str, str]]:
    """The names of the activations of journeys, each behind the name of its journey."""
    return frozenset(
        (each.target.reference.name, each.name)
        for each in activations
        if each.target.kind == "journey" and isinstance(each.target.reference, ByName)
    )


def _jumps(journey: j.Journey[c.Segment]) -> Iterator[JumpFacts]:
    if journey.goal is not None and journey.goal.jump is not None:
        yield JumpFacts("goal", None, journey.goal.jump)
    for stage in journey.stages:
        for exit in stage.exits:
            if exit.jump is not None:
                yield JumpFacts("exit", stage.name, exit.jump)
        for step, at_once in _at_once(stage.steps, at_once=True)[0]:
            yield JumpFacts("step", stage.name, step.target, at_once)


def _at_once(block: j.Block[c.Segment], *, at_once: bool) -> tuple[list[tuple[j.Jump, bool]], bool]:
    """The jumps in a block, and whether a profile may come to its end without a wait."""
    jumps: list[tuple[j.Jump, bool]] = []
    for step in block:
        match step:
            case j.Jump():
                jumps.append((step, at_once))
                at_once = False
            case j.End() | j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays():
                at_once = False
            case j.Activate():
                pass
            case j.WaitForCondition() | j.Decide() | j.Split():
                before = at_once and not isinstance(step, j.WaitForCondition)
                inner = [_at_once(each, at_once=before) for each in j.blocks(step)]
                jumps += [jump for found, _ in inner for jump in found]
                at_once = any(passes for _, passes in inner)
    return jumps, at_once
