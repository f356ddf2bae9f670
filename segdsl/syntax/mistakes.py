"""What to say of text that the grammar does not take.

Lark tells where it stopped and what it could have gone on with; this module puts
that in the reader's words and spots the usual slips.
"""

from __future__ import annotations

import re

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.source import Source, Span
from segdsl.syntax.grammar import reserved_words

_WORD = re.compile(r"[^\W\d]\w*")
_NUMBERLIKE = re.compile(r"[-+]?\.?[0-9][0-9A-Za-z_.,]*")
_SYMBOLS = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<=", "&&": "and", "||": "or", "&": "and", "|": "or"}
_SYMBOLS["!"] = "not"

# What can follow, in the reader's words; the first that fits is said.
_EXPECTED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"UNIT"}), "a unit of time such as `days`"),
    (frozenset({"WHERE", "KIND"}), "`where`, or a line of the head: `description`, `folder`, `kind`"),
    (frozenset({"WHERE"}), "`where`"),
    (frozenset({"EQUAL", "IN", "IS"}), "a comparison, such as `= …`, `in (…)` or `is null`"),
    (frozenset({"NAME", "NOT", "HAS"}), "a condition"),
    (frozenset({"NAME", "STRING", "NUMBER"}), "a value"),
    (frozenset({"SEGMENT", "LET"}), "`segment`, `let`, `param` or `import`"),
    (frozenset({"BATCH"}), "a kind"),
    (frozenset({"RPAR", "COMMA"}), "`,` or `)`"),
    (frozenset({"RPAR", "AND"}), "`and`, `or` or `)`"),
    (frozenset({"RPAR"}), "`)`"),
    (frozenset({"ASC"}), "`asc` or `desc`"),
    (frozenset({"ID", "STRING"}), 'a name in quotes or an id such as `#1234`'),
    (frozenset({"STRING"}), "a text in quotes"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"NUMBER"}), "a number"),
    (frozenset({"DATE"}), "a date such as `2024-01-31`"),
    (frozenset({"AGO"}), "`ago`"),
)


def _expected(accepts: set[str]) -> str:
    for kinds, words in _EXPECTED:
        if kinds <= accepts:
            return words
    shown = sorted(kind.lower() for kind in accepts if kind.isalpha())[:4]
    return " or ".join(f"`{word}`" for word in shown) or "something else"


def explain(error: UnexpectedInput, source: Source, report: Report) -> int:
    """Reports what stopped the parser; returns the offset behind it."""
    if isinstance(error, UnexpectedToken):
        token: Token = error.token
        if token.type == "$END":
            end = len(source.text.rstrip())
            span = Span(source.name, max(end - 1, 0), end)
            _unexpected_end(span, set(error.accepts or error.expected), source, report)
            return len(source.text)
        start = token.start_pos or 0
        span = Span(source.name, start, start + len(token))
        _unexpected(span, str(token), set(error.accepts or error.expected), source, report)
        return span.start
    assert isinstance(error, UnexpectedCharacters)
    return _bad_characters(error.pos_in_stream or 0, set(error.allowed or ()), source, report)


def _unexpected_end(span: Span, accepts: set[str], source: Source, report: Report) -> None:
    help = None
    if "RPAR" in accepts:
        help = "a parenthesis is still open: close it with `)`"
    report.add(
        Code.SEG001, span, f"the text ends here, and {_expected(accepts)} was expected", help=help
    )


