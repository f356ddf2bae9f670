"""Whole segments: what a list leaves out is read from each segment by itself.

A list may have a rule absent, null or empty (observed); such a rule is never taken for the
segment's own, nor written back. So it is with anything else that a change would write back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from segdsl.api import errors as e
from segdsl.api.answers import Listed, Segment, Unreadable
from segdsl.api.bounded import LIST, TooLargeError
from segdsl.api.client import Client

NO_RULE = "the server answers it without its rule"
AT_ONCE = 16
"""Segments that are read at the same time."""
OF_ONE = (
    *(e.ForbiddenError, e.NotFoundError, e.RefusedError, e.BadAnswerError, e.ServerFailedError),
)
"""Failures that may be of one segment alone; any other is one of the server."""
_FIELDS = {
    "description": ("description",),
    "isVisible": ("is_visible",),
    "kind": ("kind", "raw_kind"),
    "segmentFolderId": ("folder_id",),
}
_T = TypeVar("_T")


async def whole_segments(client: Client, parent_id: str) -> Listed[Segment]:
    """The segments of a parent segment, each with its rule (null where it has none).

    One that cannot be read is among the `unreadable`. So is one that is not there by itself, since
    nobody can tell whether it was deleted in between or is only kept from being read.
    """
    listed = await client.segments(parent_id)
    room = asyncio.Semaphore(AT_ONCE)
    size = 0

    async def whole(each: Segment) -> Segment | Unreadable:
        if each.rule is not None and not each.left_out:
            return each
        async with room:
            try:
                own = with_told(await client.segment(parent_id, each.id), each)
            except OF_ONE as error:
                return Unreadable(each.id, each.name, error.message)
        if own.rule is None:
            return Unreadable(each.id, each.name, NO_RULE)
        nonlocal size
        size += len(bytes(own.rule))
        if size > LIST:
            raise TooLargeError(client.host, f"{LIST // 1_000_000} MB of rules")
        return own

    found = await _all([whole(each) for each in listed])
    return Listed(
        (each for each in found if isinstance(each, Segment)),
        (*listed.unreadable, *(each for each in found if isinstance(each, Unreadable))),
    )


def with_told(segment: Segment, other: Segment) -> Segment:
    """The segment with what its answer left out as another answer tells it."""
    found = segment
    if found.rule is None:
        found = msgspec.structs.replace(found, rule=other.rule)
    if not found.left_out:
        return found
    told = {
        field: getattr(other, field)
        for key, fields in _FIELDS.items()
        if key in found.left_out
        for field in fields
    }
    return msgspec.structs.replace(found, **told, left_out=found.left_out & other.left_out)


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
