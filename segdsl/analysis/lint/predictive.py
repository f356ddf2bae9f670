"""Reports predictive segments that have nothing to learn, or learn the rule of their own answer.

The rules of the segments that they name are looked up among those of the workspace; what only the
server has is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from segdsl.analysis.lint.implication import Prover
from segdsl.analysis.lint.normal_form import Normalizer
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import predictive as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.syntax.spelling import name, reference, string
from segdsl.language.values import ByName, Reference

Rules = Mapping[ByName, Sequence[c.Segment]]


def rules_by_name(segments: Iterable[c.Segment]) -> Rules:
    """Segments in each way to name them."""
    found: dict[ByName, list[c.Segment]] = {}
    for segment in segments:
        for spelling in c.spellings(*segment.place):
            found.setdefault(spelling, []).append(segment)
    return found


def named_by(models: Iterable[p.PredictiveSegment]) -> set[ByName]:
    """The names of the segments whose rules are looked at."""
    uses = (use for model in models for use in (model.predicts, model.among) if use is not None)
    return {use.target for use in uses if isinstance(use.target, ByName)}


def report_predictive(models: Iterable[p.PredictiveSegment], rules: Rules, report: Report) -> None:
    """Reports what the rules of their segments say of predictive segments."""
    prover = Prover()
    normal = Normalizer()
    for model in models:
        _report_nothing_to_learn(model, rules, prover, normal, report)
        _report_leaks(model, rules, report)


def _rule(target: Reference, rules: Rules) -> c.Segment | None:
    """The segment of the workspace that is meant, where it is one."""
    if not isinstance(target, ByName):
        return None
    found = rules.get(target, ())
    return found[0] if len(found) == 1 else None


# --- what there is to learn -----------------------------------------------------------


def _report_nothing_to_learn(
    model: p.PredictiveSegment, rules: Rules, prover: Prover, normal: Normalizer, report: Report
) -> None:
    """A model needs profiles that have converted, and others."""
    converted = _rule(model.predicts.target, rules)
    use = model.predicts if model.among is None else model.among
    fault: str | None = None
    if model.among is not None and _is_same(model.predicts, model.among, rules):
        fault = "a model of those who have converted alone learns nothing"
    elif converted is not None and converted.limit is None:
        node = normal.node(converted.condition)
        if model.among is None:
            if prover.always(node):
                fault = "everybody has converted"
        else:
            learned = _rule(model.among.target, rules)
            if learned is not None and learned.limit is None:
                among = normal.node(learned.condition)
                if prover.implies(among, node):
                    fault = f"all profiles of {reference(model.among.target)} have converted"
                elif prover.excludes(among, node):
                    fault = f"no profile of {reference(model.among.target)} has converted"
    if fault is not None:
        report.add(
            Code.SEG642,
            use.span,
            f"the predictive segment {string(model.name)} has nothing to learn: {fault}",
            help="learn from profiles of which some have converted: `among segment …`, or leave "
            "`among` out for all profiles"
            if model.among is not None
            else "predict a segment that not every profile is in",
        )


def _is_same(one: p.SegmentUse, other: p.SegmentUse, rules: Rules) -> bool:
    if one.target == other.target:
        return True
    first, second = _rule(one.target, rules), _rule(other.target, rules)
    return first is not None and second is not None and first.place == second.place


# --- what it must not learn from ------------------------------------------------------


def _report_leaks(model: p.PredictiveSegment, rules: Rules, report: Report) -> None:
    """Reports features whose attribute the answer is made of, also through other segments."""
    converted = _rule(model.predicts.target, rules)
    if converted is None or model.features is None:
        return
    tested: dict[str, tuple[c.Test, c.Segment]] = {}
    for test, segment in _tests(converted, rules):
        if isinstance(test.subject, c.Attribute):
            tested.setdefault(test.subject.name, (test, segment))
    for feature in model.features.items:
        source = feature.source
        column = feature.name if source is None else source.column
        if column not in tested:
            continue
        test, segment = tested[column]
        here = test.span.file == feature.span.file
        report.add(
            Code.SEG640,
            feature.span,
            f"the segment {string(segment.name)}, which is predicted, tests `{name(column)}` itself"
            if segment is converted
            else f"the segment {string(segment.name)}, which {string(converted.name)} refers to, "
            f"tests `{name(column)}`",
            help="the model learns that rule and nothing else: remove the feature, or use a value "
            "of before",
            notes=(Note("the test", test.span),) if here else (),
        )


def _tests(segment: c.Segment, rules: Rules) -> Iterator[tuple[c.Test, c.Segment]]:
    """The tests of a rule, and of those of the segments that it refers to."""
    waiting, seen = [segment], {segment.place}
    while waiting:
        current = waiting.pop()
        for node in walk(current.condition):
            if isinstance(node, c.Test):
                yield node, current
            elif isinstance(node, c.Membership) and node.of == "segment":
                inner = _rule(node.target, rules)
                if inner is not None and inner.place not in seen:
                    seen.add(inner.place)
                    waiting.append(inner)
