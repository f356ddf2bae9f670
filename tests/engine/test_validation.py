"""Measures of raw tables: what they count, what is a mistake, and the same in a warehouse's SQL."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import given, settings

from reference.build import Row, is_misfit
from segdsl.dialects import DIALECTS
from segdsl.engine.build.measures import Kind
from segdsl.engine.build.validation import Validation, measures_sql, problem_of, validate
from segdsl.parent_segment.model import AttributeTable, Filter, Join, Master, Table
from test_build import (
    EVENTS,
    FACTS,
    TYPES,
    USERS,
    configuration,
    events,
    facts,
    users,
    write_table,
)

FACT_COLUMNS = [f"a_{type}" for type in TYPES]
ACTIVE = Filter("status", ("on",))


def write(folder: Path, users: list[Row], facts: list[Row], events: list[Row]) -> None:
    write_table(folder, USERS, ("user", "email", "status"), users)
    write_table(folder, FACTS, ("who", *FACT_COLUMNS), facts)
    write_table(folder, EVENTS, ("mail", "n"), events)


def value(found: Validation, kind: Kind, table: Table, column: str) -> tuple[int, int]:
    [each] = [
        each
        for each in found.measured
        if (each.measure.kind, each.measure.table, each.measure.column) == (kind, table, column)
    ]
    return each.value, each.total


@pytest.mark.many
@settings(deadline=None, max_examples=10)
@given(users, facts, events)
def test_measures_are_those_of_plain_python(
    users: list[Row], facts: list[Row], events: list[Row]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), users, facts, events)
        wanted = msgspec.structs.replace(configuration(ACTIVE), groups=())
        found = validate(Path(name), wanted)
    kept = [row for row in users if row["status"] == "on"]
    keys = [row["user"] for row in kept if row["user"] is not None]
    assert value(found, "filter", USERS, "status") == (len(kept), len(users))
    assert value(found, "null keys", USERS, "user") == (len(kept) - len(keys), len(kept))
    assert value(found, "duplicate keys", USERS, "user") == (len(keys) - len(set(keys)), len(keys))
    there = {row["who"] for row in facts}
    matched = sum(key in there for key in keys)
    assert value(found, "match", USERS, "user") == (matched, len(kept))
    mails = {row["email"] for row in kept} - {None}
    own = sum(row["mail"] in mails for row in events)
    assert value(found, "match", EVENTS, "mail") == (own, len(events))
    for type in ("number", "timestamp", "boolean", "string_array"):
        column = f"a_{type}"
        misfits = sum(is_misfit(type, row[column]) for row in facts)
        assert value(found, "misfits", FACTS, column)[0] == misfits


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    user: Row = {"user": "u1", "email": "a@x", "status": "on"}
    fact: Row = {"who": "u1", **dict.fromkeys(FACT_COLUMNS), "a_number": "seven"}
    write(tmp_path, [user, user], [fact, fact], [{"mail": "nobody", "n": "1"}])
    return tmp_path


def test_what_is_a_mistake(shop: Path) -> None:
    found = validate(shop, configuration(ACTIVE))
    problems = [problem for each in found.measured if (problem := problem_of(each)) is not None]
    assert problems == [
        "`shop.users`: 1 row with a `user` that another row has",
        "`shop.users`: 1 row with a `email` that another row has",
        "`shop.facts`: 1 row with a `who` that another row has",
        "`shop.events`: only 0 of 1 events belong to a profile",
        "`shop.facts`: 2 values of `a_number` are no number, and become null",
    ]
    assert (found.errors, found.warnings) == (1, 4)


def test_filters_that_keep_nobody(shop: Path) -> None:
    found = validate(shop, configuration(Filter("status", ("away",))))
    messages = [problem_of(each) for each in found.measured if each.severity == "error"]
    assert messages[0] == (
        "`shop.users` has no row that the filters keep: nobody is in the parent segment"
    )


def test_what_is_missing_is_all_reported(shop: Path) -> None:
    wanted = configuration(Filter("state", ("on",)))
    other = AttributeTable("other", Table("shop", "event"), Join("user", "who"))
    wanted = msgspec.structs.replace(wanted, attributes=(*wanted.attributes, other))
    wanted = msgspec.structs.replace(wanted, master=Master(USERS, wanted.master.filters))
    found = validate(shop, wanted)
    assert [(str(each.table), each.column) for each in found.missing] == [
        ("shop.event", None),
        ("shop.users", "state"),
    ]
    assert "did you mean `shop.events`" in found.missing[0].message
    # What does not need them is still measured.
    assert value(found, "duplicate keys", FACTS, "who") == (1, 2)


def test_the_sql_for_duckdb_counts_the_same(shop: Path) -> None:
    wanted = configuration(ACTIVE)
    found = validate(shop, wanted)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA shop")
        for table in (USERS, FACTS, EVENTS):
            file = shop / "shop" / f"{table.name}.csv"
            connection.execute(
                f"CREATE TABLE shop.{table.name} AS "
                f"FROM read_csv('{file}', all_varchar = true, header = true)"
            )
        statements = measures_sql(wanted, "duckdb").split(";\n")
        counts = [connection.execute(each).fetchone() for each in statements if each.strip(";\n ")]
    expected = [
        (each.value, each.total)
        for each in found.measured
        if each.measure.type not in ("string_array", "number_array")
    ]
    assert counts == expected


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_has_the_queries(dialect: str) -> None:
    text = measures_sql(configuration(ACTIVE), dialect)
    assert "-- shop.users: rows that the filters keep" in text
    # A cast of a value that does not fit would end the whole query.
    for line in text.splitlines():
        assert (
            "CAST(" not in line
            or "AS DOUBLE" not in line
            or "TRY_CAST" in line
            or ("SAFE_CAST" in line)
        )
