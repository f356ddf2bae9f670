"""Text to syntax tree, with as many findings from one run as can be trusted.

An item with a mistake is left out; `syntax_errors` reports all of its mistakes, and parsing goes on
at the next item. Nothing here reads files.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.language.syntax.base_builder import StoppedError
from segdsl.language.syntax.builder import Builder
from segdsl.language.syntax.fast_path import phrase_pattern
from segdsl.language.syntax.item_starts import LINE, NAMELESS
from segdsl.language.syntax.lalr import Machine, Stopped
from segdsl.language.syntax.tables import tables
from segdsl.language.syntax.tree import Comment, File, Item
from segdsl.source import Source, Span

if TYPE_CHECKING:
    from segdsl.diagnostics import Diagnostic
    from segdsl.language.syntax.syntax_errors.recovery import Recovery

MAX_CHARACTERS = 2_000_000
MAX_MISTAKES = 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _Parser(threading.local):
    """The machine with the builder that it calls; one for each thread, as a builder has state."""

    def __init__(self) -> None:
        self.builder = Builder()
        found = tables()
        phrases = phrase_pattern(dict(found.terminals)["NUMBER"]), self.builder.phrase
        self.machine = Machine(found, self.builder.build, phrases)


@cache
def _parser() -> _Parser:
    return _Parser()


def parse(source: Source, report: Report) -> File:
    """The syntax tree of a whole file; what is wrong is reported.

    An item that cannot be parsed is left out; one that can be and holds a mistake is marked.
    """
    text = source.text
    if len(text) > MAX_CHARACTERS:
        report.add(
            Code.SEG006,
            Span(source.name, 0, 0),
            f"this file has {len(text):,} characters, more than the limit of {MAX_CHARACTERS:,}",
            help="split it into several files and share definitions with `import`",
        )
        return File((), names_known=False)
    control = _CONTROL.search(text)
    if control:
        report.add(
            Code.SEG004,
            Span(source.name, control.start(), control.end()),
            f"unexpected control character (U+{ord(control[0]):04X})",
            help=f"remove it, or write it as an escape in a string: `\\u{{{ord(control[0]):x}}}`",
        )
        return File((), names_known=False)

    parser = _parser()
    found = Report()
    comments: list[tuple[int, str]] = []
    items: list[Item] = []
    names_known = True
    start = 0
    recovery: Recovery | None = None
    for _ in range(MAX_MISTAKES):
        parser.builder.begin(source.name, found, items)
        try:
            stopped = parser.machine.run(text, start, comments)
        except StoppedError:
            last = found.diagnostics[-1].span
            at = len(text) if last is None else last.end
            following = _next_line(text, max(at, start + 1))
        else:
            if stopped is None:
                break
            from segdsl.language.syntax.syntax_errors.recovery import Recovery

            if recovery is None:
                recovery = Recovery(source, found, _alone)
            at = stopped.start
            following = max(recovery.item(stopped), start + 1)
        names_known = names_known and _is_nameless(text, at)
        start = following
        if start >= len(text):
            break
    for each in _without_secrets(found.diagnostics, text):
        report.put(each)
    return File(
        tuple(items),
        _comments(comments, source.name),
        names_known,
        _mistaken(items, found.diagnostics),
    )


def _mistaken(items: list[Item], found: Iterable[Diagnostic]) -> frozenset[int]:
    """The starts of the items that errors are in; items are in the order of the text."""
    errors = [each.span.start for each in found if each.span and each.severity == "error"]
    if not errors:
        return frozenset()
    starts = [item.span.start for item in items]
    at = (bisect_right(starts, error) - 1 for error in errors)
    return frozenset(
        starts[index]
        for index, error in zip(at, errors, strict=True)
        if index >= 0 and error < items[index].span.end
    )


def _without_secrets(found: list[Diagnostic], text: str) -> Iterator[Diagnostic]:
    """The findings, none of which repeats a secret that stands at its place."""
    if not found:
        return
    from segdsl.secrets import secret_places

    places = list(secret_places(text))
    for each in found:
        message, help = each.message, each.help
        for start, end in places if each.span is not None else ():
            assert each.span is not None
            secret = text[max(start, each.span.start) : min(end, each.span.end)].strip("\"'[]() ")
            if len(secret) > 2:  # as no escape is
                alone = rf"(?<!\w){re.escape(secret)}(?!\w)"
                message = re.sub(alone, "***", message)
                help = help and re.sub(alone, "***", help)
        yield msgspec.structs.replace(each, message=message, help=help)


def _alone(text: str) -> tuple[Stopped | None, list[Diagnostic]]:
    """Parses a text for its mistakes alone: where it stopped, and what the builder reported."""
    parser, report = _parser(), Report()
    parser.builder.begin("", report, [])
    try:
        stopped = parser.machine.run(text, 0, [])
    except StoppedError:
        stopped = Stopped(0, None, frozenset())
    return stopped, report.diagnostics


def _next_line(text: str, offset: int) -> int:
    """The next line that begins an item."""
    following = re.compile(LINE).search(text, offset)
    return len(text) if following is None else following.start()


def _comments(found: list[tuple[int, str]], file: str) -> tuple[Comment, ...]:
    """Those that were met, in order; what was parsed again has met some twice."""
    texts = {start: text.rstrip() for start, text in found}
    return tuple(
        Comment(texts[start], Span(file, start, start + len(texts[start])))
        for start in sorted(texts)
    )


def _is_nameless(text: str, offset: int) -> bool:
    """Whether the item that holds the offset is of a kind that defines no name."""
    before = [
        match for match in re.compile(LINE).finditer(text, 0, offset) if match.start() < offset
    ]
    return bool(before) and before[-1][0].split()[0] in NAMELESS