def _unexpected(span: Span, text: str, accepts: set[str], source: Source, report: Report) -> None:
    words = reserved_words()
    before = source.text[: span.start].rstrip()
    if text == "where" and re.search(r"(?:has|no)\s+\S+$", before):
        report.add(
            Code.SEG010,
            span,
            "it cannot be seen where this `where` would end",
            help="put the whole of `has … where …` in parentheses",
        )
        return
    if text in words and "NAME" in accepts and not {"AND", "RPAR", "EQUAL"} & accepts:
        report.add(
            Code.SEG009,
            span,
            f"`{text}` is a word of the language, and {_expected(accepts)} was expected",
            help=f"if it is a name, write it in backquotes: `` `{text}` ``",
        )
        return
    help: str | None = None
    following = source.text[span.start : span.start + 2]
    if following in _SYMBOLS or text in _SYMBOLS:
        meant = _SYMBOLS.get(following) or _SYMBOLS[text]
        help = f"write `{meant}`"
    elif text.lower() != text and text.lower() in {w.lower() for w in accepts} | words:
        help = f"the words of the language are in lower case: `{text.lower()}`"
    elif _WORD.fullmatch(text):
        known = {kind.lower() for kind in accepts if kind.isalpha() and kind.isupper()} - {"name"}
        help = did_you_mean(text, known)
        if help is None and "STRING" in accepts:
            help = f'a text stands in quotes: `"{text}"`'
    elif text.startswith('"') and "NAME" in accepts and "STRING" not in accepts:
        help = "a name stands bare or in backquotes, not in quotes"
    if text == "limit":
        help = "a limit stands behind the whole `where`, or in parentheses behind one condition"
    report.add(
        Code.SEG001, span, f"`{_short(text)}` is unexpected: {_expected(accepts)} was expected", help=help
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def _bad_characters(at: int, allowed: set[str], source: Source, report: Report) -> int:
    text = source.text
    rest = text[at : at + 200]
    character = rest[0]
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    prefix = 1 if character in "@#" and rest[1:2] == '"' else 0
    if rest[prefix : prefix + 1] in ('"', "`", "'"):
        quote = rest[prefix]
        if quote == "'":
            report.add(
                Code.SEG001,
                Span(source.name, at, at + 1),
                "a text stands in double quotes",
                help='write `"…"`',
            )
            return line_end
        closed = re.match(rf"{quote}(?:[^{quote}\\\n]|\\[^\n])*{quote}", text[at + prefix : line_end])
        if closed is None:
            what = "text" if quote == '"' else "name"
            report.add(
                Code.SEG002,
                Span(source.name, at, line_end),
                f"this {what} has no end on its line",
                help=f"close it with `{quote}`; a line break inside is written `\\n`",
            )
            return line_end
        end = at + prefix + closed.end()
        _unexpected(Span(source.name, at, end), text[at:end], allowed, source, report)
        return end
    number = _NUMBERLIKE.match(rest)
    if number:
        span = Span(source.name, at, at + number.end())
        _bad_number(span, number[0], report)
        return span.end
    word = _WORD.match(rest)
    if word and word[0] in reserved_words():
        span = Span(source.name, at, at + word.end())
        _unexpected(span, word[0], allowed | {"NAME"} if "QUOTED_NAME" in allowed else allowed, source, report)
        return span.end
    if word and not word[0].isascii():
        report.add(
            Code.SEG004,
            Span(source.name, at, at + word.end()),
            f"`{_short(word[0])}` is no bare name: it has letters outside a to z",
            help=f"write it in backquotes: `` `{word[0]}` ``; a text stands in quotes",
        )
        return at + word.end()
    if word:
        span = Span(source.name, at, at + word.end())
        _unexpected(span, word[0], allowed, source, report)
        return span.end
    symbol = next((rest[:n] for n in (2, 1) if rest[:n] in _SYMBOLS), None)
    help = f"write `{_SYMBOLS[symbol]}`" if symbol else None
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    if "“" in character or "”" in character:
        help = 'a text stands in straight quotes: `"…"`'
    if symbol or character in "()=<>,.:%":
        _expect = _expected(allowed)
        report.add(
            Code.SEG001,
            Span(source.name, at, at + len(symbol or character)),
            f"`{symbol or shown}` is unexpected: {_expect} was expected",
            help=help,
        )
    else:
        report.add(
            Code.SEG004,
            Span(source.name, at, at + 1),
            f"`{shown}` is no part of the language",
            help=help,
        )
    return at + 1


def _bad_number(span: Span, text: str, report: Report) -> None:
    split = re.fullmatch(r"(-?[0-9]+)([a-z]+)", text)
    if split:
        help = f"put a space between: `{split[1]} {split[2]}`"
    elif "_" in text or "," in text:
        help = "write the digits without separators"
    elif text.startswith("+"):
        help = "leave the `+` out"
    elif text.lstrip("-").startswith("."):
        help = "begin with a digit: `0.5`"
    elif re.match(r"-?0[0-9]", text):
        help = "leave the leading zeros out, or put a code that has them in quotes"
    else:
        help = "write it like `42`, `-0.5` or `1e6`"
    report.add(Code.SEG008, span, f"`{_short(text)}` is no number as the language writes them", help=help)
