"""Previews on the engine, over TPC-H: customers as profiles, orders as a behavior of theirs.

Ten segments, each against what somebody who knows DuckDB would write for the same question, over
the same Parquet files; and a hundred together against one after another. Ids of profiles are
texts and times Unix seconds, as the vendor has them.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
from sqlglot import exp

from measures import Comparison
from segdsl.diagnostics import Report
from segdsl.engine import Data, open_data
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.source import Source
from segdsl.sql import Context, batch_counts, count, merge_semijoins

NOW = 902_000_000
"""Of the year of the last orders: 1998-08-01."""
TOGETHER = 100
_GENERATOR = Path(sys.executable).parent / "tpchgen-cli"
_TABLES = {
    "customers": (
        "customer",
        "cast(c_custkey AS VARCHAR) AS cdp_customer_id, c_name AS name, c_nationkey AS nation, "
        "c_acctbal AS balance, c_mktsegment AS market, c_phone AS phone, c_comment AS comment",
    ),
    "behavior_orders": (
        "orders",
        "cast(o_custkey AS VARCHAR) AS cdp_customer_id, epoch(o_orderdate)::BIGINT AS timestamp, "
        "o_orderstatus AS status, o_totalprice AS price, o_orderpriority AS priority, "
        "o_clerk AS clerk, o_shippriority AS shipping",
    ),
}
_BUYERS = "FROM customers WHERE cdp_customer_id IN (SELECT cdp_customer_id FROM behavior_orders"
QUESTIONS = (
    (
        'balance > 5000 and market = "BUILDING"',
        "SELECT count(*) FROM customers WHERE balance > 5000 AND market = 'BUILDING'",
    ),
    (
        'nation in (1, 5, 9, 13) and not (market in ("AUTOMOBILE", "MACHINERY"))',
        "SELECT count(*) FROM customers WHERE nation IN (1, 5, 9, 13) "
        "AND (market IS NULL OR market NOT IN ('AUTOMOBILE', 'MACHINERY'))",
    ),
    (
        'phone starts with "13-" and comment contains "express"',
        "SELECT count(*) FROM customers WHERE phone LIKE '13-%' AND comment LIKE '%express%'",
    ),
    (
        "has orders where price > 300000",
        f"SELECT count(*) {_BUYERS} WHERE price > 300000)",
    ),
    (
        'market = "BUILDING" and (no orders where timestamp on or after 1998-01-01)',
        "SELECT count(*) FROM customers ANTI JOIN (FROM behavior_orders "
        "WHERE timestamp >= 883612800) USING (cdp_customer_id) WHERE market = 'BUILDING'",
    ),
    (
        "count(orders where price > 200000) >= 5",
        f"SELECT count(*) {_BUYERS} WHERE price > 200000 GROUP BY ALL HAVING count(*) >= 5)",
    ),
    (
        'sum(orders.price where status = "F") > 1500000 and nation = 12',
        f"SELECT count(*) {_BUYERS} WHERE status = 'F' GROUP BY ALL HAVING sum(price) > 1500000) "
        "AND nation = 12",
    ),
    (
        "max(orders.timestamp) before 1997-01-01",
        f"SELECT count(*) {_BUYERS} GROUP BY ALL HAVING max(timestamp) < 852076800)",
    ),
    (
        "count distinct (orders.priority where timestamp on or after 1997-01-01) >= 4",
        f"SELECT count(*) {_BUYERS} WHERE timestamp >= 852076800 GROUP BY ALL "
        "HAVING count(DISTINCT priority) >= 4)",
    ),
    (
        'any (balance > 9000, count(orders where priority = "1-URGENT") >= 8, '
        "average(orders.price) > 250000)",
        f"SELECT count(*) {_BUYERS} GROUP BY ALL HAVING avg(price) > 250000 "
        "OR count(*) FILTER (priority = '1-URGENT') >= 8) OR balance > 9000",
    ),
)


def generate(folder: Path, scale: float) -> Path:
    """The data in a folder of its scale; what is there already is used."""
    data = folder / f"scale-{scale:g}"
    if not (data / "parent_segment.toml").exists():
        data.mkdir(parents=True, exist_ok=True)
        for table, (original, columns) in _TABLES.items():
            made = data / f"{original}.parquet"
            command = ("parquet", "-s", f"{scale:g}", "--tables", original, "--output-dir", data)
            subprocess.run([_GENERATOR, *command], check=True, stdout=subprocess.DEVNULL)
            duckdb.sql(
                f"COPY (SELECT {columns} FROM '{made}') TO '{data / table}.parquet' "
                "(FORMAT parquet)"
            )
            made.unlink()
        (data / "parent_segment.toml").write_text('id = "1"\nname = "TPC-H"\n')
    return data


class Engine:
    """The engine, and a database of DuckDB alone, over the same files."""

    def __init__(self, folder: Path) -> None:
        self.data: Data = open_data(folder)
        self._context = Context(NOW, self.data.parent.timezone, self.data.catalog)
        self._database = duckdb.connect()
        for table in _TABLES:
            self._database.execute(f"CREATE VIEW {table} AS FROM '{folder / table}.parquet'")

    def close(self) -> None:
        self.data.close()
        self._database.close()

    def preview(self, where: str) -> int:
        """From a segment's text to its number."""
        ((number,),) = self.data.start(merge_semijoins(self._count(where))).wait().rows
        assert isinstance(number, int)
        return number

    def previews(self, wheres: tuple[str, ...]) -> tuple[int, ...]:
        """The same of many, together."""
        (row,) = self.data.start(batch_counts([self._count(where) for where in wheres])).wait().rows
        return tuple(number for number in row if isinstance(number, int))

    def by_hand(self, sql: str) -> int:
        ((number,),) = self._database.execute(sql).fetchall()
        return int(number)

    def _count(self, where: str) -> exp.Select:
        report = Report()
        tree = parse(Source("a.seg", f'segment "Asked" where {where}\n'), report)
        assert not report.diagnostics, f"{where}: {report.diagnostics[0].message}"
        (segment,) = resolve(Program("a.seg", {"a.seg": tree}), report, {})
        return count(segment, self._context)


