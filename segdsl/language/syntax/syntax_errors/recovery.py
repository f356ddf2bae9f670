"""Reports all mistakes of an item: each is put right in a copy of its text, which is parsed again.

A text that a rule suggests is put in its place; where none is, the condition around the mistake is
replaced by a name. Both are only taken where the parser then comes further, so no suggestion is
refused by the parser that asked for it. Offsets of the copy are led back to the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from segdsl.diagnostics import Code, Note, Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language.syntax.item_starts import LINE
from segdsl.language.syntax.lalr import Stopped
from segdsl.language.syntax.syntax_errors import (
    aggregates,
    behaviors,
    characters,
    comparisons,
    deliveries,
    funnels,
    general,
    items,
    joints,
    journeys,
    lists,
    names,
    predictive,
    schedules,
    structure,
    times,
)
from segdsl.language.syntax.syntax_errors.rules import Function, Rule, advice
from segdsl.language.syntax.syntax_errors.site import Advice, Site, in_delivery, in_predictive
from segdsl.language.syntax.syntax_errors.tokens import Token, tokens
from segdsl.source import Source, Span

MAX_IN_AN_ITEM = 20
MAX_PARSED = 3_000_000
"""Characters that are parsed again in one run; behind them no suggestion is tried out."""
MAX_TRIED = 40

RULES: tuple[Rule | Function, ...] = (
    *characters.FIRST,
    *general.FIRST,
    *funnels.RULES,
    *items.FIRST,
    *structure.FIRST,
    *behaviors.RULES,
    *aggregates.RULES,
    *times.RULES,
    *lists.RULES,
    *comparisons.RULES,
    *names.RULES,
    *characters.RULES,
    *items.RULES,
    *structure.RULES,
    *general.LAST,
)
JOURNEY_RULES: tuple[Rule | Function, ...] = (*characters.FIRST, *journeys.RULES, *RULES)
"""Those of journeys, whose rules are conditions."""
DELIVERY_RULES: tuple[Rule | Function, ...] = (
    *characters.FIRST,
    structure.capitals,
    *deliveries.FIRST,
    *schedules.RULES,
    *deliveries.RULES,
    general.without_an_end,
    general.quote_in_a_string,
    general.number,
    *characters.RULES,
    joints.unclosed,
    *general.LAST,
)
"""Those of activations and templates, in which no condition stands."""
PREDICTIVE_RULES: tuple[Rule | Function, ...] = (
    *characters.FIRST,
    structure.capitals,
    *predictive.RULES,
    general.without_an_end,
    general.quote_in_a_string,
    general.number,
    *characters.RULES,
    joints.unclosed,
    *general.LAST,
)
"""Those of predictive segments, in which no condition stands either."""
_ITEMS = ("segment", "let", "param", "import")
_NOWHERE = ("ago", "per", "rounded")

Parse = Callable[[str], tuple[Stopped | None, list[Diagnostic]]]
"""Parses a text alone: where it stopped, and what the builder reported meanwhile."""


class Edit(msgspec.Struct, frozen=True):
    """A replaced piece: its place in the source, and in the copy."""

    source_start: int
    source_end: int
    start: int
    end: int


class Draft:
    """The copy of an item's text, with what was replaced in it."""

    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.offset = offset
        self.edits: list[Edit] = []

    def source_of(self, at: int, *, is_end: bool = False) -> int:
        """The offset in the source of one in the copy."""
        shift = self.offset
        for edit in self.edits:
            if at < edit.start or (at == edit.start and (is_end or edit.end > edit.start)):
                break
            if at < edit.end or (at == edit.end and is_end):
                return edit.source_end if is_end else edit.source_start
            shift = edit.source_end - edit.end
        return at + shift

    def touches(self, start: int, end: int) -> bool:
        """Whether a place of the copy was written by an edit, in part at least."""
        return any(
            (start < edit.end and edit.start < end) or (edit.start == edit.end == start)
            for edit in self.edits
        )

    def replaced(self, start: int, end: int, text: str) -> Draft:
        """A copy with one more piece replaced; edits that it meets are part of it from now on."""
        made = Draft(self.text[:start] + text + self.text[end:], self.offset)
        shift = len(text) - (end - start)
        before = [edit for edit in self.edits if edit.end <= start]
        behind = [edit for edit in self.edits if edit.start >= end and edit not in before]
        inside = [edit for edit in self.edits if edit not in before and edit not in behind]
        low = min([start, *(edit.start for edit in inside)])
        high = max([end, *(edit.end for edit in inside)])
        source_low = self.source_of(low)
        source_high = max(source_low, self.source_of(high, is_end=True))
        made.edits = [
            *before,
            Edit(source_low, source_high, low, high + shift),
            *(
                Edit(each.source_start, each.source_end, each.start + shift, each.end + shift)
                for each in behind
            ),
        ]
        return made


