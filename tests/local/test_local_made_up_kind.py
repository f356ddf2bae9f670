"""A kind that only the tests know is registered, and served like all others."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from badges import BADGES, LAYOUT, LAYOUT_1
from local_api import NOW, TAKEN, Api, client, local_api, write_data
from segdsl.engine import open_data
from segdsl.server import (
    KINDS,
    Collection,
    Kind,
    StoreError,
    application,
    open_local,
    open_store,
)
from segdsl.server.service import layouts_of

WITH_BADGES = (*KINDS, BADGES)


@pytest.fixture(autouse=True)
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's description has no badges: these answers are not compared with it."""
    send = httpx.AsyncClient.send
    monkeypatch.setattr(httpx.AsyncClient, "send", getattr(send, "unrecorded", send))


@asynccontextmanager
async def badge_api(
    folder: Path, store: Path | None = None, kinds: Sequence[Kind] = WITH_BADGES
) -> AsyncIterator[Api]:
    opened = open_local(write_data(folder), store, NOW, kinds=kinds)
    async with opened as transport, client(transport=transport) as http:
        yield Api(http)


def entity(name: str, folder: str, **attributes: Any) -> Any:
    return {
        "type": "badge",
        "attributes": {"name": name, **attributes},
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }


def test_both_families(tmp_path: Path) -> None:
    async def test() -> None:
        async with badge_api(tmp_path) as api:
            segment = (await api.create("Japan"))["id"]
            gold = await api.ask(
                "POST", "/audiences/7/badges", {"name": "Gold", "segmentId": segment}
            )
            silver = (
                await api.ask(
                    "POST", "/entities/badges", entity("Silver", "1", segmentId=int(segment))
                )
            )["data"]
            assert [each["name"] for each in await api.ask("GET", "/audiences/7/badges")] == [
                "Gold",
                "Silver",
            ]
            assert gold["segmentId"] == silver["attributes"]["segmentId"] == segment
            path = f"/entities/badges/{silver['id']}"
            changes = {"attributes": {"color": "grey"}, "relationships": None}
            changed = await api.ask("PATCH", path, changes)
            assert changed["data"]["attributes"]["color"] == "grey"
            assert await api.ask("GET", path) == changed
            response = await api.send("GET", path)
            assert response.headers["content-type"] == "application/vnd.treasuredata.v1+json"
            await api.ask("DELETE", path)
            await api.ask("GET", path, status=404)
            await api.ask("DELETE", f"/audiences/7/badges/{gold['id']}")
            assert await api.ask("GET", "/audiences/7/badges") == []

    asyncio.run(test())


def test_refusals(tmp_path: Path) -> None:
    async def test() -> None:
        async with badge_api(tmp_path) as api:
            segment = (await api.create("Japan"))["id"]
            body = entity("Gold", "1", segmentId=segment)
            await api.ask("POST", "/entities/badges", body)
            assert await api.ask("POST", "/entities/badges", body, status=400) == TAKEN
            wrong = await api.ask(
                "POST", "/audiences/7/badges", {"name": " ", "segmentId": segment}, status=400
            )
            assert wrong == {"errors": {"name": ["can't be blank"]}}
            for refused in (
                entity("Silver", "99", segmentId=segment),
                entity("Silver", "1", segmentId=99),
                entity("Silver", "1"),
                {**body, "type": "segment-batch"},
            ):
                await api.ask("POST", "/entities/badges", refused, status=400)
            await api.ask("POST", "/audiences/8/badges", {}, status=404)
            answer = await api.send("PUT", "/audiences/7/badges")
            assert answer.status_code == 405

    asyncio.run(test())


def test_what_a_badge_refers_to_cannot_be_deleted(tmp_path: Path) -> None:
    async def test() -> None:
        async with badge_api(tmp_path) as api:
            folder = await api.create_folder("Badges")
            segment = (await api.create("Japan"))["id"]
            user = (await api.create("Users", reference(segment)))["id"]
            body = entity("Gold", folder, segmentId=segment)
            badge = (await api.ask("POST", "/entities/badges", body))["data"]["id"]

            for family in ("audiences/7", "entities"):
                [error] = (await api.ask("DELETE", f"/{family}/segments/{segment}", status=409))[
                    "errors"
                ]
                assert error["detail"] == (
                    f"Segment is referenced by badges: {badge}; other segments: {user}"
                )
                assert error["meta"] == {
                    "referencedBySegments": [{"id": user, "name": "Users"}],
                    "referencedByPredictiveSegments": [],
                    "referencedByBadges": [{"id": badge, "name": "Gold"}],
                }
            answer = await api.ask("DELETE", f"/entities/folders/{folder}", status=409)
            assert answer == {"errors": {"deletion": [f"SegmentFolder has badges: {badge}"]}}

            await api.ask("DELETE", f"/entities/badges/{badge}")
            await api.ask("DELETE", f"/entities/folders/{folder}")
            await api.ask("DELETE", f"/audiences/7/segments/{user}")
            await api.ask("DELETE", f"/audiences/7/segments/{segment}")

    asyncio.run(test())


def reference(id: str) -> Any:
    return {"type": "And", "conditions": [{"type": "Reference", "id": id, "exclude": False}]}


