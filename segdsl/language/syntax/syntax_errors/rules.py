"""Rules as data: a pattern of what people write, and what to write instead.

A pattern is a regular expression in which a space stands for white space and `{…}` for a piece
of a condition (see `PIECES`); it matches whatever the capitals. The text to write is a template
over the same pieces, each in our spelling, or a function of the match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import msgspec

from segdsl.diagnostics import Code
from segdsl.language.syntax.syntax_errors import moments, spelling
from segdsl.language.syntax.syntax_errors.expected import unexpected
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_NOT_NAMES = (
    "and|or|not|where|in|is|isn|all|any|none|has|have|no|let|param|segment|import|between|then|"
    "else|when|if|unless|but|the|limit|does|doesn|do|was|were|than|since|before|after|within|from|"
    "to|by|over|with|without|exactly|nor|except|case|select|group|order"
)
_NAME = rf"(?:`[^`\n]++`|(?!(?:{_NOT_NAMES})(?!\w))[^\W\d]\w*+)"
# Arguments of a call, with two more levels of parentheses inside.
_FLAT = r'(?:"[^"\n]*+"|[^()"])*+'
_NESTED = rf'(?:"[^"\n]*+"|[^()"]|\({_FLAT}\))*+'
_CALL = rf'\((?:"[^"\n]*+"|[^()"]|\({_NESTED}\))*+\)'
_SUBJECT = (
    r"(?:(?:any|every\s+one)\s+of\s+|group\s+)?"
    rf"(?:count\s+distinct\s*{_CALL}|{_NAME}(?:\.{_NAME})?(?:\s*{_CALL}(?:\.{_NAME})?)?)"
)
_WORD = r"(?!(?:and|or|not|where|in|is|limit|any|all|null|then|else)(?!\w))[^\W\d]\w*+"
_QUOTED = (
    r'@?"[^"\n]*+"|' + r"'[^'\n]*+'" + rf"|[{spelling.QUOTES}][^{spelling.QUOTES}\n]*+"
    rf"[{spelling.QUOTES}\"]"
)
_NUMBER = r"[-+]?[0-9０-９]+(?:[.,_．][0-9０-９]+)*+(?![\w.-])"
_VALUE = rf"(?:{_QUOTED}|{_NUMBER}|{_WORD}(?!\s*[.(]))"
_LITERAL = rf"(?:{_QUOTED}|{_NUMBER}|(?:true|false)(?!\w))"
_AMOUNT = rf"(?:[0-9０-９]+|(?:{'|'.join(spelling.NUMBERS)})(?!\w))"
_UNIT = rf"(?:{'|'.join(sorted(spelling.UNITS, key=len, reverse=True))})(?:\(s\))?(?![\w(])"

PIECES = {
    "s": ("s", _SUBJECT),  # what a test is about: an attribute or an aggregate
    "n": ("n", _NAME),
    "b": ("b", _NAME),  # a behavior
    "c": ("c", _NAME),  # a column
    "v": ("v", _VALUE),
    "w": ("w", _VALUE),  # a second value
    "text": ("text", rf"(?:{_QUOTED})"),
    "literal": ("literal", _LITERAL),
    "other": ("other", _LITERAL),
    "number": ("number", _NUMBER),
    "amount": ("amount", _AMOUNT),
    "unit": ("unit", _UNIT),
    "sign": ("sign", r"(?:[=!]==?|<>|>=|<=|=>|=<|=|<|>)"),
    "call": ("call", _CALL),
    "id": ("id", r"#[0-9]+"),
    "moment": ("moment", f"(?:{moments.PATTERN})"),
    "until": ("until", f"(?:{moments.PATTERN})"),  # a second moment
    "when": ("when", rf"(?:(?:is|are|was|were)\s+)?(?:{moments.COMPARISON})"),
}


class PatternMatch:
    """A match of a pattern: each piece in our spelling by its name, or as it was written."""

    def __init__(self, match: re.Match[str], site: Site) -> None:
        self.match = match
        self.site = site

    def raw(self, piece: str) -> str:
        """A piece as it was written; empty where it is not there."""
        return self.match.groupdict().get(piece) or ""

    def __getitem__(self, piece: str) -> str:
        text = self.raw(piece)
        match piece:
            case "v" | "w" | "text" | "literal" | "other" | "number":
                return spelling.value(text, self.site.names)
            case "amount":
                return spelling.amount(text)
            case "sign":
                return SIGNS.get(text, text)
            case _:
                return " ".join(text.split()) if "\n" not in text else text

    def duration(self) -> str | None:
        """The length of time of the pieces `amount` and `unit`."""
        return spelling.duration(self.raw("amount"), self.raw("unit"))


SIGNS = {"==": "=", "===": "=", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<="}
Write = Callable[[PatternMatch], str | None]


class Rule(msgspec.Struct, frozen=True):
    """One kind of mistake.

    The rule is tried where one of the `words` is in the text around the stop, or always without
    any. `write` is what replaces the match, or the part `at` of it. A message says what is wrong;
    without one it is said what stands where something else was expected. `also` follows the
    suggestion in the help line, and is all of it where `write` gives None and `stays` is set.
    """

    words: str
    pattern: str
    write: str | Write
    also: str = ""
    message: str = ""
    at: str = ""
    code: Code = Code.SEG001
    stays: bool = False


Function = Callable[[Site], Advice | None]
"""A rule that no pattern can state."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern."""

    def piece(match: re.Match[str]) -> str:
        name, expression = PIECES[match[1]]
        return f"(?P<{name}>{expression})"

    spaced = pattern.replace(" ", r"\s+").replace("~", r"\s*")
    expanded = re.sub(r"\{([a-z]+)\}", piece, spaced)
    end = r"(?!\w)" if re.search(r"[\w)]$", pattern) else ""
    return re.compile(rf"(?:{expanded}){end}", re.IGNORECASE)


