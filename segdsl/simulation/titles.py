"""Steps, leavings and events of a simulation in a few words."""

from __future__ import annotations

from typing import TypeVar, assert_never

from segdsl.language import journeys as j
from segdsl.language.format.journey_text import plain_step
from segdsl.language.syntax.spelling import string
from segdsl.simulation.program import Node, Program, Stage
from segdsl.simulation.state import Event

RuleT = TypeVar("RuleT")
END = "end of the steps"


def step_title(stage: Stage[RuleT], step: int) -> str:
    """The first line of a step, as it is written: `wait 3 days`, `decide "Opened?"`."""
    if step + 1 == len(stage.nodes):
        return END
    node = stage.nodes[step].step
    match node:
        case j.WaitForCondition():
            return f"wait for {string(node.criterion.name)}"
        case j.Decide():
            return f"decide {string(node.name)}"
        case j.Split():
            return f"split {string(node.name)}"
        case (
            j.Activate() | j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays() | j.Jump() | j.End()
        ):
            return plain_step(node)
        case _:
            assert_never(node)


def way_title(node: Node[RuleT], choice: int) -> str:
    """The name of a branch or a variant; of a wait, whether its rule was met in time."""
    step = node.step
    match step:
        case j.WaitForCondition():
            return "in time" if choice == 0 else "timed out"
        case j.Decide():
            return string(step.branches[choice].name)
        case j.Split():
            return string(step.variants[choice].name)
        case _:
            return ""


def event_title(program: Program[RuleT], event: Event) -> str:
    """What happened to a profile, such as `entered “Welcome”`."""
    stage = None if event.stage is None else program.stages[event.stage]
    name = "" if stage is None else f"“{stage.name}”"
    title = "" if stage is None or event.step is None else step_title(stage, event.step)
    choice = event.choice or 0
    match event.kind:
        case "goal":
            goal = program.goal
            return f"achieved the goal “{'' if goal is None else goal.criterion.name}”"
        case "exit":
            exit = "" if stage is None else stage.exits[choice].criterion.name
            return f"left {name} by the exit “{exit}”, from: {title}"
        case "milestone":
            return f"reached the milestone of {name}"
        case "advanced":
            return f"left {name} for the next stage, from: {title}"
        case "entered":
            return f"entered {name}"
        case "continued":
            return f"came to {name} from the stage before"
        case "arrived":
            return f"came to {name} by a jump from another journey"
        case "moved":
            return f"came to {name} by a jump"
        case "lost":
            return f"could not come to {name} by a jump from another journey"
        case "dropped":
            return f"could not come to {name} by a jump, and left the journey"
        case "step":
            return title
        case "sent":
            return f"{title}: sent"
        case "repeated":
            return f"{title}: not sent again"
        case "branch" | "capped":
            way = "" if stage is None else way_title(stage.nodes[event.step or 0], choice)
            return f"{title}: {way}" if event.kind == "branch" else f"{title}: {way} is full"
        case "jumped":
            return "jumped" if not title else f"jumped, from: {title}"
        case _:
            assert_never(event.kind)
