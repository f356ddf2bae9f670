"""The API's rule as typed, frozen data; encoding it is one call.

Field order is the order of the JSON's keys, so the same rule is the same bytes.
Names and shapes are the Audience API's published description (v5 rule); the one
addition is that a group may hold groups, as older rules do.
"""

from __future__ import annotations

from typing import Any, assert_never
from typing import Literal as OneOf

import msgspec

from segdsl.language.predicates import OPPOSITES, Relation, TextMatch
from segdsl.language.syntax.tree import Function
from segdsl.language.values import MembershipKind, Number, Unit, is_iso_timestamp

Scalar = Number | str | bool

ComparisonType = OneOf["Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "Regexp", "IsNull"]
AnyOfType = OneOf["In", "Contain", "StartWith", "EndWith"]
AggregationType = OneOf["Count", "CountDistinct", "Sum", "Min", "Max", "Average", "First", "Last"]
ReferenceType = OneOf["Reference", "FunnelStageReference", "AbTestVariantReference"]

COMPARISON_TYPES: dict[Relation, ComparisonType] = {
    "=": "Equal",
    ">": "Greater",
    ">=": "GreaterEqual",
    "<": "Less",
    "<=": "LessEqual",
}
OPPOSITE_TYPES = {
    COMPARISON_TYPES[relation]: COMPARISON_TYPES[opposite]
    for relation, opposite in OPPOSITES.items()
}
MATCH_TYPES: dict[TextMatch, AnyOfType] = {
    "contains": "Contain",
    "starts with": "StartWith",
    "ends with": "EndWith",
}
AGGREGATION_TYPES: dict[Function, AggregationType] = {
    "count": "Count",
    "count distinct": "CountDistinct",
    "sum": "Sum",
    "min": "Min",
    "max": "Max",
    "average": "Average",
    "first": "First",
    "last": "Last",
}
REFERENCE_TYPES: dict[MembershipKind, ReferenceType] = {
    "segment": "Reference",
    "stage": "FunnelStageReference",
    "variant": "AbTestVariantReference",
}


class _Struct(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    pass


# --- operators -----------------------------------------------------------------------


class Timestamp(_Struct, frozen=True):
    timestamp: str


class Length(_Struct, frozen=True):
    """A `localDuration`: amounts by unit."""

    year: Number | None = None
    quarter: Number | None = None
    month: Number | None = None
    week: Number | None = None
    day: Number | None = None
    hour: Number | None = None
    minute: Number | None = None
    second: Number | None = None


class Last(_Struct, frozen=True):
    last: Number | Length
    unit: Unit


class Next(_Struct, frozen=True):
    next: Number | Length
    unit: Unit


class FromUnit(_Struct, frozen=True):
    unit: Unit


Moment = Timestamp | Last


class Comparison(_Struct, frozen=True):
    """Equal, Greater, GreaterEqual, Less, LessEqual; Regexp and IsNull share the shape."""

    type: ComparisonType
    negated: bool = msgspec.field(name="not")
    right_value: Scalar | Timestamp | Last


class Between(_Struct, frozen=True):
    """Between numbers or texts; `right_value` is required and means nothing."""

    min_value: Number | str
    max_value: Number | str
    negated: bool = msgspec.field(name="not")
    right_value: Number
    type: OneOf["Between"]


class TimeBetween(_Struct, frozen=True):
    min_value: Moment
    max_value: Moment
    negated: bool = msgspec.field(name="not")
    type: OneOf["Between"]


class AnyOf(_Struct, frozen=True):
    """In, Contain, StartWith, EndWith."""

    type: AnyOfType
    negated: bool = msgspec.field(name="not")
    right_values: tuple[Number | str, ...]


class TimeWithin(_Struct, frozen=True):
    """Its `not`, and that of the next two, is no part of the description (observed)."""

    type: OneOf["TimeWithinPast", "TimeWithinNext"]
    unit: Unit
    value: str
    negated: bool = msgspec.field(name="not", default=False)


class TimeRange(_Struct, frozen=True):
    """A range of a length, counted from a moment in the past."""

    type: OneOf["TimeRange"]
    duration: Length
    from_: Last = msgspec.field(name="from")
    negated: bool = msgspec.field(name="not")
    reverse: bool


class LastUnit(_Struct, frozen=True):
    """TimeRange without a length: the previous calendar unit."""

    type: OneOf["TimeRange"]
    from_: FromUnit = msgspec.field(name="from")
    negated: bool = msgspec.field(name="not")


class CalendarUnit(_Struct, frozen=True):
    type: OneOf["TimeThis", "TimeNext"]
    from_: FromUnit = msgspec.field(name="from")
    negated: bool = msgspec.field(name="not", default=False)


class TimeToday(_Struct, frozen=True):
    type: OneOf["TimeToday"]
    negated: bool = msgspec.field(name="not", default=False)


class TimeInBetweenNext(_Struct, frozen=True):
    type: OneOf["TimeInBetweenNext"]
    from_: Next = msgspec.field(name="from")
    to: Next
    negated: bool = msgspec.field(name="not")


Operator = (
    Comparison
    | Between
    | TimeBetween
    | AnyOf
    | TimeWithin
    | TimeRange
    | LastUnit
    | CalendarUnit
    | TimeToday
    | TimeInBetweenNext
)


def takes_not(operator: Operator) -> bool:
    """Whether the description lets the operator carry `not: true`."""
    match operator:
        case Comparison(type=kind, right_value=Timestamp()):
            return kind == "Equal"
        case Comparison(type=kind, right_value=Last()):
            return kind == "GreaterEqual"
        case Comparison() | Between() | TimeBetween() | AnyOf() | TimeRange():
            return True
        case TimeWithin() | LastUnit() | CalendarUnit() | TimeToday() | TimeInBetweenNext():
            return False
        case _:
            assert_never(operator)


def with_not(operator: Operator) -> Operator | None:
    """An operator that carries `not: true` and holds of all that this one does not hold of.

    Where this one has no `not`, one that says the same and has one. Whole calendar units make
    these equal: the past 30 days are the 30 days from 30 days ago; this quarter is the one
    quarter from 0 quarters ago; today and beyond is at most 0 days ago (the contract's notes say
    what is observed and what assumed). None where there is none.
    """
    match operator:
        case TimeWithin("TimeWithinPast", unit, amount):
            return _range(unit, Number(amount), Number(amount))
        case LastUnit(_, FromUnit(unit)):
            return _range(unit, Number("1"), Number("1"))
        case CalendarUnit("TimeThis", FromUnit(unit)):
            return _range(unit, Number("1"), Number("0"))
        case TimeToday():
            return Comparison("GreaterEqual", True, Last(Number("0"), "day"))
        case _ if takes_not(operator):
            return msgspec.structs.replace(operator, negated=True)
        case _:
            return None


def opposite(operator: Operator) -> Operator | None:
    """The comparison of times that holds of just those values that this one does not hold of,
    its `not` aside. None where there is none: nobody says what a text that is no date selects.
    """
    match operator:
        case Comparison(kind, _, Last() as right) if kind in OPPOSITE_TYPES:
            return Comparison(OPPOSITE_TYPES[kind], False, right)
        case Comparison(kind, _, Timestamp(text) as right) if kind in OPPOSITE_TYPES:
            return (
                Comparison(OPPOSITE_TYPES[kind], False, right) if is_iso_timestamp(text) else None
            )
        case _:
            return None


def _range(unit: Unit, length: Number, ago: Number) -> TimeRange:
    return TimeRange("TimeRange", Length(**{unit: length}), Last(ago, unit), True, False)


# --- what a condition is about -------------------------------------------------------


class CountMatching(_Struct, frozen=True):
    """How many elements of an array match; exactly one of the three is set."""

    at_least: Number | None = None
    at_most: Number | None = None
    exactly: Number | None = None


ArrayMatching = OneOf["any", "all"] | CountMatching


class AttributeValue(_Struct, frozen=True):
    name: str
    customer_group: str | None = None


class Aggregation(_Struct, frozen=True):
    """All eight; which fields are set depends on `type` (see `segdsl.rules.rule.reader`)."""

    type: AggregationType
    column: str | None = None
    columns: tuple[str, ...] | None = None
    order_column: str | None = None
    grouping_columns: tuple[str, ...] | None = None


class BehaviorSource(_Struct, frozen=True):
    name: str


class WindowLength(_Struct, frozen=True):
    day: Number | None = None
    hour: Number | None = None
    minute: Number | None = None
    second: Number | None = None


class Window(_Struct, frozen=True):
    type: OneOf["TimeSliding"]
    duration: WindowLength


class Column(_Struct, frozen=True):
    type: OneOf["Column"]
    column: str
    operator: Operator
    array_matching: ArrayMatching | None


class Filter(_Struct, frozen=True):
    type: OneOf["And", "Or"]
    conditions: tuple[Filter | Column, ...]


class BehaviorValue(_Struct, frozen=True):
    source: BehaviorSource
    aggregation: Aggregation
    filter: Filter | None
    window: Window | None = None


# --- limits, conditions and groups ---------------------------------------------------


class OrderColumn(_Struct, frozen=True):
    type: OneOf["Column", "Aggregation"]
    order: OneOf["ascending", "descending"]
    column: str | None = None


class Limit(_Struct, frozen=True):
    type: OneOf["Count", "Percent"]
    number: Number
    order_columns: tuple[OrderColumn, ...] = ()


class ValueCondition(_Struct, frozen=True):
    type: OneOf["Value"]
    left_value: AttributeValue | BehaviorValue
    operator: Operator
    array_matching: ArrayMatching | None
    exclude: bool
    limit: Limit | None = None


class ReferenceCondition(_Struct, frozen=True):
    type: ReferenceType
    id: str
    exclude: bool


class PredictiveScoreReference(_Struct, frozen=True):
    type: OneOf["PredictiveScoreReference"]
    id: str
    min_grade: Number
    max_grade: Number
    include_converted_customers: bool


class MlValue(_Struct, frozen=True):
    attribute: str


class MlAttributeReference(_Struct, frozen=True):
    type: OneOf["MlAttributeReference"]
    solution_type: OneOf["rfm", "cltv"]
    id: str
    left_value: MlValue
    operator: Operator


Condition = ValueCondition | ReferenceCondition | PredictiveScoreReference | MlAttributeReference


class Group(_Struct, frozen=True):
    """A rule set, the whole rule, or a level of an older nested rule.

    `expr` is set exactly where `type` is Composite; only the whole rule has a
    `limit`. A rule without conditions is And over none: everyone.
    """

    type: OneOf["And", "Or", "Composite"]
    conditions: tuple[Group | Condition, ...]
    description: str | None = None
    expr: str | None = None
    limit: Limit | None = None


Rule = Group

EVERYONE = Group("And", ())


def _number(value: Any) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    raise TypeError(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_number)


def encode(value: Any, *, pretty: bool = True) -> str:
    """Any tree of these, of dicts and of lists as JSON text; numbers keep their text."""
    compact = _ENCODER.encode(value)
    return (msgspec.json.format(compact, indent=2) if pretty else compact).decode()
