"""Translates a segment's condition to a condition on rows of `customers`.

Negations are pushed down to the leaves, so that only leaves must handle SQL's null. A referenced
segment becomes a common table expression, or its condition is inlined if it is used once.
"""

from __future__ import annotations

from typing import assert_never

from sqlglot import exp

from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.syntax import spelling
from segdsl.language.values import ById, ByName, Limit, Reference
from segdsl.sql.aggregates import aggregate_test
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
from segdsl.sql.references import find_references
from segdsl.sql.times import calendar_of

_ROW = "t"


class Conditions:
    """Translates the conditions of one query and collects the segments they refer to."""

    def __init__(self, context: Context, root: c.Segment) -> None:
        self.context = context
        self.calendar = calendar_of(context)
        self.customers = customers(context)
        self._references = find_references(root, context)

    # --- whole segments ------------------------------------------------------------------

    def with_references(self, query: exp.Select) -> exp.Select:
        """Adds the common table expressions of the referenced segments to a query."""
        for reference, segment in self._references.segments.items():
            if reference not in self._references.inlined:
                inner = self.profiles(segment.condition, segment.limit)
                # Copying each time would be quadratic in the length of a chain of references.
                name = identifier(self._references.name(reference))
                query.with_(name, as_=inner, copy=False)
        return query

    def profiles(self, condition: c.Condition, limit: Limit | None) -> exp.Select:
        """The ids of the profiles that satisfy a condition, each once."""
        if limit is None:
            return self.select_where(condition, self.customers.id)
        return limited(condition, limit, self)

    def select_where(self, condition: c.Condition, *columns: Node) -> exp.Select:
        """Selects columns of the profiles that satisfy a condition."""
        query = select(*columns).from_(self.customers.sql)
        return where(query, self.translate(condition))

    # --- conditions ----------------------------------------------------------------------

    def translate(self, condition: c.Condition, *, negate: bool = False) -> Node:
        """Translates a condition of profiles or its complement."""
        match condition:
            case c.Everyone():
                return boolean(not negate)
            case c.And(children):
                parts = [self.translate(child, negate=negate) for child in children]
                return any_of(parts) if negate else all_of(parts)
            case c.Or(children):
                parts = [self.translate(child, negate=negate) for child in children]
                return all_of(parts) if negate else any_of(parts)
            case c.Not(child):
                return self.translate(child, negate=not negate)
            case c.RuleSet(_, child):
                return self.translate(child, negate=negate)
            case c.Limited(child, limit):
                return self._semijoin(self.profiles(child, limit), negate, nulls=False)
            case c.Membership():
                return self._membership(condition, negate)
            case c.Score():
                return self._score(condition, negate)
            case c.Test():
                return self._test(condition, negate)
            case _:
                assert_never(condition)

    def _test(self, test: c.Test, negate: bool) -> Node:
        predicate = PredicateSql(test, self.calendar)
        match test.subject:
            case c.Attribute(name):
                return _column_test(predicate, self.customers, name, negate)
            case c.GroupAttribute(group, name):
                relation = customer_group(self.context, group).with_alias(_ROW)
                return self._other_table(predicate, relation, name, true(), negate)
            case c.MlAttribute(solution, model, attribute):
                relation = extra(self.context, f"ml_{solution}").with_alias(_ROW)
                of_model = self._refers(relation, "model_id", f"{solution} model", model)
                return self._other_table(predicate, relation, attribute, of_model, negate)
            case c.Aggregate() as aggregate:
                query, but = aggregate_test(
                    test, aggregate, predicate, self.context, self.filter_sql
                )
                return self._semijoin(query, but != negate)
            case _:
                assert_never(test.subject)

    def _other_table(
        self, predicate: PredicateSql, relation: Relation, name: str, row_filter: Node, negate: bool
    ) -> Node:
        """A test on the row of a profile in another table, which may be missing."""
        passes = all_of([row_filter, predicate.condition(relation.operand(name))])
        query = None
        if not is_false(passes):
            query = select(relation.id).from_(relation.sql).where(passes)
        return self._semijoin(query, predicate.complement != negate)

    def filter_sql(self, condition: c.Condition, relation: Relation) -> Node:
        """Translates a filter: a condition on the rows of another table."""
        return self._row_condition(condition, relation, negate=False)

    def _row_condition(self, condition: c.Condition, relation: Relation, *, negate: bool) -> Node:
        match condition:
            case c.And(children):
                parts = [self._row_condition(child, relation, negate=negate) for child in children]
                return any_of(parts) if negate else all_of(parts)
            case c.Or(children):
                parts = [self._row_condition(child, relation, negate=negate) for child in children]
                return all_of(parts) if negate else any_of(parts)
            case c.Not(child):
                return self._row_condition(child, relation, negate=not negate)
            case c.Test(subject=c.Attribute(name)):
                return _column_test(PredicateSql(condition, self.calendar), relation, name, negate)
            case _:
                raise SqlError("a filter can only use columns of its behavior")

    # --- references ----------------------------------------------------------------------

    def _membership(self, membership: c.Membership, negate: bool) -> Node:
        match membership.of:
            case "segment":
                return self._segment(membership.target, negate)
            case "stage":
                relation = extra(self.context, "funnel_stages").with_alias(_ROW)
                row_filter = self._refers(relation, "stage_id", "stage", membership.target)
            case "variant":
                relation = extra(self.context, "ab_test_variants").with_alias(_ROW)
                row_filter = self._refers(relation, "variant_id", "variant", membership.target)
            case _:
                assert_never(membership.of)
        return self._semijoin(select(relation.id).from_(relation.sql).where(row_filter), negate)

    def _score(self, score: c.Score, negate: bool) -> Node:
        relation = extra(self.context, "predictive_scores").with_alias(_ROW)
        grade = relation.operand("grade")
        parts = [
            self._refers(relation, "model_id", "predictive model", score.model),
            compared(grade.sql, ">=", score.low),
            compared(grade.sql, "<=", score.high),
        ]
        if not score.including_converted:
            parts.append(negated(relation.operand("converted").sql))
        row_filter = all_of(parts)
        query = (
            None
            if is_false(row_filter)
            else select(relation.id).from_(relation.sql).where(row_filter)
        )
        return self._semijoin(query, negate)

    def _refers(self, relation: Relation, name: str, kind: str, target: Reference) -> Node:
        """Compares a column with the id of a reference, or with its name where ids are not known.

        Raises SqlError if they are known, and this one is not among them.
        """
        if isinstance(target, ById):
            key = target.id
        elif self.context.ids is None:
            key = target.name
        else:
            key = _known_id(self.context.ids, kind, target)
        return exp.EQ(this=relation.operand(name).sql, expression=text(key))

    def _segment(self, target: Reference, negate: bool) -> Node:
        if target in self._references.inlined:
            return self.translate(self._references.segments[target].condition, negate=negate)
        named = exp.Table(this=identifier(self._references.name(target)))
        return self._semijoin(select(column(PROFILE_ID)).from_(named), negate, nulls=False)

    def _semijoin(self, query: exp.Select | None, negate: bool, *, nulls: bool = True) -> Node:
        """Whether a profile is in the result of a query; None is the empty result."""
        if query is None:
            return boolean(negate)
        if negate and nulls:
            # `NOT IN` is never true if the query returns a null.
            query.where(is_not_null(query.selects[0].copy()), copy=False)
        is_in = exp.In(this=self.customers.id, query=exp.Subquery(this=query))
        return exp.Not(this=is_in) if negate else is_in


def _column_test(predicate: PredicateSql, relation: Relation, name: str, negate: bool) -> Node:
    """A test on a column of the current row."""
    condition = predicate.condition(relation.operand(name))
    return negated(condition) if predicate.complement != negate else condition


def _known_id(ids: Ids, kind: str, target: ByName) -> str:
    known = ids.get((kind, target))
    if known is not None:
        return known
    names = sorted({each.name for of, each in ids if of == kind})
    help = "parent_segment.toml names what is in the tables"
    if kind == "predictive model":
        help = f"`segdsl run predictive-segment` trains one, and {help}"
    problem = f"the data has nothing of the {kind} {spelling.reference(target, kind)}"
    raise SqlError(problem, help, (target.name, lambda: names))
