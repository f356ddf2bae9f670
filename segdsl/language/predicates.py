"""The one list of operators: what can be asked of a value.

Syntax tree and condition tree share these; each stage has one table over them.
In the condition tree every `Value` is a literal and `Between` never holds times.
API names stand in the docstrings.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeGuard, assert_never

import msgspec

from segdsl.language.values import Boolean, Date, Duration, Name, Number, Text, Unit, Value
from segdsl.source import Places

Relation = OneOf["=", ">", ">=", "<", "<="]
TextMatch = OneOf["contains", "starts with", "ends with"]

OPPOSITES: dict[Relation, Relation] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""The relation that holds of exactly the other values; `=` has none."""


ComparedKind = OneOf["number", "text", "boolean", "order of booleans", "time", "null"]
"""What a comparison is with; `null` is `is null`, which fits all."""
_NULL: frozenset[ComparedKind] = frozenset({"null"})
_TEXT: frozenset[ComparedKind] = frozenset({"text"})
_TIME: frozenset[ComparedKind] = frozenset({"time"})
_NUMBER: frozenset[ComparedKind] = frozenset({"number"})


class Ago(msgspec.Struct, frozen=True, gc=False):
    """A moment counted back from now: the API's `{last, unit}`."""

    duration: Duration


Moment = Date | Name | Ago


class Compare(msgspec.Struct, frozen=True, gc=False):
    """Equal, Greater, GreaterEqual, Less, LessEqual with a value."""

    relation: Relation
    value: Value


class Between(msgspec.Struct, frozen=True, gc=False):
    """Between with numbers or text, both ends included."""

    low: Value
    high: Value


class In(msgspec.Struct, frozen=True, gc=False):
    """In."""

    values: tuple[Value, ...]
    places: Places = Places()


class Like(msgspec.Struct, frozen=True, gc=False):
    """Contain, StartWith, EndWith: any of the texts, case-sensitive."""

    match: TextMatch
    values: tuple[Value, ...]
    places: Places = Places()


class Matches(msgspec.Struct, frozen=True, gc=False):
    """Regexp."""

    pattern: Value


class IsNull(msgspec.Struct, frozen=True, gc=False):
    """IsNull."""


class TimeCompare(msgspec.Struct, frozen=True, gc=False):
    """Equal, Greater, … with `timestamp`, or (not Equal) with `last`."""

    relation: Relation
    moment: Moment


class TimeBetween(msgspec.Struct, frozen=True, gc=False):
    """Between with `timestamp` or `last` at each end."""

    low: Moment
    high: Moment


class Within(msgspec.Struct, frozen=True, gc=False):
    """TimeWithinPast, TimeWithinNext: whole units before or after the current one."""

    direction: OneOf["past", "next"]
    amount: Value
    unit: Unit


class InUnit(msgspec.Struct, frozen=True, gc=False):
    """TimeRange without a length (last), TimeThis, TimeNext."""

    which: OneOf["last", "this", "next"]
    unit: Unit


class Today(msgspec.Struct, frozen=True, gc=False):
    """TimeToday: today and beyond."""


class TimeRange(msgspec.Struct, frozen=True, gc=False):
    """TimeRange with a length: `for 7 days from 1 month ago`."""

    length: Duration
    start: Duration
    reverse: bool


class BetweenNext(msgspec.Struct, frozen=True, gc=False):
    """TimeInBetweenNext: `between 3 and 7 days from now`."""

    low: Duration
    high: Duration


TimePredicate = TimeCompare | TimeBetween | Within | InUnit | Today | TimeRange | BetweenNext
Predicate = Compare | Between | In | Like | Matches | IsNull | TimePredicate


def is_time(predicate: Predicate) -> TypeGuard[TimePredicate]:
    """Whether a predicate compares with times."""
    return isinstance(predicate, TimePredicate)


def is_relative(predicate: Predicate) -> bool:
    """Whether a predicate compares with times that are counted from now."""
    match predicate:
        case TimeCompare():
            return isinstance(predicate.moment, Ago)
        case TimeBetween():
            return isinstance(predicate.low, Ago) or isinstance(predicate.high, Ago)
        case Within() | InUnit() | Today() | TimeRange() | BetweenNext():
            return True
        case Compare() | Between() | In() | Like() | Matches() | IsNull():
            return False
        case _:
            assert_never(predicate)


def values_of(predicate: Predicate) -> tuple[Value, ...]:
    """The values written in a predicate, those of its durations included, in the order written."""
    match predicate:
        case Compare():
            return (predicate.value,)
        case Between():
            return (predicate.low, predicate.high)
        case In() | Like():
            return predicate.values
        case Matches():
            return (predicate.pattern,)
        case TimeCompare():
            return _values_of_moment(predicate.moment)
        case TimeBetween():
            return _values_of_moment(predicate.low) + _values_of_moment(predicate.high)
        case Within():
            return (predicate.amount,)
        case TimeRange():
            return values_of_duration(predicate.length) + values_of_duration(predicate.start)
        case BetweenNext():
            return values_of_duration(predicate.low) + values_of_duration(predicate.high)
        case IsNull() | InUnit() | Today():
            return ()
        case _:
            assert_never(predicate)


def _values_of_moment(moment: Moment) -> tuple[Value, ...]:
    return values_of_duration(moment.duration) if isinstance(moment, Ago) else (moment,)


def values_of_duration(duration: Duration) -> tuple[Value, ...]:
    """The amounts of a duration, in the order written."""
    return tuple(part.amount for part in duration.parts)


def compared_kinds(predicate: Predicate) -> frozenset[ComparedKind]:
    """What a predicate compares with: mostly one, several where its values are of two kinds."""
    if isinstance(predicate, TimePredicate):
        return _TIME
    match predicate:
        case IsNull():
            return _NULL
        case Compare() if predicate.relation != "=" and isinstance(predicate.value, Boolean):
            return frozenset({"order of booleans"})
        case Compare(_, value):
            return _kinds_of(value)
        case Between(low, high):
            return _kinds_of(low) | _kinds_of(high)
        case In(values):
            return frozenset().union(*map(_kinds_of, values))
        case Like() | Matches():
            return _TEXT
        case _:
            assert_never(predicate)


def _kinds_of(value: Value) -> frozenset[ComparedKind]:
    match value:
        case Number():
            return _NUMBER
        case Text() | Date():
            return _TEXT
        case Boolean():
            return frozenset({"boolean"})
        case Name():
            return frozenset()
        case _:
            assert_never(value)


def has_not(predicate: Predicate) -> bool:
    """Whether the API's operator for a predicate has `not: true` (described)."""
    match predicate:
        case Compare() | Between() | In() | Like() | Matches() | IsNull():
            return True
        case TimeBetween() | TimeRange():
            return True
        case TimeCompare():
            return predicate.relation == (">=" if isinstance(predicate.moment, Ago) else "=")
        case Within() | InUnit() | Today() | BetweenNext():
            return False
        case _:
            assert_never(predicate)
