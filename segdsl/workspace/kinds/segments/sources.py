"""What a segment of a file compiles to, what it names, and what it is compared by. Pure."""

from __future__ import annotations

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.ids import Ids
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName, MembershipKind
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower, lower_in_any_layout
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import Rule, encode
from segdsl.workspace.kinds.resource import Seen, Use, Wanted
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.keys import MODEL, PREDICTIVE

MANAGED: tuple[MembershipKind, ...] = ("segment", "stage")
"""What a workspace may have of that which conditions refer to."""


# --- names in a text -------------------------------------------------------------------


def uses_in(condition: c.Condition) -> list[Use]:
    """The segments, stages and predictive segments that a condition refers to by name."""
    found = []
    for node in walk(condition):
        match node:
            case c.Membership(of, ByName() as target) if of in MANAGED:
                found.append(Use(of, target, node.span, node.via))
            case c.Score(ByName() as model):
                found.append(Use(PREDICTIVE, model, node.span, node.via))
            case _:
                pass
    return found


def with_models(ids: Ids) -> Ids:
    """The ids with those of predictive segments also as rules call these: models."""
    models = {(MODEL, name): id for (kind, name), id in ids.items() if kind == PREDICTIVE}
    return {**ids, **models} if models else ids


# --- compiling -------------------------------------------------------------------------


def compile_segment(
    segment: c.Segment, ids: Ids, seen: Seen, report: Report, layout: Layout
) -> Wanted | None:
    """The rule and the state of a segment; None after a report."""
    server = seen.server
    assert server is None or isinstance(server, SegmentState), "a segment"
    rule = compile_rule(segment, ids, None if server is None else server.rule, report, layout)
    return None if rule is None else wanted(segment, rule)


def compile_rule(
    segment: c.Segment, ids: Ids, server: str | None, report: Report, layout: Layout
) -> Rule | None:
    """The rule of a segment; None after a report. `server` is the canonical one that is there."""
    ids = with_models(ids)
    tried = Report()
    rule = lower(segment, tried, layout=layout, ids=ids)
    if rule is None and server is not None:
        # An older rule that no two levels can hold stays as it is, if nothing else changed.
        nested = lower(segment, Report(), layout="nested", ids=ids)
        if nested is not None and _canonical(encode(nested, pretty=False)) == server:
            rule, tried = nested, Report()
    report.diagnostics.extend(each for each in tried.diagnostics if each not in report.diagnostics)
    return rule


def wanted(segment: c.Segment, rule: Rule) -> Wanted:
    """The request and the state of a segment, by its rule."""
    text = encode(rule, pretty=False)
    folder, name = segment.place
    description = segment.description or ""
    return Wanted(
        text,
        SegmentState(folder, name, segment.kind, description, _canonical(text), segment.hidden),
    )


def check_new(segment: c.Segment, report: Report) -> None:
    """Reports a stage of a funnel, which is created with its funnel."""
    if segment.kind == "funnel_stage":
        report.add(
            Code.SEG307,
            segment.span,
            f"{string(segment.name)} is a stage of a funnel, and is created with its funnel",
            help="create the funnel in the console first",
        )


def _canonical(rule: str) -> str:
    return canonical_rule(rule.encode())


def matches(segment: c.Segment, state: SegmentState, ids: Ids) -> bool:
    """Whether a segment has the kind and the rule of a state, in either layout."""
    rule = lower_in_any_layout(segment, Report(), ids=with_models(ids))
    if rule is None:
        return False
    return (segment.kind, _canonical(encode(rule, pretty=False))) == (state.kind, state.rule)


def fingerprint(segment: c.Segment) -> tuple[str, Rule] | None:
    """Kind and rule, with the names of others in the place of ids."""
    rule = lower(segment, Report(), symbolic=True)
    return None if rule is None else (segment.kind, normalise(rule))
