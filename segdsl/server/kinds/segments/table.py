"""The table of segments, with what their rules refer to and their populations.

A segment may be the rule of a stage of a funnel: then it belongs to the stage. One of the kind
`JOURNEY` is a rule of a journey (documented): it is not listed, and its name need not be unique.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from segdsl.errors import SegdslError
from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.kinds.scores.table import TABLE as SCORES_TABLE
from segdsl.server.kinds.scores.table import has_model
from segdsl.server.kinds.stages.table import STAGE_TABLE, find_stage
from segdsl.server.rule_texts import with_prefixed_sources
from segdsl.server.store.errors import CycleError, NameTakenError, ReferencedError, Referrers
from segdsl.server.store.layouts import Layout, Layouts, Reference
from segdsl.server.store.store import Store

TABLE = "segments"
BATCH, REALTIME, STAGE, JOURNEY = 0, 1, 2, 3

_TABLES = """
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
  is_visible INTEGER NOT NULL DEFAULT 1,
  stage INTEGER REFERENCES funnel_stages (id)
) STRICT;
CREATE UNIQUE INDEX segment_names ON segments (folder, name) WHERE stage IS NULL AND kind <> 3;
CREATE UNIQUE INDEX segment_of_stage ON segments (stage) WHERE stage IS NOT NULL;
CREATE TABLE segment_references (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  target INTEGER NOT NULL REFERENCES segments (id),
  PRIMARY KEY (segment, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_of_target ON segment_references (target);
CREATE TABLE stage_references (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  stage INTEGER NOT NULL REFERENCES funnel_stages (id),
  PRIMARY KEY (segment, stage)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_of_stage ON stage_references (stage);
CREATE TABLE score_references (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  model INTEGER NOT NULL REFERENCES predictive_segments (id),
  PRIMARY KEY (segment, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_of_model ON score_references (model);
CREATE TABLE populations (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  population INTEGER NOT NULL,
  PRIMARY KEY (segment, at)
) STRICT, WITHOUT ROWID;
"""
_COLUMNS = (
    "id, audience, name, folder, description, kind, rule, count_population, population, "
    "revision, created, updated, is_visible, stage, "
    "(SELECT group_concat(segment) FROM (SELECT segment FROM segment_references "
    "WHERE target = segments.id UNION SELECT segment FROM stage_references "
    "WHERE stage_references.stage = segments.stage) WHERE segment <> segments.id)"
)
_REACHES = """
WITH RECURSIVE edges (segment, target) AS (
  SELECT segment, target FROM segment_references
  UNION ALL
  SELECT stage_references.segment, segments.id FROM stage_references
  JOIN segments ON segments.stage = stage_references.stage
), reached (id) AS (
  SELECT target FROM edges WHERE segment = ?1
  UNION SELECT target FROM edges JOIN reached ON segment = reached.id
) SELECT 1 FROM reached WHERE id = ?1
"""


def _upgrade_from_1(db: sqlite3.Connection, layouts: Layouts) -> None:
    """Version 1 hid no segments, and its rules named behaviors without the prefix of tables."""
    db.execute("ALTER TABLE segments ADD COLUMN is_visible INTEGER NOT NULL DEFAULT 1")
    for id, rule in db.execute("SELECT id, rule FROM segments WHERE rule IS NOT NULL").fetchall():
        upgraded = with_prefixed_sources(rule)
        if upgraded != rule:
            db.execute("UPDATE segments SET rule = ? WHERE id = ?", (upgraded, id))


def _creates() -> dict[str, str]:
    """The statements that create the tables and indexes, by what they begin with."""
    return {
        statement.split("(")[0].split(" ON ")[0].strip(): statement
        for statement in _TABLES.split(";\n")
    }


def _upgrade_from_2(db: sqlite3.Connection, layouts: Layouts) -> None:
    """Version 2 had no stages of funnels, and a name was unique among all segments of a folder."""
    # SQLite drops a constraint of a table only with the table; its last id is not used again.
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (TABLE,)).fetchone()
    columns = ", ".join(row[1] for row in db.execute("PRAGMA table_info(segments)").fetchall())
    creates = _creates()
    new = creates["CREATE TABLE segments"].replace("TABLE segments", "TABLE new_segments", 1)
    db.execute(new)
    db.execute(f"INSERT INTO new_segments ({columns}) SELECT {columns} FROM segments")
    db.execute("DROP TABLE segments")
    db.execute("ALTER TABLE new_segments RENAME TO segments")
    for name in ("UNIQUE INDEX segment_names", "UNIQUE INDEX segment_of_stage"):
        db.execute(creates[f"CREATE {name}"])
    for name in ("TABLE stage_references", "INDEX references_of_stage"):
        db.execute(creates[f"CREATE {name}"])
    if last is not None:
        db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (TABLE,))
        db.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (TABLE, last[0]))


def _upgrade_from_3(db: sqlite3.Connection, layouts: Layouts) -> None:
    """Version 3 had no predictive segments: the scores of all were in the data. Nor had it rules of
    journeys, whose names need not be unique."""
    creates = _creates()
    for name in ("TABLE score_references", "INDEX references_of_model"):
        db.execute(creates[f"CREATE {name}"])
    db.execute("DROP INDEX segment_names")
    db.execute(creates["CREATE UNIQUE INDEX segment_names"])


def _unreadable_rule(db: sqlite3.Connection) -> int | None:
    """The id of a segment whose rule is not JSON.

    SQLite reads no JSON that is nested more than a thousand times; a rule may be.
    """
    for id, rule in db.execute(
        "SELECT id, rule FROM segments WHERE rule IS NOT NULL AND NOT json_valid(rule)"
    ):
        try:
            msgspec.json.decode(rule)
        except (msgspec.DecodeError, UnicodeError):
            return int(id)
        except RecursionError:
            continue
    return None


LAYOUT = Layout(
    table=TABLE,
    version=4,
    tables=_TABLES,
    references=(
        Reference(TABLE, "folder", "folders"),
        Reference("segment_references", "target", TABLE, owner="segment"),
        Reference("stage_references", "stage", STAGE_TABLE, owner="segment"),
        Reference("score_references", "model", SCORES_TABLE, owner="segment"),
    ),
    upgrades={1: _upgrade_from_1, 2: _upgrade_from_2, 3: _upgrade_from_3},
    unreadable=(
        "kind NOT IN (0, 1, 2, 3)",
        "(kind = 2) <> (stage IS NOT NULL)",
        "count_population NOT IN (0, 1) OR is_visible NOT IN (0, 1)",
        "folder NOT IN (SELECT id FROM folders)",
    ),
    check=_unreadable_rule,
)


class NoSuchSegmentError(SegdslError):
    """A segment that a rule refers to does not exist; `id` is its id."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class NoSuchStageError(SegdslError):
    """A stage that a rule refers to does not exist; `id` is its id."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class NoSuchModelError(SegdslError):
    """A predictive segment that a rule refers to does not exist; `id` is its id."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class StageTakenError(SegdslError):
    """The stage whose rule a segment should be has a rule already; `id` is that segment's."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class SegmentContent(msgspec.Struct, frozen=True):
    """What a client defines of a segment. `rule` is its JSON text as it was sent, or None.

    `refers_to` are the ids of the segments that the rule refers to, `stages` and `scores` those of
    stages and predictive segments of the store. A segment that is not visible is hidden in the
    console (observed). `stage` is the stage whose rule the segment is.
    """

    name: str
    folder: int
    description: str | None = None
    kind: int = BATCH
    rule: str | None = None
    count_population: bool = False
    refers_to: tuple[int, ...] = ()
    is_visible: bool = True
    stages: tuple[int, ...] = ()
    stage: int | None = None
    scores: tuple[int, ...] = ()


class Segment(msgspec.Struct, frozen=True):
    """A segment; its `revision` grows with every change of the rule. Times are Unix seconds.

    `referenced_by` are the ids of the segments that refer to it, in order.
    """

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    kind: int
    rule: str | None
    count_population: bool
    population: int | None
    revision: int
    created: int
    updated: int
    is_visible: bool = True
    stage: int | None = None
    referenced_by: tuple[int, ...] = ()

    @property
    def is_realtime(self) -> bool:
        return self.kind == REALTIME


class SegmentTable:
    """The segments of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str, folder: int | None = None) -> list[Segment]:
        """All segments by id, or those of one folder; without those of stages and of journeys."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM segments WHERE stage IS NULL AND kind <> 3 "
                "AND audience = ?1 AND folder = ifnull(?2, folder) ORDER BY id",
                (audience, folder),
            )
            return [_segment_of(row) for row in rows]

    def of_stages(self, audience: str) -> dict[int, Segment]:
        """The segments that are the rules of stages, by the ids of their stages."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM segments WHERE stage IS NOT NULL AND audience = ?",
                (audience,),
            )
            segments = map(_segment_of, rows)
            return {segment.stage: segment for segment in segments if segment.stage is not None}

    def of_stage(self, audience: str, stage: int) -> Segment | None:
        """The segment that is the rule of a stage."""
        with self._store.read() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM segments WHERE stage = ? AND audience = ?",
                (stage, audience),
            ).fetchone()
            return None if row is None else _segment_of(row)

    def of_journeys(self, audience: str) -> list[Segment]:
        """The segments that are rules of journeys, by id."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM segments WHERE kind = 3 AND audience = ? ORDER BY id",
                (audience,),
            )
            return [_segment_of(row) for row in rows]

    def find(self, audience: str, id: int) -> Segment | None:
        with self._store.read() as db:
            return _find(db, audience, id)

    def create(self, audience: str, content: SegmentContent, now: int) -> Segment:
        """Raises NameTakenError, NoSuchFolderError, NoSuchSegmentError, and for the segment of a
        stage StageTakenError and CycleError.
        """
        with self._store.write() as db:
            return self.create_in(db, audience, content, now)

    def create_in(
        self, db: sqlite3.Connection, audience: str, content: SegmentContent, now: int
    ) -> Segment:
        """As `create`, in a transaction of the caller."""
        _check(db, audience, content, None)
        id = self._store.new_id(db)
        db.execute(
            "INSERT INTO segments (id, audience, name, folder, description, kind, rule, "
            "count_population, is_visible, stage, revision, created, updated) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
            (id, audience, *_values(content), now, now),
        )
        _insert_references(db, id, content)
        if content.stage is not None:
            # Rules that referred to the stage now refer to the segment.
            _check_cycle(db, id)
        return _existing(db, audience, id)

    def update(self, audience: str, id: int, content: SegmentContent, now: int) -> Segment | None:
        """Replaces everything but the id and `created`; None where the segment does not exist.

        A changed rule has no population yet. Raises NameTakenError, NoSuchFolderError,
        NoSuchSegmentError, CycleError.
        """
        with self._store.write() as db:
            before = _find(db, audience, id)
            if before is None:
                return None
            _check(db, audience, content, id)
            is_same = before.rule == content.rule
            population = before.population if is_same else None
            revision = before.revision + (0 if is_same else 1)
            db.execute(
                "UPDATE segments SET name = ?, folder = ?, description = ?, kind = ?, rule = ?, "
                "count_population = ?, is_visible = ?, stage = ?, population = ?, revision = ?, "
                "updated = ? WHERE id = ?",
                (*_values(content), population, revision, now, id),
            )
            db.execute("DELETE FROM segment_references WHERE segment = ?", (id,))
            db.execute("DELETE FROM stage_references WHERE segment = ?", (id,))
            db.execute("DELETE FROM score_references WHERE segment = ?", (id,))
            _insert_references(db, id, content)
            _check_cycle(db, id)
            return _existing(db, audience, id)

    def delete(self, audience: str, id: int) -> Segment | None:
        """Deletes and returns a segment; None where it does not exist. Raises ReferencedError."""
        with self._store.write() as db:
            segment = _find(db, audience, id)
            if segment is None:
                return None
            self._delete(db, [segment])
            return segment

    def delete_of_stages(
        self, db: sqlite3.Connection, audience: str, stages: Sequence[int]
    ) -> None:
        """Deletes the segments of stages that are about to be deleted.

        Raises ReferencedError if rules of others refer to the stages or to their segments.
        """
        rows = [
            db.execute(
                f"SELECT {_COLUMNS} FROM segments WHERE stage = ? AND audience = ?",
                (stage, audience),
            ).fetchone()
            for stage in stages
        ]
        self._delete(db, [_segment_of(row) for row in rows if row is not None], stages)

    def move_of_stages(self, db: sqlite3.Connection, stages: Sequence[int], folder: int) -> None:
        """Moves the segments of stages to the folder of their funnel."""
        db.executemany(
            "UPDATE segments SET folder = ? WHERE stage = ?",
            [(folder, stage) for stage in stages],
        )

    def delete_in(self, db: sqlite3.Connection, audience: str, ids: Iterable[int]) -> None:
        """Deletes segments together, in a transaction of the caller. Raises ReferencedError."""
        found = (_find(db, audience, id) for id in ids)
        self._delete(db, [segment for segment in found if segment is not None])

    def find_in(self, db: sqlite3.Connection, audience: str, id: int) -> Segment | None:
        """As `find`, in a transaction of the caller."""
        return _find(db, audience, id)

    def at_place(self, db: sqlite3.Connection, folder: int, name: str) -> int | None:
        """The id of the segment of a name in a folder, in a transaction of the caller."""
        return _at_place(db, folder, name)

    def move_in(self, db: sqlite3.Connection, ids: Iterable[int], folder: int) -> None:
        """Moves segments to a folder, in a transaction of the caller."""
        db.executemany("UPDATE segments SET folder = ? WHERE id = ?", [(folder, i) for i in ids])

    def _delete(
        self, db: sqlite3.Connection, segments: Sequence[Segment], stages: Sequence[int] = ()
    ) -> None:
        ids = {segment.id for segment in segments}
        of_segments = {segment.stage for segment in segments if segment.stage is not None}
        pairs = [(TABLE, id) for id in ids]
        pairs += [(STAGE_TABLE, stage) for stage in {*of_segments, *stages}]
        rows: dict[str, set[tuple[int, str]]] = {}
        for table, id in pairs:
            for referrers in self._store.referrers(db, table, id):
                others = {row for row in referrers.rows if row[0] not in ids}
                rows.setdefault(referrers.table, set()).update(others)
        found = tuple(Referrers(table, tuple(sorted(rows[table]))) for table in rows if rows[table])
        if found:
            raise ReferencedError(found)
        # Those of one funnel may refer to each other.
        for table in ("segment_references", "stage_references", "score_references"):
            db.executemany(f"DELETE FROM {table} WHERE segment = ?", [(id,) for id in ids])
        db.executemany("DELETE FROM segments WHERE id = ?", [(id,) for id in ids])

    # --- populations -----------------------------------------------------------------------

    def set_population(self, id: int, revision: int, population: int, now: int) -> None:
        """Stores a count, unless the rule has changed since that revision."""
        with self._store.write() as db:
            updated = db.execute(
                "UPDATE segments SET population = ? WHERE id = ? AND revision = ?",
                (population, id, revision),
            )
            if updated.rowcount:
                db.execute(
                    "INSERT OR REPLACE INTO populations VALUES (?, ?, ?)", (id, now, population)
                )

    def forget_populations(self, audience: str) -> None:
        """Has all segments counted again: the tables have changed. Stored counts stay."""
        with self._store.write() as db:
            db.execute("UPDATE segments SET population = NULL WHERE audience = ?", (audience,))

    def populations(self, id: int) -> list[tuple[int, int]]:
        """Every stored count of a segment: its time and the population, the oldest first."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT at, population FROM populations WHERE segment = ? ORDER BY at", (id,)
            )
            return [(at, population) for at, population in rows]


# --- rows --------------------------------------------------------------------------------


def _values(content: SegmentContent) -> tuple[Any, ...]:
    return (
        content.name,
        content.folder,
        content.description,
        content.kind,
        content.rule,
        content.count_population,
        content.is_visible,
        content.stage,
    )


def _segment_of(row: tuple[Any, ...]) -> Segment:
    *columns, is_visible, stage, referrers = row
    segment = Segment(*columns)
    return msgspec.structs.replace(
        segment,
        count_population=bool(segment.count_population),
        is_visible=bool(is_visible),
        stage=stage,
        referenced_by=() if referrers is None else tuple(sorted(map(int, referrers.split(",")))),
    )


def _find(db: sqlite3.Connection, audience: str, id: int) -> Segment | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM segments WHERE id = ? AND audience = ?", (id, audience)
    ).fetchone()
    return None if row is None else _segment_of(row)


