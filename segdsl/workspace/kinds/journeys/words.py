"""What a change of a journey means, in plain sentences for a plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segdsl.diagnostics.places import counted
from segdsl.language.syntax.spelling import string


def creation(name: str, stages: int, activations: int) -> list[str]:
    """What there is of a new one, and that nobody is in it before it is launched."""
    sent = f" and {counted(activations, 'activation')}" if activations else ""
    return [
        f"a draft with {counted(stages, 'stage')}{sent}: no profile enters it before it is "
        f"launched, with `segdsl journey launch {string(name)}`"
    ]


def version(launched: bool, number: int, *, is_same: bool) -> list[str]:
    """Which version a change is made in; `number` is the newest, and `is_same` whether stages,
    rules and steps stay as they are."""
    current = f"version {number}" if number else "the version"
    if not launched:
        return [f"changes {current}, which is a draft"]
    if is_same:
        return [f"changes {current}, which is launched: its stages, rules and steps stay"]
    new = f"version {number + 1}" if number else "a new version"
    return [f"makes {new}, a draft: {current} is launched, and stays as it is"]


def stages(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Which stages are new, gone, or in another order."""
    found = [f"the stage “{name}” is new" for name in after if name not in before]
    found += [f"the stage “{name}” is left out" for name in before if name not in after]
    if [name for name in before if name in after] != [name for name in after if name in before]:
        found.append("its stages are in another order")
    return found


def changed_parts(noun: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Which of its parts are new, gone or changed, by their names."""
    found = [f"the {noun} “{name}” is new" for name in after if name not in before]
    both = [name for name in after if name in before]
    found += [f"the {noun} “{name}” changes" for name in both if before[name] != after[name]]
    gone = [name for name in before if name not in after]
    return [*found, *(f"the {noun} “{name}” is activated by no step" for name in gone)]
