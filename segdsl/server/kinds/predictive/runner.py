"""Trains predictive segments in the background, one after the other, and stores the results."""

from __future__ import annotations

import contextlib
import queue
import threading

import msgspec
from sqlglot import exp

from segdsl.engine import EngineError, Export, Frame, QueryKilled
from segdsl.server.errors import ApiError
from segdsl.server.kinds.predictive.features import checked_features
from segdsl.server.kinds.predictive.request_models import thresholds_of
from segdsl.server.kinds.scores.table import (
    Execution,
    PredictiveSegment,
    PredictiveTable,
    Result,
)
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Service
from segdsl.server.store.errors import StoreError
from segdsl.training import DEFAULT_THRESHOLDS, Task, Trained, TrainingError, train

STOPPED = "the server was stopped while the model was trained: run it again"


class _Run(msgspec.Struct, frozen=True):
    """A queued training: the predictive segment as it was, and the execution."""

    segment: PredictiveSegment
    execution: Execution


class TrainingRunner:
    """The trainings of one server."""

    def __init__(self, service: Service, table: PredictiveTable) -> None:
        self._service = service
        self._table = table
        self._queue: queue.SimpleQueue[_Run | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: Frame | Export | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def run(self, segment: PredictiveSegment, execution: Execution) -> None:
        """Queues an execution that is in the store."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="segdsl trainings", daemon=True
                )
                self._thread.start()
        self._queue.put(_Run(segment, execution))

    def close(self) -> None:
        """Stops what runs, and ends all queued executions as errors.

        A model that learns is waited for: it cannot be interrupted.
        """
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
            self._train(run)
        except QueryKilled:
            self._fail(execution, STOPPED)
        except (ApiError, EngineError, TrainingError) as error:
            self._fail(execution, error.message)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            self._fail(execution, f"the scores cannot be written: {why}")
        except StoreError:
            raise
        except MemoryError:
            self._fail(execution, "the features do not fit into memory: use fewer of them")
        except Exception as error:
            name = type(error).__name__
            self._fail(execution, f"internal error of the local API ({name}): please report it")

    def _fail(self, execution: Execution, message: str) -> None:
        self._table.fail(execution.id, self._service.clock(), message)

    def _train(self, run: _Run) -> None:
        """Trains, and stores the model and its scores."""
        service, segment = self._service, run.segment
        features = checked_features(service, segment.content, "$")
        who = f"the segment “{service[Segments].find(segment.segment).name}”"
        converts = self._selection(segment.segment)
        assert converts is not None
        task = Task(
            str(segment.id),
            features,
            converts,
            self._selection(segment.base),
            self._selection(segment.scored),
            thresholds_of(segment.content) or DEFAULT_THRESHOLDS,
            service.data.parent.training,
        )
        trained = train(task, service.data, who, self._watch)
        try:
            scores = trained.scores.path.read_bytes()
        finally:
            trained.scores.discard()
        self._table.succeed(run.execution, service.clock(), _result(trained), scores)

    def _selection(self, id: int | None) -> exp.Select | None:
        """The query of the profiles of a segment; None of everyone."""
        if id is None:
            return None
        segments = self._service[Segments]
        reading = segments.rules.of_stored(segments.find(id))
        return segments.rules.selection(reading, "$.rule", self._service.clock())

    def _watch(self, running: Frame | Export) -> None:
        with self._lock:
            if self._closed:
                running.kill()
            self._running = running


def _result(trained: Trained) -> Result:
    return Result(
        trained.accuracy,
        trained.area,
        tuple((each.feature, each.weight) for each in trained.weights),
        trained.columns,
        trained.positives,
        trained.unseen_positives,
        trained.negatives,
    )
