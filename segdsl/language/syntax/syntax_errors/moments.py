"""Moments and lengths of time as people write them elsewhere, and comparisons with them in ours."""

from __future__ import annotations

import calendar
import re
from functools import cache
from typing import Literal as OneOf

import msgspec

from segdsl.language.syntax.spelling import AGO, DATED
from segdsl.language.syntax.syntax_errors import spelling
from segdsl.language.values import is_iso_timestamp

Relation = OneOf["=", "!=", ">", ">=", "<", "<="]

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_UNIT = rf"(?:{'|'.join(sorted(spelling.UNITS, key=len, reverse=True))})(?:\(s\))?(?![\w(])"
_AMOUNT = rf"(?:[0-9０-９]+|(?:{'|'.join(spelling.NUMBERS)})(?!\w))"
_LENGTH = rf"{_AMOUNT}[\s-]*{_UNIT}"
_NOW = (
    r"(?:(?:date|datetime|pd\.timestamp|datetime\.datetime|time)\.)?"
    r"(?:now|today|current_?date|current_?timestamp|getdate|sysdate|curdate|localtimestamp|今日)"
    r"(?!\w)(?:\s*\(\s*\))?"
)
_INTERVAL = (
    rf"(?:interval\s*)?['\"]?\s*(?P<amount>{_AMOUNT})\s*['\"]?[\s-]*(?P<unit>{_UNIT})\s*['\"]?"
)
_DAYS_ALONE = r"(?P<days>[0-9]+)(?![\w.])"
_DELTA = (
    r"timedelta\s*\(\s*(?P<delta>days|weeks|hours|minutes|seconds)\s*=\s*(?P<deltas>[0-9]+)\s*\)"
)
_CLOCK = (
    r"(?:[\sT,]+(?:at\s+)?(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::[0-9]{2})?"
    r"\s*(?P<half>[ap]m)?)?"
)
_FUNCTION = (
    r"(?:(?:new\s+)?(?:date|timestamp|datetime|to_date|to_timestamp|td_time_parse|parse_date|"
    r"datevalue|date_parse|(?:datetime\.)?date|(?:datetime\.)?datetime)\s*\(\s*)"
)
_KEYWORD = r"(?:(?:date|timestamp)\s+)?"
_DATES = (
    rf"(?P<y>[0-9]{{4}})\s*(?P<gap>[-/.年,]?)\s*(?P<m>[0-9]{{1,2}})\s*[-/.月,]?\s*(?P<d>[0-9]{{1,2}})"
    rf"日?(?![0-9]){_CLOCK}",
    rf"(?P<a>[0-9]{{1,2}})(?P<gap>[-/.])(?P<b>[0-9]{{1,2}})(?P=gap)(?P<y>[0-9]{{4}})(?![0-9]){_CLOCK}",
    rf"(?P<name>{_MONTH})\s+(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>[0-9]{{4}})(?![0-9]){_CLOCK}",
    rf"(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?\.?[\s-]+(?P<name>{_MONTH}),?[\s-]+(?P<y>[0-9]{{4}})(?![0-9]){_CLOCK}",
)
_DATE = "|".join(
    re.sub(r"\(\?P=gap\)", "[-/.]", re.sub(r"\?P<\w+>", "?:", each)) for each in _DATES
)
_QUOTE = "[\"'“”‘’「」]"

# One alternative for each kind, tried in this order.
_KINDS: dict[str, str] = {
    "ago": rf"(?:the\s+last\s+)?(?P<amount>{_AMOUNT})[\s-]*(?P<unit>{_UNIT})\s*"
    rf"(?:ago|back|earlier|prior|before\s+(?:now|today)|前)(?!\w)",
    "ahead": rf"(?P<amount>{_AMOUNT})[\s-]*(?P<unit>{_UNIT})\s*"
    rf"(?:from\s+(?:now|today)|ahead|hence|after\s+(?:now|today)|後)(?!\w)",
    "back": rf"{_NOW}\s*[-−–]\s*(?:{_INTERVAL}|{_DELTA}|{_DAYS_ALONE})",
    "forth": rf"{_NOW}\s*\+\s*(?:{_INTERVAL}|{_DELTA}|{_DAYS_ALONE})",
    "back2": rf"(?:date|datetime|timestamp)_?sub\s*\(\s*{_NOW}\s*,\s*{_INTERVAL}\s*\)",
    "back3": rf"date_?add\s*\(\s*['\"]?(?P<unit>{_UNIT})['\"]?\s*,\s*-\s*(?P<amount>[0-9]+)\s*,"
    rf"\s*{_NOW}\s*\)",
    "yesterday": r"(?:yesterday|昨日)(?!\w)",
    "before yesterday": r"the\s+day\s+before\s+yesterday",
    "tomorrow": r"(?:tomorrow|明日)(?!\w)",
    "date": rf"{_FUNCTION}{_QUOTE}?(?:{_DATE}){_QUOTE}?\s*\)"
    rf"|{_KEYWORD}{_QUOTE}?(?:{_DATE}){_QUOTE}?",
    "now": rf"{_NOW}",
    "unit": r"(?:the\s+)?(?P<which>this|current|last|previous|past|next|coming)\s+"
    rf"(?P<unit>{_UNIT})",
    "weekday": rf"(?:(?P<which>this|last|previous|next|past|coming)\s+)?{_WEEKDAY}(?!\w)",
}
PATTERN = "|".join(f"(?:{re.sub(r'[?]P<[a-z]+>', '?:', each)})" for each in _KINDS.values())
"""Any moment, without groups."""


