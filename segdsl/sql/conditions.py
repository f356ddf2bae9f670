"""A segment's condition as the condition of a row of `customers`.

Negations are carried down to the leaves, so that only there something has to be made of
SQL's third truth value. References to segments become named queries in front of the
whole, or, where a segment is used once, its condition in its place.
"""

from __future__ import annotations

from typing import assert_never

from sqlglot import exp

from segdsl.language.condition import tree as c
from segdsl.language.values import ById, Limit, Reference
from segdsl.sql.aggregates import tested
from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.context import (
    Context,
    Relation,
    SqlError,
    customer_group,
    customers,
    extra,
)
from segdsl.sql.expressions import (
    Node,
    all_of,
    any_of,
    boolean,
    column,
    identifier,
    is_false,
    is_not_null,
    negated,
    select,
    text,
    true,
    where,
)
from segdsl.sql.limits import limited
from segdsl.sql.numbers import compared
from segdsl.sql.predicates import PredicateSql
from segdsl.sql.references import referred
from segdsl.sql.times import calendar_of

_ROW = "t"


class Conditions:
    """Makes the conditions of one query; collects the named queries that they need."""

    def __init__(self, context: Context, root: c.Segment) -> None:
        self.context = context
        self.calendar = calendar_of(context)
        self.customers = customers(context)
        self._referred = referred(root, context)

    # --- whole segments ------------------------------------------------------------------

    def finished(self, query: exp.Select) -> exp.Select:
        """The query with those in front of it that it refers to."""
        for reference, segment in self._referred.segments.items():
            if reference not in self._referred.inlined:
                inner = self.profiles(segment.condition, segment.limit)
                # Copied each time, a long chain of references would take the square of its length.
                name = identifier(self._referred.name(reference))
                query.with_(name, as_=inner, copy=False)
        return query

    def profiles(self, condition: c.Condition, limit: Limit | None) -> exp.Select:
        """The ids of the profiles that a condition holds for, each once."""
        if limit is None:
            return self.holding(condition, self.customers.id)
        return limited(condition, limit, self)

    def holding(self, condition: c.Condition, *columns: Node) -> exp.Select:
        """Columns of the profiles that a condition holds for."""
        query = select(*columns).from_(self.customers.sql)
        return where(query, self.of(condition))

    # --- conditions ----------------------------------------------------------------------

    def of(self, condition: c.Condition, *, negate: bool = False) -> Node:
        """A condition of profiles, or its complement."""
        match condition:
            case c.Everyone():
                return boolean(not negate)
            case c.And(children):
                parts = [self.of(child, negate=negate) for child in children]
                return any_of(parts) if negate else all_of(parts)
            case c.Or(children):
                parts = [self.of(child, negate=negate) for child in children]
                return all_of(parts) if negate else any_of(parts)
            case c.Not(child):
                return self.of(child, negate=not negate)
            case c.RuleSet(_, child):
                return self.of(child, negate=negate)
            case c.Limited(child, limit):
                return self._among(self.profiles(child, limit), negate, nulls=False)
            case c.Membership():
                return self._membership(condition, negate)
            case c.Score():
                return self._score(condition, negate)
            case c.Test():
                return self._test(condition, negate)
            case _:
                assert_never(condition)

    def _test(self, test: c.Test, negate: bool) -> Node:
        asked = PredicateSql(test, self.calendar)
        match test.subject:
            case c.Attribute(name):
                return _asked(asked, self.customers, name, negate)
            case c.GroupAttribute(group, name):
                relation = customer_group(self.context, group).called(_ROW)
                return self._elsewhere(asked, relation, name, true(), negate)
            case c.MlAttribute(solution, model, attribute):
                relation = extra(self.context, f"ml_{solution}").called(_ROW)
                of_model = _equal(relation, "model_id", model)
                return self._elsewhere(asked, relation, attribute, of_model, negate)
            case c.Aggregate() as aggregate:
                query, but = tested(test, aggregate, asked, self.context, self.filtered)
                return self._among(query, but != negate)
            case _:
                assert_never(test.subject)

    def _elsewhere(
        self, asked: PredicateSql, relation: Relation, name: str, only: Node, negate: bool
    ) -> Node:
        """A question about the one row that a profile has in another table, or has not."""
        passes = all_of([only, asked.of(relation.operand(name))])
        query = None
        if not is_false(passes):
            query = select(relation.id).from_(relation.sql).where(passes)
        return self._among(query, asked.complement != negate)

    def filtered(self, condition: c.Condition, relation: Relation) -> Node:
        """A filter: a condition of the rows of another table."""
        return self._of_rows(condition, relation, negate=False)

    def _of_rows(self, condition: c.Condition, relation: Relation, *, negate: bool) -> Node:
        match condition:
            case c.And(children):
                parts = [self._of_rows(child, relation, negate=negate) for child in children]
                return any_of(parts) if negate else all_of(parts)
            case c.Or(children):
                parts = [self._of_rows(child, relation, negate=negate) for child in children]
                return all_of(parts) if negate else any_of(parts)
            case c.Not(child):
                return self._of_rows(child, relation, negate=not negate)
            case c.Test(subject=c.Attribute(name)):
                return _asked(PredicateSql(condition, self.calendar), relation, name, negate)
            case _:
                raise SqlError("a filter is about the columns of its behavior only")

    # --- references ----------------------------------------------------------------------

    def _membership(self, membership: c.Membership, negate: bool) -> Node:
        match membership.of:
            case "segment":
                return self._segment(membership.target, negate)
            case "stage":
                relation = extra(self.context, "funnel_stages").called(_ROW)
                found = _equal(relation, "stage_id", membership.target)
            case "variant":
                relation = extra(self.context, "ab_test_variants").called(_ROW)
                found = _equal(relation, "variant_id", membership.target)
            case _:
                assert_never(membership.of)
        return self._among(select(relation.id).from_(relation.sql).where(found), negate)

    def _score(self, score: c.Score, negate: bool) -> Node:
        relation = extra(self.context, "predictive_scores").called(_ROW)
        grade = relation.operand("grade")
        parts = [
            _equal(relation, "model_id", score.model),
            compared(grade.sql, ">=", score.low),
            compared(grade.sql, "<=", score.high),
        ]
        if not score.including_converted:
            parts.append(negated(relation.operand("converted").sql))
        found = all_of(parts)
        query = None if is_false(found) else select(relation.id).from_(relation.sql).where(found)
        return self._among(query, negate)

    def _segment(self, reference: Reference, negate: bool) -> Node:
        if reference in self._referred.inlined:
            return self.of(self._referred.segments[reference].condition, negate=negate)
        named = exp.Table(this=identifier(self._referred.name(reference)))
        return self._among(select(column(PROFILE_ID)).from_(named), negate, nulls=False)

    def _among(self, query: exp.Select | None, negate: bool, *, nulls: bool = True) -> Node:
        """Whether a profile is one of a query's; without a query nobody is."""
        if query is None:
            return boolean(negate)
        if negate and nulls:
            # `NOT IN` is true of nothing where there is a null.
            query.where(is_not_null(query.selects[0].copy()), copy=False)
        found = exp.In(this=self.customers.id, query=exp.Subquery(this=query))
        return exp.Not(this=found) if negate else found


def _asked(asked: PredicateSql, relation: Relation, name: str, negate: bool) -> Node:
    """A question about a column of the row at hand."""
    found = asked.of(relation.operand(name))
    return negated(found) if asked.complement != negate else found


def _equal(relation: Relation, name: str, reference: Reference) -> Node:
    """The row of something that has an id; what has no id yet is found by its name."""
    key = reference.id if isinstance(reference, ById) else reference.name
    return exp.EQ(this=relation.operand(name).sql, expression=text(key))
