"""A compiled rule drawn as a tree, in the API's own words.

For whoever wants to see which rule sets and conditions a segment becomes, under the
numbers and letters that `Composite` and the console name them by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

import msgspec

from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import behavior, name, string
from segdsl.language.values import UNITS, Number, Unit
from segdsl.rules.rule import model as m
from segdsl.terminal import cell_width


class Branch(msgspec.Struct, frozen=True):
    """One line of the drawing and what hangs under it."""

    text: str
    children: tuple[Branch, ...] = ()
    description: str | None = None


class _Lines(msgspec.Struct, frozen=True):
    """The pieces that a drawing is made of."""

    child: str
    last_child: str
    beside: str
    clipped: str
    dash: str


_BOXES = _Lines("├─ ", "└─ ", "│  ", "…", "—")
_ASCII = _Lines("|- ", "`- ", "|  ", "...", "-")


def draw(rule: m.Rule, width: int, *, ascii: bool = False) -> list[str]:
    """The rule's lines from the top, each at most `width` cells.

    With `ascii` the drawing itself needs nothing else; names and values stay as they are.
    """
    lines = _ASCII if ascii else _BOXES
    return [_clipped(line, width, lines.clipped) for line in _drawn(branches(rule), lines)]


def branches(rule: m.Rule) -> Branch:
    """The rule as labelled branches: rule sets, conditions, filters."""
    head = f"{_kind(rule)}{_limit(rule.limit)}"
    if not rule.conditions:
        return Branch(f"{head}, without conditions: everyone")
    numbered = rule.type == "Composite"
    children = tuple(
        _group(each, f"Rule set {number}", f"({_kind(each)})")
        if isinstance(each, m.Group)
        else _condition(each, f"{number}  " if numbered else "")
        for number, each in enumerate(rule.conditions, start=1)
    )
    return Branch(head, children, None if rule.description is None else _shown(rule.description))


def _drawn(root: Branch, lines: _Lines) -> Iterator[str]:
    waiting = [(root, "", "")]
    while waiting:
        branch, lead, margin = waiting.pop()
        about = "" if branch.description is None else f" {lines.dash} {branch.description}"
        yield f"{lead}{branch.text}{about}"
        ends = [lines.child] * (len(branch.children) - 1) + [lines.last_child]
        for child, end in reversed(list(zip(branch.children, ends, strict=False))):
            beside = lines.beside if end == lines.child else " " * len(lines.beside)
            waiting.append((child, f"{margin}{end}", f"{margin}{beside}"))


def _clipped(line: str, width: int, mark: str) -> str:
    if cell_width(line) <= width:
        return line
    room = width - cell_width(mark)
    kept = used = 0
    for character in line:
        used += cell_width(character)
        if used > room:
            break
        kept += 1
    return line[:kept] + mark[: max(width, 0)]


# --- groups and conditions -----------------------------------------------------------


def _kind(group: m.Group) -> str:
    return group.type if group.expr is None else f"{group.type} {group.expr}"


def _group(group: m.Group, title: str, kind: str) -> Branch:
    empty = "" if group.conditions else ", without conditions"
    lettered = group.type == "Composite"
    return Branch(
        f"{title} {kind}".strip() + f"{empty}{_limit(group.limit)}",
        tuple(
            _member(each, f"{_letter(index)}  " if lettered else "")
            for index, each in enumerate(group.conditions)
        ),
        None if group.description is None else _shown(group.description),
    )


def _member(member: m.Group | m.Condition, label: str) -> Branch:
    if isinstance(member, m.Group):
        return _group(member, label.rstrip(), f"({_kind(member)})" if label else _kind(member))
    return _condition(member, label)


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def _shown(text: str) -> str:
    return text if text.isprintable() else string(text)


def _id(id: str) -> str:
    """An id as it is, or the name that stands in its place."""
    return _shown(id.removeprefix("name:")) if is_symbolic(id) else f"#{_shown(id)}"


def _condition(condition: m.Condition, label: str) -> Branch:
    match condition:
        case m.ValueCondition():
            exclude = "exclude " if condition.exclude else ""
            matching = _matching(condition.array_matching)
            operator = operator_words(condition.operator)
            words = f"{_left(condition.left_value)} {operator}{_limit(condition.limit)}"
            inside = (
                condition.left_value.filter
                if isinstance(condition.left_value, m.BehaviorValue)
                else None
            )
            filters = () if inside is None else (_filter(inside, "filter "),)
            return Branch(f"{label}{exclude}{matching}{words}", filters)
        case m.ReferenceCondition():
            exclude = "exclude " if condition.exclude else ""
            return Branch(f"{label}{exclude}{condition.type} {_id(condition.id)}")
        case m.PredictiveScoreReference():
            converted = " including converted" if condition.include_converted_customers else ""
            grades = f"grade {condition.min_grade.text} to {condition.max_grade.text}"
            return Branch(f"{label}{condition.type} {_id(condition.id)} {grades}{converted}")
        case m.MlAttributeReference():
            model = f"{condition.solution_type} {_id(condition.id)}"
            asked = f"{name(condition.left_value.attribute)} {operator_words(condition.operator)}"
            return Branch(f"{label}{condition.type} {model} {asked}")
        case _:
            assert_never(condition)


def _filter(filter: m.Filter, label: str = "") -> Branch:
    return Branch(f"{label}{filter.type}", tuple(_filter_part(each) for each in filter.conditions))


def _filter_part(part: m.Filter | m.Column) -> Branch:
    if isinstance(part, m.Filter):
        return _filter(part)
    return Branch(
        f"{_matching(part.array_matching)}{name(part.column)} {operator_words(part.operator)}"
    )


def _left(value: m.AttributeValue | m.BehaviorValue) -> str:
    match value:
        case m.AttributeValue(attribute, None):
            return name(attribute)
        case m.AttributeValue(attribute, group):
            assert group is not None
            return f"{name(group)}.{name(attribute)}"
        case m.BehaviorValue():
            kind = value.aggregation
            columns = [kind.column] if kind.column is not None else list(kind.columns or ())
            source = behavior(value.source.name)
            about = ", ".join(f"{source}.{name(column)}" for column in columns) or source
            if kind.order_column is not None:
                about += f" by {name(kind.order_column)}"
            if kind.grouping_columns:
                about += f" for each {', '.join(map(name, kind.grouping_columns))}"
            window = (
                ""
                if value.window is None
                else f" {value.window.type} {_length(value.window.duration)}"
            )
            return f"{kind.type}({about}){window}"
        case _:
            assert_never(value)


def _matching(matching: m.ArrayMatching | None) -> str:
    match matching:
        case None:
            return ""
        case "any" | "all":
            return f"{matching} of "
        case m.CountMatching(at_least, at_most, exactly):
            counts = (("atLeast", at_least), ("atMost", at_most), ("exactly", exactly))
            asked = [f"{how} {count.text}" for how, count in counts if count is not None]
            return f"{' '.join(asked)} of "
        case _:
            assert_never(matching)


def _limit(limit: m.Limit | None) -> str:
    if limit is None:
        return ""
    keys = [
        f"{'aggregation' if key.column is None else name(key.column)} {key.order}"
        for key in limit.order_columns
    ]
    by = f" by {', '.join(keys)}" if keys else ""
    return f", limit {limit.number.text}{'%' if limit.type == 'Percent' else ''}{by}"


# --- operators -----------------------------------------------------------------------


def operator_words(operator: m.Operator) -> str:
    """One operator in a line: `not Equal "JP"`, `Less last 30 days`."""
    inverted = "not " if operator.negated else ""
    return f"{inverted}{operator.type}{_operands(operator)}"


def _operands(operator: m.Operator) -> str:
    match operator:
        case m.Comparison(type="IsNull"):
            return ""
        case m.Comparison(right_value=right):
            return f" {_right(right)}"
        case m.Between(low, high):
            return f" {_right(low)} and {_right(high)}"
        case m.TimeBetween(low_moment, high_moment):
            return f" {_right(low_moment)} and {_right(high_moment)}"
        case m.AnyOf(right_values=values):
            return f" ({', '.join(_right(value) for value in values)})"
        case m.TimeWithin(unit=unit, value=amount):
            return f" {_counted(amount, unit)}"
        case m.TimeRange():
            reverse = " reverse" if operator.reverse else ""
            return f" {_length(operator.duration)} from {_right(operator.from_)}{reverse}"
        case m.LastUnit(from_=start):
            return f" from {start.unit}"
        case m.CalendarUnit(from_=start):
            return f" {start.unit}"
        case m.TimeToday():
            return ""
        case m.TimeInBetweenNext(from_=near, to=far):
            return f" {_next(near)} and {_next(far)}"
        case _:
            assert_never(operator)


def _right(operand: m.Scalar | m.Timestamp | m.Last) -> str:
    match operand:
        case Number(text):
            return text
        case bool():
            return "true" if operand else "false"
        case str():
            return string(operand)
        case m.Timestamp(text):
            return f"timestamp {text if text.isprintable() else string(text)}"
        case m.Last(amount, unit):
            return f"last {_amount(amount, unit)}"
        case _:
            assert_never(operand)


def _next(duration: m.Next) -> str:
    return f"next {_amount(duration.next, duration.unit)}"


def _amount(amount: Number | m.Length, unit: Unit) -> str:
    if isinstance(amount, Number):
        return _counted(amount.text, unit)
    return f"{_length(amount)} (unit {unit})"


def _length(length: m.Length | m.WindowLength) -> str:
    amounts = [(getattr(length, unit, None), unit) for unit in UNITS]
    return " ".join(_counted(amount.text, unit) for amount, unit in amounts if amount is not None)


def _counted(amount: str, unit: Unit) -> str:
    return f"{amount} {unit}{'' if amount == '1' else 's'}"