class Recovery:
    """The mistakes of one source; `budget` is what may still be parsed again."""

    def __init__(self, source: Source, report: Report, parse: Parse) -> None:
        self.source = source
        self.report = report
        self.parse = parse
        self.budget = MAX_PARSED

    def item(self, stopped: Stopped) -> int:
        """Reports the mistakes of the item that `stopped` the parser; returns where to go on.

        That is the start of the item behind it, or the end of the text.
        """
        text = self.source.text
        found = stopped.text
        is_early = stopped.start > 0 and "SEGMENT" not in stopped.accepts
        if is_early and next_item(text, stopped.start) == stopped.start:
            found = ""  # the item ends too early
        start, end = bounds(text, stopped.start - (found == ""))
        draft = Draft(text[start:end], start)
        stop: Stopped | None = Stopped(stopped.start - start, found, stopped.accepts)
        known: list[Diagnostic] = []
        once: set[str] = set()
        for _ in range(MAX_IN_AN_ITEM):
            if stop is None:
                break
            accepts = self._accepts(draft.text, stop)
            site = Site(draft.text, stop.start, stop.text, accepts, text, end < len(text))
            chosen, after = self._choose(site, draft)
            if chosen.once is None or chosen.once not in once:
                self._add(chosen, draft, start)
            if chosen.once is not None:
                once.add(chosen.once)
            if after is None:
                break
            draft, stop, known = after
        if stop is None:
            self._add_built(known, draft)
        return end

    def _accepts(self, text: str, stop: Stopped) -> frozenset[str]:
        """What could stand at the stop: also what the parser has gone past to find the mistake.

        A word that stands nowhere in such a place is put there, so that nothing is reduced.
        """
        # Of a character that begins no token, the parser tells what could stand there anywhere.
        is_vague = stop.text is None and (in_delivery(text) or in_predictive(text))
        if not (is_vague or "SEGMENT" in stop.accepts) or self.budget < stop.start:
            return stop.accepts
        for word in _NOWHERE:
            self.budget -= stop.start
            again, _ = self.parse(f"{text[: stop.start]} {word}")
            if again is not None and again.text == word:
                return again.accepts if is_vague else again.accepts | stop.accepts
        return stop.accepts

    def _choose(
        self, site: Site, draft: Draft
    ) -> tuple[Advice, tuple[Draft, Stopped | None, list[Diagnostic]] | None]:
        """The first advice whose text the parser takes, with the copy it makes."""
        plain: Advice | None = None
        for number, found in enumerate(advice(rules_of(site), site)):
            if number == MAX_TRIED:
                break
            if found.fix is None:
                plain = found
                break
            if self.budget < len(draft.text):
                return found, None
            made = self._try(draft, found, found.fix, site)
            if made is not None:
                return found, made
            if found.weak:
                plain = found
                break
        chosen = plain or general.hints(site)
        assert chosen is not None
        return chosen, self._without(site, draft)

    def _try(
        self, draft: Draft, found: Advice, text: str, site: Site
    ) -> tuple[Draft, Stopped | None, list[Diagnostic]] | None:
        """The copy with a text in place; None where the parser does not come behind it."""
        self.budget -= len(draft.text)
        start, end = found.start, found.end
        made = draft.replaced(start, end, text)
        stop, built = self.parse(made.text)
        behind = start + len(text)
        if any(
            each.span is not None and each.span.start < behind and each.span.end > start
            for each in built
            if each.code not in (Code.SEG014,)
        ):
            return None
        if found.weak and stop is not None:
            following = next(tokens(made.text, start + len(text)), None)
            if following is None or stop.start <= following.start:
                return None
        if stop is not None and (
            stop.start < behind or _left(made.text, stop.start) >= _left(draft.text, site.stop)
        ):
            return None
        return made, stop, built

    def _without(
        self, site: Site, draft: Draft
    ) -> tuple[Draft, Stopped | None, list[Diagnostic]] | None:
        """The copy with a name in the place of the condition that the stop is in.

        Where no condition is, without the clause or the step there.
        """
        for start, end, text in _replaceable(site):
            if self.budget < len(draft.text):
                return None
            self.budget -= len(draft.text)
            made = draft.replaced(start, end, text)
            stop, built = self.parse(made.text)
            if stop is None or _left(made.text, stop.start) < _left(draft.text, site.stop):
                return made, stop, built
        return None

    def _add(self, found: Advice, draft: Draft, start: int) -> None:
        span = self._span(draft, found.start, found.end)
        notes = tuple(
            Note(message, self._span(draft, low, high)) for message, low, high in found.notes
        )
        if draft.touches(found.start, found.end):
            return
        self.report.add(found.code, span, found.message, help=found.help, notes=notes)

    def _span(self, draft: Draft, start: int, end: int) -> Span:
        low = draft.source_of(start)
        return Span(self.source.name, low, max(low, draft.source_of(end, is_end=True)))

    def _add_built(self, built: list[Diagnostic], draft: Draft) -> None:
        """What the builder reports of the copy, but for what it says of replaced pieces."""
        for each in built:
            span = each.span
            if span is not None and not draft.touches(span.start, span.end):
                self.report.add(
                    each.code,
                    self._span(draft, span.start, span.end),
                    each.message,
                    help=each.help,
                )


