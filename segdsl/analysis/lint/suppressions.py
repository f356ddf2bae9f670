"""Suppresses warnings: by code for all files, or by a comment for one item.

`# allow SEG601: reason` above an item, inside it or behind it suppresses the code there. An unused
suppression is reported itself (SEG607). Pure.
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

# Compiled when the first comment needs them.
_ALLOW = r"(?i)#+\s*allow:?\s+(?=SEG\w)"
_CODE = r"(?i)\s*(SEG\w+)\s*(?:,(?=\s*SEG\w)|())"


class Suppression(msgspec.Struct, frozen=True, eq=False):
    """A code that a comment allows, its location, and the item that it applies to, if any."""

    code: str
    span: Span
    item: t.Item | None


class FileSuppressions:
    """The suppressions of a file, by code and item."""

    def __init__(self, every: Iterable[Suppression]) -> None:
        self._groups: dict[str, dict[int, tuple[t.Item, list[Suppression]]]] = {}
        for each in every:
            if each.item is not None:
                of_code = self._groups.setdefault(each.code, {})
                group = of_code.setdefault(each.item.span.start, (each.item, []))
                group[1].append(each)
        self._starts = {code: sorted(groups) for code, groups in self._groups.items()}

    def about(self, code: Code, start: int) -> list[Suppression]:
        """The suppressions of a warning at a position."""
        starts = self._starts.get(code.name, ())
        at = bisect_right(starts, start) - 1
        if at < 0 or code not in WARNINGS:
            return []
        item, found = self._groups[code.name][starts[at]]
        return found if start < item.span.end else []


def suppressions_in(tree: t.File, source: Source) -> list[Suppression]:
    """The suppressions in the comments of a file."""
    suppressions: list[Suppression] = []
    places = Places(tree, source)
    for comment in tree.comments:
        start = re.match(_ALLOW, comment.text)
        if start is None:
            continue
        item = places.item_of(comment)
        code = re.compile(_CODE)
        at = start.end()
        while (match := code.match(comment.text, at)) is not None:
            place = comment.span.start
            span = Span(comment.span.file, place + match.start(1), place + match.end(1))
            suppressions.append(Suppression(match[1].upper(), span, item))
            at = match.end()
            if match[2] is not None:
                break
    return suppressions


class Places:
    """The start positions of the items and the comments of a file, in order."""

    def __init__(self, tree: t.File, source: Source) -> None:
        self._items = sorted(tree.items, key=lambda item: item.span.start)
        self._starts = [item.span.start for item in self._items]
        self._comments = [each.span.start for each in tree.comments]
        self._source = source

    def item_of(self, comment: t.Comment) -> t.Item | None:
        """The item that a comment is in, behind, directly above, or indented below."""
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


def suppression_filter(
    tree: t.File, source: Source, allowed: Collection[str]
) -> Callable[[Code, Span], bool]:
    """A function that tests whether a warning in a file is suppressed, there or by `allowed`."""
    file = FileSuppressions(suppressions_in(tree, source))

    def is_suppressed(code: Code, span: Span) -> bool:
        return code.name in allowed or bool(file.about(code, span.start))

    return is_suppressed


def suppressions_by_file(
    trees: Mapping[str, t.File], sources: Mapping[str, Source]
) -> dict[str, list[Suppression]]:
    """The suppressions in comments, by file; files without any are omitted."""
    return {
        name: found
        for name, tree in trees.items()
        if name in sources and "SEG" in sources[name].text.upper()
        if (found := suppressions_in(tree, sources[name]))
    }


def apply_suppressions(
    report: Report,
    of_file: Mapping[str, list[Suppression]],
    used: Callable[[], Collection[str]],
    *,
    allowed: Collection[str] = (),
    checked_files: Collection[str] = (),
    inactive_codes: Collection[Code] = (),
) -> Report:
    """Removes suppressed warnings from a report and adds unused suppressions.

    `of_file` are the suppressions of all files that were read; `used` returns the names of the
    definitions used in them, when needed. Unused suppressions are reported in `checked_files`,
    except those of `inactive_codes`, which were not checked, and if errors prevented the lints.
    """
    kept_items = {
        id(diagnostic.item)
        for of in of_file.values()
        for diagnostic in of
        if diagnostic.code == "SEG607"
    }
    used = cache(used)
    has_errors = report.has_errors
    by_file = {name: FileSuppressions(every) for name, every in of_file.items()}
    used_ids: set[int] = set()
    remaining: list[Diagnostic] = []
    for diagnostic in report.diagnostics:
        matching = _matching(diagnostic, by_file)
        if not matching:
            remaining.append(diagnostic)
        elif id(matching[0]) not in used_ids:
            used_ids.update(map(id, matching))
    unused = [
        diagnostic
        for name in checked_files
        for diagnostic in of_file.get(name, ())
        if id(diagnostic) not in used_ids
        and not _is_undecided(diagnostic, used, has_errors, inactive_codes)
        if diagnostic.item is None or id(diagnostic.item) not in kept_items
    ]
    unused_report = Report()
    for suppression in unused:
        _report_unused(suppression, unused_report)
    result = Report()
    found = (*remaining, *unused_report.diagnostics)
    result.diagnostics.extend(
        diagnostic for diagnostic in found if diagnostic.code.name not in allowed
    )
    return result


def _matching(diagnostic: Diagnostic, by_file: Mapping[str, FileSuppressions]) -> list[Suppression]:
    if diagnostic.span is None or diagnostic.severity == "error" or diagnostic.path is not None:
        return []
    file = by_file.get(diagnostic.span.file)
    return [] if file is None else file.about(diagnostic.code, diagnostic.span.start)


def _is_undecided(
    suppression: Suppression,
    used: Callable[[], Collection[str]],
    has_errors: bool,
    inactive_codes: Collection[Code],
) -> bool:
    """Whether it is unknown if a suppression is unused."""
    code = Code.__members__.get(suppression.code)
    if code not in WARNINGS or suppression.item is None:
        return False
    if code in inactive_codes or code is Code.SEG607 or has_errors:
        return True
    # A definition is only linted where it is used.
    return isinstance(suppression.item, t.Let) and suppression.item.name not in used()


def used_names(trees: Iterable[t.File]) -> set[str]:
    """The names of all used definitions."""
    nodes = (node for tree in trees for item in tree.items for node in walk_item(item))
    return {node.name for node in nodes if isinstance(node, t.Use)}


def _report_unused(suppression: Suppression, report: Report) -> None:
    code = Code.__members__.get(suppression.code)
    if code is None:
        message = f"unknown code `{suppression.code}`"
        codes = sorted(each.name for each in WARNINGS)
        help = report.did_you_mean(suppression.code, codes, "remove it")
    elif code not in WARNINGS:
        message = f"{suppression.code} is an error; only warnings can be allowed"
        help = "remove the comment and fix the error"
    elif suppression.item is None:
        message = f"unused `allow {suppression.code}`: no item begins on the next line"
        help = "move the comment directly above its item, or into it"
    else:
        message = f"unused `allow {suppression.code}`: there is no such warning"
        help = "remove it"
    report.add(Code.SEG607, suppression.span, message, help=help)
