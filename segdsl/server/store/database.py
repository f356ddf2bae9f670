"""A SQLite file that several threads and processes use at once, and that survives a crash.

A write is on the disk when it is acknowledged: WAL with full synchronisation. The tables
are made in `segdsl.server.store.layouts`; what they mean is `segdsl.server.store.store`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

from segdsl.server.store.layouts import check_application, prepare
from segdsl.server.store.records import StoreError

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
        with self._lock, _told(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # Some errors of the disk have ended it already.
                if self._connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
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
        wrong = _wrong_kind(path)
        if wrong is not None:
            raise StoreError(_unusable(path, wrong))
    except StoreError:
        raise
    except (OSError, ValueError) as error:  # a NUL in the path
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise StoreError(_unusable(path, why)) from error
    with _told(path):
        connection = _connect(str(path))
        try:
            return _prepared(connection)
        except BaseException:
            connection.close()
            raise


def _wrong_kind(path: Path) -> str | None:
    """What a path leads to that is no file; None for a file, and where there is nothing."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISREG(mode):
        return None
    return "it is a folder" if stat.S_ISDIR(mode) else "it is a pipe or a device"


@contextlib.contextmanager
def _told(path: Path | None) -> Iterator[None]:
    """What SQLite cannot do with a file is a StoreError, which says what to do.

    Other errors of SQLite are mistakes of this program.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        # Its subclasses, but for this one, are about a statement.
        if path is None or type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
            raise
        raise StoreError(_unusable(path, _why(path, error))) from error


def _why(path: Path, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return f"another process has been writing to it for {PATIENCE:g} seconds"
    if code == sqlite3.SQLITE_READONLY:
        return "it cannot be written to"
    if code == sqlite3.SQLITE_CANTOPEN and not os.access(path.parent, os.W_OK):
        return f"nothing can be written in the folder {path.parent}"
    if code == sqlite3.SQLITE_NOTADB:
        return "it is no SQLite database, or it is damaged"
    if code == sqlite3.SQLITE_CORRUPT:
        return "it is damaged"
    return str(error)


def _unusable(path: Path, why: str) -> str:
    return (
        f"cannot keep segments in `{path}`: {why}; name another file (`store` of the target, or "
        "`--store`), or move this one away, and a new one is made"
    )


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    # A file of another program is not changed, and the mode is kept in the file. One that another
    # process is making just now is looked at as it is at one moment.
    connection.execute("BEGIN")
    try:
        check_application(connection)
    finally:
        connection.execute("ROLLBACK")
    _patiently(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        prepare(connection)
        connection.execute("COMMIT")
    except BaseException:
        # Some errors of the disk have ended it already.
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
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
    ours = re.compile(re.escape(f"{store.name}-server-") + "([0-9a-f]{32})")
    with os.scandir(store.parent) as entries:
        found = [each for each in entries if each.is_file(follow_symlinks=False)]
    for each in found:
        of = ours.fullmatch(each.name)
        # What is no SQLite file was not made here, and is left alone.
        with contextlib.suppress(OSError, sqlite3.DatabaseError):
            if of is not None and not is_alive(store, of[1]):
                os.unlink(each)


def _life(store: Path, name: str) -> Path:
    return store.with_name(f"{store.name}-server-{name}")