_PERIODS = (
    r"(?P<y>(?:19|20)[0-9]{2})[-/年]?(?P<m>0?[1-9]|1[0-2])月?(?![\w/.-])",
    rf"(?P<name>{_MONTH})(?:\s+(?:of\s+)?|,\s*)(?P<y>(?:19|20)[0-9]{{2}})(?![\w/.-])",
    r"(?P<y>(?:19|20)[0-9]{2})[\s-]*q(?P<q>[1-4])(?!\w)",
    r"q(?P<q>[1-4])[\s,/-]*(?:of\s+)?(?P<y>(?:19|20)[0-9]{2})(?!\w)",
    r"(?:the\s+)?(?:year\s+)?(?P<y>(?:19|20)[0-9]{2})年?(?![\w/.-])",
)
PERIOD = "|".join(re.sub(r"\?P<\w+>", "?:", each) for each in _PERIODS[:-1])
"""A quarter or a month of a year, without groups."""
YEAR = re.sub(r"\?P<\w+>", "?:", _PERIODS[-1]) + r"(?!\s*(?:to|and|or|-|–|,|\.\.)\s*[0-9])"
"""A year, where no other number follows."""


def read_period(text: str) -> tuple[str, str] | None:
    """The first and the last day of a year, a quarter or a month; None where it is none."""
    for pattern in _PERIODS:
        match = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
        if match is None:
            continue
        groups = match.groupdict()
        year, first, last = int(match["y"]), 1, 12
        if groups.get("q"):
            first, last = int(match["q"]) * 3 - 2, int(match["q"]) * 3
        elif groups.get("name"):
            first = last = _MONTHS.index(match["name"][:3].lower()) + 1
        elif groups.get("m"):
            first = last = int(match["m"])
        end = calendar.monthrange(year, last)[1]
        return f"{year}-{first:02}-01", f"{year}-{last:02}-{end:02}"
    return None


class Moment(msgspec.Struct, frozen=True):
    """A moment that was read: `text` is the length (`30 days`), the date, or the unit.

    `which` is `last`, `this` or `next` of a unit or a weekday. `ambiguous` tells that day and month
    could be the other way round.
    """

    kind: OneOf["ago", "ahead", "today", "date", "unit", "weekday"]
    text: str = ""
    which: str = ""
    ambiguous: bool = False


@cache
def _kinds() -> list[tuple[str, re.Pattern[str]]]:
    return [(kind, re.compile(each, re.IGNORECASE)) for kind, each in _KINDS.items()]


def read_moment(text: str) -> Moment | None:
    """The moment that a text means, or None."""
    text = text.strip()
    for kind, pattern in _kinds():
        match = pattern.fullmatch(text)
        if match is not None and (moment := _moment(kind, match, text)) is not None:
            return moment
    return None


def _moment(kind: str, match: re.Match[str], text: str) -> Moment | None:
    match kind:
        case "ago" | "back" | "back2" | "back3":
            length = _length(match)
            return None if length is None else Moment("ago", length)
        case "ahead" | "forth":
            length = _length(match)
            return None if length is None else Moment("ahead", length)
        case "yesterday":
            return Moment("ago", "1 day")
        case "before yesterday":
            return Moment("ago", "2 days")
        case "tomorrow":
            return Moment("ahead", "1 day")
        case "now":
            return Moment("today")
        case "unit":
            unit = spelling.unit(match["unit"])
            return None if unit is None else Moment("unit", unit, _which(match["which"]))
        case "weekday":
            return Moment("weekday", "week", _which(match["which"] or "this"))
        case _:
            return read_date(text)


def _which(word: str) -> str:
    lowered = word.lower()
    return (
        "last"
        if lowered in ("last", "previous", "past")
        else "next"
        if lowered in ("next", "coming")
        else "this"
    )


