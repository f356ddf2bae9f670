"""Typed, frozen records of the Audience API's responses; `segdsl.api.reading` decodes them.

Ids are strings, also where the API sends numbers (observed: both). Unknown keys are ignored;
the rule of a segment is kept as raw JSON.
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
    """A part of a response that could not be decoded and was skipped.

    `id` and `name` are "" if unknown; `why` ends a sentence about the part, such as
    ``its `id` is missing``. `part` is its kind, `column` or `stage`, if it is inside a list item.
    """

    id: str
    name: str
    why: str
    part: str | None = None

    @property
    def title(self) -> str:
        """The name and the id, if known: `“Churned” (#12)`."""
        if self.name:
            return f"“{self.name}” (#{self.id})" if self.id else f"“{self.name}”"
        return f"#{self.id}" if self.id else "one without a name"

    def titled(self, kind: str) -> str:
        """The title with its kind, `kind` or `part`: `segment “Churned” (#12)`."""
        kind = self.part or kind
        return f"{kind} {self.title}" if self.name or self.id else f"{kind} without a name"


class Listed(tuple[_T_co, ...]):
    """The decoded items of a list; `unreadable` are those that could not be decoded."""

    unreadable: tuple[Unreadable, ...]

    def __new__(
        cls, items: Iterable[_T_co] = (), unreadable: Iterable[Unreadable] = ()
    ) -> Listed[_T_co]:
        self = super().__new__(cls, tuple(items))
        self.unreadable = tuple(unreadable)
        return self


class Column(msgspec.Struct, frozen=True):
    """An attribute of profiles, or a column of a behavior.

    `name` is the matrix column, which rules use (observed); attributes of customer groups have
    none and are named by their label. The console shows `label`, under the heading
    `grouping_name`. `type` is None if `raw_type`, the response's value, is unknown. `visibility`
    is `clear`, `pii`, `non_pii`, `blocked` or another word.
    """

    name: str
    label: str
    type: ColumnType | None
    raw_type: str = ""
    visibility: str | None = None
    grouping_name: str | None = None


TIMESTAMP = Column("timestamp", "timestamp", "timestamp", "timestamp")


class Behavior(msgspec.Struct, frozen=True):
    """A behavior: `table` is the matrix table with its prefix, which rules use (observed).

    `columns` are those of the response.
    """

    id: str
    table: str
    label: str
    columns: tuple[Column, ...]

    @property
    def event_columns(self) -> tuple[Column, ...]:
        """The columns of its events, with `timestamp`.

        Rules use `timestamp`, but responses do not list it among the columns (observed).
        """
        if any(each.name == TIMESTAMP.name for each in self.columns):
            return self.columns
        return (TIMESTAMP, *self.columns)


class CustomerGroup(msgspec.Struct, frozen=True):
    name: str
    customer_group_attributes: Listed[Column] = Listed()


class Stage(msgspec.Struct, frozen=True):
    """A stage of a funnel; `segment_id` is the segment with its rule, None if it has no rule."""

    id: str
    name: str
    segment_id: str | None = None
    num_syndications: int | None = None


class Funnel(msgspec.Struct, frozen=True):
    """A funnel with its stages, in order.

    `left_out` are the keys that an update writes and this response omits: `description`, `stages`,
    `segmentFolderId`; and `a stage` if one in the list cannot be read. A funnel that leaves out
    anything is read by itself before it is written.
    """

    id: str
    name: str
    stages: tuple[Stage, ...]
    folder_id: str | None = None
    description: str | None = None
    population: int | None = None
    num_syndications: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    left_out: frozenset[str] = frozenset()


class NewStage(msgspec.Struct, frozen=True):
    """A stage of a funnel to write; `id` is that of an existing one, which may get a new name."""

    name: str
    id: str | None = None


class NewFunnel(msgspec.Struct, frozen=True):
    """A funnel to create, or the new state of an existing one; its stages in order, three to eight.

    A stage that is left out of an update is deleted (assumed of what the description says about
    ids of stages). `folder_id` of None is the root.
    """

    name: str
    stages: tuple[NewStage, ...]
    description: str | None = None
    folder_id: str | None = None


class PredictiveModel(msgspec.Struct, frozen=True):
    id: str
    name: str


class Solution(msgspec.Struct, frozen=True):
    """A model of a solution, whose attributes a condition can test."""

    id: str
    name: str
    solution: OneOf["rfm", "cltv"]


class Variant(msgspec.Struct, frozen=True):
    """A variant of an A/B test in a journey; `test` is the name of the test's step."""

    id: str
    name: str
    test: str


class ParentSegment(msgspec.Struct, frozen=True):
    """A parent segment; `population` is its number of profiles, if known.

    `root_folder_id` is the folder that contains all its objects, if the response has it.
    """

    id: str
    name: str
    timezone: str
    description: str | None = None
    population: int | None = None
    customer_group: CustomerGroup | None = None
    root_folder_id: str | None = None


class Folder(msgspec.Struct, frozen=True):
    """A folder; `path` has the names from the root, and is empty for the root itself."""

    id: str
    path: tuple[str, ...]


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A segment; `rule` is raw JSON, `population` the last count, if any.

    `rule` is None if a list omits it or has it null or empty: the rule is then only known from
    the single segment (observed). `kind` is None if `raw_kind`, the response's value, is unknown.
    `is_visible` is false for a segment that the console hides. `referenced_by` are the ids of the
    segments that refer to it. `left_out` are the keys that an update writes and this response
    omits: their values are unknown. (`gc=False`: lists are long, and segments form no cycles.)
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


class StageOf(msgspec.Struct, frozen=True):
    """Which stage of which funnel a segment has the rule of."""

    funnel_id: str
    stage_id: str


class NewSegment(msgspec.Struct, frozen=True):
    """A segment to create, or the new state of an existing one.

    `count_population` and `is_visible` of None keep those settings. With the kind `funnel_stage`
    it is the rule of a funnel's stage, `stage`, and the funnel is there already.
    """

    name: str
    rule: msgspec.Raw
    kind: SegmentKind = "batch"
    description: str | None = None
    folder_id: str | None = None
    count_population: bool | None = False
    is_visible: bool | None = None
    stage: StageOf | None = None


class QueryStatus(msgspec.Struct, frozen=True):
    """The state of a query; `count` is set once it has succeeded.

    `status` is the response's word, in lower case: `running`, `success`, `killed`, `error`
    (described), or another such as `queued` (observed).
    """

    query_id: str
    status: str
    count: int | None = None
    max_page: int | None = None
    error: str | None = None

    @property
    def ended(self) -> QueryEnd | None:
        """How the query ended; None while it runs, and for an unknown status."""
        match self.status:
            case "success" | "killed" | "error":
                return self.status
            case _:
                # An unknown status with an error text is a failure.
                return None if self.status in ("running", "") or not self.error else "error"


class Page(msgspec.Struct, frozen=True):
    """A page of the profiles of a query: values in the order of `names`.

    `type` is the response's word: `rows`, `end`, `killed`, `error`, `pending` (described).
    """

    type: str
    names: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    error: str | None = None


class Profiles(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
