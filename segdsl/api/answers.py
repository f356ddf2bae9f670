"""What the Audience API answers, typed and frozen; what a body is read with is at the end.

Ids are texts, whichever way they came (observed: both). Keys that are not known are left
out; of a segment's rule the JSON is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar
from typing import Literal as OneOf

import msgspec

from segdsl.api.errors import BadAnswerError
from segdsl.values import ColumnType

Kind = OneOf["batch", "realtime", "funnel_stage"]
KINDS: tuple[Kind, ...] = ("batch", "realtime", "funnel_stage")
_Id = str | int
_T = TypeVar("_T")


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Column(_Body, frozen=True):
    """An attribute of profiles, or a column of a behavior; `group` is where it is listed."""

    name: str
    type: ColumnType
    grouping_name: str | None = None


class Behavior(msgspec.Struct, frozen=True):
    id: str
    name: str
    columns: tuple[Column, ...]


class CustomerGroup(_Body, frozen=True):
    name: str
    customer_group_attributes: tuple[Column, ...] = ()


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
    """A parent segment; `population` is how many profiles it has, where that is known."""

    id: str
    name: str
    timezone: str
    description: str | None = None
    population: int | None = None
    customer_group: CustomerGroup | None = None


class Folder(msgspec.Struct, frozen=True):
    """A folder by the names on the way to it; the root's path is empty."""

    id: str
    path: tuple[str, ...]


class Segment(msgspec.Struct, frozen=True):
    """A segment; `rule` is its JSON as it came, `population` the last count, if there is one."""

    id: str
    name: str
    kind: Kind
    rule: msgspec.Raw
    description: str | None = None
    folder_id: str | None = None
    population: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class NewSegment(msgspec.Struct, frozen=True):
    """A segment to create, or what an existing one is to become.

    `count_population` of None leaves that setting as it is.
    """

    name: str
    rule: msgspec.Raw
    kind: Kind = "batch"
    description: str | None = None
    folder_id: str | None = None
    count_population: bool | None = False


class QueryStatus(_Body, frozen=True):
    """A query in its life (described); `count` is there once it has succeeded."""

    query_id: str
    status: OneOf["success", "killed", "error", "running"]
    count: int | None = None
    max_page: int | None = None
    error: str | None = None


class Page(_Body, frozen=True):
    """Some of the profiles of a query: values in the order of `names`."""

    type: OneOf["rows", "end", "killed", "error", "pending"]
    names: tuple[str, ...] | None = None
    rows: tuple[tuple[Any, ...], ...] | None = None
    error: str | None = None


class Sql(_Body, frozen=True):
    sql: str


