"""Makes tables of the purchases at CDNOW: `python build.py [PURCHASES.csv] [--out DIR]`.

The CSV has the columns customer_id, purchased_on (a day), quantity (CDs) and amount (dollars),
one row a purchase. It comes with Fader and Hardie's papers on customer-base analysis, and is
no part of this project. A purchase is put at the start of its day in the shop's time zone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tomllib
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
# Beside the checkout.
PURCHASES = HERE.parents[2] / "shared" / "data" / "cdnow" / "purchases.csv"
PARENT = HERE / "parent_segment.toml"

# `line` is the place in the file: of purchases on one day the earlier comes first.
EVENTS = """
CREATE TABLE behavior_purchases AS
SELECT
    customer_id AS cdp_customer_id,
    CAST(epoch(CAST(purchased_on AS TIMESTAMP WITH TIME ZONE)) AS BIGINT) AS timestamp,
    row_number() OVER () AS line,
    quantity,
    amount
FROM read_csv(?, header = true, columns = {
    'customer_id': 'VARCHAR', 'purchased_on': 'DATE', 'quantity': 'INTEGER',
    'amount': 'DECIMAL(10, 2)'
})
"""
# The first 39 weeks, from which the papers predict the rest.
PROFILES = """
CREATE TABLE customers AS
SELECT
    cdp_customer_id,
    min(timestamp) AS first_purchase,
    strftime(to_timestamp(min(timestamp)), '%Y-%m') AS cohort,
    arg_min(quantity, line) AS first_quantity,
    arg_min(amount, line) AS first_amount,
    count(*) FILTER (WHERE is_early) AS early_purchases,
    CAST(sum(amount) FILTER (WHERE is_early) AS DECIMAL(10, 2)) AS early_spent,
    max(timestamp) FILTER (WHERE is_early) AS last_early_purchase
FROM (
    SELECT *, to_timestamp(timestamp) < TIMESTAMPTZ '1997-10-01' AS is_early
    FROM behavior_purchases
)
GROUP BY cdp_customer_id
"""
TABLES = {"customers": "cdp_customer_id", "behavior_purchases": "cdp_customer_id, line"}


def build(purchases: Path, folder: Path) -> dict[str, int]:
    """Writes the tables as Parquet into the folder, made if need be; the rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    zone = tomllib.loads(PARENT.read_text(encoding="utf-8"))["timezone"]
    rows: dict[str, int] = {}
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        connection.execute("SET threads = 1")
        connection.execute(EVENTS, [str(purchases)])
        connection.execute(PROFILES)
        for table, order in TABLES.items():
            path = str(folder / f"{table}.parquet").replace("'", "''")
            connection.execute(f"COPY (FROM {table} ORDER BY {order}) TO '{path}' (FORMAT parquet)")
            (rows[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    shutil.copyfile(PARENT, folder / PARENT.name)
    return rows


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes tables of the purchases at CDNOW.")
    parser.add_argument(
        "purchases", nargs="?", type=Path, default=PURCHASES, help="the CSV; see above"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE / "data", help="the folder, by default `data` beside this"
    )
    asked = parser.parse_args()
    if not asked.purchases.is_file():
        sys.exit(f"there is no file {asked.purchases}: name the purchases as a CSV file")
    try:
        rows = build(asked.purchases, asked.out)
    except duckdb.Error as error:
        sys.exit(f"{asked.purchases} cannot be used: {error}")
    profiles, events = rows["customers"], rows["behavior_purchases"]
    print(f"{profiles:,} profiles and {events:,} events are in {_short(asked.out)}")


if __name__ == "__main__":
    main()
