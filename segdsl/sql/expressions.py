"""Builds basic SQL expressions: names, literals, and two-valued logic on SQL's three values.

A condition built here is true exactly if it holds; otherwise it is false or, where nothing above
it negates it, null.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

# The class of every node of sqlglot's tree.
Node = exp.Expr
# Marks a node whose strings are ordered: `render` selects the collation.
ORDERED_TEXT = "segdsl.ordered_text"


def identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table) if table is not None else None)


def text(value: str) -> exp.Literal:
    return exp.Literal(this=value, is_string=True)


def integer(value: int) -> Node:
    literal = exp.Literal(this=str(abs(value)), is_string=False)
    return exp.Neg(this=literal) if value < 0 else literal


def true() -> exp.Boolean:
    return exp.Boolean(this=True)


def false() -> exp.Boolean:
    return exp.Boolean(this=False)


def boolean(value: bool) -> exp.Boolean:
    return exp.Boolean(this=value)


def is_true(node: Node) -> bool:
    return isinstance(node, exp.Boolean) and bool(node.this)


def is_false(node: Node) -> bool:
    return isinstance(node, exp.Boolean) and not node.this


def all_of(parts: Iterable[Node]) -> Node:
    """The conjunction of conditions; true if there are none."""
    kept = [part for part in parts if not is_true(part)]
    if any(is_false(part) for part in kept):
        return false()
    return _joined(exp.And, kept) if kept else true()


def any_of(parts: Iterable[Node]) -> Node:
    """The disjunction of conditions; false if there are none."""
    kept = [part for part in parts if not is_false(part)]
    if any(is_true(part) for part in kept):
        return true()
    return _joined(exp.Or, kept) if kept else false()


def _joined(connector: type[exp.Connector], parts: list[Node]) -> Node:
    # Left-nested without parentheses around the same connector, which engines parse as one flat
    # list of any length.
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.flatten() if isinstance(part, connector) else [part])
    whole = _wrapped(flat[0]) if len(flat) > 1 else flat[0]
    for part in flat[1:]:
        whole = connector(this=whole, expression=_wrapped(part))
    return whole


def _wrapped(node: Node) -> Node:
    return exp.Paren(this=node) if isinstance(node, exp.Connector) else node


def negated(node: Node) -> Node:
    """True exactly if the condition is false or null."""
    match node:
        case exp.Boolean():
            return boolean(not node.this)
        case exp.Not(this=exp.Is() as inner) if isinstance(inner.expression, exp.Null):
            return inner
        case exp.Is(expression=exp.Null()):
            return exp.Not(this=node)
        case _:
            return exp.Not(this=exp.Coalesce(this=node, expressions=[false()]))


def opposite(node: Node) -> Node:
    """The negation of a condition that is never null."""
    inverse = _OPPOSITES.get(type(node))
    if inverse is None:
        return (
            boolean(not node.this)
            if isinstance(node, exp.Boolean)
            else exp.Not(this=_wrapped(node))
        )
    return inverse(this=node.this, expression=node.expression)


_OPPOSITES: dict[type[Node], type[exp.Binary]] = {
    exp.EQ: exp.NEQ,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
}


def is_null(node: Node) -> Node:
    return exp.Is(this=node, expression=exp.Null())


def is_not_null(node: Node) -> Node:
    return exp.Not(this=is_null(node))


def ordered_text(node: Node) -> Node:
    node.meta[ORDERED_TEXT] = True
    return node


def named(node: Node, name: str) -> exp.Alias:
    return exp.Alias(this=node, alias=identifier(name))


def select(*columns: Node) -> exp.Select:
    return exp.Select(expressions=list(columns))


def where(query: exp.Select, condition: Node) -> exp.Select:
    """Adds a condition to a query, unless it is constantly true."""
    return query if is_true(condition) else query.where(condition)
