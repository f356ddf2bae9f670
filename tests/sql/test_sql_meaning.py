"""SQL selects the profiles of the reference evaluator.

The evaluator knows nothing of SQL, and the compiler to SQL nothing of the evaluator.
Each dialect's text is read back by sqlglot and run on DuckDB.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.evaluator import select
from reference.population import Population
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Duration, Limit, Number, Order, Part
from segdsl.sql import DIALECTS, count, profiles, selection
from segdsl.sql.catalog import Catalog
from sql_world import CATALOG, context_of, world
from strategies import populations as v
from strategies.conditions import (
    OF_TYPE,
    cases,
    durations,
    quantifiers,
)
from strategies.populations import populations

# Filling a database takes most of an example's time.
FEWER = settings(max_examples=settings().max_examples // 4)
CATALOGS = st.sampled_from([CATALOG, None])


@pytest.mark.slow(quick=True)
@FEWER
@given(cases(), CATALOGS)
def test_sql_selects_the_profiles_of_the_reference(
    case: tuple[c.Segment, Population], catalog: Catalog | None
) -> None:
    segment, population = case
    world().hold(population)
    query = selection(segment, context_of(population, catalog))
    assert world().ids(query) == select(segment.condition, segment.limit, population)


@pytest.mark.slow(quick=True)
@FEWER
@given(cases(allow_limits=True), CATALOGS, st.sampled_from(DIALECTS))
def test_all_dialects_agree(
    case: tuple[c.Segment, Population], catalog: Catalog | None, dialect: str
) -> None:
    """Limits of conditions and of the whole are among them."""
    segment, population = case
    world().hold(population)
    query = selection(segment, context_of(population, catalog))
    found = world().ids_through(query, dialect)
    assert found == select(segment.condition, segment.limit, population)


@pytest.mark.slow(quick=True)
@FEWER
@given(cases(allow_limits=True), CATALOGS)
def test_counts_and_samples_agree(
    case: tuple[c.Segment, Population], catalog: Catalog | None
) -> None:
    segment, population = case
    world().hold(population)
    context = context_of(population, catalog)
    expected = sorted(select(segment.condition, segment.limit, population))
    assert world().rows(count(segment, context)) == [(len(expected),)]
    by_id = {profile.id: profile for profile in population.profiles}
    wanted = [
        (id, by_id[id].attributes["country"], by_id[id].attributes["rank"]) for id in expected
    ]
    assert world().rows(profiles(segment, context, ["country", "rank"])) == wanted
    assert world().rows(profiles(segment, context, ["country", "rank"], 2)) == wanted[:2]


# --- every predicate of every kind of value ----------------------------------------------

_PREDICATES = st.one_of(*OF_TYPE.values(), st.just(p.IsNull()))
_SUBJECTS: st.SearchStrategy[c.Subject] = st.one_of(
    st.sampled_from([column.name for column in CATALOG.attributes]).map(c.Attribute),
    st.sampled_from(
        [
            c.GroupAttribute(*v.GROUP),
            c.Aggregate("count", "behavior_purchases"),
            c.Aggregate("count distinct", "behavior_purchases", ("sku", "category")),
            c.Aggregate("sum", "behavior_purchases", ("amount",)),
            c.Aggregate("average", "behavior_purchases", ("amount",)),
            *(
                c.Aggregate(function, "behavior_purchases", (name,))
                for function in ("min", "max")
                for name in ("amount", "sku", "timestamp")
            ),
            *(
                c.Aggregate(function, "behavior_purchases", (name,), order="timestamp")
                for function in ("first", "last")
                for name in ("amount", "sku", "line", "tags")
            ),
        ]
    ),
)


@st.composite
def odd_tests(draw: st.DrawFn) -> c.Condition:
    """Any question about any subject, whether or not their kinds match."""
    subject = draw(_SUBJECTS)
    if isinstance(subject, c.Aggregate):
        window = st.one_of(st.none(), durations(("day", "hour"), rounding=False))
        subject = c.Aggregate(
            subject.function,
            subject.behavior,
            subject.columns,
            draw(st.booleans()),
            subject.order,
            draw(st.sampled_from([(), (), ("category",), ("order_id", "tags")])),
            draw(window),
        )
    quantifier = draw(st.one_of(st.none(), quantifiers))
    test: c.Condition = c.Test(subject, draw(_PREDICATES), draw(st.booleans()), quantifier)
    for _ in range(draw(st.integers(0, 2))):
        test = c.Not(test)
    return test


@pytest.mark.slow(quick=True)
@FEWER
@given(odd_tests().flatmap(lambda of: st.tuples(st.just(of), populations(of=of))))
def test_values_of_different_kinds_never_compare(
    case: tuple[c.Condition, Population],
) -> None:
    """With a catalog: no engine is asked to compare a text with a number."""
    condition, population = case
    world().hold(population)
    query = selection(c.Segment("odd", condition), context_of(population, CATALOG))
    assert world().ids(query) == select(condition, None, population)


# --- limits by any aggregate -------------------------------------------------------------

_ORDERED = st.sampled_from(
    [
        c.Aggregate("count", "behavior_purchases"),
        c.Aggregate("count distinct", "behavior_purchases", ("category",)),
        c.Aggregate("count distinct", "behavior_purchases", ("category", "order_id")),
        c.Aggregate("sum", "behavior_purchases", ("amount",)),
        c.Aggregate("average", "behavior_purchases", ("amount",)),
        c.Aggregate("min", "behavior_purchases", ("amount",)),
        c.Aggregate("max", "behavior_purchases", ("timestamp",)),
        c.Aggregate("first", "behavior_purchases", ("sku",), order="line"),
        c.Aggregate("last", "behavior_purchases", ("amount",), order="timestamp"),
    ]
)


@st.composite
def limited(draw: st.DrawFn) -> c.Condition:
    aggregate = draw(_ORDERED)
    aggregate = msgspec.structs.replace(
        aggregate,
        some=draw(st.booleans()),
        grouping=draw(st.sampled_from([(), (), ("category",), ("order_id", "category")])),
        window=draw(st.sampled_from([None, None, Duration((Part(Number("2"), "day"),))])),
    )
    test: c.Condition = c.Test(aggregate, draw(_PREDICATES))
    if draw(st.booleans()):
        test = c.Not(test)
    keys = [None, *draw(st.sampled_from([[], ["age"], ["email"]]))]
    order = tuple(Order(key, draw(st.booleans())) for key in draw(st.permutations(keys)))
    if draw(st.booleans()):
        percent = draw(st.sampled_from(["0", "12.5", "50", "100", "33.333333333333333333333333"]))
        limit = Limit(Number(percent), True, order)
    else:
        limit = Limit(Number(draw(st.sampled_from(["0", "1", "3", "1e30"]))), False, order)
    found = c.Limited(test, limit)
    return c.Not(found) if draw(st.booleans()) else found


@pytest.mark.slow(quick=True)
@FEWER
@given(limited(), populations(), st.sampled_from(DIALECTS))
def test_limits_by_every_aggregate(
    condition: c.Condition, population: Population, dialect: str
) -> None:
    world().hold(population)
    query = selection(c.Segment("top", condition), context_of(population, CATALOG))
    found = world().ids_through(query, dialect)
    assert found == select(condition, None, population)
