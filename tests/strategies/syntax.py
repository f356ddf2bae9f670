"""Syntax trees over every node, as the parser could have made them.

Two families: `files` with any names and values, for parsing and formatting; and
`compilable` segments, `compilable_funnels` and others like them, whose names resolve and
whose types fit, for the compiler. Activations and templates are in `activation_items`.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import get_args

from hypothesis import strategies as st

from segdsl.language import predicates as p
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.predicates import has_not
from segdsl.language.syntax import tree as t
from segdsl.language.values import (
    UNITS,
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Limit,
    Literal,
    Name,
    Number,
    Order,
    Part,
    Reference,
    Text,
    Value,
)
from strategies.activation_items import activations, templates
from strategies.journey_items import journey_items, predictive_items
from strategies.texts import folders, names, numbers, odd_texts, tables

wholes = st.one_of(st.sampled_from(["0", "1", "2", "7", "30"]), st.integers(0, 400).map(str)).map(
    Number
)
iso = st.sampled_from(
    ["2024-01-31", "1999-12-31T23:59", "2024-02-29T00:00:00Z", "2024-02-29T01:02:03.5+09:00"]
)
units = st.sampled_from(UNITS)
_WHOLE: tuple[OneOf["any", "every"], ...] = ("any", "every")
_SOLUTIONS: tuple[OneOf["rfm", "cltv"], ...] = ("rfm", "cltv")


class Family:
    """What differs between the two families: which values and names may stand where."""

    def __init__(self, *, parameters: bool) -> None:
        self.parameters = parameters
        self.names = names
        named = st.builds(Name, names)
        self.texts: st.SearchStrategy[Value] = odd_texts.map(Text)
        self.numbers: st.SearchStrategy[Value] = numbers
        self.amounts: st.SearchStrategy[Value] = wholes
        dates = st.one_of(iso, odd_texts).map(Date)
        self.dates: st.SearchStrategy[Date | Name] = dates
        # A window of no length is refused.
        self.lengths: st.SearchStrategy[Value] = st.integers(1, 400).map(str).map(Number)
        if parameters:
            self.texts = st.one_of(self.texts, named)
            self.numbers = st.one_of(self.numbers, named)
            self.amounts = st.one_of(numbers, named)
            self.dates = st.one_of(dates, named)
        self.scalars = st.one_of(self.texts, self.numbers)
        # To be compiled, a segment needs a name.
        self.titles = odd_texts if parameters else odd_texts.filter(str.strip)
        self.references: st.SearchStrategy[Reference] = st.one_of(
            st.sampled_from(["1", "1234"]).map(ById), odd_texts.map(ById), self.titles.map(ByName)
        )
        self.folders = folders
        self.durations = self._durations()
        self.predicates = self._predicates()
        self.quantifiers = st.one_of(
            st.builds(t.Quantifier, st.sampled_from(_WHOLE)),
            st.builds(
                t.Quantifier, st.sampled_from(["at least", "at most", "exactly"]), self.amounts
            ),
        )
        self.limits = st.builds(
            Limit,
            self.amounts,
            st.just(False),
            st.lists(st.builds(Order, st.none() | names, st.booleans()), max_size=2).map(tuple),
        ) | st.builds(
            Limit,
            st.sampled_from(["0", "2.5", "100"]).map(Number),
            st.just(True),
            st.lists(
                st.builds(Order, st.none() | names, st.booleans()), min_size=1, max_size=2
            ).map(tuple),
        )

    def _durations(self) -> st.SearchStrategy[Duration]:
        return st.one_of(
            st.builds(lambda part: Duration((part,)), st.builds(Part, self.amounts, units)),
            _durations_of(self.amounts, list(UNITS), rounding=True),
        )

    def _predicates(self) -> st.SearchStrategy[p.Predicate]:
        one_unit = st.builds(lambda a, u: Duration((Part(a, u),)), self.amounts, units)
        moments = st.one_of(self.dates, self.durations.map(p.Ago))
        return st.one_of(
            st.builds(
                p.Compare,
                st.sampled_from(["=", "<", "<=", ">", ">="]),
                st.one_of(self.scalars, st.booleans().map(Boolean)),
            ),
            st.builds(p.Between, self.scalars, self.scalars),
            st.builds(p.In, st.lists(self.scalars, min_size=1, max_size=4).map(tuple)),
            st.builds(
                p.Like,
                st.sampled_from(["contains", "starts with", "ends with"]),
                st.lists(self.texts, min_size=1, max_size=3).map(tuple),
            ),
            st.builds(p.Matches, self.texts),
            st.just(p.IsNull()),
            st.just(p.Today()),
            st.builds(p.TimeCompare, st.sampled_from(["=", "<", "<=", ">", ">="]), self.dates),
            st.builds(
                p.TimeCompare, st.sampled_from(["<", "<=", ">", ">="]), self.durations.map(p.Ago)
            ),
            st.builds(p.TimeBetween, moments, moments).filter(_between_is_written),
            st.builds(p.Within, st.sampled_from(["past", "next"]), self.amounts, units),
            st.builds(p.InUnit, st.sampled_from(["last", "this", "next"]), units),
            st.builds(p.TimeRange, one_unit, self.durations, st.booleans()),
            st.builds(p.BetweenNext, self.durations, self.durations),
        )


def _durations_of(
    amounts: st.SearchStrategy[Value], allowed: list[str], *, rounding: bool
) -> st.SearchStrategy[Duration]:
    def build(draw: st.DrawFn) -> Duration:
        chosen = draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=3, unique=True))
        parts = tuple(Part(draw(amounts), unit) for unit in UNITS if unit in chosen)
        rounded = draw(st.none() | units) if rounding else None
        found = Duration(parts)
        return found if rounded in (None, found.smallest) else Duration(parts, rounded)

    return st.composite(build)()


def _between_is_written(of: p.TimeBetween) -> bool:
    """Parameters alone make a plain Between; before `… ago` one takes its unit."""
    if isinstance(of.low, Name) and isinstance(of.high, Name):
        return False
    lone = isinstance(of.low, Name) and isinstance(of.high, p.Ago)
    return not (lone and isinstance(of.high, p.Ago) and len(of.high.duration.parts) == 1)


# --- any tree --------------------------------------------------------------------------

ANY = Family(parameters=True)


def _grouped(draw: st.DrawFn, inner: st.SearchStrategy[t.Expression], family: Family) -> t.Subject:
    function: t.Function = draw(st.sampled_from(get_args(t.Function)))
    some = draw(st.booleans())
    window = draw(
        st.none()
        | _durations_of(family.lengths, ["day", "hour", "minute", "second"], rounding=False)
    )
    where = draw(st.none() | inner)
    grouping = draw(st.lists(family.names, max_size=2).map(tuple))
    columns: tuple[str, ...] = ()
    order = None
    if function == "count distinct":
        columns = draw(st.lists(family.names, min_size=1, max_size=3).map(tuple))
        grouping = ()
    elif function != "count":
        columns = (draw(family.names),)
    if function in ("first", "last"):
        order = draw(family.names)
    if function == "count" and not grouping and window is None:
        some = some and family.parameters
    return t.Aggregate(function, draw(tables), columns, some, order, grouping, window, where)


def _test(draw: st.DrawFn, inner: st.SearchStrategy[t.Expression]) -> t.Expression:
    subject = draw(
        st.one_of(
            st.builds(t.Attribute, names),
            st.builds(t.Attribute, names),
            st.builds(t.Dotted, names, names),
            st.builds(t.GroupAttribute, names, names),
            st.builds(t.MlAttribute, st.sampled_from(["rfm", "cltv"]), ANY.references, names),
            st.composite(_grouped)(inner, ANY),
        )
    )
    return t.Test(
        subject, draw(ANY.predicates), draw(st.booleans()), draw(st.none() | ANY.quantifiers)
    )


def _memberships(family: Family) -> st.SearchStrategy[t.Expression]:
    return st.one_of(
        st.builds(t.Membership, st.just("segment"), family.references),
        st.builds(
            t.Membership, st.just("segment"), st.builds(ByName, family.titles, family.folders)
        ),
        st.builds(
            t.Membership,
            st.sampled_from(["stage", "variant"]),
            st.one_of(odd_texts.map(ById), st.builds(ByName, odd_texts, odd_texts)),
        ),
    )


def _expressions(inner: st.SearchStrategy[t.Expression]) -> st.SearchStrategy[t.Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.composite(_test)(inner),
        st.builds(t.Chain, st.sampled_from(["and", "or"]), several),
        st.builds(
            t.Listing,
            st.sampled_from(["all", "any", "none"]),
            st.lists(inner, min_size=1, max_size=3).map(tuple),
        ),
        st.builds(t.Negation, inner),
        st.builds(t.FixedRuleSet, st.none() | odd_texts, inner),
        st.builds(t.Limited, inner, ANY.limits),
        st.builds(t.Has, tables, st.booleans(), st.none() | inner),
    )


_leaves: st.SearchStrategy[t.Expression] = st.one_of(
    st.builds(
        t.Test,
        st.builds(t.Attribute, names),
        ANY.predicates,
        st.booleans(),
        st.none() | ANY.quantifiers,
    ),
    _memberships(ANY),
    st.builds(t.Score, ANY.references, ANY.amounts, ANY.amounts, st.booleans()),
    st.builds(t.Use, names, st.none() | st.lists(ANY.scalars, min_size=1, max_size=3).map(tuple)),
)
expressions = st.recursive(_leaves, _expressions, max_leaves=12)

_kinds = st.sampled_from(["batch", "realtime", "funnel_stage"])


def _segment(draw: st.DrawFn, where: st.SearchStrategy[t.Expression], family: Family) -> t.Segment:
    clauses = []
    if draw(st.booleans()):
        clauses.append(t.Clause("description", draw(odd_texts)))
    if draw(st.booleans()):
        clauses.append(t.Clause("folder", draw(odd_texts)))
    if draw(st.booleans()):
        clauses.append(t.Clause("kind", draw(_kinds)))
    if draw(st.booleans()):
        clauses.append(t.Clause("hidden"))
    limit = draw(st.none() | family.limits)
    return t.Segment(draw(family.titles), tuple(clauses), draw(st.none() | where), limit)


segments = st.composite(_segment)(expressions, ANY)
_literals: st.SearchStrategy[Literal] = st.one_of(
    odd_texts.map(Text), numbers, st.booleans().map(Boolean), st.one_of(iso, odd_texts).map(Date)
)


def _stage(draw: st.DrawFn, where: st.SearchStrategy[t.Expression], family: Family) -> t.Stage:
    name = draw(family.titles)
    if draw(st.integers(0, 3)) == 0:
        return t.Stage(name)
    clauses = (t.FunnelClause("description", draw(odd_texts)),) if draw(st.booleans()) else ()
    return t.Stage(name, clauses, draw(_rules(where, family)))


def _rules(
    where: st.SearchStrategy[t.Expression], family: Family
) -> st.SearchStrategy[t.StageRule]:
    return st.builds(t.StageRule, st.none() | where, st.none() | family.limits)


def _funnel(draw: st.DrawFn, where: st.SearchStrategy[t.Expression], family: Family) -> t.Funnel:
    written = ((word, draw(st.none() | odd_texts)) for word in t.FUNNEL_CLAUSES)
    clauses = tuple(t.FunnelClause(word, text) for word, text in written if text is not None)
    stages = st.composite(_stage)(where, family)
    unique = st.lists(stages, max_size=4, unique_by=lambda stage: stage.name)
    return t.Funnel(draw(family.titles), clauses, tuple(draw(unique)))


funnels = st.composite(_funnel)(expressions, ANY)
journeys = journey_items(_rules(expressions, ANY), ANY.titles)
predictive_segments = predictive_items(ANY.titles)
items: st.SearchStrategy[t.Item] = st.one_of(
    segments,
    funnels,
    activations,
    templates,
    predictive_segments,
    journeys,
    st.builds(t.Let, names, st.lists(names, max_size=3).map(tuple), expressions),
    st.builds(
        t.Param,
        names,
        st.sampled_from(["number", "string", "boolean", "date"]),
        st.none() | _literals,
    ),
    st.builds(t.Import, st.lists(names, min_size=1, max_size=3).map(tuple), odd_texts),
)
files = st.lists(items, max_size=3).map(lambda found: t.File(tuple(found)))


# --- trees that compile ------------------------------------------------------------------

PLAIN = Family(parameters=False)
_numeric = st.one_of(
    st.builds(p.Compare, st.sampled_from(["=", "<", "<=", ">", ">="]), numbers),
    st.builds(p.Between, numbers, numbers),
    st.builds(p.In, st.lists(numbers, min_size=1, max_size=3).map(tuple)),
)
_columns: st.SearchStrategy[t.Expression] = st.builds(
    t.Test,
    st.builds(t.Attribute, names),
    PLAIN.predicates,
    st.booleans(),
    st.none() | PLAIN.quantifiers,
).filter(lambda test: not (test.negated and not has_not(test.predicate)))


def _groups(inner: st.SearchStrategy[t.Expression]) -> st.SearchStrategy[t.Expression]:
    return st.one_of(
        st.builds(
            t.Chain,
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=4).map(tuple),
        ),
        st.builds(
            t.Listing,
            st.sampled_from(["all", "any", "none"]),
            st.lists(inner, min_size=1, max_size=4).map(tuple),
        ),
        st.builds(t.Negation, inner),
    )


filters = st.recursive(_columns, _groups, max_leaves=5)


def _behavior_test(draw: st.DrawFn) -> t.Expression:
    subject = draw(st.composite(_grouped)(filters, PLAIN))
    assert isinstance(subject, t.Aggregate)
    negated = draw(st.booleans())
    counts = subject.function in ("count", "count distinct")
    quantifiers = st.none() if counts else st.none() | PLAIN.quantifiers
    if subject.some:
        predicate, quantifier = draw(PLAIN.predicates), draw(quantifiers)
    elif subject.function in ("count", "count distinct"):
        predicate, quantifier = draw(_numeric), None
    else:
        predicate = draw(PLAIN.predicates.filter(lambda found: not isinstance(found, p.IsNull)))
        quantifier = draw(quantifiers)
    if negated and not has_not(predicate):
        negated = False
    return t.Test(subject, predicate, negated, quantifier)


def _ml_test(draw: st.DrawFn) -> t.Expression:
    solution = draw(st.sampled_from(_SOLUTIONS))
    attribute = draw(st.sampled_from(MODEL_ATTRIBUTES[solution]))
    predicate = draw(PLAIN.predicates.filter(has_not))
    return t.Test(
        t.MlAttribute(solution, draw(PLAIN.references), attribute), predicate, draw(st.booleans())
    )


_attribute_tests = st.builds(
    t.Test,
    st.one_of(st.builds(t.Attribute, names), st.builds(t.GroupAttribute, names, names)),
    PLAIN.predicates,
    st.booleans(),
    st.none() | PLAIN.quantifiers,
).filter(lambda test: test.quantifier is None or not test.negated or has_not(test.predicate))

_compilable_leaves: st.SearchStrategy[t.Expression] = st.one_of(
    _attribute_tests,
    st.composite(_behavior_test)(),
    st.composite(_ml_test)(),
    _memberships(PLAIN),
    st.builds(t.Score, PLAIN.references, numbers, numbers, st.booleans()),
    st.builds(t.Has, tables, st.booleans(), st.none() | filters),
    st.builds(t.Limited, st.one_of(_attribute_tests, st.composite(_behavior_test)()), PLAIN.limits),
)


def _compilable_groups(inner: st.SearchStrategy[t.Expression]) -> st.SearchStrategy[t.Expression]:
    return st.one_of(_groups(inner), st.builds(t.FixedRuleSet, st.none() | odd_texts, inner))


compilable_conditions = st.recursive(_compilable_leaves, _compilable_groups, max_leaves=10)
compilable = st.composite(_segment)(compilable_conditions, PLAIN)
compilable_funnels = st.composite(_funnel)(compilable_conditions, PLAIN)
compilable_journeys = journey_items(_rules(compilable_conditions, PLAIN), PLAIN.titles)
compilable_predictive_segments = predictive_items(PLAIN.titles)
