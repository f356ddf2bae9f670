"""Moves profiles through the steps of one stage, in one pass over them (rules 15 to 30)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from datetime import date
from typing import Generic, TypeVar, assert_never

import msgspec

from segdsl.language.activations import WEEKDAYS
from segdsl.language.journeys import (
    DEFAULT_ZONE,
    Activate,
    Branch,
    Decide,
    End,
    Jump,
    Split,
    WaitFor,
    WaitForCondition,
    WaitUnit,
    WaitUntilDate,
    WaitUntilDays,
)
from segdsl.language.values import Number
from segdsl.simulation.bits import NOBODY, Bits, minus
from segdsl.simulation.clock import Evaluation
from segdsl.simulation.errors import SimulationError
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.program import Node, Program, Target
from segdsl.simulation.splits import assigned
from segdsl.simulation.state import Event, EventKind, Place

RuleT = TypeVar("RuleT")
Members = Callable[[RuleT], Bits]
"""Who meets a rule at this evaluation."""
DAYS: dict[WaitUnit, int] = {"day": 1, "week": 7}


class Clocked(msgspec.Struct, Generic[RuleT], frozen=True):
    """What the steps of an evaluation ask: rules, the clock and the profiles."""

    members: Members[RuleT]
    evaluation: Evaluation
    profiles: Profiles


class Moves(Generic[RuleT]):
    """The steps of one stage at one evaluation; `run` fills the tables.

    `resting` has who is in the stage. `received` and `assigned` are of the whole journey, and are
    changed in place.
    """

    def __init__(
        self,
        program: Program[RuleT],
        stage: int,
        at: Clocked[RuleT],
        resting: Mapping[Place, Bits],
        received: MutableMapping[str, Bits],
        assigned: MutableMapping[tuple[int, int], tuple[Bits, ...]],
    ) -> None:
        self.events: list[Event] = []
        self.jumps: list[tuple[Target, Bits]] = []
        self.places: dict[Place, Bits] = {}
        self._program = program
        self._stage = stage
        self._nodes = program.stages[stage].nodes
        self._at = at
        self._today = at.evaluation.day
        self._coming: list[Bits] = [NOBODY] * len(self._nodes)
        self._resting: list[dict[int, Bits]] = [{} for _ in self._nodes]
        for place, bits in resting.items():
            self._resting[place.step][place.since] = bits
        self._received = received
        self._assigned = assigned

    def run(self, entering: Bits) -> None:
        """Moves those who rest, and those who enter the stage, until all of them rest."""
        self._coming[0] |= entering
        for step, node in enumerate(self._nodes):
            coming = self._coming[step]
            self._add("step", coming, step)
            here = self._resting[step]
            if coming:
                here[self._today] = here.get(self._today, NOBODY) | coming
            if here:
                self._through(step, node, here)

    def _through(self, step: int, node: Node[RuleT], here: dict[int, Bits]) -> None:
        """Moves those at a step: `here` has them by the day on which they came."""
        match node.step:
            case Activate(activation):
                self._activate(step, activation, here)
            case WaitFor(amount, unit):
                least = _days(amount, unit)
                self._pass(step, here, lambda since: self._today - since >= least)
            case WaitUntilDate(text, zone):
                is_over = self._at.evaluation.date(zone or DEFAULT_ZONE) >= _date(text)
                self._pass(step, here, lambda _: is_over)
            case WaitUntilDays(weekdays, zone):
                weekday = WEEKDAYS[self._at.evaluation.date(zone or DEFAULT_ZONE).weekday()]
                self._pass(step, here, lambda _: weekday in weekdays)
            case WaitForCondition():
                self._wait(step, node.step, here)
            case Decide(_, branches):
                self._decide(step, branches, here)
            case Split():
                self._split(step, node.step, here)
            case Jump():
                for bits in here.values():
                    self._add("jumped", bits, step)
                    if node.target is not None:
                        self.jumps.append((node.target, bits))
            case End():
                self._rest(step, here)
            case _:
                assert_never(node.step)

    # --- kinds of steps --------------------------------------------------------------------

    def _activate(self, step: int, activation: str, here: dict[int, Bits]) -> None:
        received = self._received.get(activation, NOBODY)
        for bits in here.values():
            self._add("sent", minus(bits, received), step)
            self._add("repeated", bits & received, step)
            received |= bits
        self._received[activation] = received
        self._pass(step, here, lambda _: True)

    def _pass(self, step: int, here: dict[int, Bits], goes_on: Callable[[int], bool]) -> None:
        """Moves those who came on days of which `goes_on` is true to the next step."""
        following = self._nodes[step].next
        self._rest(step, {since: bits for since, bits in here.items() if not goes_on(since)})
        for since, bits in here.items():
            if goes_on(since):
                self._coming[following] |= bits

    def _wait(self, step: int, wait: WaitForCondition[RuleT], here: dict[int, Bits]) -> None:
        met = self._at.members(wait.criterion.rule)
        least = None if wait.timeout is None else _days(*wait.timeout)
        left: dict[int, Bits] = {}
        for since, bits in here.items():
            self._take_way(step, 0, bits & met)
            others = minus(bits, met)
            if least is not None and self._today - since >= least:
                self._take_way(step, 1, others)
            else:
                left[since] = others
        self._rest(step, left)

    def _decide(
        self, step: int, branches: tuple[Branch[RuleT], ...], here: dict[int, Bits]
    ) -> None:
        left = dict(here)
        for choice, branch in enumerate(branches):
            if branch.rule is None or not any(left.values()):
                continue
            met = self._at.members(branch.rule)
            for since, bits in left.items():
                self._take_way(step, choice, bits & met)
                left[since] = minus(bits, met)
        others = [choice for choice, branch in enumerate(branches) if branch.rule is None]
        if others:
            for bits in left.values():
                self._take_way(step, others[0], bits)
        else:
            self._rest(step, left)

    def _split(self, step: int, split: Split[RuleT], here: dict[int, Bits]) -> None:
        before = self._assigned.get((self._stage, step), (NOBODY,) * len(split.variants))
        names = (self._program.name, self._program.stages[self._stage].name, split.name)
        left = dict(here)
        # Those who are at the step were told their variant when they came.
        coming = here.get(self._today, NOBODY)
        after, capped = assigned(split, before, coming, names, self._at.profiles)
        self._assigned[self._stage, step] = after
        for choice, bits in enumerate(capped):
            self._add("capped", bits, step, choice)
        for choice, bits in enumerate(after):
            for since, waiting in left.items():
                self._take_way(step, choice, waiting & bits)
                left[since] = minus(waiting, bits)
        self._rest(step, left)

    # --- tables ------------------------------------------------------------------------------

    def _take_way(self, step: int, choice: int, bits: Bits) -> None:
        if bits:
            self._add("branch", bits, step, choice)
            self._coming[self._nodes[step].ways[choice]] |= bits

    def _rest(self, step: int, here: Mapping[int, Bits]) -> None:
        for since, bits in here.items():
            if bits:
                self.places[Place(self._stage, step, since)] = bits

    def _add(self, kind: EventKind, profiles: Bits, step: int, choice: int | None = None) -> None:
        if profiles:
            self.events.append(Event(kind, profiles, self._stage, step, choice))


def _days(amount: Number, unit: WaitUnit) -> int:
    if not amount.is_whole:
        raise SimulationError(f"cannot wait {amount.text} {unit}s: give a whole number")
    return int(amount.text) * DAYS[unit]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SimulationError(f"`{text}` is no date: write one such as 2025-12-01") from None
