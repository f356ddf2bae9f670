"""Renders a query in a dialect.

sqlglot knows the syntax of dialects; the rewrites here handle what it does not know: equal syntax
with different semantics.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal

from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError
from sqlglot.generator import Generator

from segdsl.sql.context import SqlError
from segdsl.sql.expressions import (
    ORDERED_TEXT,
    Node,
    identifier,
    integer,
    is_false,
    is_null,
    text,
    true,
)
from segdsl.sql.numbers import EXACT, EXACT_NUMBER, PLAIN_DIGITS, double

# sqlglot's placeholder for a line break while it indents.
_SENTINEL = Generator.SENTINEL_LINE_BREAK
_RENAME = "rename it in the data"
# Returns the replacement of a node, or None to keep it.
_Rewrite = Callable[[Node], Node | None]


def render(query: exp.Expr, dialect: str, *, pretty: bool = True) -> str:
    """Renders a query in one of `segdsl.dialects.DIALECTS`, without a semicolon.

    Raises SqlError if the dialect does not support it.
    """
    rewritten = query.copy()
    for rewrite in _REWRITES[dialect]:
        rewritten = _apply(rewritten, rewrite)
    _raise_recursion_limit(rewritten)
    if pretty and any(_is_broken_by_layout(node) for node in rewritten.walk()):
        pretty = False
    try:
        return rewritten.sql(
            dialect=dialect, pretty=pretty, unsupported_level=ErrorLevel.RAISE, copy=False
        )
    except UnsupportedError as error:
        raise SqlError(f"{dialect} does not support this query: {error}") from None


def _raise_recursion_limit(query: Node) -> None:
    """Raises Python's recursion limit to the depth that sqlglot needs, a few calls per level.

    The limit is process-wide. It is never lowered, since another thread may need it.
    """
    deepest, todo = 0, [(query, 1)]
    while todo:
        node, depth = todo.pop()
        deepest = max(deepest, depth)
        for child in node.iter_expressions():
            # A long list of conditions is a deep tree, but sqlglot renders it iteratively.
            is_flat = isinstance(node, exp.Connector) and isinstance(child, exp.Connector)
            todo.append((child, depth if is_flat else depth + 1))
    needed = 1_000 + 5 * deepest
    if needed > sys.getrecursionlimit():
        sys.setrecursionlimit(needed)


def _is_broken_by_layout(node: Node) -> bool:
    """Whether sqlglot's indentation would change a name or a string."""
    match node:
        case exp.Identifier():
            return len(node.this.splitlines()) > 1 or _SENTINEL in node.this
        case exp.Literal(is_string=True):
            return _SENTINEL in node.this
        case _:
            return False


def _apply(query: Node, rewrite: _Rewrite) -> Node:
    # Innermost first: a rewritten node may be part of the next one.
    for node in reversed(list(query.walk())):
        rewritten = rewrite(node)
        if rewritten is not None:
            node.replace(rewritten)
    return query


# --- strings -----------------------------------------------------------------------------


def _contains_as_position(node: Node) -> Node | None:
    """BigQuery's own function ignores case; other dialects have none."""
    if not isinstance(node, exp.Contains):
        return None
    position = exp.StrPosition(this=node.this, substr=node.expression)
    return exp.GT(this=position, expression=integer(0))


def _ends_with_substring(node: Node) -> Node | None:
    if not isinstance(node, exp.EndsWith):
        return None
    length = len(node.expression.this)
    return exp.EQ(
        this=exp.Substring(this=node.this, start=integer(-length)), expression=node.expression
    )


def _ends_with_right(node: Node) -> Node | None:
    if not isinstance(node, exp.EndsWith):
        return None
    # PostgreSQL counts a negative start from before the string.
    end = exp.Right(this=node.this, expression=integer(len(node.expression.this)))
    return exp.EQ(this=end, expression=node.expression)


def _unanchored_regex(node: Node) -> Node | None:
    """Snowflake matches the whole string, and `.` does not match line breaks."""
    if not isinstance(node, exp.RegexpLike):
        return None
    pattern = text(rf"(.|\s)*({node.expression.this})(.|\s)*")
    return exp.RegexpLike(this=node.this, expression=pattern, full_match=True)


def _code_point_collation(node: Node) -> Node | None:
    """PostgreSQL orders strings by the database's collation, others by code point."""
    if not node.meta.pop(ORDERED_TEXT, False):
        return None
    return exp.Collate(this=node.copy(), expression=identifier("C"))


def _no_variables(node: Node) -> Node | None:
    """Spark substitutes variables in `${…}`, even inside strings and names."""
    if isinstance(node, exp.Identifier) and "${" in node.this:
        raise SqlError(f"Spark would substitute a variable in the name `{node.this}`", _RENAME)
    if not isinstance(node, exp.Literal) or not node.is_string:
        return None
    # Digits after the character 0 would be parsed as part of its escape.
    parts = [text(part) for part in re.split(r"(?<=\$)(?=\{)|(?<=\0)(?=\d)", node.this)]
    return exp.Concat(expressions=parts, safe=False, coalesce=False) if len(parts) > 1 else None


def _no_dots(node: Node) -> Node | None:
    """BigQuery parses a name with a dot as a path, which only a dataset may be."""
    if isinstance(node, exp.Identifier) and "." in node.this and node.arg_key != "db":
        raise SqlError(f"BigQuery does not support names with a dot: `{node.this}`", _RENAME)
    return None


def _no_nul_characters(node: Node) -> Node | None:
    if isinstance(node, exp.Literal) and "\0" in node.this:
        raise SqlError("PostgreSQL does not support strings with the character NUL")
    return None


# --- numbers and arrays ------------------------------------------------------------------


