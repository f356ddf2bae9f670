"""Runs journeys in the background, one after the other: one evaluation for each run.

What a run leaves is stored together at its end. Files of activations are written before: a run
that is interrupted is repeated as a whole, and its files are written again.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

import msgspec

from segdsl.engine import EngineError, QueryKilled
from segdsl.errors import SegdslError
from segdsl.server.errors import ApiError
from segdsl.server.kinds.journeys.counting import record_of, sent
from segdsl.server.kinds.journeys.delivering import Deliverer
from segdsl.server.kinds.journeys.model import Journey
from segdsl.server.kinds.journeys.programs import program_of
from segdsl.server.kinds.journeys.run_table import Arrival, JourneyExecution, Run, RunTable
from segdsl.server.kinds.journeys.states import (
    Change,
    between,
    digest,
    pack_bits,
    pack_ids,
    pack_state,
    unpack_bits,
    unpack_ids,
    unpack_state,
)
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Service
from segdsl.server.store.errors import StoreError
from segdsl.simulation.bits import Bits, minus
from segdsl.simulation.clock import Evaluation
from segdsl.simulation.evaluation import evaluate
from segdsl.simulation.over_data import RulesOverData
from segdsl.simulation.program import Target
from segdsl.simulation.state import JourneyState, Jumping

STOPPED = "the server was stopped while the journey ran: run it again"


class QueuedRun(msgspec.Struct, frozen=True):
    """A queued run: the journey as it was, the name of its bundle, and the execution."""

    journey: Journey
    name: str
    execution: JourneyExecution


class JourneyRunner:
    """The runs of one server."""

    def __init__(self, service: Service, table: RunTable, deliverer: Deliverer) -> None:
        self._service = service
        self._table = table
        self._deliverer = deliverer
        self._queue: queue.SimpleQueue[QueuedRun | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def run(self, run: QueuedRun) -> None:
        """Queues an execution that is in the store."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="segdsl journeys", daemon=True
                )
                self._thread.start()
        self._queue.put(run)

    def close(self) -> None:
        """Stops what runs after its current query, and ends all queued executions as errors."""
        self._closed.set()
        self._deliverer.close()
        with self._lock:
            thread = self._thread
        self._queue.put(None)
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while (run := self._queue.get()) is not None:
            # Requests report a store that has become unusable.
            with contextlib.suppress(StoreError):
                self._end(run)

    def _end(self, run: QueuedRun) -> None:
        execution = run.execution
        if self._closed.is_set():
            self._fail(execution, STOPPED)
            return
        if not self._table.begin(execution.id):
            return
        try:
            now = self._service.clock()
            left = _Evaluated(self._service, self._table, run, self._check_open).run(
                self._deliverer, now
            )
        except QueryKilled:
            self._fail(execution, STOPPED)
        except ApiError as error:
            self._fail(execution, error.message)
        except StoreError:
            raise
        except (EngineError, SegdslError) as error:
            self._fail(execution, str(error))
        except Exception as error:
            name = type(error).__name__
            self._fail(execution, f"internal error of the local API ({name}): please report it")
        else:
            self._table.end(execution, left, self._service.clock())

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise QueryKilled

    def _fail(self, execution: JourneyExecution, message: str) -> None:
        self._table.fail(execution.id, message, self._service.clock())


