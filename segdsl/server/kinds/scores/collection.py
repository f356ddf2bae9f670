"""The predictive segments of a running service, as rules need them.

Those that `parent_segment.toml` names have their scores in the table `predictive_scores` of the
data. The others are in the store with the scores that they were trained to; these get to the
engine when a rule first needs them, and again after each training, whichever server it ran on.
"""

from __future__ import annotations

from collections.abc import Iterable

from segdsl.engine import TrainedScores
from segdsl.schema.model import Model
from segdsl.server.kinds.scores.table import PredictiveTable
from segdsl.server.service import Collection, Service

NAME = "predictive segment"


class Scores(Collection):
    """Which predictive segments there are, and the scores of those in the store."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.table = PredictiveTable(service.store)
        # From here on the catalog has the table of scores, which rules look up.
        self._taken = frozenset(int(id) for id in self._trained.own_models() if id.isdigit())

    @property
    def _trained(self) -> TrainedScores:
        return self.service.data.trained_scores()

    @property
    def named(self) -> tuple[Model, ...]:
        """The predictive segments that `parent_segment.toml` names."""
        models = self.service.data.parent.models
        return tuple(model for model in models if model.solution == "predictive")

    @property
    def taken(self) -> frozenset[int]:
        """The ids whose scores the data contains: no other predictive segment can have them."""
        return self._taken

    def has(self, id: int) -> bool:
        """Whether a predictive segment of that id is in the store."""
        return self.table.find(self.service.audience, id) is not None

    @property
    def are_in_data(self) -> bool:
        """Whether the data contains scores, of whatever predictive segments."""
        return self._trained.has_own

    def prepare(self, ids: Iterable[int]) -> None:
        """Makes the engine see the newest scores of predictive segments of the store.

        Raises EngineError.
        """
        for id in set(ids):
            version = self.table.version(id)
            if version == self._trained.version(id):
                continue
            scores = self.table.scores(id)
            if scores is None:
                self._trained.drop(id)
            else:
                self._trained.load(id, *scores)

    def forget(self, id: int) -> None:
        """Makes the engine see no scores of a predictive segment that is gone."""
        self._trained.drop(id)
