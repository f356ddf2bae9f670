"""Typed, frozen records of journeys, their versions and their activations.

What a journey or an activation says is kept as the raw JSON of its JSON:API resource; ids are
strings.
"""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.api.activation_records import Execution


class JourneyStage(msgspec.Struct, frozen=True, gc=False):
    """A stage of a journey."""

    id: str
    name: str


class Journey(msgspec.Struct, frozen=True, gc=False):
    """A version of a journey; `document` is the JSON of its resource.

    `bundle_id` and `bundle_name` are those of all its versions together. `state` is the response's
    word: `draft`, `simulation`, `launched` (described), or another one. Values that the response
    leaves out are None.
    """

    id: str
    name: str
    document: msgspec.Raw
    folder_id: str | None = None
    bundle_id: str | None = None
    bundle_name: str | None = None
    version: int | None = None
    state: str | None = None
    is_paused: bool | None = None
    stages: tuple[JourneyStage, ...] = ()
    latest_execution: Execution | None = None
    launched_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    def decoded(self) -> dict[str, Any]:
        """The document as plain values."""
        value: dict[str, Any] = msgspec.json.decode(self.document)
        return value


class NewJourney(msgspec.Struct, frozen=True):
    """A journey to create, or the new state of a version: `body` is `{"type": "journey",
    "attributes": {…}}`; the client adds the folder, which the root is without one."""

    name: str
    body: msgspec.Raw
    folder_id: str | None = None


class JourneyBundle(msgspec.Struct, frozen=True, gc=False):
    """The versions of a journey, in the order of the response."""

    id: str
    name: str
    description: str | None
    latest_id: str | None
    last_version: int | None
    journeys: tuple[Journey, ...]
    latest_execution: Execution | None = None

    @property
    def latest(self) -> Journey | None:
        """The version that counts as the latest, if it is among those that could be read."""
        return next((each for each in self.journeys if each.id == self.latest_id), None)


class JourneyActivation(msgspec.Struct, frozen=True, gc=False):
    """An activation of a journey; `document` is the JSON of its resource.

    `id` is what steps name. `activation_id` is its id among all activations, None until the journey
    is launched. Several may have one name (observed).
    """

    id: str
    name: str
    document: msgspec.Raw
    activation_id: str | None = None
    connection_id: str | None = None

    def decoded(self) -> dict[str, Any]:
        """The document as plain values."""
        value: dict[str, Any] = msgspec.json.decode(self.document)
        return value


class NewJourneyActivation(msgspec.Struct, frozen=True):
    """An activation to create, or the new state of one: `params` are its `activationParams`."""

    name: str
    params: msgspec.Raw


class JourneyStatistics(msgspec.Struct, frozen=True, gc=False):
    """The numbers of a journey after its last run; `document` is the JSON of its resource.

    `size` and `stage_sizes`, by the ids of stages, are the profiles inside; the others are added up
    since the launch.
    """

    document: msgspec.Raw
    size: int
    entered: int
    goal: int
    left: int
    stage_sizes: dict[str, int]