def _long_number(node: Node) -> Decimal | None:
    """The value of a literal that is neither a BIGINT nor a short decimal nor a double."""
    if not isinstance(node, exp.Literal) or node.is_string or "E" in node.this:
        return None
    digits = len(node.this.replace(".", "").lstrip("0"))
    value = Decimal(node.this)
    if "." in node.this:
        return value if digits > PLAIN_DIGITS else None
    return value if value >= 2**63 else None


def _long_as_double(node: Node) -> Node | None:
    """DuckDB may convert a long decimal to a double that is not the nearest one.

    So it is converted here, except next to columns of exact numbers, and except if the double
    would be integral.
    """
    value = _long_number(node)
    if value is None or value >= EXACT or node.meta.get(EXACT_NUMBER):
        return None
    if float(value).is_integer():
        return None
    return exp.Literal(this=double(float(value)), is_string=False)


def _long_as_decimal(node: Node) -> Node | None:
    """An integer beyond 64 bits is an error in Trino."""
    value = _long_number(node)
    if value is None:
        return None
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    places = max(-exponent, 0)
    type = exp.DataType(
        this=exp.DType.DECIMAL,
        expressions=[
            exp.DataTypeParam(this=integer(max(len(digits), places))),
            exp.DataTypeParam(this=integer(places)),
        ],
    )
    return exp.Cast(this=text(node.this), to=type)


def _long_as_big_decimal(node: Node) -> Node | None:
    """BigQuery reads a decimal as a double, and NUMERIC has only 9 decimal places."""
    value = _long_number(node)
    return None if value is None else exp.Cast(this=text(node.this), to=_BIGNUMERIC.copy())


_BIGNUMERIC = exp.DataType(this=exp.DType.BIGDECIMAL)


def _mean_of_doubles(node: Node) -> Node | None:
    """Some engines round the average of decimals to a few digits."""
    if not isinstance(node, exp.Avg) or isinstance(node.this, exp.Cast):
        return None
    return exp.Avg(this=exp.cast(node.this, exp.DType.DOUBLE))


def _array_contains(node: Node) -> Node | None:
    """Simplifies a test whether an array has an element to a single function."""
    match node:
        case exp.GT(
            this=exp.ArraySize(
                this=exp.ArrayFilter(
                    this=array,
                    expression=exp.Lambda(
                        this=exp.EQ(expression=exp.Literal(is_string=True) as value)
                    ),
                )
            ),
            expression=exp.Literal(this="0"),
        ):
            return exp.ArrayContains(this=array, expression=value)
        case _:
            return None


def _count_unnested(alias: Callable[[exp.Identifier], exp.TableAlias]) -> _Rewrite:
    """Counts elements as rows, for dialects without a filter function for arrays."""

    def change(node: Node) -> Node | None:
        if not isinstance(node, exp.ArraySize) or not isinstance(node.this, exp.ArrayFilter):
            return None
        chosen = node.this.expression
        rows = exp.Unnest(expressions=[node.this.this], alias=alias(chosen.expressions[0]))
        count = exp.Select(expressions=[exp.Count(this=exp.Star())])
        return exp.Subquery(this=count.from_(rows).where(chosen.this))

    return change


def _array_as_table(element: exp.Identifier) -> exp.TableAlias:
    return exp.TableAlias(this=identifier("elements"), columns=[element])


def _array_as_column(element: exp.Identifier) -> exp.TableAlias:
    return exp.TableAlias(columns=[element])


# --- orders ------------------------------------------------------------------------------


def _window_nulls_first(node: Node) -> Node | None:
    """Omits the order of nulls in a moving window, where it is not allowed; times are not null."""
    if isinstance(node, exp.Window) and node.args.get("spec") is not None:
        for order in node.args["order"].expressions:
            order.set("nulls_first", True)
    return None


def _not_true(node: Node) -> Node | None:
    """Rewrites a negation to a form that DuckDB evaluates as fast as the condition itself.

    Lists and inequalities are faster with a separate test for null; equalities are not.
    """
    if not isinstance(node, exp.Not) or not isinstance(node.this, exp.Coalesce):
        return None
    if not all(is_false(each) for each in node.this.expressions):
        return None
    condition = node.this.this
    if isinstance(condition, _NULL_WITH_ITS_COLUMN) and isinstance(condition.this, exp.Column):
        values = condition.expressions if isinstance(condition, exp.In) else [condition.expression]
        if values and all(isinstance(each, exp.Literal) for each in values):
            either = exp.Or(this=is_null(condition.this.copy()), expression=exp.Not(this=condition))
            return exp.Paren(this=either)
    return exp.Not(this=exp.Is(this=exp.Paren(this=condition), expression=true()))


_NULL_WITH_ITS_COLUMN = (exp.In, exp.GT, exp.GTE, exp.LT, exp.LTE)
"""Nodes that are null exactly if their column is, provided all other operands are literals."""


_REWRITES: Mapping[str, tuple[_Rewrite, ...]] = {
    "duckdb": (_array_contains, _long_as_double, _not_true),
    "trino": (_contains_as_position, _ends_with_substring, _mean_of_doubles, _long_as_decimal),
    "spark": (_contains_as_position, _mean_of_doubles, _window_nulls_first, _no_variables),
    "bigquery": (
        _no_dots,
        _contains_as_position,
        _long_as_big_decimal,
        _mean_of_doubles,
        _window_nulls_first,
        _count_unnested(_array_as_column),
    ),
    "snowflake": (_contains_as_position, _unanchored_regex, _mean_of_doubles),
    "postgres": (
        _no_nul_characters,
        _contains_as_position,
        _ends_with_right,
        _code_point_collation,
        _count_unnested(_array_as_table),
    ),
}
