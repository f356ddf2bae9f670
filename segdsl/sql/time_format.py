"""Formats the time of a run by a pattern of letters, as Java's SimpleDateFormat does.

The API gives the format of a time in a text without saying whose letters it means; its own time
functions have Java's (assumed). Letters for weeks, whose first day is a locale's, and for names of
time zones are refused. Names of months and days are English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from segdsl.sql.context import SqlError

_Writer = Callable[[datetime, int], str]
_HELP = "quote text with apostrophes, as in 'T'"
_AS_TEXT = 4
"""The number of letters from which on a month or a day is its full name."""


def format_time(pattern: str, moment: datetime) -> str:
    """Formats a moment, which has a time zone, by a pattern such as `yyyy-MM-dd'T'HH:mm:ssXXX`.

    Raises SqlError for a letter that is not supported, or an apostrophe without its pair.
    """
    return "".join(
        part if letter is None else _LETTERS[letter](moment, len(part))
        for letter, part in _parts(pattern)
    )


def check_time_format(pattern: str) -> None:
    """Raises SqlError if `format_time` does not support a pattern."""
    for _ in _parts(pattern):
        pass


def _parts(pattern: str) -> Iterator[tuple[str | None, str]]:
    """The runs of one letter with the letter, and the text between them with None."""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            text, at = _quoted(pattern, at)
            yield None, text
            continue
        end = at + 1
        if not (char.isascii() and char.isalpha()):
            yield None, char
        else:
            while end < len(pattern) and pattern[end] == char:
                end += 1
            if char not in _LETTERS:
                raise SqlError(
                    f"the time format `{pattern}` has the letter `{char}`, which is not supported",
                    f"the letters are {' '.join(_LETTERS)}; {_HELP}",
                )
            if char == "X" and end - at > 3:
                raise SqlError(f"the time format `{pattern}` has more than three `X`")
            yield char, pattern[at:end]
        at = end


def _quoted(pattern: str, start: int) -> tuple[str, int]:
    """The text from an apostrophe to its pair, and where it ends; two are one apostrophe."""
    if pattern.startswith("''", start):
        return "'", start + 2
    text, at = "", start + 1
    while (end := pattern.find("'", at)) >= 0:
        text += pattern[at:end]
        if not pattern.startswith("''", end):
            return text, end + 1
        text, at = text + "'", end + 2
    raise SqlError(f"the time format `{pattern}` has an apostrophe without its pair", _HELP)


def _number(value: Callable[[datetime], int]) -> _Writer:
    return lambda moment, count: f"{value(moment):0{count}d}"


def _year(moment: datetime, count: int) -> str:
    return f"{moment.year % 100:02d}" if count == 2 else f"{moment.year:0{count}d}"


def _month(moment: datetime, count: int) -> str:
    if count < 3:
        return f"{moment.month:0{count}d}"
    name = _MONTHS[moment.month - 1]
    return name if count >= _AS_TEXT else name[:3]


def _day_name(moment: datetime, count: int) -> str:
    name = _DAYS[moment.weekday()]
    return name if count >= _AS_TEXT else name[:3]


def _offset(moment: datetime, separator: str) -> str:
    offset = moment.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"{sign}{hours:02d}{separator}{minutes:02d}"


def _iso_offset(moment: datetime, count: int) -> str:
    if not moment.utcoffset():
        return "Z"
    return _offset(moment, ":" if count == 3 else "")[: 3 if count == 1 else None]


# Not those of `calendar`: they are in the language of the process.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_LETTERS: Mapping[str, _Writer] = {
    "y": _year,
    "M": _month,
    "d": _number(lambda moment: moment.day),
    "D": _number(lambda moment: moment.timetuple().tm_yday),
    "E": _day_name,
    "u": _number(lambda moment: moment.isoweekday()),
    "a": lambda moment, count: "AM" if moment.hour < 12 else "PM",
    "H": _number(lambda moment: moment.hour),
    "k": _number(lambda moment: moment.hour or 24),
    "K": _number(lambda moment: moment.hour % 12),
    "h": _number(lambda moment: moment.hour % 12 or 12),
    "m": _number(lambda moment: moment.minute),
    "s": _number(lambda moment: moment.second),
    "S": _number(lambda moment: moment.microsecond // 1000),
    "Z": lambda moment, count: _offset(moment, ""),
    "X": _iso_offset,
}
"""The supported letters with what they write, for the number of times that they stand there."""
