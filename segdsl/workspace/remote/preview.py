"""The result of a preview: counts, shares and samples, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segdsl.workspace.remote.breakdown import Question, Rule


class Counted(msgspec.Struct, frozen=True):
    """The number of profiles that a rule selects, and the seconds until the answer."""

    count: int
    seconds: float


class Failed(msgspec.Struct, frozen=True):
    """A rule that could not be counted: why, and what to do, in the reader's words."""

    message: str
    help: str | None = None


Answer = Counted | Failed


class Sample(msgspec.Struct, frozen=True):
    """Some profiles of a segment: names of columns, and a row of values for each profile."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Preview(msgspec.Struct, frozen=True):
    """The counts and samples of some segments of a parent segment.

    `zone` is its time zone, and `times` are the columns of samples that hold Unix seconds.
    """

    parent_id: str
    parent_name: str
    population: int
    questions: Sequence[Question]
    answers: Mapping[Rule, Answer]
    samples: Mapping[Rule, Sample | Failed] = {}
    zone: str = "UTC"
    times: frozenset[str] = frozenset()

    @property
    def failures(self) -> list[tuple[str, Failed]]:
        """Each segment that could not be counted or sampled, by name, with the reason."""
        found: list[tuple[str, Failed]] = []
        for each in self.questions:
            every: list[Answer | Sample] = [self.answers[rule] for rule in each.rules()]
            if each.rule in self.samples:
                every.append(self.samples[each.rule])
            first = next((answer for answer in every if isinstance(answer, Failed)), None)
            if first is not None:
                found.append((each.segment.name, first))
        return found


def share(count: int, population: int) -> str:
    """A part of the whole in percent: never rounded to none or to all where it is neither."""
    if population == 0:
        return "–"
    percent = 100 * count / population
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.1f}%"
