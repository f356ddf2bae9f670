"""Segments and bare rules, as the API has them, to syntax trees."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from segdsl.diagnostics import Report
from segdsl.language.syntax import tree as t
from segdsl.language.values import SEGMENT_KINDS, Number, SegmentKind
from segdsl.rules.json_values import ValueFormError, flag_of, whole_number
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import Reader, UnreadableError
from segdsl.rules.rule.growth import Growth
from segdsl.rules.rule.model import Rule
from segdsl.rules.rule.reader import read_rule

UNNAMED = "Untitled"
_RESOURCES: dict[str, SegmentKind] = {
    "segment-batch": "batch",
    "segment-realtime": "realtime",
    "segment-funnel-stage": "funnel_stage",
}
_ASK = "ask for the segment itself; lists and summaries may leave the rule out"


class SegmentReader(Reader):
    """Reads what stands around rules; all rules of a document grow into one bound."""

    def __init__(self, report: Report, growth: Growth) -> None:
        super().__init__(report)
        self.growth = growth


def read_segment(
    document: Any, path: str, unnamed: str, reader: SegmentReader, *, in_list: bool
) -> t.Segment | None:
    """A segment, or a bare rule, which is called `unnamed`; None after a report.

    `in_list` is whether it is one of a list, which may leave rules out.
    """
    try:
        if not is_whole(document):
            return _bare(document, path, unnamed, reader, in_list=in_list)
        return _whole(document, path, reader, in_list=in_list)
    except UnreadableError:
        return None


def is_whole(document: Any) -> bool:
    """Whether this is a segment, and not the rule of one."""
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("attributes"), dict) or "rule" in document or "name" in document:
        return True
    return "id" in document and "type" not in document


def _bare(
    document: Any, path: str, unnamed: str, reader: SegmentReader, *, in_list: bool
) -> t.Segment | None:
    if in_list and (document is None or document == {}):
        reader.fail(path, "in a list, an empty rule may mean that the rule was left out", _ASK)
    if document is not None and not isinstance(document, dict):
        reader.fail(path, "a rule or a segment is an object")
    if isinstance(document, dict) and "data" in document:
        reader.fail(
            f"{path}.data",
            "`data` contains a segment or a list of them, and is not a property of one",
            "give the list that is in `data`, or the whole answer with `data` around the list",
        )
    rule = read_rule(document, path, reader.report, reader.growth)
    return None if rule is None else lift_rule(rule, unnamed)


def _whole(
    document: dict[str, Any], path: str, reader: SegmentReader, *, in_list: bool
) -> t.Segment:
    kind: SegmentKind | None = None
    has_id = "id" in document
    if isinstance(document.get("attributes"), dict):
        kind = _RESOURCES.get(str(document.get("type")))
        if kind is None:
            reader.fail(f"{path}.type", "this resource is not a segment that the language supports")
        document, path = document["attributes"], f"{path}.attributes"
    failed = False
    rule = None
    with suppress(UnreadableError):
        rule = _rule(document, path, reader, in_list=in_list, has_id=has_id)
    name, description, hidden = "", None, False
    try:
        name = reader.text(document.get("name"), f"{path}.name", "the name of a segment")
        description = document.get("description")
        if description is not None:
            description = reader.text(description, f"{path}.description", "a description")
        kind = kind or _kind(document, path, reader)
        hidden = _flag(document, "isVisible", path, reader) is False
    except UnreadableError:
        failed = True
    if failed or rule is None:
        raise UnreadableError
    return lift_rule(rule, name, description, kind or "batch", hidden=hidden)


def _rule(
    document: dict[str, Any], path: str, reader: SegmentReader, *, in_list: bool, has_id: bool
) -> Rule | None:
    """The rule; an empty one only where it is the segment's, and not one that a list leaves out."""
    value = document.get("rule")
    if "rule" not in document or (in_list and value is None):
        reader.fail(path, "this segment has no `rule`", _ASK)
    rule = read_rule(value, f"{path}.rule", reader.report, reader.growth)
    is_empty = rule is not None and not rule.conditions and rule.limit is None
    if in_list and has_id and is_empty:
        reader.fail(
            f"{path}.rule", "a list may leave the rule out, and the one shown here is empty", _ASK
        )
    return rule


def _kind(document: dict[str, Any], path: str, reader: Reader) -> SegmentKind:
    """By `kind` (a number or a word, as the client reads it), or by the older `realtime`."""
    value = document.get("kind")
    if value is None:
        return "realtime" if _flag(document, "realtime", path, reader) else "batch"
    number = whole_number(_plain(value))
    if number is not None and 0 <= number < len(SEGMENT_KINDS):
        return SEGMENT_KINDS[number]
    if value in SEGMENT_KINDS:
        return SEGMENT_KINDS[SEGMENT_KINDS.index(value)]
    known = ", ".join(f"{number} ({kind})" for number, kind in enumerate(SEGMENT_KINDS))
    reader.fail(f"{path}.kind", f"the kind of a segment is one of {known}")


def _flag(document: dict[str, Any], key: str, path: str, reader: Reader) -> bool | None:
    """A flag in every form that the client reads; None where it is not told."""
    try:
        return flag_of(_plain(document.get(key)), key)
    except ValueFormError:
        # The words of the reader, which say what the value is.
        return reader.truth(document, key, path)


def _plain(value: Any) -> Any:
    """A number as the client has it; of any other size than one can reckon with, its text."""
    if isinstance(value, Number):
        return json.loads(value.text) if value.is_bounded else value.text
    return value
