"""Raw tables of a small shop, a body that describes a parent segment over them, and its API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from local_api import NOW, Api, client
from segdsl.server import open_local

USERS = """\
user_id,status,email
u1,active,a@example.com
u2,trial,b@example.com
u3,gone,c@example.com
u4,active,d@example.com
"""
PROFILES = """\
customer_id,age,country
u1,31,JP
u2,old,US
u3,50,JP
"""
EVENTS = """\
customer_id,amount,at,category
u1,10,2024-09-01T10:00:00,Books
u1,5.5,1725000000,Music
u4,7,,Books
zz,1,,Books
"""
PARENT = """\
name = "Shop"

[master]
table = "shop.users"

[connections.s3]
id = 5
type = "s3_v2"
"""


def write_raw(folder: Path) -> Path:
    """A folder of raw tables in `folder`."""
    raw = folder / "raw"
    (raw / "shop").mkdir(parents=True, exist_ok=True)
    (raw / "parent_segment.toml").write_text(PARENT)
    for name, text in (("users", USERS), ("profiles", PROFILES), ("orders", EVENTS)):
        (raw / "shop" / f"{name}.csv").write_text(text)
    return raw


def source(table: str, **more: Any) -> Any:
    return {
        "parentDatabaseName": "shop",
        "parentTableName": table,
        "parentKey": "customer_id",
        "foreignKey": "user_id",
        **more,
    }


def attribute(name: str, type: str, column: str, **more: Any) -> Any:
    own = {"audienceId": "", "groupingName": "Profile", **more}
    return {"name": name, "type": type, "parentColumn": column, **source("profiles"), **own}


MASTER = {"parentDatabaseName": "shop", "parentTableName": "users"}
AGE, COUNTRY = attribute("Age", "number", "age"), attribute("Home country", "string", "country")
ORDERS = source(
    "orders",
    id="",
    name="Online orders",
    schema=[
        {"name": "Amount", "type": "number", "parentColumn": "amount"},
        {"name": "When", "type": "timestamp", "parentColumn": "at"},
    ],
)
FILTERS = [{"columnName": "status", "rightValues": ["active", "trial"]}]


def body(name: str = "Shop", **more: Any) -> Any:
    return {
        "name": name,
        "master": MASTER,
        "attributes": [AGE, COUNTRY],
        "behaviors": [ORDERS],
        "audienceFilters": FILTERS,
        **more,
    }


class RawApi(Api):
    """A client of a local API over raw tables."""

    async def create_parent(self, name: str = "Shop", **more: Any) -> str:
        made: str = (await self.ask("POST", "/audiences", body(name, **more)))["id"]
        return made

    async def ran(self, id: str) -> Any:
        """Runs a parent segment; answers its execution once that has ended."""
        await self.ask("POST", f"/audiences/{id}/run")
        return await self.ended_run(id)

    async def ended_run(self, id: str) -> Any:
        path = f"/audiences/{id}/executions"
        while (newest := (await self.ask("GET", path))[0])["finishedAt"] is None:
            await asyncio.sleep(0.01)
        return newest

    async def built(self, name: str = "Shop", **more: Any) -> str:
        """The id of a parent segment that was created and run."""
        id = await self.create_parent(name, **more)
        assert (await self.ran(id))["status"] == "success"
        return id

    async def counted(self, id: str, rule: Any) -> int:
        path = f"/audiences/{id}/segments/queries"
        query = (await self.ask("POST", path, {"rule": rule}))["id"]
        while (answer := await self.ask("GET", f"{path}/{query}"))["status"] == "running":
            await asyncio.sleep(0.01)
        assert answer["status"] == "success", answer
        count: int = answer["count"]
        return count


@asynccontextmanager
async def raw_api(
    folder: Path, *, store: Path | None = None, now: int | None = NOW, strict: bool = False
) -> AsyncIterator[RawApi]:
    """The API in this process over raw tables, which are written where they are missing."""
    raw = folder / "raw" if (folder / "raw").exists() else write_raw(folder)
    opened = open_local(raw, store, now, strict=strict)
    async with opened as transport, client(transport=transport) as http:
        yield RawApi(http)


def with_raw_api(test: Callable[[RawApi], Awaitable[None]]) -> Callable[[Path], None]:
    """Turns an async test of an API over raw tables into a test that pytest runs."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with raw_api(tmp_path) as api:
                await test(api)

        asyncio.run(inside())

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
