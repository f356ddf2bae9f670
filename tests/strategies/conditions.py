"""Condition trees over the vocabulary of `strategies.populations`, for differential tests.

Every tree is one that the resolver could have made and that the API can hold: well typed,
with the negations that exist. What the compiler must refuse is not made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal as OneOf

from hypothesis import strategies as st

from reference.calendar import Calendar
from reference.evaluator import predicate_holds
from reference.population import Population
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.predicates import has_not
from segdsl.language.syntax.tree import Function
from segdsl.language.values import (
    UNITS,
    Boolean,
    ById,
    Date,
    Duration,
    Limit,
    Number,
    Order,
    Part,
    Text,
    Unit,
)
from strategies import populations as v

Type = OneOf["text", "number", "boolean", "time", "texts", "numbers"]

# --- predicates, by the type they are asked of -----------------------------------------

_RELATIONS: tuple[p.Relation, ...] = ("=", "<", "<=", ">", ">=")
_relations = st.sampled_from(_RELATIONS)
_texts = st.sampled_from(v.TEXTS).map(Text)
_numbers = st.sampled_from(["0", "1", "2", "3", "-1", "18", "2.5"]).map(Number)
_amounts = st.sampled_from(["1", "0", "2", "3"]).map(Number)
_few_texts = st.lists(_texts, min_size=1, max_size=3).map(tuple)

number_predicates: st.SearchStrategy[p.Predicate] = st.one_of(
    st.builds(p.Compare, _relations, _numbers),
    st.builds(p.Between, _numbers, _numbers),
    st.builds(p.In, st.lists(_numbers, min_size=1, max_size=3).map(tuple)),
)
text_predicates: st.SearchStrategy[p.Predicate] = st.one_of(
    st.builds(p.Compare, _relations, _texts),
    st.builds(p.Between, _texts, _texts),
    st.builds(p.In, _few_texts),
    st.builds(p.Like, st.sampled_from(["contains", "starts with", "ends with"]), _few_texts),
    st.builds(p.Matches, st.sampled_from(["^J", "a.x", r"a\.x$", "[A-Z]{2}-", "^$", ""]).map(Text)),
)
boolean_predicates: st.SearchStrategy[p.Predicate] = st.builds(
    p.Compare, st.just("="), st.booleans().map(Boolean)
)


@st.composite
def durations(draw: st.DrawFn, units: Sequence[Unit] = UNITS, *, rounding: bool = True) -> Duration:
    """A length of one to three parts, now and then rounded to another unit than its smallest."""
    chosen = draw(st.lists(st.sampled_from(units), min_size=1, max_size=3, unique=True))
    parts = tuple(Part(draw(_amounts), unit) for unit in UNITS if unit in chosen)
    length = Duration(parts)
    rounded = draw(_roundings) if rounding else None
    return length if rounded in (None, length.smallest) else Duration(parts, rounded)


_units = st.sampled_from(UNITS)
_roundings = st.one_of(st.none(), _units)
_lengths = st.builds(lambda amount, unit: Duration((Part(amount, unit),)), _amounts, _units)
_durations = st.one_of(_lengths, durations())
_dates = st.sampled_from(
    [
        *("2024-03-31", "2024-03-30", "2024-03-10", "2024-02-29", "2024-01-01"),
        *("2024-03-31T11:30", "2024-03-30T22:30Z", "2024-03-31T11:30:45+09:00"),
        *("2024-03-31T02:30:45.250Z", "2024-02-30", "yesterday"),
    ]
).map(Date)
_ago = st.builds(p.Ago, _durations)
_before_or_after: st.SearchStrategy[p.Relation] = st.sampled_from(_RELATIONS[1:])

_past_predicates: st.SearchStrategy[p.Predicate] = st.one_of(
    st.builds(p.TimeCompare, _relations, _dates),
    st.builds(p.TimeCompare, _before_or_after, _ago),
    st.builds(p.TimeBetween, st.one_of(_dates, _ago), st.one_of(_dates, _ago)),
    st.builds(p.Within, st.just("past"), _amounts, _units),
    st.builds(p.InUnit, st.sampled_from(["last", "this"]), _units),
    st.just(p.Today()),
    st.builds(p.TimeRange, _lengths, _durations, st.booleans()),
)
_coming_predicates: st.SearchStrategy[p.Predicate] = st.one_of(
    st.builds(p.Within, st.just("next"), _amounts, _units),
    st.builds(p.InUnit, st.just("next"), _units),
    st.builds(p.BetweenNext, _durations, _durations),
)
time_predicates: st.SearchStrategy[p.Predicate] = st.one_of(_past_predicates, _coming_predicates)


def _is_beside_no_date(of: p.Predicate) -> bool:
    """Whether this asks for what is before or after a text that is no time."""
    match of:
        case p.TimeCompare(relation, Date(text)):
            known = Calendar(v.NOW, v.ZONES[0]).literal(text) is not None
            return relation != "=" and not known
        case _:
            return False


OF_TYPE: dict[Type, st.SearchStrategy[p.Predicate]] = {
    "text": text_predicates,
    "number": number_predicates,
    "boolean": boolean_predicates,
    "time": time_predicates,
    "texts": text_predicates,
    "numbers": number_predicates,
}
_is_null: st.SearchStrategy[p.Predicate] = st.just(p.IsNull())
_OF_NULLABLE = {
    of: st.one_of(predicates, predicates, predicates, _is_null)
    for of, predicates in OF_TYPE.items()
}
# The same without what has no opposite inside a filter.
_OF_NEGATED_COLUMN = {
    **_OF_NULLABLE,
    "time": st.one_of(_past_predicates, _is_null).filter(lambda of: not _is_beside_no_date(of)),
}

quantifiers = st.one_of(
    st.sampled_from([c.Quantifier("any"), c.Quantifier("every")]),
    st.builds(c.Quantifier, st.sampled_from(["at least", "at most", "exactly"]), _amounts),
)
_often = st.sampled_from([True, True, False])
_seldom = st.sampled_from([False, False, False, True])


def _is_array(of: Type) -> bool:
    return of in ("texts", "numbers")


def _plain_test(
    draw: st.DrawFn, subject: c.Subject, of: Type, predicates: st.SearchStrategy[p.Predicate]
) -> c.Test:
    """A test of a value that is not an aggregate; of an array, mostly of its elements."""
    if _is_array(of):
        if draw(_seldom):
            return c.Test(subject, p.IsNull())
        predicate = draw(predicates)
        negated = draw(st.booleans()) and has_not(predicate)
        return c.Test(subject, predicate, negated, draw(quantifiers))
    return c.Test(subject, draw(predicates))


# --- attributes --------------------------------------------------------------------------

_ATTRIBUTES: tuple[tuple[str, Type], ...] = (
    *((name, "text") for name in v.TEXT_ATTRIBUTES),
    *((name, "number") for name in v.NUMBER_ATTRIBUTES),
    *((name, "boolean") for name in v.BOOLEAN_ATTRIBUTES),
    *((name, "time") for name in (*v.TIME_ATTRIBUTES, *v.TIME_ATTRIBUTES)),
    *((name, "texts") for name in (*v.TEXT_ARRAYS, *v.TEXT_ARRAYS)),
    *((name, "numbers") for name in v.NUMBER_ARRAYS),
)
_attributes = st.sampled_from(_ATTRIBUTES)


def _attribute_test(draw: st.DrawFn) -> c.Test:
    name, of = draw(_attributes)
    return _plain_test(draw, c.Attribute(name), of, _OF_NULLABLE[of])


def _group_test(draw: st.DrawFn) -> c.Test:
    return _plain_test(draw, c.GroupAttribute(*v.GROUP), "number", _OF_NULLABLE["number"])


def _ml_test(draw: st.DrawFn) -> c.Test:
    solution: OneOf["rfm", "cltv"] = draw(st.sampled_from(["rfm", "cltv"]))
    of: Type = draw(st.sampled_from(["text", "number"]))
    attribute = dict(v.ML_TEXTS if of == "text" else v.ML_NUMBERS)[solution]
    subject = c.MlAttribute(solution, ById(draw(_ids)), attribute)
    return _plain_test(draw, subject, of, _OF_NULLABLE[of])


_ids = st.sampled_from(v.IDS)
_memberships = st.builds(c.Membership, st.sampled_from(v.KINDS), _ids.map(ById))
_grades = st.sampled_from(["1", "2", "3", "5"]).map(Number)
_scores = st.builds(c.Score, _ids.map(ById), _grades, _grades, st.booleans())

# --- aggregates --------------------------------------------------------------------------

_COLUMNS: dict[str, tuple[tuple[str, Type], ...]] = {
    behavior: (
        ("timestamp", "time"),
        *((name, "text") for name in v.TEXT_COLUMNS[behavior]),
        *((name, "number") for name in v.NUMBER_COLUMNS[behavior]),
        *((name, "texts") for name in v.ARRAY_COLUMNS[behavior]),
    )
    for behavior in v.BEHAVIORS
}
_SCALAR_COLUMNS = {
    behavior: [name for name, of in columns if not _is_array(of)]
    for behavior, columns in _COLUMNS.items()
}
_FUNCTIONS: dict[str, tuple[Function, ...]] = {
    "behavior_purchases": (
        "count",
        "count distinct",
        "sum",
        "min",
        "max",
        "average",
        "first",
        "last",
    ),
    "behavior_page_views": ("count", "count distinct", "min", "max", "first", "last"),
}
_functions = {behavior: st.sampled_from(names) for behavior, names in _FUNCTIONS.items()}
_columns = {behavior: st.sampled_from(columns) for behavior, columns in _COLUMNS.items()}
_behaviors = st.sampled_from(v.BEHAVIORS)
_measures = st.sampled_from(v.NUMBER_COLUMNS["behavior_purchases"])
_groupings = {
    behavior: st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple)
    for behavior, names in _SCALAR_COLUMNS.items()
}
_orders = {behavior: st.sampled_from(columns) for behavior, columns in v.ORDER_COLUMNS.items()}
# A window of no length holds no event at all, and the API says nothing of it.
_windows = durations(("day", "hour", "minute", "second"), rounding=False).filter(
    lambda window: any(part.amount != Number("0") for part in window.parts)
)
_operand_counts = st.integers(2, 3)
_shapes: st.SearchStrategy[OneOf["leaf", "and", "or", "not"]] = st.sampled_from(
    ["leaf", "leaf", "and", "or", "not"]
)


def _filter(draw: st.DrawFn, behavior: str, positive: bool, depth: int) -> c.Condition:
    shape = draw(_shapes) if depth else "leaf"
    if shape == "leaf":
        name, of = draw(_columns[behavior])
        predicates = _OF_NULLABLE[of] if positive else _OF_NEGATED_COLUMN[of]
        return _plain_test(draw, c.Attribute(name), of, predicates)
    if shape == "not":
        return c.Not(_filter(draw, behavior, not positive, depth - 1))
    number = draw(_operand_counts)
    children = tuple(_filter(draw, behavior, positive, depth - 1) for _ in range(number))
    return c.And(children) if shape == "and" else c.Or(children)


def _aggregate(draw: st.DrawFn) -> tuple[c.Aggregate, Type]:
    behavior = draw(_behaviors)
    function = draw(_functions[behavior])
    of: Type = "number"
    columns: tuple[str, ...] = ()
    order = None
    if function == "count distinct":
        columns = draw(_groupings[behavior])
    elif function in ("sum", "average"):
        columns = (draw(_measures),)
    elif function in ("min", "max"):
        timed = behavior == "behavior_page_views" or draw(st.booleans())
        columns = ("timestamp",) if timed else (draw(_measures),)
        of = "time" if timed else "number"
    elif function in ("first", "last"):
        name, of = draw(_columns[behavior])
        columns = (name,)
        order = draw(_orders[behavior])
    grouped = function != "count distinct" and draw(_seldom)
    window = None if draw(_often) else draw(_windows)
    # Of a plain count `some` says nothing.
    is_plain_count = function == "count" and not grouped and window is None
    aggregate = c.Aggregate(
        function,
        behavior,
        columns,
        not is_plain_count and draw(_seldom),
        order,
        draw(_groupings[behavior]) if grouped else (),
        window,
        _filter(draw, behavior, True, 2) if draw(st.booleans()) else None,
    )
    return aggregate, of


def _holds_of_zero(predicate: p.Predicate) -> bool:
    return predicate_holds(predicate, 0, Calendar(v.NOW, v.ZONES[0]))


_above_zero = number_predicates.filter(lambda predicate: not _holds_of_zero(predicate))


def _aggregate_test(draw: st.DrawFn) -> c.Test:
    aggregate, of = _aggregate(draw)
    if _is_array(of) and not (aggregate.some and draw(_seldom)):
        predicate = draw(_OF_NULLABLE[of] if aggregate.some else OF_TYPE[of])
        negated = draw(st.booleans()) and has_not(predicate)
        return c.Test(aggregate, predicate, negated, draw(quantifiers))
    if aggregate.some:
        predicate = p.IsNull() if _is_array(of) else draw(_OF_NULLABLE[of])
        return c.Test(aggregate, predicate, draw(st.booleans()) and has_not(predicate))
    if aggregate.counts and aggregate.is_existential:
        return c.Test(aggregate, draw(_above_zero))
    return c.Test(aggregate, draw(OF_TYPE[of]))


# --- limits ------------------------------------------------------------------------------

_order_columns = st.sampled_from([*v.NUMBER_ATTRIBUTES, *v.TIME_ATTRIBUTES])


def _limit(draw: st.DrawFn, of: c.Aggregate | None) -> Limit:
    """A limit whose last sort key is different for each profile."""
    keys: list[str | None] = []
    if of is not None and draw(st.booleans()):
        keys.append(None)
    if draw(st.booleans()):
        keys.append(draw(_order_columns))
    order = tuple(Order(key, draw(st.booleans())) for key in (*keys, v.RANK))
    if draw(st.booleans()):
        return Limit(Number(draw(st.sampled_from(["50", "0", "12.5", "100"]))), True, order)
    return Limit(Number(draw(st.sampled_from(["1", "0", "2", "5"]))), False, order)


def _limited(draw: st.DrawFn) -> c.Limited:
    """A limit on a test that the API has no need of `exclude` for."""
    if draw(_often):
        test = draw(aggregate_tests)
        return c.Limited(test, _limit(draw, _sortable_by(test)))
    test = _attribute_test(draw)
    negatable = test.quantifier is None and has_not(test.predicate)
    child = c.Not(test) if negatable and draw(st.booleans()) else test
    return c.Limited(child, _limit(draw, None))


def _needs_exclude(test: c.Test) -> bool:
    """Whether it holds of profiles that the API's aggregation never sees."""
    match test.subject:
        case c.Aggregate("count distinct", some=False):
            return _holds_of_zero(test.predicate)
        case _:
            return False


