"""A local Audience API over a shop whose buyers can be learned from."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from local_api import NOW, Api, client, equal, rule
from segdsl.server import open_local

PATH = "/entities/predictive_segments"
PLAIN = "/audiences/7/predictive_segments"
PARENT = """\
id = "7"
name = "Shop"
timezone = "Asia/Tokyo"

[types.customers]
seen = "timestamp"
tags = "string_array"

[visibility.customers]
email = "pii"
"""
FEATURES: dict[str, Any] = {
    "quantitativeAsColumnNames": ["age", "months"],
    "categoricalAsColumnNames": ["city"],
    "categoricalArrayAsColumnNames": ["tags"],
    "preprocess": [
        {
            "column": "months",
            "source": {
                "column": "age",
                "table": "customers",
                "functions": [{"function": "*", "arg": 12}],
            },
        }
    ],
}
PROFILES = 400
MEDIAN_AGE = 47
"""Of the profiles that have an age."""


def write_shop(folder: Path, parent: str = PARENT) -> Path:
    """A data folder in `folder`; profiles of Oslo, and those with the tag vip, buy more often."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    chance = random.Random(4)
    lines = ["cdp_customer_id,age,city,tags,seen,email,code,same,buys"]
    for at in range(PROFILES):
        city, tags = chance.choice(("Kyoto", "Lyon", "Oslo")), chance.sample(("new", "vip"), 1)
        buys = chance.random() < 0.2 + 0.4 * (city == "Oslo") + 0.3 * (tags == ["vip"])
        age = "" if at % 10 == 0 else chance.randint(18, 80)
        listed = json.dumps(tags).replace('"', '""')
        lines.append(
            f'p{at:03},{age},{city},"{listed}",{1_700_000_000 + at * 90_000},p{at}@x.com,code{at},'
            f"1,{'yes' if buys else 'no'}"
        )
    (data / "customers.csv").write_text("\n".join(lines) + "\n")
    (data / "parent_segment.toml").write_text(parent)
    return data


@asynccontextmanager
async def shop_api(
    folder: Path, *, store: Path | None = None, parent: str = PARENT, strict: bool = False
) -> AsyncIterator[Api]:
    """The API over the shop, with the segment “Buyers”, whose id `buyers` gives."""
    opened = open_local(write_shop(folder, parent), store, NOW, strict=strict)
    async with opened as transport, client(transport=transport) as http:
        yield Api(http)


def with_shop(test: Callable[[Api], Awaitable[None]]) -> Callable[[Path], None]:
    """Turns an async test of that API into a test that pytest runs."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with shop_api(tmp_path) as api:
                await test(api)

        asyncio.run(inside())

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


# --- bodies ------------------------------------------------------------------------------


async def buyers(api: Api, name: str = "Buyers", **more: Any) -> str:
    """The id of a new segment of those who buy."""
    id: str = (await api.create(name, rule(equal("buys", "yes")), **more))["id"]
    return id


def body(segment: str, name: str = "Buys again", **more: Any) -> Any:
    return {"name": name, "segmentId": int(segment), **FEATURES, **more}


def entity(segment: str, name: str = "Buys again", folder: str = "1", **more: Any) -> Any:
    return {
        "type": "predictive-segment",
        "attributes": body(segment, name, **more),
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }


async def create(api: Api, segment: str, name: str = "Buys again", **more: Any) -> str:
    made: str = (await api.ask("POST", PATH, entity(segment, name, **more)))["data"]["id"]
    return made


async def ended(api: Api, id: str, number: int = 1) -> Any:
    """The last execution, once as many have ended."""
    while True:
        listed = await api.ask("GET", f"{PLAIN}/{id}/executions")
        if len(listed) >= number and listed[0]["finishedAt"] is not None:
            return listed[0]
        await asyncio.sleep(0.01)


async def run(api: Api, id: str, number: int = 1) -> Any:
    await api.ask("POST", f"{PATH}/{id}/run")
    return await ended(api, id, number)


def scored(id: str, low: int = 1, high: int = 4, *, converted: bool = True) -> Any:
    """A rule of those with a grade."""
    return rule(
        {
            "type": "PredictiveScoreReference",
            "id": id,
            "minGrade": low,
            "maxGrade": high,
            "includeConvertedCustomers": converted,
        }
    )
