"""Translates a segment of the vendor's own tool, with its activations."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName, SegmentKind
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.lift import lift_rule
from segdsl.rules.rule.model import Rule
from segdsl.source import Span
from segdsl.workspace.tdx.activations import Activations
from segdsl.workspace.tdx.conditions import GROUPS, Conditions
from segdsl.workspace.tdx.document import UnreadableError, Value
from segdsl.workspace.tdx.heads import folder_of, name_in
from segdsl.workspace.tdx.rules import read_rule, rule_value

_KEYS = ("name", "description", "kind", "visible", "folder", "rule", "activations")
_KINDS: dict[str, SegmentKind] = {
    "batch": "batch",
    "realtime": "realtime",
    "funnel_stage": "funnel_stage",
}


class ImportedSegment(NamedTuple):
    """A segment without its folder, with its activations.

    `folder` is what the file itself says of it, `at` the place of that, or else of the name.
    """

    segment: t.Segment
    activations: tuple[t.Activation, ...]
    folder: tuple[str, ...] | None
    at: Span


def read_segment(document: Value, report: Report) -> ImportedSegment | None:
    """The segment of a document; None after a report, or UnreadableError.

    Each part is read alone: an error in one does not hide those in another.
    """
    conditions = Conditions(report)
    _is_segment(document, conditions)
    keys = conditions.map(document, (*_KEYS, "type"), "a segment")
    name = description = ""
    kind: SegmentKind = "batch"
    hidden = False
    activations: tuple[a.Activation, ...] = ()
    folder: tuple[str, ...] | None = None
    rule: Rule | None = None
    with suppress(UnreadableError):
        name = name_in(keys, conditions, "a segment")
    with suppress(UnreadableError):
        if "description" in keys:
            description = conditions.text(keys["description"], "a description")
    with suppress(UnreadableError):
        if "kind" in keys:
            kind = _KINDS[conditions.choice(keys["kind"], tuple(_KINDS), "the kind of a segment")]
    with suppress(UnreadableError):
        if "visible" in keys:
            hidden = not conditions.flag(keys["visible"], "`visible`")
    with suppress(UnreadableError):
        if "folder" in keys:
            folder = folder_of(keys["folder"], conditions)
    with suppress(UnreadableError):
        if "activations" in keys:
            activations = Activations(report).read(keys["activations"], ByName(name))
    with suppress(UnreadableError):
        rule = read_rule(rule_value(keys, conditions), conditions)
    if report.has_errors or rule is None:
        return None
    segment = lift_rule(rule, name, description or None, kind, hidden=hidden)
    at = keys["folder"] if folder is not None else keys["name"]
    return ImportedSegment(segment, tuple(map(lift_activation, activations)), folder, at.place)


def _is_segment(document: Value, conditions: Conditions) -> None:
    """Reports a file of another kind once, and not key by key."""
    kind = document.data.get("type") if isinstance(document.data, dict) else None
    if kind is None or kind.data == "segment":
        return
    word = f"`type: {kind.data}`" if isinstance(kind.data, str) else "`type`"
    help = "segments, journeys and parent segments can be imported: leave the file out"
    if isinstance(kind.data, str) and kind.data in GROUPS:
        help = f"put what the segment says below `rule:`, `type: {kind.data}` with it"
    conditions.fail(kind, f"{word} is not the type of a segment", help)
