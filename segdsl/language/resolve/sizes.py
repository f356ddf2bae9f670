"""How large expressions are with their definitions written out, told without writing them out.

A definition that uses another one twice doubles it, so that a short text can stand for more than
any machine holds. Sizes are worked out once for each definition; what a run may grow to is bounded
by its `Room`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from segdsl.language.predicates import values_of
from segdsl.language.resolve.program import Scope
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.walk import walk
from segdsl.language.values import Literal, Name, Text, Value

MAX_CONDITIONS = 100_000
MAX_GROUPS = 200_000
"""Groups, negations and uses of definitions: what holds conditions and may hold none."""
MAX_UNITS = 500_000
"""What the segments of a run may grow to by definitions and params: one for each condition, group
and use, and one more for each hundred characters of a condition."""
_CHARACTERS = 100


class Room:
    """What the segments of one run have grown to so far, in units."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, units: int) -> bool:
        """Whether there is room for so much more; if so it is taken."""
        if self.taken + units > MAX_UNITS:
            return False
        self.taken += units
        return True


class Size(msgspec.Struct, frozen=True, gc=False):
    """Conditions; groups and uses that hold them; and all of it in units.

    `written` are the units of what is there without definitions and params. `largest` is the use
    that adds the most, if there is one.
    """

    conditions: int
    holders: int
    units: int
    written: int
    largest: t.Use | None = None

    @property
    def fits(self) -> bool:
        """Whether one segment can be of that size."""
        return self.conditions <= MAX_CONDITIONS and self.holders <= MAX_GROUPS

    @property
    def grown(self) -> int:
        """The units that definitions and params add."""
        return self.units - self.written

    def __str__(self) -> str:
        if self.conditions > MAX_CONDITIONS:
            return f"more than {MAX_CONDITIONS:,} conditions"
        if self.holders > MAX_GROUPS:
            return f"more than {MAX_GROUPS:,} groups and uses of definitions"
        return f"{self.conditions:,} condition{'s' * (self.conditions != 1)}"


_NOTHING = Size(0, 0, 0, 0)
_Definition = tuple[str, str]  # a file and a name in it


class Sizes:
    """The sizes of the definitions of a program, each worked out when it is first asked for."""

    def __init__(
        self,
        scopes: Mapping[str, Scope],
        params: Mapping[tuple[str, str], Literal | None],
    ) -> None:
        self.scopes = scopes
        self._params = params
        self._known: dict[_Definition, Size] = {}

    def of(self, expression: t.Expression, scope: Scope) -> Size:
        """The size of an expression with its definitions written out.

        What is not defined, or uses itself, counts for nothing: it is told elsewhere.
        """
        waiting = [self.meant(use, scope) for use in uses(expression)]
        path: set[_Definition] = set()
        while waiting:
            found = waiting[-1]
            if found is None or self._key(found) in self._known:
                waiting.pop()
                continue
            (file, let), key = found, self._key(found)
            if key in path:
                waiting.pop()
                path.discard(key)
                self._known[key] = self._sum(let.body, self.scopes[file])
                continue
            path.add(key)
            inner = (self.meant(use, self.scopes[file]) for use in uses(let.body))
            waiting.extend(each for each in inner if each and self._key(each) not in path)
        return self._sum(expression, scope)

    def of_definition(self, file: str, let: t.Let) -> Size:
        """The same of a definition of a file."""
        key = self._key((file, let))
        if key not in self._known:
            self._known[key] = self.of(let.body, self.scopes[file])
        return self._known[key]

    @staticmethod
    def _key(found: tuple[str, t.Let]) -> _Definition:
        return found[0], found[1].name

    def meant(self, use: t.Use, scope: Scope) -> tuple[str, t.Let] | None:
        """The definition that is used, and its file."""
        found = scope.names.get(use.name)
        if found is None or not isinstance(found[1], t.Let):
            return None
        return found[0], found[1]

    def _sum(self, expression: t.Expression, scope: Scope) -> Size:
        """The size of what is written there, with that of the definitions that it uses."""
        conditions = holders = units = written = most = 0
        largest: t.Use | None = None
        for node in walk(expression):
            if isinstance(node, t.Use):
                found = self.meant(node, scope)
                size = _NOTHING if found is None else self._known.get(self._key(found), _NOTHING)
                longest = max((self._length(of, scope) for of in node.arguments or ()), default=0)
                conditions += size.conditions
                holders += 1 + size.holders
                units += size.units * (1 + longest // _CHARACTERS)
                written += 1
                if size.units > most:
                    most, largest = size.units, node
            elif isinstance(node, t.Test | t.Has | t.Membership | t.Score):
                conditions += 1
                text = node.span.end - node.span.start
                written += 1 + text // _CHARACTERS
                units += self._added(node, scope) // _CHARACTERS
            else:
                holders += 1
                label = node.label if isinstance(node, t.FixedRuleSet) else None
                written += 1 + len(label or "") // _CHARACTERS
        return Size(conditions, holders, units + written, written, largest)

    def _added(self, node: t.Test | t.Has | t.Membership | t.Score, scope: Scope) -> int:
        """The length of the texts that the params of a condition stand for."""
        if not isinstance(node, t.Test):
            return 0
        names = (value for value in values_of(node.predicate) if isinstance(value, Name))
        return sum(self._length(name, scope) for name in names)

    def _length(self, value: Value, scope: Scope) -> int:
        """How long a value is; the parameter of a definition counts where it is given."""
        if isinstance(value, Name):
            found = scope.names.get(value.name)
            if found is None or not isinstance(found[1], t.Param):
                return 0
            return len_of(self._params.get((found[0], found[1].name)))
        return len_of(value)


def len_of(value: Literal | None) -> int:
    """The length of a text; of anything else it does not count."""
    return len(value.value) if isinstance(value, Text) else 0


def uses(expression: t.Expression) -> Iterator[t.Use]:
    """Every use of a definition in an expression."""
    return (node for node in walk(expression) if isinstance(node, t.Use))
