"""Proposes a parent segment for raw tables, from the names of columns and the values of keys.

Everything here is a guess, and each one is a sentence for the person who decides: which table has
the profiles, by which keys others are joined, and how many rows match.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import msgspec

from segdsl.engine.build.reading import Reader
from segdsl.engine.build.run import DEFAULT_ZONE, opened_tables
from segdsl.engine.build.sources import FORMATS, RawFiles, RawTable, reading_error
from segdsl.engine.columns import quoted
from segdsl.engine.csv_table import Connection
from segdsl.engine.errors import DataError
from segdsl.parent_segment.model import (
    AttributeTable,
    Configuration,
    ConfiguredBehavior,
    ConfiguredColumn,
    Join,
    Master,
    Never,
    Table,
)
from segdsl.sql.catalog import CUSTOMERS

LEAST_MATCH = 0.5
"""The part of a table's rows that must find a profile for the join to be proposed."""
_KEY = re.compile(r"(?i)(.*[_.-])?(id|key|e?mail|uid|uuid|guid|code|no|number)|.*id")
_PROFILES = re.compile(r"(?i)customer|profile|user|member|person|people|account|contact|master")
_TIME = re.compile(r"(?i)time|timestamp|date|at|.*[_.-](at|time|date|on)|(time|date)[_.-].*")


class Proposal(msgspec.Struct, frozen=True):
    """A configuration, and what was guessed for it."""

    configuration: Configuration
    guesses: tuple[str, ...]


class _Key(msgspec.Struct, frozen=True):
    """A column that may be a key, with its numbers of values and of different ones."""

    table: Table
    column: str
    rows: int
    values: int
    distinct: int

    @property
    def is_unique(self) -> bool:
        return 0 < self.rows == self.values == self.distinct


def holds_raw(folder: Path) -> bool:
    """Whether a folder holds raw tables: folders with tables, and no table of profiles."""
    if not folder.is_dir() or any((folder / f"{CUSTOMERS}.{each}").exists() for each in FORMATS):
        return False
    return bool(RawFiles(folder).tables)


def propose(folder: Path) -> Proposal:
    """Proposes a parent segment; raises DataError where no table can have the profiles."""
    files = RawFiles(folder)
    with opened_tables(files, files.tables, DEFAULT_ZONE) as (connection, tables):
        return _Guessing(connection, tables).propose()


