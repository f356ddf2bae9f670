"""The store: what was acknowledged is never lost, and several servers may share one."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import httpx
import pytest

from local_api import JAPAN, Api, client, local_api, refers_to, rule
from segdsl.server import Store, StoreError, open_store
from segdsl.server.kinds.folders.table import FolderTable
from segdsl.server.kinds.queries.table import RESTARTED, QueryContent, QueryTable
from segdsl.server.kinds.segments.table import SegmentContent, SegmentTable
from segdsl.server.store.errors import NameTakenError
from serving import end, serving, start
from test_local_queries import SLOW, slow_api


def a_query(id: str) -> QueryContent:
    return QueryContent(id, "7", "SELECT 1", (), 10, None)


# --- files -------------------------------------------------------------------------------


def test_everything_is_kept_in_the_file(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "deep" / "down" / "store.sqlite"
        async with local_api(tmp_path, store=store) as api:
            folder = await api.create_folder("Waves")
            await api.create("Japan", segmentFolderId=int(folder), description="x")
            await api.create("Buyers", rule(refers_to("3")))
            id = await api.query(columns=["age"])
            ended = await api.ended(id)
            before = await api.ask("GET", "/entities/by-folder/1?depth=9")
        assert os.listdir(store.parent) == ["store.sqlite"]
        async with local_api(tmp_path, store=store) as api:
            assert await api.ask("GET", "/entities/by-folder/1?depth=9") == before
            assert await api.status(id) == ended
            assert (await api.customers(id))["rows"] == [["c01", 31], ["c02", None], ["c05", 67]]
            await api.ask("DELETE", "/audiences/7/segments/3", status=409)

    asyncio.run(test())


def test_nothing_is_kept_without_a_file(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path) as api:
            await api.create("Japan")
        async with local_api(tmp_path) as api:
            assert await api.names() == []

    asyncio.run(test())


def test_files_that_are_not_stores(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to look like one " * 20)
    with pytest.raises(StoreError, match=r"cannot use the store `.*notes\.txt`: .*another file"):
        open_store(text)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE x (y)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="it is a database of another program"):
        open_store(other)
    with pytest.raises(StoreError, match="cannot use the store"):
        open_store(tmp_path)
    with pytest.raises(StoreError, match="cannot use the store"):
        open_store(text / "store.sqlite")
    newer = tmp_path / "newer.sqlite"
    open_store(newer).close()
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="another version of segdsl made it"):
        open_store(newer)


# --- several servers on one file ---------------------------------------------------------


def test_two_servers_share_a_store(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store) as one, local_api(tmp_path, store=store) as two:
            await one.create("Japan")
            assert await two.names() == ["Japan"]
            await two.create("Buyers", rule(refers_to("2")))
            await one.ask("DELETE", "/audiences/7/segments/2", status=409)
            id = await one.query(columns=["age"])
            assert (await two.ended(id))["count"] == 3
            assert (await two.customers(id))["rows"][0] == ["c01", 31]

    asyncio.run(test())


def test_a_query_is_killed_from_another_server(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with slow_api(tmp_path, store) as (one, slow):
            id = await one.query(SLOW)
            async with local_api(tmp_path, store=store) as two:
                assert (await two.status(id))["status"] == "running", "its server lives"
                await two.ask("POST", f"/audiences/7/segments/queries/{id}/kill")
                assert (await two.status(id))["status"] == "killed"
            # It would take years: that its thread ends shows that it was stopped.
            await asyncio.to_thread(slow.started[0].join)
            assert (await one.status(id))["status"] == "killed"

    asyncio.run(test())


def test_queries_of_a_dead_server_become_errors(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    dead, watching = open_store(path), open_store(path)
    started, queries = QueryTable(dead), QueryTable(watching)
    started.add(a_query("first"))
    started.add(a_query("second"))
    query = queries.find("first")
    assert query is not None
    assert query.status == "running"
    # What a crash leaves: the rows, and a lock that the system has let go.
    dead._lock.release()
    for id in ("first", "second"):
        query = queries.find(id)
        assert query is not None
        assert (query.status, query.error) == ("error", RESTARTED)
    # Whoever was thought dead does not win later.
    assert not started.end("first", "success", count=5)
    watching.close()
    dead._database.close()


def test_opening_a_store_ends_queries_of_earlier_servers(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    before = open_store(path)
    QueryTable(before).add(a_query("first"))
    before.close()
    after = open_store(path)
    query = QueryTable(after).find("first")
    after.close()
    assert query is not None
    assert (query.status, query.error) == ("error", RESTARTED)


def test_many_servers_create_one_store_at_once(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "store.sqlite"
        stores: list[Store] = await asyncio.gather(
            *(asyncio.to_thread(open_store, path) for _ in range(8))
        )
        roots = [FolderTable(store).root("7", "x", 0) for store in stores]
        assert {root.id for root in roots} == {1}
        content = SegmentContent("Same", 1)

        def create(store: Store) -> bool:
            try:
                SegmentTable(store).create("7", content, 0)
            except NameTakenError:
                return False
            return True

        won = await asyncio.gather(*(asyncio.to_thread(create, store) for store in stores))
        assert sum(won) == 1
        for store in stores:
            store.close()
        assert os.listdir(tmp_path) == ["store.sqlite"]

    asyncio.run(test())


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_one_of_two_processes_gets_a_name(tmp_path: Path) -> None:
    async def test() -> None:
        store = ("--store", str(tmp_path / "store.sqlite"))
        async with serving(tmp_path, *store) as (one, _), serving(tmp_path, *store) as (two, _):

            async def create(api: Api, at: int) -> int:
                body = {"name": f"Segment {at}", "rule": JAPAN}
                return (await api.send("POST", "/audiences/7/segments", body)).status_code

            asked = [create(api, at) for at in range(30) for api in (one, two)]
            statuses = await asyncio.gather(*asked)
            assert sorted(statuses) == [200] * 30 + [400] * 30
            assert sorted(await one.names()) == sorted(await two.names())
            assert len(await one.names()) == 30

    asyncio.run(test())


# --- kill -9 -----------------------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Clients create segments continuously; the server is killed at a random moment, five times."""
    store = ("--store", str(tmp_path / "store.sqlite"))
    chance = random.Random(4)
    acknowledged: dict[str, str] = {}

    async def create_until_it_dies(url: str, round: int, worker: int) -> None:
        async with client(url) as http:
            for at in range(10_000):
                name = f"{round}-{worker}-{at}"
                try:
                    body = {"name": name, "rule": JAPAN}
                    response = await http.post("/audiences/7/segments", json=body)
                except httpx.TransportError:
                    return
                assert response.status_code == 200
                acknowledged[name] = response.json()["id"]

    async def test() -> None:
        for round in range(5):
            server, url = start(tmp_path, *store)
            try:
                creating = [
                    asyncio.create_task(create_until_it_dies(url, round, worker))
                    for worker in range(8)
                ]
                enough = len(acknowledged) + chance.randint(20, 80)
                while len(acknowledged) < enough:
                    await asyncio.sleep(0)
                server.kill()
                await asyncio.gather(*creating)
            finally:
                end(server)
        async with serving(tmp_path, *store) as (api, _):
            kept = await api.ask("GET", "/audiences/7/segments")
            ids = {each["name"]: each["id"] for each in kept}
            assert len(ids) == len(kept)
            assert len(acknowledged) >= 100
            assert acknowledged.items() <= ids.items()
            assert all(each["rule"] == JAPAN for each in kept)

    asyncio.run(test())


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_a_query_interrupted_by_kill_9_is_an_error(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        # The query is in the store before it is answered, and the server dies right after.
        server, url = start(tmp_path, "--store", str(store))
        try:
            async with client(url) as http:
                ids = [await Api(http).query() for _ in range(5)]
                server.kill()
        finally:
            end(server)
        async with local_api(tmp_path, store=store) as api:
            for id in ids:
                answer = await api.status(id)
                assert (answer["status"], answer["error"]) in (
                    ("success", None),
                    ("error", RESTARTED),
                )
            assert await api.count(JAPAN) == 3

    asyncio.run(test())


# --- the list of segments --------------------------------------------------------------------


def test_the_cached_list_is_refreshed_after_every_change(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with (
            local_api(tmp_path, store=store) as one,
            local_api(tmp_path, store=store) as other,
        ):
            assert await one.names() == await other.names() == []
            id = (await one.create("First"))["id"]
            assert await one.names() == await other.names() == ["First"]
            await other.create("Second")
            assert await one.names() == await one.names() == ["First", "Second"]
            await other.ask("DELETE", f"/audiences/7/segments/{id}")
            assert await one.names() == await other.names() == ["Second"]

    asyncio.run(test())
