"""What segments refer to by name: looked up on a server or among files.

Pure functions over condition trees. A name that cannot be found is reported at its place;
nothing is guessed.
"""

from __future__ import annotations

import graphlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.cycles import cycles
from segdsl.language.references.ids import Ids
from segdsl.language.references.marked_names import is_symbol, symbol
from segdsl.language.syntax.spelling import reference, string
from segdsl.language.values import ById, ByName
from segdsl.source import Span

ByTheirName = Mapping[ByName, Sequence[str]]
"""The ids of segments by each way to name them: a name alone, and with the folder."""
_MOST_LISTED = 10
"""Ids of segments of one name that a message lists."""
_MOST_NAMED = 3
"""Segments of one name that a help line spells out."""


Named = tuple[tuple[str, ...] | None, str, str]
"""A segment's folder (None where none can name it), its name and its id, or its marked name."""


def by_their_name(segments: Iterable[Named]) -> dict[ByName, list[str]]:
    """The ids of segments by each way to name them."""
    found: dict[ByName, list[str]] = {}
    for folder, name, id in segments:
        for spelling in (ByName(name),) if folder is None else c.spellings(folder, name):
            found.setdefault(spelling, []).append(id)
    return found


def names_by_id(known: ByTheirName) -> dict[str, ByName]:
    """How to name each segment by its id: by its name where that is its alone, or with its folder.

    What neither names, and what has a blank name, is left out.
    """
    alone = [(name, ids) for name, ids in known.items() if len(ids) == 1 and name.name.strip()]
    found = {ids[0]: name for name, ids in alone if name.parent is not None}
    return {**found, **{ids[0]: name for name, ids in alone if name.parent is None}}


def marked(folder: tuple[str, ...], name: str) -> str:
    """The marked name of the segment of a place, which stands where it has no id yet."""
    return symbol("segment", c.spellings(folder, name)[1])


def memberships(of: c.Condition) -> Iterator[c.Membership]:
    """Every reference to a segment, a stage or a variant in a condition."""
    return (node for node in walk(of) if isinstance(node, c.Membership))


def named_segments(of: c.Condition) -> list[tuple[ByName, c.Membership]]:
    """The segments that are referred to by name, each as often as it is."""
    return [
        (each.target, each)
        for each in memberships(of)
        if each.of == "segment" and isinstance(each.target, ByName)
    ]


def segment_ids(
    segments: Iterable[c.Segment],
    known: ByTheirName,
    report: Report,
    among: Iterable[c.Place] = (),
) -> Ids:
    """The ids of the segments that are referred to by name.

    `known` holds the ids on the server. What only a segment of `among` (places) is named is left
    out; any other name that is not there, or that several have, is reported.
    """
    ids: dict[tuple[str, ByName], str] = {}
    # What is said of a name that several have, which is the same wherever it stands.
    said: dict[ByName, tuple[str, str]] = {}
    others = {spelling for place in among for spelling in c.spellings(*place)}
    for segment in segments:
        for name, place in named_segments(segment.condition):
            found = known.get(name, ())
            if len(found) == 1:
                ids["segment", name] = found[0]
            elif len(found) > 1:
                if name not in said:
                    said[name] = _several(name, found, known)
                message, help = said[name]
                report.add(Code.SEG305, place.span, message, help=help, via=place.via)
            elif name not in others:
                report.add(
                    Code.SEG304,
                    place.span,
                    f"no segment on the server is named {reference(name, 'segment')}",
                    help=_nearest(name, known, others, report),
                    via=place.via,
                )
    return ids


def _several(name: ByName, found: Sequence[str], known: ByTheirName) -> tuple[str, str]:
    """What is wrong with a name that several segments have, and what to do."""
    there = [f"#{id}" for id in found if not is_symbol(id)]
    listed = f": {_listed(there)}" if len(there) == len(found) else ""
    message = f"{len(found)} segments are named {reference(name, 'segment')}{listed}"
    return message, _say_which(name, known, there)


def _listed(ids: Sequence[str]) -> str:
    more = ["…"] if len(ids) > _MOST_LISTED else []
    return ", ".join([*ids[:_MOST_LISTED], *more])


def _say_which(name: ByName, known: ByTheirName, ids: Sequence[str]) -> str:
    """How to name one of several: with its folder, or else by its id."""
    placed = [
        each for each, of in known.items() if each.name == name.name and each.parent and len(of) < 2
    ]
    if name.parent is None and placed:
        spelled = [f"`in segment {reference(each, 'segment')}`" for each in placed[:_MOST_NAMED]]
        return f"say which: {' or '.join(spelled)}"
    if name.parent is None and not ids:
        return f'say which: `in segment {string(name.name)} of folder "…"`'
    return f"say which: `in segment {ids[0]}`" if ids else "give them different names"


