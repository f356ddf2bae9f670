"""A YAML file of the vendor's own tool as a segment in the language's syntax."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from segdsl.diagnostics import Code, Report
from segdsl.layout.unfold import normalise
from segdsl.lift import lift_rule
from segdsl.rule.document import load as load_json
from segdsl.rule.model import encode
from segdsl.rule.reader import read_rule
from segdsl.source import Source
from segdsl.syntax import tree as t
from segdsl.tdx.conditions import Conditions
from segdsl.tdx.document import UnreadableError, Value, load

_KEYS = ("name", "description", "kind", "visible", "rule", "activations")
_KINDS: dict[str, t.Kind] = {
    "batch": "batch",
    "realtime": "realtime",
    "funnel_stage": "funnel_stage",
}


class Imported(NamedTuple):
    """A segment without its folder, and how many activations were left out."""

    segment: t.Segment
    activations: int


def read_segment(source: Source, report: Report) -> Imported | None:
    """The segment in a YAML text; None after a report. Raises FileError without a YAML reader."""
    found = Report()
    try:
        read = _read(load(source, found), found)
    except UnreadableError:
        read = None
    report.diagnostics.extend(found.diagnostics)
    return None if found.has_errors else read


def _read(document: Value, report: Report) -> Imported | None:
    """Reads each part for itself: what is wrong with one hides nothing of another."""
    conditions = Conditions(report)
    keys = conditions.map(document, _KEYS, "a segment")
    name = description = ""
    kind: t.Kind = "batch"
    hidden = False
    activations = 0
    rule_at = keys.get("rule")
    rule: dict[str, Any] | None = None
    with suppress(UnreadableError):
        name = _name(keys, document, conditions)
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
        if "activations" in keys:
            activations = _activations(keys["activations"], conditions)
    with suppress(UnreadableError):
        rule = None if rule_at is None else conditions.group(rule_at)
    if report.has_errors:
        return None
    own = Report()
    read = read_rule(load_json(encode(rule, pretty=False), own), "$.rule", own)
    place = document.place if rule_at is None else rule_at.place
    for each in own.diagnostics:
        report.add(Code.SEG702, place, f"{each.message} ({each.path})", help=each.help)
    if read is None or own.has_errors:
        return None
    segment = lift_rule(normalise(read), name, description or None, kind, hidden=hidden)
    return Imported(segment, activations)


def _name(keys: dict[str, Value], document: Value, conditions: Conditions) -> str:
    at = conditions.need(keys, "name", document, "a segment")
    name = conditions.text(at, "a segment's name")
    if not name.strip():
        conditions.fail(at, "the segment has no name")
    return name


def _activations(of: Value, conditions: Conditions) -> int:
    number = len(conditions.items(of, "`activations`"))
    if number:
        what = "1 activation" if number == 1 else f"{number} activations"
        conditions.report.add(
            Code.SEG703,
            of.place,
            f"{what}: this is no part of the language, and is left out",
            help="it stays as it is on the server",
        )
    return number
