"""What segments refer to by name: looked up on a server or among files.

Pure functions over condition trees. A name that cannot be found is reported at its place;
nothing is guessed.
"""

from __future__ import annotations

import graphlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from segdsl.circles import circles
from segdsl.condition import tree as c
from segdsl.diagnostics import Code, Note, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.lower.references import Ids
from segdsl.rule.symbols import is_symbol
from segdsl.source import Span
from segdsl.syntax.text import string
from segdsl.values import ById, ByName

ByTheirName = Mapping[str, Sequence[str]]


def memberships(of: c.Condition) -> Iterator[c.Membership]:
    """Every reference to a segment, a stage or a variant in a condition."""
    waiting = [of]
    while waiting:
        node = waiting.pop()
        match node:
            case c.And(children) | c.Or(children):
                waiting.extend(reversed(children))
            case c.Not(child) | c.RuleSet(_, child) | c.Limited(child, _):
                waiting.append(child)
            case c.Membership():
                yield node
            case _:
                pass


def named_segments(of: c.Condition) -> list[tuple[ByName, c.Membership]]:
    """The segments that are referred to by name, each as often as it is."""
    return [
        (each.target, each)
        for each in memberships(of)
        if each.of == "segment" and isinstance(each.target, ByName)
    ]


def segment_ids(
    segments: Iterable[c.Segment], known: ByTheirName, report: Report, among: Iterable[str] = ()
) -> Ids:
    """The ids of the segments that are referred to by name.

    `known` holds the ids on the server by name. A name that only a segment of `among` has
    is left out; any other that is not there, or that several have, is reported.
    """
    ids: dict[tuple[str, ByName], str] = {}
    others = set(among)
    for segment in segments:
        for name, place in named_segments(segment.condition):
            found = known.get(name.name, ())
            if len(found) == 1:
                ids["segment", name] = found[0]
            elif len(found) > 1:
                there = [f"#{id}" for id in found if not is_symbol(id)]
                report.add(
                    Code.SEG305,
                    place.span,
                    f"{len(found)} segments are named {string(name.name)}"
                    + (f": {', '.join(there)}" if len(there) == len(found) else ""),
                    help=f"say which: `in segment {there[0]}`"
                    if there
                    else "give them different names",
                    via=place.via,
                )
            elif name.name not in others:
                report.add(
                    Code.SEG304,
                    place.span,
                    f"no segment on the server is named {string(name.name)}",
                    help=did_you_mean(
                        name.name,
                        [*known, *others],
                        "create it first, or name the file that defines it as well",
                    ),
                    via=place.via,
                )
    return ids


def one_meaning(
    segments: Iterable[c.Segment],
    here: Iterable[c.Segment],
    known: ByTheirName,
    report: Report,
) -> None:
    """Reports references by a name that the server does not know and several files define."""
    times = Counter(each.name for each in here)
    for segment in segments:
        for name, place in named_segments(segment.condition):
            if times[name.name] > 1 and not known.get(name.name):
                report_several(place, name.name, times[name.name], report)


def report_several(place: c.Membership, name: str, times: int, report: Report) -> None:
    report.add(
        Code.SEG305,
        place.span,
        f"{times} segments of these files are named {string(name)}, and this could mean any "
        "of them",
        help="give them different names, or leave the other files out",
        via=place.via,
    )


def in_order(
    segments: Sequence[c.Segment], report: Report, names: Mapping[str, str] | None = None
) -> list[c.Segment]:
    """The segments with each after those it refers to; a circle is reported, and leaves none.

    `names` are those of the segments that are referred to by id. A name that several have means
    none of them here: that it means no one is told elsewhere.
    """
    times = Counter(each.name for each in segments)
    by_name = {each.name: at for at, each in enumerate(segments) if times[each.name] == 1}
    graph: dict[int, list[int]] = {
        index: [by_name[name] for name in _names(each.condition, names or {}) if name in by_name]
        for index, each in enumerate(segments)
    }
    try:
        return [segments[index] for index in graphlib.TopologicalSorter(graph).static_order()]
    except graphlib.CycleError:
        for circle in circles(graph):
            found = [segments[index] for index in circle]
            told = [string(each.name) for each in found]
            report_circle(told, [each.span for each in found], report)
        return []


def _names(of: c.Condition, by_id: Mapping[str, str]) -> Iterator[str]:
    """The names of the segments that a condition refers to, as far as they are known."""
    for each in memberships(of):
        match each:
            case c.Membership("segment", ByName(name)):
                yield name
            case c.Membership("segment", ById(id)) if id in by_id:
                yield by_id[id]
            case _:
                pass


def report_circle(circle: Sequence[str], places: Sequence[Span | None], report: Report) -> None:
    """Reports segments of which each refers to the next, the last being the first once more."""
    # Spans of their own compare equal, wherever they are.
    known = {
        place.key: (f"{name} is here", place)
        for name, place in zip(circle[1:], places[1:], strict=True)
        if place is not None
    }
    *others, (_, at) = known.values() if known else [("", None)]
    report.add(
        Code.SEG306,
        at,
        "segments refer to each other in a circle: " + " → ".join(circle)
        if len(circle) > 2
        else f"the segment {circle[0]} refers to itself",
        help="take one of the references out: the API needs each segment to be there "
        "before another can refer to it",
        notes=tuple(Note(said, place) for said, place in others if place is not None),
    )
