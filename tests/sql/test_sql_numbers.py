"""Comparing any number with any column, run on DuckDB.

Beyond doubles and between them the answer is worked out; no engine sees such a number.
"""

from __future__ import annotations

import sys
from decimal import MAX_PREC, Decimal
from decimal import Context as Context_
from fractions import Fraction

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number
from segdsl.sql import DIALECTS, Context, SqlError, render, selection
from segdsl.sql.catalog import Catalog, Column, Table
from segdsl.sql.limits import _share as share

COLUMNS = {"whole": "BIGINT", "double": "DOUBLE", "exact": "DECIMAL(18, 4)", "small": "INTEGER"}
WHOLES = (
    *(None, 0, 1, -1, 2, 18, 2**31 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 10**18 + 1),
    *(2**63 - 1, 2**63 - 2, -(2**63), -(2**63) + 1),
)
DOUBLES = (None, 0.0, 0.1, -0.1, 1.5, 1e300, -1e300, 5e-324, 1.7976931348623157e308)
EXACTS = (None, "0", "0.25", "-0.25", "99999999999999.9999", "99999999999999.9998", "4.5", "-1")
CATALOG = Catalog((Table("customers", tuple(Column(name, "number") for name in COLUMNS)),))
FEWER = settings(max_examples=settings().max_examples // 4)
CONTEXT = Context(0, "UTC", CATALOG)
ANY_PRECISION = Context_(prec=MAX_PREC)
PLACES = {"whole": 0, "exact": 4, "small": 0}
# What the engine knows of the columns of files.
KNOWN = Context(
    0,
    "UTC",
    Catalog(
        (
            Table(
                "customers",
                tuple(Column(name, "number", PLACES.get(name)) for name in COLUMNS),
            ),
        )
    ),
)


def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    columns = ", ".join(f"{name} {of}" for name, of in COLUMNS.items())
    connection.execute(f"CREATE TABLE customers (cdp_customer_id VARCHAR, {columns})")
    for index, whole in enumerate(WHOLES):
        small = whole if whole is not None and abs(whole) < 2**31 else None
        text = EXACTS[index % len(EXACTS)]
        exact = None if text is None else Decimal(text)
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
         "0." + "0" * 390 + "1", "1e308", "1.8e308", "1e6", "1E+2", "100e-2", "5e-324",
         "9007199254740993.5", "9007199254740992.9999999999999999999", "-9007199254740993.5",
         "9223372036854775807.5", "9223372036854775806.00000000000000000001",
         "18446744073709551616",
         "99999999999999.9999", "99999999999999.99985", "-0.25000000000000000001", "1e19", "1e20",
         "0.99999999999999999999", "-1.00000000000000000001", "17.99999999999999999"]
    ),
    # Beside each value that there is, a little less or more.
    st.builds(
        lambda of, by: f"{Decimal(of) + by:f}",
        st.sampled_from([*(each for each in WHOLES if each is not None), "99999999999999.9999"]),
        st.sampled_from([Decimal(each) for each in ("0", "0.5", "-0.5", "0.00005", "1")]),
    ),
)  # fmt: skip
_relations: st.SearchStrategy[p.Relation] = st.sampled_from(["=", "<", "<=", ">", ">="])


