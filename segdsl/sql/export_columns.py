"""The columns of an export over the rows of one table: sources, and functions step by step.

Each step of a function is a SELECT over the last one; see `segdsl.sql.export_functions`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from sqlglot import exp

from segdsl.language.activations import Call, ColumnSource, Function
from segdsl.language.values import TIME_TYPES, ColumnType
from segdsl.sql.context import Context, Relation
from segdsl.sql.export_functions import IP_FUNCTIONS, ExportKind, apply, finish
from segdsl.sql.export_times import Step
from segdsl.sql.expressions import Node, column, identifier, named, select

_STEP = "s"
_TYPES: dict[ExportKind, ColumnType] = {
    "integer": "number",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "strings": "string_array",
    "numbers": "number_array",
    "moment": "timestamp",
}


class SourceColumn(msgspec.Struct, frozen=True):
    """A column as it is read, with the steps that make its exported value, and that one's type."""

    node: Node
    steps: tuple[Step, ...]
    type: ColumnType | None


def source_column(relation: Relation, source: ColumnSource, context: Context) -> SourceColumn:
    """A column of a relation with its functions.

    Raises SqlError for an unknown column, or a function that cannot be applied to it.
    """
    operand = relation.operand(source.column)
    own = None if relation.table is None else relation.table.column(source.column)
    kind: ExportKind = "unknown" if operand.kind is None else operand.kind
    is_time = own is not None and own.type in TIME_TYPES
    if operand.kind == "number" and (operand.places == 0 or is_time):
        kind = "integer"
    type: ColumnType | None = _TYPES.get(kind) if own is None else own.type
    steps: list[Step] = []
    for function in source.functions:
        applied = apply(function, kind, context, source.column)
        steps += applied.steps
        kind = applied.kind
        type = _TYPES.get(kind)
    return SourceColumn(operand.sql, (*steps, *finish(kind)), type)


def uses_addresses(functions: Sequence[Function]) -> bool:
    """Whether one of the functions needs the vendor's database of IP addresses."""
    return any(isinstance(each, Call) and each.function in IP_FUNCTIONS for each in functions)


def with_steps(
    base: Callable[[Sequence[Node]], exp.Select],
    kept: Sequence[tuple[Node, str]],
    columns: Sequence[tuple[SourceColumn, str]],
) -> exp.Select:
    """A query of `kept` nodes and of columns with their functions applied, each under its name.

    `base` makes the query of the rows from what it selects.
    """
    sources = [*kept, *((each.node, name) for each, name in columns)]
    query = base([named(node, name) for node, name in sources])
    names = [name for _, name in kept]
    for level in range(max((len(each.steps) for each, _ in columns), default=0)):
        nodes: list[Node] = [column(name, _STEP) for name in names]
        for each, name in columns:
            value: Node = column(name, _STEP)
            if level < len(each.steps):
                value = named(each.steps[level](value), name)
            nodes.append(value)
        query = select(*nodes).from_(query.subquery(identifier(_STEP)))
    return query
