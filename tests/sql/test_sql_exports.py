"""The SQL of exports against plain Python: each function, chains of them, and texts."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.exports import exported
from segdsl.language.activations import (
    FUNCTIONS,
    Call,
    Columns,
    ColumnSource,
    Delivery,
    ExportColumn,
    Function,
    If,
    IfOperator,
    Placeholder,
    TextSource,
    Time,
)
from segdsl.language.condition import tree as c
from segdsl.language.values import ColumnType, Number, Text
from segdsl.sql import Context, SqlError, render
from segdsl.sql.catalog import Catalog, Column, Table
from segdsl.sql.exports import Export, Placeholders, export
from strategies.exports import ANY, BY_KIND, SINGLE, VALUES, chains

NOW = 1_719_792_000
NO_PLACEHOLDERS: Placeholders = {}
ZONES = ("UTC", "Asia/Tokyo", "America/St_Johns")
EVERYONE = c.Segment("Everyone", c.Everyone())
TYPES: dict[str, tuple[ColumnType, int | None, str]] = {
    "integer": ("number", 0, "BIGINT"),
    "number": ("number", None, "DOUBLE"),
    "string": ("string", None, "VARCHAR"),
    "boolean": ("boolean", None, "BOOLEAN"),
    "strings": ("string_array", None, "VARCHAR[]"),
    "numbers": ("number_array", None, "DOUBLE[]"),
}
CATALOG = Catalog(
    (
        Table(
            "customers",
            (
                *(Column(kind, type, places) for kind, (type, places, _) in TYPES.items()),
                Column("seen", "timestamp"),
            ),
        ),
        Table("customer_group_household", (Column("size", "number", 0),)),
    )
)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    columns = ", ".join(f'"{kind}" {type}' for kind, (_, _, type) in TYPES.items())
    connection.execute(f"CREATE TABLE customers (cdp_customer_id VARCHAR, {columns}, seen BIGINT)")
    connection.execute("CREATE TABLE customer_group_household (cdp_customer_id VARCHAR, size INT)")
    return connection


def column(
    name: str, *functions: Function, exported_as: str = "", group: str | None = None
) -> ExportColumn:
    return ExportColumn(ColumnSource(name, group, functions), exported_as or name)


def delivery(*columns: ExportColumn, all: bool = False) -> Delivery:
    return Delivery(columns=Columns(all, columns))


def made(
    what: Delivery, zone: str = "UTC", placeholders: Placeholders = NO_PLACEHOLDERS, now: int = NOW
) -> Export:
    return export(what, EVERYONE, Context(now=now, zone=zone, catalog=CATALOG), placeholders)


def rows_of(connection: duckdb.DuckDBPyConnection, found: Export) -> list[tuple[Any, ...]]:
    return connection.execute(render(found.query, "duckdb", pretty=False)).fetchall()


def evaluated(
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    values: list[Any],
    functions: tuple[Function, ...],
    zone: str = "UTC",
) -> list[Any]:
    """The exported value for each value of a column of a kind."""
    connection.execute("DELETE FROM customers")
    insert = f'INSERT INTO customers (cdp_customer_id, "{kind}") VALUES (?, ?)'
    for at, value in enumerate(values):
        connection.execute(insert, [f"{at:04}", value])
    found = made(delivery(column(kind, *functions)), zone)
    return [value for (value,) in rows_of(connection, found)]


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type; logarithms may differ in their last digit."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-12) and not isinstance(other, bool)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other


KINDS = tuple(TYPES)


@given(st.data())
@settings(max_examples=max(1, settings().max_examples // 2))
def test_functions_mean_what_they_mean_in_plain_python(
    database: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    zone = data.draw(st.sampled_from(ZONES))
    values = data.draw(st.lists(st.one_of(st.none(), VALUES[kind]), min_size=1, max_size=5))
    functions = data.draw(chains(kind))
    found = evaluated(database, kind, values, functions, zone)
    expected = [exported(value, functions, NOW, zone, whole=kind == "integer") for value in values]
    assert all(map(alike, found, expected)), (found, expected)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in (*KINDS, "moment")
        for name in (*FUNCTIONS, "if")
        if name not in (*BY_KIND[kind], *ANY)
        and not name.startswith("td_ip_")
        and not (name in SINGLE and kind not in ("strings", "numbers"))
        and not (kind == "moment" and name == "ln")
    ],
)
def test_what_does_not_apply_to_a_kind_is_refused(kind: str, name: str) -> None:
    arguments: dict[str, Number | Text] = {"number": Number("1"), "text": Text("a")}
    own: Function = If(">", Number("1"), None, None)
    if name != "if":
        own = Call(name, tuple(arguments[type] for _, type in FUNCTIONS[name].arguments))
    before = (Call("from_iso8601_timestamp"),) if kind == "moment" else ()
    source = column("string" if kind == "moment" else kind, *before, own)
    with pytest.raises(SqlError, match="cannot be applied to"):
        made(delivery(source))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("substr", (Number("1.5"),)),
        ("substr", (Text("1"),)),
        ("replace", (Number("1"),)),
        ("regexp_extract", (Text("a"), Number("1"))),
        ("regexp_extract", (Text("a"), Number("-1"))),
        ("regexp_extract", (Text("(((((((((((a)))))))))))"), Number("10"))),
        ("cast_as_quantitative", (Number("1e400"),)),
        ("cast_as_quantitative", (Number("1e99999"),)),
        ("no_such_function", ()),
    ],
)
def test_arguments_that_no_engine_takes_are_refused(
    name: str, arguments: tuple[Number | Text, ...]
) -> None:
    with pytest.raises(SqlError):
        made(delivery(column("string", Call(name, arguments))))


def test_every_function_is_generated() -> None:
    """So that the property above is about all of them."""
    generated = {name for names in BY_KIND.values() for name in names} | {*ANY, *SINGLE}
    own = {name for name in FUNCTIONS if not name.startswith("td_ip_")}
    assert own <= generated


@pytest.mark.parametrize("name", [each for each in FUNCTIONS if each.startswith("td_ip_")])
def test_addresses_are_null_with_a_note(database: duckdb.DuckDBPyConnection, name: str) -> None:
    assert evaluated(database, "string", ["192.0.2.1"], (Call(name),)) == [None]
    assert made(delivery(column("string", Call(name), exported_as="place"))).notes == (
        "`place` is null: only Treasure Data has the database of IP addresses",
    )


def test_a_group_that_takes_no_part_in_a_match_is_empty(
    database: duckdb.DuckDBPyConnection,
) -> None:
    """In Trino it is null: see the reference."""
    call = Call("regexp_extract", (Text("a(b)?"), Number("1")))
    assert evaluated(database, "string", ["a", "ab", "c"], (call,)) == ["", "b", None]


@pytest.mark.parametrize(
    ("operator", "expected"), [("is null", [1, 1, 0]), ("is not null", [0, 0, 1])]
)
def test_a_missing_value_read_as_a_time_is_null(
    database: duckdb.DuckDBPyConnection, operator: IfOperator, expected: list[int]
) -> None:
    functions = (Call("from_iso8601_timestamp", ()), If(operator, None, Number("1"), Number("0")))
    assert evaluated(database, "string", [None, "soon", "2024-02-29"], functions) == expected


def test_long_chains_stay_small(database: duckdb.DuckDBPyConnection) -> None:
    calls = tuple(Call("substr", (Number("-9"),)) for _ in range(60))
    assert evaluated(database, "string", ["0123456789"], calls) == ["123456789"]
    assert len(render(made(delivery(column("string", *calls))).query, "duckdb")) < 50_000


# --- columns -----------------------------------------------------------------------------


def test_all_columns_come_first_in_the_order_of_the_data(
    database: duckdb.DuckDBPyConnection,
) -> None:
    found = made(delivery(column("cdp_customer_id", exported_as="id"), all=True))
    names = [*KINDS, "seen", "id"]
    assert [each.name for each in found.columns] == names
    assert [each.type for each in found.columns[-2:]] == ["timestamp", "string"]
    cursor = database.execute(render(found.query, "duckdb"))
    assert [each[0] for each in cursor.description] == names


def test_attributes_of_groups_are_joined(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("DELETE FROM customers")
    database.execute("INSERT INTO customers (cdp_customer_id) VALUES ('1'), ('2')")
    database.execute("INSERT INTO customer_group_household VALUES ('2', 4)")
    add = Call("add", (Number("1"),))
    size = column("size", add, exported_as="persons", group="household")
    assert rows_of(database, made(delivery(size))) == [(None,), (5,)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column("strng")], "no attribute `strng`"),
        ([column("size", group="housold")], "unknown customer group `housold`"),
        ([column("string"), column("number", exported_as="String")], "exported as `String`"),
        ([], "there are no columns"),
    ],
)
def test_columns_that_cannot_be_exported(columns: list[ExportColumn], message: str) -> None:
    with pytest.raises(SqlError, match=message):
        made(delivery(*columns))


def test_only_the_first_profiles(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("DELETE FROM customers")
    database.execute("INSERT INTO customers (cdp_customer_id) VALUES ('3'), ('1'), ('2')")
    context = Context(now=NOW, zone="UTC", catalog=CATALOG)
    what = delivery(column("cdp_customer_id"))
    found = export(what, EVERYONE, context, NO_PLACEHOLDERS, profiles=2)
    assert rows_of(database, found) == [("1",), ("2",)]


# --- texts -------------------------------------------------------------------------------


def test_texts_have_the_values_of_placeholders(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("DELETE FROM customers")
    database.execute("INSERT INTO customers (cdp_customer_id) VALUES ('1')")
    parts = (
        *(Placeholder("segment name"), "/", Placeholder("segment id"), "/"),
        *(Placeholder("parent segment id"), "/", Placeholder("funnel name"), "/"),
        *(Placeholder("stage name"), " ", Time("yyyy-MM-dd'T'HH:mmXXX")),
    )
    values: Placeholders = {
        "segment name": "It's",
        "segment id": "7",
        "parent segment id": "1",
        "funnel name": "F",
        "stage name": "S",
    }
    what = delivery(ExportColumn(TextSource(parts), "list"))
    assert rows_of(database, made(what, "Asia/Tokyo", values)) == [
        ("It's/7/1/F/S 2024-07-01T09:00+09:00",)
    ]


def test_a_placeholder_without_a_value_stays(database: duckdb.DuckDBPyConnection) -> None:
    what = delivery(ExportColumn(TextSource(("to ", Placeholder("segment id"))), "list"))
    found = made(what)
    assert rows_of(database, found) == [("to {segment id}",)]
    assert found.notes == ("`{segment id}` has no value here, and stays as it is",)
