"""The local API's list of 1,000 segments, against the same application answering a constant.

Both are asked in process, over the transport that `segdsl preview` and the others use, and the
constant has as many bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import language
from measures import Comparison
from segdsl.server import LOCAL_KEY, LocalTransport, open_local

SEGMENTS = 1_000
ASKED = 5
"""Requests in one round, so that the loop that they run in costs little of it."""
_CONSTANT = "/constant"
_LIST = "/audiences/1/segments"


class Api:
    """A local API with that many segments in it, in memory, and a client of it."""

    def __init__(self, folder: Path, segments: int) -> None:
        self._folder = folder
        self._segments = segments
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self._http: httpx.AsyncClient | None = None
        self._changes = 0
        self._first = ""

    def run(self, task: Callable[[httpx.AsyncClient], Awaitable[object]]) -> object:
        """What the task makes; the API is opened for the first."""

        async def inside() -> object:
            if self._http is None:
                self._http = await self._started()
            return await task(self._http)

        return self._runner.run(inside())

    def close(self) -> None:
        self._runner.run(self._open.aclose())
        self._runner.close()

    async def _started(self) -> httpx.AsyncClient:
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        (data / "customers.csv").write_text(_customers())
        (data / "parent_segment.toml").write_text('id = "1"\nname = "Shop"\n')
        transport = await self._open.enter_async_context(open_local(data, None))
        http = httpx.AsyncClient(
            transport=transport,
            base_url="http://localhost",
            headers={"Authorization": f"TD1 {LOCAL_KEY}"},
        )
        await self._open.enter_async_context(http)
        for at in range(self._segments):
            answer = await http.post(_LIST, json={**_request(), "name": f"Segment {at}"})
            assert answer.status_code == 200, answer.text
            self._first = self._first or answer.json()["id"]
        _answer_a_constant(transport, (await http.get(_LIST)).content)
        return http

    def list(self) -> bytes:
        async def asked(http: httpx.AsyncClient) -> bytes:
            return (await http.get(_LIST)).content

        found = self.run(asked)
        assert isinstance(found, bytes)
        return found

    def asking(self, path: str) -> Callable[[], object]:
        async def asked(http: httpx.AsyncClient) -> None:
            for _ in range(ASKED):
                (await http.get(path)).raise_for_status()

        return lambda: self.run(asked)

    def change(self) -> None:
        """Gives the first segment another description."""
        self._changes += 1

        async def changed(http: httpx.AsyncClient) -> None:
            body = {**_request(), "name": "Segment 0", "description": f"Change {self._changes}"}
            (await http.put(f"{_LIST}/{self._first}", json=body)).raise_for_status()

        self.run(changed)


def _request() -> Any:
    made = json.loads(language.compiled())
    return {key: made[key] for key in ("kind", "rule")}


def _customers() -> str:
    of = language.profiles()[:100]
    names = ",".join(("cdp_customer_id", *of[0]))
    lines = (",".join(_cell(value) for value in (at, *each.values())) for at, each in enumerate(of))
    return "\n".join((names, *lines, ""))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _answer_a_constant(transport: LocalTransport, body: bytes) -> None:
    """The same bytes, at a place among the routes as far from the first as the list's."""
    routes = transport.app.router.routes
    at = next(
        number
        for number, each in enumerate(routes)
        if isinstance(each, Route) and each.path == "/audiences/{audience}/segments"
    )

    async def answer(request: Request) -> Response:
        return Response(body, media_type="application/json")

    routes.insert(at, Route(_CONSTANT, answer))


def agree(api: Api, segments: int) -> None:
    """The constant is the list; the list has each segment with its rule, and shows a change."""
    listed = api.list()
    found = json.loads(listed)
    names = [each["name"] for each in found]
    assert names == [f"Segment {at}" for at in range(segments)], f"{len(names)} are listed"
    rule = _request()["rule"]
    assert all(each["rule"] == rule for each in found), "a rule is not as it was sent"

    async def constant(http: httpx.AsyncClient) -> bytes:
        return (await http.get(_CONSTANT)).content

    same = api.run(constant)
    assert isinstance(same, bytes)
    assert len(same) == len(listed) or api._changes, "the constant is of another size"
    api.change()
    shown = json.loads(api.list())
    assert shown[0]["description"] == f"Change {api._changes}", "a change is not shown"
    assert [each["name"] for each in shown] == names


def rows(folder: Path, segments: int = SEGMENTS) -> Iterator[Comparison]:
    api = Api(folder, segments)
    yield Comparison(
        f"GET /segments of the local API, {segments:,} segments",
        "a constant of the same size",
        3,
        "at most",
        api.asking(_LIST),
        api.asking(_CONSTANT),
        lambda: agree(api, segments),
        rounds=31,
        end=api.close,
    )