class _Evaluated:
    """One evaluation of a journey over the data."""

    def __init__(
        self, service: Service, table: RunTable, run: QueuedRun, check_open: Callable[[], None]
    ) -> None:
        self._service = service
        self._table = table
        self._journey = run.journey
        self._program = program_of(run.journey, run.name)
        self._check_open = check_open
        self._members: dict[int, Bits] = {}
        self._changes: dict[str, Change | None] = {}
        self._ways_back: dict[str, Change] = {}

    def run(self, deliverer: Deliverer, now: int) -> Run:
        """Raises ApiError, EngineError and SimulationError where a rule cannot be answered."""
        self._check_open()
        self._now = now
        self._data = RulesOverData(self._service.data, {})
        profiles = self._data.profiles
        self._ids = profiles.ids
        self._population = digest(profiles.ids)
        program = self._program
        before, gone = self._before()
        arrivals = self._table.arrivals(self._journey.id)
        zone = self._service.data.parent.timezone
        outcome = evaluate(
            program.program,
            before,
            [self._jumping(arrival) for arrival in arrivals],
            self._meets,
            Evaluation(1, now, zone),
            profiles,
        )
        self._check_open()
        deliveries = deliverer.deliver(self._journey, sent(program, outcome), len(profiles), now)
        return Run(
            population=self._population,
            ids=pack_ids(profiles.ids),
            state=pack_state(outcome.state, program),
            consumed=tuple(arrival.id for arrival in arrivals),
            arrivals=tuple(map(self._arrival, outcome.jumps)),
            record=record_of(program, outcome, gone),
            deliveries=deliveries,
        )

    # --- what was before -------------------------------------------------------------------

    def _before(self) -> tuple[JourneyState, JourneyState]:
        """The state after the last run, and the part of it whose profiles are gone."""
        stored = self._table.state(self._journey.id)
        if stored is None:
            return JourneyState(), JourneyState()
        population, content = stored
        change = self._change(population)
        state = unpack_state(content, self._program, change)
        if change is None:
            return state, JourneyState()
        whole = unpack_state(content, self._program, None)
        gone = {place: self._gone(bits, population) for place, bits in whole.places.items()}
        left = JourneyState(
            places={place: bits for place, bits in gone.items() if bits},
            underway=self._gone(whole.underway, population),
        )
        return state, left

    def _gone(self, bits: Bits, population: str) -> Bits:
        """Those of a set of an older population who are no profiles any more."""
        change = self._change(population)
        if change is None:
            return 0
        if population not in self._ways_back:
            self._ways_back[population] = between(self._ids, self._older(population))
        return minus(bits, self._ways_back[population](change(bits)))

    def _change(self, population: str) -> Change | None:
        """How sets of a population become sets of today's; None where they are the same."""
        if population not in self._changes:
            is_same = population == self._population
            change = None if is_same else between(self._older(population), self._ids)
            self._changes[population] = change
        return self._changes[population]

    def _older(self, population: str) -> list[str]:
        content = self._table.population(population)
        return [] if content is None else unpack_ids(content)

    # --- jumps -----------------------------------------------------------------------------

    def _jumping(self, arrival: Arrival) -> Jumping:
        bits = unpack_bits(arrival.profiles)
        change = self._change(arrival.population)
        stages = [stage.id for stage in self._program.stages]
        # A stage of a launched journey stays; one of a draft may have been deleted.
        stage = stages.index(str(arrival.stage)) if str(arrival.stage) in stages else 0
        return Jumping(
            0 if arrival.within else arrival.source,
            Target(0, stage),
            bits if change is None else change(bits),
            arrival.within,
        )

    def _arrival(self, jump: Jumping) -> Arrival:
        target = jump.target
        if target.journey == 0:
            journey, stage = self._journey.id, int(self._program.stages[target.stage].id)
        else:
            journey, stage = self._program.targets[target.journey - 1]
        return Arrival(
            0,
            self._journey.id,
            journey,
            stage,
            jump.within,
            self._population,
            pack_bits(jump.profiles),
        )

    # --- rules -----------------------------------------------------------------------------

    def _meets(self, segment: int) -> Bits:
        """Who meets the rule of a segment; events after the run are not seen."""
        if segment not in self._members:
            self._check_open()
            segments = self._service[Segments]
            found = segments.table.find(self._service.audience, segment)
            if found is None:
                raise SegdslError(f"the segment `{segment}` of the journey does not exist")
            rules = segments.rules
            chosen = rules.selection(rules.of_stored(found), "$.rule", self._now)
            self._members[segment] = self._data.selected(chosen, self._now)
        return self._members[segment]


def state_after(table: RunTable, journey: Journey, name: str) -> tuple[str, JourneyState] | None:
    """The population and the state after the last run; None where there was none."""
    stored = table.state(journey.id)
    if stored is None:
        return None
    population, content = stored
    return population, unpack_state(content, program_of(journey, name), None)


def ids_in(table: RunTable, population: str, bits: Bits, most: int) -> list[str]:
    """The first ids of a set of a population."""
    content = table.population(population)
    ids = [] if content is None else unpack_ids(content)
    found: list[str] = []
    while bits and len(found) < most:
        lowest = bits & -bits
        found.append(ids[lowest.bit_length() - 1])
        bits ^= lowest
    return found
