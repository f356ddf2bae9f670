"""What no rule of a kind knows: strings without an end, numbers, misspelled words, the rest."""

from __future__ import annotations

import re

from segdsl.diagnostics import Code
from segdsl.diagnostics.lookalikes import INVISIBLE
from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.syntax.spelling import string
from segdsl.language.syntax.syntax_errors import spelling
from segdsl.language.syntax.syntax_errors.expected import SPELLED, short, unexpected
from segdsl.language.syntax.syntax_errors.moments import read_date
from segdsl.language.syntax.syntax_errors.names import odd_name
from segdsl.language.syntax.syntax_errors.rules import Function, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

# What can stand where a word does that nothing else tells.
_WORDS = {
    "ACTIVATE": "activate wait decide split jump end",
    "REENTRY": "description folder reentry goal stage",
    "STEPS": "description enter milestone exit steps stage",
    "PREDICTS": "description folder predicts among scores grades features",
}
_ITEMS = ("segment", "let", "param", "import", "funnel", "activation", "predictive", "journey")
_CLAUSES = (
    *("description", "from template", "to connection", "columns", "behavior", "with", "notify"),
    *("then run workflow", "in sequence"),
)
_NUMBERLIKE = re.compile(r"[-+]?\.?[0-9][0-9A-Za-z_.,]*")
_CHARACTERS = {
    **dict.fromkeys("[]", "a list is written in parentheses: `(…)`"),
    **dict.fromkeys(
        "{}",
        "a group is written in parentheses: `(…)`; a rule in JSON is turned into this "
        "language by `segdsl decompile FILE.json`",
    ),
    "*": "there is no arithmetic in a condition: compare a column as it is",
    "/": "there is no arithmetic in a condition: compare a column as it is",
    "+": "there is no arithmetic in a condition: compare a column as it is",
    "^": "there is no arithmetic in a condition: compare a column as it is",
    "?": "a condition is true or false in itself: there is no `? :`",
    "\\": "a condition continues on the next line without any character",
}


def without_an_end(site: Site) -> Advice | None:
    """A string or a name in backquotes that is not closed on its line."""
    rest = site.text[site.stop : site.stop + 3]
    prefix = 1 if rest[:2] in ('@"', '#"') else 0
    quote = rest[prefix : prefix + 1]
    if quote not in ('"', "`", "'") or not quote:
        return None
    if (
        quote == "'"
        and "AND" in site.accepts
        and (
            note := re.match(r"' *(\w[^\n'\"=<>]*)$", site.text[site.stop : site.stop + 300], re.M)
        )
    ):
        return Advice(
            site.stop,
            site.stop + note.end(),
            "a comment begins with `#`",
            write_help(f"# {note[1].strip()}", "it ends at the end of the line"),
            f"# {note[1].strip()}",
        )
    if quote == "'" and re.match(r"'[^'\n]*'", site.text[site.stop : site.stop + 2_000]):
        return None
    line_end = site.text.find("\n", site.stop)
    line_end = len(site.text) if line_end < 0 else line_end
    if quote == "'":
        return Advice(
            site.stop, site.stop + 1, "a string is written in double quotes", 'such as `"JP"`'
        )
    closed = re.compile(rf"{quote}(?:[^{quote}\\\n]++|\\[^\n])*+{quote}").match(
        site.text, site.stop + prefix, line_end
    )
    if closed is not None:
        return None
    what, close = ("string", '`"`') if quote == '"' else ("name", "a backquote")
    return Advice(
        site.stop,
        line_end,
        f"this {what} is not closed on its line",
        f"close it with {close}; a line break inside is written `\\n`",
        code=Code.SEG002,
    )


