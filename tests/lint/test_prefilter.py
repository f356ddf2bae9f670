"""What is seen at a prefilter is what the careful look sees: of what is plain, nothing."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lint_soundness import meeting

from segdsl.analysis.lint import Prefilter, lint, lint_each, prefilter
from segdsl.analysis.lint.normal_form import Normalizer
from segdsl.diagnostics import Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.facts import behaviors_of
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.tree import Function
from segdsl.language.values import Number, Text
from segdsl.rules.lower import lower
from segdsl.source import Source, Span
from strategies import conditions as s

_one = s.conditions(depth=0).filter(lambda of: not isinstance(of, c.Everyone))
_more = st.one_of(
    _one, st.lists(_one, min_size=2, max_size=3).map(lambda found: c.Or(tuple(found)))
)
few = st.lists(_more, min_size=2, max_size=4).map(lambda found: c.And(tuple(found)))
"""A few conditions side by side, which do not always meet."""
_predicates = st.one_of(
    s.text_predicates, s.number_predicates, s.time_predicates, st.just(p.IsNull())
)
_columns = st.lists(st.builds(lambda of: of, _predicates), min_size=1, max_size=3).map(
    lambda found: tuple(c.Test(c.Attribute(f"c{at}"), of) for at, of in enumerate(found))
)


@st.composite
def apart(draw: st.DrawFn) -> c.Condition:
    """Conditions that ask each of something else: mostly plain, and odd by itself at most."""
    parts: list[c.Condition] = []
    for at in range(draw(st.integers(1, 4))):
        subject: c.Subject = c.Attribute(f"a{at}")
        predicate = draw(_predicates)
        if draw(st.booleans()):
            tests = draw(_columns)
            inside = draw(st.sampled_from([None, c.And(tests), c.Or(tests)]))
            function: Function = draw(st.sampled_from(_FUNCTIONS))
            column = () if function == "count" else ("x",)
            some = draw(st.integers(0, 5)) == 0
            subject = c.Aggregate(function, f"b{at}", column, some, filter=inside)
            predicate = draw(s.number_predicates)
        test = c.Test(subject, predicate)
        parts.append(c.Not(test) if draw(st.integers(0, 5)) == 0 else test)
    return c.And((c.Or(tuple(parts)), c.Test(c.Attribute("z"), _MORE)))


_FUNCTIONS: tuple[Function, ...] = ("count", "sum", "max")
_MORE = p.Compare(">", Number("3"))
FEWER = settings(max_examples=settings().max_examples // 4)
ALL = st.one_of(apart(), few, s.conditions(allow_limits=True))


def segment(condition: c.Condition) -> c.Segment:
    return c.Segment("x", condition)


def carefully(of: c.Segment) -> Report:
    """What the lints say where nothing is taken for plain."""
    report = Report()
    unsure = Prefilter(0, is_plain=False, fits=False, refers=True, behaviors=frozenset())
    lint_each([of], [unsure], Normalizer(), report)
    return report


@given(st.one_of(ALL, meeting))
def test_of_what_is_plain_no_lint_says_a_word(condition: c.Condition) -> None:
    of = segment(condition)
    if prefilter(of).is_plain:
        assert carefully(of).diagnostics == []


@FEWER
@given(ALL)
def test_what_fits_is_lowered_without_a_word(condition: c.Condition) -> None:
    of = segment(condition)
    if prefilter(of).fits:
        report = Report()
        assert lower(of, report, symbolic=True) is not None
        assert report.diagnostics == []


@st.composite
def respelled(draw: st.DrawFn, of: c.Condition) -> c.Condition:
    """A condition in other words, as `Normalizer` knows them to be the same."""
    chance = draw(st.randoms(use_true_random=False))

    def said(one: c.Condition) -> c.Condition:
        match one:
            case c.And(children) | c.Or(children):
                parts = [said(each) for each in children]
                chance.shuffle(parts)
                if chance.random() < 0.3:
                    parts.append(parts[0])
                return msgspec.structs.replace(one, children=tuple(parts))
            case c.Not(child):
                return c.Not(said(child))
            case c.Test(predicate=p.In(values)) if len(values) > 1 and one.quantifier is None:
                tests = [
                    msgspec.structs.replace(one, predicate=p.Compare("=", each)) for each in values
                ]
                return c.Or(tuple(tests)) if not one.negated else one
            case c.Test(predicate=p.Compare(relation, Number(text))) if text.isdecimal():
                other = Number(f"{text}.0")
                return msgspec.structs.replace(one, predicate=p.Compare(relation, other))
            case _:
                return one

    return said(of)


@FEWER
@given(ALL)
def test_what_refers_to_nothing_has_no_references(condition: c.Condition) -> None:
    refers = any(isinstance(node, (c.Membership, c.Score)) for node in walk(condition))
    assert prefilter(segment(condition)).refers == refers


@FEWER
@given(st.data())
def test_what_is_the_same_is_alike(data: st.DataObject) -> None:
    condition = data.draw(st.one_of(ALL, meeting))
    one, other = segment(condition), segment(data.draw(respelled(condition)))
    normal = Normalizer()
    first, second = (normal.segment(each, normal.node(each.condition)) for each in (one, other))
    if first == second:
        assert prefilter(one).fingerprint == prefilter(other).fingerprint


@FEWER
@given(st.lists(meeting, min_size=2, max_size=30))
def test_numbers_that_are_equal_are_of_what_is_alike(conditions: list[c.Condition]) -> None:
    normal = Normalizer()
    alike: dict[int, int] = {}
    for each in map(segment, conditions):
        number = normal.segment(each, normal.node(each.condition))
        assert alike.setdefault(number, prefilter(each).fingerprint) == prefilter(each).fingerprint


@pytest.mark.parametrize(
    ("where", "plain"),
    [
        ('country = "JP" and age > 3 and email is not null', True),
        ('any (a = 1, b in ("x", "y"), any of tags = "x") and (has buys where c = 2)', True),
        ("count(buys) < 3 and (no visits) and sum(buys.amount) > 5", True),
        ("last_visit within past 3 days and in segment #1 and opted_in is true", True),
        ("age > 3 and age < 9", False),
        (
            "count distinct (buys.a, buys.b) >= 3 and count distinct (buys.b, buys.a) >= 4",
            False,
        ),
        ("age != 3", False),
        ("age between 9 and 3", False),
        ("count(buys) >= 0", False),
        ("count distinct (some buys.a) >= 1", False),
        ('a in ("x", "x")', False),
        ("a in (1, 1.0)", False),
        ("has buys where a = 1 and a = 2", False),
        ("score of #1 between 3 and 1", False),
    ],
)
def test_what_is_plain(where: str, plain: bool) -> None:
    source = Source("x.seg", f'segment "x" where {where}')
    [of] = resolve(Program("x.seg", {"x.seg": parse(source, Report())}), Report())
    assert prefilter(of).is_plain is plain


def test_twins_are_found_among_what_is_plain() -> None:
    chance = random.Random(1)
    conditions = [
        c.And((c.Test(c.Attribute(a), p.Compare("=", Text(b))), c.Test(c.Attribute("z"), _MORE)))
        for a in "abc"
        for b in "xyz"
    ]
    twice = [
        c.Segment(f"S{at}", each, span=Span("x.seg", at, at))
        for at, each in enumerate((*conditions, *conditions))
    ]
    chance.shuffle(twice)
    report = Report()
    lint(twice, report)
    assert [of.code.name for of in report.diagnostics] == ["SEG606"] * len(conditions)


@given(ALL)
def test_the_behaviors_are_those_of_the_rule(condition: c.Condition) -> None:
    assert prefilter(segment(condition)).behaviors == behaviors_of(condition)
