"""The segments of a running service: lookups, and what clients may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from segdsl.server.errors import ASSOCIATION, existing, refuse
from segdsl.server.kinds.placement import Paths, check_name, deleting, placing
from segdsl.server.kinds.segments import responses
from segdsl.server.kinds.segments.counter import PopulationCounter
from segdsl.server.kinds.segments.table import (
    BATCH,
    REALTIME,
    TABLE,
    NoSuchSegmentError,
    Segment,
    SegmentContent,
    SegmentTable,
)
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
        )


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
            strict=service.strict,
        )
        self.list_cache = ListCache(service.store)
        self._counter = PopulationCounter(data, table, self.rules, service.clock)
        for segment in self.all():
            self._count(segment)

    def close(self) -> None:
        self._counter.close()

    # --- lookups -----------------------------------------------------------------------------

    def all(self, folder: int | None = None) -> list[Segment]:
        """All segments by id, or those of one folder."""
        return self.table.all(self.service.audience, folder)

    def find(self, id: int) -> Segment:
        """Raises ApiError (404)."""
        return existing(self.table.find(self.service.audience, id), NAME, id)

    def items(self, folder: int | None = None) -> Iterator[Item]:
        for segment in self.all(folder):
            yield responses.item(segment)

    # --- changes -----------------------------------------------------------------------------

    def create(self, wanted: SegmentInput, paths: Paths) -> Segment:
        """Raises ApiError (400)."""
        content = self._content(wanted, paths)
        with placing(paths), _referring(paths):
            segment = self.table.create(self.service.audience, content, self.service.clock())
        self._count(segment)
        return segment

    def update(self, id: int, wanted: SegmentInput, paths: Paths) -> Segment:
        """Raises ApiError (400, 404)."""
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
        )

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
    except CycleError:
        message = "the segment would refer to itself, directly or through other segments"
        raise refuse(message, paths.rule, ASSOCIATION) from None
