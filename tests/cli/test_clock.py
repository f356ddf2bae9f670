"""The clock that a person fixes, with `--now` or in segdsl.toml, up to the ends of the calendar."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl
from workspace import NOW, write_project

LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\n'
ENDS = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T00:00:00Z",
    "0001-12-31T23:59:59Z",
    "9999-01-01T00:00:00Z",
]
ALMOST = ["0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "0002-01-02T00:00:00+14:00"]
SEGMENT = 'segment "x" where signup within past 9 quarters or signup in next week\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    (tmp_path / "x.seg").write_text(SEGMENT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("now", ENDS)
def test_a_clock_at_an_end_of_the_calendar_is_refused(project: Path, now: str) -> None:
    for command in (("sql", "x.seg"), ("preview", "x.seg"), ("list",)):
        found = segdsl(*command, "--now", now)
        assert found.exit_code == 2
        assert "--now is at an end of the calendar" in found.stderr
        assert "give a year from 2 to 9998" in found.stderr
    served = segdsl("serve", "--data", "data", "--port", "0", "--now", now)
    assert served.exit_code == 2
    assert "--now is at an end of the calendar" in served.stderr
    (project / "segdsl.toml").write_text(f"{LOCAL}now = {now}\n")
    found = segdsl("list")
    assert found.exit_code == 2
    assert "`now` of the target `local` is at an end of the calendar" in found.stderr


@pytest.mark.parametrize("now", ENDS)
def test_the_same_without_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    (tmp_path / "x.seg").write_text(SEGMENT)
    monkeypatch.chdir(tmp_path)
    found = segdsl("sql", "x.seg", "--now", now)
    assert found.exit_code == 2
    assert "--now is at an end of the calendar" in found.stderr


@pytest.mark.parametrize("now", [*ALMOST, NOW])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_any_other_clock_is_taken_in_every_time_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str, zone: str
) -> None:
    (tmp_path / "x.seg").write_text(SEGMENT)
    monkeypatch.chdir(tmp_path)
    found = segdsl("sql", "x.seg", "--now", now, "--timezone", zone)
    assert found.exit_code == 0, found.stderr
    assert found.stdout.startswith("-- x, as of ")
