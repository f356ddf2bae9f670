"""Runs activations in the background, one after the other, and stores how each run ended."""

from __future__ import annotations

import contextlib
import queue
import threading

import msgspec

from segdsl.engine import EngineError, Export, QueryKilled
from segdsl.errors import SegdslError
from segdsl.server.errors import ApiError
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations import exporting
from segdsl.server.kinds.activations.request_models import delivery
from segdsl.server.kinds.activations.table import Activation, ActivationTable, Execution
from segdsl.server.kinds.activations.template_table import TemplateTable
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Service
from segdsl.server.store.errors import StoreError

STOPPED = "the server was stopped while the activation ran: run it again"


class _Run(msgspec.Struct, frozen=True):
    """A queued run: the activation as it was, and its execution."""

    activation: Activation
    execution: Execution


class RunError(SegdslError):
    """A run that cannot succeed; the text says why and what to do."""


class ActivationRunner:
    """The runs of one server."""

    def __init__(self, service: Service, table: ActivationTable) -> None:
        self._service = service
        self._table = table
        self._templates = TemplateTable(service.store)
        self._queue: queue.SimpleQueue[_Run | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: Export | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def run(self, activation: Activation, execution: Execution) -> None:
        """Queues an execution that is in the store."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="segdsl activations", daemon=True
                )
                self._thread.start()
        self._queue.put(_Run(activation, execution))

    def close(self) -> None:
        """Stops what runs, and ends all queued executions as errors."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()
            thread = self._thread
        self._queue.put(None)
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while (run := self._queue.get()) is not None:
            # Requests report a store that has become unusable.
            with contextlib.suppress(StoreError):
                self._end(run)

    def _end(self, run: _Run) -> None:
        execution = run.execution
        if self._closed:
            self._fail(execution, STOPPED)
            return
        if not self._table.begin(execution.id):
            return
        try:
            records, message = self._export(run.activation)
        except QueryKilled:
            self._fail(execution, STOPPED)
        except (ApiError, EngineError, RunError) as error:
            self._fail(execution, error.message if isinstance(error, ApiError) else str(error))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            self._fail(execution, f"the file cannot be written to the exports folder: {why}")
        except StoreError:
            raise
        except Exception as error:
            name = type(error).__name__
            self._fail(execution, f"internal error of the local API ({name}): please report it")
        else:
            now = self._service.clock()
            self._table.end(execution.id, "success", now, records=records, message=message)

    def _fail(self, execution: Execution, message: str) -> None:
        self._table.end(execution.id, "error", self._service.clock(), message=message)

    def _export(self, activation: Activation) -> tuple[int, str]:
        """Writes the file of an activation; returns the number of its rows, and where they are."""
        service = self._service
        folder = service.exports
        if folder is None:
            raise RunError("this local API has no folder for exports")
        self._check(activation)
        segment = service[Segments].find(activation.segment)
        prepared = exporting.prepare(service, activation, segment, service.clock())
        with self._lock:
            if self._closed:
                raise QueryKilled
            export = self._running = service.data.export(prepared.query, prepared.format)
        try:
            records = export.wait()
            exporting.place(export.path, folder, prepared.file)
        finally:
            with self._lock:
                self._running = None
            export.discard()
        return records, "; ".join((f"written to `{prepared.file}`", *prepared.notes))

    def _check(self, activation: Activation) -> None:
        """Refuses a run without its template, which fails (documented), or its connection."""
        template = activation.template
        if template is not None:
            found = self._templates.find(self._service.audience, template)
            if found is None:
                raise RunError(f"the activation template `{template}` was deleted")
        id = delivery(activation.content).connection_id
        if id is None:
            raise RunError("the activation has no connection")
        if self._service[Account].connection(id) is None:
            raise RunError(f"there is no connection with the id `{id}`")
