"""What SEG604 and SEG605 claim is so, whatever the data are; of one column they miss nothing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference.evaluator import evaluate
from reference.population import Event, Population, Profile, Value
from segdsl.analysis.lint.contradictions import verdict
from segdsl.analysis.lint.intervals import Claim, claims
from segdsl.analysis.lint.normal_form import Leaf, Node, Normalizer, leaves
from segdsl.diagnostics import Report
from segdsl.engine import open_data
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ById, Number, Text
from segdsl.source import Source
from segdsl.sql import Context, count
from strategies import conditions as s
from strategies import populations as v

pytestmark = pytest.mark.many

# --- conditions about few columns, so that many of them meet -------------------------------

_COUNTS = (
    c.Aggregate("count", "behavior_purchases"),
    c.Aggregate("count", "behavior_purchases", grouping=("order_id",)),
    c.Aggregate("count distinct", "behavior_purchases", ("sku",), some=True),
    c.Aggregate("sum", "behavior_purchases", ("amount",)),
    c.Aggregate("first", "behavior_purchases", ("amount",), True, "timestamp"),
)


@st.composite
def _test_of_one(draw: st.DrawFn) -> c.Test:
    of = draw(st.sampled_from(["text", "number", "boolean", "time", "count", "texts"]))
    null = draw(st.integers(0, 7)) == 0
    match of:
        case "count":
            aggregate = draw(st.sampled_from(_COUNTS))
            null = null and aggregate.some
            predicate = p.IsNull() if null else draw(s.number_predicates)
            return c.Test(aggregate, predicate, aggregate.some and draw(st.booleans()))
        case "texts":
            quantifier = draw(s.quantifiers)
            return c.Test(c.Attribute("tags"), draw(s.text_predicates), quantifier=quantifier)
        case "text":
            name, predicates = "country", s.text_predicates
        case "number":
            name, predicates = "age", s.number_predicates
        case "boolean":
            name, predicates = "opted_in", s.boolean_predicates
        case _:
            name, predicates = "last_visit", s.time_predicates
    return c.Test(c.Attribute(name), p.IsNull() if null else draw(predicates))


_scores = st.builds(c.Score, st.just(ById("1")), s._grades, s._grades, st.booleans())
_leaves: st.SearchStrategy[c.Condition] = st.one_of(_test_of_one(), _test_of_one(), _scores)
meeting: st.SearchStrategy[c.Condition] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(c.And, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(c.Or, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(c.Not, inner),
    ),
    max_leaves=10,
)


def condition_of(node: Node) -> c.Condition:
    if isinstance(node, Leaf):
        return c.Not(node.condition) if node.negated else node.condition
    return (c.And if node.word == "and" else c.Or)(tuple(map(condition_of, node.children)))


def all_claims(of: Node, behavior: str | None = None) -> Iterator[tuple[Claim, str | None]]:
    """Each claim, with the behavior whose events it is about, if it is about events."""
    yield from ((claim, behavior) for claim in claims(of))
    for leaf in leaves(of):
        if leaf.inside is None:
            continue
        within = behavior
        if isinstance(leaf.condition, c.Test) and isinstance(leaf.condition.subject, c.Aggregate):
            within = leaf.condition.subject.behavior
        yield from all_claims(leaf.inside, within)


def profiles_of(population: Population, behavior: str | None) -> list[Profile]:
    if behavior is None:
        return list(population.profiles)
    events: list[Event] = [
        event for each in population.profiles for event in each.events.get(behavior, ())
    ]
    return [Profile("", attributes=event) for event in events]


def check(condition: c.Condition, population: Population) -> None:
    for claim, behavior in all_claims(Normalizer().node(condition)):
        parts = tuple(map(condition_of, claim.conditions))
        never = claim.verdict == "never"
        whole = c.And(parts) if never else c.Or(parts)
        for profile in profiles_of(population, behavior):
            assert evaluate(whole, profile, population) != never, claim


@given(st.data())
def test_what_is_claimed_of_conditions_that_meet_is_so(data: st.DataObject) -> None:
    condition = data.draw(meeting)
    check(condition, data.draw(v.populations(of=condition)))


@pytest.mark.parametrize("of", ["first", "last"])
@pytest.mark.parametrize("some", ["", "some "])
def test_of_events_that_share_the_first_place_nothing_is_claimed(
    of: str, some: str, tmp_path: Path
) -> None:
    (tmp_path / "customers.csv").write_text("cdp_customer_id\nc1\n")
    (tmp_path / "behavior_p.csv").write_text("cdp_customer_id,timestamp,x\nc1,1000,1\nc1,1000,2\n")
    subject = f"{of}({some}p.x by timestamp)"
    source = Source("x.seg", f'segment "x" where {subject} = 1 and {subject} = 2')
    [segment] = resolve(Program("x.seg", {"x.seg": parse(source, Report())}), Report())
    with open_data(tmp_path) as data:
        context = Context(now=v.NOW, zone="UTC", catalog=data.catalog)
        [(number,)] = data.start(count(segment, context)).wait().rows
    assert number == 1
    assert list(all_claims(Normalizer().node(segment.condition))) == []
    assert list(all_claims(Normalizer().node(segment.condition, negated=True))) == []


@pytest.mark.parametrize(
    "where",
    [
        "a = 0.1 and a = 0.10000000000000000001",
        "a between 0.3 and 0.29999999999999999999",
        "a >= 3.0000000000000000001 and a <= 3",
        "sum(p.x) = 3 and sum(p.x) = 3.0000000000000000001",
        "a = 9007199254740993 and a = 9007199254740992",
        "count distinct (p.x) >= 1.0000000000000000001",
        "count distinct (p.x) = 1 and count distinct (p.x) >= 1.00000000000000000001",
        "not (a > 3 or a < 3.0000000000000000001)",
    ],
)
def test_of_numbers_finer_than_a_double_nothing_is_claimed(where: str) -> None:
    """We compare them exactly; a server that compares doubles takes two of them for one."""
    source = Source("x.seg", f'segment "x" where {where}')
    [segment] = resolve(Program("x.seg", {"x.seg": parse(source, Report())}), Report())
    assert list(all_claims(Normalizer().node(segment.condition))) == []


@given(s.cases(allow_limits=True))
def test_what_is_claimed_of_any_segment_is_so(case: tuple[c.Segment, Population]) -> None:
    segment, population = case
    check(segment.condition, population)


@given(st.data())
def test_nodes_of_one_key_mean_the_same_and_of_opposite_keys_the_opposite(
    data: st.DataObject,
) -> None:
    normal = Normalizer()
    one, other = normal.node(data.draw(meeting)), normal.node(data.draw(meeting))
    population = data.draw(v.populations())
    seen: dict[int, list[bool]] = {}
    for node in (each for root in (one, other) for each in every_node(root)):
        holds = [evaluate(condition_of(node), each, population) for each in population.profiles]
        assert seen.setdefault(node.key, holds) == holds
        assert seen.setdefault(node.key ^ 1, [not each for each in holds]) != holds


def every_node(of: Node) -> Iterator[Node]:
    yield of
    if not isinstance(of, Leaf):
        for child in of.children:
            yield from every_node(child)


# --- one column: nothing is missed ---------------------------------------------------------

_FEW = ("-1", "0", "2", "2.5", "3", "1e1")
_numbers = st.sampled_from(_FEW).map(Number)
_texts = st.sampled_from(["", "a", "ab", "b", "bc", "c"]).map(Text)
_relations = st.sampled_from(["=", "<", "<=", ">", ">="])


def _tests(
    subject: c.Subject, values: st.SearchStrategy[Number] | st.SearchStrategy[Text]
) -> st.SearchStrategy[c.Condition]:
    predicates: list[st.SearchStrategy[p.Predicate]] = [
        st.builds(p.Compare, _relations, values),
        st.builds(p.Between, values, values),
        st.builds(p.In, st.lists(values, min_size=1, max_size=3).map(tuple)),
    ]
    if isinstance(subject, c.Attribute):
        predicates.append(st.just(p.IsNull()))
    single = st.builds(c.Test, st.just(subject), st.one_of(predicates))
    return st.recursive(
        single,
        lambda inner: st.one_of(
            st.builds(c.And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(c.Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(c.Not, inner),
        ),
        max_leaves=6,
    )


def said_of(condition: c.Condition) -> str | None:
    node = Normalizer().node(condition)
    subject = node.subject if isinstance(node, Leaf) else min(node.subjects)
    return verdict(node, subject)


def so(condition: c.Condition, values: list[Value]) -> str | None:
    holds = {
        evaluate(condition, each, Population((each,), v.NOW, "UTC"))
        for each in (Profile("", attributes={"x": value}) for value in values)
    }
    return {frozenset((True,)): "always", frozenset((False,)): "never"}.get(frozenset(holds))


_EDGES = sorted({Fraction(Number(text).value) for text in _FEW})
NUMBERS: list[Value] = [
    None,
    "a text",
    *_EDGES,
    *((low + high) / 2 for low, high in pairwise(_EDGES)),
    Fraction(-100),
    Fraction(100),
]
TEXTS: list[Value] = [
    *(None, 1, "", "!", "a", "a!", "ab", "abc", "b", "ba", "bc", "bcd", "c", "cc"),
]


@given(_tests(c.Attribute("x"), _numbers))
@example(c.And((c.Test(c.Attribute("x"), p.IsNull()), c.Test(c.Attribute("x"), p.IsNull()))))
def test_of_a_column_of_numbers_it_is_said_whenever_it_is_so(condition: c.Condition) -> None:
    assert said_of(condition) == so(condition, NUMBERS)


@given(_tests(c.Attribute("x"), _texts))
def test_of_a_column_of_texts_it_is_said_whenever_it_is_so(condition: c.Condition) -> None:
    assert said_of(condition) == so(condition, TEXTS)


@given(_tests(c.Aggregate("count", "behavior_purchases"), _numbers))
def test_of_a_count_it_is_said_whenever_it_is_so(condition: c.Condition) -> None:
    population = Population(
        tuple(
            Profile(
                str(number),
                events={"behavior_purchases": tuple({"timestamp": 0} for _ in range(number))},
            )
            for number in range(13)
        ),
        v.NOW,
        "UTC",
    )
    holds = {evaluate(condition, each, population) for each in population.profiles}
    one = {frozenset((True,)): "always", frozenset((False,)): "never"}.get(frozenset(holds))
    assert said_of(condition) == one
