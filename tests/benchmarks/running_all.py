"""The groups of rows, one module each, and a run of them one after another.

A group is imported when its turn comes, so that a peer which is not installed costs its rows
alone; what goes wrong is told as the outcome of a row.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from measures import Comparison, Failure, Figure, Row, measure

GROUPS = ("language", "processes", "checks", "large", "listing", "engine", "building", "simulating")
HERE = Path(__file__).parent

Benchmark = Comparison | Figure
Outcome = Row | Failure


def run(folder: Path, scale: float, only: str | None, tell: Callable[[str], None]) -> list[Outcome]:
    """Measures the rows, or those that `only` is in the name of; a group's name stands for it.

    What a group makes, it makes in a folder of its own inside `folder`.
    """
    word = (only or "").lower()
    named = [each for each in GROUPS if word and word in each]
    outcomes: list[Outcome] = []
    for group in named or GROUPS:
        if not (HERE / f"{group}.py").exists():
            tell(f"{group}: left out, there is no {group}.py")
            continue
        for each in _rows(group, folder / group, scale):
            text = f"{each.what} {each.against}".lower()
            if named or word in text:
                tell(f"{group}: {each.what}, {each.against} …")
                outcomes.append(each if isinstance(each, Failure) else measure(each))
            elif not isinstance(each, Failure):
                each.end()
    return outcomes


def _rows(group: str, folder: Path, scale: float) -> Iterator[Benchmark | Failure]:
    """The rows of a group; a failure in their place where they cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        module = importlib.import_module(group)
        made: Iterable[Benchmark]
        made = module.rows(folder, scale) if group == "engine" else module.rows(folder)
        yield from made
    except (Exception, SystemExit) as error:
        yield Failure(group, "–", f"its rows could not be made: {type(error).__name__}: {error}")
