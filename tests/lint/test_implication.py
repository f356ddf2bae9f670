"""What is proved of two conditions is so of every profile, and of one column a witness is one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from test_lint_soundness import NUMBERS, _numbers, _tests, condition_of, meeting, so

from reference.evaluator import evaluate
from segdsl.analysis.lint.contradictions import has_witness
from segdsl.analysis.lint.implication import Prover, negation
from segdsl.analysis.lint.normal_form import Leaf, Normalizer
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number
from strategies import populations as v

_filters = _tests(c.Attribute("amount"), _numbers)


@st.composite
def _counts(draw: st.DrawFn) -> c.Condition:
    """Counts of purchases, with filters about one column, so that many imply each other."""
    filter = draw(st.none() | _filters)
    aggregate = c.Aggregate("count", "behavior_purchases", some=draw(st.booleans()), filter=filter)
    relation: p.Relation = draw(st.sampled_from((">=", ">", "<", "<=", "=")))
    test = c.Test(aggregate, p.Compare(relation, Number(draw(st.sampled_from("0123")))))
    return c.Not(test) if draw(st.booleans()) else test


@st.composite
def pairs(draw: st.DrawFn) -> tuple[c.Condition, c.Condition]:
    """Two conditions, of which the first often implies the second."""
    either = st.one_of(meeting, _counts())
    one, two, three = draw(either), draw(either), draw(either)
    return draw(
        st.sampled_from(
            [
                (one, two),
                (c.And((one, two)), one),
                (c.And((one, two)), c.Or((two, three))),
                (c.Or((one, two)), c.Or((two, three, one))),
                (c.Not(c.Or((one, two))), c.Not(one)),
                (c.And((one, c.Not(two))), c.Or((c.And((one, three)), one))),
            ]
        )
    )


@given(pairs(), st.data())
def test_what_is_proved_is_so(pair: tuple[c.Condition, c.Condition], data: st.DataObject) -> None:
    normal, prover = Normalizer(), Prover()
    one, other = (normal.node(each) for each in pair)
    implies, excludes = prover.implies(one, other), prover.excludes(one, other)
    if not (implies or excludes):
        return
    population = data.draw(v.populations(of=c.And(pair)))
    for profile in population.profiles:
        first, second = (evaluate(each, profile, population) for each in pair)
        assert not (implies and first and not second)
        assert not (excludes and first and second)


@given(pairs())
def test_the_plainest_implications_are_proved(pair: tuple[c.Condition, c.Condition]) -> None:
    normal, prover = Normalizer(), Prover()
    one, other = (normal.node(each) for each in pair)
    both, any_of = normal.node(c.And(pair)), normal.node(c.Or(pair))
    assert prover.implies(one, one)
    assert prover.implies(both, one)
    assert prover.implies(other, any_of)
    assert prover.excludes(one, negation(one))


@given(_tests(c.Attribute("x"), _numbers))
def test_a_witness_of_one_column_is_one(condition: c.Condition) -> None:
    node = Normalizer().node(condition)
    subject = node.subject if isinstance(node, Leaf) else min(node.subjects)
    numbers: list[Any] = [each for each in NUMBERS if not isinstance(each, str)]
    assert not has_witness(node, subject) or so(condition, numbers) != "never"
    assert condition_of(negation(negation(node))) == condition_of(node)