def number(site: Site) -> Advice | None:
    """`007`, `1,000`, `+5`, `.5`, `30days`."""
    start = site.stop
    digits = re.search(r"[0-9]+$", site.text[max(0, start - 40) : start])
    if digits and re.match(r",[0-9]", site.text[start : start + 2]):
        grouped = re.search(r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{3})+$", site.before)
        start -= len(grouped[0]) if grouped and site.text[start - 1].isdigit() else len(digits[0])
    match = _NUMBERLIKE.match(site.text, start)
    if match is None:
        return None
    text = match[0].rstrip(",.") or match[0]
    if re.fullmatch(r"-?[0-9]+\.", match[0]) and "NUMBER" in site.accepts:
        text = match[0]
    if re.match(r"[0-9]{1,2}(?:st|nd|rd|th)\b", site.text[start : start + 5]):
        return None  # a day of a month
    token = site.token
    if "DATE" in site.accepts and "NUMBER" not in site.accepts:
        return None
    if re.match(r"[0-9]+(?:/[0-9]+/|\.[0-9]+\.|\.\.)[0-9]", site.text[start : start + 40]):
        return None  # a date, or a range
    plain = re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", text)
    if plain or (token is not None and token.kind == "date"):
        return None
    fix: str | None = None
    also = ""
    unit = re.fullmatch(r"(-?[0-9]+)([A-Za-z]+)", text)
    if unit:
        fix = spelling.duration(unit[1], unit[2])
        also = "put a space between a number and its unit"
        if fix is None and unit[2].lower() in ("k", "m", "mio", "mn", "bn"):
            zeros = 3 if unit[2].lower() == "k" else 9 if unit[2].lower() == "bn" else 6
            fix, also = unit[1] + "0" * zeros, ""
    elif re.fullmatch(r"-?[0-9]{1,3}(?:[_,][0-9]{3})+(?:\.[0-9]+)?", text) or "_" in text:
        fix, also = re.sub(r"[_,]", "", text), "write the digits without separators"
    elif re.fullmatch(r"-?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+", text):
        fix = text.replace(".", "").replace(",", ".")
        also = "write the digits without separators, and a point before the fraction"
    elif text.startswith("+"):
        fix, also = text[1:], "remove the `+`"
    elif re.fullmatch(r"-?\.[0-9]+", text):
        fix, also = text.replace(".", "0."), "begin with a digit"
    elif re.fullmatch(r"-?0[0-9]+", text):
        fix = string(text)
        also = "a code with leading zeros is a string; for a number, remove the leading zeros"
    elif re.fullmatch(r"-?[0-9]+,[0-9]+", text):
        fix, also = text.replace(",", "."), "write the digits without separators"
    elif re.fullmatch(r"-?[0-9]+\.", text):
        fix = text[:-1]
    if fix is not None and len(fix) > 60:
        fix = None
    help = write_help(fix, also) if fix else also or "write it like `42`, `-0.5` or `1e6`"
    return Advice(
        start,
        start + len(text),
        f"`{short(text)}` is not a valid number",
        help,
        fix,
        Code.SEG008,
    )


def quote_in_a_string(site: Site) -> Advice | None:
    """`"He said "hi""`: a quote inside ends the string."""
    if site.text[site.stop - 1 : site.stop] != '"' or not site.before.endswith('"'):
        return None
    line_end = site.text.find("\n", site.stop)
    line_end = len(site.text) if line_end < 0 else line_end
    opened = re.search(r'"[^"\n]*"$', site.before)
    rest = re.compile(r'\w[^"\n=<>]*"[^"\n=<>]*"').match(site.text, site.stop, line_end)
    if opened is None or rest is None:
        return None
    start = site.stop - len(opened[0])
    fix = string(site.text[start + 1 : rest.end() - 1])
    return Advice(
        start,
        rest.end(),
        'a string ends at the first `"` in it',
        write_help(fix, 'a quote inside is written `\\"`'),
        fix,
    )


def end_of_where(site: Site) -> Advice | None:
    """`a and has p where b`: nobody can see where this `where` ends."""
    if site.word(0) != "where" or not re.search(r"\b(?:has|no)\s+(?:\w+|`[^`\n]*`)$", site.before):
        return None
    has = site.tokens[max(0, site.at - 2)]
    ends = site.text.find("\n", site.stop)
    rest = site.text[site.stop : len(site.text) if ends < 0 else ends]
    filter_text = re.split(r"\s+(?:and|or)\b|\)|\s+limit\b", rest)[0].rstrip()
    fix = f"({site.text[has.start : site.stop]}{filter_text})"
    return Advice(
        site.stop,
        site.stop + len("where"),
        "it is unclear where this `where` ends",
        f"put the whole of `has … where …` in parentheses: `{short(fix)}`",
        None,
        Code.SEG010,
    )


def date_due(site: Site) -> Advice | None:
    """Something else than a date behind `before`, `after` and `on`."""
    if "DATE" not in site.accepts or {"NUMBER", "STRING"} & site.accepts:
        return None
    token = site.token
    match = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\S+").match(site.text, site.stop)
    if token is None or match is None:
        return None
    text = match[0].rstrip(")")
    if text[:1] in "\"'":
        inner = text[1:-1]
        return Advice(
            site.stop,
            site.stop + len(text),
            unexpected(site),
            f'a date is written without quotes; as text that only the API reads: `@"{inner}"`',
            f'@"{inner}"',
        )
    digits = re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]", text)
    moment = read_date(text.replace("T", " ")) if digits else None
    if moment is not None:
        return Advice(
            site.stop,
            site.stop + len(text),
            unexpected(site),
            write_help(moment.text, "hours, minutes and seconds have two digits each"),
            moment.text,
        )
    return Advice(
        site.stop,
        site.stop + len(text),
        f"`{short(text)}` is not a valid date: {unexpected(site).partition(': ')[2]}"
        if re.match(r"[0-9]+[-/.]", text)
        else unexpected(site),
        "a date is written `2024-01-31`: year, month, day",
    )


