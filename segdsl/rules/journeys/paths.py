"""Where the parts of a journey are, by names: what their ids are kept under.

A path is a tuple of names: `("Welcome", "steps", "Opened?", "Not opened", "SMS reminder")` is the
step `SMS reminder` in the branch `Not opened` of the step `Opened?` of the stage `Welcome`. Steps
of one block with the same name are numbered (`Wait 1 day`, `Wait 1 day (2)`), so that a step keeps
its path when others come before it. The ids are of these kinds, each with the journey's name as
the parent and the path as the name:

- `journey stage`: the stage's id on the server, by the stage's name alone;
- `journey step`: the uuid of a step, a branch, a path of a wait, a variant or a merge;
- `journey segment`: the segment of a criterion or a branch;
- `journey activation`: the activation step of the activation of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar, assert_never
from uuid import UUID, uuid5

from segdsl.language import journeys as j

RuleT = TypeVar("RuleT")
Path = tuple[str, ...]
GOAL: Path = ("goal",)
ENTER, MILESTONE, EXIT, STEPS = "enter", "milestone", "exit", "steps"
THEN, OTHERWISE = "then", "otherwise"
"""The paths of a wait for a condition, which have no names."""
MERGE = ""
"""In place of a branch: where the blocks of a step meet."""
_PIECE = re.compile(r"/|\\.|[^/\\]+", re.DOTALL)
_NAMESPACE = UUID("5e8b7f0e-3c0e-5b44-9a36-0d6a5d9a4c1b")


def path_text(path: Path) -> str:
    """A path as one name: `Welcome/steps/Opened?`; a slash in a name is escaped."""
    return "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in path)


def path_of(text: str) -> Path:
    """The path that `path_text` wrote."""
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == "/":
            parts.append("")
        else:
            parts[-1] += piece[1:] if piece.startswith("\\") else piece
    return tuple(parts)


def keys(names: Iterable[str]) -> list[str]:
    """The names, with a number behind those that occurred before."""
    taken: set[str] = set()
    made: list[str] = []
    for name in names:
        key, number = name, 1
        while key in taken:
            number += 1
            key = f"{name} ({number})"
        taken.add(key)
        made.append(key)
    return made


def new_id(journey: str, path: Path) -> str:
    """The uuid of a part that has none yet: the same for the same journey and path."""
    return str(uuid5(_NAMESPACE, f"{path_text((journey,))}/{path_text(path)}"))


# --- names of steps --------------------------------------------------------------------


def default_name(step: j.Step[RuleT]) -> str:
    """What a step is called where nothing is written.

    It does not depend on what is found under an id, so that it reads back as nothing written.
    """
    match step:
        case j.Activate(activation):
            return activation
        case j.WaitFor(amount, unit):
            return f"Wait {amount_text(amount.text, unit)}"
        case j.WaitUntilDate(date):
            return f"Wait until {date}"
        case j.WaitUntilDays(weekdays):
            return f"Wait until {' or '.join(weekdays)}"
        case j.WaitForCondition(criterion):
            return criterion.name
        case j.Decide(name) | j.Split(name):
            return name
        case j.Jump():
            return "Jump"
        case j.End():
            return "End"
        case _:
            assert_never(step)


def amount_text(amount: str, unit: j.WaitUnit) -> str:
    """`1 day`, `3 days`."""
    return f"{amount} {unit}{'' if amount == '1' else 's'}"


def name_of(step: j.Step[RuleT]) -> str:
    """What a step is called in the API."""
    return step.name or default_name(step)


# --- paths of parts --------------------------------------------------------------------


def stage_paths(journey: j.Journey[RuleT]) -> list[Path]:
    """The paths of the stages, in their order."""
    return [(key,) for key in keys(stage.name for stage in journey.stages)]


def step_paths(block: j.Block[RuleT], inside: Path) -> list[Path]:
    """The paths of the steps of a block: of a stage (`… steps`), or of a branch."""
    return [(*inside, key) for key in keys(map(name_of, block))]


def block_paths(step: j.Step[RuleT], path: Path) -> list[Path]:
    """The paths of a step's blocks, in the order of `segdsl.language.journeys.blocks`."""
    match step:
        case j.WaitForCondition():
            ends = (THEN,) if step.timeout is None else (THEN, OTHERWISE)
            return [(*path, end) for end in ends]
        case j.Decide(_, branches):
            return [(*path, key) for key in keys(branch.name for branch in branches)]
        case j.Split(_, variants):
            return [(*path, key) for key in keys(variant.name for variant in variants)]
        case j.Activate() | j.WaitFor() | j.WaitUntilDate() | j.WaitUntilDays():
            return []
        case j.Jump() | j.End():
            return []
        case _:
            assert_never(step)


def rule_paths(journey: j.Journey[RuleT]) -> Iterator[tuple[Path, str, RuleT]]:
    """Every rule with its path and its name, in the order of `segdsl.language.journeys.rules`."""
    if journey.goal is not None:
        yield GOAL, journey.goal.name, journey.goal.rule
    for at, stage in zip(stage_paths(journey), journey.stages, strict=True):
        for word, criterion in ((ENTER, stage.enter), (MILESTONE, stage.milestone)):
            if criterion is not None:
                yield (*at, word), criterion.name, criterion.rule
        for path, criterion in zip(exit_paths(stage, at), stage.exits, strict=True):
            yield path, criterion.name, criterion.rule
        yield from _block_rules(stage.steps, (*at, STEPS))


def _block_rules(block: j.Block[RuleT], inside: Path) -> Iterator[tuple[Path, str, RuleT]]:
    for path, step in zip(step_paths(block, inside), block, strict=True):
        inner = block_paths(step, path)
        if isinstance(step, j.WaitForCondition):
            yield (*path, THEN), step.criterion.name, step.criterion.rule
        for index, (at, steps) in enumerate(zip(inner, j.blocks(step), strict=True)):
            if isinstance(step, j.Decide):
                branch = step.branches[index]
                if branch.rule is not None:
                    yield at, branch.name, branch.rule
            yield from _block_rules(steps, at)


def exit_paths(stage: j.JourneyStage[RuleT], at: Path) -> list[Path]:
    """The paths of a stage's exits; `at` is the stage's."""
    return [(*at, EXIT, key) for key in keys(criterion.name for criterion in stage.exits)]
