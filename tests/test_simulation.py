"""Simulated journeys against a second simulator, written from the page of the rules alone."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import IS_QUICK
from reference import journeys as reference
from segdsl.language import journeys as j
from segdsl.simulation.bits import Bits, contains
from segdsl.simulation.clock import Evaluation, daily
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.simulate import simulate
from segdsl.simulation.state import EventKind, Outcome
from strategies.journeys import FIRST_DAY, RULES, ZONES, journeys

IS_SLOW = os.environ.get("SEGDSL_HYPOTHESIS_PROFILE") == "slow"
GENERATED = 500 if IS_SLOW else 5 if IS_QUICK else 50
PROFILES = 30
DAYS = 25


class Memberships:
    """Who meets which rule when: random, but likely as on the day before."""

    def __init__(self, seed: int, ids: tuple[str, ...], days: int) -> None:
        chance = random.Random(seed)
        self.sets: dict[tuple[str, int], frozenset[str]] = {}
        for rule in RULES:
            share = chance.choice([0.02, 0.1, 0.3, 0.6])
            now = {id for id in ids if chance.random() < share}
            for day in range(1, days + 1):
                self.sets[rule, day] = frozenset(now)
                for id in ids:
                    if chance.random() < 0.25:
                        (now.add if chance.random() < share else now.discard)(id)

    def meets(self, rule: str, day: int, id: str) -> bool:
        return id in self.sets[rule, day]

    def bits(self, profiles: Profiles) -> dict[tuple[str, int], Bits]:
        return {key: profiles.bits(ids) for key, ids in self.sets.items()}


def where(outcome: Outcome, index: int) -> str | tuple[int, int, int] | None:
    if contains(outcome.state.underway, index):
        return "on its way"
    place = outcome.state.place(index)
    return None if place is None else (place.stage, place.step, place.since)


def compare(
    of: tuple[j.Journey[str], ...], seed: int, zone: str, hour: int, seen: Counter[str]
) -> None:
    """Asserts that both simulators say the same of every profile on every day."""
    ids = tuple(f"p{number}" for number in range(PROFILES))
    memberships = Memberships(seed, ids, DAYS)
    profiles = Profiles(ids, lambda name: [reference.value(name, id) for id in sorted(ids)])
    sets = memberships.bits(profiles)

    def members(rule: str, evaluation: Evaluation) -> Bits:
        return sets[rule, evaluation.number]

    evaluations = list(daily(datetime(2025, 10, FIRST_DAY, hour), DAYS, zone))
    moments = [each.now for each in evaluations]
    expected = reference.simulate(of, memberships.meets, moments, zone, ids)
    simulated = simulate(of, members, evaluations, profiles)
    for day, answers in zip(simulated, expected, strict=True):
        for outcome, by_profile in zip(day.outcomes, answers, strict=True):
            for index, id in enumerate(profiles.ids):
                events = [
                    (each.kind, each.stage, each.step, each.choice)
                    for each in outcome.events
                    if contains(each.profiles, index)
                ]
                here = (day.evaluation.number, id)
                assert (here, events) == (here, by_profile[id].events)
                assert (here, where(outcome, index)) == (here, by_profile[id].where)
            seen.update(each.kind for each in outcome.events)
    seen["journeys"] += len(of)


@pytest.mark.many
def test_generated_journeys() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=GENERATED)
    @given(journeys(), st.integers(0, 2**32), st.sampled_from(ZONES), st.integers(0, 23))
    def check(of: tuple[j.Journey[str], ...], seed: int, zone: str, hour: int) -> None:
        compare(of, seed, zone, hour, seen)

    check()
    if IS_SLOW:
        assert set(get_args(EventKind)) - set(seen) == set()
