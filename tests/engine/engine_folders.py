"""Small folders of data for tests of the engine, and what a query says of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
from sqlglot import exp, parse_one

from segdsl.engine import Data, Value


def parquet(folder: Path, table: str, query: str) -> None:
    """Writes what a query of DuckDB selects as the Parquet file of a table."""
    folder.mkdir(parents=True, exist_ok=True)
    path = str(folder / f"{table}.parquet").replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def csv(folder: Path, table: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{table}.csv").write_text(text, encoding="utf-8", newline="")


def sql(text: str) -> exp.Expr:
    return parse_one(text, read="duckdb")


def column(data: Data, name: str, table: str = "customers") -> list[Value]:
    """The values of a column, in the order of the profiles' ids."""
    query = f'SELECT "{name}" FROM "{table}" ORDER BY cdp_customer_id'
    return [row[0] for row in data.start(sql(query)).wait().rows]


def types(data: Data, table: str = "customers") -> dict[str, str]:
    """The catalog's type of each column."""
    found = data.catalog.table(table)
    assert found is not None
    return {each.name: each.type for each in found.columns}
