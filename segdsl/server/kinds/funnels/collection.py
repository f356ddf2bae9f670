"""The funnels of a running service: lookups, and what clients may change.

Those that `parent_segment.toml` names are read beside those of the store, and lie in the root
folder (assumed). They cannot change: who is in their stages is in the tables of the data.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from segdsl.parent_segment.shape import FILE as DATA_FILE
from segdsl.schema.model import Funnel as NamedFunnel
from segdsl.server.errors import ASSOCIATION, IMMUTABLE, TOO_LONG, TOO_SHORT, existing, refuse
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.funnels import responses
from segdsl.server.kinds.placement import Paths, check_name, deleting, placing, unused_name
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.stages.collection import Stages
from segdsl.server.kinds.stages.table import (
    STAGE_TABLE,
    TABLE,
    Funnel,
    FunnelContent,
    NoSuchStageError,
    StageContent,
)
from segdsl.server.service import Collection, Item, Json

NAME = "funnel"
FEWEST_STAGES, MOST_STAGES = 3, 8


class Funnels(Collection):
    """The funnels of the parent segment."""

    # --- lookups -----------------------------------------------------------------------------

    @property
    def _stages(self) -> Stages:
        return self.service[Stages]

    @property
    def named(self) -> tuple[NamedFunnel, ...]:
        """The funnels that `parent_segment.toml` names."""
        return self._stages.named

    def all(self, folder: int | None = None) -> list[Funnel]:
        """The funnels of the store by id, or those of one folder."""
        return self._stages.table.all(self.service.audience, folder)

    def find(self, id: int) -> Funnel | NamedFunnel:
        """Raises ApiError (404)."""
        named = next((funnel for funnel in self.named if funnel.id == str(id)), None)
        if named is not None:
            return named
        return existing(self._stages.table.find(self.service.audience, id), NAME, id)

    def find_stored(self, id: int) -> Funnel:
        """A funnel that can change. Raises ApiError (400, 404)."""
        funnel = self.find(id)
        if isinstance(funnel, NamedFunnel):
            message = f"{DATA_FILE} names this funnel: change it there"
            raise refuse(message, "$", IMMUTABLE)
        return funnel

    def rules(self) -> responses.StageRules:
        """The segments of all stages, and the numbers of activations of segments."""
        return responses.StageRules(
            self.service[Segments].of_stages(), self.service.activation_counts()
        )

    def items(self, folder: int | None = None) -> Iterator[Item]:
        rules = self.rules()
        for funnel in self.all(folder):
            yield responses.item(funnel, rules)

    def root_resources(self) -> Iterable[Json]:
        root = self.service[Folders].root
        return [responses.named_resource(funnel, root) for funnel in self.named]

    # --- changes -----------------------------------------------------------------------------

    def create(self, wanted: FunnelContent, paths: Paths, stages_path: str) -> Funnel:
        """Raises ApiError (400)."""
        self._check(wanted, paths, stages_path)
        for position, stage in enumerate(wanted.stages):
            if stage.id is not None:
                message = "the stage of a new funnel has no id"
                raise refuse(message, f"{stages_path}[{position}].id", ASSOCIATION)
        with placing(paths):
            return self._stages.table.create(self.service.audience, wanted, self.service.clock())

    def update(self, id: int, wanted: FunnelContent, paths: Paths, stages_path: str) -> Funnel:
        """Stages that are left out are deleted with their rules (assumed).

        Raises ApiError (400, 404; 409 where a rule refers to a stage that would be deleted).
        """
        self.find_stored(id)
        self._check(wanted, paths, stages_path)
        try:
            with placing(paths), deleting("stage", STAGE_TABLE):
                funnel = self._stages.table.update(
                    self.service.audience, id, wanted, self.service.clock(), self._settle
                )
        except NoSuchStageError as error:
            stage = wanted.stages[error.position].id
            message = f"the funnel has no stage with the id `{stage}`"
            path = f"{stages_path}[{error.position}].id"
            raise refuse(message, path, ASSOCIATION) from None
        return existing(funnel, NAME, id)

    def delete(self, id: int) -> tuple[Funnel, responses.StageRules]:
        """Deletes a funnel with its stages and their rules; returns all as they were.

        Raises ApiError (400, 404; 409 where rules of others refer to a stage).
        """
        self.find_stored(id)
        rules = self.rules()
        with deleting(NAME, TABLE):
            funnel = self._stages.table.delete(self.service.audience, id, self._settle)
        return existing(funnel, NAME, id), rules

    def clone(self, id: int, name: str, folder: int, description: str | None) -> Funnel:
        """Copies a funnel with its stages and their rules, but not their activations (assumed).

        Rules stay as they are, where they refer to stages of the funnel too (assumed). Raises
        ApiError (400, 404).
        """
        paths = Paths("$.name", "$.rule", "$.segmentFolderId")
        original = self.find_stored(id)
        stages = tuple(StageContent(stage.name) for stage in original.stages)
        wanted = FunnelContent(name, folder, description, stages)
        self._check(wanted, paths, "$.stages")
        segments = self.service[Segments]
        rules = segments.of_stages()
        contents = [
            None if rule is None else segments.content_of(rule)
            for rule in (rules.get(stage.id) for stage in original.stages)
        ]

        def copy_rules(db: sqlite3.Connection, clone: Funnel, removed: Sequence[int]) -> None:
            for stage, content in zip(clone.stages, contents, strict=True):
                if content is not None:
                    copied = msgspec.structs.replace(content, stage=stage.id, folder=folder)
                    segments.table.create_in(
                        db, self.service.audience, copied, self.service.clock()
                    )

        with placing(paths):
            clone = self._stages.table.create(
                self.service.audience, wanted, self.service.clock(), copy_rules
            )
        segments.count_stages(stage.id for stage in clone.stages)
        return clone

    def _settle(self, db: sqlite3.Connection, funnel: Funnel, removed: Sequence[int]) -> None:
        """Deletes the rules of stages that are deleted, and moves those of the others."""
        segments = self.service[Segments].table
        segments.delete_of_stages(db, self.service.audience, removed)
        segments.move_of_stages(db, [stage.id for stage in funnel.stages], funnel.folder)

    def _check(self, wanted: FunnelContent, paths: Paths, stages_path: str) -> None:
        check_name(wanted.name, paths.name)
        names = [funnel.name for funnel in self.named]
        if wanted.folder == self.service[Folders].root.id:
            unused_name(wanted.name, names, paths.name)
        number = len(wanted.stages)
        if not FEWEST_STAGES <= number <= MOST_STAGES:
            code = TOO_SHORT if number < FEWEST_STAGES else TOO_LONG
            message = f"a funnel has {FEWEST_STAGES} to {MOST_STAGES} stages, and not {number}"
            raise refuse(message, stages_path, code)
        ids: set[int] = set()
        for position, stage in enumerate(wanted.stages):
            path = f"{stages_path}[{position}]"
            if not stage.name.strip():
                raise refuse("a stage needs a name that is not blank", f"{path}.name", ASSOCIATION)
            if stage.id is not None and stage.id in ids:
                raise refuse(f"the stage `{stage.id}` is listed twice", f"{path}.id", ASSOCIATION)
            ids |= set() if stage.id is None else {stage.id}
