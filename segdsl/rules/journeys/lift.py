"""Journeys to syntax trees in the canonical spelling, and to what the resolver makes of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language.condition.tree import Segment
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.journeys.documents import JourneyParts
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import UnreadableError
from segdsl.rules.rule.model import Rule


def lift_journey(
    parts: JourneyParts,
    rules: Mapping[str, Rule],
    reader: FieldReader,
    *,
    folder: str | None = None,
    path: str = "$",
) -> t.Journey:
    """The item of a journey; `rules` are those of its criteria by the ids of their segments.

    A rule that is one segment is written `is segment`. One that is not there is reported at `path`,
    with UnreadableError.
    """
    attempts = Attempts()

    def rule_of(name: str, segment_id: str) -> t.StageRule:
        rule = rules.get(segment_id)
        if rule is None:
            reader.fail(
                path,
                f"the rule of “{name}” is the segment #{segment_id}, which is not here",
                "pass it together with the journey, in one list",
            )
        lifted = lift_rule(rule, name)
        return t.StageRule(lifted.where, lifted.limit)

    found = [
        attempts.read(lambda name=name, id=id: rule_of(name, id), t.StageRule())  # type: ignore[misc]
        for name, id in j.named_rules(parts.journey)
    ]
    attempts.done()
    following = iter(found)
    journey = j.map_rules(parts.journey, lambda _: next(following))
    return journey_item(msgspec.structs.replace(journey, folder=folder))


def journey_of(
    parts: JourneyParts,
    rules: Mapping[str, Rule],
    report: Report,
    *,
    folder: str | None = None,
    path: str = "$",
) -> j.Journey[Segment] | None:
    """The journey with its rules resolved; None after a report."""
    reader = FieldReader(report)
    try:
        tree = lift_journey(parts, rules, reader, folder=folder, path=path)
        found = Report()
        resolved = resolve_all(Program("", {"": t.File((tree,))}), found).journeys
        if not resolved:
            problem = next(each for each in found.diagnostics if each.severity == "error")
            reader.fail(path, f"this journey cannot be declared: {problem.message}")
    except UnreadableError:
        return None
    return resolved[0]
