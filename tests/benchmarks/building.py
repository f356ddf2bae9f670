"""What it costs to build a parent segment of ten million raw rows, and the memory it takes.

The other side is the same SQL, written by hand for the same tables, with the same memory and the
same hash as the id of a profile. Each side runs in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from commands import surroundings
from large import peak_memory
from measures import Comparison, Figure
from segdsl.engine.build import Build
from segdsl.parent_segment.model import (
    AttributeTable,
    Configuration,
    ConfiguredBehavior,
    ConfiguredColumn,
    Filter,
    Join,
    Master,
    Table,
)

PROFILES = 2_000_000
EVENTS = 6_000_000
MEMORY = "1GB"
MOST_MEMORY = 2_000
"""MB at the peak: what DuckDB may use, and as much again for what it does not count."""
RATIO = 2.0
"""The values of each column are also checked against its type, and rows against their keys."""
_SETTINGS = f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false;"
_RAW = f"""
COPY (SELECT i AS user_id, if(i % 10 = 0, 'gone', 'active') AS status,
  'user' || i || '@example.com' AS email FROM range({PROFILES}) t(i)) TO 'shop/users.parquet';
COPY (SELECT i * 7919 % {PROFILES} AS customer_id, (i % 80)::VARCHAR AS age,
  chr((65 + i % 26)::INTEGER) AS country, i % 1000 / 4 AS ltv
  FROM range({PROFILES}) t(i)) TO 'shop/profiles.parquet';
COPY (SELECT i * 104729 % {PROFILES} AS customer_id, i % 500 / 2 AS amount,
  1700000000 + i AS "at", 'category ' || i % 40 AS category
  FROM range({EVENTS}) t(i)) TO 'shop/orders.parquet';
"""
_BY_HAND = """
ATTACH 'by-hand.duckdb' AS built;
CREATE TABLE built.customers AS SELECT sha1(u.user_id::VARCHAR) AS cdp_customer_id,
  TRY_CAST(p.age AS BIGINT) AS age, p.country, p.ltv, u.user_id, u.status, u.email
  FROM 'shop/users.parquet' u LEFT JOIN 'shop/profiles.parquet' p ON u.user_id = p.customer_id
  WHERE u.status = 'active';
CREATE TABLE built.behavior_orders AS SELECT sha1(u.user_id::VARCHAR) AS cdp_customer_id,
  o.amount, o."at", o.category FROM 'shop/orders.parquet' o
  JOIN 'shop/users.parquet' u ON o.customer_id = u.user_id WHERE u.status = 'active';
CHECKPOINT built;
"""


def _columns(**types: str) -> tuple[ConfiguredColumn, ...]:
    return tuple(ConfiguredColumn(name, type, name) for name, type in types.items())  # type: ignore[arg-type]


CONFIGURATION = Configuration(
    "Shop",
    Master(Table("shop", "users"), (Filter("status", ("active",)),)),
    attributes=(
        AttributeTable(
            "profiles",
            Table("shop", "profiles"),
            Join("user_id", "customer_id"),
            _columns(age="number", country="string", ltv="number"),
        ),
    ),
    behaviors=(
        ConfiguredBehavior(
            "Orders",
            Table("shop", "orders"),
            Join("user_id", "customer_id"),
            _columns(amount="number", at="timestamp", category="string"),
        ),
    ),
)


def write_raw(folder: Path) -> None:
    """Writes the raw tables, once."""
    if not (folder / "shop" / "orders.parquet").exists():
        (folder / "shop").mkdir(parents=True, exist_ok=True)
        _in_folder(folder, _RAW)


def _in_folder(folder: Path, sql: str) -> None:
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as connection:
        connection.execute(f"SET file_search_path = '{folder}'; {_SETTINGS}")
        sql = sql.replace("'shop/", f"'{folder}/shop/").replace("'by-hand", f"'{folder}/by-hand")
        connection.execute(sql)


def ours(folder: Path, memory: str = MEMORY) -> None:
    Build(folder, CONFIGURATION, memory=memory).run(folder / "ours.duckdb")


def by_hand(folder: Path) -> None:
    for name in ("by-hand.duckdb", "by-hand.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)
    _in_folder(folder, _BY_HAND)


def alone(side: str, folder: Path, *memory: str) -> float:
    """Runs a side in a fresh process; returns the most memory that it had, in MB."""
    done = subprocess.run(
        [sys.executable, __file__, side, str(folder), *memory],
        check=True,
        env={**surroundings(), "PYTHONPATH": ":".join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return float(done.stdout)


def agree(folder: Path) -> None:
    """Both sides have the same rows, but for the ids, which hash the same keys in other words."""
    ours(folder)
    by_hand(folder)
    with duckdb.connect() as connection:
        for name in ("ours", "by-hand"):
            connection.execute(f"ATTACH '{folder / name}.duckdb' AS \"{name}\" (READ_ONLY)")
        customers = "age, country, ltv, user_id, status, email"
        for table, columns in (
            ("customers", customers),
            ("behavior_orders", 'amount, "at", category'),
        ):
            sums = [
                connection.execute(
                    f'SELECT count(*), sum(hash({columns})) FROM "{name}".{table}'
                ).fetchone()
                for name in ("ours", "by-hand")
            ]
            assert sums[0] == sums[1], (table, sums)


def rows(folder: Path) -> Iterator[Comparison | Figure]:
    write_raw(folder)
    number = PROFILES * 2 + EVENTS
    yield Comparison(
        f"building {number:,} raw rows",
        "the same SQL by hand",
        RATIO,
        "at most",
        lambda: alone("ours", folder),
        lambda: alone("by_hand", folder),
        lambda: agree(folder),
        rounds=3,
    )
    yield Figure(
        f"memory of building {number:,} raw rows",
        f"{MOST_MEMORY:,} MB, at its peak",
        "MB",
        MOST_MEMORY,
        lambda: alone("ours", folder),
    )


if __name__ == "__main__":
    side, where, *more = sys.argv[1:]
    {"ours": ours, "by_hand": by_hand}[side](Path(where), *more)
    print(peak_memory())
