"""Predictive segments, read from either family of the API: answers and bodies.

Ids are strings or numbers. Answers are not described with `preprocess`: where it is not there, a
feature that is computed reads as the attribute of its name, and `has_preprocess` says so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import predictive as p
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.values import Number
from segdsl.rules.activations.columns import read_functions
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.activations.normal import normal_function
from segdsl.rules.activations.resources import READ_ONLY, open_resource
from segdsl.rules.json_values import plain
from segdsl.rules.predictive.bodies import TABLE, is_itself
from segdsl.rules.rule.document import UnreadableError, shortened

Json = dict[str, Any]

FIELDS = (
    "name",
    "description",
    "segmentId",
    "baseSegmentId",
    "scoredSegmentId",
    "gradeThresholds",
    *p.FEATURE_LISTS.values(),
    "preprocess",
)
IGNORED = READ_ONLY | {"accuracy", "areaUnderRocCurve", "modelUpdatedAt", "segmentFolderId"}
PREPROCESS_FIELDS = ("column", "source")
SOURCE_FIELDS = ("column", "table", "functions")


class PredictiveParts(msgspec.Struct, frozen=True):
    """A predictive segment that was read, its folder by id; ids are None where there are none.

    It is in normal form. `has_preprocess` is whether the document says how features are computed.
    """

    segment: p.PredictiveSegment
    has_preprocess: bool
    id: str | None = None
    folder_id: str | None = None


def read_predictive(document: Any, report: Report, path: str = "$") -> PredictiveParts | None:
    """A predictive segment, an answer or a body; None after a report.

    The document is JSON as `segdsl.rules.rule.document.load` reads it. Without any list of
    features it has none.
    """
    try:
        return _read(document, path, FieldReader(report))
    except UnreadableError:
        return None


def _read(document: Any, path: str, reader: FieldReader) -> PredictiveParts:
    what = "a predictive segment"
    resource = open_resource(document, path, "predictive-segment", what, reader)
    attributes, path = resource.attributes, resource.path
    attempts = Attempts()
    attempts.read(lambda: reader.fields(attributes, path, FIELDS, what, IGNORED), {})
    data = {key: attributes[key] for key in FIELDS if attributes.get(key) is not None}
    name = attempts.read(
        lambda: reader.text(reader.need(data, "name", path, what), f"{path}.name", "a name"), ""
    )
    description = attempts.read(
        lambda: reader.optional_text(data, "description", path, "a description"), None
    )
    uses = [
        attempts.read(lambda key=key: _use(data, key, path, reader), None)  # type: ignore[misc]
        for key in ("segmentId", "baseSegmentId", "scoredSegmentId")
    ]
    grades = attempts.read(lambda: _grades(data, path, reader), None)
    features = attempts.read(lambda: _features(data, path, reader), ())
    predicts, among, scores = uses
    if predicts is None and not attempts.failed:
        reader.fail(
            f"{path}.segmentId", "it needs `segmentId`: the segment of those who have converted"
        )
    attempts.done()
    assert predicts is not None
    segment = p.PredictiveSegment(
        name, predicts, description, None, among, scores, grades, p.Features(features)
    )
    folder = resource.related.get("parentFolder")
    return PredictiveParts(segment, "preprocess" in attributes, resource.id, folder)


def _use(data: Json, key: str, path: str, reader: FieldReader) -> p.SegmentUse | None:
    id = reader.optional_id(data, key, path, "an id")
    return None if id is None else p.SegmentUse(reference_of("segment", id))


def _grades(data: Json, path: str, reader: FieldReader) -> tuple[Number, ...] | None:
    at = f"{path}.gradeThresholds"
    if "gradeThresholds" not in data:
        return None
    grades = reader.each(
        reader.items(data["gradeThresholds"], at, "`gradeThresholds`"),
        at,
        lambda each, where: plain(reader.number(each, where, "a grade")),
    )
    if len(grades) != p.MAX_GRADES:
        reader.fail(at, f"there are {p.MAX_GRADES} thresholds of grades, and not {len(grades)}")
    return grades


def _features(data: Json, path: str, reader: FieldReader) -> tuple[p.Feature, ...]:
    """The features of the three lists, each with how it is computed."""
    sources = _sources(data, path, reader)
    made: dict[str, p.Feature] = {}
    for kind, key in p.FEATURE_LISTS.items():
        at = f"{path}.{key}"
        for index, name in enumerate(reader.texts(data.get(key, []), at, "a list of columns")):
            if name in made:
                reader.fail(f"{at}[{index}]", f"the feature `{shortened(name)}` occurs twice")
            feature, source = p.Feature(kind, name), sources.pop(name, None)
            is_computed = source is not None and not is_itself(feature, source)
            made[name] = p.Feature(kind, name, source) if is_computed else feature
    for name in sources:
        reader.fail(
            f"{path}.preprocess",
            f"`{shortened(name)}` is computed, and is in no list of features",
            "add it to one of the three lists",
        )
    return tuple(made.values())


def _sources(data: Json, path: str, reader: FieldReader) -> dict[str, p.FeatureSource]:
    at = f"{path}.preprocess"
    found: dict[str, p.FeatureSource] = {}

    def item(value: Any, path: str) -> None:
        what = "an item of `preprocess`"
        data = reader.fields(value, path, PREPROCESS_FIELDS, what)
        name = reader.text(reader.need(data, "column", path, what), f"{path}.column", "a column")
        if name in found:
            reader.fail(f"{path}.column", f"`{shortened(name)}` is computed twice")
        found[name] = _source(reader.need(data, "source", path, what), f"{path}.source", reader)

    reader.each(reader.items(data.get("preprocess", []), at, "`preprocess`"), at, item)
    return found


def _source(value: Any, path: str, reader: FieldReader) -> p.FeatureSource:
    data = reader.fields(value, path, SOURCE_FIELDS, "a source")
    column = reader.need(data, "column", path, "a source")
    table = reader.optional_text(data, "table", path, "a table")
    return p.FeatureSource(
        reader.text(column, f"{path}.column", "a column"),
        None if table == TABLE else table,
        tuple(
            map(
                normal_function,
                read_functions(data.get("functions", []), f"{path}.functions", reader),
            )
        ),
    )
