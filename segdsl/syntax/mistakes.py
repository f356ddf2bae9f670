"""What to say of text that the grammar does not take.

The parser tells where it stopped and what it could have gone on with; this module puts
that in the reader's words and spots the usual slips.
"""

from __future__ import annotations

import re

from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.source import Source, Span
from segdsl.syntax.grammar import reserved_words
from segdsl.syntax.machine import Stopped
from segdsl.values import is_iso_timestamp

_WORD = re.compile(r"[^\W\d]\w*")
_NUMBERLIKE = re.compile(r"[-+]?\.?[0-9][0-9A-Za-z_.,]*")
_SYMBOLS = {
    "==": "=",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "&&": "and",
    "||": "or",
    "&": "and",
    "|": "or",
    "!": "not",
}
_GROUPED = re.compile(r",[0-9]")
_COMPARED = ("=", "!=", ">", ">=", "<", "<=")

# What can follow, in the reader's words; the first that fits is said.
_EXPECTED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"UNIT"}), "a unit of time such as `days`"),
    (
        frozenset({"WHERE", "KIND"}),
        "`where`, or a line of the head: `description`, `folder`, `kind`",
    ),
    (frozenset({"EQUAL", "IN", "IS"}), "a comparison, such as `= …`, `in (…)` or `is null`"),
    (frozenset({"NAME", "NOT", "HAS"}), "a condition"),
    (frozenset({"STRING", "NUMBER"}), "a value"),
    (frozenset({"NAME", "NUMBER"}), "a number"),
    (frozenset({"DATE", "TIMESTAMP"}), "a date such as `2024-01-31`"),
    (frozenset({"SEGMENT", "AND"}), "`and`, `or` or the end of the condition"),
    (frozenset({"SEGMENT", "LET"}), "`segment`, `let`, `param` or `import`"),
    (frozenset({"RPAR", "AND", "COMMA"}), "`and`, `or`, `,` or `)`"),
    (frozenset({"RPAR", "COMMA"}), "`,` or `)`"),
    (frozenset({"RPAR", "AND"}), "`and`, `or` or `)`"),
    (frozenset({"WHERE", "RPAR"}), "`where` or `)`"),
    (frozenset({"WHERE"}), "`where`"),
    (frozenset({"RPAR"}), "`)`"),
    (frozenset({"ASC"}), "`asc` or `desc`"),
    (frozenset({"ID", "STRING"}), "a name in quotes or an id such as `#1234`"),
    (frozenset({"STRING"}), "a text in quotes"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"NUMBER"}), "a number"),
    (frozenset({"DATE"}), "a date such as `2024-01-31`"),
    (frozenset({"AGO"}), "`ago`"),
)
_SPELLED = {
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "COLON": ":",
    "DOT": ".",
    "PERCENT": "%",
    "EQUAL": "=",
    "MORE_WORD": "more",
    "LESS_WORD": "less",
}

# What other languages have in a place where ours has a word of its own.
_FOREIGN = {
    "like": "write `contains`, `starts with`, `ends with` or `matches`",
    "ilike": "write `contains`, `starts with`, `ends with` or `matches`",
    "startswith": "write `starts with`",
    "endswith": "write `ends with`",
    "exists": "write `is not null`, or `has …` of a behavior",
    "empty": "write `is null`",
    "none": "write `is null`",
    "blank": "write `is null`",
    "equals": "write `=`",
    "avg": "write `average`",
    "order": "an order belongs to a limit: `limit 100 by ltv desc`",
}
_CHARACTERS = {
    "[": "a list stands in parentheses: `(…)`",
    "]": "a list stands in parentheses: `(…)`",
    "{": "a rule in JSON is turned into this language by `segdsl decompile`",
    "}": "a rule in JSON is turned into this language by `segdsl decompile`",
    ";": "conditions are joined with `and` or `or`; an item ends where the next one begins",
    "$": "a param is used by its bare name",
    "“": 'a text stands in straight quotes: `"…"`',
    "”": 'a text stands in straight quotes: `"…"`',
    "„": 'a text stands in straight quotes: `"…"`',
    "«": 'a text stands in straight quotes: `"…"`',
    "「": 'a text stands in straight quotes: `"…"`',
    "’": 'a text stands in straight quotes: `"…"`',
    "‘": 'a text stands in straight quotes: `"…"`',
    "≠": "write `!=`",
    "≥": "write `>=`",
    "≤": "write `<=`",
    "\u3000": "this is a wide space: use a plain one",
    "\u00a0": "this is a space that does not break: use a plain one",
    "\ufeff": "this mark is not seen: take it out",
}


def _expected(accepts: set[str]) -> str:
    for kinds, words in _EXPECTED:
        if kinds <= accepts:
            return words
    shown = sorted(_SPELLED.get(kind, kind.lower()) for kind in accepts if not kind.startswith("$"))
    listed = [f"`{word}`" for word in shown[:6]]
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else listed[0]


