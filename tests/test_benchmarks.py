"""The benchmarks: both sides compute the same, and the table says what was measured."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

SUITE = Path(__file__).parent / "benchmarks"


@pytest.fixture
def of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the suite by its name."""
    monkeypatch.syspath_prepend(str(SUITE))
    return importlib.import_module


def comparison(of: Any, **changed: Any) -> Any:
    given: dict[str, Any] = {
        "what": "ours",
        "against": "theirs",
        "target": 2,
        "sense": "at most",
        "ours": lambda: None,
        "theirs": lambda: None,
        "agree": lambda: None,
        "rounds": 3,
    }
    return of("measures").Comparison(**given | changed)


def test_what_the_sides_disagree_about_is_never_timed(of: Any) -> None:
    ran: list[str] = []
    ended: list[str] = []

    def disagree() -> None:
        raise AssertionError("7 and 8")

    row = of("measures").measure(
        comparison(
            of,
            agree=disagree,
            ours=lambda: ran.append("ours"),
            end=lambda: ended.append("end"),
        )
    )
    assert (row.why, ran, ended) == ("the sides disagree: 7 and 8", [], ["end"])
    assert "7 and 8" in of("table").record([row], of("machine").this_machine())
    assert not of("table").all_met([row])


def test_the_sides_run_in_turn_and_as_often(of: Any) -> None:
    ran: list[str] = []
    of("measures").compare(
        comparison(of, ours=lambda: ran.append("o"), theirs=lambda: ran.append("t"), calls=2)
    )
    # One of each to warm up, then two of each in each of three rounds.
    assert "".join(ran) == "ot" + "ttoo" + "oott" + "ttoo"


@pytest.mark.parametrize(
    ("sense", "median", "met"),
    [
        ("at most", 2, True),
        ("at most", 2.1, False),
        ("at least", 2, True),
        ("at least", 1.9, False),
    ],
)
def test_a_target_is_met_or_not(of: Any, sense: str, median: float, met: bool) -> None:
    row = of("measures").Row("ours", "theirs", sense, 2, median, median, median)
    assert row.met is met
    assert of("table").all_met([row]) is met


def test_the_twelve_conditions_select_the_same_as_the_where(of: Any) -> None:
    language = of("language")
    ours = language.selected_by_the_rule()
    assert ours == language.selected_by_sql()
    assert 0 < len(ours) < len(language.profiles())


def test_a_large_segment_goes_round(of: Any) -> None:
    of("large").goes_round((10, 200))


def test_the_list_has_each_segment_and_shows_a_change(of: Any, tmp_path: Path) -> None:
    api = of("listing").Api(tmp_path, 5)
    try:
        assert api.list().count(b'"name":"Segment ') == 5
        api.change()
        assert b'"description":"Change 1"' in api.list()
    finally:
        api.close()


def test_the_check_of_many_files_finds_a_mistake(of: Any, tmp_path: Path) -> None:
    rows = list(of("checks").rows(tmp_path, few=20, files=30))
    assert [each.what for each in rows] == [
        "segdsl check of 20 files, cold",
        "segdsl check of 30 files, cold",
        "the same, nothing changed since",
    ]
    for each in rows:
        each.agree()


def test_the_command_does_what_is_timed(of: Any, tmp_path: Path) -> None:
    for row in of("processes").rows(tmp_path):
        row.agree()


def test_the_hundred_segments_are_different_and_mean_something(of: Any) -> None:
    wheres = of("engine").segments()
    assert len(set(wheres)) == len(wheres) == 100


def test_make_knows_how_to_run_it() -> None:
    root = SUITE.parents[1]
    done = subprocess.run(
        ["make", "-n", "bench", "BENCH=--only engine --json record.json"],
        cwd=root,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert "tests/benchmarks --only engine --json record.json" in done.stdout


def test_a_simulation_and_the_sql_by_hand_ask_the_same(
    of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulating = of("simulating")
    for name, value in (("_DATA", _smaller(simulating._DATA)), ("DAYS", 12), ("PROFILES", 2_000)):
        monkeypatch.setattr(simulating, name, value)
    simulating.write(tmp_path / "data")
    simulating.agree(tmp_path / "data")


def _smaller(sql: str) -> str:
    return sql.replace("300000", "2000").replace("1500000", "10000")


@pytest.mark.slow
def test_ten_million_rows_are_built_in_bounded_memory(of: Any, tmp_path: Path) -> None:
    building = of("building")
    assert building.PROFILES * 2 + building.EVENTS == 10_000_000
    building.write_raw(tmp_path)
    # Python with DuckDB alone takes a hundred megabytes; the file that is built has 200.
    assert building.alone("ours", tmp_path, "200MB") < 600
    kept = building.PROFILES * 9 // 10, building.EVENTS * 9 // 10
    with duckdb.connect(str(tmp_path / "ours.duckdb"), read_only=True) as connection:
        for table, number in zip(("customers", "behavior_orders"), kept, strict=True):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (number,)
