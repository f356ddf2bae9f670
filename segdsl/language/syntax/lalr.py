"""Runs the parser's tables over a text and calls a builder as each rule is recognised.

The same as Lark's LALR parser with its contextual lexer does (a test compares them): a token is
what the state of the parser can go on with. Almost every token is found by one regular
expression for all terminals; where the state cannot take what that finds, the terminals of that
state alone are tried, in Lark's order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import msgspec

from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.syntax.tables import END, Tables

# A token or what was built of a rule: its symbol, its text or value, where it starts and ends.
# (A plain tuple: there are two for each token, and a class of their own costs a third more time.)
Child = tuple[str, Any, int, int]
Build = Callable[[list[Child]], Any]

# Of a production: how many children, its symbol, what builds it, and its gatherings.
_Reduction = tuple[int, str, Build | None, tuple[int, ...]]
# The state that is reached behind a reduction, what is done there with the next token, and what
# is built meanwhile of the one child that was made: the symbol and the builder of each.
_Step = tuple[int, int | None, tuple[tuple[str, Build], ...]]

# Groups of the regular expression that are no terminals: any word, the end of the text, and a
# whole test.
_WORD = "WORD_"
_END = "END_"
_PHRASE = "PHRASE_"


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

    With `phrases`, a pattern and what builds a match of it, whole tests are taken at once;
    to compile the pattern is worth it only when so many characters have been parsed.
    """

    def __init__(
        self,
        tables: Tables,
        builds: Callable[[str], Build],
        phrases: tuple[str, Callable[[re.Match[str]], Any]] | None = None,
        before_phrases: int = 10_000,
    ) -> None:
        self._tables = tables
        self._builds = builds
        self._rows: list[dict[str, int] | None] = [None] * len(tables.rows)
        self._reductions: list[_Reduction | None] = [None] * len(tables.productions)
        self._steps: dict[tuple[int, str, str], _Step] = {}
        self._patterns: dict[frozenset[str], re.Pattern[str]] = {}
        known = set(tables.words.values()) | {"NAME", *tables.ignored} - {"COMMENT"}
        one_by_one = [
            f"(?P<{name}>{regex})" for name, regex in tables.terminals if name not in known
        ]
        space = dict(tables.terminals)["SPACE"]
        word = rf"(?P<{_WORD}>[A-Za-z_][A-Za-z0-9_]*)(?!\w)"
        end = rf"(?P<{_END}>\Z)"
        others = f"{word}|{'|'.join(one_by_one)}|{end}"
        self._token = re.compile(f"(?:{space})?(?:{others})")
        self._longest = self._token
        self._with_phrases: str | None = None
        if phrases is not None:
            whole, self._phrase = phrases
            self._with_phrases = f"(?:{space})?(?:(?P<{_PHRASE}>{whole})|{others})"
        self._before_phrases = before_phrases

    def run(self, text: str, start: int, comments: list[tuple[int, str]]) -> Stopped | None:
        """Parses from `start` to the end; comments are added as they are met.

        Returns where it stopped, or None at the end. What the builder raises goes through.
        """
        rows, steps, reductions = self._rows, self._steps, self._reductions
        words, reserved = self._tables.words, reserved_words()
        if self._with_phrases is not None and self._before_phrases <= 0:
            self._longest = re.compile(self._with_phrases)
            self._with_phrases = None
        self._before_phrases -= len(text)
        state = self._tables.start
        states = [state]
        children: list[Child] = []
        tokens = self._tokens(text, start)
        at = start
        while True:
            row = rows[state] or self._row(state)
            found = tokens()
            action: int | None = None
            if found is not None and found.lastgroup == _PHRASE:
                behind = row.get("test")
                begin, at_end = found.span(_PHRASE)
                if behind is not None and found["name"] not in words:
                    children.append(("test", self._phrase(found), begin, at_end))
                    states.append(behind)
                    state = behind
                    at = at_end
                    continue
                # It stands where no test can: a token at a time.
                found = self._token.match(text, begin)
                if found is not None:
                    tokens = self._tokens(text, found.end())
            if found is not None:
                kind: Any = found.lastgroup
                begin, at_end = found.span(kind)
                token = text[begin:at_end]
                if kind == _WORD:
                    kind = words.get(token, "NAME")
                    action = row.get(kind)
                    if action is None and token not in reserved:
                        kind = "NAME"
                        action = row.get(kind)
                else:
                    action = row.get(kind)
                    if action is None and kind == "COMMENT":
                        comments.append((begin, token))
                        at = at_end
                        continue
                    if kind == _END:
                        kind = END
                        action = row.get(END)
            if action is None:
                # Rare: the end, a mistake, or a token that only this state has.
                exact = self._exact(states, text, at, comments)
                if isinstance(exact, Stopped):
                    return exact
                kind, token, begin, at_end = exact
                action = row.get(kind)
                if action is None:
                    return Stopped(begin, token, self._accepts(states))
                tokens = self._tokens(text, at_end)
            while action < 0:
                reduction = reductions[~action] or self._reduction(~action)
                size, origin, build, inlined = reduction
                if size == 1:
                    if build is not None:
                        child = children[-1]
                        value = build(child[1] if inlined else [child])
                        children[-1] = (origin, value, child[2], child[3])
                    del states[-1]
                elif size == 0:
                    children.append((origin, None, begin, begin))
                else:
                    taken = children[-size:]
                    del children[-size:]
                    del states[-size:]
                    first, end = taken[0][2], taken[-1][3]
                    if inlined:
                        taken = _spread(taken, inlined)
                    assert build is not None, "one child alone is passed on"
                    children.append((origin, build(taken), first, end))
                reached = (states[-1], origin, kind)
                state, following, more = steps.get(reached) or self._step(reached)
                if more:
                    child = children[-1]
                    for origin, build in more:
                        child = (origin, build([child]), child[2], child[3])
                    children[-1] = child
                states.append(state)
                if following is None:
                    if kind == END and state == self._tables.end:
                        return None
                    return Stopped(begin, token, self._accepts(states))
                action = following
            children.append((kind, token, begin, at_end))
            state = action
            states.append(state)
            at = at_end

    def _tokens(self, text: str, start: int) -> Callable[[], re.Match[str] | None]:
        """Gives one token after the other, and whole tests, until nothing fits."""
        scanner: Any = self._longest.scanner(text, start)  # type: ignore[attr-defined]
        return cast(Callable[[], "re.Match[str] | None"], scanner.match)

    def _row(self, state: int) -> dict[str, int]:
        row = self._rows[state]
        if row is None:
            row = self._rows[state] = self._tables.row(state)
        return row

    def _reduction(self, number: int) -> _Reduction:
        of = self._tables.productions[number]
        build: Build | None = None
        if of.build:
            build = self._builds(of.build)
        elif of.origin.startswith("_"):
            build = _gathered
        made = self._reductions[number] = (of.size, of.origin, build, of.inlined)
        return made

    def _step(self, reached: tuple[int, str, str]) -> _Step:
        """Goes on over reductions of one child, as most of a chain's are."""
        below, origin, kind = reached
        more: list[tuple[str, Build]] = []
        while True:
            state = self._row(below)[origin]
            action = None if state == self._tables.end else self._row(state).get(kind)
            if action is None or action >= 0:
                break
            size, above, build, inlined = self._reduction(~action)
            if size != 1 or inlined:
                break
            origin = above
            if build is not None:
                more.append((origin, build))
        made = self._steps[reached] = (state, action, tuple(more))
        return made

    def _exact(
        self, states: list[int], text: str, at: int, comments: list[tuple[int, str]]
    ) -> Child | Stopped:
        """The next token, by the terminals that the state can go on with."""
        kinds = frozenset(self._row(states[-1]))
        while at < len(text):
            found = self._pattern(kinds).match(text, at)
            if found is None:
                found = self._pattern(frozenset(self._tables.symbols)).match(text, at)
                if found is None:
                    known = {name for name, _ in self._tables.terminals}
                    return Stopped(at, None, kinds & known)
                return Stopped(at, found[0], self._accepts(states))
            kind = found.lastgroup
            assert kind is not None
            if kind not in self._tables.ignored:
                return (kind, found[0], at, found.end())
            if kind == "COMMENT":
                comments.append((at, found[0]))
            at = found.end()
        return (END, "", len(text), len(text))

    def _pattern(self, kinds: frozenset[str]) -> re.Pattern[str]:
        pattern = self._patterns.get(kinds)
        if pattern is None:
            wanted = kinds | set(self._tables.ignored)
            parts = [f"(?P<{name}>{of})" for name, of in self._tables.terminals if name in wanted]
            pattern = self._patterns[kinds] = re.compile("|".join(parts))
        return pattern

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
            of = self._tables.productions[~action]
            del states[len(states) - of.size :]
            states.append(self._row(states[-1])[of.origin])
            if kind == END and states[-1] == self._tables.end:
                return True


def _gathered(children: list[Child]) -> list[Child]:
    return children


def _spread(children: list[Child], inlined: tuple[int, ...]) -> list[Child]:
    """The children with those of gatherings in their place; a first gathering grows."""
    if inlined == (0,):
        first: list[Child] = children[0][1]
        first.extend(children[1:])
        return first
    spread: list[Child] = []
    for at, child in enumerate(children):
        if at in inlined:
            spread.extend(child[1])
        else:
            spread.append(child)
    return spread
