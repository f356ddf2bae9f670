"""Cycles of references that go through stages of funnels. Pure.

A funnel is made with all its stages. So its stages may refer to each other in an order, but what
one of them refers to elsewhere must not need the funnel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.cycles import cycles
from segdsl.language.references.memberships import memberships
from segdsl.language.references.order import report_cycle
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ById, ByName, MembershipKind, Reference

Names = Mapping[str, ByName]
"""What is referred to by id: its name."""


def report_stage_cycles(funnel: c.Funnel, report: Report, names: Names | None = None) -> None:
    """Reports stages of a funnel that refer to each other in a cycle."""
    at = {stage.name: index for index, stage in enumerate(funnel.stages)}
    graph = {
        index: [
            at[target.name]
            for target in _named(stage.segment, "stage", names or {})
            if target.parent == funnel.name and target.name in at
        ]
        for index, stage in enumerate(funnel.stages)
    }
    for cycle in cycles(graph):
        members = [funnel.stages[index] for index in cycle]
        written = [string(each.name) for each in members]
        report_cycle(written, [each.span for each in members], report, "stage")


def report_funnel_cycles(
    segments: Sequence[c.Segment],
    funnels: Sequence[c.Funnel],
    report: Report,
    *,
    segment_names: Names,
    stage_names: Names,
    places: Iterable[c.Place] = (),
    funnel_names: Iterable[str] = (),
) -> None:
    """Reports cycles of references that a funnel is in, and those among the stages of one.

    `places` are those of all segments, and `funnel_names` the names of all funnels, once for each:
    a name that several have is ignored, as it is reported elsewhere.
    """
    for funnel in funnels:
        report_stage_cycles(funnel, report, stage_names)
    nodes: list[c.Segment | c.Funnel] = [*segments, *funnels]
    every = {*places, *(segment.place for segment in segments)}
    times = Counter(spelling for place in every for spelling in c.spellings(*place))
    by_segment = {
        spelling: index
        for index, segment in enumerate(segments)
        for spelling in c.spellings(*segment.place)
        if times[spelling] == 1
    }
    several = {name for name, number in Counter(funnel_names).items() if number > 1}
    by_funnel = {
        funnel.name: len(segments) + index
        for index, funnel in enumerate(funnels)
        if funnel.name not in several
    }

    def behind(index: int) -> Iterator[int]:
        for rule in _rules(nodes[index]):
            for name in _named(rule, "segment", segment_names):
                if name in by_segment:
                    yield by_segment[name]
            for name in _named(rule, "stage", stage_names):
                found = by_funnel.get(name.parent or "")
                # The stages of one funnel are looked at by themselves.
                if found is not None and found != index:
                    yield found

    for cycle in cycles({index: list(behind(index)) for index in range(len(nodes))}):
        members = [nodes[index] for index in cycle]
        if not any(isinstance(each, c.Funnel) for each in members):
            continue  # `in_dependency_order` reports it.
        is_mixed = any(isinstance(each, c.Segment) for each in members)
        written = [
            f"{'funnel' if isinstance(each, c.Funnel) else 'segment'} {string(each.name)}"
            if is_mixed
            else string(each.name)
            for each in members
        ]
        spans = [each.span for each in members]
        report_cycle(written, spans, report, "resource" if is_mixed else "funnel")


def _rules(node: c.Segment | c.Funnel) -> Iterator[c.Segment]:
    if isinstance(node, c.Segment):
        yield node
    else:
        yield from (stage.segment for stage in node.stages if stage.segment is not None)


def _named(rule: c.Segment | None, of: MembershipKind, names: Names) -> Iterator[ByName]:
    """The names of what a rule refers to, as far as they are known."""
    if rule is None:
        return
    for node in memberships(rule.condition):
        if node.of == of:
            name = _name(node.target, names)
            if name is not None:
                yield name


def _name(target: Reference, names: Names) -> ByName | None:
    return names.get(target.id) if isinstance(target, ById) else target
