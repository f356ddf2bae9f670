"""JSON text to canonical source: a rule, a segment as the API answers it, or a list of them."""

from __future__ import annotations

from typing import Any

from segdsl.diagnostics import Code, Report
from segdsl.format import format_file
from segdsl.lift.segments import lift_rule
from segdsl.rule.document import Reader, UnreadableError, load
from segdsl.rule.reader import read_rule
from segdsl.source import Span
from segdsl.syntax import tree as t
from segdsl.values import Number

UNNAMED = "Untitled"
_KINDS: tuple[t.Kind, ...] = ("batch", "realtime", "funnel_stage")
_RESOURCES: dict[str, t.Kind] = {
    "segment-batch": "batch",
    "segment-realtime": "realtime",
    "segment-funnel-stage": "funnel_stage",
}


def decompile(text: str, name: str, report: Report) -> str | None:
    """The source of what the document `name` holds; None after a report.

    Takes a bare rule (named `Untitled`), a segment with its name, description and
    kind under either media type, and a list of these.
    """
    found = Report()
    segments: list[t.Segment] = []
    try:
        segments = _segments(load(text, found), found)
    except UnreadableError:
        assert found.has_errors
    start = Span(name, 0, 0)
    for each in found.diagnostics:
        report.add(each.code, start, each.message, help=each.help, path=each.path)
    return None if found.has_errors else format_file(t.File(tuple(segments)))


def _segments(document: Any, report: Report, path: str = "$") -> list[t.Segment]:
    if isinstance(document, dict) and isinstance(document.get("data"), (dict, list)):
        return _segments(document["data"], report, f"{path}.data")
    if isinstance(document, list):
        # Rules without a name are told apart by their place in the list.
        names = [UNNAMED, *(f"{UNNAMED} {place}" for place in range(2, len(document) + 1))]
        found = [
            _segment(each, f"{path}[{index}]", names[index], report)
            for index, each in enumerate(document)
        ]
    else:
        found = [_segment(document, path, UNNAMED, report)]
    return [segment for segment in found if segment is not None]


def _segment(document: Any, path: str, unnamed: str, report: Report) -> t.Segment | None:
    reader = Reader(report)
    attributes = document.get("attributes") if isinstance(document, dict) else None
    whole = isinstance(document, dict) and ("rule" in document or "name" in document)
    if not whole and not isinstance(attributes, dict):
        if document is not None and not isinstance(document, dict):
            report.add(Code.SEG402, None, "a rule or a segment is an object", path=path)
            return None
        rule = read_rule(document, path, report)
        return None if rule is None else lift_rule(rule, unnamed)
    if isinstance(attributes, dict):
        kind: t.Kind | None = _RESOURCES.get(str(document.get("type")))
        if kind is None:
            report.add(
                Code.SEG402,
                None,
                "this resource is no segment that the language knows",
                path=f"{path}.type",
            )
            return None
        document, path = attributes, f"{path}.attributes"
    else:
        kind = None
    if "rule" not in document:
        report.add(
            Code.SEG402,
            None,
            "this segment comes without its `rule`",
            path=path,
            help="ask for the segment itself; lists and summaries may leave the rule out",
        )
        return None
    rule = read_rule(document["rule"], f"{path}.rule", report)
    try:
        name = reader.text(document.get("name"), f"{path}.name", "the name of a segment")
        description = document.get("description")
        if description is not None:
            description = reader.text(description, f"{path}.description", "a description")
        kind = kind or _kind(document, path, reader)
        visible = document.get("isVisible")
        hidden = visible is not None and not reader.truth(document, "isVisible", path)
    except UnreadableError:
        return None
    return None if rule is None else lift_rule(rule, name, description, kind, hidden=hidden)


def _kind(document: dict[str, Any], path: str, reader: Reader) -> t.Kind:
    """By `kind` (0, 1, 2), or by the older `realtime`."""
    value = document.get("kind")
    if value is None:
        return "realtime" if document.get("realtime") is True else "batch"
    if isinstance(value, Number) and value.text in ("0", "1", "2"):
        return _KINDS[int(value.text)]
    reader.fail(
        f"{path}.kind", "the kind of a segment is 0 (batch), 1 (realtime) or 2 (funnel_stage)"
    )