def _length(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    if groups.get("days"):
        return spelling.duration(groups["days"] or "", "days")
    if groups.get("deltas"):
        return spelling.duration(groups["deltas"] or "", groups["delta"] or "")
    return spelling.duration(groups["amount"] or "", groups["unit"] or "")


@cache
def _dates() -> list[re.Pattern[str]]:
    return [re.compile(each, re.IGNORECASE) for each in _DATES]


def read_date(text: str) -> Moment | None:
    """The date of a text in any of the usual spellings; None where it is no date there is."""
    inner = re.sub(
        rf"^(?:{_FUNCTION}|{_KEYWORD}){_QUOTE}?|{_QUOTE}?\s*\)?$", "", text, flags=re.IGNORECASE
    )
    if is_iso_timestamp(inner):
        return Moment("date", inner)
    for pattern in _dates():
        match = pattern.fullmatch(inner)
        if match is None:
            continue
        groups = match.groupdict()
        ambiguous = False
        if "a" in groups:
            first, second = int(match["a"]), int(match["b"])
            # Day first where it must be, or where the points of German dates stand.
            day_first = first > 12 or (match["gap"] == "." and second <= 12)
            month, day = (second, first) if day_first else (first, second)
            ambiguous = first <= 12 and second <= 12 and first != second
        else:
            named = (groups.get("name") or "")[:3].lower()
            month = _MONTHS.index(named) + 1 if named else int(match["m"])
            day = int(match["d"])
        made = f"{match['y']}-{month:02}-{day:02}"
        if match["hour"]:
            hour = int(match["hour"]) % 12 if match["half"] else int(match["hour"])
            hour += 12 * ((match["half"] or "").lower() == "pm")
            made += f"T{hour:02}:{match['minute']}"
        return Moment("date", made, "", ambiguous) if is_iso_timestamp(made) else None
    return None


# --- comparisons -----------------------------------------------------------------------

WORDS: dict[str, Relation] = {
    **dict.fromkeys(
        ("=", "==", "===", "is", "on", "at", "in", "during", "", "equals", "was", "exactly"), "="
    ),
    **dict.fromkeys(("!=", "<>", "!==", "is not", "isn't", "not on", "not in", "not during"), "!="),
    **dict.fromkeys((">", "after", "later than", "newer than", "more recent than"), ">"),
    **dict.fromkeys(
        (
            *(">=", "=>", "since", "from", "on or after", "not before", "no earlier than"),
            *("as of", "starting", "starting from", "starting on", "not earlier than"),
        ),
        ">=",
    ),
    **dict.fromkeys(("<", "before", "earlier than", "older than", "prior to"), "<"),
    **dict.fromkeys(
        (
            "<=",
            "=<",
            "until",
            "till",
            "up to",
            "through",
            "on or before",
            "by",
            "not after",
            "no later than",
        ),
        "<=",
    ),
}
COMPARISON = "|".join(
    re.escape(word).replace(r"\ ", r"\s+") for word in sorted(WORDS, key=len, reverse=True) if word
)
"""Any word or sign that compares with a moment."""


def compare(relation: Relation, moment: Moment) -> str | None:
    """The predicate that compares with a moment, without its subject; None where there is none."""
    match moment.kind:
        case "date":
            dated = "not on" if relation == "!=" else DATED[relation]
            return f"{dated} {moment.text}"
        case "ago":
            return _compare_ago(relation, moment.text)
        case "today" if relation in ("=", "!="):
            return f"is {'not ' if relation == '!=' else ''}today"
        case "today":
            return _compare_ago(relation, "0 days")
        case "ahead" if relation in ("=", "!=") and moment.text == "1 day":
            return f"{'not ' if relation == '!=' else ''}within next 1 day"
        case "ahead" if relation in ("=", "!="):
            number = moment.text.split()[0]
            negation = "not " if relation == "!=" else ""
            return f"{negation}between {number} and {moment.text} from now"
        case "ahead" if relation in ("<", "<="):
            return f"within next {moment.text}"
        case "unit" | "weekday":
            return _compare_unit(relation, moment)
        case _:
            return None


def _compare_ago(relation: Relation, length: str) -> str:
    if relation != "!=" and relation in AGO:
        return f"{AGO[relation]} {length} ago"
    negation = "not " if relation == "!=" else ""
    if length == "1 day":
        return f"{negation}within past 1 day"
    return f"{negation}between {length.split()[0]} and {length} ago"


def _compare_unit(relation: Relation, moment: Moment) -> str | None:
    if relation in ("=", "!="):
        negation = "not " if relation == "!=" else ""
        return f"{negation}in {moment.which} {moment.text}"
    if moment.which == "next" or moment.kind == "weekday":
        return None
    # The start of this or the last unit is what is compared with.
    counted = f"0 {moment.text}s" if moment.which == "this" else f"1 {moment.text}"
    return _compare_ago(relation, counted)
