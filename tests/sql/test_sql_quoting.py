"""Names and values are always quoted, whatever they contain.

They select what the reference says, by the text of every dialect; and a reader of string
literals that knows nothing of sqlglot finds the value in each dialect's text.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.evaluator import select
from reference.population import Population, Profile
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, Limit, Number, Order, Text
from segdsl.sql import DIALECTS, Context, SqlError, profiles, render, selection
from segdsl.sql.catalog import Catalog, Column, Table
from sql_world import World

NASTY = (
    "'", "''", "' OR 1=1 --", "'; DROP TABLE customers; --", '"', '""', '" OR ""="', "`", "``",
    "\\", "\\\\", "\\'", "'\\", '\\"', "\\`", "\\n", "a\nb", "\r\n", "\t", "--", "-- x\n", "/*",
    "*/", "/* x */", "#", "$1", "$$", "$$x$$", ":name", "?", "%s", "%(x)s", "@v", "@@v", "{x}",
    "{{x}}", "{% x %}", "x;y", ";", "(", ")", "[x]", "E'\\x41'", "U&'\\0041'", "\\u0041", "\\x41",
    "0x41", "NULL", "true", "a.b", "a b", " ", "  a ", "é", "e\u0301", "姓", "🛒", "\u2028",
    "\u200b", "\u202e", "\ufeff", "İ", "ß", "%", "_", "a%b_c", "*", "e", "element", "matches",
    "value", "__SQLGLOT__LB__", "\x7f", "\x0b", "select", "FROM", "group",
)  # fmt: skip
# Spark's own: what looks like a variable in a name is refused there.
VARIABLES = ("${env:HOME}", "${x", "a${b}${c}d${", "$${x}}")
nasty_texts = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map("".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
)
nasty_names = nasty_texts.filter(
    lambda name: name.strip() != "" and "${" not in name and name.casefold() != "cdp_customer_id"
)


def world_of(
    attribute: str, table: str, key: str, values: list[str | None]
) -> tuple[World, Population]:
    catalog = Catalog(
        (
            Table("customers", (Column(attribute, "string"), Column("tags of", "string_array"))),
            Table(table, (Column("timestamp", "timestamp"), Column(key, "string"))),
            Table("funnel_stages", (Column("stage_id", "string"),)),
        )
    )
    people = tuple(
        Profile(
            f"p{number}",
            attributes={attribute: value, "tags of": None if value is None else (value, None)},
            events={table: ({"timestamp": number, key: value},)} if number % 2 else {},
            memberships=frozenset({("stage", value)} if value is not None else ()),
        )
        for number, value in enumerate(values)
    )
    world = World(catalog)
    population = Population(people, 1_700_000_000, "UTC")
    world.hold(population)
    return world, population


def asked(attribute: str, table: str, key: str, value: str) -> list[c.Condition]:
    text = Text(value)
    return [
        c.Test(c.Attribute(attribute), p.Compare("=", text)),
        c.Not(c.Test(c.Attribute(attribute), p.In((text, Text("x"))))),
        c.Test(c.Attribute(attribute), p.Like("contains", (text,))),
        c.Test(c.Attribute(attribute), p.Like("starts with", (text,))),
        c.Test(c.Attribute(attribute), p.Like("ends with", (text,))),
        c.Test(c.Attribute(attribute), p.Matches(Text(re.escape(value)))),
        c.Test(c.Attribute(attribute), p.Compare("<=", text)),
        c.Test(c.Attribute("tags of"), p.Compare("=", text), False, c.Quantifier("any")),
        c.Test(
            c.Aggregate("count", table, filter=c.Test(c.Attribute(key), p.Compare("=", text))),
            p.Compare(">=", Number("1")),
        ),
        c.Test(c.Aggregate("last", table, (key,), order="timestamp"), p.Compare("=", text)),
        c.Test(c.Aggregate("count", table, grouping=(key,)), p.Compare("=", Number("1"))),
        c.Test(c.Aggregate("count distinct", table, (key,)), p.Compare("=", Number("1"))),
        c.Membership("stage", ById(value)),
        c.Limited(
            c.Test(c.Attribute(attribute), p.Compare("<=", text)),
            Limit(Number("2"), False, (Order(attribute, True),)),
        ),
    ]


def check(attribute: str, table: str, key: str, value: str, others: list[str | None]) -> None:
    world, population = world_of(attribute, table, key, [value, None, *others, value])
    context = Context(population.now, population.zone, world.catalog)
    for condition in asked(attribute, table, key, value):
        segment = c.Segment(value, condition)
        query = selection(segment, context)
        expected = select(condition, None, population)
        assert world.ids(query) == expected, condition
        for dialect in DIALECTS:
            if dialect == "bigquery" and "." in attribute + table + key:
                continue
            assert world.ids_through(query, dialect) == expected, (dialect, condition)
    shown = profiles(c.Segment("x", c.Everyone()), context, [attribute])
    assert dict(world.rows(shown)) == {
        each.id: each.attributes[attribute] for each in population.profiles
    }


@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("text", NASTY)
def test_nasty_names_and_values_stay_quoted(text: str) -> None:
    name = text if text.strip() else f"{text}x"
    others: list[str | None] = [*NASTY[:20], text * 2, text + "x", "x" + text, text.swapcase()]
    check(name, f"behavior_{name}", name if name != "timestamp" else "key", text, others)


@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("text", VARIABLES)
def test_spark_variables_stay_values(text: str) -> None:
    check("a", "behavior_b", "c", text, [*VARIABLES, "$", "{", "x"])


@pytest.mark.slow(quick=True)
@settings(max_examples=max(1, settings().max_examples // 40))
@given(
    nasty_names,
    st.tuples(st.sampled_from(["behavior_", "x"]), nasty_names).map("".join),
    nasty_names,
    nasty_texts,
    st.lists(nasty_texts, max_size=3),
)
def test_arbitrary_names_and_values_stay_quoted(
    attribute: str, table: str, key: str, value: str, others: list[str]
) -> None:
    """The table of a behavior has the prefix, or has it not."""
    if attribute.casefold() == "tags of" or key.casefold() == "timestamp":
        attribute, key = "a", "k"
    check(attribute, table, key, value, list(others))


# --- read by something that knows no sqlglot ---------------------------------------------

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}
_ESCAPES |= {"Z": "\x1a"}
NUMERIC = {
    "spark": re.compile(r"\\([01][0-7]{2})"),
    "bigquery": re.compile(r"\\x([0-9a-f]{2})"),
    "snowflake": re.compile(r"\\x([0-9a-f]{2})"),
}


def literals(sql: str, dialect: str) -> list[str]:
    """The string literals of a text, by the rules of the engine's manual."""
    quotes = {"bigquery": "`", "spark": "`"}
    with_backslash = dialect in ("spark", "bigquery", "snowflake")
    found, place = [], 0
    while place < len(sql):
        opening = sql[place]
        if opening not in ("'", quotes.get(dialect, '"')):
            assert sql[place : place + 2] not in ("--", "/*"), "a comment begins"
            assert opening not in ";#$", "something else begins"
            place += 1
            continue
        escapes = with_backslash and (opening == "'" or dialect == "bigquery")
        doubles = not (dialect == "bigquery" or (dialect == "spark" and opening == "'"))
        content = ""
        place += 1
        while True:
            at = sql[place]
            numeric = NUMERIC[dialect].match(sql, place) if escapes else None
            if numeric is not None:
                content += chr(int(numeric[1], 16 if dialect != "spark" else 8))
                place = numeric.end()
            elif at == "\\" and escapes:
                content += _ESCAPES.get(sql[place + 1], sql[place + 1])
                place += 2
            elif at == opening and doubles and sql[place + 1 : place + 2] == opening:
                content += opening
                place += 2
            elif at == opening:
                break
            else:
                content += at
                place += 1
        place += 1
        if opening == "'":
            found.append(content)
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=max(1, settings().max_examples // 10))
@given(st.one_of(nasty_texts, nasty_names), nasty_names)
def test_a_string_is_one_literal_in_every_dialect(dialect: str, value: str, name: str) -> None:
    name = name.replace(".", "") if dialect == "bigquery" else name
    condition = c.Test(c.Attribute(name), p.In((Text(value), Text("b"))))
    for pretty in (True, False):
        sql = render(
            selection(c.Segment("x", condition), Context(0, "UTC")), dialect, pretty=pretty
        )
        if "${" not in value:
            assert literals(sql, dialect) == [value, "b"]
        else:
            assert "".join(literals(sql, dialect)) == value + "b"


@pytest.mark.parametrize("text", VARIABLES)
def test_spark_substitutes_no_variable(text: str) -> None:
    condition = c.Test(c.Attribute("a"), p.Like("contains", (Text(text),)))
    sql = render(selection(c.Segment("x", condition), Context(0, "UTC")), "spark")
    assert "${" not in sql
    assert "".join(literals(sql, "spark")) == text
    named = c.Test(c.Attribute(text), p.Compare("=", Text("a")))
    with pytest.raises(SqlError, match="Spark would substitute"):
        render(selection(c.Segment("x", named), Context(0, "UTC")), "spark")


def test_unsupported_names_and_strings_are_errors() -> None:
    dotted = c.Test(c.Attribute("a.b"), p.Compare("=", Text("x")))
    query = selection(c.Segment("x", dotted), Context(0, "UTC", database="project.dataset"))
    with pytest.raises(SqlError, match="BigQuery does not support names with a dot"):
        render(query, "bigquery")
    plain = c.Segment("x", c.Test(c.Attribute("a"), p.Compare("=", Text("x"))))
    query = selection(plain, Context(0, "UTC", database="project.dataset"))
    assert "FROM `project.dataset`.`customers`" in render(query, "bigquery")
    zero = c.Segment("x", c.Test(c.Attribute("a"), p.Compare("=", Text("a\x0037"))))
    query = selection(zero, Context(0, "UTC"))
    with pytest.raises(SqlError, match="the character NUL"):
        render(query, "postgres")
    assert "".join(literals(render(query, "spark"), "spark")) == "a\x0037"
