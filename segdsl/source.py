"""Source texts and places in them.

A stage never opens a file: it is handed a `Source` and points back into it with
`Span`s. Lines and columns are worked out only when somebody is told of a place.
"""

from __future__ import annotations

import bisect
from functools import cached_property

import msgspec

SpanKey = tuple[str, int, int]
"""A span as file, start and end: what tells one place from another."""


class Span(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A half-open range of characters of one source.

    Two spans always compare equal: where a node stands is not part of what it
    says, so a tree equals its own reformatted self.
    """

    file: str
    start: int
    end: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span)

    def __hash__(self) -> int:
        return 0

    def to(self, other: Span) -> Span:
        """The range from the start of this span to the end of the other."""
        return Span(self.file, self.start, other.end)

    def holds(self, other: Span) -> bool:
        """Whether the other begins within this."""
        return self.file == other.file and self.start <= other.start < self.end

    @property
    def key(self) -> SpanKey:
        """What tells this place from another, for sorting and for sets."""
        return (self.file, self.start, self.end)


NOWHERE = Span("", 0, 0)


class Places(tuple[Span, ...]):
    """Where the parts of a node stand; like spans, they never make two trees differ."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places)

    def __hash__(self) -> int:
        return 0


class Source:
    """One text and the name it is reported under."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def line_of(self, offset: int) -> int:
        """The line, from 1, that holds the character at `offset`."""
        return bisect.bisect_right(self._starts, offset)

    def column_of(self, offset: int) -> int:
        """The column, from 1, in characters, of the character at `offset`."""
        return offset - self._starts[self.line_of(offset) - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without its line end."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")
