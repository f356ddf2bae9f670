"""A local API over raw tables: the parent segments that clients created, each as a service."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from time import time

import msgspec

from segdsl.engine import Data, DataError, ParentSegment, open_built
from segdsl.engine.build import RawFiles, types_of
from segdsl.engine.description import Labels, read_description
from segdsl.language.behaviors import PREFIX
from segdsl.parent_segment.shape import FILE
from segdsl.server.errors import UNIQUE, ApiError, Problem, existing, refuse
from segdsl.server.http.request_models import path_id
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.journeys.collection import Journeys
from segdsl.server.kinds.journeys.runner import QueuedRun
from segdsl.server.kinds.segments.table import SegmentTable
from segdsl.server.parents import bodies
from segdsl.server.parents.configurations import configuration_of, tables_of
from segdsl.server.parents.files import Files
from segdsl.server.parents.following import fail_journeys, queue_journeys
from segdsl.server.parents.responses import first_part_id
from segdsl.server.parents.runner import BuildRunner
from segdsl.server.parents.table import LAYOUT, Execution, Parent, ParentTable, RunningError
from segdsl.server.service import Kind, Service, layouts_of
from segdsl.server.store.errors import NameTakenError
from segdsl.server.store.store import Store
from segdsl.sql.catalog import CUSTOMERS

NAME = "parent segment"
RANGE = 10**12
"""The ids of things in the n-th parent segment, from 0, begin at n times this."""


class _Opened:
    """The service of a parent segment over the tables that are current, and what it holds."""

    def __init__(self, key: object, service: Service, data: Data) -> None:
        self.key = key
        self.service = service
        self.data = data

    def close(self) -> None:
        self.service.close()
        self.data.close()


class LocalAccount:
    """The parent segments of one server; to be closed.

    `folder` holds the raw tables, and `parent_segment.toml` with what the account has beside them:
    connections, users, and who may see which columns. Raises DataError, StoreError.
    """

    def __init__(
        self,
        folder: Path,
        store: Path | None,
        kinds: Sequence[Kind],
        *,
        now: int | None = None,
        strict: bool = False,
        exports: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.kinds = kinds
        self.strict = strict
        RawFiles(self.folder)
        self.policy = read_description(self.folder / FILE, folder.name).parent
        self._now = now
        self._exports = exports
        self._files = Files(store)
        try:
            self._store = Store(store, [LAYOUT])
        except BaseException:
            self._files.close()
            raise
        self.table = ParentTable(self._store)
        self._files.clean(*self.table.used_files())
        self._runner = BuildRunner(
            self.folder,
            self.table,
            self._files,
            self.clock,
            self._before_switch,
            self._after_switch,
        )
        self._following: dict[int, tuple[QueuedRun, ...]] = {}
        self._lock = threading.RLock()
        self._stores: dict[int, Store] = {}
        self._opened: dict[int, _Opened] = {}
        self._retired: dict[int, _Opened] = {}
        self._blank: _Opened | None = None

    def clock(self) -> int:
        """The current time in Unix seconds."""
        return int(time()) if self._now is None else self._now

    def close(self) -> None:
        """Ends everything that runs, and releases all files."""
        self._runner.close()
        with self._lock:
            opened = [*self._opened.values(), *self._retired.values()]
            opened += [] if self._blank is None else [self._blank]
            for each in opened:
                each.close()
            for store in self._stores.values():
                store.close()
        self._store.close()
        self._files.close()

    # --- parent segments -------------------------------------------------------------------

    def find(self, text: str) -> Parent:
        """The parent segment of an id in a path; raises ApiError (404)."""
        return existing(self.table.find(path_id(text, NAME)), NAME, text)

    def create(self, body: bytes) -> Parent:
        """Raises ApiError (400)."""
        stored, last = bodies.created(body, strict=self.strict)
        try:
            return self.table.create(stored, last, self.clock())
        except NameTakenError:
            raise refuse("has already been taken", "$.name", UNIQUE) from None

    def update(self, text: str, body: bytes) -> Parent:
        """Changes settings, or replaces everything. Raises ApiError (400, 404)."""
        while True:
            before = self.find(text)
            stored, last = bodies.updated(
                body,
                before.configuration,
                before.last_part,
                first_part_id(before),
                strict=self.strict,
            )
            try:
                after = self.table.update(before, stored, last, self.clock())
            except NameTakenError:
                raise refuse("has already been taken", "$.name", UNIQUE) from None
            if after is not None:
                return after

    def delete(self, text: str) -> tuple[Parent, int]:
        """Deletes a parent segment with everything in it (assumed), and ends its run.

        Returns it with the id of its root folder. Raises ApiError (404).
        """
        parent = self.find(text)
        root = self.root(parent)
        self._runner.cancel(parent.id)
        existing(self.table.delete(parent.id), NAME, text)
        with self._lock:
            for opened in (self._opened, self._retired):
                if parent.id in opened:
                    opened.pop(parent.id).close()
            if parent.id in self._stores:
                self._stores.pop(parent.id).close()
        self._files.remove_store(parent.id)
        self._files.clean(*self.table.used_files())
        return parent, root

    def run(self, text: str) -> Execution:
        """Starts to build the tables; raises ApiError (400, 404; 409 while it runs already)."""
        parent = self.find(text)
        configuration = configuration_of(parent.configuration)
        try:
            execution = self.table.start(parent.id, self.clock())
        except RunningError:
            problem = Problem("the parent segment is running already: wait for its end")
            raise ApiError(409, [problem]) from None
        self._runner.start(execution, configuration)
        return execution

    # --- services --------------------------------------------------------------------------

    def root(self, parent: Parent) -> int:
        """The id of the root folder, which is there before the first run (observed)."""
        return self.service(parent)[Folders].root.id

    def service(self, parent: Parent) -> Service:
        """The service over the current tables; the one before ends with the next change."""
        with self._lock:
            stored = parent.configuration
            # Before the first run, the configuration says what rules can use.
            tables = tables_of(parent) if parent.built is None else parent.tables
            key = (tables, parent.name, stored["description"], stored["timezone"])
            opened = self._opened.get(parent.id)
            if opened is None or opened.key != key:
                fresh = self._open(parent, key)
                if opened is not None:
                    before = self._retired.pop(parent.id, None)
                    # Requests that it still answers end before the next change but one.
                    self._retired[parent.id] = opened
                    if before is not None:
                        before.close()
                opened = self._opened[parent.id] = fresh
            return opened.service

    def service_of(self, number: int) -> Service:
        """The service whose range an id is in; raises ApiError (404)."""
        id = number // RANGE + 1
        return self.service(existing(self.table.find(id), NAME, id))

    def any_service(self) -> Service:
        """A service for what all parent segments share, such as the account's connections."""
        parents = self.table.all()
        if parents:
            return self.service(parents[0])
        with self._lock:
            if self._blank is None:
                store = self._stores.setdefault(0, Store(None, layouts_of(self.kinds)))
                data = open_built(None, self.policy, {}, 0)
                self._blank = _Opened(None, self._service(data, store), data)
            return self._blank.service

    def _open(self, parent: Parent, key: object) -> _Opened:
        try:
            data = self._data(parent)
        except DataError:
            # Another process may have run it again, and removed these tables.
            current = self.table.find(parent.id)
            if current is None or current.tables == parent.tables:
                raise
            data = self._data(current)
        try:
            return _Opened(key, self._service(data, self._store_of(parent.id)), data)
        except BaseException:
            data.close()
            raise

    def _service(self, data: Data, store: Store) -> Service:
        return Service(
            data, store, self._now, self.kinds, strict=self.strict, exports=self._exports
        )

    def _store_of(self, id: int) -> Store:
        if id not in self._stores:
            first = max(1, (id - 1) * RANGE)
            path = self._files.store(id)
            self._stores[id] = Store(path, layouts_of(self.kinds), first_id=first)
        return self._stores[id]

    def _data(self, parent: Parent) -> Data:
        built = parent.built
        described = _described(parent, self.policy)
        if built is None or parent.tables is None:
            return open_built(None, described, types_of(tables_of(parent)), 0)
        path = self._files.tables / parent.tables
        return open_built(path, described, built.types, built.population)

    # --- what follows a run ----------------------------------------------------------------

    def _before_switch(self, id: int) -> None:
        with self._lock:
            store = self._store_of(id)
            SegmentTable(store).forget_populations(str(id))
            if any(kind.collection is Journeys for kind in self.kinds):
                self._following[id] = queue_journeys(store, str(id), self.clock())

    def _after_switch(self, id: int) -> None:
        with self._lock:
            queued = self._following.pop(id, ())
            parent = self.table.find(id)
            if not queued or parent is None:
                return
            try:
                self.service(parent)[Journeys].take_over(queued)
            except DataError as error:
                fail_journeys(self._store_of(id), queued, str(error), self.clock())


def _described(parent: Parent, policy: ParentSegment) -> ParentSegment:
    """A parent segment as its service has it: its labels are those of its tables."""
    stored = parent.configuration
    tables = tables_of(parent)
    labels = Labels(
        {table.name: {each.name: each.label for each in table.columns} for table in tables},
        {
            table.name: table.label
            for table in tables
            if table.label is not None and table.name.startswith(PREFIX)
        },
    )
    grouping = {
        column.name: column.heading
        for table in tables
        if table.name == CUSTOMERS
        for column in table.columns
        if column.heading
    }
    return msgspec.structs.replace(
        policy,
        id=str(parent.id),
        name=parent.name,
        description=stored["description"] or "",
        timezone=stored["timezone"],
        grouping=grouping,
        labels=labels,
        funnels=(),
        models=(),
        variants=(),
    )
