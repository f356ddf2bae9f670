"""What a server has of every kind, listed by path and looked up by name or id.

The path of a resource is its folder's path and its name; that of an activation is the path of its
segment or stage with its name behind. A kind that a server does not offer has nothing to find.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from segdsl.api import Client, ClientError, Unreadable
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.workspace.project.keys import (
    ACTIVATION,
    FUNNEL,
    JOURNEY,
    PREDICTIVE,
    SEGMENT,
    TEMPLATE,
    Folder,
)
from segdsl.workspace.remote.ambiguous import ambiguous
from segdsl.workspace.remote.reading import NOT_OFFERED, ServerReading

_T = TypeVar("_T")

KIND_WORDS: Mapping[str, str] = {
    "segment": SEGMENT,
    "funnel": FUNNEL,
    "predictive-segment": PREDICTIVE,
    "journey": JOURNEY,
    "activation": ACTIVATION,
    "template": TEMPLATE,
}
"""The kinds of a server's resources by their words on a command line."""
WORDS: Mapping[str, str] = {kind: word for word, kind in KIND_WORDS.items()}


class ResourceNotFoundError(InputError):
    """No resource, or more than one, has the name, path or id that was given."""


class Resource(msgspec.Struct, frozen=True):
    """A resource of a server, as its list has it.

    `folder` is the path that its own name stands behind, None where that is not known. `owner` is
    the id of an activation's segment. `group` is what the versions of one journey have in common,
    of which `version` is the number. `stages` are the names of stages. `why` says of one that
    cannot be read what is wrong with it. Values that the list leaves out are None.
    """

    kind: str
    id: str
    name: str
    folder: Folder | None
    owner: str | None = None
    group: str | None = None
    version: int | None = None
    state: str | None = None
    is_paused: bool | None = None
    stages: tuple[str, ...] | None = None
    population: int | None = None
    accuracy: float | None = None
    last_run: str | None = None
    updated_at: str | None = None
    why: str | None = None

    @property
    def path(self) -> str:
        return "/".join((*(self.folder or ()), self.name))

    @property
    def title(self) -> str:
        """`the journey Lifecycle/Welcome, version 2 (#600)`, for an error."""
        version = "" if self.version is None else f", version {self.version}"
        return f"{self.kind} {self.path}{version} (#{self.id})"


class Listing(msgspec.Struct, frozen=True):
    """The resources of one kind by path; `unreadable` are those that cannot be read."""

    kind: str
    resources: tuple[Resource, ...]
    unreadable: tuple[Unreadable, ...] = ()


async def list_resources(client: Client, parent_id: str, kind: str) -> Listing:
    """All resources of a kind; raises ClientError, also where the server does not offer it."""
    return await _list(ServerReading(client, parent_id, frozenset()), kind)


async def find_resource(
    client: Client, parent_id: str, name: str, kinds: Iterable[str] = WORDS
) -> Resource:
    """The resource of one of the kinds with an id (`12`, `#12`), a path or a name.

    Of the versions of a journey a name finds the newest. A kind that is not offered has nothing
    to find, but where it is the only one. Raises ResourceNotFoundError, ClientError.
    """
    listed = tuple(kinds)
    reading = ServerReading(client, parent_id, frozenset())
    every: list[Resource] = []
    for kind in listed:
        try:
            listing = await _list(reading, kind)
        except NOT_OFFERED:
            if len(listed) == 1:
                raise
            continue
        every += listing.resources
        every += [
            Resource(kind, each.id, each.name, None, why=each.why)
            for each in listing.unreadable
            if each.id
        ]
    return _only(_named(every, name), every, name, listed)


def _named(every: Sequence[Resource], name: str) -> list[Resource]:
    """Those of that id, path or name; `#12` is an id if there is one.

    A blank name finds nothing, nor is it found: it may come from an empty variable.
    """
    id = name.removeprefix("#")
    by_id = [each for each in every if each.id == id]
    # Locks and plans have the ids of whole journeys.
    by_id = by_id or _newest(each for each in every if each.group == id)
    if by_id and name != id:
        return by_id
    with_name = [each for each in every if each.name.strip()]
    by_name = [each for each in with_name if each.path == name]
    by_name = by_name or [each for each in with_name if each.name == name]
    found = _newest(by_name)
    return found + [each for each in by_id if each not in found]


def _newest(resources: Iterable[Resource]) -> list[Resource]:
    """The resources; of the versions of a journey the newest."""
    newest: dict[tuple[str, str], Resource] = {}
    for each in resources:
        key = (each.kind, each.group or each.id)
        if key not in newest or (each.version or 0) > (newest[key].version or 0):
            newest[key] = each
    return list(newest.values())


