"""Launches, pauses and resumes journeys of a server: finds the versions, and changes their state.

Versions of one journey are in a bundle, by whose name it is called. Only drafts are launched, and
only what is launched is paused and resumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.api import Client, ClientError
from segdsl.api.journey_records import Journey, NewJourney
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.workspace.remote.ambiguous import ambiguous

Action = OneOf["launch", "pause", "resume"]
_SENT = ("name", "description", "reentryMode", "goal", "journeyStages")
"""What a launch sends again, as clients of this family do (observed)."""


class JourneyNotFoundError(InputError):
    """A journey that does not exist, that several are named as, or whose state does not fit."""


class Version(msgspec.Struct, frozen=True):
    """A version of a journey with the path of its folder; None where that is not known."""

    journey: Journey
    folder: tuple[str, ...] | None

    @property
    def name(self) -> str:
        return self.journey.bundle_name or self.journey.name

    @property
    def path(self) -> str:
        return "/".join((*(self.folder or ()), self.name))

    @property
    def bundle(self) -> str:
        """What all versions of one journey have in common."""
        return self.journey.bundle_id or self.journey.id

    @property
    def title(self) -> str:
        """`Welcome, version 2 (#600)`."""
        number = self.journey.version
        version = "" if number is None else f", version {number}"
        return f"{self.path}{version} (#{self.journey.id})"


async def find_versions(
    client: Client, parent_id: str, name: str, action: Action
) -> tuple[Version, ...]:
    """The versions that an action is for: by an id (`#12`) that one, or by a path or a name.

    A launch is of the newest draft; a pause is of every launched version that is not paused, and a
    resumption of every one that is. Raises JourneyNotFoundError, ClientError.
    """
    versions = _named(await _versions(client, parent_id), name)
    bundles = {each.bundle: each for each in versions}
    if len(bundles) > 1:
        places = ((each.journey.id, each.path) for each in bundles.values())
        raise JourneyNotFoundError(ambiguous("journey", name, places))
    fit = [each for each in versions if _fits(each.journey, action)]
    if fit:
        return tuple(fit[-1:] if action == "launch" else fit)
    path = versions[0].path
    match action:
        case "launch":
            why, help = "has no draft", "a launched version does not change: create a new version"
        case "pause":
            why, help = "has no launched version that is not paused", "launch it first"
        case "resume":
            why, help = "has no paused version", "there is nothing to resume"
    raise JourneyNotFoundError(f"the journey {path} {why}; {help}")


async def _versions(client: Client, parent_id: str) -> list[Version]:
    """All versions of all journeys, the oldest first."""
    listed = await client.journeys(parent_id)
    paths: dict[str | None, tuple[str, ...]] = {
        each.id: each.path for each in await client.folders(parent_id)
    }
    every = [Version(each, paths.get(each.folder_id)) for each in listed]
    return sorted(every, key=lambda each: each.journey.version or 0)


def _named(every: Sequence[Version], name: str) -> list[Version]:
    """The versions of that id, path or name; raises JourneyNotFoundError where there are none."""
    found = [each for each in every if each.journey.id == name.removeprefix("#")]
    if not found and name.strip():
        found = [each for each in every if each.path == name]
        found = found or [each for each in every if each.name == name]
    if found:
        return found
    words = [each.name for each in every] + [each.path for each in every]
    help = did_you_mean(name, words, "check the spelling, or pass its id")
    raise JourneyNotFoundError(f"there is no journey `{name}`; {help}")


def _fits(journey: Journey, action: Action) -> bool:
    match action:
        case "launch":
            return journey.state == "draft"
        case "pause":
            return journey.state == "launched" and not journey.is_paused
        case "resume":
            return journey.state == "launched" and bool(journey.is_paused)


async def carry_out(client: Client, version: Version, action: Action) -> Version:
    """Launches, pauses or resumes a version; raises ClientError."""
    id = version.journey.id
    match action:
        case "launch":
            journey = await _launch(client, id)
        case "pause":
            journey = await client.pause_journey(id)
        case "resume":
            journey = await client.resume_journey(id)
    # An answer may leave out what the list has of the bundle.
    return Version(
        msgspec.structs.replace(
            journey,
            bundle_name=journey.bundle_name or version.journey.bundle_name,
            version=journey.version or version.journey.version,
        ),
        version.folder,
    )


async def _launch(client: Client, id: str) -> Journey:
    """Sends a draft again as it is, launched, unless somebody changes it meanwhile."""

    async def look() -> Journey | None:
        there = await client.journey(id)
        if there.state == "launched":
            return there
        if there.document != draft.document:
            raise ClientError(
                "somebody changed the journey while it was launched", "run the command again"
            )
        return None

    draft = await client.journey(id)
    if draft.state == "launched":
        return draft
    decoded: dict[str, Any] = msgspec.json.decode(draft.document)
    answered = decoded.get("attributes", decoded)
    attributes = {key: answered[key] for key in _SENT if key in answered}
    for stage in attributes.get("journeyStages") or ():
        if stage.get("rootStep", "") is None:
            del stage["rootStep"]  # A body has no null there (described).
    body = {"type": "journey", "attributes": {**attributes, "state": "launched"}}
    new = NewJourney(draft.name, msgspec.Raw(msgspec.json.encode(body)))
    return await client.update_journey(id, new, look)
