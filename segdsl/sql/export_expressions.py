"""Builds the expressions of functions of exported columns, in DuckDB's functions."""

from __future__ import annotations

from sqlglot import exp

from segdsl.sql.expressions import Node, integer, text


def call_of(name: str, *arguments: Node) -> Node:
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(value: Node, type: exp.DType) -> Node:
    return exp.Cast(this=value, to=exp.DataType(this=type))


def try_cast(value: Node, type: exp.DType) -> Node:
    return exp.TryCast(this=value, to=exp.DataType(this=type))


def try_(value: Node) -> Node:
    """The value, or null where it cannot be computed."""
    return call_of("try", value)


def when(condition: Node, value: Node) -> Node:
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def or_else(value: Node, default: Node) -> Node:
    return exp.Coalesce(this=value, expressions=[default])


def matches(value: Node, pattern: str) -> Node:
    return call_of("regexp_full_match", value, text(pattern))


def extracted(value: Node, pattern: str, group: int) -> Node:
    return call_of("regexp_extract", value, text(pattern), integer(group))


def field(name: str, value: Node) -> Node:
    return exp.PropertyEQ(this=exp.Identifier(this=name, quoted=False), expression=value)


def part_of(value: Node, name: str) -> Node:
    return call_of("struct_extract", value.copy(), text(name))
