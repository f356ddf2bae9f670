"""The runs of launched journeys, which follow each run of their parent segment (documented).

They are queued in the store before the run of the parent segment ends, so that nobody sees it end
without them, and begin when the new tables are there.
"""

from __future__ import annotations

from segdsl.server.kinds.journeys.run_table import RunTable
from segdsl.server.kinds.journeys.runner import QueuedRun
from segdsl.server.kinds.journeys.table import JourneyTable
from segdsl.server.store.store import Store


def queue_journeys(store: Store, audience: str, now: int) -> tuple[QueuedRun, ...]:
    """Queues a run of each version that is launched, is not paused, and is not running."""
    table, runs = JourneyTable(store), RunTable(store)
    names = {id: bundle.name for id, bundle in table.bundles(audience).items()}
    queued = []
    for journey in table.all(audience):
        if journey.is_launched and journey.paused is None:
            execution = runs.start(journey.id, now)
            if execution is not None:
                queued.append(QueuedRun(journey, names[journey.bundle], execution))
    return tuple(queued)


def fail_journeys(store: Store, queued: tuple[QueuedRun, ...], message: str, now: int) -> None:
    """Ends queued runs that cannot begin."""
    runs = RunTable(store)
    for each in queued:
        runs.fail(each.execution.id, message, now)
