"""Warnings that were allowed: by code for all files, or by a comment for one item.

`# allow SEG601: reason` above an item, inside it or behind it silences the code there. One
that allows nothing is told, so that they do not outlive what they were written for. Pure:
what was found goes in, what is told comes out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache

import msgspec

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.diagnostics.codes import WARNINGS
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.walk import walk_item
from segdsl.source import Source, Span

_ALLOW = re.compile(r"#+\s*allow:?\s+(?=SEG\w)", re.IGNORECASE)
_CODE = re.compile(r"\s*(SEG\w+)\s*(?:,(?=\s*SEG\w)|())", re.IGNORECASE)


class Allowance(msgspec.Struct, frozen=True, eq=False):
    """One code that a comment allows, where it is written, and the item it is about, if any."""

    code: str
    span: Span
    item: t.Item | None


class Allowances:
    """Those of one file, by their code and the item they are about."""

    def __init__(self, every: Iterable[Allowance]) -> None:
        self._groups: dict[str, dict[int, tuple[t.Item, list[Allowance]]]] = {}
        for each in every:
            if each.item is not None:
                of_code = self._groups.setdefault(each.code, {})
                group = of_code.setdefault(each.item.span.start, (each.item, []))
                group[1].append(each)
        self._starts = {code: sorted(groups) for code, groups in self._groups.items()}

    def about(self, code: Code, start: int) -> list[Allowance]:
        """All that allow a warning at a place; one list for one item."""
        starts = self._starts.get(code.name, ())
        at = bisect_right(starts, start) - 1
        if at < 0 or code not in WARNINGS:
            return []
        item, found = self._groups[code.name][starts[at]]
        return found if start < item.span.end else []


def allowances(tree: t.File, source: Source) -> list[Allowance]:
    """What the comments of a file allow."""
    found: list[Allowance] = []
    places = Places(tree, source)
    for comment in tree.comments:
        start = _ALLOW.match(comment.text)
        if start is None:
            continue
        item = places.item_of(comment)
        at = start.end()
        while (match := _CODE.match(comment.text, at)) is not None:
            place = comment.span.start
            span = Span(comment.span.file, place + match.start(1), place + match.end(1))
            found.append(Allowance(match[1].upper(), span, item))
            at = match.end()
            if match[2] is not None:
                break
    return found


class Places:
    """Where the items and the comments of a file begin, each in order."""

    def __init__(self, tree: t.File, source: Source) -> None:
        self._items = sorted(tree.items, key=lambda item: item.span.start)
        self._starts = [item.span.start for item in self._items]
        self._comments = [each.span.start for each in tree.comments]
        self._source = source

    def item_of(self, comment: t.Comment) -> t.Item | None:
        """The item a comment stands in or behind, directly above, or indented below."""
        source, start = self._source, comment.span.start
        line = source.line_of(start)
        at = bisect_right(self._starts, start)
        last = self._items[at - 1] if at else None
        after = self._items[at] if at < len(self._items) else None
        if last is not None and (
            start < last.span.end or line == source.line_of(max(last.span.end - 1, 0))
        ):
            return last
        if after is not None:
            before, end = (
                bisect_right(self._comments, start),
                bisect_left(self._comments, after.span.start),
            )
            if source.line_of(after.span.start) - line == end - before + 1:
                return after
        return last if source.column_of(start) > 1 else None


def silenced(
    tree: t.File, source: Source, allowed: Collection[str]
) -> Callable[[Code, Span], bool]:
    """Whether a warning at a place of one file is allowed; `allowed` are codes for all files."""
    here = Allowances(allowances(tree, source))

    def is_silenced(code: Code, span: Span) -> bool:
        return code.name in allowed or bool(here.about(code, span.start))

    return is_silenced


def all_allowances(
    trees: Mapping[str, t.File], sources: Mapping[str, Source]
) -> dict[str, list[Allowance]]:
    """What the comments of files allow, by file; files that allow nothing are left out."""
    return {
        name: found
        for name, tree in trees.items()
        if name in sources and "SEG" in sources[name].text.upper()
        if (found := allowances(tree, sources[name]))
    }


def spoken(
    report: Report,
    of_file: Mapping[str, list[Allowance]],
    used: Callable[[], Collection[str]],
    *,
    allowed: Collection[str] = (),
    judged: Collection[str] = (),
    idle: Collection[Code] = (),
) -> Report:
    """What is told of a report: all but the allowed, and allows that allow nothing.

    `of_file` are the allowances of all files that were read, and `used` tells the names of
    definitions that are used in them, if that is asked. Allows are judged in the files `judged`;
    not those of codes in `idle`, which nobody looked for, nor where errors kept segments
    from being looked at.
    """
    kept = {id(each.item) for of in of_file.values() for each in of if each.code == "SEG607"}
    used = cache(used)
    has_errors = report.has_errors
    known = {name: Allowances(every) for name, every in of_file.items()}
    fired: set[int] = set()
    heard: list[Diagnostic] = []
    for each in report.diagnostics:
        by = _allowing(each, known)
        if not by:
            heard.append(each)
        elif id(by[0]) not in fired:
            fired.update(map(id, by))
    unused = [
        each
        for name in judged
        for each in of_file.get(name, ())
        if id(each) not in fired and not _is_open(each, used, has_errors, idle)
        if each.item is None or id(each.item) not in kept
    ]
    vain = Report()
    for allowance in unused:
        _tell(allowance, vain)
    told = Report()
    found = (*heard, *vain.diagnostics)
    told.diagnostics.extend(each for each in found if each.code.name not in allowed)
    return told


def _allowing(of: Diagnostic, known: Mapping[str, Allowances]) -> list[Allowance]:
    if of.span is None or of.severity == "error" or of.path is not None:
        return []
    here = known.get(of.span.file)
    return [] if here is None else here.about(of.code, of.span.start)


def _is_open(
    of: Allowance, used: Callable[[], Collection[str]], has_errors: bool, idle: Collection[Code]
) -> bool:
    """Whether nobody can say that an allow is in vain."""
    code = Code.__members__.get(of.code)
    if code not in WARNINGS or of.item is None:
        return False
    if code in idle or code is Code.SEG607 or has_errors:
        return True
    # A definition is only looked at where it is used.
    return isinstance(of.item, t.Let) and of.item.name not in used()


def used_names(trees: Iterable[t.File]) -> set[str]:
    """The names of all definitions that are used."""
    nodes = (node for tree in trees for item in tree.items for node in walk_item(item))
    return {node.name for node in nodes if isinstance(node, t.Use)}


def _tell(of: Allowance, report: Report) -> None:
    code = Code.__members__.get(of.code)
    if code is None:
        message = f"there is no code `{of.code}`"
        help = report.did_you_mean(of.code, sorted(each.name for each in WARNINGS), "take it out")
    elif code not in WARNINGS:
        message = f"{of.code} is an error, and only warnings can be allowed"
        help = "take it out, and put right what is wrong"
    elif of.item is None:
        message = f"{of.code} is allowed here for nothing: no item begins on the next line"
        help = "put the comment right above the item that it is about, or into it"
    else:
        message = f"{of.code} is allowed here, and there is nothing to allow"
        help = "take it out"
    report.add(Code.SEG607, of.span, message, help=help)
