"""Cron expressions: which are valid, which never run, and what is said of the others."""

from __future__ import annotations

import pytest

from segdsl.analysis.checking.cron import fault


@pytest.mark.parametrize(
    "expression",
    [
        "0 3 * * *",
        "*/15 * * * *",
        "0 0 1 * *",
        "0 0 29 2 *",
        "0 0 31 1,3 *",
        "0 0 31 feb-mar *",
        "0 9 * * mon-FRI",
        "0 9 * * 7",
        "5/20 1-5,8 * * sun",
        "@daily",
        "@hourly",
        " 0  3 * * * ",
        # The day of the week counts where it runs more often.
        "0 0 30 2 1",
        # No day is left out.
        "0 0 1-31 2 *",
    ],
)
def test_these_are_fine(expression: str) -> None:
    assert fault(expression) is None


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 0 30 2 *", "no Feb has a day 30"),
        ("0 0 30,31 feb *", "no Feb has a day 30"),
        ("0 0 31 2,4,6,9,11 *", "no Feb, Apr, Jun, Sep or Nov has a day 31"),
    ],
)
def test_these_never_run(expression: str, message: str) -> None:
    found = fault(expression)
    assert found is not None
    assert found.never
    assert found.message == message


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 3 * *", "a cron expression has five fields, but this one has 4"),
        ("0 0 3 * * *", "a cron expression has five fields, but this one has 6"),
        ("", "a cron expression has five fields, but this one has 0"),
        ("60 * * * *", '"60" is not a valid minute of a cron expression'),
        ("0 24 * * *", '"24" is not a valid hour of a cron expression'),
        ("0 0 0 * *", '"0" is not a valid day of the month of a cron expression'),
        ("0 0 * 13 *", '"13" is not a valid month of a cron expression'),
        ("0 0 * * 8", '"8" is not a valid day of the week of a cron expression'),
        ("0 0 * * monday", '"monday" is not a valid day of the week of a cron expression'),
        ("0 0 L * *", '"L" is not a valid day of the month of a cron expression'),
        ("0 0 ? * *", '"?" is not a valid day of the month of a cron expression'),
        ("*/0 * * * *", '"*/0" is not a valid minute of a cron expression'),
        ("1,,2 * * * *", '"" is not a valid minute of a cron expression'),
        ("30-10 * * * *", 'the range "30-10" of the minute ends before it begins'),
        ("@never", '"@never" is not a schedule'),
        ("² * * * *", '"²" is not a valid minute of a cron expression'),
    ],
)
def test_these_are_invalid(expression: str, message: str) -> None:
    found = fault(expression)
    assert found is not None
    assert not found.never
    assert found.message == message
    assert found.help