class _Guessing:
    def __init__(self, connection: Connection, tables: Mapping[Table, RawTable]) -> None:
        self._connection = connection
        self._tables = tables
        self._reader = Reader(connection)
        self._guesses: list[str] = []

    def propose(self) -> Proposal:
        keys = {table: self._keys(raw) for table, raw in self._tables.items()}
        master, matches = self._master(keys)
        table = master.table
        self._guesses.append(f"`{table}` has the profiles: each row has another `{master.column}`")
        attributes: list[AttributeTable] = []
        behaviors: list[ConfiguredBehavior] = []
        for other in self._tables:
            if other == table:
                continue
            found = matches.get(other)
            if found is None:
                self._guesses.append(
                    f"`{other}` is left out: no column matches `{table}.{master.column}`"
                )
                continue
            key, matched = found
            join = Join(master.column, key.column)
            columns = self._columns(other, key.column)
            share = f"{matched:,} of {key.rows:,} rows match"
            on = f"`{key.column}` = `{table}.{master.column}` ({share})"
            if key.is_unique or not self._has_time(other):
                attributes.append(AttributeTable(other.name, other, join, columns, other.name))
                self._guesses.append(f"`{other}` has attributes: {on}")
            else:
                behaviors.append(ConfiguredBehavior(other.name, other, join, columns))
                self._guesses.append(f"`{other}` has events: {on}")
        configuration = Configuration(
            table.database,
            Master(table),
            schedule=Never(),
            attributes=_with_unique_keys(attributes),
            behaviors=tuple(behaviors),
        )
        return Proposal(configuration, (*self._guesses, *self._reader.notes))

    # --- keys ----------------------------------------------------------------------------

    def _keys(self, raw: RawTable) -> list[_Key]:
        """The columns of a table that look like keys, in their order."""
        shared = Counter(name for each in self._tables.values() for name in each.columns)
        names = [
            name
            for name in raw.columns
            if (_KEY.fullmatch(name) or shared[name] > 1) and not _TIME.fullmatch(name)
        ]
        if not names:
            return []
        measures = ", ".join(
            f"count({quoted(name)}), count(DISTINCT {quoted(name)})" for name in names
        )
        rows, *counts = self._row(raw, f"SELECT count(*), {measures} FROM {raw.source}")
        pairs = zip(names, counts[::2], counts[1::2], strict=True)
        return [_Key(raw.file.table, name, rows, *numbers) for name, *numbers in pairs]

    def _master(
        self, keys: Mapping[Table, list[_Key]]
    ) -> tuple[_Key, dict[Table, tuple[_Key, int]]]:
        """The key of profiles that the most tables match, and how they do."""
        best: tuple[tuple[float, int, bool], _Key, dict[Table, tuple[_Key, int]]] | None = None
        for candidate in (key for found in keys.values() for key in found if key.is_unique):
            matches = self._matches(candidate, keys)
            share = sum(matched / key.rows for key, matched in matches.values())
            # A table of attributes matches as well: events show which one has the profiles, and
            # without any the number of rows and the name do.
            is_named = _PROFILES.search(candidate.table.name) is not None
            score = (round(share, 9), candidate.distinct, is_named)
            if best is None or score > best[0]:
                best = (score, candidate, matches)
        if best is None:
            raise DataError(
                "no raw table can have the profiles: none has a key, such as an `id`, that is "
                "different in each row; write parent_segment.toml yourself"
            )
        return best[1], best[2]

    def _matches(
        self, master: _Key, keys: Mapping[Table, list[_Key]]
    ) -> dict[Table, tuple[_Key, int]]:
        """Of each other table the key of which most rows find a profile, if enough do."""
        found: dict[Table, tuple[_Key, int]] = {}
        for table, candidates in keys.items():
            if table == master.table:
                continue
            counted = [(key, self._matched(key, master)) for key in candidates if key.rows]
            if counted:
                key, matched = max(counted, key=lambda pair: pair[1])
                if matched / key.rows >= LEAST_MATCH:
                    found[table] = (key, matched)
        return found

    def _matched(self, key: _Key, master: _Key) -> int:
        raw, other = self._tables[key.table], self._tables[master.table]
        (matched,) = self._row(
            raw,
            f"SELECT count(*) FROM {raw.source} WHERE CAST({quoted(key.column)} AS VARCHAR) IN "
            f"(SELECT CAST({quoted(master.column)} AS VARCHAR) FROM {other.source})",
        )
        return matched

    # --- columns -------------------------------------------------------------------------

    def _columns(self, table: Table, key: str) -> tuple[ConfiguredColumn, ...]:
        """All columns but the key, as the types that their values have."""
        raw = self._tables[table]
        try:
            readings = self._reader.inferred(raw, [name for name in raw.columns if name != key])
        except duckdb.Error as error:
            raise reading_error(raw, error) from error
        return tuple(ConfiguredColumn(each.column, each.type, each.column) for each in readings)

    def _has_time(self, table: Table) -> bool:
        return any(_TIME.fullmatch(name) for name in self._tables[table].columns)

    def _row(self, raw: RawTable, sql: str) -> list[int]:
        try:
            row: Iterable[int] = self._connection.execute(sql).fetchone()
        except duckdb.Error as error:
            raise reading_error(raw, error) from error
        return [int(number) for number in row]


def _with_unique_keys(tables: list[AttributeTable]) -> tuple[AttributeTable, ...]:
    """Tables of the same name in several databases have keys with their databases."""
    names = Counter(each.key for each in tables)
    return tuple(
        each
        if names[each.key] == 1
        else msgspec.structs.replace(each, key=f"{each.table.database}_{each.key}")
        for each in tables
    )
