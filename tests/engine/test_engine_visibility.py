"""The visibility of columns in `parent_segment.toml`, and what the local API answers of it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from segdsl.api import ApiKey, Client
from segdsl.engine import open_data
from segdsl.engine.errors import DataError
from segdsl.server import LOCAL_KEY, open_local
from test_engine_labels import data

VISIBILITY = """\
[visibility.customers]
ltv = "pii"

[visibility.behavior_purchases]
amount = "blocked"
"""


def test_what_is_said_and_what_is_not(tmp_path: Path) -> None:
    with open_data(data(tmp_path, VISIBILITY)) as opened:
        parent = opened.parent
    assert parent.visibility_of("customers", "ltv") == "pii"
    assert parent.visibility_of("customers", "age") == "clear"
    assert parent.visibility_of("behavior_purchases", "amount") == "blocked"


def test_the_local_api_answers_it(tmp_path: Path) -> None:
    async def inside() -> None:
        async with (
            open_local(data(tmp_path, VISIBILITY), None, 1_727_740_800, None) as transport,
            Client("http://localhost", ApiKey(LOCAL_KEY), transport=transport) as client,
        ):
            attributes = await client.attributes("1")
            assert {each.name: each.visibility for each in attributes} == {
                "ltv": "pii",
                "age": "clear",
            }
            (purchases,) = await client.behaviors("1")
            assert {each.name: each.visibility for each in purchases.columns} == {
                "timestamp": "clear",
                "amount": "blocked",
            }

    asyncio.run(inside())


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (
            '[visibility.customers]\nltv = "pi"\n',
            "unknown visibility “pi” of `ltv` in `[visibility.customers]`",
        ),
        (
            '[visibility.customers]\nltv = "secret"\n',
            "visibilities are clear, pii, non_pii, blocked",
        ),
        (
            '[visibility.customer]\nltv = "pii"\n',
            "unknown table in `[visibility.customer]`; did you mean `customers`?",
        ),
        (
            '[visibility.customers]\nltw = "pii"\n',
            "unknown column `ltw` in `[visibility.customers]`; did you mean `ltv`?",
        ),
        (
            '[visibility.behaviors]\npurchases = "pii"\n',
            "unknown table in `[visibility.behaviors]`",
        ),
    ],
)
def test_mistakes(description: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        open_data(data(tmp_path, description)).close()
