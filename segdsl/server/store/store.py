"""The state of a local Audience API in one SQLite file, without knowledge of its kinds.

Each kind reads and writes its own tables in transactions of the store, which are on the disk when
they end. The store allocates ids, guards what others refer to, and knows which servers run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from segdsl.server.store.database import Database, ServerLock, is_alive, remove_stale_locks
from segdsl.server.store.errors import ReferencedError, Referrers
from segdsl.server.store.layouts import Layout, Layouts


class Store:
    """What a local Audience API remembers; any thread may use it.

    The file is created where it does not exist; without a path everything is kept in memory.
    No id that it allocates is below `first_id`. Raises StoreError.
    """

    def __init__(self, path: Path | None, layouts: Iterable[Layout], *, first_id: int = 1) -> None:
        self._first_id = first_id
        # The current folder may change while the store is open.
        self._path = path = None if path is None else path.absolute()
        self.layouts = Layouts(layouts)
        self._database = Database(path, self.layouts)
        self._reserved: frozenset[int] = frozenset()
        # One server at a time starts or cleans up, so that none takes another for a dead one.
        with self._database.write() as db:
            self._lock = ServerLock(path)
            for layout in self.layouts:
                if layout.recover is not None:
                    layout.recover(db, self.is_alive)
            remove_stale_locks(path)

    def close(self) -> None:
        """Releases the file; what this server runs must have ended."""
        self._lock.release()
        self._database.close()

    # --- transactions ----------------------------------------------------------------------

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """A consistent view over several statements."""
        return self._database.read()

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """An exclusive transaction, which is on the disk when it ends."""
        return self._database.write()

    def revision(self) -> tuple[int, int]:
        """A value that changes whenever anything in the store may have changed.

        Everything read after this call is unchanged for as long as the value stays the same.
        """
        with self._database.read() as db:
            # The first counts changes of other connections, the second those of this one.
            (others,) = db.execute("PRAGMA data_version").fetchone()
            return others, db.total_changes

    # --- servers on the same file ----------------------------------------------------------

    @property
    def owner(self) -> str:
        """The name of this server among those on the same file."""
        return self._lock.name

    def is_alive(self, owner: str) -> bool:
        """Whether the server of that name still runs."""
        return owner == self.owner or is_alive(self._path, owner)

    # --- ids -------------------------------------------------------------------------------

    def reserve(self, ids: Iterable[int]) -> None:
        """Keeps ids of what is not in the store from being given to what is.

        Clients keep folders, segments, funnels and stages in one map by id (observed). A row that
        has such an id already gets another if its kind allows that.
        """
        self._reserved = frozenset(ids)
        with self._database.write() as db:
            for layout in self.layouts:
                if layout.may_be_renumbered:
                    rows = db.execute(f"SELECT id FROM {layout.table} ORDER BY id").fetchall()
                    for (id,) in rows:
                        if id in self._reserved:
                            self.layouts.renumber(db, layout.table, id, self.new_id(db))

    def new_id(self, db: sqlite3.Connection) -> int:
        """An id that nothing else has, or had before it was deleted."""
        id = max(self._first_id, self.layouts.next_id(db))
        while id in self._reserved:
            id += 1
        return id

    # --- references ------------------------------------------------------------------------

    def referrers(self, db: sqlite3.Connection, table: str, id: int) -> tuple[Referrers, ...]:
        """What refers to a row of a kind's table, other than itself."""
        return self.layouts.referrers(db, table, id)

    def check_unreferenced(self, db: sqlite3.Connection, table: str, id: int) -> None:
        """Raises ReferencedError if anything other than itself refers to a row."""
        referrers = self.referrers(db, table, id)
        if referrers:
            raise ReferencedError(referrers)
