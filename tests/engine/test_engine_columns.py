"""What the columns of Parquet files and databases become."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from engine_folders import column, parquet, sql, types
from segdsl.engine import DataError, QueryFailed, open_data

TOKYO = ZoneInfo("Asia/Tokyo")
UUID = "00000000-0000-0000-0000-000000000001"
MIDNIGHT = int(datetime(2024, 3, 1, tzinfo=TOKYO).timestamp())

COLUMNS: list[tuple[str, str, Any]] = [
    ("5::TINYINT", "number", 5),
    ("5::UINTEGER", "number", 5),
    ("9007199254740993::BIGINT", "number", 9007199254740993),
    ("5::HUGEINT", "number", 5),
    ("0.1::DOUBLE", "number", 0.1),
    ("0.5::FLOAT", "number", 0.5),
    ("'nan'::DOUBLE", "number", None),
    ("'nan'::FLOAT", "number", None),
    ("1.25::DECIMAL(18, 2)", "number", 1.25),
    ("3::DECIMAL(18, 2)", "number", 3),
    ("1.25::DECIMAL(38, 10)", "number", 1.25),
    ("'Ünï'", "string", "Ünï"),
    ("''", "string", ""),
    ("'b'::ENUM('b', 'a')", "string", "b"),
    (
        "'00000000-0000-0000-0000-000000000001'::UUID",
        "string",
        "0" * 8 + "-0000" * 3 + "-000000000001",
    ),
    ("""'{"a": 1}'::JSON""", "string", '{"a": 1}'),
    ("'text'::BLOB", "string", "text"),
    ("true", "boolean", True),
    ("['a', NULL]", "string_array", ["a", None]),
    ("[]::VARCHAR[]", "string_array", []),
    ("[1, NULL]", "number_array", [1, None]),
    ("[1.5]::DECIMAL(5, 2)[]", "number_array", [1.5]),
    ("DATE '2024-03-01'", "timestamp", MIDNIGHT),
    ("TIMESTAMP '2024-03-01 00:00:00.9'", "timestamp", MIDNIGHT),
    ("TIMESTAMP_S '2024-03-01 00:00:00'", "timestamp", MIDNIGHT),
    ("TIMESTAMP_MS '2024-03-01 00:00:00'", "timestamp", MIDNIGHT),
    ("TIMESTAMP_NS '2024-03-01 00:00:00'", "timestamp", MIDNIGHT),
    ("TIMESTAMPTZ '2024-02-29 15:00:00+00'", "timestamp", MIDNIGHT),
    ("DATE '1969-12-31'", "timestamp", -32400 - 86400),
    ("TIMESTAMP '1970-01-01 08:59:59.5'", "timestamp", -1),
    ("'infinity'::DATE", "timestamp", None),
]


@pytest.mark.parametrize(("value", "type", "read"), COLUMNS, ids=[each[0] for each in COLUMNS])
@pytest.mark.parametrize("format", ["parquet", "duckdb"])
def test_types(tmp_path: Path, format: str, value: str, type: str, read: object) -> None:
    query = (
        f"SELECT 'a' AS cdp_customer_id, {value} AS x UNION ALL "
        f"SELECT 'b', NULL ORDER BY cdp_customer_id"
    )
    path = tmp_path
    if format == "parquet":
        parquet(tmp_path, "customers", query)
        (tmp_path / "parent_segment.toml").write_text('timezone = "Asia/Tokyo"')
    else:
        path = tmp_path / "x.duckdb"
        (tmp_path / "x.toml").write_text('timezone = "Asia/Tokyo"')
        with duckdb.connect(path) as connection:
            connection.execute(f"CREATE TABLE customers AS {query}")
    if format == "duckdb" and "BLOB" in value:
        with pytest.raises(DataError, match="`x` has the unsupported type BLOB"):
            open_data(path)
        return
    with open_data(path) as data:
        assert types(data) == {"x": type}
        assert column(data, "x") == [read, None]


DECLARED: list[tuple[str, str, Any]] = [
    ("5", "string", "5"),
    ("true", "string", "true"),
    ("1", "boolean", True),
    ("'no'", "boolean", False),
    ("'1.5'", "number", 1.5),
    ("1700000000", "timestamp", 1700000000),
    ("1700000000::INTEGER", "timestamp", 1700000000),
    ("1700000000.9::DOUBLE", "timestamp", 1700000000),
    ("1700000000::DECIMAL(12, 0)", "timestamp", 1700000000),
    ("'2024-03-01'", "timestamp", MIDNIGHT),
    ("'2024-03-01T00:00:00'", "timestamp", MIDNIGHT),
    ("'2024-02-29T15:00:00Z'", "timestamp", MIDNIGHT),
    ("DATE '2024-03-01'", "date", MIDNIGHT),
    ("""'["a", null, 1]'""", "string_array", ["a", None, "1"]),
    ("'[1, 2.5, null]'", "number_array", [1, 2.5, None]),
    ("'[]'", "number_array", []),
    ("[1, 2]", "string_array", ["1", "2"]),
]


@pytest.mark.parametrize(("value", "type", "read"), DECLARED, ids=lambda each: str(each))
def test_declared_types(tmp_path: Path, value: str, type: str, read: object) -> None:
    parquet(
        tmp_path,
        "customers",
        f"SELECT 'a' AS cdp_customer_id, {value} AS x UNION ALL SELECT 'b', NULL",
    )
    (tmp_path / "parent_segment.toml").write_text(
        f'timezone = "Asia/Tokyo"\n[types.customers]\nx = "{type}"\n'
    )
    with open_data(tmp_path) as data:
        assert types(data) == {"x": type}
        assert column(data, "x") == [read, None]


def test_ids_are_strings_for_every_type(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", "SELECT i AS cdp_customer_id, i AS n FROM range(2) AS r(i)")
    parquet(
        tmp_path, "behavior_x", "SELECT 1::TINYINT AS cdp_customer_id, 5 AS time, 6.5 AS timestamp"
    )
    with open_data(tmp_path) as data:
        assert column(data, "cdp_customer_id") == ["0", "1"]
        query = "SELECT x.* FROM behavior_x AS x JOIN customers USING (cdp_customer_id)"
        assert data.start(sql(query)).wait().rows == (("1", 5, 6),)
        assert types(data, "behavior_x") == {"time": "timestamp", "timestamp": "timestamp"}


def test_a_column_without_any_value(tmp_path: Path) -> None:
    """What DuckDB itself takes it for depends on its version."""
    parquet(tmp_path, "customers", "SELECT 'a' AS cdp_customer_id, NULL AS x, NULL AS y")
    (tmp_path / "parent_segment.toml").write_text('[types.customers]\ny = "string"')
    with open_data(tmp_path) as data:
        assert types(data)["x"] in ("string", "number")
        assert column(data, "x") == column(data, "y") == [None]


def test_a_time_column_of_profiles_is_a_number_unless_declared(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", "SELECT 'a' AS cdp_customer_id, 5 AS timestamp, 6 AS time")
    (tmp_path / "parent_segment.toml").write_text('[types.customers]\ntime = "timestamp"')
    with open_data(tmp_path) as data:
        assert types(data) == {"timestamp": "number", "time": "timestamp"}


def test_skipped_and_repeated_hours(tmp_path: Path) -> None:
    """Times without an offset are the parent segment's; of two it is the second."""
    parquet(
        tmp_path,
        "customers",
        "SELECT unnest(['a', 'b', 'c']) AS cdp_customer_id, unnest([TIMESTAMP "
        "'2024-03-10 02:30:00', '2024-11-03 01:30:00', '2024-11-03 12:00:00']) AS x",
    )
    (tmp_path / "parent_segment.toml").write_text('timezone = "America/New_York"')
    zone = ZoneInfo("America/New_York")
    with open_data(tmp_path) as data:
        assert column(data, "x") == [
            int(datetime(2024, 3, 10, 3, 30, tzinfo=zone).timestamp()),
            int(datetime(2024, 11, 3, 1, 30, tzinfo=zone, fold=1).timestamp()),
            int(datetime(2024, 11, 3, 12, 0, tzinfo=zone).timestamp()),
        ]


def test_a_value_of_another_than_the_declared_type_fails_the_query(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", "SELECT 'a' AS cdp_customer_id, 'tomorrow' AS x")
    (tmp_path / "parent_segment.toml").write_text('[types.customers]\nx = "timestamp"')
    with open_data(tmp_path) as data, pytest.raises(QueryFailed, match="tomorrow"):
        column(data, "x")


@pytest.mark.parametrize(
    "name", ['a"b', "it's", "a b", "日本", "select", "a;--", "$1", "a\\b", "x\ny"]
)
def test_columns_of_any_name(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    parquet(tmp_path, "customers", f"""SELECT 'a' AS cdp_customer_id, 0.5::DOUBLE AS "{quoted}" """)
    with open_data(tmp_path) as data:
        assert types(data) == {name: "number"}
        assert column(data, quoted) == [0.5]