def test_badges_lie_in_folders(tmp_path: Path) -> None:
    async def test() -> None:
        async with badge_api(tmp_path) as api:
            folder = await api.create_folder("Badges")
            segment = (await api.create("Japan", segmentFolderId=folder))["id"]
            body = entity("Gold", folder, segmentId=segment)
            badge = (await api.ask("POST", "/entities/badges", body))["data"]
            shown = (await api.ask("GET", f"/entities/folders/{folder}"))["data"]
            assert shown["relationships"]["children"]["data"] == [
                {"data": {"id": segment, "type": "segment-batch"}},
                {"data": {"id": badge["id"], "type": "badge"}},
            ]
            listed = (await api.ask("GET", "/entities/by-folder/1"))["data"]
            assert [each["type"] for each in listed] == [
                "folder-segment",
                "folder-segment",
                "segment-batch",
                "badge",
            ]
            assert listed[-1] == badge

    asyncio.run(test())


def test_ids_are_unique_across_kinds(tmp_path: Path) -> None:
    async def test() -> None:
        async with badge_api(tmp_path) as api:
            ids = ["1"]
            for number in range(3):
                ids.append((await api.create(f"segment {number}"))["id"])
                body = entity(f"badge {number}", "1", segmentId=ids[-1])
                ids.append((await api.ask("POST", "/entities/badges", body))["data"]["id"])
                ids.append(await api.create_folder(f"folder {number}"))
            assert ids == [str(id) for id in range(1, 11)]
            await api.ask("DELETE", "/entities/folders/10")
            assert (await api.create("last"))["id"] == "11", "an id is never used again"

    asyncio.run(test())


class _Other(Collection):
    """A collection of nothing."""


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        (WITH_BADGES, "the store was opened without the kind “badge”"),
        ((*KINDS, KINDS[0]), "the collection of the kind “folder” is registered twice"),
        (
            (*KINDS, Kind("other", _Other, (BADGES.routes[0], BADGES.routes[0]))),
            "the kind “other” repeats the route GET /audiences/{audience}/badges",
        ),
    ],
)
def test_kinds_that_do_not_fit(kinds: Sequence[Kind], why: str, tmp_path: Path) -> None:
    with (
        open_data(write_data(tmp_path)) as data,
        closing(open_store(None)) as store,
        pytest.raises(ValueError, match=re.escape(why)),
    ):
        application(data, store, kinds=kinds)


# --- the store -----------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of the standard kinds, with one segment."""
    path = tmp_path / "store.sqlite"

    async def create() -> None:
        async with local_api(tmp_path, store=path) as api:
            await api.create("Japan")

    asyncio.run(create())
    return path


def test_a_store_gets_the_tables_of_a_new_kind(store: Path, tmp_path: Path) -> None:
    async def test() -> None:
        async with badge_api(tmp_path, store) as api:
            assert await api.names() == ["Japan"]
            await api.ask("POST", "/audiences/7/badges", {"name": "Gold", "segmentId": "2"})
        async with badge_api(tmp_path, store) as api:
            assert [each["id"] for each in await api.ask("GET", "/audiences/7/badges")] == ["3"]

    asyncio.run(test())


def test_a_store_of_an_unknown_kind_is_refused(store: Path) -> None:
    """A program without badges would delete segments that badges refer to."""
    open_store(store, WITH_BADGES).close()
    with pytest.raises(StoreError, match=r"another version of segdsl made it \(it has `badges`\)"):
        open_store(store)
    open_store(store, WITH_BADGES).close()


def test_the_tables_of_one_kind_are_upgraded(store: Path, tmp_path: Path) -> None:
    first = msgspec.structs.replace(BADGES, layout=LAYOUT_1)
    open_store(store, (*KINDS, first)).close()
    with sqlite3.connect(store) as db:
        db.execute("INSERT INTO badges VALUES (3, '7', 'Gold', 1, 2, 0, 0)")
    db.close()

    async def test() -> None:
        async with badge_api(tmp_path, store) as api:
            [gold] = await api.ask("GET", "/audiences/7/badges")
            assert (gold["id"], gold["name"], gold["color"]) == ("3", "Gold", None)
            assert (await api.create("Next"))["id"] == "4"

    asyncio.run(test())
    with pytest.raises(StoreError, match="its layout of `badges` is 2"):
        open_store(store, (*KINDS, first))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DROP TABLE badges", r"`badges` is missing"),
        ("ALTER TABLE badges DROP COLUMN color", "the column `color` of `badges` is missing"),
        ("INSERT INTO badges VALUES (9, '7', 'x', 1, 99, NULL, 0, 0)", "number 9 of `badges`"),
        ("DROP TABLE kinds", "`kinds` is missing"),
    ],
)
def test_damage(statement: str, why: str, store: Path) -> None:
    open_store(store, WITH_BADGES).close()
    with sqlite3.connect(store) as db:
        db.execute(statement)
    db.close()
    with pytest.raises(StoreError, match=why):
        open_store(store, WITH_BADGES)


def test_a_store_of_layout_2_gets_all_kinds(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with sqlite3.connect(store) as db:
        db.executescript((Path(__file__).parent / "store_layout_2.sql").read_text())
    db.close()

    async def test() -> None:
        async with badge_api(tmp_path, store) as api:
            assert await api.names() == ["Japan", "Buyers", "Everyone"]
            body = {"name": "Gold", "segmentId": "4"}
            # 7 was the id of a segment that is deleted.
            assert (await api.ask("POST", "/audiences/7/badges", body))["id"] == "8"

    asyncio.run(test())
    with sqlite3.connect(store) as db:
        versions = dict(db.execute("SELECT name, version FROM kinds"))
    db.close()
    assert versions == {layout.table: layout.version for layout in (*layouts_of(KINDS), LAYOUT)}
