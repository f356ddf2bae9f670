"""A query in a dialect's own words.

sqlglot knows how things are spelled; here is what it does not know: where engines take
the same words and answer differently. The meaning of a query is settled before.
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

# What sqlglot puts in the place of a line's end while it indents.
_SENTINEL = Generator.SENTINEL_LINE_BREAK
_RENAME = "rename it in the data"
# What a node becomes instead; None where it stays.
_Change = Callable[[Node], Node | None]


def render(query: exp.Expr, dialect: str, *, pretty: bool = True) -> str:
    """A query as text in one of `segdsl.dialects.DIALECTS`, without a semicolon.

    Raises SqlError where the dialect has no words for it.
    """
    changed = query.copy()
    for change in _CHANGES[dialect]:
        changed = _changed(changed, change)
    _make_room(changed)
    if pretty and any(_is_broken_by_layout(node) for node in changed.walk()):
        pretty = False
    try:
        return changed.sql(
            dialect=dialect, pretty=pretty, unsupported_level=ErrorLevel.RAISE, copy=False
        )
    except UnsupportedError as error:
        raise SqlError(f"this cannot be said in {dialect}: {error}") from None


def _make_room(query: Node) -> None:
    """Lets Python go as deep as sqlglot has to, which takes a few calls for each level.

    The limit is the process's own. It is raised for a query that needs it and never
    lowered, since another thread may be down there.
    """
    deepest, todo = 0, [(query, 1)]
    while todo:
        node, depth = todo.pop()
        deepest = max(deepest, depth)
        for child in node.iter_expressions():
            # A long list of conditions is a deep tree, but sqlglot takes it as a list.
            listed = isinstance(node, exp.Connector) and isinstance(child, exp.Connector)
            todo.append((child, depth if listed else depth + 1))
    needed = 1_000 + 5 * deepest
    if needed > sys.getrecursionlimit():
        sys.setrecursionlimit(needed)


def _is_broken_by_layout(node: Node) -> bool:
    """Whether sqlglot's indentation would reach into a name or a text."""
    match node:
        case exp.Identifier():
            return len(node.this.splitlines()) > 1 or _SENTINEL in node.this
        case exp.Literal(is_string=True):
            return _SENTINEL in node.this
        case _:
            return False


def _changed(query: Node, change: _Change) -> Node:
    # Innermost first: what has been changed may be part of what is changed next.
    for node in reversed(list(query.walk())):
        changed = change(node)
        if changed is not None:
            node.replace(changed)
    return query


# --- texts -------------------------------------------------------------------------------


def _found_in(node: Node) -> Node | None:
    """BigQuery's own word for it is blind to case, others have none."""
    if not isinstance(node, exp.Contains):
        return None
    place = exp.StrPosition(this=node.this, substr=node.expression)
    return exp.GT(this=place, expression=integer(0))


def _end(node: Node) -> Node | None:
    if not isinstance(node, exp.EndsWith):
        return None
    length = len(node.expression.this)
    return exp.EQ(
        this=exp.Substring(this=node.this, start=integer(-length)), expression=node.expression
    )


def _right_end(node: Node) -> Node | None:
    if not isinstance(node, exp.EndsWith):
        return None
    # PostgreSQL counts a negative start from in front of the text.
    end = exp.Right(this=node.this, expression=integer(len(node.expression.this)))
    return exp.EQ(this=end, expression=node.expression)


def _anywhere(node: Node) -> Node | None:
    """Snowflake's expressions are of the whole text; a dot in front would stop at a line."""
    if not isinstance(node, exp.RegexpLike):
        return None
    pattern = text(rf"(.|\s)*({node.expression.this})(.|\s)*")
    return exp.RegexpLike(this=node.this, expression=pattern, full_match=True)


def _by_code_point(node: Node) -> Node | None:
    """PostgreSQL orders texts as the database's language does, the others by code point."""
    if not node.meta.pop(ORDERED_TEXT, False):
        return None
    return exp.Collate(this=node.copy(), expression=identifier("C"))


def _no_variables(node: Node) -> Node | None:
    """Spark puts variables in the place of `${…}`, even inside of texts and names."""
    if isinstance(node, exp.Identifier) and "${" in node.this:
        raise SqlError(f"Spark would take `{node.this}` to hold a variable", _RENAME)
    if not isinstance(node, exp.Literal) or not node.is_string:
        return None
    # Digits behind the character 0 would be read as one number with it.
    parts = [text(part) for part in re.split(r"(?<=\$)(?=\{)|(?<=\0)(?=\d)", node.this)]
    return exp.Concat(expressions=parts, safe=False, coalesce=False) if len(parts) > 1 else None


def _no_dots(node: Node) -> Node | None:
    """BigQuery reads a path where there is a dot in a name; a dataset may be one."""
    if isinstance(node, exp.Identifier) and "." in node.this and node.arg_key != "db":
        raise SqlError(f"BigQuery has no names with a dot in them, like `{node.this}`", _RENAME)
    return None


