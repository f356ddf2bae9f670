"""A small database with events of unknown profiles and without a profile, and its now."""

from __future__ import annotations

import duckdb

from segdsl.sql import Context

CONTEXT = Context(1_700_000_000, "Asia/Tokyo")


def database() -> duckdb.DuckDBPyConnection:
    """Events of nobody and of somebody unknown; two profiles, of which one has events."""
    connection = duckdb.connect()
    for name, columns, values in (
        ("customers", "age", "('a', 1), ('b', NULL)"),
        (
            "behavior_purchases",
            "timestamp, sku, amount",
            "('a', 10, 'x', 5), (NULL, 20, 'y', 1), (NULL, NULL, NULL, NULL), ('z', 30, 'x', 2)",
        ),
        ("funnel_stages", "stage_id", "('a', '1'), (NULL, '1')"),
        ("customer_group_home", "size", "(NULL, 3), ('a', 2)"),
    ):
        connection.execute(
            f"CREATE TABLE {name} AS FROM (VALUES {values}) AS t(cdp_customer_id, {columns})"
        )
    return connection