def explain(stopped: Stopped, source: Source, report: Report) -> int:
    """Reports what stopped the parser; returns the offset behind it."""
    accepts = set(stopped.accepts)
    match stopped.text:
        case None:
            return _bad_characters(stopped.start, accepts, source, report)
        case "":
            _unexpected_end(accepts, source, report)
            return len(source.text)
        case text:
            _unexpected(stopped.start, text, accepts, source, report)
            return stopped.start


def _unexpected_end(accepts: set[str], source: Source, report: Report) -> None:
    end = len(source.text.rstrip())
    help: str | None = None
    if "RPAR" in accepts:
        help = "a parenthesis is still open: close it with `)`"
    elif "UNIT" in accepts:
        help = _not_a_time(source.text[max(0, end - 40) : end])
    report.add(
        Code.SEG001,
        Span(source.name, max(end - 1, 0), end),
        f"the text ends here, and {_expected(accepts)} was expected",
        help=help,
    )


def _unexpected(start: int, text: str, accepts: set[str], source: Source, report: Report) -> None:
    """Reports a token that stands where it cannot."""
    before = source.text[max(0, start - 200) : start].rstrip()
    doubled = source.text[max(0, start - 1) : start + 1]
    if _is_a_moment(accepts):
        _bad_moment(start, text, before, source, report)
        return
    if doubled in _SYMBOLS and start > 0:
        # The first half was taken for a sign of its own.
        start, text = start - 1, doubled
        accepts = {"EQUAL", "IN", "IS"}
    elif (number := _NUMBERLIKE.match(source.text, start)) and len(number[0]) > len(text):
        _bad_number(Span(source.name, start, number.end()), number[0], report)
        return
    elif (digits := re.search(r"[0-9]+$", before)) and _GROUPED.match(source.text, start):
        start -= len(digits[0])
        grouped = _NUMBERLIKE.match(source.text, start)
        assert grouped
        _bad_number(Span(source.name, start, grouped.end()), grouped[0], report)
        return
    span = Span(source.name, start, start + len(text))
    if text == "where" and re.search(r"\b(?:has|no)\s+(?:\w+|`[^`\n]*`)$", before):
        report.add(
            Code.SEG010,
            span,
            "it cannot be seen where this `where` would end",
            help="put the whole of `has … where …` in parentheses",
        )
        return
    if text == "null" and {"STRING", "NUMBER"} <= accepts and before.endswith("="):
        report.add(
            Code.SEG009,
            span,
            "`null` is no value to compare with",
            help=f"write `is {'not ' if re.search(r'(?:!|not *)=$', before) else ''}null`",
        )
        return
    if text in _COMPARED and "NOT" in accepts and re.search(r"\b(?:and|or)$", before):
        report.add(
            Code.SEG001,
            span,
            f"it is not said what is compared with this `{text}`",
            help="name it again, as in `age >= 18 and age < 30`, or use `between 18 and 30`",
        )
        return
    if text == "is" and re.search(r"\bnot$", before):
        follows = re.match(r"is\s+(\w+)", source.text[start : start + 40])
        report.add(
            Code.SEG001,
            span,
            "the `not` of this `is` stands behind it",
            help=f"write `{'' if 'EQUAL' in accepts else 'name '}is not "
            f"{follows[1] if follows else 'null'}`",
        )
        return
    if text in ("and", "or") and "NOT" in accepts:
        report.add(
            Code.SEG009,
            span,
            f"`{text}` stands between two conditions, and one is missing here",
            help=f"if it is a name, write it in backquotes: `` `{text}` ``",
        )
        return
    if text in reserved_words() and "NAME" in accepts and not {"AND", "RPAR", "EQUAL"} & accepts:
        report.add(
            Code.SEG009,
            span,
            f"`{text}` is a word of the language, and {_expected(accepts)} was expected",
            help=f"if it is a name, write it in backquotes: `` `{text}` ``",
        )
        return
    message = f"`{_short(text)}` is unexpected: {_expected(accepts)} was expected"
    if text == ")" and "SEGMENT" in accepts:
        message = "this `)` closes nothing"
    help = _hint(text, before, accepts, source.text[start : start + 2])
    report.add(Code.SEG001, span, message, help=help)


# --- dates -----------------------------------------------------------------------------

_LOOSE = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_AGO = {"before": "more than", "after": "less than"}


def _is_a_moment(accepts: set[str]) -> bool:
    """Whether a date is due, and no other value."""
    return "DATE" in accepts and not {"NUMBER", "STRING"} & accepts


