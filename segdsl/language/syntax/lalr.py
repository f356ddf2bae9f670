"""Runs the parser's tables over a text and calls a builder as each rule is recognised.

The same as Lark's LALR parser with its contextual lexer does (a test compares them): a token is
what the state of the parser can go on with. How tokens are found is in `lexer`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from segdsl.language.syntax.lexer import NOTHING, Phrases, Terminals, Token
from segdsl.language.syntax.tables import END, Tables

# A token or what was built of a rule: its symbol, its text or value, where it starts and ends.
Child = Token
Build = Callable[[list[Child]], Any]

# The state that is reached behind a reduction, what is done there with the next token, and what
# is built meanwhile of the one child that was made: the symbol and the builder of each.
_Step = tuple[int, int | None, tuple[tuple[str, Build], ...]]
# By the state below the children and the next token.
_Steps = dict[tuple[int, str], _Step]
# Of a production: how many children, the slice of a stack that they are, its symbol, what builds
# it, and the steps that are known so far.
_Reduction = tuple[int, slice, str, Build | None, _Steps]


class Stopped(msgspec.Struct, frozen=True):
    """Where a text could not be gone on with, and the terminals that could have stood there.

    `text` is the token that stands there, empty at the end of the text, and None where there is
    no token of the language at all.
    """

    start: int
    text: str | None
    accepts: frozenset[str]


class Machine:
    """An automaton with the builder that it calls; holds no state between runs.

    `phrases` and `before_phrases` are for whole tests at once, see `Terminals`.
    """

    def __init__(
        self,
        tables: Tables,
        builds: Callable[[str], Build],
        phrases: Phrases | None = None,
        before_phrases: int = 10_000,
    ) -> None:
        self._tables = tables
        self._builds = builds
        self._terminals = Terminals(tables, phrases, before_phrases)
        self._rows: list[dict[str, int] | None] = [None] * len(tables.rows)
        # The same without what is taken only when more has been looked at.
        self._plain_rows: list[dict[str, int] | None] = [None] * len(tables.rows)
        self._reductions: list[_Reduction | None] = [None] * len(tables.productions)

    def run(self, text: str, start: int, comments: list[tuple[int, str]]) -> Stopped | None:
        """Parses from `start` to the end; comments are added as they are met.

        Returns where it stopped, or None at the end. What the builder raises goes through.
        """
        lexer = self._terminals.lexer(text, start, comments)
        rows = self._plain_rows
        state = self._tables.start
        states = [state]
        children: list[Child] = []
        while True:
            row = rows[state] or self._plain_row(state)
            token = lexer.next(row)
            action = row.get(token[0])
            if action is None:
                row = self._row(state)
                token = lexer.instead(row, token)
                action = row.get(token[0])
            if action is not None and action < 0:
                action = self._reduce(action, token, states, children)
            if action is None:
                return self._stopped(token, states)
            children.append(token)
            state = action
            states.append(state)

    def _reduce(
        self, action: int, token: Token, states: list[int], children: list[Child]
    ) -> int | None:
        """Builds each rule that ends before a token; `action` is what is done with the first.

        Returns the state that the token leads to then, None where it leads to none.
        """
        reductions = self._reductions
        kind, _, begin, _ = token
        while True:
            size, top, origin, build, steps = reductions[~action] or self._reduction(~action)
            if size == 1:
                if build is not None:
                    child = children[-1]
                    children[-1] = (origin, build([child]), child[2], child[3])
                del states[-1]
            elif size == 0:
                children.append((origin, None, begin, begin))
            else:
                taken = children[top]
                del children[top]
                del states[top]
                assert build is not None, "one child alone is passed on"
                children.append((origin, build(taken), taken[0][2], taken[-1][3]))
            reached = (states[-1], kind)
            state, following, more = steps.get(reached) or self._step(reached, origin, steps)
            if more:
                child = children[-1]
                for origin, build in more:
                    child = (origin, build([child]), child[2], child[3])
                children[-1] = child
            states.append(state)
            if following is None or following >= 0:
                return following
            action = following

    def _row(self, state: int) -> dict[str, int]:
        row = self._rows[state]
        if row is None:
            row = self._rows[state] = self._tables.row(state)
        return row

    def _plain_row(self, state: int) -> dict[str, int]:
        """The row of a state for tokens that need no look at what follows them."""
        row = self._row(state)
        behind = self._terminals.behind
        if "NAME" in row and not behind.isdisjoint(row):
            row = {kind: row[kind] for kind in row if kind not in behind}
        self._plain_rows[state] = row
        return row

    def _reduction(self, number: int) -> _Reduction:
        of = self._tables.production(number)
        build: Build | None = None
        if of.build:
            build = _spreading(self._builds(of.build), of.inlined)
        elif of.origin.startswith("_"):
            build = _grown if of.inlined == (0,) else _spreading(_gathered, of.inlined)
        made: _Reduction = (of.size, slice(-of.size, None), of.origin, build, {})
        self._reductions[number] = made
        return made

    def _step(self, reached: tuple[int, str], origin: str, steps: _Steps) -> _Step:
        """Goes on over reductions of one child, as most of a chain's are; kept in `steps`."""
        below, kind = reached
        more: list[tuple[str, Build]] = []
        while True:
            state = self._row(below)[origin]
            action = None if state == self._tables.end else self._row(state).get(kind)
            if action is None or action >= 0:
                break
            size, _, above, build, _ = self._reduction(~action)
            if size != 1:
                break
            origin = above
            if build is not None:
                more.append((origin, build))
        made = steps[reached] = (state, action, tuple(more))
        return made

    def _stopped(self, token: Token, states: list[int]) -> Stopped | None:
        """Where the token leads nowhere; None at the end."""
        kind, text, begin, _ = token
        if kind == NOTHING:
            accepts = frozenset(self._row(states[-1])).intersection(self._terminals.patterns)
            return Stopped(begin, None, accepts)
        if kind == END and states[-1] == self._tables.end:
            return None
        return Stopped(begin, text, self._accepts(states))

    def _accepts(self, states: list[int]) -> frozenset[str]:
        """The terminals that can stand next: those that end in a step on, not back."""
        kinds = [kind for kind in self._row(states[-1]) if kind.isupper()]
        return frozenset(kind for kind in kinds if self._can_take(kind, list(states)))

    def _can_take(self, kind: str, states: list[int]) -> bool:
        while True:
            action = self._row(states[-1]).get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            of = self._tables.production(~action)
            del states[len(states) - of.size :]
            states.append(self._row(states[-1])[of.origin])
            if kind == END and states[-1] == self._tables.end:
                return True


def _gathered(children: list[Child]) -> list[Child]:
    return children


def _grown(children: list[Child]) -> list[Child]:
    """What was gathered before, with the children behind it."""
    gathered: list[Child] = children[0][1]
    gathered.extend(children[1:])
    return gathered


def _spreading(build: Build, inlined: tuple[int, ...]) -> Build:
    """Builds of the children with those of gatherings in their place."""
    if not inlined:
        return build

    def spread(children: list[Child]) -> Any:
        for at in reversed(inlined):
            children[at : at + 1] = children[at][1]
        return build(children)

    return spread
