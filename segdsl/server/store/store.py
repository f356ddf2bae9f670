"""The state of a local Audience API: folders, segments and queries, in one SQLite file.

Every method is one transaction, which has come to the disk when it returns. What the
names and rules of segments must be is looked at elsewhere; here it is only seen to that
names are unique, references hold, and nothing is lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from segdsl.server.store.database import Database, Life, clear_up, is_alive
from segdsl.server.store.layouts import next_id, renumber_folder
from segdsl.server.store.records import (
    CycleError,
    Folder,
    ImmutableError,
    NameTakenError,
    NoSuchFolderError,
    NoSuchSegmentError,
    NotEmptyError,
    Query,
    QueryContent,
    ReferencedError,
    Segment,
    SegmentContent,
    Status,
)

RESTARTED = "the server was restarted while the query ran: start it again"
KEPT_QUERIES = 10_000

_FOLDER = "id, audience, parent, name, description, created, updated"
_SEGMENT = (
    "id, audience, name, folder, description, kind, rule, count_population, population, "
    "revision, created, updated, is_visible, "
    "(SELECT group_concat(segment) FROM segment_references "
    "WHERE target = segments.id AND segment <> target)"
)
_QUERY = "number, content, owner, status, count, error"
_REACHES = """
WITH RECURSIVE reached (id) AS (
  SELECT target FROM segment_references WHERE segment = ?1
  UNION SELECT target FROM segment_references JOIN reached ON segment = reached.id
) SELECT 1 FROM reached WHERE id = ?1
"""
_INSIDE = """
WITH RECURSIVE above (id) AS (
  SELECT parent FROM folders WHERE id = ?1
  UNION SELECT parent FROM folders JOIN above ON folders.id = above.id
) SELECT 1 FROM above WHERE id = ?1
"""


def open_store(path: Path | None) -> Store:
    """The store in that file, made where there is none; without a path one in memory.

    Queries that ran in a server which is no more are errors from now on. Raises
    StoreError.
    """
    return Store(path)


class Store:
    """What a local Audience API remembers; any thread may use it."""

    def __init__(self, path: Path | None) -> None:
        # The current folder may become another while the store is open.
        self._path = path = None if path is None else path.absolute()
        self._database = Database(path)
        self._reserved: frozenset[int] = frozenset()
        # One server at a time comes to life or clears up, so that none mistakes another.
        with self._database.write() as db:
            self._life = Life(path)
            self._forget_the_dead(db)
            clear_up(path)

    @property
    def owner(self) -> str:
        """The name of this server among those on the same file."""
        return self._life.name

    def close(self) -> None:
        """Lets go of the file; queries of this server must have ended."""
        self._life.end()
        self._database.close()

    def revision(self) -> tuple[int, int]:
        """Another value as soon as anything that is kept may have changed, whoever did it.

        What is read after this was asked is as it was then, for as long as this stays the same.
        """
        with self._database.read() as db:
            # The one tells what other connections did, the other what this one did.
            (others,) = db.execute("PRAGMA data_version").fetchone()
            return others, db.total_changes

    def _forget_the_dead(self, db: sqlite3.Connection) -> None:
        owners = db.execute("SELECT DISTINCT owner FROM queries WHERE status = 'running'")
        for (owner,) in owners.fetchall():
            if not is_alive(self._path, owner):
                _end_all_of(db, owner)
        db.execute(
            "DELETE FROM queries WHERE status <> 'running' "
            "AND number <= (SELECT max(number) FROM queries) - ?",
            (KEPT_QUERIES,),
        )

    def reserve(self, ids: Iterable[int]) -> None:
        """Keeps ids that something else has from new folders and segments.

        Clients keep folders, segments, funnels and stages in one map by id (observed). A folder
        that has such an id already gets another. A segment keeps its own: the files of a
        workspace may name it.
        """
        self._reserved = frozenset(ids)
        with self._database.write() as db:
            for (id,) in db.execute("SELECT id FROM folders ORDER BY id").fetchall():
                if id in self._reserved:
                    renumber_folder(db, id, self._next_id(db))

    def _next_id(self, db: sqlite3.Connection) -> int:
        id = next_id(db)
        while id in self._reserved:
            id += 1
        return id

    # --- folders ---------------------------------------------------------------------------

    def root(self, audience: str, name: str, now: int) -> Folder:
        """The root folder of a parent segment, made the first time."""
        with self._database.write() as db:
            found = db.execute(
                f"SELECT {_FOLDER} FROM folders WHERE audience = ? AND parent IS NULL", (audience,)
            ).fetchone()
            if found is not None:
                return Folder(*found)
            return _insert_folder(db, self._next_id(db), audience, None, name, None, now)

    def folders(self, audience: str) -> list[Folder]:
        """All folders of a parent segment by id, its root first."""
        with self._database.read() as db:
            rows = db.execute(
                f"SELECT {_FOLDER} FROM folders WHERE audience = ? ORDER BY parent IS NOT NULL, id",
                (audience,),
            )
            return [Folder(*row) for row in rows]

    def folder(self, audience: str, id: int) -> Folder | None:
        with self._database.read() as db:
            return _folder(db, audience, id)

    def create_folder(
        self, audience: str, parent: int, name: str, description: str | None, now: int
    ) -> Folder:
        """Raises NameTakenError, NoSuchFolderError."""
        with self._database.write() as db:
            if _folder(db, audience, parent) is None:
                raise NoSuchFolderError
            id = self._next_id(db)
            return _insert_folder(db, id, audience, parent, name, description, now)

    def update_folder(
        self, audience: str, id: int, changes: Mapping[str, Any], now: int
    ) -> Folder | None:
        """Changes `name`, `description` or `parent`; None where there is no such folder.

        Raises NameTakenError, NoSuchFolderError, CycleError, ImmutableError.
        """
        with self._database.write() as db:
            before = _folder(db, audience, id)
            if before is None:
                return None
            after = msgspec.structs.replace(before, **changes, updated=now)
            if before.parent is None and (after.parent, after.name) != (None, before.name):
                raise ImmutableError
            if after.parent is not None and _folder(db, audience, after.parent) is None:
                raise NoSuchFolderError
            _refuse_same_folder(db, after)
            db.execute(
                "UPDATE folders SET name = ?, description = ?, parent = ?, updated = ? "
                "WHERE id = ?",
                (after.name, after.description, after.parent, now, id),
            )
            if db.execute(_INSIDE, (id,)).fetchone():
                raise CycleError
            return after

    def delete_folder(self, audience: str, id: int) -> Folder | None:
        """The folder that was; None where there is none. Raises NotEmptyError, ImmutableError."""
        with self._database.write() as db:
            found = _folder(db, audience, id)
            if found is None:
                return None
            if found.parent is None:
                raise ImmutableError
            segments = _ids(
                db.execute("SELECT id FROM segments WHERE folder = ? ORDER BY 1", (id,))
            )
            folders = _ids(db.execute("SELECT id FROM folders WHERE parent = ? ORDER BY 1", (id,)))
            if segments or folders:
                raise NotEmptyError(segments, folders)
            db.execute("DELETE FROM folders WHERE id = ?", (id,))
            return found

    # --- segments --------------------------------------------------------------------------

    def segments(self, audience: str, folder: int | None = None) -> list[Segment]:
        """All segments by id, or those of one folder."""
        with self._database.read() as db:
            rows = db.execute(
                f"SELECT {_SEGMENT} FROM segments "
                "WHERE audience = ?1 AND folder = ifnull(?2, folder) ORDER BY id",
                (audience, folder),
            )
            return [_segment_of(row) for row in rows]

    def segment(self, audience: str, id: int) -> Segment | None:
        with self._database.read() as db:
            return _segment(db, audience, id)

    def create_segment(self, audience: str, content: SegmentContent, now: int) -> Segment:
        """Raises NameTakenError, NoSuchFolderError, NoSuchSegmentError."""
        with self._database.write() as db:
            _check_place(db, audience, content, None)
            id = self._next_id(db)
            db.execute(
                "INSERT INTO segments (id, audience, name, folder, description, kind, rule, "
                "count_population, is_visible, revision, created, updated) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (
                    id,
                    audience,
                    content.name,
                    content.folder,
                    content.description,
                    content.kind,
                    content.rule,
                    content.count_population,
                    content.is_visible,
                    now,
                    now,
                ),
            )
            _refer(db, id, content.refers_to)
            return _existing(db, audience, id)

    def update_segment(
        self, audience: str, id: int, content: SegmentContent, now: int
    ) -> Segment | None:
        """Everything new but id and times; None where there is no such segment.

        A changed rule has no population yet. Raises NameTakenError, NoSuchFolderError,
        NoSuchSegmentError, CycleError.
        """
        with self._database.write() as db:
            before = _segment(db, audience, id)
            if before is None:
                return None
            _check_place(db, audience, content, id)
            same = before.rule == content.rule
            db.execute(
                "UPDATE segments SET name = ?, folder = ?, description = ?, kind = ?, rule = ?, "
                "count_population = ?, is_visible = ?, population = ?, revision = ?, updated = ? "
                "WHERE id = ?",
                (
                    content.name,
                    content.folder,
                    content.description,
                    content.kind,
                    content.rule,
                    content.count_population,
                    content.is_visible,
                    before.population if same else None,
                    before.revision + (0 if same else 1),
                    now,
                    id,
                ),
            )
            db.execute("DELETE FROM segment_references WHERE segment = ?", (id,))
            _refer(db, id, content.refers_to)
            if db.execute(_REACHES, (id,)).fetchone():
                raise CycleError
            return _existing(db, audience, id)

    def delete_segment(self, audience: str, id: int) -> Segment | None:
        """The segment that was; None where there is none. Raises ReferencedError."""
        with self._database.write() as db:
            found = _segment(db, audience, id)
            if found is None:
                return None
            users = db.execute(
                "SELECT id, name FROM segments JOIN segment_references ON segment = id "
                "WHERE target = ?1 AND segment <> ?1 ORDER BY 1",
                (id,),
            ).fetchall()
            if users:
                raise ReferencedError(tuple(users))
            db.execute("DELETE FROM segments WHERE id = ?", (id,))
            return found

    # --- populations -----------------------------------------------------------------------

    def set_population(self, id: int, revision: int, population: int, now: int) -> None:
        """Keeps a count, unless the rule it was made of is no more."""
        with self._database.write() as db:
            done = db.execute(
                "UPDATE segments SET population = ? WHERE id = ? AND revision = ?",
                (population, id, revision),
            )
            if done.rowcount:
                db.execute(
                    "INSERT OR REPLACE INTO populations VALUES (?, ?, ?)", (id, now, population)
                )

    def populations(self, id: int) -> list[tuple[int, int]]:
        """Every count of a segment that was kept: when, and how many; the oldest first."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT at, population FROM populations WHERE segment = ? ORDER BY at", (id,)
            )
            return [(at, population) for at, population in rows]

    # --- queries ---------------------------------------------------------------------------

    def add_query(self, content: QueryContent) -> Query:
        """A query that this server runs."""
        with self._database.write() as db:
            text = msgspec.json.encode(content).decode()
            db.execute(
                "INSERT INTO queries (id, owner, content, status) VALUES (?, ?, ?, 'running')",
                (content.id, self.owner, text),
            )
            return _existing_query(db, content.id)

    def query(self, id: str) -> Query | None:
        """A query as it stands; one whose server died has become an error."""
        with self._database.read() as db:
            found = _query(db, id)
        if found is None or found.status != "running" or found.owner == self.owner:
            return found
        if is_alive(self._path, found.owner):
            return found
        with self._database.write() as db:
            _end_all_of(db, found.owner)
            return _query(db, id)

    def end_query(
        self, id: str, status: Status, *, count: int | None = None, error: str | None = None
    ) -> bool:
        """Ends a query, unless it has ended already; whether this was its end."""
        with self._database.write() as db:
            done = db.execute(
                "UPDATE queries SET status = ?, count = ?, error = ? "
                "WHERE id = ? AND status = 'running'",
                (status, count, error, id),
            )
            return done.rowcount == 1

    def ended_elsewhere(self, ids: Iterable[str]) -> list[str]:
        """Those of the queries that do not run any more, as far as the store knows."""
        listed = tuple(ids)
        marks = ", ".join("?" * len(listed))
        with self._database.read() as db:
            rows = db.execute(
                f"SELECT id FROM queries WHERE id IN ({marks}) AND status <> 'running'", listed
            )
            return [id for (id,) in rows]


