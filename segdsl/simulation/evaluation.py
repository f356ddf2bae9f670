"""One evaluation of one journey: a pure function from a state to the next one.

The rules are numbered as in `docs/reference/journey-simulation.md`. Sets of profiles are integers,
so that a step moves all profiles at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from segdsl.language.journeys import Reentry
from segdsl.simulation.bits import NOBODY, Bits, minus, union
from segdsl.simulation.clock import Evaluation
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.program import Leaving, Program, Target
from segdsl.simulation.state import Event, EventKind, JourneyState, Jumping, Outcome, Place
from segdsl.simulation.steps import Clocked, Members, Moves

RuleT = TypeVar("RuleT")


def evaluate(
    program: Program[RuleT],
    state: JourneyState,
    arrivals: Sequence[Jumping],
    members: Members[RuleT],
    evaluation: Evaluation,
    profiles: Profiles,
) -> Outcome:
    """The outcome of an evaluation of a journey.

    `arrivals` are the jumps of the evaluation before that lead to this journey, in the order of
    their sources. `members` may be asked for a rule several times.
    """
    return _Evaluation(program, state, members, evaluation, profiles).outcome(arrivals)


class _Evaluation(Generic[RuleT]):
    """The tables of one evaluation while it runs."""

    def __init__(
        self,
        program: Program[RuleT],
        state: JourneyState,
        members: Members[RuleT],
        evaluation: Evaluation,
        profiles: Profiles,
    ) -> None:
        self._program = program
        self._before = state
        self._members = members
        self._evaluation = evaluation
        self._profiles = profiles
        self._places = dict(state.places)
        self._events: list[Event] = []
        self._jumps: list[Jumping] = []
        self._began_inside = state.inside
        self._inside = self._began_inside
        self._entering: list[Bits] = [NOBODY] * len(program.stages)
        self._milestones = dict(state.milestones)
        self._achieved = state.achieved

    def outcome(self, arrivals: Sequence[Jumping]) -> Outcome:
        underway = self._goal(self._before.underway)
        self._exits()
        self._next_stages()
        self._arrive(arrivals, underway)
        self._enter()
        return self._moved()

    def _moved(self) -> Outcome:
        """The outcome, with everybody moved on through the steps."""
        number = self._program.number
        at = Clocked(self._members, self._evaluation, self._profiles)
        before = self._before
        places: dict[Place, Bits] = {}
        milestones: dict[int, Bits] = {}
        received = dict(before.received)
        assigned = dict(before.assigned)
        for stage in range(len(self._program.stages)):
            resting = {each: bits for each, bits in self._places.items() if each.stage == stage}
            moves = Moves(self._program, stage, at, resting, received, assigned)
            moves.run(self._entering[stage])
            self._events += moves.events
            for target, bits in moves.jumps:
                within = self._is_within(target)
                self._jumps.append(Jumping(number, target, bits, within))
            places.update(moves.places)
            here = union(moves.places.values())
            if reached := self._milestones.get(stage, NOBODY) & here:
                milestones[stage] = reached
        underway = union(each.profiles for each in self._jumps if each.within)
        inside = underway | union(places.values())
        after = JourneyState(
            places=places,
            underway=underway,
            milestones=milestones,
            been=before.been | self._inside,
            achieved=self._achieved,
            received={name: kept for name, bits in received.items() if (kept := bits & inside)},
            assigned=assigned,
        )
        return Outcome(after, tuple(self._events), tuple(self._jumps))

    # --- leaving -----------------------------------------------------------------------------

    def _goal(self, underway: Bits) -> Bits:
        """Those underway that have not achieved the goal (rule 6)."""
        goal = self._program.goal
        if goal is None or not self._began_inside:
            return underway
        met = self._members(goal.criterion.rule)
        for place, bits in list(self._places.items()):
            self._leave(place, bits & met, "goal", goal)
        reached = underway & met
        if reached:
            self._add("goal", reached)
            self._jump(reached, goal, None)
        self._inside = minus(self._inside, met)
        self._achieved |= self._began_inside & met
        return minus(underway, met)

    def _exits(self) -> None:
        """The first exit that a profile meets takes it out of its stage (rules 7 and 8)."""
        for number, stage in enumerate(self._program.stages):
            for choice, exit in enumerate(stage.exits):
                places = [place for place in self._places if place.stage == number]
                if not places:
                    break
                met = self._members(exit.criterion.rule)
                for place in places:
                    gone = self._places[place] & met
                    self._leave(place, gone, "exit", exit, choice)
                    if not self._is_within(exit.target):
                        self._inside = minus(self._inside, gone)

    def _leave(
        self,
        place: Place,
        gone: Bits,
        kind: EventKind,
        by: Leaving[RuleT],
        choice: int | None = None,
    ) -> None:
        if not gone:
            return
        self._take(place, gone)
        self._add(kind, gone, place.stage, place.step, choice)
        self._jump(gone, by, place, may_stay=kind == "exit")

    def _jump(
        self, gone: Bits, by: Leaving[RuleT], place: Place | None, *, may_stay: bool = False
    ) -> None:
        if not by.jumps:
            return
        where = (None, None) if place is None else (place.stage, place.step)
        self._add("jumped", gone, *where)
        if by.target is not None:
            within = may_stay and self._is_within(by.target)
            self._jumps.append(Jumping(self._program.number, by.target, gone, within))

    def _is_within(self, target: Target | None) -> bool:
        return target is not None and target.journey == self._program.number

    # --- stages ------------------------------------------------------------------------------

    def _next_stages(self) -> None:
        """Milestones, and who goes on to the next stage (rules 9 and 10)."""
        # From the last: who comes to a stage is not asked of its milestone.
        for number in reversed(range(len(self._program.stages))):
            criterion = self._program.stages[number].stage.milestone
            places = [place for place in self._places if place.stage == number]
            if criterion is None or not places:
                continue
            reached = self._milestones.get(number, NOBODY)
            for place in places:
                new = minus(self._places[place] & self._members(criterion.rule), reached)
                self._add("milestone", new, number, place.step)
                reached |= new
            self._milestones[number] = reached
            if number + 1 == len(self._program.stages):
                continue
            for place in places:
                ready = self._places[place] & reached
                if not ready:
                    continue
                enter = self._program.stages[number + 1].stage.enter
                if enter is not None:
                    ready &= self._members(enter.rule)
                going = self._admitted(number + 1, ready)
                self._take(place, going)
                self._add("advanced", going, number, place.step)
                self._add("continued", going, number + 1)
                self._entering[number + 1] |= going

    def _arrive(self, arrivals: Sequence[Jumping], underway: Bits) -> None:
        """Who jumped at the evaluation before comes in (rules 20 to 22)."""
        counted = NOBODY
        # Jumps within the journey come first.
        for jump in sorted(arrivals, key=lambda each: not each.within):
            number = jump.target.stage
            if jump.within:
                coming = jump.profiles & underway
                admitted = self._admitted(number, coming)
                self._add("dropped", minus(coming, admitted), number)
                self._inside = minus(self._inside, minus(coming, admitted))
            else:
                coming = minus(jump.profiles, counted)
                admitted = self._admitted(number, self._allowed(coming))
                self._add("lost", minus(jump.profiles, admitted), number)
                self._inside |= admitted
                counted |= jump.profiles
            self._add("moved" if jump.within else "arrived", admitted, number)
            self._entering[number] |= admitted

    def _enter(self) -> None:
        """Who is outside enters the last stage that it can enter (rules 11 to 13)."""
        outside = self._allowed(minus(self._profiles.everyone, self._inside))
        for number in reversed(range(len(self._program.stages))):
            criterion = self._program.stages[number].stage.enter
            if criterion is None or not outside:
                continue
            entering = outside & self._members(criterion.rule)
            entering = self._admitted(number, entering)
            self._add("entered", entering, number)
            self._entering[number] |= entering
            self._inside |= entering
            outside = minus(outside, entering)

    def _allowed(self, bits: Bits) -> Bits:
        """Those who were not in the journey at the start, and may be in it again (rules 4, 13)."""
        bits = minus(bits, self._began_inside)
        return minus(bits, self._barred())

    def _barred(self) -> Bits:
        mode: Reentry = self._program.journey.reentry or "never"
        match mode:
            case "never":
                return self._before.been
            case "unless goal achieved":
                return self._before.achieved
            case "always":
                return NOBODY

    def _admitted(self, number: int, bits: Bits) -> Bits:
        """Those who meet neither the goal nor an exit of a stage (rule 5)."""
        goal = self._program.goal
        leaving = self._program.stages[number].exits
        for each in leaving if goal is None else (goal, *leaving):
            if not bits:
                break
            bits = minus(bits, self._members(each.criterion.rule))
        return bits

    # --- tables ------------------------------------------------------------------------------

    def _take(self, place: Place, bits: Bits) -> None:
        """Removes profiles from a place."""
        left = minus(self._places[place], bits)
        if left:
            self._places[place] = left
        else:
            del self._places[place]

    def _add(
        self,
        kind: EventKind,
        profiles: Bits,
        stage: int | None = None,
        step: int | None = None,
        choice: int | None = None,
    ) -> None:
        if profiles:
            self._events.append(Event(kind, profiles, stage, step, choice))
