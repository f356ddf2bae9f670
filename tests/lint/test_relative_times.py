"""SEG608 to SEG610: times that say something else than they seem to, and where that is not so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from linting import codes, findings

from reference.evaluator import evaluate
from reference.population import Population, Profile
from segdsl.analysis.lint import relative_times
from segdsl.analysis.lint.normal_form import Node
from strategies.populations import NOW
from support import segment_of

NULLS = "SEG601"


@pytest.mark.parametrize(
    "where",
    [
        "no purchases where timestamp within past 7 days",
        "not (has purchases where timestamp within past 7 days)",
        "count(purchases where timestamp within past 7 days) < 3",
        "count(purchases where timestamp within past 2 hours) <= 3",
        "count(purchases where timestamp within past 7 days) = 0",
        "count(purchases where timestamp within past 7 days) between 1 and 3",
        "count(purchases where timestamp within past 7 days) in (0, 1)",
        "not count(purchases where timestamp within past 7 days) > 3",
        "count distinct (purchases.sku where timestamp within past 1 month) < 2",
        "sum(purchases.amount where k = 1 and timestamp within past 3 days) <= 3",
        "no purchases where a = 1 and (b = 2 or timestamp within past 7 days)",
        "last_visit not within past 30 days",
        "not last_visit within past 30 days",
        "not (age > 3 and last_visit within past 30 days)",
        "last_visit not within past 30 days or last_visit is null",
        "last_visit is not null and last_visit not within past 30 days",
        "max(purchases.timestamp) not within past 3 days",
        "has purchases where timestamp not within past 7 days",
    ],
)
def test_a_time_that_excludes_today_is_reported(where: str) -> None:
    assert codes(where, NULLS) == ["SEG608"]


@pytest.mark.parametrize(
    "where",
    [
        "has purchases where timestamp within past 7 days",
        "count(purchases where timestamp within past 7 days) >= 3",
        "count(purchases where timestamp within past 7 days) != 0",
        "count(purchases where timestamp within past 7 days) not between 0 and 3",
        "not count(purchases where timestamp within past 7 days) < 3",
        "not (no purchases where timestamp within past 7 days)",
        "average(purchases.amount where timestamp within past 7 days) < 3",
        "last_visit within past 30 days",
        "not not last_visit within past 30 days",
        "renewal not within next 30 days",
        "no purchases where timestamp at most 7 days ago",
        "last_visit not at most 30 days ago",
        # Another time is asked beside it, and may well see to today.
        "last_visit not within past 30 days and last_visit is not today",
        "last_visit not within past 30 days and last_visit more than 90 days ago",
        "last_visit more than 60 days ago or last_visit not within past 30 days",
        "no purchases where timestamp within past 7 days or timestamp is today",
        "(no buys where timestamp within past 7 days) and (no buys where timestamp is today)",
    ],
)
def test_a_time_that_includes_today_is_not_reported(where: str) -> None:
    assert codes(where, NULLS) == []


def test_the_message_uses_the_source_text() -> None:
    [found] = findings('segment "x" where no `my buys` where bought within past 2 weeks')
    assert found.message == (
        "`within past 2 weeks` ends before the current week, so events of `` `my buys` `` of the "
        "current week are not counted"
    ).replace("`` `my buys` ``", "``my buys``")
    assert found.help is not None
    assert found.help.startswith("`bought at most 2 weeks ago`")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("expires is today", ["SEG609"]),
        ("not expires is today", ["SEG609"]),
        ("subscription_end_date is today", ["SEG609"]),
        ("renewalDate is today", ["SEG609"]),
        ("has bookings where departure_date is today", ["SEG609"]),
        ("last_visit is today", []),
        ("has purchases where timestamp is today", []),
        ("weekend_visit is today", []),
        ("expires in this day", []),
        ("expires at most 3 days ago", []),
        ("birthday is today", ["SEG610"]),
        ("birthday in next week", ["SEG610"]),
        ("birth_date in this month", ["SEG610"]),
        ("dob within next 7 days", ["SEG610"]),
        ("wedding_anniversary in last month", ["SEG610"]),
        ("customerDateOfBirth between 3 and 7 days from now", ["SEG610"]),
        ("birthday within past 7 days", ["SEG610"]),
        ("誕生日 in next week", ["SEG610"]),
        ("birthday more than 18 years ago", []),
        ("birthday before 2000-01-01", []),
        ("birth_date within past 18 years", []),
        ("birth_year = 1990", []),
        ("next_birthday in next week", []),
        ("signup in next week", []),
        ("any of birthdays in next week", []),
        ("robin_birthplace = 1", []),
    ],
)
def test_what_the_name_of_a_column_tells(where: str, expected: list[str]) -> None:
    if where.startswith("誕"):
        where = where.replace("誕生日", "`誕生日`")
    assert codes(where, NULLS) == expected


# --- what is claimed is so ---------------------------------------------------------------

UNITS = ["day", "week", "month", "quarter", "year", "hour", "minute", "second"]


def holds(where: str, *, visit: int | None = None, events: tuple[int, ...] = ()) -> bool:
    segment = segment_of(where)
    profile = Profile(
        "1", {"visit": visit}, events={"behavior_p": tuple({"timestamp": at} for at in events)}
    )
    return evaluate(segment.condition, profile, Population((profile,), NOW, "Asia/Tokyo"))


@pytest.mark.parametrize("unit", UNITS)
def test_now_is_left_out_as_is_said_and_the_help_takes_it_in(unit: str) -> None:
    assert holds(f"visit not within past 3 {unit}s", visit=NOW)
    assert not holds(f"visit not at most 3 {unit}s ago", visit=NOW)
    assert holds(f"no p where timestamp within past 3 {unit}s", events=(NOW,))
    assert not holds(f"no p where timestamp at most 3 {unit}s ago", events=(NOW,))
    # And where nothing is in the current unit the two are the same.
    for before in (NOW - 400 * 86_400 * 4, NOW - 86_400 * 2):
        if unit not in ("week", "month", "quarter", "year"):
            assert holds(f"visit not within past 3 {unit}s", visit=before) == holds(
                f"visit not at most 3 {unit}s ago", visit=before
            )
    assert holds(f"visit not at most 3 {unit}s ago", visit=None)


def test_today_goes_on_as_is_said_and_the_help_ends_it() -> None:
    later = NOW + 40 * 86_400
    assert holds("visit is today", visit=later)
    assert holds("visit in this day", visit=NOW)
    assert not holds("visit in this day", visit=later)


def test_many_such_conditions_are_looked_at_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked otherwise is found once for all of them."""
    calls = 0
    real = relative_times._other_time_tests

    def counting(among: Node) -> Iterator[object]:
        nonlocal calls
        calls += 1
        return real(among)

    monkeypatch.setattr(relative_times, "_other_time_tests", counting)
    where = " and ".join(f"a{at} not within past 3 days" for at in range(200))
    assert codes(where, NULLS).count("SEG608") == 200
    assert calls == 1