def rules_of(site: Site) -> tuple[Rule | Function, ...]:
    """The rules that are asked at a site, in their order."""
    if site.in_delivery:
        return DELIVERY_RULES
    if site.in_predictive:
        return PREDICTIVE_RULES
    return JOURNEY_RULES if site.in_journey else RULES


def _replaceable(site: Site) -> Iterator[tuple[int, int, str]]:
    """The pieces that the stop is in, the smallest first, each with what can stand there."""
    if site.in_delivery or site.in_predictive:
        places = deliveries.spans(site) if site.in_delivery else predictive.spans(site)
        yield from ((start, end, "") for start, end in places)
        return
    if not site.in_journey or journeys.is_in_a_condition(site):
        text = "" if site.in_head else " _ "
        yield from ((start, end, text) for start, end in conditions(site))
    if site.in_journey:
        yield from journeys.spans(site)


def _left(text: str, at: int) -> int:
    """How much of a text is left to parse."""
    return len(text.rstrip()) - min(at, len(text.rstrip()))


# --- where items and conditions are ----------------------------------------------------


_LINE = re.compile(LINE)
_HEADS = r"\b(?:segment|let|param|import|funnel|activation|predictive|journey)\b"
# What stands before a `segment` or a `journey` that begins no item.
_OTHER_USES = r"\b(?:in|of|is|predictive|predicts|among|scores)\s*$"
_BEGINS = re.compile(
    r"segment\s*\"(?:[^\"\\\n]|\\[^\n])*\"(?=\s*(?:where|description|folder|kind|hidden)\b)"
    r"|funnel\s*\"(?:[^\"\\\n]|\\[^\n])*\"(?=\s*(?:stage|description|folder)\b)"
    r"|activation\s*(?:template\s*\"|\"(?:[^\"\\\n]|\\[^\n])*\"\s*of\b)"
    r"|predictive\s+segment\s*\""
    r"|journey\s*\"(?:[^\"\\\n]|\\[^\n])*\"(?=\s*(?:stage|description|folder|reentry|goal)\b)"
    r"|let\s+[^\W\d]\w*\s*(?:\([^()\n]*\)\s*)?=|param\s+[^\W\d]\w*\s*:|import\s+[^\W\d]\w*\s*[,f]"
)