# --- rows --------------------------------------------------------------------------------


def _ids(rows: Iterable[tuple[Any, ...]]) -> tuple[int, ...]:
    return tuple(id for (id,) in rows)


def _folder(db: sqlite3.Connection, audience: str, id: int) -> Folder | None:
    row = db.execute(
        f"SELECT {_FOLDER} FROM folders WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else Folder(*row)


def _insert_folder(
    db: sqlite3.Connection,
    id: int,
    audience: str,
    parent: int | None,
    name: str,
    description: str | None,
    now: int,
) -> Folder:
    made = Folder(id, audience, parent, name, description, now, now)
    _refuse_same_folder(db, made)
    db.execute(
        "INSERT INTO folders (id, audience, parent, name, description, created, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, audience, parent, name, description, now, now),
    )
    return made


def _refuse_same_folder(db: sqlite3.Connection, folder: Folder) -> None:
    other = db.execute(
        "SELECT id FROM folders WHERE audience = ? AND parent IS ? AND name = ? AND id <> ?",
        (folder.audience, folder.parent, folder.name, folder.id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])


def _segment_of(row: tuple[Any, ...]) -> Segment:
    *plain, is_visible, referrers = row
    found = Segment(*plain)
    return msgspec.structs.replace(
        found,
        count_population=bool(found.count_population),
        is_visible=bool(is_visible),
        referenced_by=() if referrers is None else tuple(sorted(map(int, referrers.split(",")))),
    )


def _segment(db: sqlite3.Connection, audience: str, id: int) -> Segment | None:
    row = db.execute(
        f"SELECT {_SEGMENT} FROM segments WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else _segment_of(row)


def _existing(db: sqlite3.Connection, audience: str, id: int) -> Segment:
    found = _segment(db, audience, id)
    assert found is not None, "it was written in this transaction"
    return found


def _check_place(
    db: sqlite3.Connection, audience: str, content: SegmentContent, id: int | None
) -> None:
    if _folder(db, audience, content.folder) is None:
        raise NoSuchFolderError
    other = db.execute(
        "SELECT id FROM segments WHERE folder = ? AND name = ? AND id IS NOT ?",
        (content.folder, content.name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])
    for target in content.refers_to:
        if _segment(db, audience, target) is None:
            raise NoSuchSegmentError(target)


def _refer(db: sqlite3.Connection, id: int, targets: Iterable[int]) -> None:
    db.executemany(
        "INSERT INTO segment_references VALUES (?, ?)", [(id, target) for target in set(targets)]
    )


def _query(db: sqlite3.Connection, id: str) -> Query | None:
    row = db.execute(f"SELECT {_QUERY} FROM queries WHERE id = ?", (id,)).fetchone()
    if row is None:
        return None
    number, content, owner, status, count, error = row
    read = msgspec.json.decode(content, type=QueryContent)
    return Query(number, read, owner, status, count, error)


def _existing_query(db: sqlite3.Connection, id: str) -> Query:
    found = _query(db, id)
    assert found is not None, "it was written in this transaction"
    return found


def _end_all_of(db: sqlite3.Connection, owner: str) -> None:
    db.execute(
        "UPDATE queries SET status = 'error', error = ? WHERE owner = ? AND status = 'running'",
        (RESTARTED, owner),
    )