def write_help(text: str, also: str = "") -> str:
    """The help line that suggests a text; a test reads the text back out of it."""
    mark = "``" if "`" in text else "`"
    gap = " " if mark == "``" else ""
    return f"write {mark}{gap}{text}{gap}{mark}" + (f"; {also}" if also else "")


def advice(rules: Iterable[Rule | Function], site: Site) -> Iterator[Advice]:
    """What the rules say of a site, the first rule first."""
    around = site.text[max(0, site.stop - 300) : site.stop + 300].lower()
    starts = _starts(site)
    for rule in rules:
        if not isinstance(rule, Rule):
            found = rule(site)
            if found is not None:
                yield found
        elif not rule.words or any(word in around for word in rule.words.split()):
            yield from _matches(rule, site, starts)


_NAMED_NEXT = frozenset({"segment", "let", "param", "import", "description", "folder", "kind", "."})


def _starts(site: Site) -> list[int]:
    """Where a match may begin: at a token not far before the stop, but for the name of an item."""
    low = max(0, site.at - 60)
    near = site.tokens[low : site.at + 1]
    return [
        token.start
        for number, token in enumerate(near, low)
        if number == 0 or site.tokens[number - 1].text not in _NAMED_NEXT
    ] or [site.stop]


def _matches(rule: Rule, site: Site, starts: list[int]) -> Iterator[Advice]:
    pattern = compiled(rule.pattern)
    for start in starts:
        match = pattern.match(site.text, start, site.stop + 2_000)
        # The match holds the stop, or ends with what stands before it.
        if match is None or match.end() < site.previous_end or start > site.stop:
            continue
        found = PatternMatch(match, site)
        fix = rule.write(found) if callable(rule.write) else rule.write.format_map(found)
        if fix is None and not rule.stays:
            continue
        low, high = match.span(rule.at) if rule.at else match.span()
        if fix == site.text[low:high]:
            continue
        message = rule.message.format_map(found) if rule.message else unexpected(site)
        also = rule.also.format_map(found) if rule.also else ""
        help = also if fix is None else write_help(fix, also) if fix else also or "remove it"
        yield Advice(low, high, message, help, fix, rule.code)
        return
