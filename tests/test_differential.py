"""Meaning: what a segment says is what its compiled rule selects on the API.

Two evaluators that know nothing of each other: one of the condition tree, from the
language's rules; one of the API's rule JSON, with its `not`, its `exclude` and aggregates
that never see a profile without events. For generated segments and populations they
agree on every profile. This is what keeps rule 5 honest.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference.evaluator import select
from reference.population import Population, Profile, Value
from reference.rule_evaluator import select_rule
from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.predicates import has_not
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Number
from segdsl.rules.decompile import decompile
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.source import Source
from strategies.conditions import OF_TYPE, Type, cases, quantifiers
from strategies.populations import NOW, NUMBERS, TEXTS, TIMES, ZONES, populations
from strategies.rules import rules

pytestmark = pytest.mark.many

# What the API's rule cannot hold, and the compiler therefore refuses.
_REFUSED = {Code.SEG202, Code.SEG206, Code.SEG207, Code.SEG208, Code.SEG209, Code.SEG301}


def compiled(segment: c.Segment, layout: Layout) -> Any:
    report = Report()
    rule = lower(segment, report, layout=layout)
    assert {d.code for d in report.diagnostics} <= _REFUSED, report.diagnostics
    assume(rule is not None)
    assert rule is not None
    return json.loads(encode(rule))


@given(cases(), st.sampled_from(["v5", "nested"]))
def test_a_segment_selects_what_its_rule_selects(
    case: tuple[c.Segment, Population], layout: Layout
) -> None:
    segment, population = case
    rule = compiled(segment, layout)
    assert select_rule(rule, population) == select(segment.condition, segment.limit, population)


@given(cases(allow_limits=True))
def test_limits_keep_the_same_profiles(case: tuple[c.Segment, Population]) -> None:
    segment, population = case
    rule = compiled(segment, "v5")
    assert select_rule(rule, population) == select(segment.condition, segment.limit, population)


@given(rules(), populations())
def test_a_rule_selects_what_it_says_when_decompiled(rule: Any, population: Population) -> None:
    """From the other side: any rule, the console's traps too, means what its source means."""
    report = Report()
    text = decompile(json.dumps(rule), "x.json", report)
    assert text is not None, [(d.path, d.message) for d in report.diagnostics]
    file = parse(Source("x", text), report)
    (segment,) = resolve(Program("x", {"x": file}), report)
    assert not report.has_errors
    selected = select_rule(rule, population)
    assert select(segment.condition, segment.limit, population) == selected
    again = lower(segment, report)
    if again is not None:
        assert select_rule(json.loads(encode(again)), population) == selected
    else:
        assert {d.code for d in report.diagnostics} <= {
            Code.SEG212,
            Code.SEG214,
            Code.SEG301,
            Code.SEG210,
            Code.SEG302,
        }


# --- one leaf, every value ---------------------------------------------------------------

_POOLS: dict[Type, tuple[Value, ...]] = {
    "text": (None, *TEXTS),
    "number": (None, *NUMBERS),
    "boolean": (None, True, False),
    "texts": (
        None,
        (),
        (None,),
        *((text,) for text in TEXTS),
        ("JP", None),
        ("JP", "US", "JP"),
        ("a/x", "a.x"),
    ),
    "numbers": (None, (), (None,), (0,), (1, 2), (2, 2, 3), (18, None, 0), (-1, 1, 2, 3)),
}


def everyone_of(of: Type, zone: str) -> Population:
    """A profile for each value: as its attribute `x`, and as the column `x` of its one event."""
    pool = (None, *TIMES[zone]) if of == "time" else _POOLS[of]
    profiles = tuple(
        Profile(
            str(index), attributes={"x": value}, events={"seen": ({"x": value, "timestamp": 0},)}
        )
        for index, value in enumerate(pool)
    )
    return Population((*profiles, Profile("no event")), NOW, zone)


_TYPES: tuple[Type, ...] = (*_POOLS, "time")
_EVERYONE = {(of, zone): everyone_of(of, zone) for of in _TYPES for zone in ZONES}