aggregate_tests: st.SearchStrategy[c.Test] = st.composite(_aggregate_test)().filter(
    lambda test: not _needs_exclude(test)
)


def _sortable_by(test: c.Test) -> c.Aggregate | None:
    """The aggregate of a test, where it is one value that has an order."""
    subject = test.subject
    if not isinstance(subject, c.Aggregate) or subject.is_existential:
        return None
    return None if subject.columns == ("tags",) else subject


# --- trees -------------------------------------------------------------------------------

_MOST_LEAVES = 8
_MOST_RULE_SETS = 2
_leaves = st.sampled_from([_attribute_test] * 4 + [_aggregate_test] * 5 + [_group_test, _ml_test])
_references: st.SearchStrategy[c.Condition] = st.one_of(_memberships, _scores)


class _Tree:
    """One tree while it grows; counts what the API has room for little of."""

    def __init__(self, draw: st.DrawFn, allow_limits: bool) -> None:
        self.draw = draw
        self.allow_limits = allow_limits
        self.leaves = 0
        self.rule_sets = 0

    def grow(self, depth: int, *, nots: int = 0, in_rule_set: bool = False) -> c.Condition:
        """A condition under `nots` negations."""
        draw = self.draw
        may_be_rule_set = not nots and not in_rule_set and self.rule_sets < _MOST_RULE_SETS
        if may_be_rule_set and depth and draw(_seldom):
            self.rule_sets += 1
            label = draw(st.sampled_from([None, "Reachable", 'Good "customers"']))
            return c.RuleSet(label, self.grow(depth - 1, in_rule_set=True))
        shape = draw(_shapes) if depth and self.leaves < _MOST_LEAVES else "leaf"
        if shape == "leaf":
            self.leaves += 1
            return self.leaf(nots)
        if shape == "not":
            return c.Not(self.grow(depth - 1, nots=nots + 1, in_rule_set=in_rule_set))
        children = tuple(
            self.grow(depth - 1, nots=nots, in_rule_set=in_rule_set)
            for _ in range(draw(_operand_counts))
        )
        return c.And(children) if shape == "and" else c.Or(children)

    def leaf(self, nots: int) -> c.Condition:
        draw = self.draw
        if self.allow_limits and not nots and draw(_seldom):
            return _limited(draw)
        if draw(_often):
            return draw(_leaves)(draw)
        return draw(_memberships if nots % 2 else _references)


@st.composite
def conditions(draw: st.DrawFn, *, allow_limits: bool = False, depth: int = 5) -> c.Condition:
    """The condition of a segment, nested up to `depth`; rarely everyone."""
    if draw(st.integers(0, 39)) == 39:
        return c.Everyone()
    # Few of the deep trees hold for some profiles and not for others; single tests often do.
    return _Tree(draw, allow_limits).grow(draw(st.integers(0, depth)))


@st.composite
def segments(draw: st.DrawFn, *, allow_limits: bool = False, depth: int = 5) -> c.Segment:
    """A batch segment; with `allow_limits` conditions and the whole are limited now and then."""
    condition = draw(conditions(allow_limits=allow_limits, depth=depth))
    limit = _limit(draw, None) if allow_limits and draw(_seldom) else None
    return c.Segment("Generated", condition, limit=limit)


@st.composite
def cases(
    draw: st.DrawFn, *, allow_limits: bool = False, depth: int = 5
) -> tuple[c.Segment, Population]:
    """A segment, and a population whose times lie around the edges that the segment speaks of."""
    segment = draw(segments(allow_limits=allow_limits, depth=depth))
    return segment, draw(v.populations(of=segment.condition))