def _existing(db: sqlite3.Connection, audience: str, id: int) -> Segment:
    segment = _find(db, audience, id)
    assert segment is not None, "it was written in this transaction"
    return segment


def _at_place(db: sqlite3.Connection, folder: int, name: str) -> int | None:
    row = db.execute(
        "SELECT id FROM segments WHERE folder = ? AND name = ? AND stage IS NULL AND kind <> 3",
        (folder, name),
    ).fetchone()
    return None if row is None else int(row[0])


def _check(db: sqlite3.Connection, audience: str, content: SegmentContent, id: int | None) -> None:
    check_folder(db, audience, content.folder)
    if content.kind == JOURNEY:
        pass
    elif content.stage is None:
        other = _at_place(db, content.folder, content.name)
        if other is not None and other != id:
            raise NameTakenError(other)
    else:
        other = db.execute(
            "SELECT id FROM segments WHERE stage = ? AND id IS NOT ?", (content.stage, id)
        ).fetchone()
        if other is not None:
            raise StageTakenError(other[0])
    for stage in content.stages:
        if find_stage(db, audience, stage) is None:
            raise NoSuchStageError(stage)
    for model in content.scores:
        if not has_model(db, audience, model):
            raise NoSuchModelError(model)
    for target in content.refers_to:
        if _find(db, audience, target) is None:
            raise NoSuchSegmentError(target)


def _insert_references(db: sqlite3.Connection, id: int, content: SegmentContent) -> None:
    db.executemany("INSERT INTO segment_references VALUES (?, ?)", _pairs(id, content.refers_to))
    db.executemany("INSERT INTO stage_references VALUES (?, ?)", _pairs(id, content.stages))
    db.executemany("INSERT INTO score_references VALUES (?, ?)", _pairs(id, content.scores))


def _pairs(id: int, targets: Iterable[int]) -> list[tuple[int, int]]:
    return [(id, target) for target in set(targets)]


def _check_cycle(db: sqlite3.Connection, id: int) -> None:
    """Raises CycleError for a segment that refers to itself, directly or through others."""
    if db.execute(_REACHES, (id,)).fetchone():
        raise CycleError