def _nearest(
    name: ByName, known: Collection[ByName], among: Collection[ByName], report: Report
) -> str | None:
    """What may have been meant by a name that is nowhere."""
    otherwise = "create it first, or name the file that defines it as well"
    if not report.can_compare(len(known) + len(among)):
        return otherwise
    every = (*known, *among)
    folders = {each.parent for each in every if each.name == name.name and each.parent is not None}
    if name.parent is not None and folders:
        return f"there is one in the folder {' and '.join(map(string, sorted(folders)))}"
    others = {each.name for each in every} - {name.name}
    return report.did_you_mean(name.name, others, otherwise)


def one_meaning(
    segments: Iterable[c.Segment],
    here: Iterable[c.Segment],
    known: ByTheirName,
    report: Report,
) -> None:
    """Reports references by a name that the server does not know and several files define."""
    times = Counter(spelling for each in here for spelling in c.spellings(*each.place))
    for segment in segments:
        for name, place in named_segments(segment.condition):
            if times[name] > 1 and not known.get(name):
                report_several(place, name, times[name], report)


def report_several(place: c.Membership, name: ByName, times: int, report: Report) -> None:
    report.add(
        Code.SEG305,
        place.span,
        f"{times} segments of these files are named {reference(name, 'segment')}, and this could "
        "mean any of them",
        help=f'say which: `in segment {string(name.name)} of folder "…"`'
        if name.parent is None
        else "give them different names, or leave the other files out",
        via=place.via,
    )


def in_order(
    segments: Sequence[c.Segment],
    report: Report,
    names: Mapping[str, ByName] | None = None,
    among: Iterable[c.Place] = (),
) -> list[c.Segment]:
    """The segments with each after those it refers to; a cycle is reported, and leaves none.

    `names` are those of the segments that are referred to by id. A name that several have, of
    these segments or those at the places `among`, means none of them here: that it means no one
    is told elsewhere.
    """
    places = {*among, *(each.place for each in segments)}
    times = Counter(spelling for place in places for spelling in c.spellings(*place))
    by_name = {
        spelling: at
        for at, each in enumerate(segments)
        for spelling in c.spellings(*each.place)
        if times[spelling] == 1
    }
    graph: dict[int, list[int]] = {
        index: [by_name[name] for name in _names(each.condition, names or {}) if name in by_name]
        for index, each in enumerate(segments)
    }
    try:
        return [segments[index] for index in graphlib.TopologicalSorter(graph).static_order()]
    except graphlib.CycleError:
        for cycle in cycles(graph):
            found = [segments[index] for index in cycle]
            alone = len({each.name for each in found}) == len({*cycle})
            # A name alone would not tell those of one name apart.
            told = [
                reference(c.spellings(*each.place)[0 if alone else 1], "segment") for each in found
            ]
            report_cycle(told, [each.span for each in found], report)
        return []


def _names(of: c.Condition, by_id: Mapping[str, ByName]) -> Iterator[ByName]:
    """The names of the segments that a condition refers to, as far as they are known."""
    for each in memberships(of):
        match each:
            case c.Membership("segment", ByName() as name):
                yield name
            case c.Membership("segment", ById(id)) if id in by_id:
                yield by_id[id]
            case _:
                pass


def report_cycle(cycle: Sequence[str], places: Sequence[Span | None], report: Report) -> None:
    """Reports segments of which each refers to the next, the last being the first once more."""
    # Spans of their own compare equal, wherever they are.
    known = {
        place.key: (f"{name} is here", place)
        for name, place in zip(cycle[1:], places[1:], strict=True)
        if place is not None
    }
    *others, (_, at) = known.values() if known else [("", None)]
    report.add(
        Code.SEG306,
        at,
        "segments refer to each other in a cycle: " + " → ".join(cycle)
        if len(cycle) > 2
        else f"the segment {cycle[0]} refers to itself",
        help="take one of the references out: the API needs each segment to be there "
        "before another can refer to it",
        notes=tuple(Note(said, place) for said, place in others if place is not None),
    )


def reference_nodes(document: Any) -> Iterable[dict[str, Any]]:
    """Every `Reference` of a rule's JSON; inside filters there is none."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        if node.get("type") == "Reference" and "id" in node:
            yield node
        conditions = node.get("conditions")
        if isinstance(conditions, list):
            waiting.extend(conditions)
