"""A folder or a database becomes tables and a parent segment, or says why it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from engine_folders import column, csv, parquet, sql, types
from segdsl.engine import DataError, ParentSegment, open_data

IDS = "SELECT 'c' || i AS cdp_customer_id, i AS age FROM range(3) AS r(i)"
EVENTS = "SELECT 'c1' AS cdp_customer_id, 1700000000 AS timestamp, 'x' AS url"


def test_a_folder_of_parquet(tmp_path: Path) -> None:
    parquet(tmp_path / "shop", "customers", IDS)
    parquet(tmp_path / "shop", "behavior_page_views", EVENTS)
    with open_data(tmp_path / "shop") as data:
        assert data.parent == ParentSegment("1", "shop")
        assert data.parent.timezone == "UTC"
        assert data.population() == 3
        assert data.catalog.behaviors == ("behavior_page_views",)
        assert [each.name for each in data.catalog.attributes] == ["age"]
        assert types(data, "behavior_page_views") == {"timestamp": "timestamp", "url": "string"}


def test_a_folder_of_both_formats(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", IDS)
    csv(tmp_path, "behavior_visits", "cdp_customer_id,time\nc1,1700000000\n")
    with open_data(tmp_path) as data:
        assert types(data, "behavior_visits") == {"time": "timestamp"}
        joined = "SELECT count(*) AS n FROM customers JOIN behavior_visits USING (cdp_customer_id)"
        assert data.start(sql(joined)).wait().rows == ((1,),)


def test_a_database(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute(f"CREATE TABLE customers AS {IDS}")
        connection.execute(f"CREATE VIEW behavior_views AS {EVENTS}")
        connection.execute("CREATE TABLE other (x STRUCT(a INTEGER))")
    (tmp_path / "shop.toml").write_text('id = 7\nname = "The shop"\ntimezone = "Asia/Tokyo"\n')
    before = file.read_bytes()
    with open_data(file) as data:
        assert data.parent == ParentSegment("7", "The shop", timezone="Asia/Tokyo")
        assert column(data, "age") == [0, 1, 2]
        assert column(data, "timestamp", "behavior_views") == [1700000000]
        assert [table.name for table in data.catalog.tables] == ["behavior_views", "customers"]
    assert file.read_bytes() == before


def test_a_database_that_another_process_has_open(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute(f"CREATE TABLE customers AS {IDS}")
        with pytest.raises(DataError, match=r"shop\.duckdb cannot be opened as a DuckDB"):
            open_data(file)


def test_the_description(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", f"SELECT *, 5 AS since, 'x' AS country FROM ({IDS})")
    (tmp_path / "parent_segment.toml").write_text(
        'description = "Three"\n[types.customers]\nsince = "timestamp"\n'
        '[groups]\ncountry = "Address"\n'
    )
    with open_data(tmp_path) as data:
        assert data.parent.description == "Three"
        assert data.parent.name == tmp_path.name
        assert data.parent.grouping == {"country": "Address"}
        assert types(data) == {"age": "number", "since": "timestamp", "country": "string"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'timezone = "Asia/Tokio"',
            r"unknown time zone “Asia/Tokio”\n.*toml:1:12[^?]*did you mean `Asia/Tokyo`",
        ),
        ('timezone = ""', "unknown time zone “”\n[^“]*use an IANA name"),
        ("name = 5", "`name` must be a string, not an integer"),
        ("nam = 5", r"unknown key `nam`\n.*toml:1:1[^?]*did you mean `name`"),
        ("name =", r"parent_segment\.toml is not a valid TOML file"),
        (
            '[types.customers]\nage = "int"',
            "unknown type “int” of `age` in `.types.customers.`\n[^“]*types are string, number",
        ),
        ('[types.customers]\nagee = "number"', "unknown column `agee`.*did you mean `age`"),
        ('[types.customer]\nage = "number"', "unknown table in .*did you mean `customers`"),
        ('[groups]\naeg = "x"', "unknown attribute `aeg` in `.groups.`; did you mean `age`"),
        ('[types.customers]\nage = "string_array"', "declared as string_array, but has BIGINT"),
    ],
)
def test_an_invalid_description_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    parquet(tmp_path, "customers", IDS)
    (tmp_path / "parent_segment.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        open_data(tmp_path)


def test_an_unreadable_description_is_an_error(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", IDS)
    (tmp_path / "parent_segment.toml").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*parent_segment\.toml`: it is a folder"):
        open_data(tmp_path)
    (tmp_path / "parent_segment.toml").rmdir()
    (tmp_path / "parent_segment.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="is not a valid TOML file: it is not UTF-8"):
        open_data(tmp_path)


# --- what cannot be opened ----------------------------------------------------------------


def test_unknown_names_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere does not exist"):
        open_data(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"has no customers\.parquet or customers\.csv"):
        open_data(tmp_path)
    (tmp_path / "customer.csv").write_text("cdp_customer_id\n")
    with pytest.raises(DataError, match="did you mean `customer`"):
        open_data(tmp_path)
    with pytest.raises(DataError, match=r"neither a folder of tables nor a \.duckdb file"):
        open_data(tmp_path / "customer.csv")


def test_a_database_without_profiles_or_an_invalid_one(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "a.duckdb") as connection:
        connection.execute(f"CREATE TABLE behavior_x AS {EVENTS}")
    with pytest.raises(DataError, match="has no table `customers`"):
        open_data(tmp_path / "a.duckdb")
    (tmp_path / "b.duckdb").write_text("not a database, whatever its name says" * 400)
    with pytest.raises(DataError, match=r"b\.duckdb cannot be opened as a DuckDB database"):
        open_data(tmp_path / "b.duckdb")


def test_an_invalid_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "customers.parquet").write_text("cdp_customer_id\n1\n")
    with pytest.raises(DataError, match=r"customers\.parquet cannot be read: .*"):
        open_data(tmp_path)
    (tmp_path / "customers.parquet").unlink()
    (tmp_path / "customers.parquet").mkdir()
    with pytest.raises(DataError, match=r"customers\.parquet is a folder: a table must be one"):
        open_data(tmp_path)


def test_the_same_table_twice(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", IDS)
    csv(tmp_path, "customers", "cdp_customer_id\n1\n")
    with pytest.raises(DataError, match=r"customers\.csv and customers\.parquet are both"):
        open_data(tmp_path)


def test_tables_whose_names_differ_only_in_case(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", IDS)
    parquet(tmp_path, "behavior_views", EVENTS)
    parquet(tmp_path, "behavior_Views", EVENTS)
    if len(os.listdir(tmp_path)) < 3:
        pytest.skip("this file system makes no difference between capital and small letters")
    with pytest.raises(DataError, match=r"behavior_Views\.parquet and behavior_views\.parquet"):
        open_data(tmp_path)


def test_other_files_are_ignored(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", IDS)
    for name in ("behavior_.csv", "notes.csv", "behavior_x.txt", ".customers.csv", "CUSTOMERS.md"):
        (tmp_path / name).write_bytes(b"\xff not a table")
    with open_data(tmp_path) as data:
        assert [table.name for table in data.catalog.tables] == ["customers"]


@pytest.mark.parametrize(
    ("table", "query", "message"),
    [
        ("customers", "SELECT 1 AS customer_id", "no column `cdp_customer_id`.*did you mean"),
        ("behavior_x", "SELECT 1 AS timestamp", "no column `cdp_customer_id`"),
        ("funnel_stages", "SELECT 'a' AS cdp_customer_id", "no column `stage_id`"),
        (
            "predictive_scores",
            "SELECT 'a' AS cdp_customer_id, 'm' AS model_id, 1 AS grade",
            "no column `converted`",
        ),
        (
            "predictive_scores",
            "SELECT 'a' AS cdp_customer_id, 'm' AS model_id, DATE '2020-01-01' AS grade, "
            "true AS converted",
            "`grade` is declared as number, but has DATE",
        ),
        (
            "customers",
            "SELECT 'a' AS cdp_customer_id, {'x': 1} AS s",
            r"`s` has the unsupported type STRUCT",
        ),
        (
            "customers",
            "SELECT 'a' AS cdp_customer_id, [[1]] AS l",
            r"`l` has the unsupported type .*\[\]\[\]",
        ),
        (
            "customers",
            "SELECT 'a' AS cdp_customer_id, [true] AS l",
            r"`l` has the unsupported type BOOLEAN",
        ),
        (
            "customers",
            "SELECT NULL AS cdp_customer_id, 1 AS x",
            "1 row without cdp_customer_id",
        ),
        (
            "customers",
            "SELECT unnest(['a', 'b', 'b']) AS cdp_customer_id",
            "duplicate cdp_customer_id, such as “b”",
        ),
        (
            "customer_group_home",
            "SELECT unnest(['a', 'b', 'b']) AS cdp_customer_id, 3 AS size",
            "table `customer_group_home`: duplicate cdp_customer_id",
        ),
        (
            "ml_rfm",
            "SELECT unnest(['a', 'b', 'b']) AS cdp_customer_id, '1' AS model_id, 3 AS r_quartile",
            "duplicate model_id and cdp_customer_id, such as “b”",
        ),
    ],
)
def test_invalid_tables_are_errors(tmp_path: Path, table: str, query: str, message: str) -> None:
    if table != "customers":
        parquet(tmp_path, "customers", IDS)
    parquet(tmp_path, table, query)
    with pytest.raises(DataError, match=message):
        open_data(tmp_path)


def test_rows_without_a_key_may_repeat(tmp_path: Path) -> None:
    parquet(tmp_path, "customers", IDS)
    parquet(tmp_path, "behavior_x", "SELECT unnest(['a', 'a', NULL]) AS cdp_customer_id")
    stages = "SELECT unnest(['a', 'a']) AS cdp_customer_id, unnest([1, 2]) AS stage_id"
    parquet(tmp_path, "funnel_stages", stages)
    models = "SELECT unnest(['a', 'a']) AS cdp_customer_id, unnest([1, 2]) AS model_id"
    parquet(tmp_path, "ml_cltv", f"SELECT *, 5 AS cltv_1m FROM ({models})")
    with open_data(tmp_path) as data:
        assert column(data, "stage_id", "funnel_stages") == ["1", "2"]
        assert types(data, "ml_cltv") == {"model_id": "string", "cltv_1m": "number"}


# --- names of files and folders -----------------------------------------------------------


@pytest.mark.parametrize("name", ["a b", "it's", "[x]*?", "k=v", "日本", 'q"q', "semi;--", "{a,b}"])
def test_folders_and_tables_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    parquet(folder, "customers", IDS)
    parquet(folder, f"behavior_{name}", EVENTS)
    csv(folder, f"behavior_csv {name}", "cdp_customer_id,timestamp\nc1,5\n")
    with open_data(folder) as data:
        assert data.parent.name == name
        assert set(data.catalog.behaviors) == {f"behavior_{name}", f"behavior_csv {name}"}
        # A folder named like `k=v` must not become a column.
        assert types(data) == {"age": "number"}
        for table in data.catalog.behaviors:
            name_in_sql = exp.Table(this=exp.to_identifier(table, quoted=True))
            events = exp.select("*").from_(name_in_sql)
            assert len(data.start(events).wait().rows) == 1


def test_a_link_to_a_file_elsewhere(tmp_path: Path) -> None:
    parquet(tmp_path / "far", "customers", IDS)
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "customers.parquet").symlink_to(tmp_path / "far" / "customers.parquet")
    with open_data(tmp_path / "near") as data:
        assert data.population() == 3


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet(tmp_path / "data", "customers", IDS)
    monkeypatch.chdir(tmp_path / "data")
    with open_data(Path(".")) as data:
        monkeypatch.chdir(tmp_path)
        assert column(data, "age") == [0, 1, 2]
        assert data.parent.name == "data"


def test_a_replaced_file_is_read_again(tmp_path: Path) -> None:
    """Also what it says of itself: its number of rows, and where they are."""
    rows = "SELECT 'c' || i AS cdp_customer_id, i AS n FROM range({}) AS r(i)"
    parquet(tmp_path / "data", "customers", rows.format(3))
    count = sql("SELECT count(*) AS n, max(n) AS most FROM customers WHERE n >= 0")
    with open_data(tmp_path / "data") as data:
        assert data.start(count).wait().rows == ((3, 2),)
        for number in (200_000, 5):
            parquet(tmp_path / "new", "customers", rows.format(number))
            (tmp_path / "new" / "customers.parquet").replace(tmp_path / "data/customers.parquet")
            assert data.start(count).wait().rows == ((number, number - 1),)
