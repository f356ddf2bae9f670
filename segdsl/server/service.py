"""What the local Audience API is made of: a service, and the kinds of things that it serves.

A `Kind` is registered: its table, its routes in both families, and its `Collection`, which is the
kind's part of one running service. The service, the store and the HTTP application know kinds
through these types alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import time
from typing import Any, TypeVar

import msgspec

from segdsl.engine import Data, DataError, ParentSegment
from segdsl.server.errors import no_such
from segdsl.server.store.layouts import Layout
from segdsl.server.store.store import Store

JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"

Json = dict[str, Any]


class Call(msgspec.Struct, frozen=True):
    """The parts of a request: the parameters of its path, its query, its body, and its headers."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str] = {}


class Service:
    """A parent segment with its data, its store and its kinds; to be closed.

    `exports` is the folder for what activations send; without one none can run.

    `service[Segments]` is the collection of that class. A `strict` service refuses what the API's
    description does not allow, even where real servers accept it. Raises DataError if the id of
    the data's parent segment is not a whole number, and ValueError for kinds that do not fit.
    """

    def __init__(
        self,
        data: Data,
        store: Store,
        now: int | None,
        kinds: Sequence[Kind],
        *,
        strict: bool = False,
        exports: Path | None = None,
    ) -> None:
        check_kinds(kinds, store)
        parent = data.parent
        if not (parent.id.isascii() and parent.id.isdigit() and parent.id[0] != "0"):
            raise DataError(
                f"the id of the parent segment is “{parent.id}”: ids are whole numbers from 1; "
                "write another in parent_segment.toml"
            )
        self.data = data
        self.store = store
        self.audience = parent.id
        self.strict = strict
        self.exports = exports
        self._now = now
        self.opened = self.clock()
        store.reserve({int(id) for kind in kinds for id in kind.reserved_ids(parent)})
        self._collections: dict[type[Collection], Collection] = {}
        try:
            for kind in kinds:
                self._collections[kind.collection] = kind.collection(self)
        except BaseException:
            self.close()
            raise

    def __getitem__(self, collection: type[C]) -> C:
        opened = self._collections[collection]
        assert isinstance(opened, collection)
        return opened

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The collections in the order of their kinds."""
        return tuple(self._collections.values())

    def activation_counts(self) -> dict[int, int]:
        """The numbers of activations of segments, by the ids of those that have any."""
        counts: dict[int, int] = {}
        for collection in self.collections:
            for segment, number in collection.activation_counts().items():
                counts[segment] = counts.get(segment, 0) + number
        return counts

    @property
    def database(self) -> str:
        """The database of the tables in the vendor's layout (observed)."""
        return f"cdp_audience_{self.audience}"

    def clock(self) -> int:
        """The current time in Unix seconds."""
        return int(time()) if self._now is None else self._now

    def check_audience(self, id: str) -> None:
        """Raises ApiError (404) if `id` is not the id of the parent segment."""
        if id != self.audience:
            raise no_such("parent segment", id)

    def close(self) -> None:
        """Ends everything that runs; data and store stay open."""
        for collection in reversed(self.collections):
            collection.close()


class Item(msgspec.Struct, frozen=True):
    """Something in a folder: its id, its JSON:API type, and a function that gives its resource.

    The function's argument says whether the resource includes a rule. `is_child` is whether the
    folder's resource has it among its `children` (described: not all that is listed is).
    """

    folder: int
    id: int
    type: str
    resource: Callable[[bool], Json]
    is_child: bool = True


class Collection:
    """The things of one kind in a running service: its state, its lookups, its background work."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def items(self, folder: int | None = None) -> Iterable[Item]:
        """What lies in folders and is listed there: all of it, or that in one folder."""
        return ()

    def activation_counts(self) -> Mapping[int, int]:
        """The numbers of activations that this kind has of segments, by the ids of those."""
        return {}

    def syndications(self, *, with_details: bool) -> Iterable[Json]:
        """Activations of this kind that the list of all activations has, as it answers them."""
        return ()

    def follow_template(
        self, db: sqlite3.Connection, template: int, change: Callable[[Json], Json], now: int
    ) -> None:
        """Changes what the activations of this kind send that are made from a template.

        It is in the transaction that changes the template.
        """

    def template_uses(self) -> Mapping[int, int]:
        """The numbers of activations of this kind that are made from templates, by their ids."""
        return {}

    def root_resources(self) -> Iterable[Json]:
        """Resources that `by-folder` lists with the root folder, which are not its children."""
        return ()

    def close(self) -> None:
        """Ends what runs in the background."""


C = TypeVar("C", bound=Collection)

Handler = Callable[[Service, Call], Any]
"""Answers a request with what is encoded as JSON, or with bytes that are JSON. Raises ApiError."""


class Route(msgspec.Struct, frozen=True):
    """A handler of a method at a path, such as `/audiences/{audience}/segments/{segment}`.

    `media` is the type of the answer, and of the request where the service is strict; without it
    it is the type of the path's family. `accepts` is the type of the request where it differs.
    """

    method: str
    path: str
    handler: Handler
    media: str = ""
    accepts: str = ""

    @property
    def media_type(self) -> str:
        return self.media or (JSON_API if self.path.startswith("/entities/") else JSON)


class Operation(msgspec.Struct, frozen=True):
    """What an application does at a path: its method and path, and what answers a request.

    `media` is the type of the answer, and `accepts` that of the request where it differs. `answer`
    raises ApiError.
    """

    method: str
    path: str
    media: str
    answer: Callable[[Call], Any]
    accepts: str = ""


def operations_of(service: Service, kinds: Iterable[Kind]) -> tuple[Operation, ...]:
    """The operations of a service of one parent segment."""
    return tuple(
        Operation(
            route.method,
            route.path,
            route.media_type,
            partial(route.handler, service),
            route.accepts,
        )
        for kind in kinds
        for route in kind.routes
    )


def _no_ids(parent: ParentSegment) -> Iterator[str]:
    return iter(())


class Kind(msgspec.Struct, frozen=True):
    """A kind of things that the local API serves.

    `name` is its noun in messages. `layout` is its part of the store; a kind that is only read
    has none. `reserved_ids` are ids that `parent_segment.toml` gives to things of the kind.
    """

    name: str
    collection: type[Collection]
    routes: tuple[Route, ...]
    layout: Layout | None = None
    reserved_ids: Callable[[ParentSegment], Iterable[str]] = _no_ids


def check_kinds(kinds: Iterable[Kind], store: Store) -> None:
    """Raises ValueError for kinds that cannot be served together, or not from this store."""
    collections: set[type[Collection]] = set()
    routes: set[tuple[str, str]] = set()
    for kind in kinds:
        if kind.layout is not None and kind.layout.table not in store.layouts:
            raise ValueError(f"the store was opened without the kind “{kind.name}”")
        if kind.collection in collections:
            raise ValueError(f"the collection of the kind “{kind.name}” is registered twice")
        collections.add(kind.collection)
        for route in kind.routes:
            if (route.method, route.path) in routes:
                what = f"{route.method} {route.path}"
                raise ValueError(f"the kind “{kind.name}” repeats the route {what}")
            routes.add((route.method, route.path))


def layouts_of(kinds: Iterable[Kind]) -> tuple[Layout, ...]:
    """The layouts of the kinds that have one, in their order."""
    return tuple(kind.layout for kind in kinds if kind.layout is not None)
