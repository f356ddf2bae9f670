"""Tables without the prefix of behaviors: which are behaviors, and why others are not."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from engine_folders import csv, parquet, types
from segdsl.engine import open_data
from segdsl.engine.errors import DataError

CUSTOMERS = "cdp_customer_id\nc1\nc2\n"
EVENTS = "cdp_customer_id,timestamp,total\nc1,1727600000,5\n"


def described(folder: Path, text: str) -> None:
    csv(folder, "customers", CUSTOMERS)
    (folder / "parent_segment.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("time", ["timestamp", "time"])
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_file_with_profiles_and_times_is_a_behavior(
    format: str, time: str, tmp_path: Path
) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    if format == "csv":
        csv(tmp_path, "orders", EVENTS.replace("timestamp", time))
    else:
        parquet(tmp_path, "orders", f"SELECT 'c1' AS cdp_customer_id, 5 AS {time}, 5 AS total")
    with open_data(tmp_path) as data:
        assert data.catalog.behaviors == ("orders",)
        assert types(data, "orders") == {time: "timestamp", "total": "number"}
        assert data.skipped == {}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("prices", "sku,price\nA,3\n", "prices.csv has no column `cdp_customer_id`"),
        ("tiers", "cdp_customer_id,tier\nc1,A\n", "tiers.csv has no column `timestamp` or `time`"),
        ("notes", '"a\n', "notes.csv cannot be read"),
        *(
            (name, EVENTS, f"{name}.csv has a reserved name")
            for name in ("behavior_", "Behavior_x", "customer_group_", "behaviors", "segment_1")
        ),
    ],
)
def test_other_files_are_skipped_with_a_reason(
    name: str, text: str, why: str, tmp_path: Path
) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    csv(tmp_path, name, text)
    with open_data(tmp_path) as data:
        assert data.catalog.behaviors == ()
        assert data.skipped == {name: why}
    # What is named in the description is not passed over in silence.
    described(tmp_path, f'[types.{name}]\nx = "number"\n')
    with pytest.raises(DataError, match=re.escape(why)):
        open_data(tmp_path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("orders.xlsx", "orders.xlsx is not read: convert it to Parquet"),
        ("orders.json", "convert it to Parquet"),
        ("behavior_orders.csv.gz", "behavior_orders.csv.gz is not read: convert it"),
        ("orders.CSV", "orders.CSV is not read: rename it to orders.csv"),
        ("behavior_orders.Parquet", "rename it to behavior_orders.parquet"),
    ],
)
def test_data_in_other_formats_is_reported(tmp_path: Path, name: str, why: str) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    (tmp_path / name).write_bytes(b"PK")
    with open_data(tmp_path) as data:
        (told,) = data.skip_messages
        assert why in told
        assert list(data.skipped.values()) == [told]


def test_only_unread_data_is_reported(tmp_path: Path) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    csv(tmp_path, "orders", EVENTS)
    described(tmp_path, 'name = "x"\n')
    for name in ("README.md", "Makefile", ".hidden.json", "orders.xlsx", "load.py"):
        (tmp_path / name).write_text("x")
    (tmp_path / "old").mkdir()
    with open_data(tmp_path) as data:
        assert data.skip_messages == ()


def test_hints_for_tables_without_the_prefix(tmp_path: Path) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    csv(tmp_path, "orders", "cdp_customer_id,bought\nc1,2024-01-01\n")
    csv(tmp_path, "segment_1", EVENTS)
    (tmp_path / "behavior_visits").mkdir()
    with open_data(tmp_path) as data:
        orders, segment, visits = data.skip_messages
    assert orders == (
        "orders.csv has no column `timestamp` or `time`; with `cdp_customer_id` and `timestamp` it "
        'is the behavior `table "orders"`, and named behavior_orders the behavior `orders`'
    )
    assert segment.endswith(
        "events are read from behavior_<name>, or from any table with "
        "`cdp_customer_id` and `timestamp`"
    )
    assert visits == (
        "behavior_visits is a folder: a table is one file, behavior_visits.parquet or .csv"
    )


def test_tables_of_a_database(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "a.duckdb") as connection:
        connection.execute("CREATE TABLE customers AS SELECT 'c1' AS cdp_customer_id")
        connection.execute(
            "CREATE TABLE orders AS SELECT 'c1' AS cdp_customer_id, 5 AS time, 7 AS total"
        )
        connection.execute("CREATE VIEW prices AS SELECT 'A' AS sku")
    with open_data(tmp_path / "a.duckdb") as data:
        assert data.catalog.behaviors == ("orders",)
        assert types(data, "orders") == {"time": "timestamp", "total": "number"}
        assert data.skipped == {"prices": "the table `prices` has no column `cdp_customer_id`"}


def test_types_and_labels_of_a_table_without_the_prefix(tmp_path: Path) -> None:
    csv(tmp_path, "orders", EVENTS)
    described(
        tmp_path,
        '[types.orders]\ntotal = "string"\n[labels.orders]\ntotal = "Order total"\n'
        '[labels.behaviors]\norders = "Web Orders"\n',
    )
    with open_data(tmp_path) as data:
        labels = data.parent.labels
        assert types(data, "orders")["total"] == "string"
        assert labels.of_column("orders", "total") == "Order total"
        assert labels.of_behavior("orders") == "Web Orders"
    # The name is first of all that of the table with the prefix.
    csv(tmp_path, "behavior_orders", EVENTS)
    described(tmp_path, '[labels.behaviors]\norders = "Shop Orders"\n')
    with open_data(tmp_path) as data:
        assert data.parent.labels.of_behavior("behavior_orders") == "Shop Orders"
        assert data.parent.labels.of_behavior("orders") == "orders"


def test_two_files_of_one_table(tmp_path: Path) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    csv(tmp_path, "orders", EVENTS)
    parquet(tmp_path, "orders", "SELECT 'A' AS sku")
    with open_data(tmp_path) as data:
        assert data.catalog.behaviors == ("orders",)
    parquet(tmp_path, "orders", "SELECT 'c1' AS cdp_customer_id, 5 AS time")
    with pytest.raises(DataError, match=r"orders\.csv and orders\.parquet are both the table"):
        open_data(tmp_path)


def test_a_file_with_the_name_of_a_temporary_table(tmp_path: Path) -> None:
    csv(tmp_path, "customers", CUSTOMERS)
    for name in ("a file as texts", "a file as its types"):
        csv(tmp_path, name, EVENTS)
    with open_data(tmp_path) as data:
        assert data.catalog.behaviors == ("a file as its types", "a file as texts")
