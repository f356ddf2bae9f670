"""Predictive segments, their executions and models as both families answer them.

`preprocess` and the folder are described only in requests: answers have them all the same, so that
nothing that was sent is lost (assumed). Thresholds that were not sent are left out. Of an
execution, `message` is our own: why it failed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.language.predictive import FEATURE_LISTS
from segdsl.schema.model import Model
from segdsl.server.http.responses import FOLDER, USER_LINKS, iso, link
from segdsl.server.kinds.folders.table import Folder
from segdsl.server.kinds.predictive.request_models import PREPROCESS, THRESHOLDS
from segdsl.server.kinds.scores.table import Execution, PredictiveSegment, Result, Trained
from segdsl.server.service import Item, Json

TYPE = "predictive-segment"
EXECUTION_TYPE = "execution-predictive-segment"
MODEL_TYPE = "predictive-segment-model"
SCORE_TYPE = "predictive-segment-model-score"
GUESS_TYPE = "predictive-segment-rule-guess-result"
_EMPTY_LIST = msgspec.Raw(b"[]")


def plain(segment: PredictiveSegment, trained: Trained | None) -> Json:
    """A predictive segment under `/audiences`."""
    return {
        "id": str(segment.id),
        "segmentFolderId": str(segment.folder),
        **_attributes(segment, trained),
    }


def resource(segment: PredictiveSegment, trained: Trained | None) -> Json:
    """A predictive segment under `/entities`."""
    return {
        "id": str(segment.id),
        "type": TYPE,
        "attributes": _attributes(segment, trained),
        "relationships": {"parentFolder": link(FOLDER, segment.folder), **USER_LINKS},
    }


def item(segment: PredictiveSegment, trained: Trained | None) -> Item:
    """A predictive segment in its folder."""
    return Item(segment.folder, segment.id, TYPE, lambda with_rule: resource(segment, trained))


def named_plain(model: Model, audience: str, root: Folder) -> Json:
    """One that `parent_segment.toml` names, under `/audiences`: its scores are in the data."""
    return {"id": model.id, "segmentFolderId": str(root.id), **_named(model, audience, root)}


def named_resource(model: Model, audience: str, root: Folder) -> Json:
    return {
        "id": model.id,
        "type": TYPE,
        "attributes": _named(model, audience, root),
        "relationships": {"parentFolder": link(FOLDER, root.id), **USER_LINKS},
    }


def _attributes(segment: PredictiveSegment, trained: Trained | None) -> Json:
    content = segment.content
    result = None if trained is None else trained.result
    return {
        "audienceId": segment.audience,
        "name": segment.name,
        "description": segment.description,
        "segmentId": str(segment.segment),
        "baseSegmentId": _id(segment.base),
        "scoredSegmentId": _id(segment.scored),
        **{key: content.get(key, _EMPTY_LIST) for key in FEATURE_LISTS.values()},
        **{key: content[key] for key in (PREPROCESS, THRESHOLDS) if key in content},
        "accuracy": None if result is None else result.accuracy,
        "areaUnderRocCurve": None if result is None else result.area,
        "createdAt": iso(segment.created),
        "updatedAt": iso(segment.updated),
        **({} if trained is None else {"modelUpdatedAt": iso(trained.at)}),
    }


def _named(model: Model, audience: str, root: Folder) -> Json:
    return {
        "audienceId": audience,
        "name": model.name,
        "description": None,
        "baseSegmentId": None,
        "scoredSegmentId": None,
        "accuracy": None,
        "areaUnderRocCurve": None,
        "createdAt": iso(root.created),
        "updatedAt": iso(root.updated),
    }


def _id(id: int | None) -> str | None:
    return None if id is None else str(id)


# --- executions --------------------------------------------------------------------------


def execution(execution: Execution) -> Json:
    """A training under `/audiences`; each session has one attempt, whose id is the training's."""
    return {
        "workflowId": str(execution.model),
        "workflowSessionId": str(execution.id),
        "workflowAttemptId": str(execution.id),
        "predictiveSegmentId": str(execution.model),
        "createdAt": iso(execution.created),
        "finishedAt": None if execution.finished is None else iso(execution.finished),
        "status": execution.status,
        "message": execution.message,
    }


def execution_resource(run: Execution) -> Json:
    """A training under `/entities`."""
    return {"id": str(run.id), "type": EXECUTION_TYPE, "attributes": execution(run)}


# --- models ------------------------------------------------------------------------------


def features(result: Result, limit: int | None) -> list[list[str | float]]:
    """The features with their weights; with a limit the heaviest of them (described)."""
    listed: Sequence[tuple[str, float]] = result.features
    if limit is not None:
        listed = sorted(listed, key=lambda each: (-abs(each[1]), each[0]))[:limit]
    return [[name, weight] for name, weight in listed]


def columns(result: Result, limit: int | None) -> list[list[str]]:
    """The columns of a model, each with what kind of feature it is (assumed)."""
    return [[name, kind] for name, kind in result.columns[:limit]]


def model(id: int, attributes: Json, type: str = MODEL_TYPE) -> Json:
    return {"data": {"id": str(id), "type": type, "attributes": attributes}}


def pairs(histogram: Sequence[int]) -> list[tuple[str, int]]:
    """The scores that somebody has, with their number."""
    return list(_counts(histogram).items())


def _counts(histogram: Sequence[int]) -> dict[str, int]:
    return {str(score): number for score, number in enumerate(histogram) if number}


def histograms(result: Result, *, with_learned: bool) -> list[list[object]]:
    """Negatives and positives under `/audiences`.

    Only with `with_positive_train` are those positives counted that were learned from (assumed).
    """
    positives = result.positives if with_learned else result.unseen_positives
    return [[0, _counts(result.negatives)], [1, _counts(positives)]]
