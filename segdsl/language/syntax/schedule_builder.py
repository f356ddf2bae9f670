"""When an activation runs: one method for each alternative of the grammar's `schedule`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import cast, get_args

from segdsl.diagnostics import Code
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language import activations as a
from segdsl.language.syntax.base_builder import BaseBuilder
from segdsl.language.syntax.lalr import Child
from segdsl.language.syntax.spelling import string
from segdsl.language.values import Number, is_iso_timestamp

_UNITS: tuple[a.RepeatUnit, ...] = get_args(a.RepeatUnit)
_DATE = len("2025-04-01")
_TO_MINUTES = len("2025-04-01T03:00")
_TO_SECONDS = len("2025-04-01T03:00:00")
_LOCAL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"


class ScheduleBuilder(BaseBuilder):
    """Schedules."""

    def repeat(self, c: list[Child]) -> a.Repeat:
        unit = next(child for child in c if child[0] == "UNIT")
        start, end = self._after(c, "STARTING"), self._after(c, "UNTIL")
        return a.Repeat(
            self._repeat_unit(unit),
            self._frequency(c, unit),
            self._weekdays(c, unit),
            None if start is None else self._start(start),
            self._one(c, "zone"),
            None if end is None else self._end(end),
            self._span(c),
        )

    def once(self, c: list[Child]) -> a.Once:
        return a.Once(self._start(c[2]), self._one(c, "zone"), self._span(c))

    def cron(self, c: list[Child]) -> a.Cron:
        expression = self._text(c[1])
        if not expression.strip():
            self.report.add(
                Code.SEG013,
                self._at(c[1]),
                "this cron expression is blank",
                help='write minute, hour, day of month, month and day of week: `"0 3 * * *"`',
            )
        return a.Cron(expression, self._one(c, "zone"), self._span(c))

    def by_hand(self, c: list[Child]) -> a.ByHand:
        return a.ByHand(self._span(c))

    def after_journey(self, c: list[Child]) -> a.AfterJourney:
        return a.AfterJourney(self._span(c))

    def weekday(self, c: list[Child]) -> a.Weekday:
        return cast(a.Weekday, self._choice(c[0], a.WEEKDAYS, "a weekday"))

    def zone(self, c: list[Child]) -> str:
        name = self._text(c[1])
        if not is_zone(name):
            self.report.add(
                Code.SEG012,
                self._at(c[1]),
                f"{string(name)} is not a time zone",
                help=did_you_mean(
                    name,
                    # Abbreviations that look alike are hours apart: JST and EST.
                    [each for each in _zones() if "/" in each and "/" in name],
                    'time zones are named as in `"Asia/Tokyo"` and `"UTC"`',
                ),
            )
        return name

    @staticmethod
    def _after(c: list[Child], word: str) -> Child | None:
        """The child behind a word."""
        return next((behind for child, behind in pairwise(c) if child[0] == word), None)

    def _repeat_unit(self, child: Child) -> a.RepeatUnit:
        unit = self._unit(child)
        for known in _UNITS:
            if unit == known:
                return known
        self.report.add(
            Code.SEG014,
            self._at(child),
            f"an activation cannot repeat by the {unit}",
            help="it repeats every minute, hour, day, week or month, or every few of them",
        )
        return "day"

    def _frequency(self, c: list[Child], unit: Child) -> Number:
        child = next((child for child in c if child[0] == "NUMBER"), None)
        if child is None:
            return Number("1")
        frequency = self._number(child)
        if not frequency.is_whole or frequency.text == "0":
            self.report.add(
                Code.SEG014,
                self._at(child),
                f"an activation cannot repeat every {child[1]} {self._unit(unit)}s",
                help="write a whole number from 1 on",
            )
            return Number("1")
        return frequency

    def _weekdays(self, c: list[Child], unit: Child) -> tuple[a.Weekday, ...]:
        written = [child for child in c if child[0] == "weekday"]
        days: list[a.Weekday] = []
        for child in written:
            if child[1] in days:
                self.report.add(
                    Code.SEG011,
                    self._at(child),
                    f"`{child[1]}` is already listed",
                    help="keep one of them",
                )
            days.append(child[1])
        if written and self._unit(unit) != "week":
            self.report.add(
                Code.SEG014,
                self._span(written),
                "only a schedule that repeats by the week has weekdays",
                help=f"write `every week on {', '.join(days)}`, or leave the weekdays out",
            )
        return tuple(day for day in a.WEEKDAYS if day in days)

    def _start(self, child: Child) -> str:
        """A local time to the second."""
        text: str = child[1]
        if not is_iso_timestamp(text):
            self._no_such_time(child)
            return text
        if len(text) < _TO_MINUTES:
            self.report.add(
                Code.SEG013,
                self._at(child),
                "this start has no time of day",
                help=f"write one: `{text}T00:00`",
            )
        elif re.fullmatch(_LOCAL, text) is None:
            self.report.add(
                Code.SEG013,
                self._at(child),
                "a start is a local time, without an offset or a fraction of a second",
                help=f'write `{text[:_TO_MINUTES]} in "…"`, with its time zone in the quotes',
            )
        return f"{text}:00" if len(text) == _TO_MINUTES else text[:_TO_SECONDS]

    def _end(self, child: Child) -> str:
        """A date."""
        text: str = child[1]
        if not is_iso_timestamp(text):
            self._no_such_time(child)
        elif len(text) > _DATE:
            self.report.add(
                Code.SEG013,
                self._at(child),
                "the end of a schedule is a date, without a time",
                help=f"write `{text[:_DATE]}`",
            )
        return text[:_DATE]

    def _no_such_time(self, child: Child) -> None:
        self.report.add(
            Code.SEG016,
            self._at(child),
            f"{child[1]} does not exist in the calendar",
            help="write a date and a time that exist",
        )


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name; any may be where the system knows none."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return not _zones()
    return True


def _zones() -> set[str]:
    from zoneinfo import available_timezones

    return available_timezones()
