"""One parent segment over its data and its store: what the handlers of requests work with."""

from __future__ import annotations

from time import time
from typing import TypeVar

from segdsl.engine import Data, DataError, ParentSegment
from segdsl.server.errors import missing
from segdsl.server.queries.counter import Populations
from segdsl.server.queries.queries import Queries
from segdsl.server.queries.rules import Rules
from segdsl.server.store.list_cache import Listed
from segdsl.server.store.records import Folder, Query, Segment
from segdsl.server.store.store import Store

_T = TypeVar("_T")


class Service:
    """Everything of a running local Audience API but HTTP; to be closed.

    A strict one refuses what the API's description does not allow, whatever real servers take.
    """

    def __init__(self, data: Data, store: Store, now: int | None, *, strict: bool = False) -> None:
        parent = data.parent
        if not (parent.id.isascii() and parent.id.isdigit() and parent.id[0] != "0"):
            raise DataError(
                f"the id of the parent segment is “{parent.id}”: ids are whole numbers from 1; "
                "write another in parent_segment.toml"
            )
        self.data = data
        self.store = store
        self.audience = parent.id
        self._now = now
        self.strict = strict
        self.opened = self.clock()
        store.reserve(_known_ids(parent))
        self.root: Folder = store.root(parent.id, parent.name, self.opened)
        self.rules = Rules(data.catalog, store, parent, data.skipped, strict=strict)
        self.listed = Listed(store)
        self.queries = Queries(data, store)
        self.populations = Populations(data, store, self.rules, self.clock)
        for each in store.segments(parent.id):
            if each.count_population and each.population is None:
                self.populations.count(each)

    def clock(self) -> int:
        """Now, in Unix seconds."""
        return int(time()) if self._now is None else self._now

    def close(self) -> None:
        """Ends what runs; data and store stay open."""
        self.queries.close()
        self.populations.close()

    # --- what a path names, or a 404 -------------------------------------------------------

    def check_audience(self, id: str) -> None:
        if id != self.audience:
            raise missing(f"there is no parent segment with the id `{id}`")

    def folder(self, id: int) -> Folder:
        return _found(self.store.folder(self.audience, id), "folder", id)

    def segment(self, id: int) -> Segment:
        return _found(self.store.segment(self.audience, id), "segment", id)

    def query(self, id: str) -> Query:
        found = self.queries.find(id)
        if found is not None and found.content.audience != self.audience:
            found = None
        return _found(found, "query", id)


def _known_ids(parent: ParentSegment) -> set[int]:
    """The ids that `parent_segment.toml` gives to what is neither a folder nor a segment."""
    ids = [each.id for each in parent.funnels]
    ids += [stage.id for funnel in parent.funnels for stage in funnel.stages]
    ids += [each.id for each in parent.models]
    ids += [each.id for each in parent.variants]
    return set(map(int, ids))


def _found(value: _T | None, what: str, id: int | str) -> _T:
    if value is None:
        raise missing(f"there is no {what} with the id `{id}`")
    return value
