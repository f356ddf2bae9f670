"""Predictive segments as clients send them, and their features as trainings read them.

Both families have the same keys (described). What a body leaves out stays as it is (assumed); null
clears what may be without a value. The features that a body gives are kept in the text that came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, get_args

import msgspec
from msgspec import UNSET, Raw, UnsetType

from segdsl.diagnostics import Report
from segdsl.language.activations import ColumnSource
from segdsl.language.predictive import FEATURE_LISTS, Feature, FeatureKind, FeatureSource
from segdsl.rules.activations.columns import read_columns
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.server.errors import ASSOCIATION, ApiError, Problem, refuse
from segdsl.server.http.request_models import Body, EntityBody, Id, given, whole
from segdsl.server.kinds.scores.table import Content, PredictiveContent, PredictiveSegment

THRESHOLDS = "gradeThresholds"
PREPROCESS = "preprocess"
GRADES = 3
_KINDS: tuple[FeatureKind, ...] = get_args(FeatureKind)


class Source(Body, frozen=True):
    """Where a computed feature comes from; without a table it is an attribute (assumed)."""

    column: str
    table: str | None = None
    functions: list[dict[str, Any]] | None = None


class Item(Body, frozen=True):
    """An item of `preprocess` (described)."""

    column: str
    source: Source


_TYPES: Mapping[str, Any] = {THRESHOLDS: list[float], PREPROCESS: list[Item] | None}
"""What the values of keys are; others are lists of names."""


class PredictiveBody(Body, frozen=True):
    """A predictive segment under `/audiences`, and the attributes of one under `/entities`."""

    nullable: ClassVar[tuple[str, ...]] = (
        "description",
        "baseSegmentId",
        "scoredSegmentId",
        "preprocess",
    )

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    segment_id: Id | UnsetType = UNSET
    base_segment_id: Id | UnsetType | None = UNSET
    scored_segment_id: Id | UnsetType | None = UNSET
    segment_folder_id: Id | UnsetType = UNSET
    grade_thresholds: Raw | UnsetType = UNSET
    quantitative_as_column_names: Raw | UnsetType = UNSET
    categorical_as_column_names: Raw | UnsetType = UNSET
    categorical_array_as_column_names: Raw | UnsetType = UNSET
    preprocess: Raw | UnsetType = UNSET


class PredictiveEntity(EntityBody, frozen=True):
    nullable: ClassVar[tuple[str, ...]] = PredictiveBody.nullable

    attributes: PredictiveBody = PredictiveBody()


def wanted(
    before: PredictiveSegment | None, body: PredictiveBody, folder: int, path: str
) -> PredictiveContent:
    """What a body makes of a predictive segment, or of nothing. Raises ApiError (400)."""
    base, scored = (None, None) if before is None else (before.base, before.scored)
    name = given(body.name, None if before is None else before.name)
    segment = _id(body.segment_id, f"{path}.segmentId", None if before is None else before.segment)
    if name is None:
        raise refuse("a predictive segment needs a `name`", path)
    if segment is None:
        message = "a predictive segment needs a `segmentId`: those who have converted"
        raise refuse(message, path, ASSOCIATION)
    return PredictiveContent(
        name,
        folder,
        segment,
        given(body.description, None if before is None else before.description),
        _id(body.base_segment_id, f"{path}.baseSegmentId", base),
        _id(body.scored_segment_id, f"{path}.scoredSegmentId", scored),
        _without_nulls({**({} if before is None else before.content), **_sent(body, path)}),
    )


def _without_nulls(content: Content) -> Content:
    """A list of computed features cannot be empty (described): null clears it (assumed)."""
    return {key: value for key, value in content.items() if bytes(value) != b"null"}


def _id(value: Id | UnsetType | None, path: str, default: int | None) -> int | None:
    if isinstance(value, UnsetType):
        return default
    return None if value is None else whole(value, path, 1)


def _sent(body: PredictiveBody, path: str) -> Content:
    """The features and thresholds that a body gives. Raises ApiError (400)."""
    values: Mapping[str, Raw | UnsetType] = {
        THRESHOLDS: body.grade_thresholds,
        FEATURE_LISTS["number"]: body.quantitative_as_column_names,
        FEATURE_LISTS["category"]: body.categorical_as_column_names,
        FEATURE_LISTS["categories"]: body.categorical_array_as_column_names,
        PREPROCESS: body.preprocess,
    }
    sent: Content = {}
    for key, value in values.items():
        if isinstance(value, UnsetType):
            continue
        try:
            msgspec.json.decode(value, type=_TYPES.get(key, list[str]))
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$")
            raise refuse(message, f"{path}.{key}{place.removesuffix('`')}") from None
        sent[key] = Raw(bytes(value))
    return sent


# --- what the content says ---------------------------------------------------------------


def names_of(content: Content) -> Iterator[tuple[FeatureKind, int, str]]:
    """The features that the lists name: each with its kind and its place in the list."""
    for kind in _KINDS:
        for at, name in enumerate(_decoded(content, FEATURE_LISTS[kind], list[str])):
            yield kind, at, name


def thresholds_of(content: Content) -> tuple[float, ...] | None:
    if THRESHOLDS not in content:
        return None
    return tuple(_decoded(content, THRESHOLDS, list[float]))


def features_of(content: Content, path: str) -> tuple[Feature, ...]:
    """The features in the order of the lists, computed ones with their sources.

    Raises ApiError (400) for functions that cannot be read.
    """
    sources = _sources(content, f"{path}.{PREPROCESS}")
    return tuple(Feature(kind, name, sources.get(name)) for kind, _, name in names_of(content))


def problems_of(content: Content, path: str) -> Iterator[Problem]:
    """What the description does not allow: thresholds, and computed columns that no list names."""
    thresholds = thresholds_of(content)
    if thresholds is not None:
        is_ordered = list(thresholds) == sorted(thresholds, reverse=True)
        is_within = all(0 <= each <= 100 for each in thresholds)
        if len(thresholds) != GRADES or not is_ordered or not is_within:
            message = "gradeThresholds are three numbers from 100 down to 0, the highest first"
            yield Problem(message, f"{path}.{THRESHOLDS}", ASSOCIATION)
    listed = {name for _, _, name in names_of(content)}
    seen: set[str] = set()
    for at, item in enumerate(_decoded(content, PREPROCESS, list[dict[str, Any]])):
        place, column = f"{path}.{PREPROCESS}[{at}].column", item["column"]
        if column not in listed:
            message = f"`{column}` is computed, but none of the lists of features names it"
            yield Problem(message, place, ASSOCIATION)
        elif column in seen:
            yield Problem(f"`{column}` is computed twice", place, ASSOCIATION)
        seen.add(column)


def _sources(content: Content, path: str) -> dict[str, FeatureSource]:
    items: Sequence[dict[str, Any]] = _decoded(content, PREPROCESS, list[dict[str, Any]])
    tables = [item["source"].get("table") for item in items]
    columns = [
        {
            "column": item["column"],
            "source": {key: value for key, value in item["source"].items() if key != "table"},
        }
        for item in items
    ]
    report = Report()
    try:
        document = load(msgspec.json.encode(columns).decode(), report)
        read, _ = read_columns(document, path, FieldReader(report))
    except UnreadableError:
        read = ()
    errors = [each for each in report.diagnostics if each.severity == "error"]
    if errors:
        raise ApiError(400, [Problem(each.message, each.path, ASSOCIATION) for each in errors])
    sources: dict[str, FeatureSource] = {}
    for column, table in zip(read, tables, strict=True):
        if isinstance(column.source, ColumnSource):
            functions = column.source.functions
            sources[column.name] = FeatureSource(column.source.column, table, functions)
    return sources


def _decoded(content: Content, key: str, type: Any) -> Any:
    return msgspec.json.decode(content[key], type=type) if key in content else []
