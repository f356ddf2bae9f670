"""Batched counts equal single counts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from reference.evaluator import select
from reference.population import Population, Profile
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, Limit, Number, Order, Reference
from segdsl.sql import Context, batch_counts, count, merge_semijoins, render
from sql_edges import CONTEXT, database
from sql_world import CATALOG, context_of, world
from strategies.conditions import aggregate_tests, cases, segments
from strategies.populations import populations
from support import segment_of

FEWER = settings(max_examples=settings().max_examples // 4)
BEHAVIORS = st.lists(aggregate_tests, min_size=1, max_size=4)


def numbers(queries: list[exp.Select]) -> tuple[int, ...]:
    (row,) = world().rows(batch_counts(queries))
    return row


@pytest.mark.slow(quick=True)
@FEWER
@given(cases(allow_limits=True), st.lists(segments(allow_limits=True), max_size=5), BEHAVIORS)
def test_batched_counts_equal_the_reference(
    case: tuple[c.Segment, Population], more: list[c.Segment], asked: list[c.Condition]
) -> None:
    segment, population = case
    asking = [c.Segment("Asks", each) for each in asked]
    everyone = [segment, *more, *asking]
    world().hold(population)
    context = context_of(population, CATALOG)
    expected = [len(select(each.condition, each.limit, population)) for each in everyone]
    assert numbers([count(each, context) for each in everyone]) == tuple(expected)


@pytest.mark.slow(quick=True)
@FEWER
@given(BEHAVIORS, st.lists(st.booleans(), min_size=4, max_size=4), st.booleans(), populations())
def test_merged_semijoins_scan_a_behavior_once(
    asked: list[c.Condition], signs: list[bool], conjunction: bool, population: Population
) -> None:
    parts = tuple(each if sign else c.Not(each) for each, sign in zip(asked, signs, strict=False))
    condition = c.And(parts) if conjunction else c.Or(parts)
    world().hold(population)
    query = count(c.Segment("Asks", condition), context_of(population, CATALOG))
    expected = len(select(condition, None, population))
    assert world().rows(merge_semijoins(query)) == [(expected,)]


@pytest.mark.slow(quick=True)
@FEWER
@given(cases(allow_limits=True))
def test_a_merged_count_is_unchanged(case: tuple[c.Segment, Population]) -> None:
    segment, population = case
    world().hold(population)
    query = count(segment, context_of(population, CATALOG))
    assert world().rows(merge_semijoins(query)) == [
        (len(select(segment.condition, segment.limit, population)),)
    ]


# --- the shapes of the data ----------------------------------------------------------------

# Of the database of `sql_edges`: `a` has events, `b` has none; others are of nobody known.
ASKED = {
    "has purchases": 1,
    "no purchases": 1,
    "count(purchases) < 3": 2,
    "count(purchases) = 0": 1,
    'count(purchases where sku = "y") = 0': 2,
    "not sum(purchases.amount) > 10": 2,
    "sum(purchases.amount) < 10": 1,
    'sum(purchases.amount where sku = "y") < 10': 0,
    "count(purchases by sku) >= 1": 1,
    "not count(purchases over 5 days) >= 1": 1,
    "in stage #1": 1,
    "not in stage #1": 1,
    "group home.size is null": 1,
    "age = 1": 1,
    "not age = 1": 1,
    "everyone": 2,
    "(count(purchases) >= 1 limit 5 by aggregate desc)": 1,
}


def test_batching_handles_rows_without_profiles_and_profiles_without_rows() -> None:
    queries = [count(segment_of(where), CONTEXT) for where in ASKED]
    with database() as connection:
        row = connection.execute(render(batch_counts(queries), "duckdb")).fetchone()
    assert dict(zip(ASKED, row or (), strict=True)) == ASKED


@pytest.mark.parametrize("connector", ["and", "or"])
@pytest.mark.parametrize("one", [each for each in ASKED if each != "everyone"])
@pytest.mark.parametrize("other", ["has purchases", "no purchases", "count(purchases) >= 2"])
def test_two_semijoins_are_merged_with_equal_results(one: str, other: str, connector: str) -> None:
    query = count(segment_of(f"({one}) {connector} ({other})"), CONTEXT)
    with database() as connection:
        alone = connection.execute(render(query, "duckdb")).fetchall()
        assert connection.execute(render(merge_semijoins(query), "duckdb")).fetchall() == alone


@pytest.mark.parametrize("asked", ASKED)
def test_a_single_semijoin_is_unchanged(asked: str) -> None:
    query = count(segment_of(asked), CONTEXT)
    with database() as connection:
        assert connection.execute(render(merge_semijoins(query), "duckdb")).fetchall() == [
            (ASKED[asked],)
        ]


def test_negated_semijoins_become_anti_joins() -> None:
    query = merge_semijoins(
        count(segment_of("(no purchases) and not in stage #1 and age = 1"), CONTEXT)
    )
    assert [each.kind for each in query.find_all(exp.Join)] == ["ANTI", "ANTI"]
    either = merge_semijoins(count(segment_of("(no purchases) or age = 1"), CONTEXT))
    assert not list(either.find_all(exp.Join))


def test_an_attribute_may_have_the_name_of_the_join_column() -> None:
    query = merge_semijoins(count(segment_of('profile = "x" and (no purchases)'), CONTEXT))
    with database() as connection:
        connection.execute("ALTER TABLE customers ADD COLUMN profile VARCHAR")
        connection.execute("UPDATE customers SET profile = 'x'")
        assert connection.execute(render(query, "duckdb")).fetchall() == [(1,)]


# --- the shapes of the queries -------------------------------------------------------------


def scans(query: exp.Select, table: str) -> int:
    return sum(each.name == table for each in query.find_all(exp.Table))


def test_groupings_of_a_behavior_share_one_scan() -> None:
    wheres = [f'age > {at} and count(purchases where sku = "x") >= {at}' for at in range(1, 50)]
    wheres += ["no purchases", "sum(purchases.amount) > 3", "max(purchases.timestamp) > 20"]
    query = batch_counts([count(segment_of(where), CONTEXT) for where in wheres])
    assert (scans(query, "customers"), scans(query, "behavior_purchases")) == (1, 1)
    assert len(list(query.find_all(exp.Sum))) == 1


def test_many_aggregates_use_several_groupings() -> None:
    wheres = [f"count(purchases where amount > {at}) >= 2" for at in range(100)]
    query = batch_counts([count(segment_of(where), CONTEXT) for where in wheres])
    assert scans(query, "behavior_purchases") == 4
    whole = count(segment_of(f"any ({', '.join(wheres)})"), CONTEXT)
    assert scans(merge_semijoins(whole), "behavior_purchases") == 7


def test_a_count_that_cannot_be_batched_is_a_subquery() -> None:
    limited = msgspec.structs.replace(
        segment_of("has purchases"), limit=Limit(Number("1"), False, (Order("age", True),))
    )
    queries = [count(limited, CONTEXT), count(segment_of("age = 1"), CONTEXT)]
    with database() as connection:
        assert connection.execute(render(batch_counts(queries), "duckdb")).fetchall() == [(1, 1)]
        alone = batch_counts(queries[:1])
        assert connection.execute(render(alone, "duckdb")).fetchall() == [(1,)]


def test_segments_referenced_twice_are_subqueries() -> None:
    known: dict[Reference, c.Segment] = {ById("1"): segment_of("age = 1")}
    context = Context(CONTEXT.now, CONTEXT.zone, None, known)
    twice = segment_of("in segment #1 or (has purchases and in segment #1)")
    queries = [count(twice, context), count(segment_of("in segment #1"), context)]
    with database() as connection:
        assert connection.execute(render(batch_counts(queries), "duckdb")).fetchall() == [(1, 1)]


def test_strings_that_differ_in_case_are_not_merged() -> None:
    wheres = ['has purchases where sku = "x"', 'has purchases where sku = "X"']
    queries = [count(segment_of(where), CONTEXT) for where in wheres]
    with database() as connection:
        assert connection.execute(render(batch_counts(queries), "duckdb")).fetchall() == [(1, 0)]


def test_array_lambdas_survive_batching() -> None:
    population = Population((Profile("p", {"tags": ("a", "b")}),), 0, "UTC")
    world().hold(population)
    wheres = ['any of tags = "a"', 'every one of tags = "a"', "has purchases"]
    context = context_of(population, CATALOG)
    assert numbers([count(segment_of(where), context) for where in wheres]) == (1, 0, 0)
