"""The servers that are held to one list of shapes: recorded answers, and the local Audience API.

Each is a `Served`: a plain client of httpx with the key, and what is there to ask for.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx

from replay import JSON, JSON_API, OWN, Json, Replay, on_a_port, transport
from segdsl.server import LOCAL_KEY, open_local
from workspace import serving

Name = Literal["own answers", "own answers on a port", "contract", "local", "local on a port"]
NAMES: tuple[Name, ...] = (
    "own answers",
    "own answers on a port",
    "contract",
    "local",
    "local on a port",
)
CUSTOMERS = """\
cdp_customer_id,ship_country,trfmd_spend,signup_time
p1,JP,120,1727700000
p2,NZ,,1717000000
p3,,40,
"""
RECEIPTS = """\
cdp_customer_id,timestamp,receipt_total,article
p1,1727600000,30,Tulip
p1,1727500000,20,Fern
p2,1720000000,55,Tulip
"""
PARENT = """\
id = "48151"
name = "Garden centre"
timezone = "Asia/Tokyo"

[types.customers]
signup_time = "timestamp"

[labels.customers]
ship_country = "Shipping Country"
trfmd_spend = "Total Spend"
signup_time = "Signed Up"

[labels.behaviors]
till_receipts = "Till Receipts"

[labels.behavior_till_receipts]
receipt_total = "Receipt Total"
article = "Article"
"""
NOW = 1_727_740_800


class Served:
    """A server for a test, and short words for what it is asked."""

    def __init__(self, http: httpx.AsyncClient, name: Name) -> None:
        self.http = http
        self.name = name
        self.parent: Json = None
        """The resource of the parent segment."""
        self.id = ""
        self.root = ""
        self.folder = ""
        self.attributes: list[Json] = []
        self.behaviors: list[Json] = []

    @property
    def is_local(self) -> bool:
        return self.name.startswith("local")

    @property
    def of_audience(self) -> str:
        return f"/audiences/{self.id}"

    async def get(self, path: str, **query: str) -> Json:
        """The JSON of a GET that has to succeed."""
        answer = await self.http.get(path, params=query or None)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def send(
        self, method: str, path: str, body: Json = None, media: str = JSON
    ) -> httpx.Response:
        if body is None:
            return await self.http.request(method, path)
        content = json.dumps(body).encode()
        headers = {"Content-Type": media, "Accept": media}
        return await self.http.request(method, path, content=content, headers=headers)

    async def prepare(self) -> None:
        """Finds what is there, as every client has to."""
        listed = await self.get("/entities/parent_segments")
        [self.audience] = await self.get("/audiences")
        self.id = str(self.audience["id"])
        self.parent = next(
            each for each in listed["data"] if str(each["attributes"]["v4Id"]) == self.id
        )
        self.root = str((await self.get(self.of_audience))["rootFolderId"])
        self.attributes = await self.get(f"{self.of_audience}/attributes")
        self.behaviors = await self.get(f"{self.of_audience}/behaviors")
        made = await self.send(
            "POST", "/entities/folders", folder_body("Held to shapes", self.root), JSON_API
        )
        assert made.status_code < 300, made.text
        folders = await self.get(f"{self.of_audience}/folders")
        self.folder = next(str(each["id"]) for each in folders if each["name"] == "Held to shapes")

    # --- segments ----------------------------------------------------------------------

    def equal(self, value: str = "JP") -> Json:
        """A condition in full, on an attribute that there is."""
        column = next(
            each["matrixColumnName"]
            for each in self.attributes
            if each["type"] == "string" and each.get("matrixColumnName")
        )
        return {
            "type": "Value",
            "leftValue": {"name": column},
            "operator": {"type": "Equal", "rightValue": value, "not": False},
            "arrayMatching": None,
            "exclude": False,
        }

    async def create(self, name: str, rule: Json = None, **keys: Any) -> Json:
        """A segment that was made; read again, since an answer may have no body."""
        body = {
            "audienceId": int(self.id),
            "name": name,
            "kind": 0,
            "description": "",
            "segmentFolderId": int(self.folder),
            "rule": rule or rule_of(self.equal()),
            **keys,
        }
        answer = await self.send("POST", f"{self.of_audience}/segments", body)
        assert answer.status_code in (200, 201, 202, 204), answer.text
        return await self.named(name)

    async def named(self, name: str) -> Json:
        """The segment of that name, read by itself."""
        listed = await self.get(f"{self.of_audience}/segments")
        [id] = [each["id"] for each in listed if each.get("name") == name]
        return await self.segment(id)

    async def segment(self, id: object) -> Json:
        return await self.get(f"{self.of_audience}/segments/{id}")


def rule_of(*conditions: Json) -> Json:
    return {"type": "And", "conditions": [{"type": "And", "conditions": [*conditions]}]}


def folder_body(name: str, parent: str) -> Json:
    return {
        "type": "folder-segment",
        "attributes": {"name": name, "description": ""},
        "relationships": {"parentFolder": {"data": {"id": parent, "type": "folder-segment"}}},
    }


@asynccontextmanager
async def served(name: Name, contract: Path, folder: Path) -> AsyncIterator[Served]:
    """One of the servers; `contract` is the folder of the contract's own answers."""
    match name:
        case "own answers" | "contract":
            replay = Replay(OWN if name == "own answers" else contract)
            async with _client("http://localhost", transport(replay)) as http:
                yield await _prepared(http, name)
        case "own answers on a port":
            with on_a_port(Replay()) as url:
                async with _client(url, None) as http:
                    yield await _prepared(http, name)
        case "local":
            async with (
                open_local(write_data(folder), None, NOW) as inner,
                _client("http://localhost", inner) as http,
            ):
                yield await _prepared(http, name)
        case "local on a port":
            write_data(folder)
            with serving(folder, "--now", "2024-10-01T09:00:00+09:00") as url:
                async with _client(url, None) as http:
                    yield await _prepared(http, name)


def _client(url: str, inner: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    # A client of somebody else: what it sends is not held to the description.
    headers = {"Authorization": f"TD1 {LOCAL_KEY}", "User-Agent": "conformance"}
    return httpx.AsyncClient(base_url=url, transport=inner, headers=headers, trust_env=False)


async def _prepared(http: httpx.AsyncClient, name: Name) -> Served:
    found = Served(http, name)
    await found.prepare()
    return found


def write_data(folder: Path) -> Path:
    """A data folder of a parent segment whose labels differ from its columns."""
    data = folder / "data"
    data.mkdir()
    (data / "customers.csv").write_text(CUSTOMERS)
    (data / "behavior_till_receipts.csv").write_text(RECEIPTS)
    (data / "parent_segment.toml").write_text(PARENT)
    return data
