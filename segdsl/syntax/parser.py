"""Text to syntax tree, with as many findings from one run as can be trusted.

A mistake ends the item it is in; parsing goes on at the next line that begins with
`segment`, `let`, `param` or `import`. Nothing here reads files.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from segdsl.diagnostics import Code, Report
from segdsl.source import Source, Span
from segdsl.syntax.tree import Comment, File, Item

if TYPE_CHECKING:
    from lark import Lark, Token

    from segdsl.syntax.builder import Builder

MAX_CHARACTERS = 2_000_000
MAX_MISTAKES = 20
_ITEM = re.compile(r"^(?:segment|let|param|import)\b", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _Parser:
    """Lark's parser with the builder it calls; one for each thread, as it holds state."""

    def __init__(self) -> None:
        from segdsl.syntax.builder import Builder
        from segdsl.syntax.grammar import make_parser

        self.comments: list[Comment] = []
        self.builder: Builder = Builder()
        self.lark: Lark = make_parser(self.builder, self._comment)

    def _comment(self, token: Token) -> Token:
        assert token.start_pos is not None
        assert token.end_pos is not None
        text = str(token).rstrip()
        span = Span(self.builder.file, token.start_pos, token.start_pos + len(text))
        self.comments.append(Comment(text, span))
        return token


_local = threading.local()


def _parser() -> _Parser:
    found: _Parser | None = getattr(_local, "parser", None)
    if found is None:
        found = _local.parser = _Parser()
    return found


def parse(source: Source, report: Report) -> File:
    """The syntax tree of a whole file; items with mistakes are left out and reported."""
    text = source.text
    if len(text) > MAX_CHARACTERS:
        report.add(
            Code.SEG006,
            Span(source.name, 0, 0),
            f"this file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            help="split it into several files and share definitions with `import`",
        )
        return File((), names_known=False)
    control = _CONTROL.search(text)
    if control:
        report.add(
            Code.SEG004,
            Span(source.name, control.start(), control.end()),
            f"a control character (U+{ord(control[0]):04X}) stands here",
            help=f"take it out, or write it as an escape in a string: `\\u{{{ord(control[0]):x}}}`",
        )
        return File((), names_known=False)

    from lark import TextSlice
    from lark.exceptions import UnexpectedInput

    from segdsl.syntax.mistakes import explain
    from segdsl.syntax.pieces import StoppedError

    parser = _parser()
    parser.builder.report = report
    parser.builder.file = source.name
    parser.comments.clear()
    items: list[Item] = []
    names_known = True
    start = 0
    for _ in range(MAX_MISTAKES):
        parser.builder.depths = {}
        parser.builder.items = items
        try:
            parser.lark.parse(TextSlice(text, start, len(text)))
            break
        except UnexpectedInput as error:
            stopped = explain(error, source, report)
        except StoppedError:
            last = report.diagnostics[-1].span
            stopped = len(text) if last is None else last.end
        names_known = names_known and _is_segment(text, stopped)
        following = _ITEM.search(text, max(stopped, start + 1))
        if following is None:
            break
        start = following.start()
    comments = {comment.span.start: comment for comment in parser.comments}
    kept = tuple(comments[at] for at in sorted(comments))
    return File(tuple(items), kept, names_known)


def _is_segment(text: str, offset: int) -> bool:
    """Whether the item that holds the offset begins a segment, and so defines no name."""
    before = [match for match in _ITEM.finditer(text, 0, offset) if match.start() < offset]
    return bool(before) and before[-1][0] == "segment"
