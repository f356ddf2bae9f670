"""Counts that are requested at the same time share a query, and are the same as alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from local_api import Api, client, equal, rule, write_data
from segdsl.api.queries import COUNTS_HEADER
from segdsl.engine import Query, open_data
from segdsl.server import LocalTransport, application, open_store
from test_local_queries import SLOW, Slow, slow_api

AGES = range(20)
LUCKLESS = sqlglot.parse_one("SELECT error('no such luck')", read="duckdb")


def of_age(age: int) -> Any:
    return rule(equal("age", age))


@asynccontextmanager
async def watched_api(folder: Path) -> AsyncIterator[tuple[Api, list[Query]]]:
    """The API, and the engine's queries that it has started."""
    with open_data(write_data(folder)) as data, pytest.MonkeyPatch.context() as patch:
        started: list[Query] = []
        start, kept = data.start, open_store(None)

        def noted(query: Any) -> Query:
            started.append(start(query))
            return started[-1]

        patch.setattr(data, "start", noted)
        app = application(data, kept)
        try:
            async with client(transport=LocalTransport(app)) as http:
                yield Api(http), started
        finally:
            app.close()
            kept.close()


def test_concurrent_counts_share_few_queries_and_are_equal(tmp_path: Path) -> None:
    async def test() -> None:
        async with watched_api(tmp_path) as (api, started):
            alone = [await api.count(of_age(age)) for age in AGES]
            assert len(started) == len(AGES)
            assert any(alone)
            together = await asyncio.gather(*(api.count(of_age(age)) for age in AGES))
            assert together == alone

    asyncio.run(test())


async def announced(api: Api, rule: Any, number: str) -> str:
    """The id of a query that says how many are started with it."""
    path, headers = "/audiences/7/segments/queries", {COUNTS_HEADER: number}
    response = await api.send("POST", path, {"rule": rule}, headers=headers)
    assert response.status_code == 200, response.text
    id: str = response.json()["id"]
    return id


@pytest.mark.parametrize("sent", [len(AGES), 3])
def test_announced_counts_share_one_query(tmp_path: Path, sent: int) -> None:
    """Also the first of them; and nothing waits for those that are never sent."""

    async def test() -> None:
        async with watched_api(tmp_path) as (api, started):
            ids = await asyncio.gather(
                *(announced(api, of_age(age), str(len(AGES))) for age in AGES[:sent])
            )
            ends = [await api.ended(id) for id in ids]
            assert len(started) == 1
            assert [each["count"] for each in ends] == [
                await api.count(of_age(age)) for age in AGES[:sent]
            ]

    asyncio.run(test())


@pytest.mark.parametrize("header", ["", "0", "-3", "many", "1e3", "999999999999"])
def test_an_announcement_that_is_no_number_changes_nothing(tmp_path: Path, header: str) -> None:
    async def test() -> None:
        async with watched_api(tmp_path) as (api, _):
            id = await announced(api, of_age(34), header)
            assert (await api.ended(id))["count"] == await api.count(of_age(34))

    asyncio.run(test())


def test_counts_beside_a_long_one_share_one_query(tmp_path: Path) -> None:
    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            long = await api.query(SLOW)
            answer = await asyncio.gather(*(api.count(of_age(age)) for age in AGES))
            assert (await api.status(long))["status"] == "running"
            assert len(slow.others) < len(AGES)
            assert answer == [await api.count(of_age(age)) for age in AGES]

    asyncio.run(test())


def test_counts_run_alone_after_one_breaks_their_query(tmp_path: Path) -> None:
    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            await api.query(SLOW)
            slow.instead = LUCKLESS
            ids = [await api.query(each) for each in (of_age(34), SLOW, of_age(1))]
            ends = [await api.ended(id) for id in ids]
            assert [each["status"] for each in ends] == ["success", "error", "success"]
            assert "no such luck" in ends[1]["error"]

    asyncio.run(test())


def test_killing_a_count_leaves_the_others_running(tmp_path: Path) -> None:
    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            ids = [await api.query(SLOW) for _ in range(4)]
            while len(slow.started) < 2:
                await asyncio.sleep(0.01)
            for id in ids[:-1]:
                await api.ask("POST", f"/audiences/7/segments/queries/{id}/kill")
            states = [(await api.status(id))["status"] for id in ids]
            assert states == ["killed", "killed", "killed", "running"]
            # The last of those that run together ends the query itself.
            await api.ask("POST", f"/audiences/7/segments/queries/{ids[-1]}/kill")
            for query in slow.started:
                await asyncio.to_thread(query.join)

    asyncio.run(test())


def test_counts_are_not_mixed_up_with_a_slow_one(tmp_path: Path) -> None:
    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            assert isinstance(slow, Slow)
            await api.count(of_age(1))
            assert (len(slow.started), len(slow.others)) == (0, 1)

    asyncio.run(test())
