"""Queries on rows in memory: types of JSON values, and what does not fit them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlglot import parse_one

from segdsl.engine import QueryFailed
from segdsl.engine.rows import MemoryTable, memory_table, query_rows
from segdsl.language.values import ColumnType


def of_type(type: ColumnType | None, *values: Any) -> MemoryTable:
    return memory_table("t", [("x", type)], [(str(at), value) for at, value in enumerate(values)])


def query(table: MemoryTable, sql: str = "SELECT x FROM t ORDER BY cdp_customer_id") -> list[Any]:
    rows = query_rows([table], parse_one(sql, dialect="duckdb")).rows
    return [value for (value,) in rows]


@pytest.mark.parametrize(
    ("type", "values", "own"),
    [
        ("string", ["a", None, ""], "VARCHAR"),
        ("number", [1, None, -(2**63)], "BIGINT"),
        ("number", [1, 0.5], "DOUBLE"),
        ("number", [2.0**70, 1], "DOUBLE"),
        ("timestamp", [0, None], "BIGINT"),
        ("boolean", [True, None], "BOOLEAN"),
        ("string_array", [["a", None], []], "VARCHAR[]"),
        ("number_array", [[1.5, None], None], "DOUBLE[]"),
        (None, ["a", None], "VARCHAR"),
    ],
)
def test_values_that_fit(type: ColumnType | None, values: list[Any], own: str) -> None:
    table = of_type(type, *values)
    assert table.types == ("VARCHAR", own)
    assert query(table) == values
    assert [each.type for each in table.table.columns] == ([] if type is None else [type])


@pytest.mark.parametrize(
    ("type", "values", "kept"),
    [
        ("number", [1, "n/a"], ["1", "n/a"]),
        ("number", [True], ["true"]),
        ("timestamp", [1.5], ["1.5"]),
        ("timestamp", ["2024-01-01"], ["2024-01-01"]),
        ("boolean", [1], ["1"]),
        ("string", [3], ["3"]),
        ("string_array", [["a"], 'not ["json"'], ['["a"]', 'not ["json"']),
        ("number_array", [["a"]], ['["a"]']),
        (None, [{"a": [1, None]}, 1.5], ['{"a": [1, null]}', "1.5"]),
    ],
)
def test_values_that_do_not_fit_are_kept_as_strings(
    type: ColumnType | None, values: list[Any], kept: list[str]
) -> None:
    table = of_type(type, *values)
    assert query(table) == kept
    assert (table.table.columns, table.table.untyped) == ((), frozenset({"x"}))


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [("string_array", '["a",null]', ["a", None]), ("boolean", "true", True)],
)
def test_arrays_and_booleans_as_json(type: ColumnType, text: str, value: Any) -> None:
    assert query(of_type(type, text, None)) == [value, None]


def test_integers_have_no_decimal_places() -> None:
    assert of_type("number", 1, 2).table.columns[0].places == 0
    assert of_type("number", 1, 2.5).table.columns[0].places is None


def test_no_rows() -> None:
    assert query(of_type("number")) == []


def test_names_are_quoted() -> None:
    table = memory_table('a "b"', [('c "d"', "number")], [("1", 2)])
    assert query(table, 'SELECT "c ""d""" FROM "a ""b"""') == [2]


@pytest.mark.parametrize(
    "sql", ["SELECT error('no') FROM t", "SELECT * FROM read_csv('/etc/passwd')", "SELECT y FROM t"]
)
def test_a_query_that_fails(sql: str) -> None:
    with pytest.raises(QueryFailed):
        query(of_type("number", 1), sql)
