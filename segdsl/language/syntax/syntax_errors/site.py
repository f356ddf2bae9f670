"""The place where the parser stopped, as rules see it, and what they yield."""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

from segdsl.diagnostics import Code
from segdsl.language.syntax.syntax_errors.tokens import Token, tokens

# White space and comments above an item.
_ABOVE = r"(?:\s|#[^\n]*(?:\n|$))*"
WINDOW = 4_000
"""How many characters before and behind the stop are read."""


class Advice(msgspec.Struct, frozen=True):
    """What to report: offsets count characters of the site's text.

    `fix` is the text that replaces `start` to `end`, or None where nothing can be suggested.
    Advice with the same `once` is given once for an item, and applied without a word after that.
    `weak` advice is a guess: the parser must take what follows as well.
    `notes` are other places: a message, a start and an end.
    """

    start: int
    end: int
    message: str
    help: str | None = None
    fix: str | None = None
    code: Code = Code.SEG001
    once: str | None = None
    weak: bool = False
    notes: tuple[tuple[str, int, int], ...] = ()


class Site:
    """A stop of the parser in the text of an item.

    `stop` is the offset of what cannot be taken, `found` its text: empty at the end of the item,
    None where there is no token of the language. `accepts` are the terminals that could stand
    there. `whole` is the text of the file, and `more` says that another item follows.
    """

    def __init__(
        self,
        text: str,
        stop: int,
        found: str | None,
        accepts: frozenset[str],
        whole: str,
        more: bool = False,
    ) -> None:
        self.text = text
        self.found = found
        self.accepts = accepts
        self.at_end = found == ""
        self.stop = len(text.rstrip()) if self.at_end else stop
        self.more = more
        self._whole = whole

    @property
    def in_head(self) -> bool:
        """Whether the `where` of a segment, or another property, could stand here."""
        return {"WHERE", "KIND"} <= self.accepts

    @cached_property
    def in_delivery(self) -> bool:
        """Whether the item is an activation or a template: no condition stands in one."""
        return in_delivery(self.text)

    @cached_property
    def in_predictive(self) -> bool:
        """Whether the item is a predictive segment: no condition stands in one either."""
        return in_predictive(self.text)

    @cached_property
    def in_journey(self) -> bool:
        """Whether the item is a journey."""
        return re.match(rf"{_ABOVE}journey\b(?!\s*[=<>!.])", self.text) is not None

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens around the stop."""
        low, high = max(0, self.stop - WINDOW), self.stop + WINDOW
        if low > 0:  # begin with a line, or at least with a word
            line = self.text.rfind("\n", 0, low)
            low = line + 1 if low - line < WINDOW else low
        return list(tokens(self.text, low, min(high, len(self.text))))

    @cached_property
    def at(self) -> int:
        """The number of the token at the stop; behind the last one at the end."""
        for number, token in enumerate(self.tokens):
            if token.end > self.stop:
                return number
        return len(self.tokens)

    @property
    def token(self) -> Token | None:
        """The token at the stop."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def word(self, distance: int) -> str:
        """A token near the stop as it is written (0: at it, -1: before it), or an empty text."""
        at = self.at + distance
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def begins_item(self, distance: int) -> bool:
        """Whether the token there begins an item or a stage, as far as words tell."""
        word = self.word(distance)
        if word == "predictive":
            return self.word(distance + 1) == "segment"
        if word in ("funnel", "stage", "activation", "journey"):
            return self.word(distance + 1).startswith('"') or self.word(distance + 1) == "template"
        return word in ("segment", "let", "param", "import")

    @cached_property
    def before(self) -> str:
        """The text before the stop, without the white space at its end."""
        return self.text[max(0, self.stop - 200) : self.stop].rstrip()

    @cached_property
    def previous_end(self) -> int:
        """Where the token before the stop ends."""
        return self.tokens[self.at - 1].end if self.at > 0 else 0

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the file that have values: params, and parameters of definitions."""
        listed = re.findall(r"\bparam\s+([^\W\d]\w*)", self._whole)
        for parameters in re.findall(r"\blet\s+\w+\s*\(([^()]*)\)", self._whole):
            listed += re.findall(r"[^\W\d]\w*", parameters)
        return frozenset(listed)

    @cached_property
    def behavior(self) -> str:
        """A behavior that the file names, or `purchases` where it names none."""
        found = re.search(
            r"\b(?:has|no|count|sum|average|min|max)\s*\(?\s*([a-z]\w*)(?=\s*(?:\.\w|where|\)|$))",
            self._whole,
        )
        return found[1] if found and found[1] not in ("distinct", "some") else "purchases"


def in_delivery(text: str) -> bool:
    """Whether the text of an item is that of an activation or a template."""
    return re.match(rf"{_ABOVE}activation\b(?!\s*[=<>!.])", text) is not None


def in_predictive(text: str) -> bool:
    """Whether the text of an item is that of a predictive segment."""
    return re.match(rf"{_ABOVE}predictive\s+segment\b", text) is not None
