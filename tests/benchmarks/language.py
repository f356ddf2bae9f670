"""One segment of twelve conditions, compiled: segdsl against what else compiles such conditions.

All four sides are shown to select the same of a set of profiles before they are timed: the rule
that segdsl makes, by the reference evaluator of rules; CEL's and rule-engine's own evaluation;
and the SQL, in DuckDB.
"""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp, parse_one

from measures import Comparison
from reference.population import Population
from reference.population import Profile as Known
from reference.rule_evaluator import select_rule
from segdsl.diagnostics import Report
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.rules.lower import create_request, lower
from segdsl.rules.rule.model import encode
from segdsl.source import Source

SEGMENT = """\
segment "Young shoppers in Japan"

where
  country = "JP"
  and age between 20 and 39
  and gender in ("F", "M")
  and email ends with "@example.com"
  and last_login >= 1704067200
  and any (
    points >= 1000,
    tier = "gold",
    city contains "Tokyo",
  )
  and total > 20000
  and orders >= 2
  and plan is not null
  and not (status in ("closed", "banned"))
"""
WHERE = (
    "country = 'JP' AND age BETWEEN 20 AND 39 AND gender IN ('F', 'M') "
    "AND email LIKE '%@example.com' AND last_login >= 1704067200 "
    "AND (points >= 1000 OR tier = 'gold' OR city LIKE '%Tokyo%') "
    "AND total > 20000 AND orders >= 2 AND plan IS NOT NULL "
    "AND NOT (status IN ('closed', 'banned'))"
)
CEL = (
    'country == "JP" && age >= 20 && age <= 39 && gender in ["F", "M"] '
    '&& email.endsWith("@example.com") && last_login >= 1704067200 '
    '&& (points >= 1000 || tier == "gold" || city.contains("Tokyo")) '
    "&& total > 20000 && orders >= 2 && plan != null "
    '&& !(status in ["closed", "banned"])'
)
RULE = (
    'country == "JP" and age >= 20 and age <= 39 and gender in ["F", "M"] '
    'and email.ends_with("@example.com") and last_login >= 1704067200 '
    'and (points >= 1000 or tier == "gold" or "Tokyo" in city) '
    "and total > 20000 and orders >= 2 and plan != null "
    'and not (status in ["closed", "banned"])'
)
Profile = dict[str, Any]
_IN: Profile = {
    "country": "JP",
    "age": 20,
    "gender": "F",
    "email": "a@example.com",
    "last_login": 1704067200,
    "points": 1000,
    "tier": "silver",
    "city": "Osaka",
    "total": 20001,
    "orders": 2,
    "plan": "basic",
    "status": "open",
}
# For each attribute, values on both sides of what its condition asks. Only `plan` is ever absent:
# what a comparison with nothing is differs between the sides, and is not what is timed.
_OTHERS: dict[str, tuple[Any, ...]] = {
    "country": ("US", "jp"),
    "age": (19, 39, 40),
    "gender": ("M", "X"),
    "email": ("a@example.org", "@example.com"),
    "last_login": (1704067199,),
    "points": (999,),
    "tier": ("gold",),
    "city": ("Tokyo", "East Tokyo 2", "tokyo"),
    "total": (20000,),
    "orders": (1, 3),
    "plan": (None,),
    "status": ("closed", "banned", "Closed"),
}


def profiles() -> list[Profile]:
    """One that is in the segment, and those that differ from it in one or two attributes."""
    single = [{**_IN, name: value} for name, values in _OTHERS.items() for value in values]
    pairs = itertools.combinations(_OTHERS, 2)
    double = [
        {**_IN, a: x, b: y} for a, b in pairs for x in _OTHERS[a] for y in _OTHERS[b]
    ]  # fmt: skip
    return [_IN, *single, *double]


def compiled() -> str:
    """From the text to the JSON of the request, as `segdsl compile` does it."""
    report = Report()
    tree = parse(Source("a.seg", SEGMENT), report)
    (segment,) = resolve(Program("a.seg", {"a.seg": tree}), report, {})
    rule = lower(segment, report)
    assert rule is not None, [each.message for each in report.diagnostics]
    return encode(create_request(segment, rule))


def printed() -> str:
    """From the text of the WHERE to Trino's."""
    return parse_one(WHERE, into=exp.Condition, read="trino").sql(dialect="trino")


# --- what each side selects: the numbers of profiles -----------------------------------------


def selected_by_the_rule() -> set[int]:
    known = tuple(Known(str(at), each) for at, each in enumerate(profiles()))
    rule = json.loads(compiled())["rule"]
    return {int(id) for id in select_rule(rule, Population(known, 0, "UTC"))}


def selected_by_sql() -> set[int]:
    columns = ", ".join(f"{name} {_type(value)}" for name, value in _IN.items())
    marks = ", ".join("?" * (len(_IN) + 1))
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE customers (number INTEGER, {columns})")
        rows = [[at, *each.values()] for at, each in enumerate(profiles())]
        database.executemany(f"INSERT INTO customers VALUES ({marks})", rows)
        found = database.execute(f"SELECT number FROM customers WHERE {printed()}").fetchall()
    return {number for (number,) in found}


def _type(value: object) -> str:
    return "BIGINT" if isinstance(value, int) else "VARCHAR"


def _celpy() -> Any:
    return importlib.import_module("celpy")


def selected_by_cel() -> set[int]:
    environment = _celpy().Environment()
    program = environment.program(environment.compile(CEL))
    known = [{name: _celpy().json_to_cel(value) for name, value in of.items()} for of in profiles()]
    return {at for at, each in enumerate(known) if program.evaluate(each)}


def selected_by_rule_engine() -> set[int]:
    rule = importlib.import_module("rule_engine").Rule(RULE)
    return {at for at, each in enumerate(profiles()) if rule.matches(each)}


def agreeing(other: Callable[[], set[int]]) -> Callable[[], None]:
    """Asserts that the rule and the other side select the same profiles."""

    def agree() -> None:
        ours, theirs = selected_by_the_rule(), other()
        assert 0 in ours, "the rule does not select the profile that is in the segment"
        differing = sorted(ours ^ theirs)
        assert not differing, (
            f"of {len(profiles())} profiles they select {len(ours)} and {len(theirs)}; they differ "
            f"in {profiles()[differing[0]]}"
        )

    return agree


# --- the rows --------------------------------------------------------------------------------


def rows(folder: Path) -> Iterator[Comparison]:
    def row(
        against: str, target: float, theirs: Callable[[], object], selected: Callable[[], set[int]]
    ) -> Comparison:
        return Comparison(
            "parse and compile 12 conditions",
            against,
            target,
            "at least",
            compiled,
            theirs,
            agreeing(selected),
            rounds=21,
            calls=10,
        )

    yield row("cel-python compiles them", 4, _cel(), selected_by_cel)
    yield row("rule-engine compiles them", 3, _rule_engine(), selected_by_rule_engine)
    yield row("sqlglot[c] parses and prints SQL", 1, _sqlglot(), selected_by_sql)


def _cel() -> Callable[[], object]:
    def compile_() -> object:
        return environment.compile(CEL)

    environment = _celpy().Environment()
    return compile_


def _rule_engine() -> Callable[[], object]:
    rule = importlib.import_module("rule_engine").Rule
    return lambda: rule(RULE)


def _sqlglot() -> Callable[[], object]:
    import sqlglot.parser

    file = sqlglot.parser.__file__
    assert not file.endswith(".py"), "sqlglot is installed without its C extension"
    return printed
