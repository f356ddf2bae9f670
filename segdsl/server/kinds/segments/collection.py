"""The segments of a running service: lookups, and what clients may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import UnsetType

from segdsl.parent_segment.shape import FILE as DATA_FILE
from segdsl.server.errors import ASSOCIATION, IMMUTABLE, existing, refuse
from segdsl.server.http.request_models import whole
from segdsl.server.kinds.placement import Paths, check_name, deleting, placing
from segdsl.server.kinds.scores.collection import Scores
from segdsl.server.kinds.segments import responses
from segdsl.server.kinds.segments.counter import PopulationCounter
from segdsl.server.kinds.segments.request_models import StageOf
from segdsl.server.kinds.segments.table import (
    BATCH,
    JOURNEY,
    REALTIME,
    STAGE,
    TABLE,
    NoSuchModelError,
    NoSuchSegmentError,
    NoSuchStageError,
    Segment,
    SegmentContent,
    SegmentTable,
    StageTakenError,
)
from segdsl.server.kinds.stages.collection import Stages
from segdsl.server.queries.rules import Rules
from segdsl.server.service import Collection, Item, Service
from segdsl.server.store.errors import CycleError
from segdsl.server.store.list_cache import ListCache

NAME = "segment"


class SegmentInput(msgspec.Struct, frozen=True):
    """A segment as a client wants it; `rule` is JSON text, None for everyone."""

    name: str
    folder: int
    description: str | None = None
    kind: int = BATCH
    rule: str | None = None
    count_population: bool = False
    is_visible: bool = True
    stage: int | None = None

    @classmethod
    def from_segment(cls, segment: Segment) -> SegmentInput:
        return cls(
            segment.name,
            segment.folder,
            segment.description,
            segment.kind,
            segment.rule,
            segment.count_population,
            segment.is_visible,
            segment.stage,
        )


class _StageRules:
    """The stages of the store with their rules, as rules that refer to them need them."""

    def __init__(self, stages: Stages, table: SegmentTable, audience: str) -> None:
        self._stages = stages
        self._table = table
        self._audience = audience

    def has(self, id: int) -> bool:
        return self._stages.find(id) is not None

    def is_named(self, id: int) -> bool:
        return self._stages.is_named(id)

    def rule(self, id: int) -> Segment | None:
        return self._table.of_stage(self._audience, id)


class Segments(Collection):
    """The segments of the parent segment, and the rules that may refer to them."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        data, audience = service.data, service.audience
        self.table = table = SegmentTable(service.store)
        self.rules = Rules(
            data.catalog,
            data.parent,
            data.skipped,
            lambda id: table.find(audience, id),
            _StageRules(service[Stages], table, audience),
            service[Scores],
            strict=service.strict,
        )
        self.list_cache = ListCache(service.store)
        self._counter = PopulationCounter(data, table, self.rules, service.clock)
        for segment in (*self.all(), *self.of_stages().values(), *self.of_journeys()):
            self._count(segment)

    def close(self) -> None:
        self._counter.close()

    # --- lookups -----------------------------------------------------------------------------

    def all(self, folder: int | None = None) -> list[Segment]:
        """All segments by id, or those of one folder; those of stages belong to their funnels."""
        return self.table.all(self.service.audience, folder)

    def of_stages(self) -> dict[int, Segment]:
        """The segments that are the rules of stages, by the ids of their stages."""
        return self.table.of_stages(self.service.audience)

    def of_journeys(self) -> list[Segment]:
        """The segments that are rules of journeys, which no list has (assumed)."""
        return self.table.of_journeys(self.service.audience)

    def find(self, id: int) -> Segment:
        """Raises ApiError (404)."""
        return existing(self.table.find(self.service.audience, id), NAME, id)

    def items(self, folder: int | None = None) -> Iterator[Item]:
        counts = self.service.activation_counts()
        for segment in self.all(folder):
            yield responses.item(segment, counts.get(segment.id, 0))

    # --- changes -----------------------------------------------------------------------------

    def create(self, wanted: SegmentInput, paths: Paths) -> Segment:
        """A rule of a journey is counted, as clients read its population (observed).

        Raises ApiError (400).
        """
        if wanted.kind == JOURNEY:
            wanted = msgspec.structs.replace(wanted, count_population=True)
        content = self._content(wanted, paths)
        with placing(paths), _referring(paths):
            segment = self.table.create(self.service.audience, content, self.service.clock())
        self._count(segment)
        return segment

    def update(self, id: int, wanted: SegmentInput, paths: Paths) -> Segment:
        """Raises ApiError (400, 404)."""
        is_of_journey = self.find(id).kind == JOURNEY
        if is_of_journey != (wanted.kind == JOURNEY):
            message = "a rule of a journey stays one, and no other segment becomes one"
            raise refuse(message, paths.rule, IMMUTABLE)
        content = self._content(wanted, paths)
        with placing(paths), _referring(paths):
            updated = self.table.update(self.service.audience, id, content, self.service.clock())
        segment = existing(updated, NAME, id)
        self._count(segment)
        return segment

    def delete(self, id: int) -> Segment:
        """Raises ApiError (404; 409 where others refer to the segment)."""
        with deleting(NAME, TABLE):
            return existing(self.table.delete(self.service.audience, id), NAME, id)

    def in_stage(
        self, wanted: SegmentInput, stage: StageOf | UnsetType, kind_path: str, paths: Paths
    ) -> SegmentInput:
        """The segment with the stage that a body names, whose rule it becomes.

        It lies in the folder of its funnel, and is counted (assumed). Raises ApiError (400) where
        kind and stage do not fit.
        """
        if wanted.kind != STAGE:
            if not isinstance(stage, UnsetType) or wanted.stage is not None:
                message = "only a segment of the kind funnel stage has a `funnel_stage`"
                raise refuse(message, kind_path)
            return wanted
        if isinstance(stage, UnsetType):
            if wanted.stage is None:
                message = "the rule of a stage needs a `funnel_stage`"
                raise refuse(message, kind_path)
            id = wanted.stage
        else:
            id = self._stage_id(stage, paths.stage)
            if wanted.stage not in (None, id):
                raise refuse("the stage of a segment cannot change", paths.stage, IMMUTABLE)
        funnel = self.service[Stages].funnel_of(id)
        if funnel is None:
            raise refuse(f"there is no stage with the id `{id}`", paths.stage, ASSOCIATION)
        return msgspec.structs.replace(
            wanted, stage=id, folder=funnel.folder, count_population=True
        )

    def _stage_id(self, stage: StageOf, path: str) -> int:
        """The id of a stage of the store; raises ApiError (400)."""
        stages = self.service[Stages]
        funnel = whole(stage.funnel_id, f"{path}.funnel_id")
        id = whole(stage.stage_id, f"{path}.stage_id")
        if stages.is_named(id):
            message = f"{DATA_FILE} names the stage `{id}`: who is in it is in the data"
            raise refuse(message, f"{path}.stage_id", IMMUTABLE)
        found = stages.find(id)
        if found is None or found.funnel != funnel:
            message = f"the funnel `{funnel}` has no stage with the id `{id}`"
            raise refuse(message, path, ASSOCIATION)
        return id

    def _content(self, wanted: SegmentInput, paths: Paths) -> SegmentContent:
        check_name(wanted.name, paths.name)
        reading = self.rules.read(
            wanted.rule,
            paths.rule,
            realtime=wanted.kind == REALTIME,
            now=self.service.clock(),
        )
        return SegmentContent(
            wanted.name,
            wanted.folder,
            wanted.description,
            wanted.kind,
            wanted.rule,
            wanted.count_population,
            reading.refers_to,
            wanted.is_visible,
            reading.stages,
            wanted.stage,
            reading.scores,
        )

    def content_of(self, segment: Segment) -> SegmentContent:
        """What a client defined of a segment. Raises ApiError (400) for an invalid rule."""
        reading = self.rules.of_stored(segment)
        return SegmentContent(
            segment.name,
            segment.folder,
            segment.description,
            segment.kind,
            segment.rule,
            segment.count_population,
            reading.refers_to,
            segment.is_visible,
            reading.stages,
            segment.stage,
            reading.scores,
        )

    def count_again(self, ids: Iterable[int]) -> None:
        """Counts segments that were created without `create`."""
        for id in ids:
            segment = self.table.find(self.service.audience, id)
            if segment is not None:
                self._count(segment)

    def count_stages(self, stages: Iterable[int]) -> None:
        """Counts the segments of stages that were created without `create`."""
        of_stages = self.of_stages()
        for stage in stages:
            if stage in of_stages:
                self._count(of_stages[stage])

    def _count(self, segment: Segment) -> None:
        if segment.count_population and segment.population is None:
            self._counter.count(segment)


@contextmanager
def _referring(paths: Paths) -> Iterator[None]:
    """Answers with 400 where the rule refers to what it cannot."""
    try:
        yield
    except NoSuchSegmentError as error:
        message = f"there is no segment with the id `{error.id}`"
        raise refuse(message, paths.rule, ASSOCIATION) from None
    except NoSuchStageError as error:
        message = f"there is no stage with the id `{error.id}`"
        raise refuse(message, paths.rule, ASSOCIATION) from None
    except NoSuchModelError as error:
        message = f"Referencing predictive segment `{error.id}`, which does not exist"
        raise refuse(message, paths.rule, ASSOCIATION) from None
    except StageTakenError as error:
        message = f"the stage has a rule already: the segment with the id `{error.id}`"
        raise refuse(message, paths.stage, ASSOCIATION) from None
    except CycleError:
        message = "the segment would refer to itself, directly or through other segments"
        raise refuse(message, paths.rule, ASSOCIATION) from None
