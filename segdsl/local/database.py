"""A SQLite file that several threads and processes use at once, and that survives a crash.

A write is on the disk when it is acknowledged: WAL with full synchronisation. The tables
are made in `segdsl.local.layouts`; what they mean is `segdsl.local.store`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

from segdsl.local.layouts import prepare
from segdsl.local.records import StoreError

PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""


class Database:
    """One connection to the file (or to memory, where there is none), shared by threads."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection = _open(path)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent view over several statements."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other can come between; on the disk when this is left."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # Some errors of the disk have ended it already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _prepared(_connect(":memory:"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(str(path))
        try:
            return _prepared(connection)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(_unusable(path, (error.strerror or str(error)).lower())) from error
    except sqlite3.Error as error:
        raise StoreError(_unusable(path, str(error))) from error
    except ValueError as error:  # a NUL in the path
        raise StoreError(_unusable(path, str(error))) from error


def _unusable(path: Path, why: str) -> str:
    return f"cannot keep segments in `{path}`: {why}; name another file, or a new one"


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    _patiently(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        prepare(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return connection


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """For what SQLite does not wait with by itself while another process holds the file."""
    until = monotonic() + PATIENCE
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(0.02)


# --- who is alive ------------------------------------------------------------------------


class Life:
    """Says to other processes on the same store that this server runs.

    A lock of the operating system, held on a small file beside the store: it is let go
    when the process ends, in whatever way. Taken through SQLite, which knows how to on
    every system.
    """

    def __init__(self, store: Path | None) -> None:
        self.name = uuid.uuid4().hex
        self._file = None if store is None else _life(store, self.name)
        self._lock: sqlite3.Connection | None = None
        if self._file is not None:
            self._lock = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
            self._lock.execute("PRAGMA journal_mode = MEMORY")
            self._lock.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        if self._lock is not None and self._file is not None:
            self._lock.close()
            self._file.unlink(missing_ok=True)


def is_alive(store: Path | None, name: str) -> bool:
    """Whether the server of that name still runs."""
    if store is None:
        return False
    file = _life(store, name)
    if not file.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as probe:
            probe.execute("PRAGMA journal_mode = MEMORY")
            probe.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def clear_up(store: Path | None) -> None:
    """Takes away what servers left behind that were killed."""
    if store is None:
        return
    prefix = f"{store.name}-server-"
    for each in os.listdir(store.parent):
        if each.startswith(prefix) and not is_alive(store, each.removeprefix(prefix)):
            with contextlib.suppress(OSError):
                (store.parent / each).unlink()


def _life(store: Path, name: str) -> Path:
    return store.with_name(f"{store.name}-server-{name}")
