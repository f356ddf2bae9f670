"""Edge cases of data and size: rows without a profile, nulls, and very large segments."""

from __future__ import annotations

import duckdb
import pytest

from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number, Text
from segdsl.sql import DIALECTS, Context, count, profiles, render, selection
from sql_edges import CONTEXT, database
from support import segment_of


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("has purchases", "a"),
        ("no purchases", "b"),
        ("count(purchases) < 3", "ab"),
        ("count(purchases) = 0", "b"),
        ("count(purchases) != 0", "a"),
        ("count distinct (some purchases.sku) < 3", "a"),
        ("not sum(purchases.amount) > 10", "ab"),
        ("not sum(purchases.amount) < 10", "b"),
        ("not last(purchases.sku by timestamp) = \"x\"", "b"),
        ("not count(purchases by sku) >= 1", "b"),
        ("not count(purchases over 5 days) >= 1", "b"),
        ("not count distinct (purchases.sku over 5 days) >= 1", "b"),
        ("count distinct (purchases.sku, purchases.amount) = 0", "b"),
        ("not in stage #1", "b"),
        ("not group home.size = 2", "b"),
        ("group home.size is null", "b"),
        ("not (count(purchases) >= 1 limit 5 by aggregate desc)", "b"),
        ("age is null", "b"),
        ("not age is null", "a"),
        ("age != 1", "b"),
        ("everyone", "ab"),
        ("count(purchases) >= 0", "ab"),
        ("count(purchases) < 0", ""),
    ],
)  # fmt: skip
def test_events_without_a_profile_are_ignored(where: str, expected: str) -> None:
    connection = database()
    query = selection(segment_of(where), CONTEXT)
    found = connection.execute(render(query, "duckdb")).fetchall()
    assert sorted(id for (id,) in found) == list(expected)


def test_profiles_are_ordered_by_id_with_each_column_once() -> None:
    connection = database()
    everyone = segment_of("everyone")
    query = profiles(everyone, CONTEXT, ["age", "cdp_customer_id", "age"])
    found = connection.execute(render(query, "duckdb"))
    assert [column[0] for column in found.description or ()] == ["cdp_customer_id", "age"]
    assert found.fetchall() == [("a", 1), ("b", None)]
    counted = connection.execute(render(count(everyone, CONTEXT), "duckdb"))
    assert [column[0] for column in counted.description or ()] == ["count"]


def test_every_table_is_qualified_by_the_database() -> None:
    known = Context(0, "UTC", database="cdp_audience_123")
    everything = segment_of(
        "count distinct (purchases.a over 2 days) > 1 and in stage #1 and score of #1 between 1 "
        "and 2 and in variant #3 and group home.size > 1 and rfm(#1).rfm_score > 1 "
        "and (count(purchases) > 3 limit 3% by aggregate desc)"
    )
    for dialect in DIALECTS:
        sql = render(selection(everything, known), dialect, pretty=False).replace("`", '"')
        for opening in ("FROM ", "JOIN "):
            for rest in sql.split(opening)[1:]:
                assert rest.startswith(("(", '"cdp_audience_123"."')), rest[:40]


@pytest.mark.slow
def test_very_many_conditions_run() -> None:
    """Fewer where all must hold: DuckDB's own time for those grows with their square."""
    tests = [c.Test(c.Attribute("age"), p.Compare("=", Number(str(n)))) for n in range(10_000)]
    connection = database()
    for condition, expected in (
        (c.Or(tuple(tests)), ["a"]),
        (c.And(tuple(c.Not(test) for test in tests[:500])), ["b"]),
        (c.Not(c.Or(tuple(tests[:500]))), ["b"]),
    ):
        query = selection(c.Segment("x", condition), CONTEXT)
        found = connection.execute(render(query, "duckdb")).fetchall()
        assert [id for (id,) in found] == expected
        assert all(render(query, dialect) for dialect in DIALECTS)


@pytest.mark.slow
def test_ten_thousand_values_run() -> None:
    values = tuple(Number(str(number)) for number in range(10_000))
    texts = tuple(Text(str(number)) for number in range(10_000))
    connection = database()
    found = c.And(
        (
            c.Test(c.Attribute("age"), p.In(values)),
            c.Not(c.Test(c.Attribute("cdp_customer_id"), p.In(texts))),
        )
    )
    query = render(selection(c.Segment("x", found), CONTEXT), "duckdb")
    assert connection.execute(query).fetchall() == [("a",)]


@pytest.mark.slow
def test_two_hundred_levels_run() -> None:
    """As deep as the language goes, groups alternating so that none can be flattened."""
    condition: c.Condition = c.Test(c.Attribute("age"), p.Compare("=", Number("1")))
    for level in range(200):
        other = c.Test(c.Attribute("age"), p.Compare("=", Number(str(level))))
        condition = (
            c.And((c.Not(other), condition)) if level % 2 else c.Or((other, c.Not(condition)))
        )
    connection = database()
    inside = c.Test(
        c.Aggregate("count", "behavior_purchases", filter=condition_of_events(200)),
        p.Compare(">=", Number("1")),
    )
    for each in (condition, c.Not(condition), inside):
        query = selection(c.Segment("x", each), CONTEXT)
        connection.execute(render(query, "duckdb")).fetchall()
        assert all(render(query, dialect) for dialect in DIALECTS)


def condition_of_events(levels: int) -> c.Condition:
    condition: c.Condition = c.Test(c.Attribute("sku"), p.Compare("=", Text("x")))
    for level in range(levels):
        other = c.Test(c.Attribute("amount"), p.Compare("=", Number(str(level))))
        condition = c.And((other, condition)) if level % 2 else c.Or((other, condition))
    return condition


@pytest.mark.parametrize(
    ("aggregate", "two_within"),
    [
        ("count(purchases over {}) >= 2", True),
        ("count(purchases by sku over {}) >= 2", False),
        ("count distinct (purchases.sku over {}) >= 2", True),
        ("count distinct (purchases.sku, purchases.amount over {}) >= 2", True),
        ("sum(purchases.amount over {}) >= 3", True),
        ("max(purchases.amount over {}) >= 2 and sum(purchases.amount over {}) > 2", True),
        ("(sum(purchases.amount over {}) >= 3 limit 1 by aggregate desc)", True),
    ],
)
def test_a_window_ends_with_an_event_and_begins_right_behind_its_length(
    aggregate: str, two_within: bool
) -> None:
    """Of two events 3,600 seconds apart an hour holds one, an hour and a second both."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE customers AS SELECT 'a' AS cdp_customer_id")
    connection.execute(
        "CREATE TABLE behavior_purchases AS FROM (VALUES ('a', 5000, 'x', 1), ('a', 8600, 'y', 2))"
        "AS t(cdp_customer_id, timestamp, sku, amount)"
    )
    for length, both in (("1 hour", False), ("1 hour 1 second", True), ("3000 days", True)):
        segment = segment_of(aggregate.replace("{}", length))
        found = connection.execute(render(selection(segment, CONTEXT), "duckdb")).fetchall()
        assert bool(found) == (both and two_within), length
