"""What a benchmark is: two sides that are shown to compute the same, and the ratio between them.

Both sides run in turn, round by round, so that what else the machine does falls on both; a row
is the median of the rounds' ratios. Which rows there are is in the modules beside this one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Literal

import msgspec

Sense = Literal["at most", "at least"]


class Comparison(msgspec.Struct, frozen=True):
    """A row: `what` against `against`, and the `target` of a ratio.

    The ratio is ours by theirs where it is to be `at most` the target, and theirs by ours where
    it is to be `at least` that ("so many times faster"). `agree` is called first and raises
    AssertionError where the two sides do not compute the same thing. `calls` are made in each
    of `rounds`, and `end` gives back what the row needed.
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
    end: Callable[[], None] = lambda: None


class Figure(msgspec.Struct, frozen=True):
    """A row that is no comparison of times, such as memory: a number, its unit, its bound."""

    what: str
    against: str
    unit: str
    target: float
    measure: Callable[[], float]


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


def compare(of: Comparison) -> Row:
    """Asserts that both sides agree, warms both up, and times them in turn."""
    of.agree()
    of.ours()
    of.theirs()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(of.rounds):
        sides = [(of.ours, ours), (of.theirs, theirs)]
        for run, into in sides if number % 2 else reversed(sides):
            begun = time.perf_counter()
            for _ in range(of.calls):
                run()
            into.append((time.perf_counter() - begun) / of.calls)
    of.end()
    pairs = zip(ours, theirs, strict=True)
    ratios = [a / b if of.sense == "at most" else b / a for a, b in pairs]
    low, median, high = statistics.quantiles(ratios, n=4)
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
