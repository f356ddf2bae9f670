"""The order in which segments can be created: each after those it refers to."""

from __future__ import annotations

import graphlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.cycles import cycles
from segdsl.language.references.memberships import memberships
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ById, ByName
from segdsl.source import Span


def in_dependency_order(
    segments: Sequence[c.Segment],
    report: Report,
    names: Mapping[str, ByName] | None = None,
    among: Iterable[c.Place] = (),
) -> list[c.Segment]:
    """The segments, each after those it refers to; empty after a report of a cycle.

    `names` are the names of segments that are referred to by id. A name that several segments
    have, among these and those at the places `among`, is ignored here; that it is ambiguous is
    reported elsewhere.
    """
    places = {*among, *(segment.place for segment in segments)}
    times = Counter(spelling for place in places for spelling in c.spellings(*place))
    by_name = {
        spelling: index
        for index, segment in enumerate(segments)
        for spelling in c.spellings(*segment.place)
        if times[spelling] == 1
    }
    graph: dict[int, list[int]] = {
        index: [by_name[name] for name in _names(segment.condition, names or {}) if name in by_name]
        for index, segment in enumerate(segments)
    }
    try:
        return [segments[index] for index in graphlib.TopologicalSorter(graph).static_order()]
    except graphlib.CycleError:
        for cycle in cycles(graph):
            members = [segments[index] for index in cycle]
            # Names alone do not distinguish segments that have the same name.
            with_folder = len({segment.name for segment in members}) < len({*cycle})
            written = [
                reference(c.spellings(*segment.place)[with_folder], "segment")
                for segment in members
            ]
            report_cycle(written, [segment.span for segment in members], report)
        return []


def _names(condition: c.Condition, by_id: Mapping[str, ByName]) -> Iterator[ByName]:
    """The names of the segments that a condition refers to, as far as they are known."""
    for membership in memberships(condition):
        match membership:
            case c.Membership("segment", ByName() as name):
                yield name
            case c.Membership("segment", ById(id)) if id in by_id:
                yield by_id[id]
            case _:
                pass


def report_cycle(
    cycle: Sequence[str], spans: Sequence[Span | None], report: Report, noun: str = "segment"
) -> None:
    """Reports segments each of which refers to the next, the last being the first again; or what
    else the noun says."""
    # Spans themselves compare equal, wherever they are.
    known = {
        span.key: (f"{name} is here", span)
        for name, span in zip(cycle[1:], spans[1:], strict=True)
        if span is not None
    }
    *others, (_, at) = known.values() if known else [("", None)]
    report.add(
        Code.SEG306,
        at,
        f"{noun}s refer to each other in a cycle: " + " → ".join(cycle)
        if len(cycle) > 2
        else f"the {noun} {cycle[0]} refers to itself",
        help=f"remove one of the references: the API needs each {noun} to exist before another "
        "can refer to it",
        notes=tuple(Note(message, span) for message, span in others if span is not None),
    )
