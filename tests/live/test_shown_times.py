"""Times of sampled values as a person reads them."""

from __future__ import annotations

import pytest

from segdsl.workspace.remote.shown_times import shown_time


@pytest.mark.parametrize(
    ("value", "zone", "shown"),
    [
        (1727740800, "Asia/Tokyo", "2024-10-01T09:00:00+09:00"),
        (1727740800, "UTC", "2024-10-01T00:00:00+00:00"),
        (1714082400, "Africa/Cairo", "2024-04-26T01:00:00+03:00"),
        (-1, "UTC", "1969-12-31T23:59:59+00:00"),
        (1727740800.0, "UTC", "2024-10-01T00:00:00+00:00"),
        # No times, or none of the calendar: shown as they are.
        (None, "UTC", None),
        ("soon", "UTC", "soon"),
        (True, "UTC", True),
        (1.5, "UTC", 1.5),
        (1727740800000, "UTC", 1727740800000),
        (10**400, "UTC", 10**400),
        (-(10**15), "UTC", -(10**15)),
        (1727740800, "Mars/Base", 1727740800),
    ],
)
def test_unix_seconds_become_iso_times(value: object, zone: str, shown: object) -> None:
    assert shown_time(value, zone) == shown
