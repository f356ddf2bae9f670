"""References to segments: inlined if used once, named otherwise.

What is missing or goes in a cycle is an error that says so, however long the way is.
"""

from __future__ import annotations

import pytest

from reference.evaluator import select
from reference.population import Population, Profile
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, ByName, Limit, Number, Order, Reference
from segdsl.sql import DIALECTS, Context, SqlError, count, profiles, render, selection
from sql_world import CATALOG, world
from support import segment_of

PEOPLE = Population(
    tuple(
        Profile(f"p{number}", attributes={"age": number, "rank": number, "country": "JP"})
        for number in range(9)
    ),
    1_700_000_000,
    "Asia/Tokyo",
)


def context(**segments: c.Segment) -> Context:
    known: dict[Reference, c.Segment] = {ByName(name): of for name, of in segments.items()}
    return Context(PEOPLE.now, PEOPLE.zone, CATALOG, known)


def ids(segment: c.Segment, known: Context) -> frozenset[str]:
    """What every dialect's text selects."""
    world().hold(PEOPLE)
    query = selection(segment, known)
    found = world().ids(query)
    assert all(world().ids_through(query, dialect) == found for dialect in DIALECTS)
    assert world().rows(count(segment, known)) == [(len(found),)]
    assert world().rows(profiles(segment, known, [])) == [(id,) for id in sorted(found)]
    return found


def people(*numbers: int) -> frozenset[str]:
    return frozenset(f"p{number}" for number in numbers)


def test_a_segment_used_once_is_inlined() -> None:
    known = context(
        Adults=segment_of("age >= 3"), Young=segment_of('in segment "Adults" and age < 7')
    )
    segment = segment_of('in segment "Young" and age != 5')
    assert "WITH" not in render(selection(segment, known), "duckdb")
    assert ids(segment, known) == people(3, 4, 6)
    assert ids(segment_of('not in segment "Young"'), known) == people(0, 1, 2, 7, 8)


def test_a_segment_used_twice_is_evaluated_once() -> None:
    known = context(
        Adults=segment_of("age >= 3"),
        Young=segment_of('in segment "Adults" and age < 7'),
        Late=segment_of('in segment "Adults" and age >= 6'),
    )
    segment = segment_of(
        'in segment "Young" and not in segment "Late" or in segment "Adults" and age = 8'
    )
    sql = render(selection(segment, known), "duckdb", pretty=False)
    assert sql.startswith('WITH "segment_')
    assert sql.count(" AS (") == 1
    assert ids(segment, known) == people(3, 4, 5, 8)


def test_a_segment_with_a_limit_is_not_inlined() -> None:
    top = segment_of("age >= 3")
    limit = Limit(Number("3"), False, (Order("age", True),))
    known = context(Top=c.Segment("Top", top.condition, limit=limit))
    assert ids(segment_of('in segment "Top"'), known) == people(6, 7, 8)
    assert ids(segment_of('not in segment "Top" and age > 4'), known) == people(5)
    whole = c.Segment("x", segment_of('in segment "Top"').condition, limit=limit)
    assert ids(whole, known) == people(6, 7, 8)
    inner = c.Limited(segment_of('not in segment "Top"').condition, limit)
    assert ids(c.Segment("x", inner), known) == people(3, 4, 5)


def test_references_by_id_and_by_name() -> None:
    adults = segment_of("age >= 3")
    segments: dict[Reference, c.Segment] = {ById("1"): adults, ByName("Adults"): adults}
    known = Context(PEOPLE.now, PEOPLE.zone, CATALOG, segments)
    assert ids(segment_of('in segment #1 and in segment "Adults"'), known) == people(*range(3, 9))


@pytest.mark.slow
def test_long_chains_and_doubling_trees_stay_small() -> None:
    """Each segment is made once: neither recursion nor the text grows with the uses."""
    chain = {f"s{n}": segment_of(f'in segment "s{n + 1}" and age != {n}') for n in range(400)}
    known = context(**chain, s400=segment_of("age >= 0"))
    assert ids(segment_of('in segment "s0"'), known) == frozenset()
    assert ids(segment_of('in segment "s7"'), known) == people(*range(7))
    pairs = {
        f"t{n}": segment_of(f'in segment "t{n + 1}" and (age = 1 or in segment "t{n + 1}")')
        for n in range(40)
    }
    known = context(**pairs, t40=segment_of("age >= 4"))
    assert ids(segment_of('in segment "t0"'), known) == people(*range(4, 9))
    assert len(render(selection(segment_of('in segment "t0"'), known), "trino")) < 20_000


@pytest.mark.parametrize(
    ("where", "message", "help"),
    [
        ('in segment "Adult"', "unknown segment “Adult”", "did you mean `Adults`?"),
        ('in segment "Nobody knows"', "unknown segment “Nobody knows”", None),
        ("in segment #17", "unknown segment #17", None),
        ('in segment "Broken"', "unknown segment “Gone”", None),
        (
            'in segment "Loop"',
            "segment “Loop” refers to itself: “Loop” → “Back” → “Loop”",
            "remove one of these references",
        ),
    ],
)
def test_missing_segments_and_cycles_are_errors(where: str, message: str, help: str | None) -> None:
    def named(name: str, text: str) -> c.Segment:
        return c.Segment(name, segment_of(text).condition)

    known = context(
        Adults=named("Adults", "age >= 3"),
        Broken=named("Broken", 'in segment "Gone"'),
        Loop=named("Loop", 'age = 1 or in segment "Back"'),
        Back=named("Back", 'not in segment "Loop"'),
    )
    with pytest.raises(SqlError) as caught:
        selection(segment_of(where), known)
    assert (caught.value.message, caught.value.help) == (message, help)


def test_a_segment_that_refers_to_itself_is_an_error() -> None:
    segment = c.Segment("Me", segment_of('in segment "Me"').condition)
    with pytest.raises(SqlError, match="segment “Me” refers to itself: “Me” → “Me”"):
        selection(segment, context(Me=segment))


def test_a_reference_means_the_referenced_condition() -> None:
    world().hold(PEOPLE)
    known = context(Adults=segment_of("age >= 3"), Young=segment_of("age < 7"))
    segment = segment_of('none (in segment "Adults", not in segment "Young")')
    written = segment_of("none (age >= 3, not age < 7)")
    assert ids(segment, known) == select(written.condition, None, PEOPLE)