def _bad_moment(start: int, text: str, before: str, source: Source, report: Report) -> None:
    """Reports what stands in a date's place."""
    quoted = text[0] in "\"'"
    said = text[1:-1] if quoted else source.text[start : start + 40]
    loose = _LOOSE.match(said)
    if loose is not None and not quoted:
        text = loose[0]
    report.add(
        Code.SEG001,
        Span(source.name, start, start + len(text)),
        f"`{_short(text)}` is unexpected: {_expected({'DATE', 'TIMESTAMP'})} was expected",
        help=_date_hint(text, said, loose, before),
    )


def _date_hint(text: str, said: str, loose: re.Match[str] | None, before: str) -> str:
    quoted = text[0] in "\"'"
    if quoted and is_iso_timestamp(said):
        return f"write the date without quotes: `{said}`"
    if loose is not None:
        date = f"{loose[1]}-{loose[3]:0>2}-{loose[4]:0>2}"
        clock = said[loose.end() :]
        if re.match(r"T[0-9]", clock):
            return f"a time of day has two digits each: `{date}T09:30`"
        if is_iso_timestamp(date) and not (quoted and clock):
            return f"write the date as `{date}`"
    if quoted:
        return f'a date stands without quotes; a text that only the API can read is `@"{said}"`'
    last = re.search(r"\w+$", before)
    word = _AGO.get(last[0]) if last else None
    if word and re.match(r"[0-9]{1,3}(?![0-9A-Za-z_.])", said):
        unit = re.match(r"[0-9]+ *([a-z]+)", said)
        return (
            "a date is written `2024-01-31`; a length of time back from today "
            f"`{word} {text} {unit[1] if unit else 'days'} ago`"
        )
    return "a date is written `2024-01-31`: year, month, day"


def _hint(text: str, before: str, accepts: set[str], following: str) -> str | None:
    """What to write instead, where the slip is a known one."""
    words = reserved_words()
    if following in _SYMBOLS or text in _SYMBOLS:
        return f"write `{_SYMBOLS.get(following) or _SYMBOLS[text]}`"
    if text == "limit":
        return (
            "a limit stands behind the whole `where`, or behind a condition in parentheses "
            "of their own: `(… limit 100 by ltv desc)`"
        )
    if "WHERE" in accepts and "KIND" in accepts and _WORD.fullmatch(text):
        known = ("description", "folder", "kind", "where")
        return did_you_mean(text, known, "the condition begins with `where`")
    if text == "where" and "LET" in accepts and "AND" not in accepts:
        return 'a segment begins with `segment "…"`'
    if text == "where" and before.endswith(")"):
        return "a filter stands inside the parentheses: `count(purchases where …)`"
    last = re.search(r"(\w+)$", before)
    if last and last[1] in words and "LPAR" in accepts and text in _COMPARED:
        return f"if `{last[1]}` is a name, write it in backquotes: `` `{last[1]}` ``"
    if accepts == {"DOT"} and last:
        return f"name a column of the behavior: `{last[1]}.column`"
    if "COLON" in accepts and before.endswith('"'):
        return (
            "an attribute stands bare, a text on the right; "
            'before a group a text is its label: `"…": (…)`'
        )
    if before.endswith(":") and re.search(r'"\s*:$', before):
        return "put the labelled group in parentheses"
    if "LPAR" in accepts and re.search(r"\bin$", before) and text[:1] in '"-0123456789':
        return f"the values stand in parentheses: `in ({_short(text)})`"
    if text == "(" and (like := re.search(r"\b(contains|starts\s+with|ends\s+with)$", before)):
        return f"for one of several texts write `{' '.join(like[1].split())} any (…)`"
    if text in _COMPARED and "AND" in accepts:
        called = re.search(r"([A-Za-z]+)\s*\([^()]*\)$", before)
        if called and called[1].lower() in words:
            return f"the words of the language are in lower case: `{called[1].lower()}`"
    if text == "." and re.search(r"[=<>]\s*\w+$", before):
        return "an attribute is compared with a value, not with another attribute"
    if text == "." and re.search(r"\w\.\w+$", before):
        return "a name has one dot at most; one with a dot in it stands in backquotes"
    if "UNIT" in accepts:
        return _not_a_time(before) or did_you_mean(text, ("days", "weeks", "months", "hours"))
    if text.startswith('"') and re.search(r"\bkind$", before):
        return f"a kind stands without quotes: `kind {text[1:-1]}`"
    if text.startswith('"') and "NAME" in accepts and "STRING" not in accepts:
        return "a name stands bare or in backquotes, not in quotes"
    if text[:1] in '"-0123456789' and re.search(r"\bis(?:\s+not)?$", before):
        return f"write `{'!=' if before.endswith('not') else '='} {_short(text)}`"
    if re.search(r"\bwithin$", before):
        return "say which way: `within past …` or `within next …`"
    if "UNIT" in accepts and re.search(r"\bin (?:last|next)$", before):
        return "for more than one unit write `within past …` or `within next …`"
    if before.endswith("everyone") and "SEGMENT" in accepts:
        return "`where everyone` stands alone: it has no conditions"
    if text == "," and "SEGMENT" in accepts:
        return "conditions are joined with `and` or `or`"
    if text[:1] in '"-0123456789' and "NOT" in accepts:
        return "the attribute stands on the left, the value on the right"
    if re.match(r"[0-9]", text) and re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$", before):
        return "a time of day follows its date with a `T`: `2024-01-31T09:30`"
    if _WORD.fullmatch(text):
        return _word_hint(text, accepts, words)
    return None


