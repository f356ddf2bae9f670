"""Formats the time of a run by a pattern of letters, as Java's SimpleDateFormat does.

Which patterns there are is in `segdsl.language.time_formats`. Names of months and days are English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from segdsl.language.time_formats import Fault, read_time_format
from segdsl.sql.context import SqlError

_Writer = Callable[[datetime, int], str]
_AS_TEXT = 4
"""The number of letters from which on a month or a day is its full name."""


def format_time(pattern: str, moment: datetime) -> str:
    """Formats a moment, which has a time zone, by a pattern such as `yyyy-MM-dd'T'HH:mm:ssXXX`.

    Raises SqlError for a letter that is not supported, or an apostrophe without its pair.
    """
    pieces = read_time_format(pattern)
    if isinstance(pieces, Fault):
        raise SqlError(pieces.message, pieces.help)
    return "".join(
        each.text if each.letter is None else _WRITERS[each.letter](moment, len(each.text))
        for each in pieces
    )


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

_WRITERS: Mapping[str, _Writer] = {
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
"""What each of `LETTERS` writes, for the number of times that it stands there."""