def _only(
    found: Sequence[Resource], every: Sequence[Resource], name: str, kinds: Sequence[str]
) -> Resource:
    if len(found) == 1:
        return found[0]
    what = kinds[0] if len(kinds) == 1 else "resource"
    if not found:
        words = [each.name for each in every if each.name.strip()]
        words += [each.path for each in every if each.name.strip()]
        listed = f"segdsl list {WORDS[kinds[0]]}s" if len(kinds) == 1 else "segdsl list"
        help = did_you_mean(name, words, f"`{listed}` lists what there is")
        raise ResourceNotFoundError(f"there is no {what} `{name}`; {help}")
    titles = ", ".join(each.title for each in found)
    same = len({each.kind for each in found}) == 1
    if same:
        places = ((each.id, each.path) for each in found)
        raise ResourceNotFoundError(ambiguous(found[0].kind, name, places))
    words = [WORDS[each.kind] for each in found]
    raise ResourceNotFoundError(
        f"{len(found)} resources are named `{name}`: {titles}; specify the kind, as in "
        f"`{words[0]} {name}`"
    )


# --- the lists -------------------------------------------------------------------------


async def _list(reading: ServerReading, kind: str) -> Listing:
    found, unreadable = await _LISTS[kind](reading)
    in_order = sorted(
        found,
        key=lambda each: (each.folder or (), each.name, each.version or 0, each.id),
    )
    return Listing(kind, tuple(in_order), tuple(unreadable))


_Found = tuple[Iterable[Resource], Iterable[Unreadable]]


async def _segments(reading: ServerReading) -> _Found:
    snapshot = await reading.snapshot()
    found = [
        Resource(
            SEGMENT,
            each.id,
            each.name,
            path,
            population=each.population,
            updated_at=each.updated_at,
        )
        for path, each in snapshot.segments
    ]
    return found, snapshot.unreadable


def _offered(listed: _T | ClientError) -> _T:
    if isinstance(listed, ClientError):
        raise listed
    return listed


async def _funnels(reading: ServerReading) -> _Found:
    listed = _offered(await reading.funnels())
    snapshot = await reading.snapshot()
    found = [
        Resource(
            FUNNEL,
            each.id,
            each.name,
            snapshot.path_of(each.folder_id),
            stages=tuple(stage.name for stage in each.stages),
            population=each.population,
            updated_at=each.updated_at,
        )
        for each in listed
    ]
    return found, listed.unreadable


async def _predictive(reading: ServerReading) -> _Found:
    listed = _offered(await reading.predictive_segments())
    snapshot = await reading.snapshot()
    found = [
        Resource(
            PREDICTIVE,
            each.id,
            each.name,
            snapshot.path_of(each.folder_id),
            state="not trained" if each.model_updated_at is None else "trained",
            accuracy=each.accuracy,
            last_run=each.model_updated_at,
            updated_at=each.updated_at,
        )
        for each in listed
    ]
    return found, listed.unreadable


async def _journeys(reading: ServerReading) -> _Found:
    listed = await reading.client.journeys(reading.parent_id)
    snapshot = await reading.snapshot()
    found = [
        Resource(
            JOURNEY,
            each.id,
            each.bundle_name or each.name,
            snapshot.path_of(each.folder_id),
            group=each.bundle_id or each.id,
            version=each.version,
            state=each.state,
            is_paused=each.is_paused,
            stages=tuple(stage.name for stage in each.stages),
            updated_at=each.updated_at,
        )
        for each in listed
    ]
    return found, listed.unreadable


async def _activations(reading: ServerReading) -> _Found:
    listed = _offered(await reading.activations())
    places = await reading.places()
    found = [
        Resource(
            ACTIVATION,
            each.id,
            each.name,
            places.get(each.segment_id or ""),
            owner=each.segment_id,
            state=each.run_status,
            last_run=_last_run(each.executions),
            updated_at=each.updated_at,
        )
        for each in listed
    ]
    return found, listed.unreadable


def _last_run(executions: Iterable[Any]) -> str | None:
    """When the newest of some executions began."""
    return max((each.created_at for each in executions if each.created_at), default=None)


async def _templates(reading: ServerReading) -> _Found:
    listed = _offered(await reading.templates())
    snapshot = await reading.snapshot()
    found = [
        Resource(
            TEMPLATE,
            each.id,
            each.name,
            snapshot.path_of(each.folder_id),
            state=each.state,
            updated_at=each.updated_at,
        )
        for each in listed
    ]
    return found, listed.unreadable


_LISTS: Mapping[str, Callable[[ServerReading], Awaitable[_Found]]] = {
    SEGMENT: _segments,
    FUNNEL: _funnels,
    PREDICTIVE: _predictive,
    JOURNEY: _journeys,
    ACTIVATION: _activations,
    TEMPLATE: _templates,
}