def _no_zeros(node: Node) -> Node | None:
    if isinstance(node, exp.Literal) and "\0" in node.this:
        raise SqlError("PostgreSQL has no texts with the character 0 in them")
    return None


# --- numbers and arrays ------------------------------------------------------------------


def _long(node: Node) -> Decimal | None:
    """A number that no integer and no short decimal is, written with all its digits."""
    if not isinstance(node, exp.Literal) or node.is_string or "E" in node.this:
        return None
    digits = len(node.this.replace(".", "").lstrip("0"))
    value = Decimal(node.this)
    if "." in node.this:
        return value if digits > PLAIN_DIGITS else None
    return value if value >= 2**63 else None


def _long_as_double(node: Node) -> Node | None:
    """DuckDB makes a double of a long decimal that may not be the nearest.

    So it is made here, but beside columns of exact numbers, and where it would be a whole number
    or round one.
    """
    value = _long(node)
    if value is None or value >= EXACT or node.meta.get(EXACT_NUMBER):
        return None
    if float(value).is_integer():
        return None
    return exp.Literal(this=double(float(value)), is_string=False)


def _long_as_decimal(node: Node) -> Node | None:
    """An integer beyond 64 bits is an error in Trino, and a decimal a double in BigQuery."""
    value = _long(node)
    if value is None:
        return None
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    places = max(-exponent, 0)
    of = exp.DataType(
        this=exp.DType.DECIMAL,
        expressions=[
            exp.DataTypeParam(this=integer(max(len(digits), places))),
            exp.DataTypeParam(this=integer(places)),
        ],
    )
    return exp.Cast(this=text(node.this), to=of)


def _long_as_big_decimal(node: Node) -> Node | None:
    """BigQuery's NUMERIC has 9 decimal places; the larger one has room for all of ours."""
    value = _long(node)
    return None if value is None else exp.Cast(this=text(node.this), to=_BIGNUMERIC.copy())


_BIGNUMERIC = exp.DataType(this=exp.DType.BIGDECIMAL)


def _mean_of_doubles(node: Node) -> Node | None:
    """The mean of decimals is rounded to a few digits by some."""
    if not isinstance(node, exp.Avg) or isinstance(node.this, exp.Cast):
        return None
    return exp.Avg(this=exp.cast(node.this, exp.DType.DOUBLE))


def _contained(node: Node) -> Node | None:
    """An array that has a text: no need to look at each element in turn."""
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


def _counted_rows(alias: Callable[[exp.Identifier], exp.TableAlias]) -> _Change:
    """Elements as rows, where there is no function that takes a condition."""

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


def _small_nulls(node: Node) -> Node | None:
    """Nothing said of nulls in a moving window: a time is none, and nothing may be said."""
    if isinstance(node, exp.Window) and node.args.get("spec") is not None:
        for order in node.args["order"].expressions:
            order.set("nulls_first", True)
    return None


def _untrue(node: Node) -> Node | None:
    """DuckDB asks this of the rows of a file as fast as it asks the condition itself.

    A list or an order is asked faster where a null is asked for by itself, and an equality is not.
    """
    if not isinstance(node, exp.Not) or not isinstance(node.this, exp.Coalesce):
        return None
    if not all(is_false(each) for each in node.this.expressions):
        return None
    asked = node.this.this
    if isinstance(asked, _NULL_WITH_ITS_COLUMN) and isinstance(asked.this, exp.Column):
        values = asked.expressions if isinstance(asked, exp.In) else [asked.expression]
        if values and all(isinstance(each, exp.Literal) for each in values):
            either = exp.Or(this=is_null(asked.this.copy()), expression=exp.Not(this=asked))
            return exp.Paren(this=either)
    return exp.Not(this=exp.Is(this=exp.Paren(this=asked), expression=true()))


_NULL_WITH_ITS_COLUMN = (exp.In, exp.GT, exp.GTE, exp.LT, exp.LTE)
"""What is null where its column is, and nowhere else, if all else in it are literals."""


_CHANGES: Mapping[str, tuple[_Change, ...]] = {
    "duckdb": (_contained, _long_as_double, _untrue),
    "trino": (_found_in, _end, _mean_of_doubles, _long_as_decimal),
    "spark": (_found_in, _mean_of_doubles, _small_nulls, _no_variables),
    "bigquery": (
        _no_dots,
        _found_in,
        _long_as_big_decimal,
        _mean_of_doubles,
        _small_nulls,
        _counted_rows(_array_as_column),
    ),
    "snowflake": (_found_in, _anywhere, _mean_of_doubles),
    "postgres": (_no_zeros, _found_in, _right_end, _by_code_point, _counted_rows(_array_as_table)),
}
