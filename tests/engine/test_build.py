"""Tables built from raw ones, compared with plain Python, and what cannot be built."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.build import Row, first, fitting, is_misfit, profiles
from segdsl.engine import DataError, QueryKilled
from segdsl.engine.build import Build, Built
from segdsl.parent_segment.model import (
    AttributeTable,
    Configuration,
    ConfiguredBehavior,
    ConfiguredColumn,
    ConfiguredGroup,
    Filter,
    Join,
    Master,
    Table,
)

TYPES: Any = ("string", "number", "timestamp", "boolean", "string_array")
USERS, FACTS, EVENTS = (Table("shop", name) for name in ("users", "facts", "events"))
JOIN = Join("user", "who")


def write_table(folder: Path, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """A CSV file: a missing value is empty, an empty string is in quotation marks."""
    path = folder / table.database / f"{table.name}.csv"
    path.parent.mkdir(exist_ok=True)
    lines = [",".join(map(_quoted, columns))]
    for row in rows:
        values = (row[name] for name in columns)
        lines.append(",".join("" if value is None else _quoted(value) for value in values))
    path.write_text("\n".join(lines) + "\n")


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def configuration(*filters: Filter, types: Sequence[Any] = TYPES) -> Configuration:
    columns = tuple(ConfiguredColumn(f"Label of {type}", type, f"a_{type}") for type in types)
    own = ConfiguredColumn("S", "string", "a_string")
    return Configuration(
        "Shop",
        Master(USERS, filters),
        attributes=(AttributeTable("facts", FACTS, JOIN, columns, "Facts"),),
        behaviors=(
            ConfiguredBehavior(
                "Everything", EVENTS, Join("email", "mail"), (ConfiguredColumn("N", "number", "n"),)
            ),
        ),
        groups=(
            ConfiguredGroup(
                "house",
                FACTS,
                JOIN,
                (AttributeTable("own", FACTS, None, (own,)),),
            ),
        ),
    )


def build(folder: Path, wanted: Configuration, **more: Any) -> tuple[Built, dict[str, list[Any]]]:
    """What a build answers, and the rows of each table as dictionaries, sorted."""
    target = folder / "out" / "tables.duckdb"
    built = Build(folder, wanted, **more).run(target)
    tables = {}
    with duckdb.connect(str(target), read_only=True) as database:
        for table in built.tables:
            cursor = database.execute(f"SELECT * FROM {_quoted(table.name)}")
            names = [each[0] for each in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            tables[table.name] = sorted(rows, key=repr)
            assert names[0] == "cdp_customer_id"
            assert set(names[1:]) == {column.name for column in table.columns}
            assert table.rows == len(rows)
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    return built, tables


KEYS = st.sampled_from([None, "", "u1", "u2", "u3", "1", "01"])
VALUES = {
    "string": st.sampled_from([None, "", "x", "ä", '"', ",", "\n"]),
    "number": st.sampled_from([None, "", "7", "-1.5", "1e3", "x", "1e999", "0"]),
    "timestamp": st.sampled_from(
        [None, "", "1700000000", "2024-02-29", "2024-02-30", "2024-01-01T10:00:00+09:00", "soon"]
    ),
    "boolean": st.sampled_from([None, "", "true", "FALSE", "maybe"]),
    "string_array": st.sampled_from([None, "", "[]", '["a", null]', "{}", "[", '["b"]']),
}


def rows_of(**columns: st.SearchStrategy[str | None]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries(columns), max_size=6)


users = rows_of(user=KEYS, email=KEYS, status=st.sampled_from([None, "on", "off", "it's"]))
facts = rows_of(who=KEYS, **{f"a_{type}": VALUES[type] for type in TYPES})
events = rows_of(mail=KEYS, n=VALUES["number"])
filters = st.sampled_from(
    [(), (Filter("status", ("on", "it's")),), (Filter("status", ()),), (Filter("user", ("u1",)),)]
)


@pytest.mark.many
@settings(deadline=None, max_examples=15)
@given(users, facts, events, filters)
def test_built_tables_are_those_of_plain_python(
    users: list[Row], facts: list[Row], events: list[Row], filters: tuple[Filter, ...]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder, USERS, ("user", "email", "status"), users)
        fact_columns = [f"a_{type}" for type in TYPES]
        write_table(folder, FACTS, ("who", *fact_columns), facts)
        write_table(folder, EVENTS, ("mail", "n"), events)
        built, tables = build(folder, configuration(*filters))
    kept = [row for row in users if all(row[each.column] in each.values for each in filters)]
    expected = profiles(kept, ("user", "email"), ["user", "email", "status"])
    assert built.population == len(kept)
    # Ids are unique, and none is missing.
    assert len({id for id, _ in expected}) == len(kept)
    customers = []
    house = []
    for id, row in expected:
        fact = first(facts, "who", row["user"], fact_columns)
        own = {
            f"a_{type}": None if fact is None else fitting(type, fact[f"a_{type}"])
            for type in TYPES
        }
        along = {name: _inferred(users, name, value) for name, value in row.items()}
        customers.append({"cdp_customer_id": id, **along, **own})
        whole = first(facts, "who", row["user"], ["who", *fact_columns])
        if whole is not None:
            house.append({"cdp_customer_id": id, "S": whole["a_string"]})
    assert _alike(tables["customers"]) == _alike(customers)
    assert _alike(tables["customer_group_house"]) == _alike(house)
    assert _alike(tables["behavior_events"]) == _alike(
        {"cdp_customer_id": id, "n": fitting("number", event["n"])}
        for event in events
        for id, row in expected
        if event["mail"] is not None and event["mail"] == row["email"]
    )
    assert {(each.column, each.values) for each in built.misfits} == {
        (column, number)
        for type, column, rows in (
            *((type, f"a_{type}", facts) for type in TYPES),
            ("number", "n", events),
        )
        if (number := sum(is_misfit(type, row[column]) for row in rows))
    }


def _inferred(rows: list[Row], name: str, value: str | None) -> Any:
    """A value of a column that is not configured: numbers only where all are (`01` is none)."""
    values = {row[name] for row in rows} - {None, ""}
    if values != {"1"}:
        return value
    return int(value) if value else None


def _alike(rows: Any) -> list[Any]:
    """Rows in an order, with columns in one: a whole number is the same in both."""
    return sorted(
        (sorted(row.items()) for row in rows),
        key=lambda row: [(name, value is None, str(value)) for name, value in row],
    )


# --- by hand ------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_table(
        tmp_path,
        USERS,
        ("user", "email", "status"),
        [{"user": "u1", "email": "a@x", "status": "on"}],
    )
    columns = [f"a_{type}" for type in TYPES]
    write_table(tmp_path, FACTS, ("who", *columns), [{"who": "u1", **dict.fromkeys(columns)}])
    write_table(tmp_path, EVENTS, ("mail", "n"), [{"mail": "a@x", "n": "3"}])
    return tmp_path


def test_a_build_says_where_columns_come_from(shop: Path) -> None:
    built, _ = build(shop, configuration())
    customers = built.table("customers")
    assert customers is not None
    number = next(each for each in customers.columns if each.name == "a_number")
    assert (number.label, number.heading, number.table) == ("Label of number", "Facts", FACTS)
    came_along = [each.name for each in customers.columns if not each.configured]
    assert came_along == ["user", "email", "status"]
    events = built.table("behavior_events")
    assert events is not None
    assert (events.label, events.table) == ("Everything", EVENTS)


def test_parquet_keeps_its_types_and_keys_of_other_types_are_texts(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    duckdb.sql(
        "COPY (SELECT 7 AS \"user\", 'a' AS email, 1.5::DECIMAL(9,2) AS worth, "
        f"DATE '2024-01-01' AS since) TO '{folder / 'users.parquet'}'"
    )
    columns = [f"a_{type}" for type in TYPES]
    fact: dict[str, str | None] = {"who": "7", **dict.fromkeys(columns), "a_number": "5"}
    write_table(tmp_path, FACTS, ("who", *columns), [fact])
    write_table(tmp_path, EVENTS, ("mail", "n"), [])
    built, tables = build(tmp_path, configuration())
    [customer] = tables["customers"]
    assert (customer["user"], float(customer["worth"])) == (7, 1.5)
    assert (customer["since"], customer["a_number"]) == (1704067200, 5)
    assert built.types["customers"]["since"] == "timestamp"


def test_two_behaviors_of_one_table_have_two_names(shop: Path) -> None:
    wanted = configuration()
    twice = (
        *wanted.behaviors,
        ConfiguredBehavior("All", EVENTS, Join("email", "mail"), (), all_columns=True),
    )
    _, tables = build(shop, msgspec.structs.replace(wanted, behaviors=twice))
    assert tables["behavior_events"][0]["n"] == 3
    assert {"mail": "a@x", "n": 3}.items() <= tables["behavior_events_2"][0].items()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"master": Master(Table("shop", "user"))}, "there is no table `shop.user`"),
        ({"master": Master(Table("../shop", "users"))}, "there is no table `../shop.users`"),
        ({"master": Master(USERS, (Filter("state", ("on",)),))}, "has no column `state`"),
        (
            {"attributes": (AttributeTable("f", FACTS, Join("user", "whom")),)},
            "has no column `whom`",
        ),
        (
            {
                "attributes": (
                    AttributeTable("f", FACTS, JOIN, (ConfiguredColumn("A", None, "who", "map"),)),
                )
            },
            "the type `map`, which is unknown",
        ),
    ],
)
def test_what_cannot_be_built(shop: Path, change: dict[str, Any], message: str) -> None:
    wanted = msgspec.structs.replace(configuration(), **{"attributes": (), **change})
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        Build(shop, wanted).run(shop / "out" / "tables.duckdb")
    assert not list((shop / "out").iterdir())


def test_names_are_never_sql(tmp_path: Path) -> None:
    name = "a\"b'c; DROP"
    table = Table("da'ta\"base", name)
    write_table(tmp_path, table, (name, "k"), [{name: "1", "k": "x"}])
    columns = (ConfiguredColumn(name, "string", name),)
    wanted = Configuration(
        name,
        Master(table, (Filter(name, ("1", "'", '"')),)),
        attributes=(AttributeTable(name, table, Join("k", name), columns),),
        behaviors=(ConfiguredBehavior(name, table, Join("k", "k"), columns),),
    )
    built, tables = build(tmp_path, wanted)
    assert built.population == 1
    assert tables[f"behavior_{name}"][0][name] == "1"


def test_a_build_that_is_canceled_leaves_nothing(shop: Path) -> None:
    target = shop / "out" / "tables.duckdb"
    wanted = Build(shop, configuration())

    def cancel(table: str, done: int, of: int) -> None:
        assert of == 3
        if table == "behavior_events":
            wanted.cancel()

    with pytest.raises(QueryKilled):
        wanted.run(target, cancel)
    assert not list(target.parent.iterdir())


def test_a_long_query_is_canceled(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    duckdb.sql(f"COPY (SELECT 1 AS k FROM range(100000)) TO '{folder / 'users.parquet'}'")
    # Each event belongs to each of the profiles: it would take hours.
    behavior = ConfiguredBehavior("All", USERS, Join("k", "k"), all_columns=True)
    wanted = Build(tmp_path, Configuration("x", Master(USERS), behaviors=(behavior,)))
    timer = threading.Timer(0.5, wanted.cancel)
    timer.start()
    with pytest.raises(QueryKilled):
        wanted.run(tmp_path / "out" / "tables.duckdb")
    timer.join()
