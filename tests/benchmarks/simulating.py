"""What it costs to simulate a journey for thirty days, and the memory it takes.

The other side asks the rules of the journey alone, as SQL written by hand: each on each day, and
only how many profiles meet it. Ours also learns which ones, and moves them through stages and
steps.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from commands import surroundings
from large import peak_memory
from measures import Comparison, Figure
from segdsl.diagnostics import Report
from segdsl.engine import Data, open_data
from segdsl.language import journeys as j
from segdsl.language.condition.tree import Segment
from segdsl.loading import load_files
from segdsl.simulation import Evaluation, daily, simulate
from segdsl.simulation.counts import counts_of
from segdsl.simulation.over_data import RulesOverData

PROFILES = 300_000
EVENTS = 1_500_000
DAYS = 30
RATIO = 2.0
"""A set of profiles costs more than their number: the ids are joined to the numbers of profiles."""
MOST_MEMORY = 800
"""MB at the peak, most of which is DuckDB's."""
_START = 1_727_740_800  # 2024-10-01T00:00:00Z
_DATA = f"""
COPY (SELECT 'c' || i AS cdp_customer_id, chr((65 + i % 26)::INTEGER) AS country,
  {_START} - 86400 * 20 + i * 7919 % (86400 * 50) AS signup, i % 1000 AS points
  FROM range({PROFILES}) t(i)) TO 'customers.parquet';
COPY (SELECT 'c' || (hash(i) % {PROFILES}) AS cdp_customer_id,
  ({_START} - 86400 * 20 + hash(-i) % (86400 * 50))::BIGINT AS timestamp, i % 500 AS amount
  FROM range({EVENTS}) t(i)) TO 'behavior_orders.parquet';
"""
_JOURNEY = """
journey "Welcome"
  reentry unless goal achieved
  goal "Often" where count(orders) >= 12

stage "New"
  enter "Signed up" where signup within past 7 days
  milestone "Ordered" where has orders where timestamp within past 3 days
  exit "Not here" where country = "Z"
  steps (
    activate "Hello",
    wait 3 days,
    split "Tone" by country (
      50% "Short" then (activate "Short"),
      50% "Long" then (activate "Long"),
    ),
    wait 1 week,
    decide "Points?" (
      when "Many" where points > 800 then (activate "Thanks"),
      otherwise "Few" then (activate "Reminder"),
    ),
    end,
  )

stage "Customer"
  enter "Has ordered" where count(orders) >= 4
  steps (
    wait for "Again" where sum(orders.amount where timestamp within past 2 days) > 400
      up to 2 weeks then (activate "Gift") otherwise (activate "Come back"),
    wait 1 day,
    end,
  )
"""
_PARENT = """\
name = "Shop"

[types.customers]
signup = "timestamp"
"""
_PAST = "FROM behavior_orders WHERE timestamp <= $now"
_IN_GROUPS = f"SELECT cdp_customer_id {_PAST} GROUP BY ALL HAVING"
_BY_HAND: Mapping[str, str] = {
    "Often": f"{_IN_GROUPS} count(*) >= 12",
    "Signed up": "SELECT cdp_customer_id FROM customers WHERE signup >= $today - 7 * 86400 "
    "AND signup < $today",
    "Ordered": f"SELECT DISTINCT cdp_customer_id {_PAST} AND timestamp >= $today - 3 * 86400 "
    "AND timestamp < $today",
    "Not here": "SELECT cdp_customer_id FROM customers WHERE country = 'Z'",
    "Many": "SELECT cdp_customer_id FROM customers WHERE points > 800",
    "Has ordered": f"{_IN_GROUPS} count(*) >= 4",
    "Again": f"SELECT cdp_customer_id {_PAST} AND timestamp >= $today - 2 * 86400 "
    "AND timestamp < $today GROUP BY ALL HAVING sum(amount) > 400",
}
"""The rules of the journey by their names."""


def write(folder: Path) -> None:
    """Writes the tables and the journey, once."""
    if not (folder / "behavior_orders.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(_DATA.replace("TO '", f"TO '{folder}/"))
        (folder / "parent_segment.toml").write_text(_PARENT)
        (folder / "welcome.seg").write_text(_JOURNEY)


def _journey(folder: Path) -> j.Journey[Segment]:
    report = Report()
    [journey] = load_files([str(folder / "welcome.seg")], {}, report).journeys
    assert not report.has_errors
    return journey


def _days() -> list[Evaluation]:
    return list(daily(datetime(2024, 10, 1, 9), DAYS, "UTC"))


def ours(folder: Path) -> int:
    """Simulates; returns how many entered the journey."""
    with open_data(folder) as data:
        rules = RulesOverData(data, {})
        days = simulate([_journey(folder)], rules.members, _days(), rules.profiles)
        return sum(counts_of(day).journeys[0].entered for day in days)


def by_hand(folder: Path) -> list[dict[str, int]]:
    """How many profiles meet each rule, by day."""
    with duckdb.connect() as connection:
        for table in ("customers", "behavior_orders"):
            file = f"read_parquet('{folder / table}.parquet')"
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {file}")
        return [
            {name: _number(connection, sql, day) for name, sql in _BY_HAND.items()}
            for day in _days()
        ]


def _number(connection: duckdb.DuckDBPyConnection, sql: str, day: Evaluation) -> int:
    today = day.now - day.now % 86_400
    used = {"now": day.now, "today": today}
    values = {key: value for key, value in used.items() if f"${key}" in sql}
    row = connection.execute(f"SELECT count(*) FROM ({sql})", values).fetchone()
    assert row is not None
    return int(row[0])


def agree(folder: Path) -> None:
    """Both sides find as many profiles for each rule on each day, and somebody moves."""
    with open_data(folder) as data:
        assert _asked(folder, data) == by_hand(folder)
    assert 0 < ours(folder) < PROFILES * DAYS


def _asked(folder: Path, data: Data) -> list[dict[str, int]]:
    rules = RulesOverData(data, {})
    of_journey = list(j.rules(_journey(folder)))
    return [
        {rule.name: rules.members(rule, day).bit_count() for rule in of_journey} for day in _days()
    ]


def _memory(folder: Path) -> float:
    """The most memory of a simulation in a fresh process, in MB."""
    done = subprocess.run(
        [sys.executable, __file__, str(folder)],
        check=True,
        env={**surroundings(), "PYTHONPATH": ":".join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return float(done.stdout)


def rows(folder: Path) -> Iterator[Comparison | Figure]:
    write(folder)
    what = f"simulating {DAYS} days of {PROFILES:,} profiles"
    yield Comparison(
        what,
        "its rules alone, in SQL by hand",
        RATIO,
        "at most",
        lambda: ours(folder),
        lambda: by_hand(folder),
        lambda: agree(folder),
        rounds=3,
    )
    yield Figure(
        f"memory of {what}",
        f"{MOST_MEMORY:,} MB, at its peak",
        "MB",
        MOST_MEMORY,
        lambda: _memory(folder),
    )


if __name__ == "__main__":
    ours(Path(sys.argv[1]))
    print(peak_memory())
