"""Journeys and predictive segments with ids in place of the names whose ids are known.

The ids come from a schema or a lock; a name that neither has stays as it is.
"""

from __future__ import annotations

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.condition.tree import Segment
from segdsl.language.references.ids import AmbiguousNames, Ids
from segdsl.language.references.substitution import reference_with_id, with_unambiguous_ids


def journey_with_ids(
    journey: j.Journey[Segment], ids: Ids, ambiguous: AmbiguousNames, report: Report
) -> j.Journey[Segment] | None:
    """The journey with the ids of the names in `ids` in its rules.

    None after a report of an ambiguous name. Jumps stay as they are written.
    """
    rules = [with_unambiguous_ids(rule, ids, ambiguous, report) for rule in j.rules(journey)]
    placed = [rule for rule in rules if rule is not None]
    if len(placed) < len(rules):
        return None
    following = iter(placed)
    return j.map_rules(journey, lambda rule: next(following))


def predictive_with_ids(
    model: p.PredictiveSegment, ids: Ids, ambiguous: AmbiguousNames, report: Report
) -> p.PredictiveSegment | None:
    """The same for the segments that a predictive segment names."""
    own = Report()

    def known(use: p.SegmentUse) -> p.SegmentUse:
        target = reference_with_id("segment", use.target, use.span, (), ids, ambiguous, own)
        return msgspec.structs.replace(use, target=target)

    placed = msgspec.structs.replace(
        model,
        predicts=known(model.predicts),
        among=None if model.among is None else known(model.among),
        scores=None if model.scores is None else known(model.scores),
    )
    report.diagnostics.extend(own.diagnostics)
    return None if own.has_errors else placed
