"""A first segment for a new workspace, of a column and a value that the profiles have."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from segdsl.diagnostics import Report
from segdsl.engine.data import Data
from segdsl.engine.query import Value
from segdsl.language.format import format_file
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.spelling import behavior, name, string
from segdsl.source import Source
from segdsl.sql.catalog import CUSTOMERS, Column

ROWS = 10_000
"""Profiles that are looked at."""
MOST_VALUES = 50
"""Different values of a column that looks like one of choices, and not of names."""
LONGEST = 40
_ABOUT = "# An example, made from the columns of the data: change the condition to what you need.\n"


def first_segment(data: Data) -> str:
    """The canonical source of a segment that holds of some profiles, where any column allows."""
    for condition in _conditions(data):
        text = f'{_ABOUT}segment "First segment" where {condition}\n'
        report = Report()
        source = Source("first.seg", text)
        tree = parse(source, report)
        if not report.diagnostics:
            return format_file(tree, source)
    raise AssertionError("`everyone` is always a condition")


def _conditions(data: Data) -> Iterator[str]:
    """Conditions, the most telling first: a choice, a threshold, a flag, events, everyone."""
    columns = [each for each in data.catalog.attributes if each.name.isprintable()]
    for make, kind in ((_choice, "string"), (_threshold, "number"), (_flag, "boolean")):
        for column in columns:
            if column.type == kind:
                condition = make(column, _values(data, column))
                if condition is not None:
                    yield condition
    for table in data.catalog.behaviors:
        if table.isprintable():
            yield f"has {behavior(table)}"
    yield "everyone"


def _choice(column: Column, values: list[Value]) -> str | None:
    is_choice = 2 <= len(values) <= MOST_VALUES
    first = values[0] if is_choice else None
    if not isinstance(first, str) or not first.strip() or len(first) > LONGEST:
        return None
    return f"{name(column.name)} = {string(first)}" if first.isprintable() else None


def _threshold(column: Column, values: list[Value]) -> str | None:
    numbers = sorted(each for each in values if isinstance(each, int | float))
    if len(numbers) < 2:
        return None
    middle = f"{numbers[len(numbers) // 2]:.15g}"
    return f"{name(column.name)} >= {middle}" if "e" not in middle else None


def _flag(column: Column, values: list[Value]) -> str | None:
    return f"{name(column.name)} is true" if True in values else None


def _values(data: Data, column: Column) -> list[Value]:
    """Values of the column in the first profiles, frequent ones first; one more than is asked."""
    some = exp.select(exp.column(column.name, quoted=True).as_("value", quoted=True))
    rows = some.from_(exp.to_table(CUSTOMERS)).limit(ROWS).subquery("some")
    value = exp.column("value", quoted=True)
    counted = exp.select(value).from_(rows).where(value.is_(exp.null()).not_()).group_by(value)
    ordered = counted.order_by(exp.Ordered(this=exp.Count(this=exp.Star()), desc=True), value)
    found = data.start(ordered.limit(MOST_VALUES + 1)).wait()
    return [row[0] for row in found.rows]
