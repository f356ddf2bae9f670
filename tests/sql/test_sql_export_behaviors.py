"""Events in an export against plain Python: which, in which order, as rows and as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.exports import Row, chosen, exported
from segdsl.language import predicates as p
from segdsl.language.activations import (
    BehaviorExport,
    BehaviorOrder,
    Call,
    Columns,
    ColumnSource,
    Delivery,
    ExportColumn,
    Formatting,
    JoinStrategy,
    TextSource,
)
from segdsl.language.condition import tree as c
from segdsl.language.values import Number, Text
from segdsl.sql import Context, SqlError, render
from segdsl.sql.catalog import Catalog, Column, Table
from segdsl.sql.exports import Export, export

NOW, ZONE = 1_719_792_000, "UTC"
COLUMNS = ("timestamp", "amount", "item")
CATALOG = Catalog(
    (
        Table("customers", (Column("city", "string"),)),
        Table(
            "behavior_purchases",
            (
                Column("timestamp", "timestamp"),
                Column("amount", "number"),
                Column("item", "string"),
            ),
        ),
        Table(
            "behavior_visits", (Column("timestamp", "timestamp"), Column("tags", "string_array"))
        ),
    )
)
DOUBLE = Call("multiply", (Number("2"),))
EVERYONE = c.Segment("Everyone", c.Everyone())


def has(item: str | None, function: str = "count") -> c.Test:
    """`has purchases where item = …`."""
    condition = None
    if item is not None:
        condition = c.Test(subject=c.Attribute("item"), predicate=p.Compare("=", Text(item)))
    aggregate = c.Aggregate(function, "behavior_purchases", filter=condition)  # type: ignore[arg-type]
    return c.Test(subject=aggregate, predicate=p.Compare(">=", Number("1")))


# Each condition with the items of the events that are exported, None for all of them.
RULES: tuple[tuple[c.Condition, set[str] | None], ...] = (
    (c.Everyone(), None),
    (has(None), None),
    (has("a"), {"a"}),
    (c.RuleSet(label=None, child=c.And(children=(has("a"), has("b")))), {"a", "b"}),
    (c.Or(children=(has("a"), has("b"))), {"a", "b"}),
    (c.Or(children=(has("a"), c.Not(child=has("b")))), {"a"}),
    (c.Not(child=c.Not(child=has("b"))), {"b"}),
    (c.Not(child=has("b")), None),
    (c.Or(children=(has("a"), has(None))), None),
)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE customers (cdp_customer_id VARCHAR, city VARCHAR)")
    connection.execute(
        "CREATE TABLE behavior_purchases "
        "(cdp_customer_id VARCHAR, timestamp BIGINT, amount DOUBLE, item VARCHAR)"
    )
    connection.execute(
        "CREATE TABLE behavior_visits (cdp_customer_id VARCHAR, timestamp BIGINT, tags VARCHAR[])"
    )
    return connection


STRATEGIES: tuple[JoinStrategy, ...] = ("all", "first", "last", "top")
FORMATTINGS: tuple[Formatting | None, ...] = ("rows", "cols", None)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "timestamp": st.one_of(st.none(), st.integers(0, 4)),
            "amount": st.one_of(st.none(), st.sampled_from([0.5, 1.0, 2.5])),
            "item": st.one_of(st.none(), st.sampled_from(["a", "b", "日"])),
        }
    ),
    max_size=6,
)
PEOPLE = st.dictionaries(st.sampled_from(["1", "10", "2"]), EVENTS, min_size=1)


@st.composite
def behaviors(draw: st.DrawFn) -> BehaviorExport:
    strategy = draw(st.sampled_from(STRATEGIES))
    order = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=2))
    names = draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
    return BehaviorExport(
        "behavior_purchases",
        strategy,
        Number(str(draw(st.integers(1, 4)))) if strategy == "top" else None,
        tuple(BehaviorOrder(name, draw(st.booleans())) for name in order),
        draw(st.sampled_from(FORMATTINGS)),
        tuple(
            ExportColumn(ColumnSource(name, None, (DOUBLE,) if name == "amount" else ()), name)
            for name in names
        ),
    )


def filled(
    connection: duckdb.DuckDBPyConnection, people: Mapping[str, Sequence[Row]]
) -> duckdb.DuckDBPyConnection:
    connection.execute("DELETE FROM customers")
    connection.execute("DELETE FROM behavior_purchases")
    for id, events in people.items():
        connection.execute("INSERT INTO customers VALUES (?, ?)", [id, f"city {id}"])
        for each in events:
            connection.execute(
                "INSERT INTO behavior_purchases VALUES (?, ?, ?, ?)",
                [id, *(each[name] for name in COLUMNS)],
            )
    return connection


def made(
    exports: Iterable[BehaviorExport],
    condition: c.Condition = EVERYONE.condition,
    most_events: int | None = None,
) -> Export:
    city = ExportColumn(ColumnSource("city"), "city")
    delivery = Delivery(columns=Columns(items=(city,)), behaviors=tuple(exports))
    context = Context(now=NOW, zone=ZONE, catalog=CATALOG)
    return export(delivery, c.Segment("S", condition), context, {}, most_events=most_events)


def rows_of(connection: duckdb.DuckDBPyConnection, found: Export) -> list[tuple[Any, ...]]:
    return connection.execute(render(found.query, "duckdb", pretty=False)).fetchall()


def values_of(behavior: BehaviorExport, event: Row | None) -> list[Any]:
    """The exported values of an event; without one all are missing."""
    values = []
    for each in behavior.columns:
        assert isinstance(each.source, ColumnSource)
        value = None if event is None else event[each.source.column]
        values.append(exported(value, each.source.functions, NOW, ZONE))
    return values


def expected(behavior: BehaviorExport, events: Sequence[Row], most: int | None) -> list[list[Any]]:
    """What one behavior adds to the rows of a profile."""
    rows: list[Row | None] = [*chosen(behavior, events, most)]
    if behavior.formatting == "cols":
        number = {"first": 1, "last": 1, "top": int(behavior.count.value) if behavior.count else 0}
        width = number.get(behavior.strategy, most or 0)
        width = width if most is None else min(width, most)
        padded = [*rows, *[None] * (width - len(rows))]
        return [[value for event in padded for value in values_of(behavior, event)]]
    return [values_of(behavior, event) for event in (rows or [None])]


def selects(condition: c.Condition, events: Sequence[Row]) -> bool:
    items = {each["item"] for each in events}
    match condition:
        case c.Everyone():
            return True
        case c.RuleSet(_, child):
            return selects(child, events)
        case c.Not(child):
            return not selects(child, events)
        case c.And(children):
            return all(selects(child, events) for child in children)
        case c.Or(children):
            return any(selects(child, events) for child in children)
        case c.Test(subject=c.Aggregate(filter=None)):
            return bool(events)
        case c.Test(subject=c.Aggregate(filter=c.Test(predicate=p.Compare("=", Text(item))))):
            return item in items
    raise AssertionError(condition)


@given(st.data())
@settings(max_examples=max(1, settings().max_examples // 4))
def test_the_events_of_profiles(database: duckdb.DuckDBPyConnection, data: st.DataObject) -> None:
    people = data.draw(PEOPLE)
    condition, items = data.draw(st.sampled_from(RULES))
    exports = data.draw(st.lists(behaviors(), min_size=1, max_size=2))
    most = data.draw(st.sampled_from([None, 1, 3]))
    if most is None and any(e.strategy == "all" and e.formatting == "cols" for e in exports):
        most = 2
    # The same names twice would be refused.
    exports = [
        each if at == 0 else _renamed(each, lambda name: f"second_{name}")
        for at, each in enumerate(exports)
    ]
    rows = []
    for id in sorted(people):
        events = people[id]
        if not selects(condition, events):
            continue
        own = [each for each in events if items is None or each["item"] in items]
        parts = [expected(each, own, most) for each in exports]
        for several in product(*parts):
            rows.append((f"city {id}", *(value for part in several for value in part)))
    found = rows_of(filled(database, people), made(exports, condition, most))
    assert found == rows


def _renamed(behavior: BehaviorExport, change: Callable[[str], str]) -> BehaviorExport:
    columns = tuple(ExportColumn(e.source, change(e.name)) for e in behavior.columns)
    return BehaviorExport(
        behavior.behavior,
        behavior.strategy,
        behavior.count,
        behavior.order,
        behavior.formatting,
        columns,
    )


# --- names, and what is refused -------------------------------------------------------------


def purchases(
    strategy: JoinStrategy, formatting: Formatting | None, count: str | None = None
) -> BehaviorExport:
    columns = tuple(ExportColumn(ColumnSource(name), name) for name in ("item", "amount"))
    number = None if count is None else Number(count)
    order = (BehaviorOrder("timestamp", True),)
    return BehaviorExport(
        "behavior_purchases",
        strategy,
        number,
        order,
        formatting,
        columns,
    )


@pytest.mark.parametrize(
    ("behavior", "names"),
    [
        (purchases("first", "cols"), ["item", "amount"]),
        (purchases("last", None), ["item", "amount"]),
        (purchases("all", "rows"), ["item", "amount"]),
        (purchases("top", "cols", "2"), ["item_1", "amount_1", "item_2", "amount_2"]),
        (purchases("top", "cols", "1"), ["item_1", "amount_1"]),
    ],
)
def test_names_of_columns(behavior: BehaviorExport, names: list[str]) -> None:
    found = made([behavior])
    assert [each.name for each in found.columns] == ["city", *names]
    assert [each.behavior for each in found.columns] == [None, *["behavior_purchases"] * len(names)]


def test_a_text_in_every_event(database: duckdb.DuckDBPyConnection) -> None:
    text = ExportColumn(TextSource(("shop",)), "source")
    behavior = BehaviorExport("behavior_purchases", "all", columns=(text,))
    filled(database, {"1": [{"timestamp": 1, "amount": 1.0, "item": "a"}], "2": []})
    assert rows_of(database, made([behavior])) == [("city 1", "shop"), ("city 2", None)]


@pytest.mark.parametrize(
    ("behavior", "message"),
    [
        (purchases("all", "cols"), "cannot be columns"),
        (purchases("top", "rows", "0"), "exports nothing"),
        (purchases("top", "rows", "1.5"), "an integer is required"),
        (purchases("top", "rows"), "an integer is required"),
        (purchases("top", "cols", "501"), "more than 1000 columns"),
        (BehaviorExport("behavior_sales", "all"), "unknown behavior `sales`"),
        (
            BehaviorExport("behavior_visits", "all", order=(BehaviorOrder("tags"),)),
            "cannot order by `tags`",
        ),
        (
            BehaviorExport("behavior_visits", columns=(ExportColumn(ColumnSource("url"), "url"),)),
            "no column `url`",
        ),
        (
            BehaviorExport(
                "behavior_visits", columns=(ExportColumn(ColumnSource("tags", "g"), "tags"),)
            ),
            "`g.tags` is not a column",
        ),
        (
            BehaviorExport(
                "behavior_visits", columns=(ExportColumn(ColumnSource("tags"), "city"),)
            ),
            "two columns are exported as `city`",
        ),
    ],
)
def test_what_cannot_be_exported(behavior: BehaviorExport, message: str) -> None:
    with pytest.raises(SqlError, match=message):
        made([behavior])
