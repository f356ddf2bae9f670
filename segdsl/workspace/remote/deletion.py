"""Deletes a segment, and says what refers to one that the API does not delete.

The API's answer names what refers to the segment in several forms, sometimes by ids alone. Its
segments are looked up, so that the error has their names and folders.
"""

from __future__ import annotations

import msgspec

from segdsl.api import Client, ClientError, ConflictError
from segdsl.rules.rule.references import segment_references
from segdsl.workspace.remote.listing import PlacedSegment, path_of
from segdsl.workspace.remote.snapshot import read_snapshot

MAX_LISTED = 20
"""Segments and others that an error lists."""


class StillReferencedError(ClientError):
    """A segment that the API does not delete because others refer to it."""


async def delete(client: Client, parent_id: str, found: PlacedSegment) -> None:
    """Deletes a segment; raises StillReferencedError with the names of what refers to it."""
    try:
        await client.delete_segment(found.segment.id)
    except ConflictError as error:
        try:
            users = await _users(client, parent_id, found.segment.id, error)
        except ClientError:
            raise error from None
        if not users:
            raise
        listed = ", ".join(users[:MAX_LISTED])
        if len(users) > MAX_LISTED:
            listed += f" and {len(users) - MAX_LISTED} more"
        raise StillReferencedError(
            f"{path_of(found.folder, found.segment.name)} (#{found.segment.id}) cannot be deleted, "
            f"because others refer to it: {listed}",
            "change or delete what refers to it first",
        ) from None


async def _users(client: Client, parent_id: str, id: str, error: ConflictError) -> list[str]:
    """What refers to a segment, each in words: segments by their path, and what is not one."""
    server = await read_snapshot(client, parent_id)
    named = {each.id for each in error.referrers if each.kind == "segment"} | {*error.ids}
    segments = [
        (path_of(folder, each.name), each.id)
        for folder, each in server.segments
        if each.id in named or _refers(each.rule, id)
    ]
    known = {each for _, each in segments}
    others = [each for each in error.referrers if each.kind != "segment" or each.id not in known]
    return [f"the segment {path} (#{each})" for path, each in sorted(segments)] + [
        f"the {each.kind} {each}" for each in others
    ]


def _refers(rule: msgspec.Raw | None, id: str) -> bool:
    if rule is None:
        return False
    try:
        document = msgspec.json.decode(rule)
    except (ValueError, RecursionError):
        return False
    return any(str(each["id"]) == id for each in segment_references(document))
