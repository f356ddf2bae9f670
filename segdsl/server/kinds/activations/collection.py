"""The activations of a running service: lookups, and what clients may change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from segdsl.server.errors import ASSOCIATION, ApiError, Problem, existing, refuse
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations import checks
from segdsl.server.kinds.activations.request_models import Delivery, delivery
from segdsl.server.kinds.activations.responses import Details
from segdsl.server.kinds.activations.runner import ActivationRunner
from segdsl.server.kinds.activations.table import (
    Activation,
    ActivationContent,
    ActivationTable,
    Execution,
)
from segdsl.server.kinds.activations.templates import Templates
from segdsl.server.kinds.placement import Paths, check_name, placing
from segdsl.server.kinds.segments.collection import NAME as SEGMENT_NAME
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.service import Collection, Service

NAME = "activation"


class Activations(Collection):
    """The activations of the parent segment."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.table = ActivationTable(service.store)
        self._runner = ActivationRunner(service, self.table)

    def close(self) -> None:
        self._runner.close()

    def activation_counts(self) -> Mapping[int, int]:
        return self.table.counts(self.service.audience)

    # --- lookups -----------------------------------------------------------------------------

    def all(self) -> list[Activation]:
        """All activations of the parent segment, those of stages too, by id."""
        return self.table.all(self.service.audience)

    def of_segment(self, segment: int) -> list[Activation]:
        """The activations of a segment. Raises ApiError (404)."""
        self.segment(segment)
        return self.table.all(self.service.audience, segment)

    def segment(self, id: int) -> Segment:
        """The segment, or that of a stage, of an activation. Raises ApiError (404)."""
        return self.service[Segments].find(id)

    def find(self, segment: int, id: int) -> Activation:
        """Raises ApiError (404)."""
        self.segment(segment)
        return existing(self.table.find(self.service.audience, segment, id), NAME, id)

    def details(self, activations: Iterable[Activation]) -> list[tuple[Activation, Details]]:
        """Activations with what an answer says beside their content."""
        listed = list(activations)
        executions = self.table.executions(each.id for each in listed)
        zone, now = self.service.data.parent.timezone, self.service.clock()
        return [
            (each, Details(self.is_valid(each), executions[each.id], zone, now)) for each in listed
        ]

    def is_valid(self, activation: Activation) -> bool:
        """Whether all that the activation names is still there (assumed)."""
        template = activation.template
        if template is not None and self.service[Templates].find_or_none(template) is None:
            return False
        return not self._problems(delivery(activation.content), None, "$")

    # --- changes -----------------------------------------------------------------------------

    def create(
        self, segment: int, wanted: ActivationContent, paths: Paths, place: str
    ) -> Activation:
        """Raises ApiError (400, 404)."""
        self._check(self.segment(segment), wanted, paths, place)
        if wanted.template is not None:
            self._check_template(wanted.template, place)
        try:
            with placing(paths):
                return self.table.create(
                    self.service.audience, segment, wanted, self.service.clock()
                )
        except sqlite3.IntegrityError:
            # The segment was deleted in the meantime.
            return existing(None, SEGMENT_NAME, segment)

    def update(
        self, segment: int, id: int, wanted: ActivationContent, paths: Paths, place: str
    ) -> Activation:
        """Raises ApiError (400, 404)."""
        before = self.find(segment, id)
        self._check(self.segment(segment), wanted, paths, place)
        if wanted.template not in (None, before.template):
            self._check_template(wanted.template, place)
        with placing(paths):
            updated = self.table.update(
                self.service.audience, segment, id, wanted, self.service.clock()
            )
        return existing(updated, NAME, id)

    def delete(self, segment: int, id: int) -> Activation:
        """Raises ApiError (404)."""
        self.segment(segment)
        return existing(self.table.delete(self.service.audience, segment, id), NAME, id)

    def run(self, segment: int, id: int) -> Execution:
        """Queues a run, which goes on in the background. Raises ApiError (404)."""
        activation = self.find(segment, id)
        execution = existing(self.table.start(id, self.service.clock()), NAME, id)
        self._runner.run(activation, execution)
        return execution

    def _check_template(self, id: int, place: str) -> None:
        if self.service[Templates].find_or_none(id) is None:
            message = f"there is no activation template with the id `{id}`"
            raise refuse(message, f"{place}.activationTemplateId", ASSOCIATION)

    def _check(self, segment: Segment, wanted: ActivationContent, paths: Paths, place: str) -> None:
        check_name(wanted.name, paths.name)
        problems = self._problems(delivery(wanted.content, place), segment, place)
        if problems:
            raise ApiError(400, problems)

    def _problems(self, sent: Delivery, segment: Segment | None, place: str) -> list[Problem]:
        service = self.service
        has_behaviors = sent.syndication_behavior or sent.syndication_behaviors
        rule = None
        if segment is not None and has_behaviors:
            rule = service[Segments].rules.of_stored(segment).segment
        return list(
            checks.problems(
                sent, service[Account], service.data.catalog, service.data.parent, rule, place
            )
        )
