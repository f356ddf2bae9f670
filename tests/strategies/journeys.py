"""Generated journeys: every kind of step, nested, with jumps among several journeys.

Rules are small names, so that the same rule stands in several places.
"""

from __future__ import annotations

from typing import Any, cast

from hypothesis import strategies as st

from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.values import ById, ByName, Number

RULES = tuple("abcdefgh")
ZONES = ("Asia/Tokyo", "UTC", "America/New_York", "Pacific/Kiritimati")
FIRST_DAY = 20
"""Journeys are simulated from about this day of October 2025 on."""
_ACTIVATIONS = ("Mail", "SMS")
_zones = st.none() | st.sampled_from(ZONES)
_rules = st.sampled_from(RULES)
_counts = st.integers(0, 4).map(lambda days: Number(str(days)))
_units = st.sampled_from(("day", "day", "day", "week"))
_lengths: st.SearchStrategy[tuple[Number, j.WaitUnit]] = st.tuples(
    _counts, cast("st.SearchStrategy[j.WaitUnit]", _units)
)


class Names:
    """The names of the journeys and their stages, for jumps."""

    def __init__(self, stages: list[int]) -> None:
        self.journeys = [f"J{number}" for number in range(len(stages))]
        self.stages = [[f"S{stage}" for stage in range(count)] for count in stages]

    def targets(self) -> st.SearchStrategy[j.JourneyStageRef]:
        """Mostly a stage that is simulated."""
        known = [
            j.JourneyStageRef(ByName(stage), ByName(journey))
            for journey, stages in zip(self.journeys, self.stages, strict=True)
            for stage in stages
        ]
        here = [j.JourneyStageRef(ByName(f"S{number}")) for number in range(2)]
        others = [
            j.JourneyStageRef(ByName("S0"), ByName("Elsewhere")),
            j.JourneyStageRef(ByName("Nowhere")),
            j.JourneyStageRef(ById("7"), ById("8")),
        ]
        return st.sampled_from([*known, *known, *here, *others])


def journeys(most: int = 3) -> st.SearchStrategy[tuple[j.Journey[str], ...]]:
    """One to three journeys that may jump to each other."""
    counts = st.lists(st.integers(1, 4), min_size=1, max_size=most)
    return counts.flatmap(
        lambda stages: st.tuples(
            *(_journey(Names(stages), number) for number in range(len(stages)))
        )
    )


@st.composite
def _journey(draw: st.DrawFn, names: Names, number: int) -> j.Journey[str]:
    stages = names.stages[number]
    goal = draw(st.none() | _criteria(names, jumps=True))
    return j.Journey(
        names.journeys[number],
        tuple(draw(_stage(names, name)) for name in stages),
        reentry=draw(st.sampled_from([None, "never", "unless goal achieved", "always", "always"])),
        goal=goal,
    )


@st.composite
def _stage(draw: st.DrawFn, names: Names, name: str) -> j.JourneyStage[str]:
    criteria = _criteria(names, jumps=False)
    return j.JourneyStage(
        name,
        enter=draw(criteria) if draw(st.integers(0, 5)) else None,
        milestone=draw(st.none() | criteria | criteria),
        exits=tuple(draw(st.lists(_criteria(names, jumps=True), max_size=2))),
        steps=draw(blocks(names, least=2)),
    )


@st.composite
def _criteria(draw: st.DrawFn, names: Names, *, jumps: bool) -> j.Criterion[str]:
    rule = draw(_rules)
    jump = draw(st.none() | names.targets()) if jumps else None
    return j.Criterion(rule, rule, jump)


def blocks(
    names: Names, depth: int = 2, *, least: int = 0
) -> st.SearchStrategy[tuple[j.Step[str], ...]]:
    """Blocks of steps, also empty ones, with blocks in them."""
    steps: list[st.SearchStrategy[Any]] = [_plain(names)] * 3
    if depth:
        steps += [_waits(names, depth), _decisions(names, depth), _splits(names, depth)]
    return st.lists(st.one_of(*steps), min_size=least, max_size=4 + least).map(tuple)


def _plain(names: Names) -> st.SearchStrategy[Any]:
    days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True).map(tuple)
    dates = st.integers(FIRST_DAY - 3, FIRST_DAY + 9).map(lambda day: f"2025-10-{day:02}")
    activations = st.builds(j.Activate, st.sampled_from(_ACTIVATIONS))
    waits = st.builds(lambda length: j.WaitFor(*length), _lengths)
    return st.one_of(
        activations,
        activations,
        waits,
        waits,
        st.builds(j.WaitUntilDate, dates, _zones),
        st.builds(j.WaitUntilDays, days, _zones),
        st.builds(j.Jump, names.targets()),
        st.just(j.End()),
    )


@st.composite
def _waits(draw: st.DrawFn, names: Names, depth: int) -> j.WaitForCondition[str]:
    timeout = draw(st.none() | _lengths | _lengths)
    inner = blocks(names, depth - 1)
    rule = draw(_rules)
    return j.WaitForCondition(
        j.Criterion(rule, rule),
        draw(inner),
        timeout,
        draw(inner) if timeout is not None else (),
    )


@st.composite
def _decisions(draw: st.DrawFn, names: Names, depth: int) -> j.Decide[str]:
    rules: list[str | None] = list(draw(st.lists(_rules, min_size=1, max_size=3)))
    if draw(st.booleans()):
        rules.insert(draw(st.integers(0, len(rules))), None)
    inner = blocks(names, depth - 1)
    branches = tuple(j.Branch(f"B{number}", rule, draw(inner)) for number, rule in enumerate(rules))
    return j.Decide("Which?", branches)


@st.composite
def _splits(draw: st.DrawFn, names: Names, depth: int) -> j.Split[str]:
    shares = draw(
        st.sampled_from(
            [("50", "50"), ("100",), ("33.3", "33.3", "33.4"), ("10", "90"), ("0", "40", "30")]
        )
    )
    control = draw(st.none() | st.integers(0, len(shares) - 1))
    caps = st.none() | st.integers(1, 5).map(lambda cap: Number(str(cap)))
    inner = blocks(names, depth - 1)
    variants = tuple(
        j.Variant(f"V{number}", Number(share), number == control, draw(caps), draw(inner))
        for number, share in enumerate(shares)
    )
    by = draw(st.sampled_from([None, None, "email"]))
    return j.Split(draw(st.sampled_from(["Tone", "Time"])), variants, by)
