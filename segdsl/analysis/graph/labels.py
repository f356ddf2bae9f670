"""What a picture of a journey says of its parts, in a few words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import assert_never

import msgspec

from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, Number, Reference
from segdsl.terminal import visible

Step = j.Step[c.Segment]
Block = j.Block[c.Segment]
Kind = OneOf["activate", "wait", "decide", "split", "jump", "end", "enter", "milestone", "exit"]


class Label(msgspec.Struct, frozen=True):
    """The kind of a part, what it is in a word or two, and its text, "" for none."""

    kind: Kind
    head: str
    text: str = ""


class Way(msgspec.Struct, frozen=True):
    """A way on from a step: what stands beside it, and the steps that follow."""

    label: str
    steps: Block


def step_label(step: Step) -> Label:
    """A step; where it has a name, its default is a part of the head."""
    match step:
        case j.Activate(activation, name):
            if name is None or name == activation:
                return Label("activate", "activate", visible(activation))
            return Label("activate", f"activate {visible(activation)}", visible(name))
        case j.WaitFor(amount, unit, name):
            return _wait(f"wait {_amount(amount, unit)}", name)
        case j.WaitUntilDate(date, zone, name):
            return _wait(f"wait until {date}{_zone(zone)}", name)
        case j.WaitUntilDays(weekdays, zone, name):
            return _wait(f"wait until {' or '.join(weekdays)}{_zone(zone)}", name)
        case j.WaitForCondition():
            return _wait(f"wait for {visible(step.criterion.name)}", step.name)
        case j.Decide(name):
            return Label("decide", "decide", visible(name))
        case j.Split(name, _, by):
            return Label(
                "split", "split" if by is None else f"split by {visible(by)}", visible(name)
            )
        case j.Jump(target, name):
            where = f"jump to {target_text(target)}"
            return Label("jump", where) if name is None else Label("jump", where, visible(name))
        case j.End(name):
            return Label("end", "end", "" if name is None else visible(name))
        case _:
            assert_never(step)


def _wait(what: str, name: str | None) -> Label:
    return Label("wait", what, "" if name is None else visible(name))


def ways(step: Step) -> tuple[Way, ...]:
    """The ways on from a branching step; none for a step that has one."""
    match step:
        case j.WaitForCondition():
            met = Way(visible(step.criterion.name), step.then)
            if step.timeout is None:
                return (met,)
            return (met, Way(f"after {_amount(*step.timeout)}", step.otherwise))
        case j.Decide():
            return tuple(
                Way(
                    visible(each.name) if each.rule is not None else f"else: {visible(each.name)}",
                    each.steps,
                )
                for each in step.branches
            )
        case j.Split():
            return tuple(Way(_share(each), each.steps) for each in step.variants)
        case _:
            return ()


def _share(variant: j.Variant[c.Segment]) -> str:
    control = " (control)" if variant.control else ""
    cap = "" if variant.cap is None else f", up to {variant.cap.text}"
    return f"{variant.percentage.text}% {visible(variant.name)}{control}{cap}"


def stage_criteria(
    stage: j.JourneyStage[c.Segment],
) -> Iterator[tuple[Label, j.JourneyStageRef | None]]:
    """Who leaves a stage, each with where a jump leads: its exits, then its milestone."""
    for exit in stage.exits:
        yield Label("exit", "exit", visible(exit.name)), exit.jump
    if stage.milestone is not None:
        yield Label("milestone", "milestone", visible(stage.milestone.name)), None


def target_text(target: j.JourneyStageRef) -> str:
    """`Loyal`, `Loyal of VIP`."""
    stage = _reference(target.stage)
    return stage if target.journey is None else f"{stage} of {_reference(target.journey)}"


def _reference(target: Reference) -> str:
    return f"#{target.id}" if isinstance(target, ById) else visible(target.name)


def _amount(amount: Number, unit: j.WaitUnit) -> str:
    return f"{amount.text} {unit}{'' if amount.text == '1' else 's'}"


def _zone(zone: str | None) -> str:
    return "" if zone is None else f" in {visible(zone)}"


def goes_on(step: Step) -> bool:
    """Whether anybody comes to what is behind a step."""
    if isinstance(step, j.Jump | j.End):
        return False
    following = ways(step)
    return not following or any(block_goes_on(way.steps) for way in following)


def block_goes_on(block: Block) -> bool:
    """Whether anybody comes to what is behind a block."""
    return all(map(goes_on, block))
