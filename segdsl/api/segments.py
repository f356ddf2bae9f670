"""Segments: lists, reads, creates, replaces and deletes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from segdsl.api import errors as e
from segdsl.api import provenance
from segdsl.api import reading as r
from segdsl.api import responses as a
from segdsl.api.bodies import decoded
from segdsl.api.folders import Folders
from segdsl.api.queries import path_id
from segdsl.api.rule_equality import same_rule
from segdsl.api.transport import JSON_API
from segdsl.api.writing import LOOKUP_ATTEMPTS, check_id, json_id, no_lookup
from segdsl.language.values import SEGMENT_KINDS


class Segments(Folders):
    """The methods for segments; see `segdsl.api.client.Client`."""

    async def segments(self, parent_id: str) -> a.Listed[a.Segment]:
        """The segments as listed; the rule of some may be None."""
        return r.segments(await self._get_list(f"/audiences/{path_id(parent_id)}/segments"))

    async def segment(self, parent_id: str, id: str) -> a.Segment:
        """A segment with its rule, which is `null` if it has none."""
        found = r.segment(await self._segment_body(parent_id, id))
        check_id(found.id, id)
        return found

    async def segment_or_none(self, parent_id: str, id: str) -> a.Segment | None:
        """A segment with its rule; None if it does not exist.

        That takes a 404 of the API itself and a list without it (`segdsl.api.provenance`).
        """
        try:
            return await self.segment(parent_id, id)
        except e.NotFoundError:
            listed = await self.segments(parent_id)
        ids = {each.id for each in listed} | {each.id for each in listed.unreadable}
        if id in ids or "" in ids:
            raise e.InvalidResponseError(
                f"the API reports segment #{id} as not found, but its list does not confirm it",
                "try again later; the segment is not treated as deleted",
            )
        return None

    async def segment_json(self, parent_id: str, id: str) -> str:
        """A segment as the API returns it, as indented JSON."""
        body = await self._segment_body(parent_id, id)
        decoded(body, dict[str, msgspec.Raw])
        return msgspec.json.format(body, indent=2).decode()

    async def _segment_body(self, parent_id: str, id: str) -> bytes:
        return await self._get(f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}")

    async def find_segment(
        self, parent_id: str, name: str, folder_id: str | None = None
    ) -> a.Segment | None:
        """The segment of that name in a folder (default: the root folder), with its rule."""
        folder = folder_id or await self._root(parent_id)
        try:
            path = f"/audiences/{path_id(parent_id)}/folders/{path_id(folder)}/segments"
            segments = r.segments(await self._get_list(path))
        except (e.NotFoundError, e.NotSupportedError, e.ForeignResponseError):
            segments = await self.segments(parent_id)
        for segment in segments:
            if segment.name == name and segment.folder_id in (folder, None):
                return (
                    segment
                    if segment.rule is not None
                    else await self.segment(parent_id, segment.id)
                )
        return None

    async def create_segment(self, parent_id: str, new: a.NewSegment) -> a.Segment:
        """Creates a segment once; raises AlreadyExistsError if one of that name existed before.

        After a lost response, a segment with the same name, rule and kind counts as this one. If
        the response is incomplete, the created segment is looked up.
        """
        path = f"/audiences/{path_id(parent_id)}/segments"
        folder = new.folder_id or await self._root(parent_id)
        sent = False

        async def look(refresh: bool) -> a.Segment | None:
            existing = await self.find_segment(parent_id, new.name, folder)
            if existing is not None and not (sent and _matches(existing, new)):
                raise e.AlreadyExistsError(existing)
            return existing

        async def create() -> a.Segment:
            nonlocal sent
            sent_before, sent = sent, True
            try:
                body = await self._transport.send("POST", path, body=_body(parent_id, new, folder))
            except e.ClientError as error:
                sent = sent_before or error.ambiguous or isinstance(error, e.InvalidResponseError)
                raise
            created = r.answered_segment(body)
            if created is None:
                raise e.InvalidResponseError(
                    "the API accepted the segment but did not return it",
                    "check with `segdsl list` whether it exists",
                )
            return created

        return await self._create_once(look, create)

    async def update_segment(
        self,
        parent_id: str,
        id: str,
        new: a.NewSegment,
        look: Callable[[], Awaitable[a.Segment | None]] = no_lookup,
    ) -> a.Segment:
        """Replaces all of a segment (PUT); idempotent.

        A real server loses what the body omits (observed of the rule), so the body is complete,
        except for an unknown folder, which must not become the root. `look` runs before each try;
        a segment that it returns is the result. If the response is empty or incomplete, the
        segment is read again.
        """
        path = f"/audiences/{path_id(parent_id)}/segments/{path_id(id)}"
        body = _body(parent_id, new, new.folder_id)
        failure: e.ClientError = e.InvalidResponseError(
            f"the API accepted the update of segment #{id}, but the segment does not match it",
            "check that the address is the Audience API's; otherwise make a new plan",
        )

        async def attempt() -> a.Segment | None:
            nonlocal failure
            superseding = await look()
            if superseding is not None:
                return superseding
            try:
                updated = r.answered_segment(await self._transport.send("PUT", path, body=body))
            except e.ForeignResponseError as error:
                failure = error
                return None
            return updated if updated is not None and updated.id == id else None

        updated = await self._transport.retry(attempt)
        if updated is None:
            updated = await self._updated(parent_id, id, new)
        if updated is None:
            raise failure
        return updated

    async def _updated(self, parent_id: str, id: str, new: a.NewSegment) -> a.Segment | None:
        """The updated segment, read again; None if it does not match the update."""
        for attempt in range(LOOKUP_ATTEMPTS):
            # After a 202 (accepted) the change may appear a little later.
            await asyncio.sleep(attempt * self._retry_policy.first_pause)
            segment = await self.segment(parent_id, id)
            if (
                segment.name == new.name
                and segment.rule is not None
                and same_rule(segment.rule, new.rule)
            ):
                return segment
        return None

    async def delete_segment(
        self, id: str, look: Callable[[], Awaitable[object | None]] = no_lookup
    ) -> bool:
        """Deletes a segment; raises ConflictError if others refer to it.

        `look` runs before each try; if it returns a reason, nothing is sent. If the response does
        not name the segment, the API must then report it as not found (`segdsl.api.provenance`).
        Returns False if no response confirms the deletion: `look` returned a reason, or the API
        reports the segment as not found after a lost response.
        """
        path = f"/entities/segments/{path_id(id)}"
        ambiguous = False

        async def attempt() -> bool:
            nonlocal ambiguous
            if await look():
                return False
            try:
                body = await self._transport.send("DELETE", path, media=JSON_API)
            except e.NotFoundError as error:
                if not (ambiguous and await self._is_deleted(path)):
                    raise error
                return False
            except e.ForeignResponseError as error:
                if not await self._is_deleted(path):
                    raise error
                return False
            except e.ClientError as error:
                ambiguous = ambiguous or error.ambiguous
                raise
            else:
                if not provenance.names_record(body, id) and not await self._is_deleted(path):
                    raise e.InvalidResponseError(
                        f"the API accepted the deletion of segment #{id}, but it still exists",
                        "check that the address is the Audience API's; otherwise try again later",
                    )
            return True

        return await self._transport.retry(attempt)


def _body(parent_id: str, new: a.NewSegment, folder: str | None) -> dict[str, object]:
    """The body of a create or an update (described)."""
    body: dict[str, object] = {
        "audienceId": json_id(parent_id),
        "name": new.name,
        "kind": SEGMENT_KINDS.index(new.kind),
        "description": new.description or "",
        "rule": new.rule,
    }
    if folder is not None:
        body["segmentFolderId"] = json_id(folder)
    if new.count_population is not None:
        body["countPopulation"] = new.count_population
    if new.is_visible is not None:
        body["isVisible"] = new.is_visible
    return body


def _matches(segment: a.Segment, new: a.NewSegment) -> bool:
    """Whether an existing segment equals the one to create."""
    return (
        segment.kind == new.kind
        and segment.rule is not None
        and new.is_visible in (None, segment.is_visible)
        and (segment.description or "") == (new.description or "")
        and same_rule(segment.rule, new.rule)
    )
