"""Batch journeys: lists, reads, creates, replaces, copies and runs them. Only JSON:API has them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from segdsl.api import activation_records as executions
from segdsl.api import errors as e
from segdsl.api import journey_reading as r
from segdsl.api import journey_records as a
from segdsl.api.executions import Executions
from segdsl.api.folders import Folders
from segdsl.api.queries import path_id
from segdsl.api.responses import Listed, Profiles
from segdsl.api.sent_values import has_sent_values
from segdsl.api.transport import JSON, JSON_API
from segdsl.api.writing import Creation, Replacement, check_id, no_lookup, not_confirmed

_TESTS = (b'"type":"AbTest"', b'"type":"ABTest"')
"""The type of an A/B test as it is described, and as real servers write it (observed)."""


class Journeys(Folders, Executions):
    """The methods for batch journeys; see `segdsl.api.client.Client`."""

    # --- reading -----------------------------------------------------------------------

    async def journeys(self, parent_id: str, folder_id: str | None = None) -> Listed[a.Journey]:
        """All versions of the journeys in a folder (default: the root folder) and below it."""
        folder = folder_id or await self._root(parent_id)
        path = "/entities/journeys"
        return r.journeys(await self._get_list(path, JSON, folder_id=int(path_id(folder))))

    async def journey(self, id: str) -> a.Journey:
        """A version of a journey, whole."""
        journey = r.journey(await self._get(_path(id), JSON_API))
        check_id(journey.id, id)
        return journey

    async def journey_or_none(self, parent_id: str, id: str) -> a.Journey | None:
        """A version of a journey, whole; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.journey(id)
        except e.NotFoundError:
            listed = await self.journeys(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise not_confirmed("journey", id)
        return None

    async def find_journey(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Journey | None:
        """The newest version of the journey of that name in a folder (default: the root folder).

        A journey is called by the name of its bundle, where the response has one.
        """
        folder = folder_id or await self._root(parent_id)
        found = [
            each
            for each in await self.journeys(parent_id, folder)
            if (each.bundle_name or each.name) == name and each.folder_id in (folder, None)
        ]
        if not found:
            return None
        return await self.journey(max(found, key=lambda each: each.version or 0).id)

    # --- writing -----------------------------------------------------------------------

    async def create_journey(self, parent_id: str, new: a.NewJourney) -> a.Journey:
        """Creates a journey once; raises AlreadyExistsError if one of that name existed before.

        After a lost response, one with that name and all values that were sent counts as this one.
        """
        folder = new.folder_id or await self._root(parent_id)
        body = _body(new, folder)
        return await self._create(
            Creation(
                "journey",
                lambda: self.find_journey(parent_id, new.name, folder),
                lambda: self._transport.send(
                    "POST", "/entities/journeys", body=body, media=JSON_API
                ),
                r.answered_journey,
                lambda existing: _matches(existing, new),
                "a journey with this name already exists",
            )
        )

    async def update_journey(
        self,
        id: str,
        new: a.NewJourney,
        look: Callable[[], Awaitable[a.Journey | None]] = no_lookup,
    ) -> a.Journey:
        """Replaces a version of a journey, and moves it where `new` has a folder; idempotent.

        A stage without an id is a new one, so that each stage of the body should have one: a
        repeated request would create it again. `look` runs before each try; a journey that it
        returns is the result.
        """
        body = _body(new, new.folder_id)
        return await self._replace(
            Replacement(
                "journey",
                id,
                lambda: self._transport.send("PATCH", _path(id), body=body, media=JSON_API),
                r.answered_journey,
                lambda: self.journey(id),
                lambda found: _matches(found, new),
                look,
            )
        )

    async def delete_journey(
        self, id: str, look: Callable[[], Awaitable[object | None]] = no_lookup
    ) -> bool:
        """Deletes a version of a journey, as `delete_segment` does a segment; raises ConflictError
        if others jump to it."""
        return await self._delete("journey", id, _path(id), look)

    async def pause_journey(self, id: str) -> a.Journey:
        """Pauses a launched journey and its activations; idempotent."""
        return await self._switch(id, "pause", is_paused=True)

    async def resume_journey(self, id: str) -> a.Journey:
        """Resumes a paused journey and its activations; idempotent."""
        return await self._switch(id, "resume", is_paused=False)

    async def _switch(self, id: str, action: str, *, is_paused: bool) -> a.Journey:
        return await self._replace(
            Replacement(
                "journey",
                id,
                lambda: self._transport.send("PATCH", f"{_path(id)}/{action}", media=JSON),
                r.answered_journey,
                lambda: self.journey(id),
                lambda found: found.is_paused is is_paused,
            )
        )

    # --- versions ----------------------------------------------------------------------

    async def journey_bundle(self, id: str) -> a.JourneyBundle:
        """All versions of a journey, by the id of their bundle."""
        return r.bundle(await self._get(_bundle_path(id), JSON), id)

    async def update_journey_bundle(
        self, id: str, name: str, description: str | None = None, latest_id: str | None = None
    ) -> a.JourneyBundle:
        """Renames a bundle; with `latest_id` that launched version is the latest. Idempotent."""
        attributes: dict[str, object] = {"name": name, "description": description or ""}
        if latest_id is not None:
            attributes["latestJourneyId"] = latest_id
        body = {"id": id, "type": "journeyBundle", "attributes": attributes}

        def is_done(found: a.JourneyBundle) -> bool:
            is_same = found.name == name and (found.description or "") == (description or "")
            return is_same and latest_id in (None, found.latest_id)

        return await self._replace(
            Replacement(
                "journey bundle",
                id,
                lambda: self._transport.send("PATCH", _bundle_path(id), body=body, media=JSON),
                # The response does not name the bundle, so it is read again.
                lambda _: None,
                lambda: self.journey_bundle(id),
                is_done,
            )
        )

    async def delete_journey_bundle(
        self, id: str, look: Callable[[], Awaitable[object | None]] = no_lookup
    ) -> bool:
        """Deletes a journey with all its versions, as `delete_segment` does a segment."""
        return await self._delete("journey", id, _bundle_path(id), look)

    async def create_journey_version(
        self, bundle_id: str, name: str | None = None, source_id: str | None = None
    ) -> a.Journey:
        """Creates a version once: a draft that is a copy of a version, or of the latest.

        A version that appears after a lost response counts as this one.
        """
        before = {each.id for each in (await self.journey_bundle(bundle_id)).journeys}
        body: dict[str, object] = {} if name is None else {"attributes": {"name": name}}
        if source_id is not None:
            body = {"sourceId": source_id, **body}

        async def look(refresh: bool) -> a.Journey | None:
            if not refresh:
                return None
            versions = (await self.journey_bundle(bundle_id)).journeys
            new = [each for each in versions if each.id not in before]
            return max(new, key=lambda each: each.version or 0, default=None)

        async def create() -> a.Journey:
            path = f"{_bundle_path(bundle_id)}/journeys"
            created = r.answered_journey(
                await self._transport.send("POST", path, body=body, media=JSON)
            )
            if created is None:
                raise _not_returned("version")
            return created

        return await self._create_once(look, create)

    # --- activations -------------------------------------------------------------------

    async def journey_activations(self, journey_id: str) -> Listed[a.JourneyActivation]:
        """The activations of a version of a journey."""
        return r.activations(await self._get_list(_activations_path(journey_id), JSON_API))

    async def create_journey_activation(
        self, journey_id: str, new: a.NewJourneyActivation
    ) -> a.JourneyActivation:
        """Creates an activation once, though others of the name may exist.

        After a lost response, one that was not there before and has all values that were sent
        counts as this one.
        """
        path = _activations_path(journey_id)
        before = {each.id for each in await self.journey_activations(journey_id)}

        async def look(refresh: bool) -> a.JourneyActivation | None:
            if not refresh:
                return None
            listed = await self.journey_activations(journey_id)
            new_ones = (each for each in listed if each.id not in before)
            return next((each for each in new_ones if _activation_matches(each, new)), None)

        async def create() -> a.JourneyActivation:
            body = _activation_body(new, None)
            created = r.answered_activation(
                await self._transport.send("POST", path, body=body, media=JSON)
            )
            if created is None:
                raise _not_returned("activation")
            return created

        return await self._create_once(look, create)

    async def update_journey_activation(
        self,
        journey_id: str,
        id: str,
        new: a.NewJourneyActivation,
        look: Callable[[], Awaitable[a.JourneyActivation | None]] = no_lookup,
    ) -> a.JourneyActivation:
        """Replaces an activation of a journey; idempotent.

        `look` runs before each try; an activation that it returns is the result.
        """
        path = f"{_activations_path(journey_id)}/{path_id(id)}"

        async def get() -> a.JourneyActivation:
            found = r.activation(await self._get(path, JSON_API))
            check_id(found.id, id)
            return found

        body = _activation_body(new, id)
        return await self._replace(
            Replacement(
                "journey activation",
                id,
                lambda: self._transport.send("PATCH", path, body=body, media=JSON_API),
                r.answered_activation,
                get,
                lambda found: _activation_matches(found, new),
                look,
            )
        )

    # --- running -----------------------------------------------------------------------

    async def run_journey(self, id: str) -> executions.Execution:
        """Runs a journey, at most once: after a lost response the run is looked for.

        As `run_activation` does. Raises ConflictError while another run is in progress.
        """
        return await self._run_once("journey", f"{_path(id)}/run", lambda: self._runs(id), JSON)

    async def wait_for_journey(
        self,
        id: str,
        execution: executions.Execution,
        *,
        on_status: Callable[[executions.Execution], None] = lambda execution: None,
    ) -> executions.Execution:
        """Waits until a run has ended, as `wait_for_execution` does."""
        return await self._wait_for_run(execution, lambda: self._runs(id), on_status)

    async def _runs(self, id: str) -> tuple[executions.Execution, ...]:
        """The last run of a journey; the API lists no others (described)."""
        last = (await self.journey(id)).latest_execution
        return () if last is None else (last,)

    async def journey_statistics(self, id: str) -> a.JourneyStatistics | None:
        """The numbers after the last run; None if the journey never ran."""
        return r.statistics(await self._get(f"{_path(id)}/statistics", JSON_API))

    async def journey_profiles(self, id: str, stage_id: str | None = None) -> Profiles:
        """Profiles in a journey, or in one of its stages."""
        if stage_id is None:
            return r.profiles(await self._get(f"{_path(id)}/customers", JSON_API))
        path = f"{_path(id)}/journey_stages/{path_id(stage_id)}/customers"
        return r.profiles(await self._get(path, JSON))


def _path(id: str) -> str:
    return f"/entities/journeys/{path_id(id)}"


def _bundle_path(id: str) -> str:
    return f"/entities/journey_bundles/{path_id(id)}"


def _activations_path(journey_id: str) -> str:
    return f"{_path(journey_id)}/activations"


def _not_returned(what: str) -> e.InvalidResponseError:
    return e.InvalidResponseError(
        f"the API accepted the {what} but did not return it",
        "check with `segdsl plan` whether it exists",
    )


def _body(new: a.NewJourney, folder: str | None) -> dict[str, object]:
    """The body with the folder, in which all else stays as it is."""
    body: dict[str, object] = dict(msgspec.json.decode(new.body, type=dict[str, msgspec.Raw]))
    if folder is not None:
        body["relationships"] = {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}}
    return body


def _activation_body(new: a.NewJourneyActivation, id: str | None) -> dict[str, object]:
    """The body of an activation (observed); an update names its id."""
    body: dict[str, object] = {
        "type": "journeyActivationStep",
        "attributes": {"activationParams": new.params},
        "relationships": {},
    }
    return body if id is None else {**body, "id": id}


def _matches(journey: a.Journey, new: a.NewJourney) -> bool:
    """Whether a journey of the API has all values that were sent."""
    answered = _comparable(journey.document)
    sent = _comparable(new.body)
    return has_sent_values(sent["attributes"], answered.get("attributes", answered))


def _comparable(document: msgspec.Raw) -> dict[str, Any]:
    """A document with one name for A/B tests."""
    text = msgspec.json.encode(msgspec.json.decode(document)).replace(*_TESTS)
    value: dict[str, Any] = msgspec.json.decode(text)
    return value


def _activation_matches(found: a.JourneyActivation, new: a.NewJourneyActivation) -> bool:
    answered = found.decoded()
    params = answered.get("attributes", answered).get("activationParams", {})
    return found.name == new.name and has_sent_values(msgspec.json.decode(new.params), params)
