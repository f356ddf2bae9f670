"""Names of segments: which segments have a name, and which id a name stands for.

A name that cannot be found, or that several segments have, is reported where it is used; nothing
is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import reference, string
from segdsl.language.values import PARENT_WORDS, ByName
from segdsl.source import Span

SegmentNames = Mapping[ByName, Sequence[str]]
"""The ids of segments by each way to name them: by name alone, and with the folder."""
_OF_ACCOUNT = ("connection", "user")
"""The kinds of what no file can define."""
_MAX_IDS = 10
"""Ids of segments with the same name that a message lists."""
_MAX_NAMES = 3
"""Segments with the same name that a help line spells out."""


NamedSegment = tuple[tuple[str, ...] | None, str, str]
"""A segment's folder (None if it cannot be named), its name and its id, or a symbolic id."""


def index_names(segments: Iterable[NamedSegment]) -> dict[ByName, list[str]]:
    """The ids of segments by each way to name them."""
    index: dict[ByName, list[str]] = {}
    for folder, name, id in segments:
        for spelling in (ByName(name),) if folder is None else c.spellings(folder, name):
            index.setdefault(spelling, []).append(id)
    return index


def names_by_id(known: SegmentNames) -> dict[str, ByName]:
    """How to name each segment: by its name if no other has it, otherwise with its folder.

    Segments that neither identifies, and those with a blank name, are left out.
    """
    unique = [(name, ids) for name, ids in known.items() if len(ids) == 1 and name.name.strip()]
    names = {ids[0]: name for name, ids in unique if name.parent is not None}
    return {**names, **{ids[0]: name for name, ids in unique if name.parent is None}}


def segment_ids(
    segments: Iterable[c.Segment],
    known: SegmentNames,
    report: Report,
    among: Iterable[c.Place] = (),
) -> Ids:
    """The ids of the segments that are referred to by name.

    `known` holds the ids on the server. A name that only a segment at one of the places `among`
    has is left out; any other unknown name, and any name that several segments have, is reported.
    """
    uses = (
        (name, node.span, node.via)
        for segment in segments
        for name, node in named_segments(segment.condition)
    )
    others = {spelling for place in among for spelling in c.spellings(*place)}
    return ids_by_name("segment", uses, known, report, others)


def ids_by_name(
    kind: str,
    uses: Iterable[tuple[ByName, Span, tuple[Span, ...]]],
    known: SegmentNames,
    report: Report,
    others: Collection[ByName] = (),
) -> dict[tuple[str, ByName], str]:
    """The ids of things of a kind that are referred to by name.

    Each use has a name, its span, and the uses of definitions that it came through. `known` holds
    the ids on the server. A name of `others` alone is left out; any other unknown name, and any
    name that several things have, is reported.
    """
    ids: dict[tuple[str, ByName], str] = {}
    # The message and help for each ambiguous name: the same wherever the name is used.
    ambiguous: dict[ByName, tuple[str, str]] = {}
    for name, span, via in uses:
        found = known.get(name, ())
        if len(found) == 1:
            ids[kind, name] = found[0]
        elif len(found) > 1:
            if name not in ambiguous:
                ambiguous[name] = _ambiguous(kind, name, found, known)
            message, help = ambiguous[name]
            report.add(Code.SEG305, span, message, help=help, via=via)
        elif name not in others:
            report.add(
                Code.SEG304,
                span,
                f"no {kind} on the server is named {reference(name, kind)}",
                help=_nearest(kind, name, known, others, report),
                via=via,
            )
    return ids


def _ambiguous(kind: str, name: ByName, ids: Sequence[str], known: SegmentNames) -> tuple[str, str]:
    """The message and the help for a name that several things of a kind have."""
    on_server = [f"#{id}" for id in ids if not is_symbolic(id)]
    listed = f": {_listed(on_server)}" if len(on_server) == len(ids) else ""
    message = f"{len(ids)} {kind}s are named {reference(name, kind)}{listed}"
    return message, _specify_which(kind, name, known, on_server)


def _listed(ids: Sequence[str]) -> str:
    more = ["…"] if len(ids) > _MAX_IDS else []
    return ", ".join([*ids[:_MAX_IDS], *more])


def _specify_which(kind: str, name: ByName, known: SegmentNames, ids: Sequence[str]) -> str:
    """How to name one of several: with its folder, or otherwise by its id."""
    words = "in segment" if kind == "segment" else kind
    in_folders = [
        other
        for other, others in known.items()
        if other.name == name.name and other.parent and len(others) < 2
    ]
    if name.parent is None and in_folders:
        written = [f"`{words} {reference(each, kind)}`" for each in in_folders[:_MAX_NAMES]]
        return f"specify which: {' or '.join(written)}"
    if name.parent is None and not ids:
        parent = PARENT_WORDS.get(kind, "folder")
        return f'specify which: `{words} {string(name.name)} of {parent} "…"`'
    return f"specify which: `{words} {ids[0]}`" if ids else "give them different names"


def _nearest(
    kind: str,
    name: ByName,
    known: Collection[ByName],
    among: Collection[ByName],
    report: Report,
) -> str | None:
    """A suggestion for a name that nothing has."""
    otherwise = "create it first, or name the file that defines it as well"
    if kind in _OF_ACCOUNT:
        otherwise = f"the account has no such {kind}: look up its name in the console"
    if not report.can_compare(len(known) + len(among)):
        return otherwise
    names = (*known, *among)
    folders = {each.parent for each in names if each.name == name.name and each.parent is not None}
    if name.parent is not None and folders:
        parent = PARENT_WORDS.get(kind, "folder")
        return f"there is one in the {parent} {' and '.join(map(string, sorted(folders)))}"
    others = {each.name for each in names} - {name.name}
    return report.did_you_mean(name.name, others, otherwise)


def report_ambiguous_names(
    segments: Iterable[c.Segment],
    defined: Iterable[c.Segment],
    known: SegmentNames,
    report: Report,
) -> None:
    """Reports references by a name that is not `known` and that several `defined` segments have."""
    times = Counter(spelling for each in defined for spelling in c.spellings(*each.place))
    for segment in segments:
        for name, node in named_segments(segment.condition):
            if times[name] > 1 and not known.get(name):
                report_ambiguous_name(node, name, times[name], report)


def report_ambiguous_name(node: c.Membership, name: ByName, times: int, report: Report) -> None:
    """Reports a reference by a name that several segments of the files have."""
    report.add(
        Code.SEG305,
        node.span,
        f"{times} segments of these files are named {reference(name, 'segment')}, and this could "
        "mean any of them",
        help=f'specify which: `in segment {string(name.name)} of folder "…"`'
        if name.parent is None
        else "give them different names, or leave the other files out",
        via=node.via,
    )
