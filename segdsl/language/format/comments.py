"""The comments of a file that are still to be written, by where they stand."""

from __future__ import annotations

import bisect

from segdsl.language.syntax.tree import Comment
from segdsl.source import Source


class Comments:
    """Hands each comment out once."""

    def __init__(self, comments: tuple[Comment, ...], source: Source) -> None:
        self._comments = list(comments)
        self._starts = [comment.span.start for comment in comments]
        self._taken = [False] * len(comments)
        self._first = 0
        self._source = source

    def between(self, start: int, end: int) -> bool:
        """Whether a comment that is still to be written stands there."""
        return self.peek(start, end) is not None

    def peek(self, start: int, end: int) -> Comment | None:
        """The first comment still to be written that stands there, left where it is."""
        at = max(bisect.bisect_left(self._starts, start), self._first)
        while at < len(self._starts) and self._starts[at] < end:
            if not self._taken[at]:
                return self._comments[at]
            at += 1
        return None

    def before(self, end: int, start: int = 0) -> list[Comment]:
        """Takes those that stand before `end` (and not before `start`)."""
        found: list[Comment] = []
        at = max(bisect.bisect_left(self._starts, start), self._first)
        while at < len(self._starts) and self._starts[at] < end:
            if not self._taken[at]:
                self._taken[at] = True
                found.append(self._comments[at])
            at += 1
        while self._first < len(self._taken) and self._taken[self._first]:
            self._first += 1
        return found

    def behind(self, end: int, limit: int) -> Comment | None:
        """Takes the comment on the line where something ended at `end`, before `limit`."""
        at = max(bisect.bisect_left(self._starts, end), self._first)
        while at < len(self._starts) and self._taken[at]:
            at += 1
        if at == len(self._starts) or self._starts[at] >= limit:
            return None
        if self.line(self._starts[at]) != self.line(max(end - 1, 0)):
            return None
        self._taken[at] = True
        return self._comments[at]

    def line(self, offset: int) -> int:
        return self._source.line_of(offset)

    def column(self, comment: Comment) -> int:
        return self._source.column_of(comment.span.start)
