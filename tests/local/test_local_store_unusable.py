"""Unusable stores: each is an error that names the file, the reason and what to do."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from local_api import JAPAN, local_api, refers_to, rule
from segdsl.server import StoreError, open_store
from segdsl.server.hosting.transport import InternalError
from segdsl.server.kinds.folders.table import FolderTable
from segdsl.server.kinds.segments.table import SegmentContent, SegmentTable

WHAT_TO_DO = "name another file (`store` of the target, or `--store`), or move this one away"


async def used(folder: Path, store: Path) -> None:
    """Opens, writes and reads a store as commands do."""
    async with local_api(folder, store=store) as api:
        folder_id = await api.create_folder("Waves")
        japan = await api.create("Japan", segmentFolderId=int(folder_id), countPopulation=True)
        await api.create("Buyers", rule(refers_to(japan["id"])))
        await api.ended(await api.query(columns=["age"]))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sound")
    asyncio.run(used(folder, folder / "store.sqlite"))
    return (folder / "store.sqlite").read_bytes()


def changed(*statements: str) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        with closing(sqlite3.connect(store, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = OFF")
            for statement in statements:
                db.execute(statement)

    return change


def folder_instead(store: Path) -> None:
    store.unlink()
    store.mkdir()


def text_instead(store: Path) -> None:
    store.write_text("not a database at all, but long enough to look like one " * 20)


def no_header(store: Path) -> None:
    store.write_bytes(b"\xff" * 100 + store.read_bytes()[100:])


def no_page(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:4096] + b"\xff" * 8192 + store.read_bytes()[12288:])


def cut_short(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:-4097])


UNUSABLE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a folder": (folder_instead, "it is a folder"),
    "a text": (text_instead, "not an SQLite database, or it is damaged"),
    "no header": (no_header, "not an SQLite database, or it is damaged"),
    "a page of other bytes": (no_page, "it is damaged"),
    "cut short": (cut_short, "it is damaged"),
    "another program's": (changed("PRAGMA application_id = 5"), "of another program"),
    "a later version's": (changed("PRAGMA user_version = 99"), "its layout is 99"),
    "an earlier version's, damaged": (changed("PRAGMA user_version = 1"), "already exists"),
    "without segments": (changed("DROP TABLE segments"), "is missing"),
    "without folders": (changed("DROP TABLE folders"), "is missing"),
    "without queries": (changed("DROP TABLE queries"), "`queries` is missing"),
    "without populations": (changed("DROP TABLE populations"), "`populations` is missing"),
    "without references": (changed("DROP TABLE segment_references"), "is missing"),
    "without a column": (
        changed("ALTER TABLE segments DROP COLUMN description"),
        "the column `description` of `segments` is missing",
    ),
    "without an index": (changed("DROP INDEX folder_names"), "`folder_names` is missing"),
    "a rule that is no JSON": (
        changed("UPDATE segments SET rule = '{\"type' WHERE name = 'Japan'"),
        "number 3 of `segments` cannot be read",
    ),
    "a kind that nobody knows": (changed("UPDATE segments SET kind = 9"), "of `segments` cannot"),
    "a folder that is gone": (changed("UPDATE segments SET folder = 99"), "of `segments` cannot"),
    "a query that is no JSON": (changed("UPDATE queries SET content = 'x'"), "of `queries` cannot"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_store_is_refused_when_opened(tmp_path: Path, sound: bytes, case: str) -> None:
    break_it, why = UNUSABLE[case]
    store = tmp_path / "store.sqlite"
    store.write_bytes(sound)
    open_store(store).close()
    break_it(store)
    before = store.read_bytes() if store.is_file() else b""
    with pytest.raises(StoreError) as raised:
        open_store(store)
    assert str(raised.value).startswith(f"cannot use the store `{store}`: ")
    assert why in str(raised.value)
    assert WHAT_TO_DO in str(raised.value)
    assert (store.read_bytes() if store.is_file() else b"") == before, "nothing was changed"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_or_folder(tmp_path: Path, sound: bytes) -> None:
    store = tmp_path / "down" / "store.sqlite"
    store.parent.mkdir()
    store.write_bytes(sound)
    store.chmod(0o444)
    with pytest.raises(StoreError, match="not writable"):
        open_store(store)
    store.chmod(0o644)
    store.parent.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="cannot use the store"):
            open_store(store)
    finally:
        store.parent.chmod(0o755)


def test_a_store_that_cannot_be_written(tmp_path: Path, sound: bytes) -> None:
    """It fails like a read-only file, even for root."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(sound)
    with closing(open_store(path)) as store:
        store._database._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="it is not writable; name another file"):
            FolderTable(store).create("7", 1, "New", None, 0)


