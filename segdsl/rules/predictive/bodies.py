"""Predictive segments as bodies of both families of the API.

`/entities/predictive_segments` takes a resource, `/audiences/{audienceId}/predictive_segments` its
attributes alone (described). A feature that is computed is in one of the three lists and in
`preprocess`; its table is written always, as clients do.
"""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import predictive as p
from segdsl.language.references.ids import Ids
from segdsl.rules.activations.columns import encode_functions
from segdsl.rules.activations.identifiers import Identifiers
from segdsl.rules.activations.normal import normal_function
from segdsl.rules.json_values import plain

Json = dict[str, Any]
Family = OneOf["entities", "legacy"]
TABLE = "customers"
"""The table of the profiles, which a column without a table is of (documented)."""


def encode_predictive(
    segment: p.PredictiveSegment,
    ids: Ids,
    report: Report,
    family: Family,
    *,
    symbolic: bool = False,
    is_whole: bool = False,
    was_computed: bool = False,
    folder_id: str | None = None,
) -> Json | None:
    """The body that creates or updates a predictive segment; None after a report.

    With `is_whole`, for updates, what is not written is cleared, but for features that are guessed
    and grades, which have no empty value. With `was_computed` so is how features were computed
    before. Without `folder_id` the body has no folder; the legacy family has no field for it
    (described).
    """
    known = Identifiers(ids, report, symbolic)
    body: Json = {"name": segment.name}
    if segment.description is not None or is_whole:
        body["description"] = segment.description or ""
    failed = False
    for key, use in (
        ("segmentId", segment.predicts),
        ("baseSegmentId", segment.among),
        ("scoredSegmentId", segment.scores),
    ):
        if use is not None:
            body[key] = known.number("segment", use.target, use.span)
            failed = failed or body[key] is None
        elif is_whole:
            body[key] = None
    if segment.grades is not None:
        if len(segment.grades) != p.MAX_GRADES:
            report.add(
                Code.SEG313,
                segment.grades_span,
                f"the API takes {p.MAX_GRADES} grades, and these are {len(segment.grades)}",
                help="write the lowest scores of the three best grades: `grades 75, 50, 25`",
            )
            failed = True
        body["gradeThresholds"] = list(segment.grades)
    if failed:
        return None
    features = segment.features
    if features is not None and not features.guessed:
        body |= encode_features(features.items, was_computed=was_computed)
    if family == "legacy":
        return body
    made: Json = {"type": "predictive-segment", "attributes": body}
    if folder_id is not None:
        folder = {"data": {"id": folder_id, "type": "folder-segment"}}
        made["relationships"] = {"parentFolder": folder}
    return made


def encode_features(features: tuple[p.Feature, ...], *, was_computed: bool = False) -> Json:
    """The three lists, and `preprocess` where a feature is computed.

    That list has an item at least (described). Where it is to replace another one (`was_computed`)
    and nothing is computed, the first feature is computed from itself, which says the same.
    """
    encoded: Json = {
        api: [each.name for each in features if each.kind == kind]
        for kind, api in p.FEATURE_LISTS.items()
    }
    ordered = [each for kind in p.FEATURE_LISTS for each in features if each.kind == kind]
    computed = [_preprocess(each.name, each.source) for each in ordered if each.source]
    if not computed and was_computed:
        computed = [_preprocess(each.name, p.FeatureSource(each.name)) for each in ordered[:1]]
    if computed:
        encoded["preprocess"] = computed
    return encoded


def _preprocess(name: str, source: p.FeatureSource) -> Json:
    encoded: Json = {"column": source.column, "table": source.table or TABLE}
    if source.functions:
        encoded["functions"] = encode_functions(source.functions)
    return {"column": name, "source": encoded}


def normal_predictive(segment: p.PredictiveSegment) -> p.PredictiveSegment:
    """The segment as it is read back from its body: features by their kinds, no spelling left."""
    features = segment.features
    if features is not None:
        items = () if features.guessed else features.items
        ordered = tuple(
            _normal(each) for kind in p.FEATURE_LISTS for each in items if each.kind == kind
        )
        features = p.Features(ordered, features.guessed)
    grades = segment.grades
    return msgspec.structs.replace(
        segment,
        description=segment.description or None,
        grades=None if grades is None else tuple(map(plain, grades)),
        features=features,
    )


def _normal(feature: p.Feature) -> p.Feature:
    source = feature.source
    if source is None:
        return feature
    functions = tuple(map(normal_function, source.functions))
    table = None if source.table in (None, "", TABLE) else source.table
    source = msgspec.structs.replace(source, table=table, functions=functions)
    return msgspec.structs.replace(feature, source=None if is_itself(feature, source) else source)


def is_itself(feature: p.Feature, source: p.FeatureSource) -> bool:
    """Whether a feature is the attribute of its name, with a source that says the same."""
    return source.column == feature.name and not source.functions and source.table is None
