"""A number that is not finite is missing: one rule, for columns, lists and what is made of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from engine_folders import column, csv, parquet
from segdsl.engine import Data, open_data
from segdsl.sql import Context, selection
from support import segment_of

CUSTOMERS = """SELECT * FROM (VALUES
  ('a', 'nan'::DOUBLE, 'nan'::FLOAT, 'inf'::DOUBLE, ['nan'::DOUBLE], ['nan'::FLOAT], 'nan'::DOUBLE),
  ('b', 2.0, 2.0, '-inf'::DOUBLE, [2.0, 'inf'::DOUBLE], [2, NULL], 1700000000),
  ('c', NULL, NULL, NULL, NULL, NULL, NULL)
) AS t (cdp_customer_id, x, single, endless, list, singles, seen)"""
EVENTS = """SELECT * FROM (VALUES
  ('a', 1, 'nan'::DOUBLE, ['nan'::DOUBLE]), ('a', 2, 5.0, [1.0]),
  ('b', 1, 'inf'::DOUBLE, ['inf'::DOUBLE]), ('b', 2, '-inf'::DOUBLE, []),
  ('c', 1, 'nan'::DOUBLE, [])
) AS t (cdp_customer_id, timestamp, amount, parts)"""

SELECTED = {
    "x is null": "ac",
    "x > 1": "b",
    "x != 2": "ac",
    "single is null": "ac",
    "single >= 2": "b",
    "endless is null": "abc",
    "endless > 1": "",
    "endless < 1": "",
    "any of list > 1": "b",
    "any of list is null": "ab",
    "every one of list > 1": "",
    "at least 1 of list >= 0": "b",
    "at most 0 of list > 1": "a",
    "exactly 1 of list is null": "ab",
    "not any of list > 1": "ac",
    "any of singles > 1": "b",
    "any of singles is null": "ab",
    "sum(visits.amount) > 1": "a",
    "sum(visits.amount) = 0": "bc",
    "max(visits.amount) = 5": "a",
    "min(visits.amount) <= 5": "abc",
    "max(visits.amount) > 5": "",
    "average(visits.amount) = 5": "a",
    "average(visits.amount) = 0": "bc",
    "sum(visits.amount over 1 day) = 5": "a",
    "last(visits.amount by timestamp) = 5": "a",
    "count distinct (visits.amount) = 2": "a",
    "count distinct (visits.amount) = 1": "bc",
    "count(visits where amount is null) >= 1": "abc",
    "count(visits where any of parts > 0) >= 1": "a",
}


@pytest.mark.parametrize("format", ["parquet", "duckdb"])
def test_non_finite_numbers_are_missing(tmp_path: Path, format: str) -> None:
    path = tmp_path
    if format == "parquet":
        parquet(tmp_path, "customers", CUSTOMERS)
        parquet(tmp_path, "behavior_visits", EVENTS)
        (tmp_path / "parent_segment.toml").write_text('[types.customers]\nseen = "timestamp"\n')
    else:
        path = tmp_path / "x.duckdb"
        (tmp_path / "x.toml").write_text('[types.customers]\nseen = "timestamp"\n')
        with duckdb.connect(path) as connection:
            connection.execute(f"CREATE TABLE customers AS {CUSTOMERS}")
            connection.execute(f"CREATE TABLE behavior_visits AS {EVENTS}")
    with open_data(path) as data:
        for where, expected in SELECTED.items():
            assert selected(data, where) == expected, where
        assert column(data, "seen") == [None, 1700000000, None]


def selected(data: Data, where: str) -> str:
    context = Context(1_700_000_000, "UTC", data.catalog)
    rows = data.start(selection(segment_of(where), context)).wait().rows
    return "".join(sorted(str(id) for (id,) in rows))


def test_strings_declared_as_numbers(tmp_path: Path) -> None:
    csv(
        tmp_path,
        "customers",
        'cdp_customer_id,x,list\na,nan,"[1, NaN, 1e999]"\nb,-inf,"[]"\nc,1.5,\n',
    )
    (tmp_path / "parent_segment.toml").write_text(
        '[types.customers]\nx = "number"\nlist = "number_array"\n'
    )
    with open_data(tmp_path) as data:
        assert column(data, "x") == [None, None, 1.5]
        assert column(data, "list") == [[1, None, None], [], None]
        assert selected(data, "x > 0") == "c"
        assert selected(data, "any of list > 1") == ""


def test_invalid_times_are_missing(tmp_path: Path) -> None:
    parquet(
        tmp_path,
        "customers",
        "SELECT * FROM (VALUES ('a', 'nan'::DOUBLE, 'infinity'::TIMESTAMP), ('b', 1e300, NULL), "
        "('c', 1700000000.5, TIMESTAMP '2024-01-01 00:00:00')) AS t (cdp_customer_id, seen, made)",
    )
    (tmp_path / "parent_segment.toml").write_text('[types.customers]\nseen = "timestamp"\n')
    with open_data(tmp_path) as data:
        assert column(data, "seen") == [None, None, 1700000000]
        assert column(data, "made") == [None, None, 1704067200]
        assert selected(data, "seen before 2100-01-01") == "c"
