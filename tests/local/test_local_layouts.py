"""Stores of older versions are upgraded in place, without a loss."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local_api import NOW, Api, client, equal, refers_to, rule, write_data
from segdsl.server import KINDS, Layout, Store, open_local, open_store
from segdsl.server.kinds.folders.table import FolderTable
from segdsl.server.kinds.segments import table
from segdsl.server.kinds.segments.table import SegmentContent, SegmentTable
from segdsl.server.rule_texts import with_prefixed_sources
from segdsl.server.service import layouts_of
from segdsl.server.store.migrations import VERSION

LAYOUT_1 = """
CREATE TABLE folders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  parent INTEGER REFERENCES folders (id),
  name TEXT NOT NULL,
  description TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX folder_names ON folders (audience, ifnull(parent, 0), name);
CREATE TABLE segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  kind INTEGER NOT NULL,
  rule TEXT,
  count_population INTEGER NOT NULL,
  population INTEGER,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (folder, name)
) STRICT;
CREATE TABLE segment_references (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  target INTEGER NOT NULL REFERENCES segments (id),
  PRIMARY KEY (segment, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_of_target ON segment_references (target);
CREATE TABLE populations (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  population INTEGER NOT NULL,
  PRIMARY KEY (segment, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE queries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  content TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER,
  error TEXT
) STRICT;
CREATE INDEX running_queries ON queries (owner) WHERE status = 'running';
PRAGMA application_id = 6188369;
PRAGMA user_version = 1;
"""
"""The tables that version 1 created."""


def count_of(source: str, number: str) -> str:
    """A rule of at least that many events, as version 1 stored it."""
    return (
        '{"type": "And", "conditions": [{"type": "And", "conditions": [{"type": "Value", '
        f'"leftValue": {{"source": {{"name": "{source}"}}, "aggregation": {{"type": "Count", '
        '"groupingColumns": []}, "filter": null}, "operator": {"type": "GreaterEqual", '
        f'"not": false, "rightValue": {number}}}, "arrayMatching": null, "exclude": false}}]}}]}}'
    )


JAPAN = json.dumps(rule(equal("country", "JP")))
LAYOUT_2 = (Path(__file__).parent / "store_layout_2.sql").read_text()
"""A store that version 2 wrote: it had no record of the layouts of kinds."""
BUYERS = count_of("purchases", "1.0e0")
FOLDERS = [
    (1, "7", None, "Tiny shop", None, 100, 100),
    (2, "7", 1, "Outer", "x", 101, 102),
    (3, "7", 2, "Inner", None, 103, 103),
]
SEGMENTS = [
    (1, "Japan", 1, "about it", 0, JAPAN, 1, 3, 4, 104, 105),
    (2, "Buyers", 2, None, 1, BUYERS, 0, None, 1, 106, 106),
    (6, "Both", 3, None, 0, json.dumps(rule(refers_to("1"), refers_to("2"))), 0, None, 1, 107, 107),
    (7, "Everyone", 3, None, 0, None, 0, None, 1, 108, 108),
]


def write_layout_1(file: Path) -> None:
    db = sqlite3.connect(file)
    db.executescript(LAYOUT_1)
    db.executemany("INSERT INTO folders VALUES (?, ?, ?, ?, ?, ?, ?)", FOLDERS)
    marks = ", ".join("?" * 12)
    for id, *values in SEGMENTS:
        db.execute(f"INSERT INTO segments VALUES ({marks})", (id, "7", *values))
    # One that was deleted: its id is not used again.
    gone = (9, "7", "Gone", 1, None, 0, None, 0, None, 1, 0, 0)
    db.execute(f"INSERT INTO segments VALUES ({marks})", gone)
    db.execute("DELETE FROM segments WHERE id = 9")
    db.executemany("INSERT INTO segment_references VALUES (?, ?)", [(6, 1), (6, 2)])
    db.execute("INSERT INTO populations VALUES (1, 105, 3)")
    db.commit()
    db.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "store.sqlite"
    write_layout_1(made)
    return made


def test_segments_keep_everything_and_are_visible(file: Path) -> None:
    store = open_store(file)
    segments = {each.id: each for each in SegmentTable(store).all("7")}
    assert list(segments) == [1, 2, 6, 7]
    for id, name, _, description, kind, _, counted, population, revision, *times in SEGMENTS:
        each = segments[id]
        assert (each.name, each.description, each.kind) == (name, description, kind)
        assert (each.count_population, each.population) == (bool(counted), population)
        assert (each.revision, [each.created, each.updated]) == (revision, times)
        assert each.is_visible
    assert [segments[id].referenced_by for id in segments] == [(6,), (6,), (), ()]
    assert SegmentTable(store).populations(1) == [(105, 3)]
    store.close()


def test_folders_that_had_the_id_of_a_segment_get_another(file: Path) -> None:
    store = open_store(file)
    folders = {each.name: each for each in FolderTable(store).all("7")}
    # 1 and 2 are segments; 3 is none, and 9 was one.
    ids = {name: each.id for name, each in folders.items()}
    assert ids == {"Tiny shop": 10, "Outer": 11, "Inner": 3}
    parents = {name: each.parent for name, each in folders.items()}
    assert parents == {"Tiny shop": None, "Outer": 10, "Inner": 11}
    assert {each.name: each.folder for each in SegmentTable(store).all("7")} == {
        "Japan": 10,
        "Buyers": 11,
        "Both": 3,
        "Everyone": 3,
    }
    assert FolderTable(store).root("7", "Tiny shop", 0).id == 10
    made = SegmentTable(store).create("7", SegmentContent("New", 10), 0)
    assert made.id == 12
    assert FolderTable(store).create("7", 10, "New", None, 0).id == 13
    store.close()


def test_rules_name_the_tables_of_behaviors(file: Path) -> None:
    store = open_store(file)
    rules = {each.id: each.rule for each in SegmentTable(store).all("7")}
    store.close()
    assert rules[1] == JAPAN, "what needs no change stays the bytes that it was"
    assert rules[7] is None
    assert rules[2] is not None
    assert json.loads(rules[2]) == json.loads(count_of("behavior_purchases", "1.0e0"))
    assert '"rightValue":1.0e0' in rules[2], "numbers keep their text"


def test_an_upgrade_happens_once(file: Path) -> None:
    for _ in range(2):
        store = open_store(file)
        segments, folders = SegmentTable(store).all("7"), FolderTable(store).all("7")
        store.close()
    db = sqlite3.connect(file)
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    again = open_store(file)
    assert (SegmentTable(again).all("7"), FolderTable(again).all("7")) == (segments, folders)
    again.close()


def test_an_interrupted_upgrade_changes_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content() -> list[str]:
        db = sqlite3.connect(file)
        lines = [*db.iterdump(), str(db.execute("PRAGMA user_version").fetchone())]
        db.close()
        return lines

    def broken(rule: str) -> str:
        raise KeyboardInterrupt

    before = content()
    with monkeypatch.context() as patch:
        patch.setattr(table, "with_prefixed_sources", broken)
        with pytest.raises(KeyboardInterrupt):
            open_store(file)
    assert content() == before
    open_store(file).close()
    assert content() != before


def test_a_server_over_an_upgraded_store(file: Path, tmp_path: Path) -> None:
    async def test() -> None:
        async with (
            open_local(write_data(tmp_path), file, NOW) as transport,
            client(transport=transport) as http,
        ):
            api = Api(http)
            assert await api.names() == ["Japan", "Buyers", "Both", "Everyone"]
            [answer] = (await api.ask("DELETE", "/audiences/7/segments/1", status=409))["errors"]
            assert answer["meta"]["referencedBySegments"] == [{"id": "6", "name": "Both"}]
            assert await api.count(rule(refers_to("1"))) == 3
            made = await api.create("New", isVisible=False)
            assert (made["id"], made["segmentFolderId"], made["isVisible"]) == ("12", "10", False)

    asyncio.run(test())


def test_parts_of_a_kind_share_the_ids_of_all_kinds() -> None:
    tables = """
CREATE TABLE games (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT) STRICT;
CREATE TABLE rounds (id INTEGER PRIMARY KEY AUTOINCREMENT, game INTEGER) STRICT;
"""
    games = Layout(table="games", version=1, tables=tables, more_ids=("rounds",))
    with closing(Store(None, (*layouts_of(KINDS), games))) as store:
        root = FolderTable(store).root("7", "x", 0)
        with store.write() as db:
            for table in ("games", "rounds"):
                db.execute(f"INSERT INTO {table} (id) VALUES (?)", (store.new_id(db),))
            assert store.new_id(db) == 4
        segment = SegmentTable(store).create("7", SegmentContent("a", root.id), 0)
        assert (root.id, segment.id) == (1, 4)


# --- layout 2 ------------------------------------------------------------------------------


@pytest.fixture
def file_2(tmp_path: Path) -> Path:
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(LAYOUT_2)
    return path


def rows(file: Path) -> dict[str, list[Any]]:
    """The rows of every table that has any, in any order, but the record of layouts."""
    with closing(sqlite3.connect(file)) as db:
        tables = db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'kinds'"
        ).fetchall()
        everything = {name: db.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables}
        return {name: sorted(rows, key=repr) for name, rows in everything.items() if rows}


def _tables_of(script: str) -> list[str]:
    return re.findall(r"CREATE TABLE (\w+)", script)


def test_layout_2_is_upgraded_and_keeps_everything(file_2: Path) -> None:
    before = rows(file_2)
    assert len(before) == len(_tables_of(LAYOUT_2)) + 1, "every table has a row"
    open_store(file_2).close()
    # No segment was the rule of a stage.
    before["segments"] = [(*row, None) for row in before["segments"]]
    assert rows(file_2) == before
    with closing(sqlite3.connect(file_2)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        versions = dict(db.execute("SELECT name, version FROM kinds").fetchall())
        assert versions == {layout.table: layout.version for layout in layouts_of(KINDS)}
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_server_over_a_store_of_layout_2(file_2: Path, tmp_path: Path) -> None:
    async def test() -> None:
        async with (
            open_local(write_data(tmp_path), file_2, NOW) as transport,
            client(transport=transport) as http,
        ):
            api = Api(http)
            japan, buyers, everyone = await api.ask("GET", "/audiences/7/segments")
            assert (japan["id"], japan["name"], japan["population"]) == ("4", "Japan", 3)
            assert (japan["description"], japan["referencedBy"]) == ("about it", ["5"])
            assert (buyers["isVisible"], everyone["kind"], everyone["rule"]) == (False, 1, None)
            folders = await api.ask("GET", "/audiences/7/folders")
            assert [each["name"] for each in folders] == ["Tiny shop", "Waves", "Inner"]
            counts = await api.ask("GET", "/audiences/7/segments/4/statistics")
            assert counts == [[NOW, 3, True]]
            query = await api.status("de7e99e6c4344dedb5cb1d55137a1b87")
            assert (query["status"], query["count"]) == ("success", 3)
            page = await api.customers(query["id"])
            assert page["rows"] == [["c01", 31], ["c02", None], ["c05", 67]]
            assert (await api.create("New"))["id"] == "8"

    asyncio.run(test())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"source": {"name": "x"}}', '{"source":{"name":"behavior_x"}}'),
        (
            '{"a": [{"source": {"name": "x", "y": 1e400}}]}',
            '{"a":[{"source":{"name":"behavior_x","y":1e400}}]}',
        ),
        ('{"source": {"name": "behavior_x"}}', None),
        ('{"source": "x"}', None),
        ('{"source": {"name": 5}}', None),
        ('{"column": "source", "name": "x"}', None),
        ("null", None),
    ],
)
def test_rewriting_sources(before: str, after: str | None) -> None:
    assert with_prefixed_sources(before) == (before if after is None else after)


def test_a_folder_with_a_reserved_id_is_renumbered(tmp_path: Path) -> None:
    """A funnel may get its id only after the store was created."""
    store = open_store(tmp_path / "store.sqlite")
    root = FolderTable(store).root("7", "x", 0)
    segment = SegmentTable(store).create("7", SegmentContent("a", root.id), 0)
    folder = FolderTable(store).create("7", root.id, "b", None, 0)
    assert (root.id, segment.id, folder.id) == (1, 2, 3)
    store.reserve([1, 2, 5, 6])
    assert FolderTable(store).root("7", "x", 0).id == 4
    moved = FolderTable(store).find("7", 3)
    assert moved is not None
    assert moved.parent == 4
    kept = SegmentTable(store).find("7", 2)
    assert kept is not None
    assert kept.folder == 4, "a segment keeps its id, which files may name"
    assert FolderTable(store).create("7", 4, "c", None, 0).id == 7
    store.close()
