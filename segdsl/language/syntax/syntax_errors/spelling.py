"""Pieces of other languages in our spelling: values, lists, numbers and lengths of time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from segdsl.language.syntax.spelling import name, string

UNITS = {
    **dict.fromkeys(("years", "year", "yrs", "yr", "y", "年", "年間"), "year"),
    **dict.fromkeys(("quarters", "quarter", "qtr", "q", "四半期"), "quarter"),
    **dict.fromkeys(
        ("months", "month", "mos", "mo", "mths", "mth", "mon", "ヶ月", "か月"), "month"
    ),
    **dict.fromkeys(("weeks", "week", "wks", "wk", "w", "週間", "週"), "week"),
    **dict.fromkeys(("days", "day", "d", "dys", "日間", "日"), "day"),
    **dict.fromkeys(("hours", "hour", "hrs", "hr", "h", "時間"), "hour"),
    **dict.fromkeys(("minutes", "minute", "mins", "min", "分"), "minute"),
    **dict.fromkeys(("seconds", "second", "secs", "sec", "s", "秒"), "second"),
    "m": "month",
}
NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six"),
            *("seven", "eight", "nine", "ten", "eleven", "twelve"),
        )
    )
} | {"a": "1", "an": "1", "thirty": "30", "sixty": "60", "ninety": "90"}
QUOTES = "“”„‟«»‹›「」『』＂〝〞"
SINGLE_QUOTES = "'’‘‚`´＇"


def plain(text: str) -> str:
    """Full-width letters, digits and signs as the plain ones."""
    return "".join(
        chr(ord(each) - 0xFEE0)
        if "\uff01" <= each <= "\uff5e"
        else " "
        if each in "\u3000\u00a0\u2002\u2003\u2009\u202f"
        else each
        for each in text
    )


def value(text: str, names: Collection[str] = ()) -> str:
    """A value in our spelling: what is no number, no truth value and no param is a string."""
    text = text.strip()
    if text[:1] == '"' or text[:2] == '@"':
        return text if text.endswith('"') else string(text[1:-1])
    if text[:1] and (text[0] in QUOTES or text[0] in SINGLE_QUOTES):
        return string(unicodedata.normalize("NFC", text[1:-1]))
    digits = re.sub(r"(?<=[0-9])[_,](?=[0-9])", "", plain(text)).removeprefix("+")
    if re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", digits):
        return digits
    if re.fullmatch(r"\.[0-9]+", digits):
        return f"0{digits}"
    if text in names:
        return name(text)
    if text.lower() in ("true", "false"):
        return text.lower()
    if text.lower() in NUMBERS:
        return NUMBERS[text.lower()]
    return string(text)


_ITEM = re.compile(
    rf"""@?"[^"\n]*"|'[^'\n]*'|[{QUOTES}][^{QUOTES}\n]*[{QUOTES}]|[^\s,;|、，()\[\]{{}}]+"""
)
_JOINED = frozenset({"or", "and", "OR", "AND", "Or", "And", "nor", "&", "||", ""})


def values(text: str, names: Collection[str] = ()) -> list[str]:
    """The values of a list that is joined by commas, `or` or `and`, in any brackets or none."""
    return [value(each, names) for each in _ITEM.findall(text) if each not in _JOINED]


def unit(text: str) -> str | None:
    """A unit of time in our spelling, in the singular; None where it is none."""
    return UNITS.get(plain(text).lower().strip("()."))


def amount(text: str) -> str:
    """A number of units: `30`, `1` for `a`, or the name of a param."""
    lowered = plain(text).lower()
    return NUMBERS.get(lowered, lowered if lowered.isdigit() else text).lstrip("0") or "0"


def duration(number: str, of: str) -> str | None:
    """`30 days`, or None where the unit is none."""
    known = unit(of)
    if known is None:
        return None
    count = amount(number)
    return f"{count} {known}{'' if count == '1' else 's'}"
