"""A SQLite file that several threads and processes use at once, and that survives a crash.

A write is on the disk when it is acknowledged: WAL with full synchronisation. Which tables a file
has is decided in `segdsl.server.store.layouts` and by the kinds.
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

from segdsl.server.store.errors import StoreError
from segdsl.server.store.layouts import Layouts
from segdsl.server.store.migrations import check_application, prepare

WRITE_TIMEOUT = 30.0
"""Seconds to wait for another process that is writing."""


class Database:
    """One connection to a file, shared by threads; without a path, to a database in memory."""

    def __init__(self, path: Path | None, layouts: Layouts) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection = _open(path, layouts)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent view over several statements."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """An exclusive transaction, which is on the disk when it ends."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, _store_errors(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # Some disk errors have ended it already.
                if self._connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _open(path: Path | None, layouts: Layouts) -> sqlite3.Connection:
    if path is None:
        return _prepared(_connect(":memory:"), layouts)
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
    with _store_errors(path):
        connection = _connect(str(path))
        try:
            return _prepared(connection, layouts)
        except UnicodeDecodeError as error:
            # A message of SQLite has bytes of the file.
            connection.close()
            raise sqlite3.DatabaseError("it is damaged") from error
        except BaseException:
            connection.close()
            raise


def _wrong_kind(path: Path) -> str | None:
    """What a path names instead of a file; None for a file, and where nothing exists."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISREG(mode):
        return None
    return "it is a folder" if stat.S_ISDIR(mode) else "it is a pipe or a device"


@contextlib.contextmanager
def _store_errors(path: Path | None) -> Iterator[None]:
    """Raises SQLite's errors about the file as StoreError, which says what to do.

    Other errors of SQLite are bugs of this program, and pass unchanged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        # All its subclasses except OperationalError are about a statement.
        if path is None or type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
            raise
        raise StoreError(_unusable(path, _why(path, error))) from error


def _why(path: Path, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return f"another process has been writing to it for {WRITE_TIMEOUT:g} seconds"
    if code == sqlite3.SQLITE_READONLY:
        return "it is not writable"
    if code == sqlite3.SQLITE_CANTOPEN and not os.access(path.parent, os.W_OK):
        return f"the folder {path.parent} is not writable"
    if code == sqlite3.SQLITE_NOTADB:
        return "it is not an SQLite database, or it is damaged"
    if code == sqlite3.SQLITE_CORRUPT:
        return "it is damaged"
    return str(error)


def _unusable(path: Path, why: str) -> str:
    return (
        f"cannot use the store `{path}`: {why}; name another file (`store` of the target, or "
        "`--store`), or move this one away to start with a new one"
    )


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(
        name, timeout=WRITE_TIMEOUT, isolation_level=None, check_same_thread=False
    )


def _prepared(connection: sqlite3.Connection, layouts: Layouts) -> sqlite3.Connection:
    # A file of another program must not change, and the journal mode is kept in the file. The
    # transaction gives one consistent view of a file that another process is just creating.
    connection.execute("BEGIN")
    try:
        check_application(connection)
    finally:
        connection.execute("ROLLBACK")
    _execute_with_retries(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Upgrades may build a table anew: SQLite would delete what refers to the old one.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        prepare(connection, layouts)
        connection.execute("COMMIT")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        # Some disk errors have ended it already.
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
    return connection


def _execute_with_retries(connection: sqlite3.Connection, statement: str) -> None:
    """Executes a statement for which SQLite itself does not wait while the file is locked."""
    until = monotonic() + WRITE_TIMEOUT
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(0.02)


# --- running servers ---------------------------------------------------------------------


class ServerLock:
    """Shows other processes on the same store that this server runs.

    It is a lock of the operating system on a small file beside the store, which is released when
    the process ends for whatever reason. SQLite takes it, as it can on every system.
    """

    def __init__(self, store: Path | None) -> None:
        self.name = uuid.uuid4().hex
        self._file = None if store is None else _lock_file(store, self.name)
        self._lock: sqlite3.Connection | None = None
        if self._file is not None:
            self._lock = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
            self._lock.execute("PRAGMA journal_mode = MEMORY")
            self._lock.execute("BEGIN EXCLUSIVE")

    def release(self) -> None:
        if self._lock is not None and self._file is not None:
            self._lock.close()
            self._file.unlink(missing_ok=True)


def is_alive(store: Path | None, name: str) -> bool:
    """Whether the server of that name still runs."""
    if store is None:
        return False
    file = _lock_file(store, name)
    if not file.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as probe:
            probe.execute("PRAGMA journal_mode = MEMORY")
            probe.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def remove_stale_locks(store: Path | None) -> None:
    """Removes the lock files of servers that were killed."""
    if store is None:
        return
    pattern = re.compile(re.escape(f"{store.name}-server-") + "([0-9a-f]{32})")
    with os.scandir(store.parent) as entries:
        files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    for file in files:
        match = pattern.fullmatch(file.name)
        # A file that is not an SQLite file is not one of ours, and stays.
        with contextlib.suppress(OSError, sqlite3.DatabaseError):
            if match is not None and not is_alive(store, match[1]):
                os.unlink(file)


def _lock_file(store: Path, name: str) -> Path:
    return store.with_name(f"{store.name}-server-{name}")
