"""Creates, replaces and deletes once, whatever becomes of a response. Knows no endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from segdsl.api import errors as e
from segdsl.api.errors import CHECK_ADDRESS
from segdsl.api.queries import Queries
from segdsl.api.transport import JSON_API

_T = TypeVar("_T")
LOOKUP_ATTEMPTS = 4
"""How often the client looks for the result of a request that was accepted without one."""
FALLBACK_ERRORS = (e.NotFoundError, e.ForbiddenError, e.RejectedError, e.InvalidResponseError)
"""Errors of an endpoint after which another endpoint is tried for the same data."""


async def no_lookup() -> None:
    """The default of `look`: finds nothing."""


class Writes(Queries):
    """The methods by which the client changes things; see `segdsl.api.client.Client`."""

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

    async def _is_deleted(self, path: str) -> bool:
        """Whether the API reports the segment as not found, now or after a few tries."""
        for attempt in range(LOOKUP_ATTEMPTS):
            await asyncio.sleep(attempt * self._retry_policy.first_pause)
            try:
                await self._get(path, JSON_API)
            except e.NotFoundError:
                return True
        return False


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
