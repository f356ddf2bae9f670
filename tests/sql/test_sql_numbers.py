"""Any number the language takes can be compared with any column, on DuckDB for real.

Beyond doubles and between them the answer is worked out; no engine sees such a number.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from segdsl import predicates as p
from segdsl.condition import tree as c
from segdsl.sql import DIALECTS, Context, SqlError, render, selection
from segdsl.sql.catalog import Catalog, Column, Table
from segdsl.sql.limits import _share as share
from segdsl.values import Number

COLUMNS = {"whole": "BIGINT", "double": "DOUBLE", "exact": "DECIMAL(18, 4)", "small": "INTEGER"}
WHOLES = (None, 0, 1, -1, 2, 18, 2**31 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
DOUBLES = (None, 0.0, 0.1, -0.1, 1.5, 1e300, -1e300, 5e-324, 1.7976931348623157e308)
CATALOG = Catalog((Table("customers", tuple(Column(name, "number") for name in COLUMNS)),))
FEWER = settings(max_examples=settings().max_examples // 4)
CONTEXT = Context(0, "UTC", CATALOG)


def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    columns = ", ".join(f"{name} {of}" for name, of in COLUMNS.items())
    connection.execute(f"CREATE TABLE customers (cdp_customer_id VARCHAR, {columns})")
    for index, whole in enumerate(WHOLES):
        small = whole if whole is not None and abs(whole) < 2**31 else None
        exact = None if small is None else Decimal(small) / 4
        double = DOUBLES[index % len(DOUBLES)]
        connection.execute(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?)",
            [str(index), whole, double, exact, small],
        )
    return connection


DATABASE = database()

_numbers = st.one_of(
    st.integers(-(10**40), 10**40).map(str),
    st.integers(-(2**63) - 2, -(2**63) + 2).map(str),
    st.integers(2**63 - 2, 2**63 + 2).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda of: f"{of:f}"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["1e400", "-1e400", "1e-400", "-1e-400", "1e9999", "1E-9999", "0e9999", "-0", "-0.0",
         "0.1234567890123456789012345678901234567", "1" * 400, "-" + "9" * 300 + "." + "1" * 90,
         "0." + "0" * 390 + "1", "1e308", "1.8e308", "1e6", "1E+2", "100e-2", "5e-324"]
    ),
)  # fmt: skip
_relations: st.SearchStrategy[p.Relation] = st.sampled_from(["=", "<", "<=", ">", ">="])


def holds(value: float | Decimal | None, relation: p.Relation, number: Number) -> bool:
    """Exactly; but a double is equal to each number that it is the nearest double to."""
    if value is None:
        return False
    left, right = Decimal(value), number.value
    largest = Decimal.from_float(sys.float_info.max)
    if isinstance(value, float) and abs(right) <= largest and float(right) != 0:
        right = Decimal(float(right))
    return {
        "=": left == right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[relation]


@FEWER
@given(st.sampled_from(sorted(COLUMNS)), _relations, _numbers.map(Number), st.booleans())
@example("whole", "=", Number("1e0"), False)
@example("double", "<", Number("1e400"), True)
@example("whole", ">", Number("0.1234567890123456789012345678901234567"), False)
def test_every_number_beside_every_column(
    name: str, relation: p.Relation, number: Number, negated: bool
) -> None:
    test: c.Condition = c.Test(c.Attribute(name), p.Compare(relation, number))
    segment = c.Segment("x", c.Not(test) if negated else test)
    found = DATABASE.execute(render(selection(segment, CONTEXT), "duckdb")).fetchall()
    rows = DATABASE.execute(f"SELECT cdp_customer_id, {name} FROM customers").fetchall()
    near = Decimal(2) ** 63 <= abs(number.value) <= Decimal(2) ** 63 + 4096
    expected = {id for id, value in rows if holds(value, relation, number) != negated}
    # Next to the ends of BIGINT a number that is none is compared as a double.
    if not (near and name == "whole"):
        assert {id for (id,) in found} == expected


@pytest.mark.slow
@FEWER
@given(_numbers.map(Number), _numbers.map(Number))
def test_every_number_in_lists_and_ranges(low: Number, high: Number) -> None:
    """In all dialects' words, and none is an error."""
    for name in COLUMNS:
        for predicate in (p.Between(low, high), p.In((low, high))):
            query = selection(c.Segment("x", c.Test(c.Attribute(name), predicate)), CONTEXT)
            DATABASE.execute(render(query, "duckdb")).fetchall()
            assert all(render(query, dialect) for dialect in DIALECTS)


@pytest.mark.parametrize("beside", ["0.12345678901234567", "0.5", "1e300"])
def test_a_list_holds_of_what_one_of_its_numbers_holds_of(beside: str) -> None:
    """Whatever the others are: so that `--fix` may make a list of equals."""
    large, other = Number("9007199254740993"), Number(beside)
    for name in COLUMNS:
        equals = (c.Test(c.Attribute(name), p.Compare("=", each)) for each in (large, other))
        one, listed = (
            DATABASE.execute(render(selection(c.Segment("x", of), CONTEXT), "duckdb")).fetchall()
            for of in (
                c.Or(tuple(equals)),
                c.Test(c.Attribute(name), p.In((large, other))),
            )
        )
        assert sorted(one) == sorted(listed)


@pytest.mark.parametrize("text", ["1" * 401, "1e10000", "1e-99999999999999999999"])
def test_what_cannot_be_reckoned_with_is_an_error(text: str) -> None:
    with pytest.raises(SqlError, match="too many digits"):
        selection(
            c.Segment("x", c.Test(c.Attribute("whole"), p.Compare("=", Number(text)))), CONTEXT
        )


def test_numbers_are_written_so_that_no_engine_rounds_them() -> None:
    def written(number: str) -> str:
        query = selection(
            c.Segment("x", c.Test(c.Attribute("whole"), p.Compare("<", Number(number)))), CONTEXT
        )
        comparison = query.find(exp.LT)
        assert comparison is not None
        text: str = comparison.expression.sql("trino")
        return text

    assert written("50000") == "50000"
    assert written("1e6") == "1000000"
    assert written("2.50") == "2.50"
    assert written("-0.5") == "-0.5"
    assert written("9223372036854775807") == "9223372036854775807"
    assert written("9223372036854775808") == "9.223372036854776E18"
    assert written("0.12345678901234567") == "1.2345678901234566E-1"


@FEWER
@given(
    st.fractions(min_value="0.000000000000000001", max_value="0.999999999999999999"),
    st.integers(0, 10**9),
)
def test_shares_keep_the_same_number_of_profiles(exact: Fraction, profiles: int) -> None:
    short = share(exact)
    assert short.denominator <= 10**9
    assert profiles * short.numerator // short.denominator == int(exact * profiles)
