"""Creates, replaces and deletes once, whatever becomes of a response. Knows no endpoints.

A creation looks for what it would make before each try, a replacement and a deletion are sent
again; a response that does not say what came of it is followed by a look at the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from segdsl.api import errors as e
from segdsl.api import provenance
from segdsl.api.errors import CHECK_ADDRESS, HasId
from segdsl.api.queries import Queries
from segdsl.api.transport import JSON_API

_T = TypeVar("_T")
RecordT = TypeVar("RecordT", bound=HasId)
LOOKUP_ATTEMPTS = 4
"""How often the client looks for the result of a request that was accepted without one."""
FALLBACK_ERRORS = (e.NotFoundError, e.ForbiddenError, e.RejectedError, e.InvalidResponseError)
"""Errors of an endpoint after which another endpoint is tried for the same data."""


async def no_lookup() -> None:
    """The default of `look`: finds nothing."""


class Creation(msgspec.Struct, Generic[RecordT], frozen=True):
    """How something is created once.

    `find` reads one of the same name at the same place, whole. `send` sends the request, once;
    `read` reads its response, and returns None if that is absent or incomplete. `matches` says
    whether one that is there is what was sent. `what` is a noun; `exists` and
    `choose` are those of AlreadyExistsError.
    """

    what: str
    find: Callable[[], Awaitable[RecordT | None]]
    send: Callable[[], Awaitable[bytes]]
    read: Callable[[bytes], RecordT | None]
    matches: Callable[[RecordT], bool]
    exists: str
    choose: str = "another name or folder"


class Replacement(msgspec.Struct, Generic[RecordT], frozen=True):
    """How something is replaced: `get` reads it again after a response that does not confirm it.

    `look` runs before each try; what it returns is the result, and nothing is sent.
    """

    what: str
    id: str
    send: Callable[[], Awaitable[bytes]]
    read: Callable[[bytes], RecordT | None]
    get: Callable[[], Awaitable[RecordT]]
    matches: Callable[[RecordT], bool]
    look: Callable[[], Awaitable[RecordT | None]] = no_lookup


class Writes(Queries):
    """The methods by which the client changes things; see `segdsl.api.client.Client`."""

    async def _create(self, creation: Creation[RecordT]) -> RecordT:
        """Creates it once; raises AlreadyExistsError if one of that name existed before.

        After a lost response one that matches counts as this one. If the response is incomplete,
        the result is looked up.
        """
        sent = False

        async def look(refresh: bool) -> RecordT | None:
            existing = await creation.find()
            if existing is not None and not (sent and creation.matches(existing)):
                raise e.AlreadyExistsError(existing, creation.exists, creation.choose)
            return existing

        async def create() -> RecordT:
            nonlocal sent
            sent_before, sent = sent, True
            try:
                body = await creation.send()
            except e.ClientError as error:
                sent = sent_before or error.ambiguous or isinstance(error, e.InvalidResponseError)
                raise
            created = creation.read(body)
            if created is None:
                raise e.InvalidResponseError(
                    f"the API accepted the {creation.what} but did not return it",
                    "check with `segdsl plan` whether it exists",
                )
            return created

        return await self._create_once(look, create)

    async def _create_once(
        self,
        look: Callable[[bool], Awaitable[_T | None]],
        create: Callable[[], Awaitable[_T]],
    ) -> _T:
        """Returns the existing object or creates it; looks again before each retry.

        The argument of `look` is whether the state may have changed since the last lookup.
        """
        tried = False

        async def attempt() -> _T:
            nonlocal tried
            existing = await look(tried)
            if existing is not None:
                return existing
            try:
                return await create()
            except e.RejectedError:
                # The name may be taken by an earlier try whose response was lost, or by a
                # concurrent creation.
                existing = await look(True)
                if existing is None:
                    raise
                return existing
            except e.InvalidResponseError:
                # The request succeeded without a usable response, so the object is looked up.
                # After a 202 (accepted) it may appear a little later.
                for attempt in range(LOOKUP_ATTEMPTS):
                    await asyncio.sleep(attempt * self._retry_policy.first_pause)
                    existing = await look(True)
                    if existing is not None:
                        return existing
                raise
            except e.ClientError as error:
                tried = tried or error.ambiguous
                raise

        return await self._transport.retry(attempt)

    async def _replace(self, replacement: Replacement[RecordT]) -> RecordT:
        """Sends a replacement until a response confirms it, or the record does, read again."""
        failure: e.ClientError = e.InvalidResponseError(
            f"the API accepted the update of {replacement.what} #{replacement.id}, but the "
            f"{replacement.what} does not match it",
            "check that the address is the Audience API's; otherwise make a new plan",
        )

        async def attempt() -> RecordT | None:
            nonlocal failure
            superseding = await replacement.look()
            if superseding is not None:
                return superseding
            try:
                updated = replacement.read(await replacement.send())
            except e.ForeignResponseError as error:
                failure = error
                return None
            return updated if updated is not None and updated.id == replacement.id else None

        updated = await self._transport.retry(attempt)
        if updated is not None:
            return updated
        for again in range(LOOKUP_ATTEMPTS):
            # After a 202 (accepted) the change may appear a little later.
            await asyncio.sleep(again * self._retry_policy.first_pause)
            record = await replacement.get()
            if replacement.matches(record):
                return record
        raise failure

    async def _delete(
        self,
        what: str,
        id: str,
        path: str,
        look: Callable[[], Awaitable[object | None]],
    ) -> bool:
        """Deletes what is at a path; raises ConflictError if others refer to it.

        `look` runs before each try; if it returns a reason, nothing is sent. If the response does
        not name the record, the API must then report it as not found (`segdsl.api.provenance`).
        Returns False if no response confirms the deletion: `look` returned a reason, or the API
        reports the record as not found after a lost response.
        """
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
                        f"the API accepted the deletion of {what} #{id}, but it still exists",
                        "check that the address is the Audience API's; otherwise try again later",
                    )
            return True

        return await self._transport.retry(attempt)

    async def _is_deleted(self, path: str) -> bool:
        """Whether the API reports the record as not found, now or after a few tries."""
        for attempt in range(LOOKUP_ATTEMPTS):
            await asyncio.sleep(attempt * self._retry_policy.first_pause)
            try:
                await self._get(path, JSON_API)
            except e.NotFoundError:
                return True
        return False


def not_confirmed(what: str, id: str) -> e.InvalidResponseError:
    """The error for a 404 of something that its list still has, or cannot tell."""
    return e.InvalidResponseError(
        f"the API reports {what} #{id} as not found, but its list does not confirm it",
        f"try again later; the {what} is not treated as deleted",
    )


def check_id(actual: str, id: str) -> None:
    """Raises InvalidResponseError if a response is about another record than requested."""
    if actual != id:
        raise e.InvalidResponseError(
            f"the response is about #{actual}, but #{id} was requested",
            CHECK_ADDRESS,
        )


def json_id(id: str) -> int | str:
    """An id as JSON: a number if it is numeric (described)."""
    return int(id) if id.isascii() and id.isdecimal() else id
