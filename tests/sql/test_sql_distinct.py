"""Edge cases of `count distinct`: null is a value, and no events are 0.

Each example says whom it holds for. The reference evaluator says the same, and so does SQL:
in every dialect, counted, merged, and counted together with others.
"""

from __future__ import annotations

import msgspec
import pytest
from sqlglot import exp

from reference.evaluator import select
from reference.population import Event, Population, Profile
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Duration, Number, Part
from segdsl.sql import DIALECTS, batch_counts, count, merge_semijoins, render, selection
from sql_world import CATALOG, context_of, world
from strategies.populations import NOW
from support import segment_of

DAY = 86_400
BLANK: Event = {}


def bought(*rows: tuple[str | None, str | None]) -> tuple[Event, ...]:
    """Purchases of a SKU in a category, a day apart, all in one order."""
    return tuple(
        {"sku": sku, "category": category, "timestamp": NOW + day * DAY, "order_id": "o1"}
        for day, (sku, category) in enumerate(rows)
    )


EVENTS: dict[str, tuple[Event, ...]] = {
    "never": (),
    "blank": (BLANK,),
    "blanks": (BLANK, BLANK),
    "one": bought(("x", "A"), ("x", "A")),
    "null": bought(("x", "A"), (None, "A")),
    "two": bought(("x", "A"), ("y", "A"), ("x", "A")),
    "rows": bought(("x", "A"), (None, "A"), ("x", None), (None, None), ("x", "A")),
    "wide": bought(("x", "A"), ("x", "A"), ("y", "A")),
}
POPULATION = Population(
    tuple(
        Profile(name, {"rank": place}, events={"behavior_purchases": events})
        for place, (name, events) in enumerate(EVENTS.items())
    ),
    NOW,
    "Asia/Tokyo",
)

SKU = "count distinct (purchases.sku)"
ROW = "count distinct (purchases.sku, purchases.category)"
ONLY_X = 'count distinct (purchases.sku where sku = "x")'
NO_SKU = "count distinct (purchases.sku where sku is null)"
NONE = 'count distinct (purchases.sku where sku = "z")'
EVERYONE = "never blank blanks one null two rows wide"


def holds(where: str, names: str) -> tuple[c.Condition, str]:
    return segment_of(where).condition, names


def each(aggregate: c.Aggregate, least: int, names: str) -> tuple[c.Condition, str]:
    """One of an aggregate's groups has so many, which the language has no words for."""
    return c.Test(aggregate, p.Compare(">=", Number(str(least)))), names


BY_SKU = c.Aggregate("count distinct", "behavior_purchases", ("category",), grouping=("sku",))
BY_ORDER = c.Aggregate(
    "count distinct", "behavior_purchases", ("sku", "category"), grouping=("order_id",)
)
OVER = Duration((Part(Number("2"), "day"),))