def segments(number: int = TOGETHER) -> tuple[str, ...]:
    """So many as a team keeps them: attributes, and ten questions of orders with many bounds."""
    chance = random.Random(1)
    pick, choice = chance.randint, chance.choice
    behaviors: list[Callable[[], str]] = [
        lambda: f"count(orders where timestamp within past 90 days) >= {pick(1, 4)}",
        lambda: f"count(orders where timestamp within past 365 days) >= {pick(2, 8)}",
        lambda: f"count(orders) >= {pick(5, 25)}",
        lambda: f"sum(orders.price) > {pick(5, 40) * 100_000}",
        lambda: f"sum(orders.price where timestamp within past 365 days) > {pick(1, 10) * 100_000}",
        lambda: f"max(orders.timestamp) within past {pick(10, 400)} days",
        lambda: f"average(orders.price) > {pick(100, 250) * 1000}",
        lambda: '(has orders where priority = "1-URGENT" and timestamp within past 180 days)',
        lambda: "(no orders where timestamp within past 180 days)",
        lambda: f"max(orders.price) > {pick(3, 5) * 100_000}",
    ]
    markets = ("BUILDING", "MACHINERY", "AUTOMOBILE", "HOUSEHOLD", "FURNITURE")
    attributes: list[Callable[[], str]] = [
        lambda: f'market = "{choice(markets)}"',
        lambda: f"nation in ({', '.join(map(str, chance.sample(range(25), 4)))})",
        lambda: f"balance > {pick(0, 9) * 1000}",
        lambda: f"balance between {pick(-1, 3) * 1000} and {pick(4, 9) * 1000}",
        lambda: f'phone starts with "{pick(10, 34)}-"',
        lambda: f'not (market in ("{choice(markets)}", "{choice(markets)}"))',
    ]
    made = []
    for _ in range(number):
        parts = [each() for each in chance.sample(attributes, pick(1, 3))]
        parts += [each() for each in chance.sample(behaviors, pick(1, 2))]
        if len(parts) > 2 and chance.random() < 0.3:
            parts = [*parts[:-2], f"any ({parts[-2]}, {parts[-1]})"]
        made.append(" and ".join(parts))
    return tuple(made)


def rows(folder: Path, scale: float) -> Iterator[Comparison]:
    engine = Engine(generate(folder, scale))
    profiles = engine.data.population()
    for number, (where, sql) in enumerate(QUESTIONS, start=1):
        yield _single(engine, number, where, sql)
    wheres = segments()

    def agree() -> None:
        alone = tuple(map(engine.preview, wheres))
        assert engine.previews(wheres) == alone
        assert len(set(alone)) > TOGETHER // 2, "they are too much alike to say anything"

    yield Comparison(
        f"{TOGETHER} segments of {profiles:,} profiles previewed together",
        "one after another",
        10,
        "at least",
        lambda: engine.previews(wheres),
        lambda: [engine.preview(where) for where in wheres],
        agree,
        rounds=3,
        end=engine.close,
    )


def _single(engine: Engine, number: int, where: str, sql: str) -> Comparison:
    def agree() -> None:
        ours, theirs = engine.preview(where), engine.by_hand(sql)
        assert ours == theirs, f"{where}: {ours} and {theirs}"
        assert theirs, f"{where}: nobody is in it"

    return Comparison(
        f"preview {number}: {where}",
        "hand-written DuckDB SQL",
        1.1,
        "at most",
        lambda: engine.preview(where),
        lambda: engine.by_hand(sql),
        agree,
        rounds=21,
    )
