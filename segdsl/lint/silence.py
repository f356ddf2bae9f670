"""Warnings that were allowed: by code for all files, or by a comment for one item.

`# allow SEG601: reason` above an item, inside it or behind it silences the code there. One
that allows nothing is told, so that they do not outlive what they were written for. Pure:
what was found goes in, what is told comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.diagnostics.codes import WARNINGS
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.source import Source, Span
from segdsl.syntax import tree as t

_ALLOW = re.compile(r"#+\s*allow:?\s+(?=SEG\w)", re.IGNORECASE)
_CODE = re.compile(r"\s*(SEG\w+)\s*(?:,(?=\s*SEG\w)|())", re.IGNORECASE)


class Allowance(msgspec.Struct, frozen=True, eq=False):
    """One code that a comment allows, where it is written, and the item it is about, if any."""

    code: str
    span: Span
    item: t.Item | None


def allowances(tree: t.File, source: Source) -> list[Allowance]:
    """What the comments of a file allow."""
    found: list[Allowance] = []
    for comment in tree.comments:
        start = _ALLOW.match(comment.text)
        if start is None:
            continue
        item = item_of(comment, tree, source)
        at = start.end()
        while (match := _CODE.match(comment.text, at)) is not None:
            place = comment.span.start
            span = Span(comment.span.file, place + match.start(1), place + match.end(1))
            found.append(Allowance(match[1].upper(), span, item))
            at = match.end()
            if match[2] is not None:
                break
    return found


def item_of(comment: t.Comment, tree: t.File, source: Source) -> t.Item | None:
    """The item a comment stands in or behind, directly above, or indented below."""
    start = comment.span.start
    line = source.line_of(start)
    before = [item for item in tree.items if item.span.start <= start]
    after = next((item for item in tree.items if item.span.start > start), None)
    last = before[-1] if before else None
    if last is not None and (
        start < last.span.end or line == source.line_of(max(last.span.end - 1, 0))
    ):
        return last
    if after is not None:
        between = [each for each in tree.comments if start < each.span.start < after.span.start]
        if source.line_of(after.span.start) - line == len(between) + 1:
            return after
    return last if source.column_of(start) > 1 else None


def silenced(
    tree: t.File, source: Source, allowed: Collection[str]
) -> Callable[[Code, Span], bool]:
    """Whether a warning at a place of one file is allowed; `allowed` are codes for all files."""
    here = allowances(tree, source)

    def is_silenced(code: Code, span: Span) -> bool:
        return code.name in allowed or any(_is_about(each, code, span) for each in here)

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
    fired: set[int] = set()
    heard: list[Diagnostic] = []
    for each in report.diagnostics:
        by = _allowing(each, of_file)
        fired.update(map(id, by))
        if not by:
            heard.append(each)
    unused = [
        each
        for name in judged
        for each in of_file.get(name, ())
        if id(each) not in fired and not _is_open(each, used, report, idle)
        if each.item is None or id(each.item) not in kept
    ]
    vain = Report()
    for allowance in unused:
        _tell(allowance, vain)
    told = Report()
    found = (*heard, *vain.diagnostics)
    told.diagnostics.extend(each for each in found if each.code.name not in allowed)
    return told


def _allowing(of: Diagnostic, known: Mapping[str, list[Allowance]]) -> list[Allowance]:
    if of.span is None or of.severity == "error" or of.path is not None:
        return []
    return [each for each in known.get(of.span.file, ()) if _is_about(each, of.code, of.span)]


def _is_about(of: Allowance, code: Code, span: Span) -> bool:
    if of.code != code.name or of.item is None or code not in WARNINGS:
        return False
    return of.item.span.start <= span.start < of.item.span.end


def _is_open(
    of: Allowance, used: Callable[[], Collection[str]], report: Report, idle: Collection[Code]
) -> bool:
    """Whether nobody can say that an allow is in vain."""
    code = Code.__members__.get(of.code)
    if code not in WARNINGS or of.item is None:
        return False
    if code in idle or code is Code.SEG607 or report.has_errors:
        return True
    # A definition is only looked at where it is used.
    return isinstance(of.item, t.Let) and of.item.name not in used()


def used_names(trees: Iterable[t.File]) -> set[str]:
    """The names of all definitions that are used."""
    found: set[str] = set()
    waiting: list[object] = [item for tree in trees for item in tree.items]
    while waiting:
        node = waiting.pop()
        if isinstance(node, t.Use):
            found.add(node.name)
        if isinstance(node, tuple):
            waiting.extend(node)
        elif isinstance(node, msgspec.Struct):
            waiting.extend(getattr(node, field) for field in node.__struct_fields__)
    return found


def _tell(of: Allowance, report: Report) -> None:
    code = Code.__members__.get(of.code)
    if code is None:
        message = f"there is no code `{of.code}`"
        help = did_you_mean(of.code, sorted(each.name for each in WARNINGS), "take it out")
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
