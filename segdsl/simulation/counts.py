"""The numbers of a simulation: of each day, and of all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from segdsl.simulation.simulate import Day
from segdsl.simulation.state import EventKind, Outcome

EventKey = tuple[EventKind, int | None, int | None, int | None]
"""The kind, stage, step and choice of events."""


class JourneyCounts(msgspec.Struct, frozen=True):
    """The numbers of one journey at one evaluation, or of several evaluations together.

    `size` profiles are in the journey after it, `underway` of them on their way to another of its
    stages; `resting` counts the others by stage and step. `events` counts profiles by what happened
    to them; over several evaluations one may be counted several times.
    """

    size: int
    underway: int
    resting: Mapping[tuple[int, int], int]
    events: Mapping[EventKey, int]

    def happened(
        self,
        *kinds: EventKind,
        stage: int | None = None,
        step: int | None = None,
        choice: int | None = None,
    ) -> int:
        """How many profiles something of these kinds happened to, there if a place is given."""
        wanted = (stage, step, choice)
        return sum(
            number
            for (kind, *where), number in self.events.items()
            if kind in kinds
            and all(asked in (None, at) for asked, at in zip(wanted, where, strict=True))
        )

    def in_stage(self, stage: int) -> int:
        return sum(number for (at, _), number in self.resting.items() if at == stage)

    @property
    def entered(self) -> int:
        """Those who came into the journey from outside."""
        return self.happened("entered", "arrived")


class DayCounts(msgspec.Struct, frozen=True):
    """The numbers of one evaluation; `date` is that of the parent segment's time zone."""

    number: int
    date: str
    journeys: tuple[JourneyCounts, ...]


def counts_of(day: Day) -> DayCounts:
    """The numbers of a day."""
    date = day.evaluation.date().isoformat()
    return DayCounts(day.evaluation.number, date, tuple(map(_counts, day.outcomes)))


def total(days: list[DayCounts], journey: int) -> JourneyCounts:
    """A journey's numbers of several days: events are added, places are those of the last."""
    events: Counter[EventKey] = Counter()
    for day in days:
        events.update(day.journeys[journey].events)
    if not days:
        return JourneyCounts(0, 0, {}, {})
    return msgspec.structs.replace(days[-1].journeys[journey], events=dict(events))


def _counts(outcome: Outcome) -> JourneyCounts:
    resting: Counter[tuple[int, int]] = Counter()
    for place, bits in outcome.state.places.items():
        resting[place.stage, place.step] += bits.bit_count()
    events: Counter[EventKey] = Counter()
    for event in outcome.events:
        key = (event.kind, event.stage, event.step, event.choice)
        events[key] += event.profiles.bit_count()
    underway = outcome.state.underway.bit_count()
    return JourneyCounts(underway + sum(resting.values()), underway, dict(resting), dict(events))
