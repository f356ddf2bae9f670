"""Generated functions of exported columns: chains that fit the kind of a value, and such values."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from segdsl.language.activations import FUNCTIONS, Call, Function, If, IfOperator
from segdsl.language.values import Number, Text

NUMERIC = ("integer", "number")
ALIKE = ("add", "subtract", "multiply", "divide")
BY_KIND: dict[str, tuple[str, ...]] = {
    "integer": (*ALIKE, "ln", "elapsed_days", "day_of_week", "if"),
    "number": (*ALIKE, "ln", "elapsed_days", "day_of_week", "if"),
    "string": ("replace", "substr", "regexp_extract", "from_iso8601_timestamp"),
    "boolean": (),
    "strings": (),
    "numbers": (),
    "moment": (*ALIKE, "elapsed_days", "day_of_week", "if"),
}
"""The functions that apply to values of a kind, besides those that apply to all of them."""
ANY = ("cast_as_categorical_array", "if null", "td_ip_to_country_name")
SINGLE = ("cast_as_quantitative", "cast_as_categorical")
"""Those that apply to all kinds but arrays."""

COMPARISONS: tuple[IfOperator, ...] = (">", ">=", "<", "<=", "=", "!=")
PRESENCE: tuple[IfOperator, ...] = ("is null", "is not null")
SMALL = st.integers(-1_000, 1_000).map(lambda value: Number(str(value)))
NUMBERS = st.one_of(
    SMALL,
    st.sampled_from(["0.5", "-2.25", "1.1", "0", "1e3", "1E-2", "9007199254740993", "1e300"]).map(
        Number
    ),
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            *("", "a", "aba", "日本語", "a@example.com", "utm=x&b", "12-34", " 12 ", "1.5e3", ".5"),
            *("7.", "1_000", "inf", "NaN", "-0", "1e400", "0x10", "+3", "é̂", "🤦🏼‍♂️", "\\1", "5,5"),
            *(
                "2024-02-29",
                "2024-02-30",
                "2024-02-29T23:59:59Z",
                "2024-06-01T07",
                "2024-06-01T07Z",
            ),
            *("2024-06-01T00:30+09:00", "2024-06-01T23:30:00.999-0830", "2024-06-01T24:00"),
            *("2024-06-01T00:30+09", "2024-06-01 00:30", "1969-12-31T23:59:59.5Z", "20240601"),
            *(
                "2024-06-01T00:30+25:00",
                "2024-06-01T00:30+09:60",
                "2024-06-01T00:30,5",
                "0001-01-01Z",
            ),
        ]
    ),
    st.text("ab-1 \\", max_size=6),
)
PATTERNS = (
    *(("[a-z]+", 0), (r"(\d+)-(\d+)", 2), ("utm=([^&]*)", 1), ("^a", 0), ("b$", 0), ("", 0)),
    *((r"@(.*)", 1), ("日", 0), (r"\\", 0)),
)
MAYBE_NUMBER = st.one_of(st.none(), NUMBERS)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.one_of(
        st.sampled_from([0, 1, -1, 1_700_000_000, -86_401, 2**53 + 1, 2**63 - 1, -(2**63)]),
        st.integers(-(10**10), 10**10),
    ),
    "number": st.one_of(
        st.sampled_from([0.0, -0.0, 1.5, 0.1, 1e16, 1e-5, 1e300, 1_700_000_000.75, 1e22]),
        st.floats(-1e12, 1e12),
    ),
    "string": TEXTS,
    "boolean": st.booleans(),
    "strings": st.lists(st.one_of(st.none(), TEXTS), max_size=3),
    "numbers": st.lists(st.one_of(st.none(), st.sampled_from([0.5, 1.0, 1e20])), max_size=3),
}
"""The values of a column of each kind that it can have in the data."""


def _arguments(name: str) -> st.SearchStrategy[tuple[Any, ...]]:
    texts = TEXTS.map(Text)
    match name:
        case "replace":
            return st.one_of(st.tuples(texts), st.tuples(texts, texts))
        case "substr":
            places = st.integers(-5, 5).map(lambda value: Number(str(value)))
            return st.one_of(st.tuples(places), st.tuples(places, places))
        case "regexp_extract":
            return st.sampled_from(PATTERNS).map(lambda p: (Text(p[0]), Number(str(p[1]))))
        case _:
            signature = FUNCTIONS[name]
            return st.tuples(
                *(NUMBERS if type == "number" else texts for _, type in signature.arguments)
            )


@st.composite
def function(draw: st.DrawFn, kind: str) -> Function:
    """A function that applies to values of a kind."""
    names = [*BY_KIND[kind], *ANY]
    if kind not in ("strings", "numbers"):
        names += SINGLE
    name = draw(st.sampled_from(names))
    if name == "if":
        operator = draw(st.sampled_from(COMPARISONS))
        return If(operator, draw(MAYBE_NUMBER), draw(MAYBE_NUMBER), draw(MAYBE_NUMBER))
    if name == "if null":
        operator = draw(st.sampled_from(PRESENCE))
        return If(operator, None, draw(MAYBE_NUMBER), draw(MAYBE_NUMBER))
    return Call(name, draw(_arguments(name)))


def kind_after(function: Function, kind: str) -> str:
    """The kind of a function's result, as far as it decides what may follow."""
    match function:
        case If():
            return "number"
        case Call(name):
            if name in ("add", "subtract", "multiply", "divide", "ln", "cast_as_quantitative"):
                return "number"
            if name in ("elapsed_days", "day_of_week"):
                return "integer"
            if name == "from_iso8601_timestamp":
                return "moment"
            return "strings" if name == "cast_as_categorical_array" else "string"


@st.composite
def chains(draw: st.DrawFn, kind: str, most: int = 4) -> tuple[Function, ...]:
    """Functions of which each applies to the result of the one before."""
    functions: list[Function] = []
    for _ in range(draw(st.integers(1, most))):
        functions.append(draw(function(kind)))
        kind = kind_after(functions[-1], kind)
    return tuple(functions)
