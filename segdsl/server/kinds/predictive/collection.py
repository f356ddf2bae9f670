"""The predictive segments of a running service: lookups, and what clients may change.

Those that `parent_segment.toml` names are read beside those of the store, and lie in the root
folder (assumed). They cannot change, and are not trained: their scores are in the data.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from segdsl.parent_segment.shape import FILE as DATA_FILE
from segdsl.schema.model import Model
from segdsl.server.errors import ASSOCIATION, IMMUTABLE, ApiError, Problem, existing, refuse
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.placement import Paths, check_name, deleting, placing, unused_name
from segdsl.server.kinds.predictive import responses
from segdsl.server.kinds.predictive.features import checked_features
from segdsl.server.kinds.predictive.guesses import Guesses
from segdsl.server.kinds.predictive.request_models import problems_of
from segdsl.server.kinds.predictive.runner import TrainingRunner
from segdsl.server.kinds.scores.collection import NAME, Scores
from segdsl.server.kinds.scores.table import (
    TABLE,
    Execution,
    PredictiveContent,
    PredictiveSegment,
    PredictiveTable,
    Result,
    Trained,
)
from segdsl.server.kinds.segments.collection import NAME as SEGMENT_NAME
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Collection, Item, Json, Service

NOT_YET_TRAINED = "PREDICTIVE_SEGMENT_NOT_YET_TRAINED"
"""The code of answers about a model that there is not yet (described)."""


class PredictiveSegments(Collection):
    """The predictive segments of the parent segment."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._runner = TrainingRunner(service, self.table)
        self.guesses = Guesses(service)

    def close(self) -> None:
        self._runner.close()
        self.guesses.close()

    # --- lookups -----------------------------------------------------------------------------

    @property
    def table(self) -> PredictiveTable:
        return self.service[Scores].table

    @property
    def named(self) -> tuple[Model, ...]:
        return self.service[Scores].named

    def all(self, folder: int | None = None) -> list[tuple[PredictiveSegment, Trained | None]]:
        """Those of the store by id, or those of one folder, with their trained models."""
        trained = self.table.all_trained(self.service.audience)
        listed = self.table.all(self.service.audience, folder)
        return [(each, trained.get(each.id)) for each in listed]

    def find(self, id: int) -> PredictiveSegment | Model:
        """Raises ApiError (404)."""
        named = next((model for model in self.named if model.id == str(id)), None)
        if named is not None:
            return named
        return existing(self.table.find(self.service.audience, id), NAME, id)

    def find_stored(self, id: int) -> PredictiveSegment:
        """One that can change. Raises ApiError (400, 404)."""
        found = self.find(id)
        if isinstance(found, Model):
            message = f"{DATA_FILE} names this predictive segment: its scores are in the data"
            raise refuse(message, "$", IMMUTABLE)
        return found

    def executions(self, id: int) -> list[Execution]:
        """The trainings of a predictive segment, the newest first. Raises ApiError (404)."""
        found = self.find(id)
        return [] if isinstance(found, Model) else self.table.executions(found.id)

    def result(self, id: int) -> Result:
        """What is known of a model. Raises ApiError (404; 400 before it is trained)."""
        found = self.find(id)
        trained = None if isinstance(found, Model) else self.table.trained(found.id)
        if trained is None:
            message = "the predictive segment has not been trained yet: run it first"
            raise ApiError(400, [Problem(message, "$", NOT_YET_TRAINED)])
        return trained.result

    def items(self, folder: int | None = None) -> Iterator[Item]:
        for segment, trained in self.all(folder):
            yield responses.item(segment, trained)

    def root_resources(self) -> Iterable[Json]:
        root = self.service[Folders].root
        audience = self.service.audience
        return [responses.named_resource(model, audience, root) for model in self.named]

    # --- changes -----------------------------------------------------------------------------

    def create(self, wanted: PredictiveContent, paths: Paths, place: str) -> PredictiveSegment:
        """Raises ApiError (400)."""
        self._check(wanted, None, paths, place)
        service = self.service
        try:
            with placing(paths):
                return self.table.create(
                    service.audience, wanted, service.clock(), service[Scores].taken
                )
        except sqlite3.IntegrityError:
            # A segment was deleted in the meantime.
            raise refuse("there is no such segment", f"{place}.segmentId", ASSOCIATION) from None

    def update(
        self, id: int, wanted: PredictiveContent, paths: Paths, place: str
    ) -> PredictiveSegment:
        """Raises ApiError (400, 404)."""
        before = self.find_stored(id)
        self._check(wanted, before, paths, place)
        try:
            with placing(paths):
                updated = self.table.update(self.service.audience, id, wanted, self.service.clock())
        except sqlite3.IntegrityError:
            raise refuse("there is no such segment", f"{place}.segmentId", ASSOCIATION) from None
        return existing(updated, NAME, id)

    def delete(self, id: int) -> tuple[PredictiveSegment, Trained | None]:
        """Deletes one with its scores, and returns it as it was.

        Raises ApiError (400, 404; 409 where rules refer to its scores).
        """
        self.find_stored(id)
        trained = self.table.trained(id)
        with deleting(NAME, TABLE):
            deleted = existing(self.table.delete(self.service.audience, id), NAME, id)
        self.service[Scores].forget(id)
        return deleted, trained

    def run(self, id: int) -> Execution:
        """Queues a training, which goes on in the background. Raises ApiError (400, 404)."""
        segment = self.find_stored(id)
        execution = existing(self.table.start(id, self.service.clock()), NAME, id)
        self._runner.run(segment, execution)
        return execution

    # --- checks ------------------------------------------------------------------------------

    def _check(
        self,
        wanted: PredictiveContent,
        before: PredictiveSegment | None,
        paths: Paths,
        place: str,
    ) -> None:
        check_name(wanted.name, paths.name)
        if wanted.folder == self.service[Folders].root.id:
            unused_name(wanted.name, [model.name for model in self.named], paths.name)
        ids = (
            ("segmentId", wanted.segment),
            ("baseSegmentId", wanted.base),
            ("scoredSegmentId", wanted.scored),
        )
        segments = self.service[Segments]
        problems = [
            Problem(f"there is no {SEGMENT_NAME} with the id `{id}`", f"{place}.{key}", ASSOCIATION)
            for key, id in ids
            if id is not None and segments.table.find(self.service.audience, id) is None
        ]
        problems += problems_of(wanted.content, place)
        if problems:
            raise ApiError(400, problems)
        if before is None or before.content != wanted.content:
            checked_features(self.service, wanted.content, place)
