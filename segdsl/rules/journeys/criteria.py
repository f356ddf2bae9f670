"""The segments of a journey's criteria: a rule each, of the kind 3 (documented, not described).

How they are created is not public: `POST /audiences/{audienceId}/segments` with the kind, as other
segments are (assumed). They are in no list of segments, and are read by their id.
"""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.values import KIND_NUMBERS, Number
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.rule.document import UnreadableError
from segdsl.rules.rule.growth import Growth
from segdsl.rules.rule.model import Rule
from segdsl.rules.rule.reader import read_rule

_OTHER_TYPES = ("segment-batch", "segment-realtime", "segment-funnel-stage")


class CriteriaSegment(msgspec.Struct, frozen=True):
    """The segment of a criterion or a branch; its name and description are not the criterion's."""

    name: str
    rule: Rule
    id: str | None = None


def is_criteria_document(document: Any) -> bool:
    """Whether this may be the segment of a criterion: none of another kind.

    The type that the API gives it as a resource is not published.
    """
    value = _inside(document)
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("attributes"), dict):
        return value.get("type") not in _OTHER_TYPES
    kind = value.get("kind")
    return kind is None or kind == "journey" or _is_number(kind)


def _is_number(kind: Any) -> bool:
    return isinstance(kind, Number) and kind.text == str(KIND_NUMBERS["journey"])


def _inside(document: Any) -> Any:
    while isinstance(document, dict) and isinstance(document.get("data"), dict):
        document = document["data"]
    return document


def read_criteria(
    document: Any, report: Report, path: str = "$", growth: Growth | None = None
) -> CriteriaSegment | None:
    """The segment of a criterion, an answer or a body; None after a report.

    `growth` is that of the document, where it has several rules.
    """
    reader = FieldReader(report)
    while isinstance(document, dict) and isinstance(document.get("data"), dict):
        document, path = document["data"], f"{path}.data"
    try:
        if not isinstance(document, dict):
            reader.fail(path, "the segment of a criterion is an object")
        id = document.get("id")
        id = None if id is None else reader.identifier(id, f"{path}.id", "an id")
        if isinstance(document.get("attributes"), dict):
            document, path = document["attributes"], f"{path}.attributes"
        if "rule" not in document:
            reader.fail(
                path,
                "this segment has no `rule`",
                "ask for the segment itself; lists and summaries may leave the rule out",
            )
        name = document.get("name") or ""
        name = reader.text(name, f"{path}.name", "a name")
        rule = read_rule(document["rule"], f"{path}.rule", report, growth)
    except UnreadableError:
        return None
    return None if rule is None else CriteriaSegment(name, rule, id)