def next_item(text: str, offset: int) -> int | None:
    """Where the first item at or behind an offset begins; in the middle of a line too."""
    line = _LINE.search(text, offset)
    high = len(text) if line is None else line.start()
    # On a line of its own in any case; elsewhere only what looks like an item.
    for match in re.compile(_HEADS).finditer(text, offset, high):
        if _is_item(text, match.start()):
            return match.start()
    return None if line is None else line.start()


def _is_item(text: str, at: int) -> bool:
    if _BEGINS.match(text, at) is None:
        return False
    line = text.rfind("\n", 0, at) + 1
    before = text[max(line, at - 1_000) : at]
    if re.search(_OTHER_USES, text[max(0, at - 20) : at]):
        return False
    # Not in a string, and not in a comment.
    rest = re.sub(r'"(?:[^"\\]|\\.)*"', "", before)
    return not re.search(r'"[^"]*$|#[^"]*$', rest) and rest.count("'") % 2 == 0


def bounds(text: str, offset: int) -> tuple[int, int]:
    """Where the item that holds an offset begins and ends."""
    start = 0
    low = 0
    lines = list(_LINE.finditer(text, 0, offset))
    if lines:
        start = low = lines[-1].start()
    while True:
        following = next_item(text, low + 1)
        if following is None or following > offset:
            break
        start = low = following
    following = next_item(text, offset + 1)
    return start, len(text) if following is None else following


def conditions(site: Site) -> Iterator[tuple[int, int]]:
    """The condition that the stop is in, then those around it, the innermost first."""
    listed = site.tokens
    low, high = site.at, site.at
    if site.in_head:
        yield from _head(site)
        return
    for _ in range(4):
        start = _back(listed, low)
        end = _ahead(listed, high)
        if start < end or end > site.at:
            first = listed[start].start if start < len(listed) else site.stop
            last = listed[end - 1].end if end > start else first
            yield first, max(last, first)
        # Out of the parentheses.
        if start == 0:
            return
        low, high = max(0, start - 1), min(len(listed), end + 1)


def _back(listed: list[Token], at: int) -> int:
    """The number of the first token of the condition that holds the token before `at`."""
    depth = 0
    for number in range(min(at, len(listed)) - 1, -1, -1):
        text = listed[number].text
        if text == ")":
            depth += 1
        elif text == "(":
            if depth == 0:
                return number + 1
            depth -= 1
        elif (
            depth == 0
            and (text in ("where", "or", ",") or (text in _ITEMS and _item_token(listed, number)))
        ) or (depth == 0 and text == "and" and not _is_between(listed, number)):
            return number + 1
    return 0


def _item_token(listed: list[Token], number: int) -> bool:
    return number == 0 or listed[number - 1].text != "in"


def _is_between(listed: list[Token], number: int) -> bool:
    """Whether this `and` belongs to a `between`."""
    return any(each.text.startswith("betwe") for each in listed[max(0, number - 4) : number])


def _ahead(listed: list[Token], at: int) -> int:
    """The number behind the last token of the condition that holds the token `at`."""
    depth = 0
    for number in range(at, len(listed)):
        text = listed[number].text
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            if depth == 0:
                return number
            depth -= 1
        elif (depth == 0 and number > at and journeys.begins_clause(listed, number)) or (
            depth == 0
            and (
                text == "or"
                or (text in (",", "limit") and number > at)
                or (text == "and" and not _is_between(listed, number))
            )
        ):
            return number
    return len(listed)


def _head(site: Site) -> Iterator[tuple[int, int]]:
    """From the stop to the `where`, or the next property."""
    for token in site.tokens[site.at :]:
        if token.text in ("where", "description", "folder", "kind", "hidden"):
            yield site.stop, token.start
            return
        if token.text == "(":
            return
