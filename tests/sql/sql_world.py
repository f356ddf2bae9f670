"""A population as tables of DuckDB, to compare SQL with the reference evaluator.

One database for the process, its tables made once over the constant vocabulary of
`strategies.populations` and filled anew for each population. It judges nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import duckdb
from sqlglot import exp, parse_one

from reference.population import Population, Profile
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, ColumnType, Reference, Text
from segdsl.sql import Context, render
from segdsl.sql.catalog import Catalog, Column, Table
from strategies import populations as v

_SQL_TYPES: dict[ColumnType, str] = {
    "string": "VARCHAR",
    "number": "DOUBLE",
    "timestamp": "BIGINT",
    "boolean": "BOOLEAN",
    "string_array": "VARCHAR[]",
    "number_array": "DOUBLE[]",
}


def _columns(of: dict[ColumnType, Iterable[str]]) -> tuple[Column, ...]:
    return tuple(Column(name, type) for type, names in of.items() for name in names)


def _behavior(name: str) -> Table:
    columns = _columns(
        {
            "timestamp": ("timestamp", "line")[: 2 if name == "behavior_purchases" else 1],
            "string": v.TEXT_COLUMNS[name],
            "number": [each for each in v.NUMBER_COLUMNS[name] if each != "line"],
            "string_array": v.ARRAY_COLUMNS[name],
        }
    )
    return Table(name, columns)


_ML = {
    "rfm": (v.ML_TEXTS[0][1], v.ML_NUMBERS[0][1]),
    "cltv": (v.ML_TEXTS[1][1], v.ML_NUMBERS[1][1]),
}

CATALOG = Catalog(
    (
        Table(
            "customers",
            _columns(
                {
                    "string": v.TEXT_ATTRIBUTES,
                    "number": v.NUMBER_ATTRIBUTES,
                    "boolean": v.BOOLEAN_ATTRIBUTES,
                    "timestamp": (*v.TIME_ATTRIBUTES, v.RANK),
                    "string_array": v.TEXT_ARRAYS,
                    "number_array": v.NUMBER_ARRAYS,
                }
            ),
        ),
        *(_behavior(name) for name in v.BEHAVIORS),
        Table(f"customer_group_{v.GROUP[0]}", _columns({"number": [v.GROUP[1]]})),
        Table("funnel_stages", _columns({"string": ["stage_id"]})),
        Table("ab_test_variants", _columns({"string": ["variant_id"]})),
        Table(
            "predictive_scores",
            _columns({"string": ["model_id"], "number": ["grade"], "boolean": ["converted"]}),
        ),
        *(
            Table(f"ml_{name}", _columns({"string": ["model_id", text], "number": [number]}))
            for name, (text, number) in _ML.items()
        ),
    )
)


class World:
    """A database with the tables of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.connection = duckdb.connect()
        self._filled: set[str] = set()
        for table in catalog.tables:
            columns = "".join(
                f", {_quoted(each.name)} {_SQL_TYPES[each.type]}" for each in table.columns
            )
            self.connection.execute(
                f"CREATE TABLE {_quoted(table.name)} (cdp_customer_id VARCHAR{columns})"
            )

    def hold(self, population: Population) -> None:
        """Puts a population into the tables, in place of what was there."""
        rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in self.catalog.tables}
        for profile in population.profiles:
            for name, row in _rows(profile):
                rows[name].append({"cdp_customer_id": profile.id, **row})
        self.connection.begin()
        for table in self.catalog.tables:
            if table.name in self._filled:
                self.connection.execute(f"DELETE FROM {_quoted(table.name)}")
            names = ["cdp_customer_id", *(each.name for each in table.columns)]
            values = [_plain(row.get(name)) for row in rows[table.name] for name in names]
            if values:
                places = ", ".join([f"({', '.join('?' * len(names))})"] * len(rows[table.name]))
                insert = f"INSERT INTO {_quoted(table.name)} VALUES {places}"
                self.connection.execute(insert, values)
        self.connection.commit()
        self._filled = {name for name, found in rows.items() if found}

    def ids(self, query: exp.Select) -> frozenset[str]:
        """The ids that a query selects, each of which it must select once."""
        return self.ids_of(render(query, "duckdb"))

    def ids_through(self, query: exp.Select, dialect: str) -> frozenset[str]:
        """The same by the text of another dialect, read by sqlglot and put into DuckDB's."""
        written = render(query, dialect)
        return self.ids_of(parse_one(written, read=dialect).sql(dialect="duckdb"))

    def rows(self, query: exp.Select) -> list[tuple[Any, ...]]:
        return self.connection.execute(render(query, "duckdb")).fetchall()

    def ids_of(self, sql: str) -> frozenset[str]:
        rows = [row[0] for row in self.connection.execute(sql).fetchall()]
        assert len(rows) == len(set(rows)), f"a profile is selected twice by {sql}"
        return frozenset(rows)


@cache
def world() -> World:
    """The one world over the vocabulary of generated populations."""
    return World(CATALOG)


def context_of(population: Population, catalog: Catalog | None) -> Context:
    """The clock of a population, and its segments, which it knows the members of."""
    segments: dict[Reference, c.Segment] = {
        ById(id): c.Segment(
            f"segment {id}",
            c.Test(
                c.Attribute("cdp_customer_id"),
                p.In(
                    tuple(
                        Text(each.id)
                        for each in population.profiles
                        if ("segment", id) in each.memberships
                    )
                ),
            ),
        )
        for id in v.IDS
    }
    return Context(population.now, population.zone, catalog, segments)


def _rows(profile: Profile) -> Iterable[tuple[str, dict[str, Any]]]:
    yield "customers", dict(profile.attributes)
    for behavior, events in profile.events.items():
        for event in events:
            yield behavior, dict(event)
    for (group, attribute), value in profile.groups.items():
        yield f"customer_group_{group}", {attribute: value}
    for of, id in profile.memberships:
        if of == "stage":
            yield "funnel_stages", {"stage_id": id}
        if of == "variant":
            yield "ab_test_variants", {"variant_id": id}
    for model, (grade, converted) in profile.scores.items():
        yield "predictive_scores", {"model_id": model, "grade": grade, "converted": converted}
    models: dict[tuple[str, str], dict[str, Any]] = {}
    for (solution, model, attribute), value in profile.ml.items():
        models.setdefault((solution, model), {})[attribute] = value
    for (name, model), values in models.items():
        yield f"ml_{name}", {"model_id": model, **values}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Fraction) else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