@given(st.data(), st.sampled_from(sorted(_EVERYONE)), st.booleans(), st.booleans())
def test_each_predicate_on_every_value(
    data: st.DataObject, pool: tuple[Type, str], negated: bool, in_filter: bool
) -> None:
    """Negated and not, on attributes, on arrays, and in a filter, which has no `exclude`."""
    of, _ = pool
    predicate = data.draw(st.one_of(OF_TYPE[of], OF_TYPE[of], st.just(p.IsNull())))
    quantifier = data.draw(quantifiers) if of in ("texts", "numbers") else None
    own_not = quantifier is not None and has_not(predicate) and data.draw(st.booleans())
    assume(
        quantifier is not None or of not in ("texts", "numbers") or isinstance(predicate, p.IsNull)
    )
    condition: c.Condition = c.Test(c.Attribute("x"), predicate, own_not, quantifier)
    condition = c.Not(condition) if negated else condition
    if in_filter:
        seen = c.Aggregate("count", "seen", filter=condition)
        condition = c.Test(seen, p.Compare(">=", Number("1")))
    segment = c.Segment("x", condition)
    rule = compiled(segment, "v5")
    population = _EVERYONE[pool]
    assert select_rule(rule, population) == select(condition, None, population)


def one_profile(**events: tuple[dict[str, Any], ...]) -> Population:
    return Population((Profile("p", events=events),), now=1_700_000_000, zone="Asia/Tokyo")


def selected_by(where: str, population: Population) -> tuple[bool, bool]:
    """Whether the profile is selected, by the language's meaning and by the API's."""
    [compiled] = compile_text(f'segment "x" where {where}').segments
    meant = select(compiled.segment.condition, None, population)
    return "p" in meant, "p" in select_rule(compiled.rule, population)


def test_the_profile_without_events() -> None:
    """The case that rule 5 is about, spelled out."""
    nobody = one_profile()
    for where, expected in {
        "count(purchases) < 3": True,
        "count(purchases) = 0": True,
        "count(purchases) != 3": True,
        "count(purchases) between 0 and 2": True,
        "not count(purchases) in (0, 2)": False,
        "no purchases": True,
        "not has purchases": True,
        "(has purchases) and count(purchases) < 3": False,
        "(count(purchases) < 3 limit 1 by aggregate asc)": True,
        "not (count(purchases) < 3 limit 1 by aggregate asc)": False,
        "count distinct (purchases.sku) = 0": True,
        "count distinct (purchases.sku) < 3": True,
        "count distinct (some purchases.sku) < 3": False,
        "not count distinct (some purchases.sku) < 3": True,
        "count distinct (some purchases.sku) != 3": False,
        "not count distinct (purchases.sku over 2 days) >= 1": True,
        "sum(purchases.amount) < 3": False,
        "not sum(purchases.amount) < 3": True,
        "sum(purchases.amount) != 3": True,
        "sum(some purchases.amount) != 3": False,
        "not count(purchases by order_id) >= 3": True,
        "not count(purchases over 2 days) >= 1": True,
    }.items():
        assert selected_by(where, nobody) == (expected, expected), where


X, NO_SKU = {"sku": "x", "amount": 1, "timestamp": 1}, {"amount": 1, "timestamp": 2}


@pytest.mark.parametrize(
    ("events", "skus", "rows", "without_sku"),
    [
        ((), 0, 0, 0),
        (({},), 1, 1, 1),
        (({}, {"sku": None}), 1, 1, 1),
        ((X,), 1, 1, 0),
        ((X, X), 1, 1, 0),
        ((X, NO_SKU), 2, 2, 1),
        ((X, NO_SKU, NO_SKU, {}), 2, 3, 1),
        ((X, {"sku": "x"}, {"sku": "y"}), 2, 3, 0),
    ],
)
def test_a_null_is_a_value_to_count_distinct(
    events: tuple[dict[str, Any], ...], skus: int, rows: int, without_sku: int
) -> None:
    """Also where a filter leaves none, which is 0 as no events are."""
    population = one_profile(behavior_purchases=events)
    for subject, value in {
        "purchases.sku": skus,
        "purchases.sku, purchases.amount": rows,
        "purchases.sku where sku is null": without_sku,
        'purchases.sku where sku = "z"': 0,
    }.items():
        for number in range(4):
            for relation, expected in {
                "=": value == number,
                "!=": value != number,
                "<": value < number,
                ">=": value >= number,
            }.items():
                where = f"count distinct ({subject}) {relation} {number}"
                assert selected_by(where, population) == (expected, expected), where
                some = f"count distinct (some {subject}) {relation} {number}"
                among = expected and value > 0
                assert selected_by(some, population) == (among, among), some


def test_a_null_is_a_value_in_a_window_too() -> None:
    population = one_profile(behavior_purchases=(X, NO_SKU, {}))
    for where, expected in {
        "count distinct (purchases.sku over 2 seconds) = 2": True,
        "count distinct (purchases.sku over 1 second) = 2": False,
        "count distinct (purchases.sku over 2 days) > 2": False,
        "count distinct (some purchases.sku over 2 days) < 2": True,
    }.items():
        assert selected_by(where, population) == (expected, expected), where
