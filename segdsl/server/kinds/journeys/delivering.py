"""What a run of a journey sends to activations: files of the exports folder, as all others.

Only profiles that came to the activation in this run are in its file (documented: activations of
journeys are incremental). When an activation is scheduled does not matter here: it sends right
behind the run that brings somebody to it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from segdsl.engine import EngineError, Export, QueryKilled
from segdsl.errors import SegdslError
from segdsl.server.errors import ApiError
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations import exporting
from segdsl.server.kinds.activations.request_models import delivery
from segdsl.server.kinds.activations.table import Activation
from segdsl.server.kinds.journeys.activation_table import (
    ActivationStep,
    ActivationStepTable,
    Delivered,
)
from segdsl.server.kinds.journeys.model import Journey
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Service
from segdsl.simulation.bits import Bits
from segdsl.simulation.over_data import ids_in


class Deliverer:
    """Writes the files of activations; any thread may close it."""

    def __init__(self, service: Service, table: ActivationStepTable) -> None:
        self._service = service
        self._table = table
        self._lock = threading.Lock()
        self._running: Export | None = None
        self._closed = False

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()

    def deliver(
        self, journey: Journey, sent: Mapping[str, Bits], size: int, now: int
    ) -> tuple[Delivered, ...]:
        """Sends to each activation that somebody came to, of a population of `size` profiles.

        Raises QueryKilled where the server is stopped; any other failure is in what is returned.
        """
        steps = {str(step.id): step for step in self._table.of_journeys([journey.id])}
        return tuple(
            self._delivered(journey, steps[id], bits, size, now)
            for id, bits in sent.items()
            if bits and id in steps and steps[id].syndication is not None
        )

    def _delivered(
        self, journey: Journey, step: ActivationStep, bits: Bits, size: int, now: int
    ) -> Delivered:
        assert step.syndication is not None, "the caller has asked"
        try:
            records, message = self._export(journey, step, bits, size, now)
        except QueryKilled:
            raise
        except (ApiError, EngineError, SegdslError) as error:
            message = error.message if isinstance(error, ApiError) else str(error)
            return Delivered(step.syndication, "error", None, message)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            message = f"the file cannot be written to the exports folder: {why}"
            return Delivered(step.syndication, "error", None, message)
        return Delivered(step.syndication, "success", records, message)

    def _export(
        self, journey: Journey, step: ActivationStep, bits: Bits, size: int, now: int
    ) -> tuple[int, str]:
        service = self._service
        if service.exports is None:
            raise SegdslError("this local API has no folder for exports")
        connection = delivery(step.content).connection_id
        if connection is None:
            raise SegdslError("the activation has no connection")
        if service[Account].connection(connection) is None:
            raise SegdslError(f"there is no connection with the id `{connection}`")
        everyone = service[Segments].rules.read(None, "$", realtime=False, now=now)
        prepared = exporting.prepare_of(
            service,
            listed(journey, step),
            everyone,
            {"parent segment id": journey.audience},
            now,
            ids_in(bits, size),
        )
        with self._lock:
            if self._closed:
                raise QueryKilled
            export = self._running = service.data.export(prepared.query, prepared.format)
        try:
            records = export.wait()
            exporting.place(export.path, service.exports, prepared.file)
        finally:
            with self._lock:
                self._running = None
            export.discard()
        return records, "; ".join((f"written to `{prepared.file}`", *prepared.notes))


def listed(journey: Journey, step: ActivationStep) -> Activation:
    """An activation of a launched journey as one among all; it has no segment."""
    assert step.syndication is not None, "its journey is launched"
    return Activation(
        step.syndication,
        journey.audience,
        0,
        step.name,
        None,
        None,
        step.content,
        step.created,
        step.updated,
    )
