"""Journeys by `docs/reference/journey-simulation.md`, one profile at a time, in plain Python.

Shares no code with `segdsl.simulation`. Rules are names; `meets` says who meets one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from segdsl.language import journeys as j
from segdsl.language.values import ByName

Meets = Callable[[str, int, str], bool]
"""Whether a profile meets a rule: of the rule, the number of the evaluation and the profile."""
Event = tuple[str, int | None, int | None, int | None]
"""What happened: kind, stage, step and choice, all counted from 0."""


class Answer(NamedTuple):
    """A profile in a journey after an evaluation, and what happened to it there.

    `where` is None outside, `"on its way"`, or stage, step and the day of arrival as an ordinal.
    """

    where: str | tuple[int, int, int] | None
    events: list[Event]


@dataclass(eq=False)
class Spot:
    """A step, what follows behind it, and where its blocks begin."""

    step: Any
    after: Spot | None = None
    ways: list[Spot] = field(default_factory=list)
    number: int = -1


@dataclass
class Profile:
    """What is known of a profile in one journey."""

    id: str
    stage: int | None = None
    spot: Spot | None = None
    since: date = date.min
    on_its_way: bool = False
    reached: bool = False
    been: bool = False
    achieved: bool = False
    sent: set[str] = field(default_factory=set)
    variants: dict[Spot, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    was_inside: bool = False

    @property
    def inside(self) -> bool:
        return self.stage is not None or self.on_its_way

    def note(self, kind: str, choice: int | None = None) -> None:
        step = None if self.spot is None else self.spot.number
        self.events.append((kind, self.stage, step, choice))

    def leave_stage(self) -> None:
        self.stage, self.spot, self.reached = None, None, False

    def leave_journey(self) -> None:
        self.leave_stage()
        self.on_its_way = False
        self.sent.clear()


class Hop(NamedTuple):
    """A jump that has not arrived yet."""

    source: int
    id: str
    journey: int
    stage: int
    within: bool


def simulate(
    journeys: Sequence[j.Journey[str]],
    meets: Meets,
    moments: Sequence[int],
    zone: str,
    ids: Sequence[str],
) -> Iterator[list[dict[str, Answer]]]:
    """After each evaluation: of each journey, every profile's answer."""
    runs = [Run(journeys, number, zone, ids) for number in range(len(journeys))]
    hops: list[Hop] = []
    for number, moment in enumerate(moments, start=1):
        new: list[Hop] = []
        for run in runs:
            coming = [hop for hop in hops if hop.journey == run.number]
            run.evaluate(partial(_met, meets, number), moment, coming, new)
        hops = new
        yield [run.answers() for run in runs]


def _met(meets: Meets, at: int, rule: str, id: str) -> bool:
    return meets(rule, at, id)


