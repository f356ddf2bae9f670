"""Text to tokens, each by what the parser can go on with where it stands.

Almost every token is found by one regular expression for all terminals, and most tests, whole, by
a longer one. Where a state cannot take what that finds, its own terminals are tried, in Lark's
order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.syntax.tables import AHEAD, END, Tables

# A terminal, its text, where it starts and ends; or the symbol and the value of a whole test.
# (A plain tuple: there is one for each token, and a class of its own costs a third more time.)
Token = tuple[str, Any, int, int]
# What to do with each symbol in a state, see `Tables.row`.
Row = Mapping[str, int]
# A regular expression of whole tests, and what builds the value of a match.
Phrases = tuple[str, Callable[[re.Match[str]], Any]]

# The kind of a token where there is none.
NOTHING = ""
# Groups of the regular expressions that are no terminals: any word, the end of the text, and a
# whole test with its name.
_WORD = "WORD_"
_END = "END_"
_TEST = "test"
_NAME = "name"


class Terminals:
    """The terminals of a grammar as regular expressions, compiled when they are first needed.

    With `phrases` whole tests are taken at once. To compile their pattern is worth it only when
    `before_phrases` characters have been read.
    """

    def __init__(
        self, tables: Tables, phrases: Phrases | None = None, before_phrases: int = 10_000
    ) -> None:
        self.patterns = dict(tables.terminals)
        self.ignored = tables.ignored
        self.words = tables.words
        self.behind = frozenset(tables.behind)
        self.reserved = reserved_words()
        self.build = _none if phrases is None else phrases[1]
        self._of: dict[frozenset[str], re.Pattern[str]] = {}
        self._ahead: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {}
        in_words = {of for of, text in tables.terminals if text[0].isalpha()}
        in_words |= {*tables.words.values(), "NAME", *tables.ignored} - {"COMMENT"}
        space = self.patterns["SPACE"]
        others = "|".join(
            (
                rf"(?P<{_WORD}>[A-Za-z_][A-Za-z0-9_]*)(?!\w)",
                *(f"(?P<{of}>{text})" for of, text in tables.terminals if of not in in_words),
                rf"(?P<{_END}>\Z)",
            )
        )
        self._all = re.compile(f"(?:{space})?(?:{others})")
        self._with_phrases: str | None = None
        if phrases is not None:
            self._with_phrases = f"(?:{space})?(?:(?P<{_TEST}>{phrases[0]})|{others})"
        self._before_phrases = before_phrases

    def lexer(self, text: str, start: int, comments: list[tuple[int, str]]) -> Lexer:
        """The tokens of a text from `start` on; comments are added as they are met."""
        if self._with_phrases is not None and self._before_phrases <= 0:
            self._all = re.compile(self._with_phrases)
            self._with_phrases = None
        self._before_phrases -= len(text)
        return Lexer(self, self._all, text, start, comments)

    def ahead(self, word: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """The terminals of a word that what follows it may tell, in Lark's order."""
        found = self._ahead.get(word)
        if found is None:
            found = self._ahead[word] = tuple(
                (name, re.compile(pattern))
                for name, pattern in self.patterns.items()
                if pattern.startswith(f"{word}(?=")
            )
        return found

    def clash(self, kind: str, row: Row) -> bool:
        """Whether only what follows a word tells if it is this terminal or a name."""
        return kind in self.behind and "NAME" in row

    def of(self, kinds: frozenset[str]) -> re.Pattern[str]:
        """Any of these terminals, or of those that are ignored, in Lark's order."""
        pattern = self._of.get(kinds)
        if pattern is None:
            wanted = kinds.union(self.ignored)
            parts = [f"(?P<{name}>{of})" for name, of in self.patterns.items() if name in wanted]
            pattern = self._of[kinds] = re.compile("|".join(parts))
        return pattern


class Lexer:
    """The tokens of one text; `at` is where the last token or comment ended."""

    def __init__(
        self,
        terminals: Terminals,
        pattern: re.Pattern[str],
        text: str,
        start: int,
        comments: list[tuple[int, str]],
    ) -> None:
        self.at = start
        self._terminals = terminals
        self._words = terminals.words
        self._pattern = pattern
        self._text = text
        self._comments = comments
        self._go_to(start)

    def _go_to(self, at: int) -> None:
        """Goes on there: each call of `_match` gives what follows, None where nothing fits."""
        scanner: Any = self._pattern.scanner(self._text, at)  # type: ignore[attr-defined]
        self._match = cast(Callable[[], "re.Match[str] | None"], scanner.match)

    def next(self, row: Row) -> Token:
        """The next token, or whole test where the row takes one, by the pattern for all.

        Where the row cannot take what is found, `instead` is asked.
        """
        found = self._match()
        if found is None:
            return (NOTHING, "", self.at, self.at)
        kind: Any = found.lastgroup
        begin, end = found.span(kind)
        if kind == _TEST:
            if kind in row and found[_NAME] not in self._words:
                self.at = end
                return (kind, self._terminals.build(found), begin, end)
            # It stands where no test can: its first token alone.
            kind, end = _WORD, found.end(_NAME)
            self._go_to(end)
        self.at = end
        text = self._text[begin:end]
        if kind == _WORD:
            kind = self._words.get(text, "NAME")
        return (kind, text, begin, end)

    def instead(self, row: Row, token: Token) -> Token:
        """The next token where the row cannot take the one that `next` found at once.

        The row is the whole one of the state: among what it takes are words that are taken
        only when what follows them has been looked at. The token is one that the row takes; or
        one of another state, which the row cannot take; or `NOTHING`, where no token of the
        language stands.
        """
        kind, text, begin, end = token
        while kind == "COMMENT":
            self._comments.append((begin, text))
            kind, text, begin, end = token = self.next(row)
            if kind in row and not self._terminals.clash(kind, row):
                return token
        if kind == AHEAD or kind in row:
            for name, pattern in self._terminals.ahead(text):
                if name in row and pattern.match(self._text, begin):
                    return (name, text, begin, end)
            return self._exact(row, begin)
        if text in self._words and text not in self._terminals.reserved and "NAME" in row:
            return ("NAME", text, begin, end)
        if kind == _END and END in row:
            return (END, text, begin, end)
        return self._exact(row, begin)

    def _exact(self, row: Row, at: int) -> Token:
        """The same by the terminals of the row alone, from a place on."""
        terminals, text = self._terminals, self._text
        own, any_ = terminals.of(frozenset(row)), terminals.of(frozenset(terminals.patterns))
        while at < len(text):
            found = own.match(text, at) or any_.match(text, at)
            if found is None:
                return (NOTHING, "", at, at)
            kind = found.lastgroup
            assert kind is not None
            begin, at = found.span()
            if kind not in terminals.ignored:
                self.at = at
                self._go_to(at)
                return (kind, found[0], begin, at)
            if kind == "COMMENT":
                self._comments.append((begin, found[0]))
        return (END, "", len(text), len(text))


def _none(found: re.Match[str]) -> None:
    """Builds nothing: without phrases there is no match of one."""
