"""What a benchmark is: two sides that are shown to compute the same, and the ratio between them.

Both sides run in turn, round by round, so that what else the machine does falls on both; a row
is the median of the rounds' ratios. Which rows there are is in the modules beside this one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

Sense = Literal["at most", "at least"]


def nothing() -> None:
    """Where a row has nothing to do."""


class Comparison(msgspec.Struct, frozen=True):
    """A row: `what` against `against`, and the `target` of a ratio.

    The ratio is ours by theirs where it is to be `at most` the target, and theirs by ours where
    it is to be `at least` that ("so many times faster"). `agree` is called first and raises
    AssertionError where the two sides do not compute the same thing. `calls` are made in each
    of `rounds`, `before` comes, untimed, before those of our side, and `end` gives back what the
    row needed, also where it failed.
    """

    what: str
    against: str
    target: float
    sense: Sense
    ours: Callable[[], object]
    theirs: Callable[[], object]
    agree: Callable[[], None]
    rounds: int = 15
    calls: int = 1
    before: Callable[[], object] = nothing
    end: Callable[[], None] = nothing


class Figure(msgspec.Struct, frozen=True):
    """A row that is no comparison of times, such as memory: a number, its unit, its bound.

    It is measured `rounds` times, after `agree` has said that what it measures is right.
    """

    what: str
    against: str
    unit: str
    target: float
    measure: Callable[[], float]
    agree: Callable[[], None] = nothing
    rounds: int = 3
    end: Callable[[], None] = nothing


class Row(msgspec.Struct, frozen=True):
    """What was measured: ratios (or the figure) as median and quartiles; times in seconds."""

    what: str
    against: str
    sense: Sense
    target: float
    median: float
    low: float
    high: float
    unit: str = "×"
    ours: float | None = None
    theirs: float | None = None

    @property
    def met(self) -> bool:
        """Whether the median keeps to the target."""
        return self.median <= self.target if self.sense == "at most" else self.median >= self.target


class Failure(msgspec.Struct, frozen=True):
    """A row that has no figure, and why."""

    what: str
    against: str
    why: str


def measure(of: Comparison | Figure) -> Row | Failure:
    """The row measured; what goes wrong with one never keeps the others from running."""
    try:
        return compare(of) if isinstance(of, Comparison) else observe(of)
    except AssertionError as error:
        return Failure(of.what, of.against, f"the sides disagree: {_said(error)}")
    except Exception as error:
        return Failure(of.what, of.against, f"it could not be measured: {_said(error)}")


def _said(error: Exception) -> str:
    return str(error).strip() or type(error).__name__


def compare(of: Comparison) -> Row:
    """Asserts that both sides agree, warms both up, and times them in turn."""
    try:
        ours, theirs = _timed(of)
    finally:
        of.end()
    pairs = zip(ours, theirs, strict=True)
    ratios = [a / b if of.sense == "at most" else b / a for a, b in pairs]
    low, median, high = _quartiles(ratios)
    return Row(
        of.what,
        of.against,
        of.sense,
        of.target,
        median,
        low,
        high,
        ours=statistics.median(ours),
        theirs=statistics.median(theirs),
    )


def _timed(of: Comparison) -> tuple[list[float], list[float]]:
    """The seconds of a call of ours and of theirs, for each round."""
    of.agree()
    of.before()
    of.ours()
    of.theirs()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(of.rounds):
        sides = [(of.before, of.ours, ours), (nothing, of.theirs, theirs)]
        for before, run, into in sides if number % 2 else reversed(sides):
            before()
            begun = time.perf_counter()
            for _ in range(of.calls):
                run()
            into.append((time.perf_counter() - begun) / of.calls)
    return ours, theirs


def observe(of: Figure) -> Row:
    """Asserts that what is measured is right, and measures it."""
    try:
        of.agree()
        figures = [of.measure() for _ in range(of.rounds)]
    finally:
        of.end()
    low, median, high = _quartiles(figures)
    return Row(of.what, of.against, "at most", of.target, median, low, high, unit=of.unit)


def _quartiles(of: Sequence[float]) -> tuple[float, float, float]:
    """They lie within what was measured, however few that is."""
    if len(of) == 1:
        return of[0], of[0], of[0]
    low, median, high = statistics.quantiles(of, n=4, method="inclusive")
    return low, median, high
