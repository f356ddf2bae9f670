"""Times by the patterns of Java's SimpleDateFormat."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdsl.language.time_formats import LETTERS, Fault, read_time_format
from segdsl.sql.context import SqlError
from segdsl.sql.time_format import format_time

MOMENT = datetime(2024, 3, 9, 0, 5, 7, 42_000, tzinfo=ZoneInfo("Asia/Tokyo"))
WEST = datetime(2024, 3, 9, 15, 5, tzinfo=ZoneInfo("America/St_Johns"))


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd", "2024-03-09"),
        ("yy y yyyyyy", "24 2024 002024"),
        ("M MM MMM MMMM", "3 03 Mar March"),
        ("d dd D DDD", "9 09 69 069"),
        ("E EEEE u", "Sat Saturday 6"),
        ("H HH k kk K h hh a", "0 00 24 24 0 12 12 AM"),
        ("m mm s ss S SSS", "5 05 7 07 42 042"),
        ("Z X XX XXX", "+0900 +09 +0900 +09:00"),
        ("yyyyMMdd'T'HHmmss", "20240309T000507"),
        ("'it''s' ''yy''", "it's '24'"),
        ("", ""),
        ("(年/月) yyyy年", "(年/月) 2024年"),
    ],
)
def test_patterns(pattern: str, written: str) -> None:
    assert format_time(pattern, MOMENT) == written


def test_west_of_greenwich_and_at_it() -> None:
    assert format_time("h a Z XXX", WEST) == "3 PM -0330 -03:30"
    assert format_time("Z X", WEST.astimezone(UTC)) == "+0000 Z"


@pytest.mark.parametrize(
    "pattern", ["YYYY", "ww", "z", "G", "yyyy-MM-dd T", "'open", "it''s o'", "XXXX"]
)
def test_other_patterns_are_refused(pattern: str) -> None:
    assert isinstance(read_time_format(pattern), Fault)
    with pytest.raises(SqlError):
        format_time(pattern, MOMENT)


@given(st.text("yMdHhms'-: aZX"), st.datetimes(timezones=st.just(UTC)))
def test_a_pattern_is_refused_before_it_is_used(pattern: str, moment: datetime) -> None:
    if isinstance(read_time_format(pattern), list):
        format_time(pattern, moment)


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_writes_something(letter: str) -> None:
    assert format_time(letter, MOMENT)


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))
def test_a_time_can_be_read_back(moment: datetime) -> None:
    written = format_time("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", moment)
    exact = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(written) == exact
