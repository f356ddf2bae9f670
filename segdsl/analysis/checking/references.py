"""What items refer to, against what all files and the schema have, for every kind of item."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.analysis.checking.targets import Targets, check_models, check_stages, check_targets
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.predictive import PredictiveSegment
from segdsl.language.references.facts import Facts, segment_facts, stage_facts
from segdsl.language.references.journey_facts import (
    JourneyFacts,
    journey_activations,
    journey_facts,
)
from segdsl.language.resolve import Resolved
from segdsl.schema.model import Schema


class Referring(msgspec.Struct, frozen=True):
    """What refers to something.

    `rules` are segments, and rules of stages and of journeys, and `of_journeys` the last of them.
    """

    rules: Sequence[c.Segment] = ()
    activations: Sequence[a.Activation] = ()
    models: Sequence[PredictiveSegment] = ()
    journeys: Sequence[JourneyFacts] = ()
    of_journeys: Sequence[c.Segment] = ()


def check_references(
    referring: Referring,
    facts: Facts,
    schema: Schema | None,
    report: Report,
    *,
    all_known: bool = True,
    is_project: bool = False,
) -> None:
    """Reports stages, models, segments, templates, journeys and activations that are not there.

    `facts` are of all files of the workspace; `all_known` says whether there are no more, and
    `is_project` whether they are those of a project. Segments in rules are not looked up.
    """
    check_stages(referring.rules, facts, schema, report, all_known=all_known)
    if schema is not None:
        check_models(referring.rules, facts, schema, report, all_known=all_known)
    check_targets(referring.activations, facts, schema, report, all_known=all_known)
    of_journeys = [each for each in referring.activations if each.target.kind == "journey"]
    if not (referring.models or referring.journeys or of_journeys):
        return
    from segdsl.analysis.checking.journey_targets import check_journeys, check_rules
    from segdsl.analysis.checking.predictive_targets import check_uses

    targets = Targets(facts, schema, report, all_known=all_known)
    check_uses(referring.models, targets, report)
    check_rules(referring.of_journeys, targets, report)
    check_journeys(
        referring.journeys, of_journeys, facts, schema, report, is_project=is_project and all_known
    )


def check_text(
    items: Resolved, referring: Sequence[c.Segment], schema: Schema | None, report: Report
) -> None:
    """The same for the items of one text; `referring` are its segments, and other rules of it."""
    journeys = journey_facts(items.journeys)
    facts = Facts(
        segments=segment_facts(items.segments),
        stages=stage_facts(items.funnels),
        templates=items.templates,
        models=frozenset(each.name for each in items.predictive_segments),
        journeys=journeys,
        journey_activations=journey_activations(items.activations),
    )
    of_journeys = [each for each in referring if each.kind == "journey"]
    check_references(
        Referring(referring, items.activations, items.predictive_segments, journeys, of_journeys),
        facts,
        schema,
        report,
    )