def _word_hint(text: str, accepts: set[str], words: frozenset[str]) -> str | None:
    if text.lower() != text and text.lower() in {kind.lower() for kind in accepts} | words:
        return f"the words of the language are in lower case: `{text.lower()}`"
    if text in words:
        return None
    if text.lower() in _FOREIGN and {"IN", "IS", "NULL", "AND"} & accepts:
        return _FOREIGN[text.lower()]
    known = {_SPELLED.get(kind, kind.lower()) for kind in accepts if kind.isupper()} - {"name"}
    quoted = f'a text stands in quotes: `"{text}"`' if "STRING" in accepts else None
    return did_you_mean(text, {word for word in known if word.isalpha()}, quoted)


def _not_a_time(before: str) -> str | None:
    """`age at least 18`: a phrase for times used with a number."""
    signs = {"at least": ">=", "at most": "<=", "more than": ">", "less than": "<"}
    found = re.search(r"\b(at|more|less)\s+(least|most|than)\s+(\S+)$", before)
    sign = found and signs.get(f"{found[1]} {found[2]}")
    return f"a number is compared with `{sign} {found[3]}`" if found and sign else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def _bad_characters(at: int, allowed: set[str], source: Source, report: Report) -> int:
    """Reports what is no token at all, or none of the language."""
    rest = source.text[at : at + 200]
    character = rest[0]
    if _is_a_moment(allowed) and (odd := re.match(r"'[^'\n]*'|[-+0-9][\w./]*", rest)):
        before = source.text[max(0, at - 200) : at].rstrip()
        _bad_moment(at, odd[0], before, source, report)
        return at + odd.end()
    prefix = 1 if character in "@#" and rest[1:2] == '"' else 0
    if rest[prefix : prefix + 1] in ('"', "`", "'"):
        return _bad_quoted(at, prefix, allowed, source, report)
    number = _NUMBERLIKE.match(rest)
    if number:
        span = Span(source.name, at, at + number.end())
        _bad_number(span, number[0], report)
        return span.end
    word = _WORD.match(rest)
    if word:
        if word[0].isascii():
            _unexpected(at, word[0], allowed, source, report)
        else:
            report.add(
                Code.SEG004,
                Span(source.name, at, at + word.end()),
                f"`{_short(word[0])}` is no bare name: it has letters outside a to z",
                help=f"write it in backquotes: `` `{word[0]}` ``; a text stands in quotes",
            )
        return at + word.end()
    symbol = next((rest[:n] for n in (2, 1) if rest[:n] in _SYMBOLS), None)
    if symbol or character in "()=<>,.:%":
        _unexpected(at, symbol or character, allowed, source, report)
        return at + len(symbol or character)
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    report.add(
        Code.SEG004,
        Span(source.name, at, at + 1),
        f"`{shown}` is no part of the language",
        help=_CHARACTERS.get(character),
    )
    return at + 1


def _bad_quoted(at: int, prefix: int, allowed: set[str], source: Source, report: Report) -> int:
    text = source.text
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    quote = text[at + prefix]
    if quote == "'":
        closing = text.find("'", at + 1, line_end)
        end = closing + 1 if closing > 0 else at + 1
        instead = f'"{text[at + 1 : closing]}"' if closing > 0 and end - at <= 40 else '"…"'
        report.add(
            Code.SEG001,
            Span(source.name, at, end),
            "a text stands in double quotes",
            help=f"write `{instead}`",
        )
        return line_end
    closed = re.compile(rf"{quote}(?:[^{quote}\\\n]++|\\[^\n])*+{quote}").match(
        text, at + prefix, line_end
    )
    if closed is None:
        what, close = ("text", '`"`') if quote == '"' else ("name", "a backquote")
        report.add(
            Code.SEG002,
            Span(source.name, at, line_end),
            f"this {what} has no end on its line",
            help=f"close it with {close}; a line break inside is written `\\n`",
        )
        return line_end
    _unexpected(at, text[at : closed.end()], allowed, source, report)
    return closed.end()


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
    report.add(
        Code.SEG008, span, f"`{_short(text)}` is no number as the language writes them", help=help
    )
