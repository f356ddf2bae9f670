"""Reads predictive segments and their models, in either form of the API."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from segdsl.api import predictive_records as p
from segdsl.api.bodies import refuse
from segdsl.api.either_form import Record, as_dict, listed_records, one_record
from segdsl.api.errors import InvalidResponseError
from segdsl.api.responses import Listed
from segdsl.rules.json_values import id_of, text_or_none, whole_number

_TYPES = frozenset(("predictive-segment",))
_LISTS = ("quantitativeAsColumnNames", "segmentId")
"""Keys one of which says that an answer is whole."""


def predictive_segments(body: bytes) -> Listed[p.PredictiveSegment]:
    return listed_records(body, _TYPES, _segment)


def predictive_segments_in_folder(body: bytes) -> Listed[p.PredictiveSegment]:
    """Those in a list of what lies in a folder."""
    return listed_records(body, _TYPES, _segment)


def predictive_segment(body: bytes) -> p.PredictiveSegment:
    """A predictive segment read by itself; raises InvalidResponseError."""
    return one_record(body, _segment)


def answered(body: bytes) -> p.PredictiveSegment | None:
    """The one in the response of a create or update; None if it is absent or incomplete.

    The description shows its attributes alone, which say no id.
    """
    try:
        found = predictive_segment(body)
    except InvalidResponseError:
        return None
    decoded = found.decoded()
    values = as_dict(decoded.get("attributes")) or decoded
    return found if any(key in values for key in _LISTS) else None


def _segment(record: Record) -> p.PredictiveSegment:
    values = record.values
    return p.PredictiveSegment(
        record.need_id(),
        record.need_name(),
        record.document,
        record.form,
        record.folder_id,
        id_of(values.get("segmentId")),
        _number(values.get("accuracy")),
        _number(values.get("areaUnderRocCurve")),
        text_or_none(values.get("modelUpdatedAt")),
        text_or_none(values.get("createdAt")),
        text_or_none(values.get("updatedAt")),
    )


# --- models ------------------------------------------------------------------------------


def features(body: bytes) -> tuple[p.FeatureWeight, ...]:
    """The weights of features; raises InvalidResponseError."""
    found = []
    for item in _listed(_inner(body, "features"), "features"):
        match item:
            case [str(name), weight, *_] if (number := _number(weight)) is not None:
                found.append(p.FeatureWeight(name, number))
            case _:
                refuse("a feature is not a name with a number")
    return tuple(found)


def columns(body: bytes) -> tuple[tuple[str, ...], ...]:
    """The columns of a model, each a list of texts; raises InvalidResponseError."""
    found = []
    for item in _listed(_inner(body, "columns"), "columns"):
        if not isinstance(item, list) or not all(isinstance(each, str) for each in item):
            refuse("a column is not a list of texts")
        found.append(tuple(item))
    return tuple(found)


def histogram(body: bytes) -> p.Histogram:
    """The scores of a model, in either form; raises InvalidResponseError."""
    value = _decoded(body)
    if isinstance(value, list):
        # Under `/audiences` it is `[[0, {"50": 3}], [1, {…}]]`: negatives, then positives.
        by_answer = {each[0]: each[1] for each in value if isinstance(each, list) and len(each) > 1}
        sides = [list(as_dict(by_answer.get(answer)).items()) for answer in (1, 0)]
    else:
        attributes = as_dict(as_dict(as_dict(value).get("data")).get("attributes"))
        if "positives" not in attributes or "negatives" not in attributes:
            refuse("it has no `positives` and `negatives`")
        sides = [_listed(attributes[key], key) for key in ("positives", "negatives")]
    positives, negatives = (tuple(sorted(_pairs(side))) for side in sides)
    return p.Histogram(positives, negatives)


def guess(body: bytes) -> p.Guess:
    """How a guess stands, in either form; raises InvalidResponseError."""
    value = as_dict(_decoded(body))
    answer = as_dict(as_dict(value.get("data")).get("attributes")) or value
    match text_or_none(answer.get("status")), answer.get("rule"):
        case "success", dict() as rule:
            return p.Guess("success", msgspec.Raw(msgspec.json.encode(rule)))
        case "running", _:
            return p.Guess("running")
        case _:
            refuse("it does not say how the guess stands")


def _pairs(items: Iterable[Any]) -> list[tuple[float, int]]:
    found = []
    for item in items:
        match item:
            case (score, number):
                at, count = _number(score), whole_number(number)
                if at is None or count is None:
                    refuse("a score is not a number with a count")
                found.append((at, count))
            case _:
                refuse("a score is not a number with a count")
    return found


def _number(value: Any) -> float | None:
    """A finite number, which may come as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _inner(body: bytes, key: str) -> Any:
    """A list that is bare under `/audiences`, and an attribute under `/entities`."""
    value = _decoded(body)
    if isinstance(value, list):
        return value
    return as_dict(as_dict(as_dict(value).get("data")).get("attributes")).get(key)


def _listed(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        refuse(f"it has no list `{key}`")
    return value


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("it is not valid JSON")