class Profiles(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


# --- reading bodies ------------------------------------------------------------------


class _Segment(_Body, frozen=True):
    id: _Id
    name: str
    rule: msgspec.Raw = msgspec.Raw(b"null")
    kind: int | None = None
    realtime: bool | None = None
    description: str | None = None
    segment_folder_id: _Id | None = None
    population: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class _Audience(_Body, frozen=True):
    id: _Id
    name: str
    timezone: str = "UTC"
    description: str | None = None
    population: int | None = None
    customer_group: CustomerGroup | None = None


class _Behavior(_Body, frozen=True):
    id: _Id
    name: str
    schema: tuple[Column, ...]


class _Named(_Body, frozen=True):
    id: _Id
    name: str


class _Funnel(_Named, frozen=True):
    stages: tuple[_Named, ...] = ()


class _Query(_Body, frozen=True):
    query_id: _Id


def decoded(body: bytes, type: type[_T]) -> _T:
    """A body as it is described; raises BadAnswerError."""
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadAnswerError(
            f"the API's answer is not as it is described: {error}",
            "is something else answering at this address?",
        ) from None


def segment(body: bytes) -> Segment:
    return _segment(decoded(body, _Segment))


def segments(body: bytes) -> tuple[Segment, ...]:
    return tuple(map(_segment, decoded(body, tuple[_Segment, ...])))


def _segment(of: _Segment) -> Segment:
    kind: Kind = "realtime" if of.realtime else "batch"
    if of.kind is not None and 0 <= of.kind < len(KINDS):
        kind = KINDS[of.kind]
    return Segment(
        str(of.id),
        of.name,
        kind,
        # A copy, so that a whole list is not kept for one of it.
        msgspec.Raw(bytes(of.rule)),
        of.description,
        None if of.segment_folder_id is None else str(of.segment_folder_id),
        of.population,
        of.created_at,
        of.updated_at,
    )


def parent_segment(body: bytes) -> ParentSegment:
    return _parent(decoded(body, _Audience))


def parent_segments(body: bytes) -> tuple[ParentSegment, ...]:
    return tuple(map(_parent, decoded(body, tuple[_Audience, ...])))


def _parent(of: _Audience) -> ParentSegment:
    return ParentSegment(
        str(of.id), of.name, of.timezone, of.description, of.population, of.customer_group
    )


def columns(body: bytes) -> tuple[Column, ...]:
    return decoded(body, tuple[Column, ...])


def behaviors(body: bytes) -> tuple[Behavior, ...]:
    return tuple(
        Behavior(str(each.id), each.name, each.schema)
        for each in decoded(body, tuple[_Behavior, ...])
    )


def funnels(body: bytes) -> tuple[Funnel, ...]:
    return tuple(
        Funnel(str(each.id), each.name, tuple(Stage(str(of.id), of.name) for of in each.stages))
        for each in decoded(body, tuple[_Funnel, ...])
    )


def predictive_models(body: bytes) -> tuple[PredictiveModel, ...]:
    found = decoded(body, tuple[_Named, ...])
    return tuple(PredictiveModel(str(each.id), each.name) for each in found)


class _Pointer(msgspec.Struct, frozen=True):
    id: _Id


class _Relation(msgspec.Struct, frozen=True):
    data: _Pointer | None = None


class _Relations(_Body, frozen=True):
    parent_folder: _Relation = _Relation()
    parent_segment_folder: _Relation = _Relation()


class _Attributes(_Body, frozen=True):
    name: str = ""
    v4_id: int | float | str | None = None
    solution_type: str | None = None
    realtime_journey_name: str | None = None
    realtime_journey_step_name: str | None = None
    location: str | None = None


class _Resource(msgspec.Struct, frozen=True):
    id: _Id
    type: str
    attributes: _Attributes = _Attributes()
    relationships: _Relations = _Relations()


class _One(msgspec.Struct, frozen=True):
    data: _Resource


class _Many(msgspec.Struct, frozen=True):
    data: tuple[_Resource, ...]


def root_folder(body: bytes, parent_id: str) -> str | None:
    """The id of the folder that holds everything of a parent segment, from the list of them.

    The list has ids of its own; `v4Id` is the one that the other endpoints know.
    """
    listed = [each.data for each in decoded(body, tuple[_One, ...])]
    found = [each for each in listed if str(each.attributes.v4_id) == parent_id]
    found = found or [each for each in listed if str(each.id) == parent_id]
    for each in found:
        of = each.relationships
        folder = of.parent_segment_folder.data or of.parent_folder.data
        if folder is not None:
            return str(folder.id)
    return None


def solutions(body: bytes) -> tuple[Solution, ...]:
    """The models among what lies in folders."""
    found = []
    for each in decoded(body, _Many).data:
        match each.type, each.attributes.solution_type:
            case "mlSolution", ("rfm" | "cltv") as kind:
                found.append(Solution(str(each.id), each.attributes.name, kind))
    return tuple(found)


def variants(body: bytes) -> tuple[Variant, ...]:
    """The step of a journey is the test; one without a name is named as the journey or its place.

    Only the place is always there (described); that the console names tests so is assumed.
    """
    return tuple(
        Variant(
            str(each.id),
            each.attributes.name,
            each.attributes.realtime_journey_step_name
            or each.attributes.realtime_journey_name
            or each.attributes.location
            or "",
        )
        for each in decoded(body, _Many).data
    )


def folder_id(body: bytes) -> str:
    return str(decoded(body, _One).data.id)


def folders(body: bytes, root: str) -> tuple[Folder, ...]:
    """The tree of folders under a root, the root first, each after the one it is in."""
    found = [each for each in decoded(body, _Many).data if each.type == "folder-segment"]
    children: dict[str, list[_Resource]] = {}
    for each in found:
        parent = each.relationships.parent_folder.data
        if parent is not None and str(each.id) != root:
            children.setdefault(str(parent.id), []).append(each)

    def under(folder: Folder) -> Iterator[Folder]:
        yield folder
        for child in children.get(folder.id, []):
            yield from under(Folder(str(child.id), (*folder.path, child.attributes.name)))

    return tuple(under(Folder(root, ())))
