"""What the answers of all kinds share.

Ids are strings of digits, times ISO 8601 in UTC with milliseconds (observed). Everything is created
and updated by the one user that a local API has (assumed).
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from segdsl.server.service import Json

USER_ID = "1"
USER_NAME = "Local user"
USER: Json = {"id": USER_ID, "td_user_id": USER_ID, "name": USER_NAME}
FOLDER = "folder-segment"
"""The JSON:API type of the folders in which things lie."""


@functools.lru_cache(maxsize=10_000)
def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def history(created: int, updated: int) -> Json:
    """When and by whom something was created and updated, under `/audiences`."""
    return {
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "createdBy": USER,
        "updatedBy": USER,
    }


# --- JSON:API ----------------------------------------------------------------------------


def document(data: Json | list[Json]) -> Json:
    """A resource, or several, with the user to whom all of them refer."""
    attributes = {"tdUserId": USER_ID, "name": USER_NAME}
    return {"data": data, "included": [{"id": USER_ID, "type": "user", "attributes": attributes}]}


def link(type: str, id: int) -> Json:
    """A relationship to one resource."""
    return {"data": {"id": str(id), "type": type}}


USER_LINKS: Json = {
    "createdBy": link("user", int(USER_ID)),
    "updatedBy": link("user", int(USER_ID)),
}
"""The relationships of something to those who created and updated it."""
