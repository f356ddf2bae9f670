"""Where an expression stands, and what is known of definitions that were looked at there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from segdsl.language.condition import tree as c
from segdsl.language.resolve.program import Definition, Scope
from segdsl.language.syntax import tree as t
from segdsl.language.values import Literal
from segdsl.source import Span

MOST_ARGUMENTS = 20
"""The lists of arguments with which one definition is looked at; beyond them they are not known."""


class Context(msgspec.Struct, frozen=True):
    """Where an expression stands: its file's names, its parameters, what it is inside of."""

    scope: Scope
    parameters: Mapping[str, Literal | None]
    via: tuple[Span, ...] = ()
    active: tuple[Definition, ...] = ()
    in_filter: bool = False
    negated: bool = False
    depth: int = 0

    @property
    def inverted(self) -> Context:
        """The context of what a `not` here is about."""
        return msgspec.structs.replace(self, negated=not self.negated)


class Seen:
    """One definition with its arguments, and its condition as soon as that is known."""

    def __init__(self, arguments: Mapping[str, Literal | None]) -> None:
        self.arguments = arguments
        self.is_known = False
        self.found: c.Condition | None = None


class Memory:
    """The definitions of one program that were looked at."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], Seen] = {}
        self._times: Counter[int] = Counter()

    def of(self, let: t.Let, arguments: Mapping[str, Literal | None], context: Context) -> Seen:
        """What is known of a definition with these arguments, in such a place."""
        where = id(let), context.in_filter, context.negated
        key = (*where, *arguments.values())
        if key not in self._seen:
            if self._times[id(let)] >= MOST_ARGUMENTS:
                arguments = dict.fromkeys(arguments)
                key = (*where, *arguments.values())
            self._times[id(let)] += 1
        return self._seen.setdefault(key, Seen(arguments))
