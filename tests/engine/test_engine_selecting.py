"""Queries of segments over tables as they come: ids that are missing, unknown, or numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine_folders import csv, parquet
from segdsl.engine import open_data
from segdsl.sql import Context, selection
from support import segment_of

NOW = 1_700_000_000


@pytest.mark.parametrize("format", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("has visits", ["1", "2"]),
        ("no visits", ["3"]),
        ("not count(visits by page) >= 2", ["2", "3"]),
        ("max(visits.timestamp) within past 1 day", ["1"]),
        ('not (sum(visits.amount where page = "a") >= 1)', ["2", "3"]),
        ("joined after 2023-11-01", ["2"]),
        ("not joined after 2023-11-01", ["1", "3"]),
        ('any of tags = "x"', ["1"]),
        ('not any of tags = "x"', ["2", "3"]),
    ],
)
def test_segments(tmp_path: Path, format: str, where: str, ids: list[str]) -> None:
    if format == "csv":
        csv(
            tmp_path,
            "customers",
            'cdp_customer_id,joined,tags\n1,2023-10-01,"[""x"", null]"\n2,2023-11-02,[]\n3,,\n',
        )
        csv(
            tmp_path,
            "behavior_visits",
            "cdp_customer_id,timestamp,page,amount\n1,1699900000,a,1\n1,1699900001,a,\n"
            "2,1600000000,b,5\n,1699900000,a,9\n99,1699900000,a,9\n99,1699900000,a,9\n",
        )
        (tmp_path / "parent_segment.toml").write_text('[types.customers]\ntags = "string_array"\n')
    else:
        parquet(
            tmp_path,
            "customers",
            "SELECT unnest([1, 2, 3]) AS cdp_customer_id, unnest([DATE '2023-10-01', "
            "DATE '2023-11-02', NULL]) AS joined, unnest([['x', NULL], [], NULL]) AS tags",
        )
        parquet(
            tmp_path,
            "behavior_visits",
            "SELECT unnest([1, 1, 2, NULL, 99, 99]) AS cdp_customer_id, "
            "unnest([1699900000, 1699900001, 1600000000, 1699900000, 1699900000, 1699900000]) "
            "AS timestamp, unnest(['a', 'a', 'b', 'a', 'a', 'a']) AS page, "
            "unnest([1, CAST('nan' AS DOUBLE), 5, 9, 9, 9]) AS amount",
        )
    with open_data(tmp_path) as data:
        context = Context(NOW, data.parent.timezone, data.catalog)
        rows = data.start(selection(segment_of(where), context)).wait().rows
        assert sorted(str(row[0]) for row in rows) == ids