def test_a_store_that_becomes_unusable_while_it_is_open(tmp_path: Path) -> None:
    """A client in the same process gets the error; one of a server gets a 500 that says why."""

    async def test() -> None:
        path = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=path) as api:
            await api.create("Japan")
            changed("DROP TABLE segment_references")(path)
            with pytest.raises(StoreError, match="no such table: segment_references; name another"):
                await api.send("GET", "/audiences/7/segments")
            transport = api.http._transport
            app = httpx.ASGITransport(transport.app, raise_app_exceptions=False)  # type: ignore[attr-defined]
            async with httpx.AsyncClient(
                transport=app, base_url="http://localhost", headers=api.http.headers
            ) as http:
                answer = await http.get("/audiences/7/segments")
                assert answer.status_code == 500
                assert "cannot use the store" in answer.json()["details"]

    asyncio.run(test())


def test_an_internal_error_is_not_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def broken(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise ZeroDivisionError

    async def test() -> None:
        async with local_api(tmp_path) as api:
            monkeypatch.setattr("segdsl.server.kinds.segments.table.SegmentTable.all", broken)
            with pytest.raises(InternalError, match=r"please report it \(ZeroDivisionError in GET"):
                await api.send("GET", "/audiences/7/segments")

    asyncio.run(test())
    assert calls == 1


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_are_reported_or_harmless(tmp_path: Path, sound: bytes, seed: int) -> None:
    """Whatever bytes are flipped: an error that says what to do, or a store that works."""
    chance = random.Random(seed)
    damaged = bytearray(sound)
    for _ in range(chance.choice((1, 20, 400))):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    path = tmp_path / "store.sqlite"
    path.write_bytes(damaged)
    reason = work_with(path)
    assert reason is None or WHAT_TO_DO in reason


def work_with(path: Path) -> str | None:
    """Writes to a store and reads it; returns why it cannot be used, if so."""
    try:
        with closing(open_store(path)) as store:
            root = FolderTable(store).root("7", "x", 0)
            store.reserve([5_000])
            segments = SegmentTable(store)
            for segment in segments.all("7"):
                content = SegmentContent(f"{segment.name} too", root.id, rule=str(JAPAN))
                segments.update("7", segment.id, content, 1)
                segments.set_population(segment.id, segment.revision, 1, 1)
    except StoreError as error:
        return str(error)
    return None


def test_a_file_of_another_program_stays_as_it_is(tmp_path: Path) -> None:
    """Byte for byte: refusing it once changed its journal mode."""
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE x (y)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="of another program"):
        open_store(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["other.sqlite"]


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are made otherwise")
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/full"])
def test_a_pipe_or_a_device_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "store.sqlite"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(kind)
    with pytest.raises(StoreError, match="it is a pipe or a device; name another file"):
        open_store(path)


def test_unrelated_files_beside_a_store_stay(tmp_path: Path, sound: bytes) -> None:
    """Files that are only named like those of killed servers are kept."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(sound)
    names = ("notes.txt", "0" * 32, "1" * 32)
    (tmp_path / f"store.sqlite-server-{names[0]}").write_text("mine")
    (tmp_path / f"store.sqlite-server-{names[1]}").write_text("mine, of no database " * 99)
    (tmp_path / f"store.sqlite-server-{names[2]}").mkdir()
    before = sorted(os.listdir(tmp_path))
    open_store(path).close()
    assert sorted(os.listdir(tmp_path)) == before
