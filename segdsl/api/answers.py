"""What the Audience API answers, typed and frozen. `segdsl.api.reading` reads it from bodies.

Ids are texts, whichever way they came (observed: both). Keys that are not known are left
out; of a segment's rule the JSON is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from typing import Literal as OneOf

import msgspec

from segdsl.language.values import ColumnType, SegmentKind

QueryEnd = OneOf["success", "killed", "error"]
_T_co = TypeVar("_T_co", covariant=True)


class Unreadable(msgspec.Struct, frozen=True):
    """A part of an answer that was passed over.

    `id` and `name` are "" where the answer does not have them; `why` is the end of a sentence
    about it, such as ``its `id` is missing``. `part` is what it is, `column` or `stage`, where
    it is inside one of what was listed.
    """

    id: str
    name: str
    why: str
    part: str | None = None

    @property
    def title(self) -> str:
        """The name and the id, as far as they are known: `“Churned” (#12)`."""
        if self.name:
            return f"“{self.name}” (#{self.id})" if self.id else f"“{self.name}”"
        return f"#{self.id}" if self.id else "one without a name"

    def titled(self, what: str) -> str:
        """The title after what it is, of which it is one: `segment “Churned” (#12)`."""
        what = self.part or what
        return f"{what} {self.title}" if self.name or self.id else f"{what} without a name"


class Listed(tuple[_T_co, ...]):
    """What could be read of a list; `unreadable` is what could not, and was passed over."""

    unreadable: tuple[Unreadable, ...]

    def __new__(
        cls, found: Iterable[_T_co] = (), unreadable: Iterable[Unreadable] = ()
    ) -> Listed[_T_co]:
        self = super().__new__(cls, tuple(found))
        self.unreadable = tuple(unreadable)
        return self


class Column(msgspec.Struct, frozen=True):
    """An attribute of profiles, or a column of a behavior.

    `name` is the matrix column, which rules name (observed); attributes of customer groups have
    none and are named by their label. `label` is what the console shows, `grouping_name` the
    heading that it shows it under. `type` is None where `raw_type`, the answer's own word, is
    none that is known. `visibility` is `clear`, `pii`, `non_pii`, `blocked` or another word.
    """

    name: str
    label: str
    type: ColumnType | None
    raw_type: str = ""
    visibility: str | None = None
    grouping_name: str | None = None


TIMESTAMP = Column("timestamp", "timestamp", "timestamp", "timestamp")


class Behavior(msgspec.Struct, frozen=True):
    """A behavior: `table` is the matrix table with its prefix, which rules name (observed).

    `columns` are those that the answer lists.
    """

    id: str
    table: str
    label: str
    columns: tuple[Column, ...]

    @property
    def event_columns(self) -> tuple[Column, ...]:
        """The columns of its events, with the time of an event.

        Rules ask for that, though answers do not list it among the columns (observed).
        """
        if any(each.name == TIMESTAMP.name for each in self.columns):
            return self.columns
        return (TIMESTAMP, *self.columns)


class CustomerGroup(msgspec.Struct, frozen=True):
    name: str
    customer_group_attributes: Listed[Column] = Listed()


class Stage(msgspec.Struct, frozen=True):
    id: str
    name: str


class Funnel(msgspec.Struct, frozen=True):
    id: str
    name: str
    stages: tuple[Stage, ...]


class PredictiveModel(msgspec.Struct, frozen=True):
    id: str
    name: str


class Solution(msgspec.Struct, frozen=True):
    """A model whose attributes a condition can ask."""

    id: str
    name: str
    solution: OneOf["rfm", "cltv"]


class Variant(msgspec.Struct, frozen=True):
    """A variant of a test of a journey; `test` is the name of the step that is the test."""

    id: str
    name: str
    test: str


class ParentSegment(msgspec.Struct, frozen=True):
    """A parent segment; `population` is how many profiles it has, where that is known.

    `root_folder_id` is the folder that holds everything of it, where the answer says so.
    """

    id: str
    name: str
    timezone: str
    description: str | None = None
    population: int | None = None
    customer_group: CustomerGroup | None = None
    root_folder_id: str | None = None


class Folder(msgspec.Struct, frozen=True):
    """A folder by the names on the way to it; the root's path is empty."""

    id: str
    path: tuple[str, ...]


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A segment; `rule` is its JSON as it came, `population` the last count, if there is one.

    `rule` is None where a list left it out, or has it null or empty: only the segment read by
    itself says what it is then (observed). `kind` is None where `raw_kind`, the answer's own
    value, is none that is known. `is_visible` is false for a segment that the console hides.
    `referenced_by` are the ids of the segments that refer to it. `left_out` are the keys of what a
    change would write back that this answer does not have: nothing is known of them. (Lists are
    long, and no segment is part of a cycle: the garbage collector need not look.)
    """

    id: str
    name: str
    kind: SegmentKind | None
    rule: msgspec.Raw | None
    description: str | None = None
    folder_id: str | None = None
    population: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    raw_kind: int | str | None = None
    is_visible: bool = True
    referenced_by: tuple[str, ...] = ()
    num_syndications: int | None = None
    left_out: frozenset[str] = frozenset()


class NewSegment(msgspec.Struct, frozen=True):
    """A segment to create, or what an existing one is to become.

    `count_population` and `is_visible` of None leave those settings as they are.
    """

    name: str
    rule: msgspec.Raw
    kind: SegmentKind = "batch"
    description: str | None = None
    folder_id: str | None = None
    count_population: bool | None = False
    is_visible: bool | None = None


class QueryStatus(msgspec.Struct, frozen=True):
    """A query in its life; `count` is there once it has succeeded.

    `status` is the answer's own word, in lower case: `running`, `success`, `killed`, `error`
    (described), or another such as `queued` (observed).
    """

    query_id: str
    status: str
    count: int | None = None
    max_page: int | None = None
    error: str | None = None

    @property
    def ended(self) -> QueryEnd | None:
        """How the query ended; None while it runs, and for a status that is not known yet."""
        match self.status:
            case "success" | "killed" | "error":
                return self.status
            case _:
                # A status that is not known, with a reason why it failed, is a failure.
                return None if self.status in ("running", "") or not self.error else "error"


class Page(msgspec.Struct, frozen=True):
    """Some of the profiles of a query: values in the order of `names`.

    `type` is the answer's own word: `rows`, `end`, `killed`, `error`, `pending` (described).
    """

    type: str
    names: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    error: str | None = None


class Profiles(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