CASES: dict[str, tuple[c.Condition, str]] = {
    # One column: a null is one value, however often it is there.
    "sku = 0": holds(f"{SKU} = 0", "never"),
    "sku >= 1": holds(f"{SKU} >= 1", "blank blanks one null two rows wide"),
    "sku = 1": holds(f"{SKU} = 1", "blank blanks one"),
    "sku >= 2": holds(f"{SKU} >= 2", "null two rows wide"),
    "sku < 2": holds(f"{SKU} < 2", "never blank blanks one"),
    "not sku >= 2": holds(f"not {SKU} >= 2", "never blank blanks one"),
    "sku != 1": holds(f"{SKU} != 1", "never null two rows wide"),
    "sku >= 0": holds(f"{SKU} >= 0", EVERYONE),
    "sku > 2": holds(f"{SKU} > 2", ""),
    "sku between": holds(f"{SKU} between 0 and 1", "never blank blanks one"),
    "sku in": holds(f"{SKU} in (0, 2)", "never null two rows wide"),
    "some sku < 2": holds("count distinct (some purchases.sku) < 2", "blank blanks one"),
    # Several columns: a row is one, whatever nulls it holds.
    "row = 0": holds(f"{ROW} = 0", "never"),
    "row = 1": holds(f"{ROW} = 1", "blank blanks one"),
    "row = 2": holds(f"{ROW} = 2", "null two wide"),
    "row = 4": holds(f"{ROW} = 4", "rows"),
    "row < 2": holds(f"{ROW} < 2", "never blank blanks one"),
    # With a filter that leaves some, only nulls, or nobody's.
    "x = 1": holds(f"{ONLY_X} = 1", "one null two rows wide"),
    "x = 0": holds(f"{ONLY_X} = 0", "never blank blanks"),
    "no sku = 1": holds(f"{NO_SKU} = 1", "blank blanks null rows"),
    "no sku > 1": holds(f"{NO_SKU} > 1", ""),
    "none = 0": holds(f"{NONE} = 0", EVERYONE),
    "none > 0": holds(f"{NONE} > 0", ""),
    "some none": holds('count distinct (some purchases.sku where sku = "z") < 2', ""),
    # In a window; an event without a time is in none.
    "over": holds("count distinct (purchases.sku over 2 days) >= 2", "null two rows wide"),
    "over >= 1": holds(
        "count distinct (purchases.sku over 2 days) >= 1", "one null two rows wide"
    ),
    "over rows": holds(
        "count distinct (purchases.sku, purchases.category over 3 days) >= 3", "rows"
    ),
    "not over": holds(
        "not count distinct (purchases.sku over 2 days) >= 2", "never blank blanks one"
    ),
    # In a group; events without an order are a group.
    "by sku": each(BY_SKU, 2, "rows"),
    "by sku >= 1": each(BY_SKU, 1, "blank blanks one null two rows wide"),
    "by order": each(BY_ORDER, 4, "rows"),
    "by and over": each(
        msgspec.structs.replace(BY_SKU, window=OVER, columns=("order_id",)),
        1,
        "one null two rows wide",
    ),
    # The first ones by their number; those without events have 0.
    "least": holds(f"({SKU} >= 0 limit 2 by aggregate asc)", "never blank"),
    "least of some": holds(
        "(count distinct (some purchases.sku) >= 0 limit 2 by aggregate asc)", "blank blanks"
    ),
    "most": holds(f"({ROW} >= 1 limit 1 by aggregate desc)", "rows"),
    "share": holds(f"({SKU} >= 2 limit 50% by aggregate desc, rank desc)", "rows wide"),
    "most of x": holds(f"({ONLY_X} >= 0 limit 6 by aggregate desc, rank asc)",
                       "never one null two rows wide"),
    # Beside others that ask the same rows, or other ones.
    "both": holds(f"{SKU} >= 1 and {SKU} < 2", "blank blanks one"),
    "either": holds(f"{SKU} = 0 or {SKU} = 2", "never null two rows wide"),
    "row and sku": holds(f"{ROW} > 3 and {SKU} = 2 and count(purchases) = 5", "rows"),
    "neither": holds(f"none ({SKU} >= 2, {ROW} >= 2)", "never blank blanks one"),
    "x or none": holds(f"{ONLY_X} = 1 or {NONE} > 0", "one null two rows wide"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _held() -> None:
    world().hold(POPULATION)


@pytest.mark.parametrize("name", CASES)
def test_the_evaluator_and_all_dialects_agree(name: str) -> None:
    condition, names = CASES[name]
    expected = set(names.split())
    assert select(condition, None, POPULATION) == expected
    for catalog in (CATALOG, None):
        query = selection(c.Segment("x", condition), context_of(POPULATION, catalog))
        for dialect in DIALECTS:
            assert world().ids_through(query, dialect) == expected, dialect


@pytest.mark.parametrize("name", CASES)
def test_merging_semijoins_keeps_the_count(name: str) -> None:
    condition, names = CASES[name]
    query = count(c.Segment("x", condition), context_of(POPULATION, CATALOG))
    number = [(len(names.split()),)]
    assert world().rows(query) == number
    assert world().rows(merge_semijoins(query)) == number


def test_batched_counts_equal_single_counts() -> None:
    context = context_of(POPULATION, CATALOG)
    counts = [count(c.Segment("x", condition), context) for condition, _ in CASES.values()]
    (row,) = world().rows(batch_counts(counts))
    expected = {name: len(names.split()) for name, (_, names) in CASES.items()}
    assert dict(zip(CASES, row, strict=True)) == expected


# --- the shapes of the queries -------------------------------------------------------------


def scans(query: exp.Select) -> int:
    return sum(table.name == "behavior_purchases" for table in query.find_all(exp.Table))


def test_equal_distinct_subqueries_are_scanned_once() -> None:
    context = context_of(POPULATION, CATALOG)
    wheres = [f"{SKU} >= {least}" for least in range(2, 40)]
    assert scans(batch_counts([count(segment_of(each), context) for each in wheres])) == 1
    whole = count(segment_of(f"{SKU} >= 2 and {SKU} < 9 and {ROW} >= 3"), context)
    assert scans(merge_semijoins(whole)) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_count_distinct_counts_rows_with_nulls(dialect: str) -> None:
    """`COUNT(DISTINCT …)` passes over nulls on every engine."""
    query = selection(segment_of(f"{SKU} >= 2"), context_of(POPULATION, CATALOG))
    sql = render(query, dialect, pretty=False).replace("`", '"')
    assert sql.partition(" WHERE ")[2] == (
        '"cdp_customer_id" IN (SELECT "d"."cdp_customer_id" FROM ('
        'SELECT DISTINCT "e"."cdp_customer_id" AS "cdp_customer_id", "e"."sku" AS "v1" '
        'FROM "behavior_purchases" AS "e") AS "d" '
        'GROUP BY "d"."cdp_customer_id" HAVING COUNT(*) >= 2)'
    )


def test_any_event_has_at_least_one_distinct_value() -> None:
    query = selection(segment_of(f"{SKU} >= 1"), context_of(POPULATION, CATALOG))
    assert render(query, "trino", pretty=False).partition(" WHERE ")[2] == (
        '"cdp_customer_id" IN (SELECT "e"."cdp_customer_id" FROM "behavior_purchases" AS "e")'
    )
