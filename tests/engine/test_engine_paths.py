"""Folders and files whose names have signs that DuckDB takes for patterns, and what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from engine_folders import parquet
from segdsl.engine import DataError, open_data

SIGNS = (
    "d[z]",
    "d*",
    "d?",
    "**",
    "d[",
    "[!a]",
    "a\\[b]",
    "k=v[1]",
    "'[x]'",
    "{a,b}",
    "a]b",
    "ü [1]",
)
ROWS = "SELECT 'c' || i AS cdp_customer_id, {} AS n FROM range(2) AS r(i)"


def values(folder: Path, table: str = "customers") -> list[object]:
    with open_data(folder) as data:
        query = exp.select("n").from_(exp.to_identifier(table, quoted=True))
        return [row[0] for row in data.start(query).wait().rows]


@pytest.mark.skipif(os.name != "posix", reason="such names are not for every system")
@pytest.mark.parametrize("format", ["parquet", "csv"])
@pytest.mark.parametrize("name", SIGNS)
def test_special_characters_in_a_path_are_no_pattern(
    name: str, format: str, tmp_path: Path
) -> None:
    """Also where a pattern would find another folder beside it."""
    for number, each in enumerate((name, "dz", "d", "za", "a", "b", "k=v1", "x", "a[b]")):
        folder = tmp_path / each
        if format == "parquet":
            parquet(folder, "customers", ROWS.format(number))
        else:
            folder.mkdir()
            (folder / "customers.csv").write_text(f"cdp_customer_id,n\na,{number}\nb,{number}\n")
    assert values(tmp_path / name) == [0, 0]


@pytest.mark.skipif(os.name != "posix", reason="such names are not for every system")
def test_special_characters_in_the_name_of_a_file_or_database(tmp_path: Path) -> None:
    parquet(tmp_path / "data", "customers", ROWS.format(1))
    parquet(
        tmp_path / "data",
        "behavior_a[b]*",
        "SELECT 'c0' AS cdp_customer_id, 1::BIGINT AS time, 5 AS n",
    )
    assert values(tmp_path / "data", "behavior_a[b]*") == [5]
    for name in ("x[1].duckdb", "x?.duckdb", "x*.duckdb"):
        path = tmp_path / "d[b]" / name
        path.parent.mkdir(exist_ok=True)
        plain = tmp_path / "plain.duckdb"
        with duckdb.connect(str(plain)) as connection:
            connection.execute(f"CREATE TABLE customers AS {ROWS.format(7)}")
        plain.rename(path)
        (path.with_suffix(".toml")).write_text('name = "here"\n')
        assert values(path) == [7, 7]
        with open_data(path) as data:
            assert data.parent.name == "here"


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are made otherwise")
def test_other_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table's columns are named in errors: a link must not lead to a file of secrets."""
    monkeypatch.setenv("TD_API_KEY", "1234/secret")
    folder = tmp_path / "data"
    parquet(folder, "customers", ROWS.format(1))
    secret = tmp_path / "credentials.toml"
    secret.write_text('apikey = "1234/secret"\n')
    for target in ("/proc/self/environ", "/dev/zero", str(secret), "nothing"):
        for name in ("behavior_x.csv", "orders.csv"):
            (folder / name).symlink_to(target)
            with pytest.raises(DataError) as told:
                open_data(folder)
            assert "secret" not in str(told.value)
            (folder / name).unlink()
    os.mkfifo(folder / "behavior_x.csv")
    with pytest.raises(DataError, match="is a pipe or a device"):
        open_data(folder)
    (folder / "behavior_x.csv").unlink()
    os.mkfifo(folder / "orders.csv")
    assert values(folder) == [1, 1]


def test_links_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    parquet(tmp_path / "d[z]", "customers", ROWS.format(1))
    with open_data(tmp_path / "d[z]"):
        assert len(os.listdir(temporary)) >= 1
    assert os.listdir(temporary) == []
    (tmp_path / "d[z]" / "parent_segment.toml").write_text('timezone = "UTC"\n[groups]\nx = "y"\n')
    with pytest.raises(DataError):
        open_data(tmp_path / "d[z]")
    assert os.listdir(temporary) == []


@pytest.mark.skipif(os.name != "posix", reason="such names are not for every system")
def test_a_file_name_that_is_not_utf8_is_skipped_and_reported(tmp_path: Path) -> None:
    """DuckDB refused the list of all files, with a traceback."""
    parquet(tmp_path / "d", "customers", ROWS.format(1))
    for name in (b"behavior_\xff.csv", b"\xfe.csv"):
        Path(os.fsdecode(os.fsencode(tmp_path / "d") + b"/" + name)).write_text("a,timestamp\n")
    with open_data(tmp_path / "d") as data:
        assert sorted(data.skipped.values()) == [
            "behavior_\ufffd.csv has a name that is not UTF-8",
            "\ufffd.csv has a name that is not UTF-8",
        ]
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff"))
    (tmp_path / "d").rename(folder)
    with pytest.raises(DataError, match="not UTF-8: rename it"):
        open_data(folder)