class Run:
    """One journey with all profiles."""

    def __init__(
        self, journeys: Sequence[j.Journey[str]], number: int, zone: str, ids: Sequence[str]
    ) -> None:
        self.journeys = journeys
        self.number = number
        self.journey = journeys[number]
        self.zone = zone
        self.profiles = {id: Profile(id) for id in ids}
        self.firsts = [first_spot(stage.steps) for stage in self.journey.stages]
        self.taken: dict[tuple[Spot, int], int] = {}

    def answers(self) -> dict[str, Answer]:
        found = {}
        for id, profile in self.profiles.items():
            where: str | tuple[int, int, int] | None = None
            if profile.on_its_way:
                where = "on its way"
            elif profile.stage is not None:
                assert profile.spot is not None
                where = (profile.stage, profile.spot.number, profile.since.toordinal())
            found[id] = Answer(where, list(profile.events))
        return found

    def evaluate(
        self, meets: Callable[[str, str], bool], moment: int, coming: list[Hop], new: list[Hop]
    ) -> None:
        self.meets, self.moment, self.new = meets, moment, new
        for profile in self.profiles.values():
            profile.events = []
            profile.was_inside = profile.inside
        entering = []
        for profile in self.profiles.values():
            where = self.first_phases(profile, [hop for hop in coming if hop.id == profile.id])
            if where is not None:
                profile.on_its_way = False
                profile.been = True
                profile.stage, profile.reached = where, False
                profile.spot = None
                entering.append(profile)
        self.steps(entering)

    # --- before the steps -----------------------------------------------------------------

    def first_phases(self, profile: Profile, hops: list[Hop]) -> int | None:
        """Rules 4 to 14; the stage that the profile enters, if any."""
        goal = self.journey.goal
        if profile.inside and goal is not None and self.meets(goal.rule, profile.id):
            profile.achieved = True
            profile.note("goal")
            self.jump(profile, goal.jump, may_be_within=False)
            profile.leave_journey()
        if profile.stage is not None:
            self.exits(profile)
        entered = self.next_stage(profile)
        arrived = self.arrival(profile, hops)
        entered = arrived if entered is None else entered
        if entered is None and not profile.inside and not profile.was_inside:
            entered = self.entry(profile)
        return entered

    def exits(self, profile: Profile) -> None:
        assert profile.stage is not None
        for choice, exit in enumerate(self.journey.stages[profile.stage].exits):
            if self.meets(exit.rule, profile.id):
                profile.note("exit", choice)
                within = self.jump(profile, exit.jump, may_be_within=True)
                if within:
                    profile.leave_stage()
                    profile.on_its_way = True
                else:
                    profile.leave_journey()
                return

    def next_stage(self, profile: Profile) -> int | None:
        if profile.stage is None:
            return None
        milestone = self.journey.stages[profile.stage].milestone
        if milestone is None:
            return None
        if not profile.reached and self.meets(milestone.rule, profile.id):
            profile.reached = True
            profile.note("milestone")
        following = profile.stage + 1
        if not profile.reached or following == len(self.journey.stages):
            return None
        enter = self.journey.stages[following].enter
        if enter is not None and not self.meets(enter.rule, profile.id):
            return None
        if self.would_leave(profile, following):
            return None
        profile.note("advanced")
        profile.leave_stage()
        profile.events.append(("continued", following, None, None))
        return following

    def arrival(self, profile: Profile, hops: list[Hop]) -> int | None:
        inner = [hop for hop in hops if hop.within]
        entered = None
        if inner and profile.on_its_way:
            (hop,) = inner
            if self.would_leave(profile, hop.stage):
                profile.events.append(("dropped", hop.stage, None, None))
                profile.leave_journey()
            else:
                profile.events.append(("moved", hop.stage, None, None))
                entered = hop.stage
        outer = sorted((hop for hop in hops if not hop.within), key=lambda hop: hop.source)
        for place, hop in enumerate(outer):
            arrives = (
                place == 0
                and not profile.was_inside
                and self.may_enter_again(profile)
                and not self.would_leave(profile, hop.stage)
            )
            profile.events.append(("arrived" if arrives else "lost", hop.stage, None, None))
            if arrives:
                entered = hop.stage
        return entered

    def entry(self, profile: Profile) -> int | None:
        if not self.may_enter_again(profile):
            return None
        possible = [
            number
            for number, stage in enumerate(self.journey.stages)
            if stage.enter is not None
            and self.meets(stage.enter.rule, profile.id)
            and not self.would_leave(profile, number)
        ]
        if not possible:
            return None
        profile.events.append(("entered", possible[-1], None, None))
        return possible[-1]

    def may_enter_again(self, profile: Profile) -> bool:
        if self.journey.reentry == "always":
            return True
        if self.journey.reentry == "unless goal achieved":
            return not profile.achieved
        return not profile.been

    def would_leave(self, profile: Profile, stage: int) -> bool:
        """Rule 5: whether goal or an exit keep the profile out of a stage."""
        criteria = list(self.journey.stages[stage].exits)
        if self.journey.goal is not None:
            criteria.append(self.journey.goal)
        return any(self.meets(each.rule, profile.id) for each in criteria)

    def jump(
        self, profile: Profile, target: j.JourneyStageRef | None, *, may_be_within: bool
    ) -> bool:
        """Sends a profile on its way; whether it stays in the journey."""
        if target is None:
            return False
        profile.note("jumped")
        journey: int | None = self.number
        if target.journey is not None:
            journey = named(target.journey, [each.name for each in self.journeys])
        if journey is None:
            return False
        stage = named(target.stage, [each.name for each in self.journeys[journey].stages])
        if stage is None:
            return False
        within = may_be_within and journey == self.number
        self.new.append(Hop(self.number, profile.id, journey, stage, within))
        return within

    # --- steps ------------------------------------------------------------------------------

    def steps(self, entering: list[Profile]) -> None:
        """Rules 15 to 30. Profiles stop at a split until all have come that will come to it."""
        waiting: list[Profile] = []
        for profile in self.profiles.values():
            if profile.stage is None:
                continue
            if profile in entering:
                self.come(profile, self.firsts[profile.stage])
            if not self.go(profile):
                waiting.append(profile)
        while waiting:
            # Nobody comes to the split with the lowest number any more: all ways lead on.
            first = min(waiting, key=place_of)
            here = [each for each in waiting if place_of(each) == place_of(first)]
            waiting = [each for each in waiting if each not in here]
            for profile in sorted(here, key=lambda each: (self.hash(each), each.id)):
                way = self.assign(profile)
                if way is None:
                    continue
                assert profile.spot is not None
                profile.note("branch", way)
                self.come(profile, profile.spot.ways[way])
                if not self.go(profile):
                    waiting.append(profile)

    def come(self, profile: Profile, spot: Spot) -> None:
        profile.spot = spot
        profile.since = self.date(self.zone)
        profile.note("step")

    def go(self, profile: Profile) -> bool:
        """Moves a profile on until it rests (true), or comes to a split (false)."""
        while profile.spot is not None:
            spot = profile.spot
            if isinstance(spot.step, j.Split):
                # Who rested here before this evaluation was kept out by a cap for good.
                return profile.events[-1:] != [("step", profile.stage, spot.number, None)]
            following = self.through(profile, spot)
            if following is None:
                return True
            self.come(profile, following)
        return True

    def through(self, profile: Profile, spot: Spot) -> Spot | None:
        """What follows for a profile at a step; None where it rests or has left."""
        step = spot.step
        days = (self.date(self.zone) - profile.since).days
        if isinstance(step, j.Activate):
            profile.note("repeated" if step.activation in profile.sent else "sent")
            profile.sent.add(step.activation)
            return spot.after
        if isinstance(step, j.WaitFor):
            return spot.after if days >= length(step.amount.text, step.unit) else None
        if isinstance(step, j.WaitUntilDate):
            today = self.date(step.timezone or "UTC").isoformat()
            return spot.after if today >= step.date else None
        if isinstance(step, j.WaitUntilDays):
            today = self.date(step.timezone or "UTC").strftime("%A")
            return spot.after if today in step.weekdays else None
        if isinstance(step, j.WaitForCondition):
            way = None
            if self.meets(step.criterion.rule, profile.id):
                way = 0
            elif step.timeout is not None and days >= length(step.timeout[0].text, step.timeout[1]):
                way = 1
            return self.branch(profile, spot, way)
        if isinstance(step, j.Decide):
            return self.branch(profile, spot, self.decision(profile, step))
        if isinstance(step, j.Jump):
            within = self.jump(profile, step.target, may_be_within=True)
            if within:
                profile.leave_stage()
                profile.on_its_way = True
            else:
                profile.leave_journey()
            return None
        assert isinstance(step, j.End)
        return None

    def branch(self, profile: Profile, spot: Spot, way: int | None) -> Spot | None:
        if way is None:
            return None
        profile.note("branch", way)
        return spot.ways[way]

    def decision(self, profile: Profile, step: j.Decide[str]) -> int | None:
        for way, branch in enumerate(step.branches):
            if branch.rule is not None and self.meets(branch.rule, profile.id):
                return way
        for way, branch in enumerate(step.branches):
            if branch.rule is None:
                return way
        return None

    # --- splits -----------------------------------------------------------------------------

    def hash(self, profile: Profile) -> int:
        assert profile.stage is not None
        assert profile.spot is not None
        stage = self.journey.stages[profile.stage].name
        split = profile.spot.step
        seed = None if split.by is None else value(split.by, profile.id)
        drawn = profile.id if seed is None else seed
        text = "\0".join([self.journey.name, stage, split.name, drawn])
        return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)

    def assign(self, profile: Profile) -> int | None:
        """The number of the profile's variant; None if a cap keeps it at the split."""
        spot = profile.spot
        assert spot is not None
        if spot not in profile.variants:
            variants = spot.step.variants
            share = Fraction(self.hash(profile), 2**64) * 100
            chosen, reach = len(variants) - 1, Fraction(0)
            for number, variant in enumerate(variants):
                reach += Fraction(variant.percentage.text)
                if share < reach:
                    chosen = number
                    break
            variant = variants[chosen]
            full = self.taken.get((spot, chosen), 0)
            if variant.cap is not None and not variant.control and full >= int(variant.cap.text):
                profile.note("capped", chosen)
                controls = [n for n, each in enumerate(variants) if each.control]
                if not controls:
                    return None
                chosen = controls[0]
            profile.variants[spot] = chosen
            self.taken[spot, chosen] = self.taken.get((spot, chosen), 0) + 1
        return profile.variants[spot]

    def date(self, zone: str) -> date:
        return datetime.fromtimestamp(self.moment, UTC).astimezone(ZoneInfo(zone)).date()


