"""Schedules of activations: when they run, in other words than ours."""

from __future__ import annotations

import re

from segdsl.language.activations import WEEKDAYS
from segdsl.language.syntax.spelling import string
from segdsl.language.syntax.syntax_errors.rules import Function, PatternMatch, Rule, write_help
from segdsl.language.syntax.syntax_errors.site import Advice, Site

_UNITS = {
    "minutely": "minute",
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}
_DAYS = {day[:3].lower(): day for day in WEEKDAYS}
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
DAYS_LISTED = rf"{_DAY}(?:\s*(?:,|and|or|,\s*(?:and|or))\s*{_DAY})*"
_AT = r"\"?(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)\"?"


def days(text: str) -> list[str]:
    """The weekdays of a list of them."""
    found = re.findall(_DAY, text, re.IGNORECASE)
    return [_DAYS[day[:3].lower()] for day in found]


def _days(text: str) -> str:
    return ", ".join(days(text))


def _adverb(found: PatternMatch) -> str:
    return f"every {_UNITS[found.raw('how').lower()]}"


def _on_days(found: PatternMatch) -> str:
    return f"every week on {_days(found.raw('days'))}"


def _frequency(found: PatternMatch) -> str | None:
    length = found.duration()
    if length is None:
        return None
    return f"every {length.removeprefix('1 ')}"


def _time(found: PatternMatch) -> str:
    return f"{found.raw('word')} {found.raw('time').replace(' ', 'T')}"


def time_of_day(site: Site) -> Advice | None:
    """`every day at 03:00`: a schedule begins with a date too."""
    match = re.compile(r"(?:at|from|@)\s+\"?([0-9]{1,2}:[0-9]{2})(?::[0-9]{2})?\"?").match(
        site.text, site.stop
    )
    if match is None or "STARTING" not in site.accepts:
        return None
    return Advice(
        site.stop,
        match.end(),
        "a schedule says from which day on it repeats",
        f'write `starting 2025-04-01T{match[1].zfill(5)} in "UTC"`, with the first day and its '
        "time zone",
    )


def bare_zone(site: Site) -> Advice | None:
    """`in Asia/Tokyo`: a time zone without its quotes."""
    if "ZONE" not in site.accepts:
        return None
    match = re.compile(
        r"(?:in|at|tz|time_?zone|timezone)\s*[:=]?\s*(?:[\"'](?P<quoted>[^\"'\n]+)[\"']"
        r"|(?P<bare>[A-Z][\w+-]*(?:/[\w+-]+)*))"
    ).match(site.text, site.stop)
    if match is None:
        return None
    fix = f"in {string(match['quoted'] or match['bare'])}"
    return Advice(site.stop, match.end(), "a time zone is written in quotes", write_help(fix), fix)


RULES: tuple[Rule | Function, ...] = (
    time_of_day,
    bare_zone,
    Rule(
        "after refresh",
        r"after (?:(?:the |each )?(?:journey )?refresh(?: of (?:the |its )?journey)?|journey)"
        r"(?! refresh)",
        "after journey refresh",
    ),
    Rule("schedule", r"schedule~[:=]?~(?=every |once |cron |by )", ""),
    Rule(
        "ly",
        r"(?:schedule~[:=]?~)?(?:run )?[\"']?(?P<how>minutely|hourly|daily|weekly|monthly)[\"']?",
        _adverb,
    ),
    Rule("day", rf"(?:every|each|on) (?P<days>{DAYS_LISTED})", _on_days),
    Rule("weekly week", rf"(?:weekly|every weeks?) (?P<days>{DAYS_LISTED})", _on_days),
    Rule("on", rf"on (?P<days>{DAYS_LISTED})", lambda found: f"on {_days(found.raw('days'))}"),
    Rule("every each", r"(?:every|each)~{amount}~{unit}", _frequency),
    Rule("each", r"each (?P<of>minute|hour|day|week|month)", "every {of}"),
    Rule("cron", r"cron~[:=]?~(?P<fields>[0-9*?/,-]+(?: [0-9A-Z*?/,#-]+){4})", 'cron "{fields}"'),
    Rule("cron", r"cron~[:=]~{text}", "cron {text}"),
    Rule(
        "manual manually hand none never",
        r"(?:schedule~[:=]?~)?(?:manual(?:ly)?|none|never)",
        "by hand",
    ),
    Rule(
        "once",
        rf"once(?: on| at)?~{_AT}",
        lambda found: f"once at {found.raw('time').replace(' ', 'T')}",
    ),
    Rule("starting", rf"(?P<word>starting)~{_AT}", _time),
    Rule(
        "start starts beginning from since",
        rf"(?:start|starts|begin|begins|beginning|from|since)(?: at| on)?~[:=]?~{_AT}",
        lambda found: f"starting {found.raw('time').replace(' ', 'T')}",
    ),
    Rule("starting", r"starting (?:at|on|from)", "starting"),
    Rule(
        "until end ends ending to till",
        r"(?:until|ends?|ending|till?|to|through)(?: on| at)?~[:=]?~"
        r"\"?(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})\"?",
        "until {date}",
    ),
)
