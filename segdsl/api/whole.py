"""Segments with their rules: what a list leaves out is read from each segment by itself.

A list may have a rule absent, null or empty (observed); such a rule is never taken for the
segment's own, nor written back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from segdsl.api import errors as e
from segdsl.api.answers import Listed, Segment, Unreadable
from segdsl.api.client import Client

AT_ONCE = 16
"""Segments that are read at the same time."""
OF_ONE = (e.ForbiddenError, e.RefusedError, e.BadAnswerError, e.ServerFailedError)
"""Failures that may be of one segment alone; any other is one of the server."""
_T = TypeVar("_T")


async def whole_segments(client: Client, parent_id: str) -> Listed[Segment]:
    """The segments of a parent segment, each with its rule (`null` where it has none).

    One that cannot be read is among the `unreadable`; one that is gone by then is left out.
    """
    listed = await client.segments(parent_id)
    room = asyncio.Semaphore(AT_ONCE)

    async def whole(each: Segment) -> Segment | Unreadable | None:
        if each.rule is not None:
            return each
        async with room:
            try:
                return await client.segment(parent_id, each.id)
            except e.NotFoundError:
                return None
            except OF_ONE as error:
                return Unreadable(each.id, each.name, error.message)

    found = await _all([whole(each) for each in listed])
    return Listed(
        (each for each in found if isinstance(each, Segment)),
        (*listed.unreadable, *(each for each in found if isinstance(each, Unreadable))),
    )


async def _all(asking: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """What comes of all, in order. The first failure is raised once the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in asking]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
