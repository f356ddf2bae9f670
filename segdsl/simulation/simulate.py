"""Journeys from one evaluation to the next, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from segdsl.language.journeys import Journey
from segdsl.simulation.bits import Bits
from segdsl.simulation.clock import Evaluation
from segdsl.simulation.evaluation import evaluate
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.program import Program, programs
from segdsl.simulation.state import JourneyState, Jumping, Outcome

RuleT = TypeVar("RuleT")
MembersAt = Callable[[RuleT, Evaluation], Bits]
"""Who meets a rule at an evaluation; asked once for each of them, and only where it matters."""


class Day(msgspec.Struct, frozen=True):
    """One evaluation of all journeys: the outcome of each, in their order."""

    evaluation: Evaluation
    outcomes: tuple[Outcome, ...]

    @property
    def jumps(self) -> tuple[Jumping, ...]:
        """The jumps that arrive at the next evaluation, in the order of their sources."""
        return tuple(jump for outcome in self.outcomes for jump in outcome.jumps)


def simulate(
    journeys: Sequence[Journey[RuleT]],
    members: MembersAt[RuleT],
    evaluations: Iterable[Evaluation],
    profiles: Profiles,
) -> Iterator[Day]:
    """Each evaluation in turn, beginning with everybody outside of all journeys (rule 14).

    Keeps no day but the last. Raises SimulationError for a journey that cannot be simulated.
    """
    compiled = programs(journeys)
    day: Day | None = None
    for evaluation in evaluations:
        day = advance(compiled, day, members, evaluation, profiles)
        yield day


def advance(
    compiled: Sequence[Program[RuleT]],
    before: Day | None,
    members: MembersAt[RuleT],
    evaluation: Evaluation,
    profiles: Profiles,
) -> Day:
    """The evaluation after a day, or the first one."""
    known: dict[int, Bits] = {}

    def meets(rule: RuleT) -> Bits:
        # Rules live as long as their journeys, so that an identity is of one rule.
        if id(rule) not in known:
            known[id(rule)] = members(rule, evaluation)
        return known[id(rule)]

    jumps = () if before is None else before.jumps
    outcomes: list[Outcome] = []
    for program in compiled:
        state = JourneyState() if before is None else before.outcomes[program.number].state
        arrivals = [jump for jump in jumps if jump.target.journey == program.number]
        outcomes.append(evaluate(program, state, arrivals, meets, evaluation, profiles))
    return Day(evaluation, tuple(outcomes))
