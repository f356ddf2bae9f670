"""Reads complete records: fills what a list omits by reading single ones.

In a list a rule may be absent, null or empty (observed). Such a rule is never used as the
segment's rule or written back; the same applies to every other field that an update writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from segdsl.api import errors as e
from segdsl.api.activation_records import Activation, ActivationTemplate
from segdsl.api.bounded_read import LIST, TooLargeError
from segdsl.api.client import Client
from segdsl.api.responses import Funnel, Listed, Segment, Unreadable

NO_RULE = "the server returns it without its rule"
CONCURRENCY = 16
"""Maximum number of records read at the same time."""
SEGMENT_ERRORS = (
    *(e.ForbiddenError, e.NotFoundError, e.RejectedError, e.InvalidResponseError, e.ServerError),
)
"""Errors that may concern one record only; any other concerns the server."""
_FIELDS = {
    "description": ("description",),
    "isVisible": ("is_visible",),
    "kind": ("kind", "raw_kind"),
    "segmentFolderId": ("folder_id",),
}
_T = TypeVar("_T")


async def whole_segments(client: Client, parent_id: str) -> Listed[Segment]:
    """The segments of a parent segment, each with its rule (`null` if it has none).

    Segments that cannot be read are in `unreadable`, also those that are listed but not found:
    they may have been deleted meanwhile, or the key may lack a permission.
    """
    listed = await client.segments(parent_id)
    room = asyncio.Semaphore(CONCURRENCY)
    size = 0

    async def whole(listed_segment: Segment) -> Segment | Unreadable:
        if listed_segment.rule is not None and not listed_segment.left_out:
            return listed_segment
        async with room:
            try:
                segment = fill_missing(
                    await client.segment(parent_id, listed_segment.id), listed_segment
                )
            except SEGMENT_ERRORS as error:
                return Unreadable(listed_segment.id, listed_segment.name, error.message)
        if segment.rule is None:
            return Unreadable(listed_segment.id, listed_segment.name, NO_RULE)
        nonlocal size
        size += len(bytes(segment.rule))
        if size > LIST:
            raise TooLargeError(client.host, f"{LIST // 1_000_000} MB of rules")
        return segment

    segments = await _all([whole(each) for each in listed])
    return Listed(
        (each for each in segments if isinstance(each, Segment)),
        (*listed.unreadable, *(each for each in segments if isinstance(each, Unreadable))),
    )


async def whole_funnels(client: Client, parent_id: str) -> Listed[Funnel]:
    """The funnels of a parent segment, each with all that an update writes.

    One that the list does not have whole is read by itself.
    """
    return await _whole(
        await client.funnels(parent_id),
        lambda funnel: not funnel.left_out,
        lambda funnel: client.funnel(parent_id, funnel.id),
    )


async def whole_activations(client: Client, parent_id: str) -> Listed[Activation]:
    """The activations of a parent segment, each read by itself; the list has only summaries."""

    async def read(summary: Activation) -> Activation:
        if summary.segment_id is None:
            raise e.InvalidResponseError("the server names no segment for this activation")
        return await client.activation(summary.segment_id, summary.id)

    listed = await client.activations(parent_id)
    return await _whole(listed, lambda activation: not activation.is_summary, read)


async def whole_templates(client: Client, parent_id: str) -> Listed[ActivationTemplate]:
    """The activation templates of a parent segment, each read by itself."""
    listed = await client.templates(parent_id)
    return await _whole(
        listed,
        lambda template: not template.is_summary,
        lambda template: client.template(template.id),
    )


class _Item(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


_ItemT = TypeVar("_ItemT", bound=_Item)


async def _whole(
    listed: Listed[_ItemT],
    is_whole: Callable[[_ItemT], bool],
    read: Callable[[_ItemT], Coroutine[Any, Any, _ItemT]],
) -> Listed[_ItemT]:
    """The items of a list, whole; one that cannot be read by itself is in `unreadable`."""
    room = asyncio.Semaphore(CONCURRENCY)

    async def whole(item: _ItemT) -> _ItemT | Unreadable:
        if is_whole(item):
            return item
        async with room:
            try:
                return await read(item)
            except SEGMENT_ERRORS as error:
                return Unreadable(item.id, item.name, error.message)

    found = await _all([whole(each) for each in listed])
    return Listed(
        (each for each in found if not isinstance(each, Unreadable)),
        (*listed.unreadable, *(each for each in found if isinstance(each, Unreadable))),
    )


def fill_missing(segment: Segment, other: Segment) -> Segment:
    """Fills the fields that a segment's response left out from another response."""
    filled = segment
    if filled.rule is None:
        filled = msgspec.structs.replace(filled, rule=other.rule)
    if not filled.left_out:
        return filled
    values = {
        field: getattr(other, field)
        for key, fields in _FIELDS.items()
        if key in filled.left_out
        for field in fields
    }
    return msgspec.structs.replace(filled, **values, left_out=filled.left_out & other.left_out)


async def _all(coroutines: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """The results in order; on the first failure, cancels the others and raises it."""
    tasks = [asyncio.ensure_future(task) for task in coroutines]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