def holds(value: float | Decimal | None, relation: p.Relation, number: Number) -> bool:
    """Exactly; but a double is equal to each number that it is the nearest double to.

    A whole one only to numbers of up to 18 decimal places.
    """
    if value is None:
        return False
    left, right = Decimal(value), number.value
    largest = Decimal.from_float(sys.float_info.max)
    if isinstance(value, float) and abs(right) <= largest:
        is_whole = float(right).is_integer() and abs(right) < 2**53
        if not is_whole or right == right.quantize(Decimal("1e-18"), context=ANY_PRECISION):
            right = Decimal(float(right))
    return {
        "=": left == right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[relation]


def selected(condition: c.Condition, context: Context) -> set[str]:
    query = render(selection(c.Segment("x", condition), context), "duckdb")
    return {id for (id,) in DATABASE.execute(query).fetchall()}


def values_of(name: str) -> list[tuple[str, float | Decimal | None]]:
    return DATABASE.execute(f"SELECT cdp_customer_id, {name} FROM customers").fetchall()


@FEWER
@given(st.sampled_from(sorted(COLUMNS)), _relations, _numbers.map(Number), st.booleans())
@example("whole", "=", Number("1e0"), False)
@example("double", "<", Number("1e400"), True)
@example("whole", ">", Number("0.1234567890123456789012345678901234567"), False)
@example("whole", "<", Number("9223372036854775808"), False)
@example("whole", "=", Number("9223372036854775808"), False)
@example("whole", "=", Number("9007199254740991.5"), False)
@example("whole", "=", Number("0.99999999999999999999"), False)
@example("double", "<", Number("-0.99999999999999999999"), False)
def test_every_number_with_every_column(
    name: str, relation: p.Relation, number: Number, negated: bool
) -> None:
    test: c.Condition = c.Test(c.Attribute(name), p.Compare(relation, number))
    condition = c.Not(test) if negated else test
    expected = {id for id, value in values_of(name) if holds(value, relation, number) != negated}
    assert selected(condition, KNOWN) == expected
    # Where nobody says what the column is, a long number beside decimals is a double.
    if name != "exact" or len(number.value.as_tuple().digits) <= 15:
        assert selected(condition, CONTEXT) == expected


@FEWER
@given(st.sampled_from(sorted(COLUMNS)), _numbers.map(Number), _numbers.map(Number), st.booleans())
@example("whole", Number("9007199254740993"), Number("9007199254740993.5"), True)
@example("whole", Number("9007199254740993"), Number("1e19"), True)
@example("whole", Number("9007199254740993"), Number("0.5"), False)
@example("whole", Number("9007199254740993"), Number("1e300"), False)
@example("whole", Number("9223372036854775808"), Number("1000000000000.001"), False)
@example("whole", Number("9007199254740992"), Number("1000000000000.001"), False)
@example("small", Number("100000000000000000000"), Number("17.99999999999999999"), False)
@example("small", Number("0.30000000000000004"), Number("17.99999999999999999"), False)
@example("whole", Number("9007199254740993.5"), Number("0.30000000000000004"), False)
def test_two_numbers_do_not_affect_each_other(
    name: str, one: Number, other: Number, ranged: bool
) -> None:
    """A range is both its comparisons, a list either of its equalities."""
    predicate = p.Between(one, other) if ranged else p.In((one, other))
    expected = {
        id
        for id, value in values_of(name)
        if (
            holds(value, ">=", one) and holds(value, "<=", other)
            if ranged
            else holds(value, "=", one) or holds(value, "=", other)
        )
    }
    assert selected(c.Test(c.Attribute(name), predicate), KNOWN) == expected
    if name != "exact":
        assert selected(c.Test(c.Attribute(name), predicate), CONTEXT) == expected


@pytest.mark.slow(quick=True)
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
def test_a_list_is_the_disjunction_of_its_numbers(beside: str) -> None:
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
def test_a_number_with_too_many_digits_is_an_error(text: str) -> None:
    with pytest.raises(SqlError, match="too many digits"):
        selection(
            c.Segment("x", c.Test(c.Attribute("whole"), p.Compare("=", Number(text)))), CONTEXT
        )


WRITTEN = [
    # What is written, and how: everywhere, or by dialect.
    ("50000", "50000", {}),
    ("1e6", "1000000", {}),
    ("2.50", "2.50", {}),
    ("-0.5", "-0.5", {}),
    ("9223372036854775807", "9223372036854775807", {}),
    (
        "9223372036854775808",
        "9223372036854775808",
        {
            "trino": "CAST('9223372036854775808' AS DECIMAL(19, 0))",
            "bigquery": "CAST('9223372036854775808' AS BIGNUMERIC)",
        },
    ),
    (
        "9007199254740993.5",
        "9007199254740993.5",
        {
            "trino": "CAST('9007199254740993.5' AS DECIMAL(17, 1))",
            "bigquery": "CAST('9007199254740993.5' AS BIGNUMERIC)",
        },
    ),
    (
        "0.12345678901234567",
        "0.12345678901234567",
        {
            "duckdb": "1.2345678901234566E-1",
            "trino": "CAST('0.12345678901234567' AS DECIMAL(17, 17))",
            "bigquery": "CAST('0.12345678901234567' AS BIGNUMERIC)",
        },
    ),
    ("1e300", "1.0E300", {}),
    ("0.1234567890123456789", "1.2345678901234568E-1", {}),
]


@pytest.mark.parametrize(("number", "plain", "special"), WRITTEN)
def test_number_literals_are_exact_on_every_engine(
    number: str, plain: str, special: dict[str, str]
) -> None:
    test = c.Test(c.Attribute("whole"), p.Compare("<", Number(number)))
    query = selection(c.Segment("x", test), CONTEXT)
    for dialect in DIALECTS:
        written = " ".join(render(query, dialect).split())
        assert written.endswith(f" < {special.get(dialect, plain)}"), dialect


@pytest.mark.parametrize(
    ("where", "written"),
    [
        (p.Between(Number("5"), Number("7.5")), "BETWEEN 5 AND 7.5"),
        (p.Between(Number("-0.5"), Number("9007199254740991")), "BETWEEN -0.5 AND"),
        (p.Between(Number("9007199254740993"), Number("9007199254740995")), "BETWEEN"),
    ],
)
def test_a_range_is_one_comparison_if_exact(where: p.Predicate, written: str) -> None:
    query = selection(c.Segment("x", c.Test(c.Attribute("whole"), where)), CONTEXT)
    for dialect in DIALECTS:
        assert written in " ".join(render(query, dialect).split())


def test_numbers_are_adjusted_to_the_places_of_a_column() -> None:
    """So that no engine has to compare a column of whole numbers with anything else."""

    def written(relation: p.Relation, number: str) -> str:
        test = c.Test(c.Attribute("whole"), p.Compare(relation, Number(number)))
        return " ".join(render(selection(c.Segment("x", test), KNOWN), "trino").split())

    assert written("<", "9007199254740993.5").endswith('"whole" <= 9007199254740993')
    assert written(">=", "-2.5").endswith('"whole" > -3')
    assert written(">", "1e-400").endswith('"whole" > 0')
    assert written("=", "2.5").endswith("WHERE FALSE")
    assert written("<", "1e25").endswith('NOT "whole" IS NULL')


@FEWER
@given(
    st.fractions(min_value="0.000000000000000001", max_value="0.999999999999999999"),
    st.integers(0, 10**9),
)
def test_rounded_shares_keep_the_number_of_profiles(exact: Fraction, profiles: int) -> None:
    short = share(exact)
    assert short.denominator <= 10**9
    assert profiles * short.numerator // short.denominator == int(exact * profiles)