def value(attribute: str, id: str) -> str | None:
    """The attributes of the tests: few values, and none for some profiles."""
    number = int(id[1:])
    return None if number % 5 == 0 else f"{attribute}{number % 7}"


def place_of(profile: Profile) -> tuple[int, int]:
    assert profile.stage is not None
    assert profile.spot is not None
    return profile.stage, profile.spot.number


def length(amount: str, unit: str) -> int:
    """Days of a wait."""
    return int(amount) * (7 if unit == "week" else 1)


def named(reference: Any, names: list[str]) -> int | None:
    if isinstance(reference, ByName) and reference.name in names:
        return names.index(reference.name)
    return None


def first_spot(steps: tuple[Any, ...]) -> Spot:
    """The first spot of a stage, with all that follows, numbered as they are written."""
    end = Spot(j.End())
    first = linked(steps, end)
    count = 0
    for spot in in_order(first, end):
        spot.number = count
        count += 1
    end.number = count
    return first


def linked(steps: tuple[Any, ...], after: Spot) -> Spot:
    for step in reversed(steps):
        spot = Spot(step, after)
        spot.ways = [linked(block, after) for block in blocks(step)]
        after = spot
    return after


def in_order(spot: Spot, stop: Spot) -> Iterator[Spot]:
    while spot is not stop:
        yield spot
        assert spot.after is not None
        for way in spot.ways:
            yield from in_order(way, spot.after)
        spot = spot.after


def blocks(step: Any) -> list[tuple[Any, ...]]:
    if isinstance(step, j.WaitForCondition):
        return [step.then] if step.timeout is None else [step.then, step.otherwise]
    if isinstance(step, j.Decide):
        return [branch.steps for branch in step.branches]
    if isinstance(step, j.Split):
        return [variant.steps for variant in step.variants]
    return []
