"""What the store keeps, as typed rows; and what it refuses.

Ids are whole numbers from 1, never used again after a delete, and never equal for a folder and
a segment. Times are Unix seconds.
Nothing here knows SQL or HTTP.
"""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from segdsl.errors import InputError, SegdslError

Status = OneOf["running", "success", "error", "killed"]
BATCH, REALTIME = 0, 1


class Folder(msgspec.Struct, frozen=True):
    """A folder of segments; the root of a parent segment has no `parent`."""

    id: int
    audience: str
    parent: int | None
    name: str
    description: str | None
    created: int
    updated: int


class SegmentContent(msgspec.Struct, frozen=True):
    """What a client says of a segment. `rule` is its JSON text as it was sent, or None.

    `refers_to` are the ids of the segments that the rule refers to. A segment that is not
    visible is hidden in the console (observed).
    """

    name: str
    folder: int
    description: str | None = None
    kind: int = BATCH
    rule: str | None = None
    count_population: bool = False
    refers_to: tuple[int, ...] = ()
    is_visible: bool = True


class Segment(msgspec.Struct, frozen=True):
    """A segment; its `revision` grows with every change of the rule.

    `referenced_by` are the ids of the segments that refer to it, in order.
    """

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    kind: int
    rule: str | None
    count_population: bool
    population: int | None
    revision: int
    created: int
    updated: int
    is_visible: bool = True
    referenced_by: tuple[int, ...] = ()


class QueryContent(msgspec.Struct, frozen=True):
    """What a query asks: `sql` (DuckDB's) selects its profiles, with these `columns`, in order.

    Pages have `page_size` profiles; there are at most `max_page` of them, where that is set.
    """

    id: str
    audience: str
    sql: str
    columns: tuple[str, ...]
    page_size: int
    max_page: int | None


class Query(msgspec.Struct, frozen=True):
    """A query in its life: `number` counts them, `owner` is the server that runs it."""

    number: int
    content: QueryContent
    owner: str
    status: Status
    count: int | None
    error: str | None

    @property
    def pages(self) -> int | None:
        """How many pages of profiles there are, once the count is known."""
        if self.count is None:
            return None
        whole = -(-self.count // self.content.page_size)
        return whole if self.content.max_page is None else min(whole, self.content.max_page)


class StoreError(InputError):
    """A store that cannot be used: which file, why, and what to do."""


class NameTakenError(SegdslError):
    """Another segment or folder in the same folder has the name; `id` is that one's."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class NoSuchFolderError(SegdslError):
    """The folder that something should be put in is not there."""


class NoSuchSegmentError(SegdslError):
    """A segment that a rule refers to is not there; `id` is the one."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class CycleError(SegdslError):
    """A segment would refer to itself, or a folder be inside itself, over others or not."""


class ReferencedError(SegdslError):
    """A segment cannot be deleted; `segments` are the ids and names of those that refer to it."""

    def __init__(self, segments: tuple[tuple[int, str], ...]) -> None:
        self.segments = segments
        super().__init__(str(segments))


class NotEmptyError(SegdslError):
    """A folder cannot be deleted for what is in it."""

    def __init__(self, segments: tuple[int, ...], folders: tuple[int, ...]) -> None:
        self.segments = segments
        self.folders = folders
        super().__init__(f"{segments} {folders}")


class ImmutableError(SegdslError):
    """A parent segment's root folder, which stays as and where it is."""
