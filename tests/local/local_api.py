"""A local Audience API over six customers, and a client of it for the tests.

That every answer is as described is seen to by `recording`, for the whole test run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from segdsl.server import LOCAL_KEY, Faults, open_local

NOW = 1_727_740_800  # 2024-10-01T09:00:00+09:00
JSON_API = "application/vnd.treasuredata.v1+json"

CUSTOMERS = """\
cdp_customer_id,country,age,ltv,vip,last_visit,tags
c01,JP,31,1200,true,1727700000,"[""a"", ""b""]"
c02,JP,,300.5,false,1727000000,[]
c03,US,45,9000,,1717000000,
c04,,22,50,true,,"[""b""]"
c05,JP,67,0,false,1727740000,"[""c""]"
c06,FR,18,,,1700000000,"[""a"", null]"
"""
PURCHASES = """\
cdp_customer_id,timestamp,category,amount
c01,1727600000,Books,1000
c01,1727500000,Music,200
c02,1720000000,Books,300
c03,1716000000,Books,4000
c03,1715000000,Cameras,5000
c03,1714000000,Books,
"""
VISITS = """\
cdp_customer_id,timestamp,page
c01,1727600000,/
"""
HOUSEHOLD = """\
cdp_customer_id,members
c01,2
c02,4
"""
PARENT = """\
id = "7"
name = "Tiny shop"
description = "Six customers"
timezone = "Asia/Tokyo"

[types.customers]
last_visit = "timestamp"
tags = "string_array"

[groups]
country = "Where"

[labels.customers]
country = "Country of residence"
ltv = "Lifetime Value"

[labels.behaviors]
purchases = "Online Purchases"

[labels.behavior_purchases]
amount = "Amount paid"
"""


def write_data(folder: Path) -> Path:
    """A data folder in `folder`; the parent segment's id is 7."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "customers.csv").write_text(CUSTOMERS)
    (data / "behavior_purchases.csv").write_text(PURCHASES)
    (data / "behavior_visits.csv").write_text(VISITS)
    (data / "customer_group_household.csv").write_text(HOUSEHOLD)
    (data / "parent_segment.toml").write_text(PARENT)
    return data


# --- rules -------------------------------------------------------------------------------


def rule(*conditions: Any) -> Any:
    """A rule of one rule set in which all conditions hold."""
    return {"type": "And", "conditions": [{"type": "And", "conditions": list(conditions)}]}


def equal(name: str, value: Any) -> Any:
    return {
        "type": "Value",
        "leftValue": {"name": name},
        "operator": {"type": "Equal", "not": False, "rightValue": value},
        "arrayMatching": None,
        "exclude": False,
    }


def refers_to(id: str, *, exclude: bool = False) -> Any:
    return {"type": "Reference", "id": id, "exclude": exclude}


JAPAN = rule(equal("country", "JP"))


TAKEN = {
    "errors": {"name": ["has already been taken"]},
    "message": "Name has already been taken",
}
"""The answer under `/entities` where a name is taken, as every client expects it."""


# --- asking ------------------------------------------------------------------------------


class Api:
    """A client of the local API at one address, or in process."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """The raw response; a body is JSON, or text as it is."""
        entities = path.startswith("/entities")
        headers = {"Content-Type": JSON_API if entities else "application/json"}
        content = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        sent = {**({} if body is None else headers), **more.pop("headers", {})}
        return await self.http.request(method, path, content=content, headers=sent, **more)

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The answer as data, which must have that status."""
        response = await self.send(method, path, body)
        assert response.status_code == status, (method, path, response.text)
        return response.json()

    # --- what many tests ask ---------------------------------------------------------------

    async def create(self, name: str, rule: Any = JAPAN, **more: Any) -> Any:
        return await self.ask("POST", "/audiences/7/segments", {"name": name, "rule": rule, **more})

    async def create_folder(self, name: str, parent: str = "1") -> str:
        body = {
            "type": "folder-segment",
            "attributes": {"name": name, "description": None},
            "relationships": {"parentFolder": {"data": {"id": parent, "type": "folder-segment"}}},
        }
        made: str = (await self.ask("POST", "/entities/folders", body))["data"]["id"]
        return made

    async def names(self) -> list[str]:
        return [each["name"] for each in await self.ask("GET", "/audiences/7/segments")]

    async def query(self, rule: Any = JAPAN, **more: Any) -> str:
        """The id of a query that was started."""
        body = {"rule": rule, **more}
        started: str = (await self.ask("POST", "/audiences/7/segments/queries", body))["id"]
        return started

    async def status(self, id: str) -> Any:
        return await self.ask("GET", f"/audiences/7/segments/queries/{id}")

    async def ended(self, id: str) -> Any:
        """A query's last status."""
        while (answer := await self.status(id))["status"] == "running":
            await asyncio.sleep(0.01)
        return answer

    async def count(self, rule: Any) -> int:
        answer = await self.ended(await self.query(rule))
        assert answer["status"] == "success", answer
        count: int = answer["count"]
        return count

    async def customers_now(self, id: str, page: int = 1) -> Any:
        return await self.ask("GET", f"/audiences/7/segments/queries/{id}/customers?page={page}")

    async def customers(self, id: str, page: int = 1) -> Any:
        """A page of profiles, once it is there."""
        while (answer := await self.customers_now(id, page))["type"] == "pending":
            await asyncio.sleep(0.01)
        return answer


def client(base_url: str = "http://localhost", **more: Any) -> httpx.AsyncClient:
    """An httpx client with the key."""
    headers = {"Authorization": f"TD1 {LOCAL_KEY}"}
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30, **more)


@asynccontextmanager
async def local_api(
    folder: Path,
    *,
    store: Path | None = None,
    now: int | None = NOW,
    faults: Faults | None = None,
    strict: bool = False,
) -> AsyncIterator[Api]:
    """The API in this process, over data that is written to `folder`."""
    data = write_data(folder)
    opened = open_local(data, store, now, faults, strict=strict)
    async with opened as transport, client(transport=transport) as http:
        yield Api(http)


Test = Callable[[Api], Awaitable[None]]


def with_api(test: Test) -> Callable[[Path], None]:
    """Turns an async test of an API in this process into a test that pytest runs."""
    return _as_test(test)


def with_strict_api(test: Test) -> Callable[[Path], None]:
    """As `with_api`, where the API refuses what its description does not allow."""
    return _as_test(test, strict=True)


def _as_test(test: Test, *, strict: bool = False) -> Callable[[Path], None]:
    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with local_api(tmp_path, strict=strict) as api:
                await test(api)

        asyncio.run(inside())

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