def misspelled(site: Site) -> Advice | None:
    """`beetween`, `dayz`, `segmnt`: a word near one that could stand there."""
    token = site.token
    if token is None or token.kind != "word" or token.start > site.stop:
        return None
    if token.text in reserved_words():
        return None
    known = {SPELLED.get(kind, kind.lower()) for kind in site.accepts if kind.isupper()} - {"name"}
    words = {word for word in known if word.isalpha()}
    if "UNIT" in site.accepts:
        words |= {"days", "weeks", "months", "hours", "years", "quarters", "minutes", "seconds"}
    best = nearest(token.text, words)
    if best is None or best == token.text or len(token.text) < 3:
        return None
    return Advice(
        token.start, token.end, unexpected(site), f"did you mean `{best}`?", best, weak=True
    )


def hints(site: Site) -> Advice | None:
    """The rest: what stands there, what was expected, and a word of help where there is one."""
    token = site.token
    text = site.found or ""
    end = site.stop + max(1, len(text))
    if site.at_end:
        last = site.tokens[site.at - 1] if site.at else None
        start = max(site.stop - 1, 0 if last is None else last.start)
        return Advice(start, site.stop, unexpected(site), _end_hint(site))
    character = site.text[site.stop : site.stop + 1]
    if site.found is None and not (token and token.kind == "word") and character not in "()=<>,.:%":
        shown = character if character.isprintable() else f"U+{ord(character):04X}"
        help = "remove it" if character in INVISIBLE else _CHARACTERS.get(character)
        return Advice(
            site.stop,
            site.stop + 1,
            f"unexpected character `{shown}`",
            help,
            code=Code.SEG004,
        )
    if site.found is None and token is not None and token.start == site.stop:
        end = token.end
    return Advice(site.stop, min(end, len(site.text)), unexpected(site), _hint(site))


def _end_hint(site: Site) -> str | None:
    if "UNIT" in site.accepts:
        return "add the unit of time, such as `30 days`"
    last = site.word(-1)
    if {"STRING", "NUMBER"} <= site.accepts and last in ("=", "!=", ">", ">=", "<", "<="):
        return f'add what it is compared with, such as `{last} "JP"` or `{last} 30`'
    if last == "is" or (last == "not" and site.word(-2) == "is"):
        return "complete it: `is null`, `is not null`, `is true` or `is false`"
    if re.search(r"\bbetween\s+\S+$", site.before):
        return f"write both ends: `between {last} and …`"
    if {"NAME", "NOT", "LPAR"} <= site.accepts:
        return 'write the condition, such as `country = "JP"`; all profiles are `where everyone`'
    if "WHERE" in site.accepts and "KIND" in site.accepts:
        return "add the condition: `where …`, or `where everyone`"
    return None


def _hint(site: Site) -> str | None:
    accepts, before, word = site.accepts, site.before, site.word(0)
    if word == "limit":
        return (
            "a limit follows the whole `where`, or a condition inside parentheses: "
            "`(… limit 100 by ltv desc)`"
        )
    if word == "where" and "LET" in accepts and "AND" not in accepts:
        return 'a segment begins with `segment "…"`'
    if "COLON" in accepts and before.endswith('"'):
        return (
            "an attribute is written bare, a string on the right; "
            'before a group, a string is its label: `"…": (…)`'
        )
    if re.search(r'"\s*:$', before):
        return "put the labelled group in parentheses"
    if word == "(" and (like := re.search(r"\b(contains|starts\s+with|ends\s+with)$", before)):
        return f"for one of several strings write `{' '.join(like[1].split())} any (…)`"
    if word == "." and re.search(r"[=<>]\s*\w+$", before):
        return "an attribute is compared with a value, not with another attribute"
    if before.endswith("everyone") and "SEGMENT" in accepts:
        return "`where everyone` cannot be combined with conditions"
    for kind, listed in _WORDS.items():
        if kind in accepts and "AND" not in accepts and not nearest(word, tuple(listed.split())):
            return f"write one of {', '.join(f'`{each}`' for each in listed.split())}"
    if "NOTIFY" in accepts and not nearest(word, _CLAUSES):
        return f"the clauses are {', '.join(f'`{clause}`' for clause in _CLAUSES)} and schedules"
    if (
        {"SEGMENT", "LET"} <= accepts
        and not {"AND", "STAGE_HEAD", "NOTIFY"} & accepts
        and not nearest(word, _ITEMS)
    ):
        return (
            'an item begins with `segment "…"`, `let`, `param`, `import`, `funnel "…"`, '
            '`activation "…"`, `predictive segment "…"` or `journey "…"`'
        )
    if word in _CHARACTERS:
        return _CHARACTERS[word]
    known = {SPELLED.get(kind, kind.lower()) for kind in accepts if kind.isupper()} - {"name"}
    return did_you_mean(word, {each for each in known if each.isalpha()})


FIRST: tuple[Rule | Function, ...] = (
    without_an_end,
    quote_in_a_string,
    end_of_where,
    odd_name,
    number,
)
LAST: tuple[Rule | Function, ...] = (date_due, misspelled)
