"""Simulates journeys: who is in which stage and step after each evaluation, and why.

`docs/reference/journey-simulation.md` says how. `simulate` takes journeys over any rules, with a
function that says who meets them; `over_data.RulesOverData` is one over tables.
"""

from __future__ import annotations

from segdsl.simulation.clock import Evaluation, daily
from segdsl.simulation.errors import SimulationError
from segdsl.simulation.profiles import Profiles
from segdsl.simulation.program import Program, programs
from segdsl.simulation.simulate import Day, advance, simulate
from segdsl.simulation.state import Event, JourneyState, Jumping, Outcome, Place

__all__ = [
    "Day",
    "Evaluation",
    "Event",
    "JourneyState",
    "Jumping",
    "Outcome",
    "Place",
    "Profiles",
    "Program",
    "SimulationError",
    "advance",
    "daily",
    "programs",
    "simulate",
]
