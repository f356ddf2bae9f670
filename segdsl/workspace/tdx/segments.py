"""Translates a YAML file of the vendor's own tool to a segment and its activations."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName, SegmentKind
from segdsl.rules.activations.lift import lift_activation
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lift import lift_rule
from segdsl.rules.rule.document import load as load_json
from segdsl.rules.rule.model import encode
from segdsl.rules.rule.reader import read_rule
from segdsl.source import Source, Span
from segdsl.workspace.tdx.activations import Activations
from segdsl.workspace.tdx.checks import Keys
from segdsl.workspace.tdx.conditions import GROUPS, Conditions
from segdsl.workspace.tdx.document import UnreadableError, Value, load

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


def read_segment(source: Source, report: Report) -> ImportedSegment | None:
    """The segment in a YAML text; None after a report. Raises FileError without a YAML reader."""
    found = Report()
    try:
        read = _read(load(source, found), found)
    except UnreadableError:
        read = None
    report.diagnostics.extend(found.diagnostics)
    return None if found.has_errors else read


def _read(document: Value, report: Report) -> ImportedSegment | None:
    """Reads each part alone: an error in one does not hide those in another."""
    conditions = Conditions(report)
    _is_segment(document, conditions)
    keys = conditions.map(document, (*_KEYS, "type"), "a segment")
    name = description = ""
    kind: SegmentKind = "batch"
    hidden = False
    activations: tuple[a.Activation, ...] = ()
    folder: tuple[str, ...] | None = None
    rule: dict[str, Any] = {}
    with suppress(UnreadableError):
        name = _name(keys, conditions)
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
            folder = _folder(keys["folder"], conditions)
    with suppress(UnreadableError):
        if "activations" in keys:
            activations = Activations(report).read(keys["activations"], ByName(name))
    with suppress(UnreadableError):
        rule = conditions.rule(_rule(keys, conditions))
    if report.has_errors:
        return None
    own = Report()
    read = read_rule(load_json(encode(rule, pretty=False), own), "$.rule", own)
    for diagnostic in own.diagnostics:
        place = conditions.place_in(rule, diagnostic.path) or keys["rule"].place
        report.add(Code.SEG702, place, diagnostic.message, help=diagnostic.help)
    if read is None or own.has_errors:
        return None
    segment = lift_rule(normalise(read), name, description or None, kind, hidden=hidden)
    at = keys["folder"] if folder is not None else keys["name"]
    return ImportedSegment(segment, tuple(map(lift_activation, activations)), folder, at.place)


def _is_segment(document: Value, conditions: Conditions) -> None:
    """Reports a file of another kind once, and not key by key."""
    kind = document.data.get("type") if isinstance(document.data, dict) else None
    if kind is None or kind.data == "segment":
        return
    word = f"`type: {kind.data}`" if isinstance(kind.data, str) else "`type`"
    help = "only segments can be imported: leave the file out"
    if isinstance(kind.data, str) and kind.data in GROUPS:
        help = f"put what the segment says below `rule:`, `type: {kind.data}` with it"
    conditions.fail(kind, f"{word} is not the type of a segment", help)


def _rule(keys: Keys, conditions: Conditions) -> Value:
    """Checks that a rule is not empty: it would select everyone, which the file does not say."""
    help = "for everyone, write it by hand in a `.seg` file: `where everyone`"
    rule = conditions.need(keys, "rule", "a segment", help)
    if rule.data in ({}, [], ""):
        conditions.fail(rule, "a segment needs a `rule`, and it is empty here", help)
    return rule


def _folder(value: Value, conditions: Conditions) -> tuple[str, ...]:
    """The folder that a file names, from the top one: `Loyalty/Tokyo`."""
    text = conditions.text(value, "a folder")
    parts = tuple(part.strip() for part in text.split("/"))
    parts = tuple(part for part in parts if part)
    if any(part in (".", "..") for part in parts):
        conditions.fail(value, "a folder is named from the top one, without `.` or `..`")
    return parts


def _name(keys: Keys, conditions: Conditions) -> str:
    at = conditions.need(keys, "name", "a segment")
    name = conditions.text(at, "a segment's name")
    if not name.strip():
        conditions.fail(at, "the segment has no name")
    return name
