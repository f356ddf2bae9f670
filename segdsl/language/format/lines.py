"""Lines of a formatted file, and the comments that go above them and behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from segdsl.language.format.comments import Comments
from segdsl.language.syntax import tree as t
from segdsl.source import Span

WIDTH = 100


class Placed(Protocol):
    """A node with its place."""

    @property
    def span(self) -> Span: ...


_P = TypeVar("_P", bound=Placed)


class LinePrinter:
    """What every part of the formatter writes with.

    `commented` is whether a comment stands behind the last line.
    """

    def __init__(self, comments: Comments, lines: list[str] | None = None) -> None:
        self.comments = comments
        self.lines: list[str] = [] if lines is None else lines
        self.commented = False

    def _line(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)
        self.commented = False

    def _above(self, end: int, indent: int, start: int = 0) -> None:
        """Writes the comments that stand before `end` as lines of their own."""
        for comment in self.comments.before(end, start):
            self._line(indent, comment.text)

    def _behind(self, end: int, limit: int) -> None:
        """Adds the comment on the line where the element just written ended.

        A line takes one comment, and none overtakes one that stood before it.
        """
        if self.commented or self.comments.between(0, end):
            return
        comment = self.comments.behind(end, limit)
        if comment is not None:
            self.lines[-1] += f"  {comment.text}"
            self.commented = True

    def _block(self, comments: Sequence[t.Comment], start: int | None) -> None:
        """Comments at the left margin, with one blank line wherever there were some."""
        for at, comment in enumerate(comments):
            self._line(0, comment.text)
            line = self.comments.line(comment.span.start)
            following = comments[at + 1].span.start if at + 1 < len(comments) else start
            if following is not None and self.comments.line(following) > line + 1:
                self.lines.append("")

    def _blocks(self, clauses: Sequence[_P], write: Callable[[_P], None], limit: int) -> None:
        """Writes clauses in the order given, each with the comments that stood at it.

        They may have been written in another order; behind them comes `limit`.
        """
        lines = self.lines
        blocks: dict[int, list[str]] = {}
        written = sorted(clauses, key=lambda clause: clause.span.start)
        for clause, following in self._with_following(written, limit):
            self.lines = blocks[id(clause)] = []
            write(clause)
            self._behind(clause.span.end, following)
        self.lines = lines
        for clause in clauses:
            lines.extend(blocks[id(clause)])

    @staticmethod
    def _with_following(nodes: Sequence[_P], end: int) -> Iterator[tuple[_P, int]]:
        """Each node with the start of the next, or the end."""
        starts = [node.span.start for node in nodes[1:]]
        return zip(nodes, [*starts, end], strict=False)

    def _indented_below(self, end: int, limit: int) -> None:
        """Comments right below an item that are indented, as a condition put out of use is.

        Those before parentheses that are left out become such ones.
        """
        while (comment := self.comments.peek(0, limit)) is not None:
            if comment.span.start >= end and self.comments.column(comment) == 1:
                return
            self._above(comment.span.end, 2)
