"""Where profiles are between two evaluations, and what happened in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

from segdsl.simulation.bits import NOBODY, Bits, contains, union
from segdsl.simulation.program import Target

EventKind = OneOf[
    "goal",
    "exit",
    "milestone",
    "advanced",
    "entered",
    "continued",
    "arrived",
    "moved",
    "lost",
    "dropped",
    "step",
    "sent",
    "repeated",
    "branch",
    "capped",
    "jumped",
]
"""What happens to profiles; the order for one profile is that of the events.

| kind | what happened |
| --- | --- |
| goal | achieved the goal, and left the journey |
| exit | left the stage by its exit `choice` |
| milestone | reached the milestone of the stage |
| advanced | left the stage for the next one |
| entered | entered the stage, and the journey, by its `enter` rule |
| continued | entered the stage from the one before |
| arrived | entered the stage, and the journey, by a jump |
| moved | entered the stage by a jump within the journey |
| lost | could not arrive at the stage by a jump from outside the journey |
| dropped | could not arrive at the stage by a jump within the journey, and left it |
| step | came to the step |
| sent | was sent to the activation of the step |
| repeated | came to an activation to which it was sent before |
| branch | goes on with block `choice` of the step |
| capped | the cap of the variant `choice` kept it out |
| jumped | left the stage for another by a jump, of the step or of a goal or an exit |
"""


class Place(msgspec.Struct, frozen=True, order=True):
    """A stage, the number of a step in it, and the day on which profiles came there.

    Days are ordinals of dates, as `datetime.date.toordinal` gives them.
    """

    stage: int
    step: int
    since: int


class Event(msgspec.Struct, frozen=True):
    """What happened to some profiles in one evaluation of a journey; see `EventKind`.

    `stage` and `step` say where they were, or where they came to; of what happens outside a step
    they are None.
    """

    kind: EventKind
    profiles: Bits
    stage: int | None = None
    step: int | None = None
    choice: int | None = None


class Jumping(msgspec.Struct, frozen=True):
    """Profiles on their way to a stage by a jump, which arrives at the next evaluation.

    `within`: they are still in the journey. A goal that leads back to its own journey is not.
    """

    source: int
    target: Target
    profiles: Bits
    within: bool


class JourneyState(msgspec.Struct, frozen=True):
    """Where profiles are in one journey after an evaluation, and what is kept of the past.

    `places` has only those with a profile. `underway` are those on their way within the journey.
    `milestones` has those who reached the milestone in this stay, by stage; `been` who ever was in
    the journey, `achieved` who ever achieved the goal; `received` who was sent to an activation in
    this stay, by its name; `assigned` who has which variant, by stage and step.
    """

    places: Mapping[Place, Bits] = {}
    underway: Bits = NOBODY
    milestones: Mapping[int, Bits] = {}
    been: Bits = NOBODY
    achieved: Bits = NOBODY
    received: Mapping[str, Bits] = {}
    assigned: Mapping[tuple[int, int], tuple[Bits, ...]] = {}

    @property
    def inside(self) -> Bits:
        """Those who are in the journey."""
        return self.underway | union(self.places.values())

    def place(self, index: int) -> Place | None:
        """Where a profile is; None if it is outside or on its way."""
        for place, bits in self.places.items():
            if contains(bits, index):
                return place
        return None


class Outcome(msgspec.Struct, frozen=True):
    """One evaluation of a journey: the state after it, what happened in order, and who jumps."""

    state: JourneyState
    events: tuple[Event, ...]
    jumps: tuple[Jumping, ...]
