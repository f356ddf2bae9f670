"""Creating, changing and deleting segments and folders: the same for both sides of the API.

What the store refuses becomes an answer that names the place in the body: each side says
in `Paths` where its bodies have what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from segdsl.server.errors import (
    ASSOCIATION,
    BLANK,
    IMMUTABLE,
    UNIQUE,
    ApiError,
    Problem,
    missing,
    refuse,
)
from segdsl.server.service import Service
from segdsl.server.store.records import (
    BATCH,
    CycleError,
    Folder,
    ImmutableError,
    NameTakenError,
    NoSuchFolderError,
    NoSuchSegmentError,
    NotEmptyError,
    ReferencedError,
    Segment,
    SegmentContent,
)


class Paths(msgspec.Struct, frozen=True):
    """Where a body has its name, its rule, and the folder to put it in."""

    name: str
    rule: str
    folder: str


class Draft(msgspec.Struct, frozen=True):
    """A segment as it should become; `rule` is JSON text, None for everyone."""

    name: str
    folder: int
    description: str | None = None
    kind: int = BATCH
    rule: str | None = None
    count_population: bool = False
    is_visible: bool = True

    @classmethod
    def of(cls, segment: Segment) -> Draft:
        return cls(
            segment.name,
            segment.folder,
            segment.description,
            segment.kind,
            segment.rule,
            segment.count_population,
            segment.is_visible,
        )


def create_segment(service: Service, draft: Draft, paths: Paths) -> Segment:
    """Raises ApiError (400)."""
    content = _content(service, draft, paths)
    with _refusing("segment", paths):
        made = service.store.create_segment(service.audience, content, service.clock())
    _count(service, made)
    return made


def update_segment(service: Service, id: int, draft: Draft, paths: Paths) -> Segment:
    """Raises ApiError (400, 404)."""
    content = _content(service, draft, paths)
    with _refusing("segment", paths):
        made = service.store.update_segment(service.audience, id, content, service.clock())
    if made is None:
        raise missing(f"there is no segment with the id `{id}`")
    _count(service, made)
    return made


def delete_segment(service: Service, id: int) -> Segment:
    """Raises ApiError (404; 409 where other segments refer to it)."""
    try:
        gone = service.store.delete_segment(service.audience, id)
    except ReferencedError as error:
        ids = tuple(id for id, _ in error.segments)
        message = f"Segment is referenced by other segments: {_listed(ids)}"
        raise ApiError(409, [Problem(message)], referenced_by=error.segments) from None
    if gone is None:
        raise missing(f"there is no segment with the id `{id}`")
    return gone


def _content(service: Service, draft: Draft, paths: Paths) -> SegmentContent:
    _check_name(draft.name, paths.name)
    reading = service.rules.read(draft.rule, paths.rule, kind=draft.kind, now=service.clock())
    return SegmentContent(
        draft.name,
        draft.folder,
        draft.description,
        draft.kind,
        draft.rule,
        draft.count_population,
        reading.refers_to,
        draft.is_visible,
    )


def _count(service: Service, segment: Segment) -> None:
    if segment.count_population and segment.population is None:
        service.populations.count(segment)


# --- folders -----------------------------------------------------------------------------


def create_folder(
    service: Service, parent: int, name: str, description: str | None, paths: Paths
) -> Folder:
    """Raises ApiError (400)."""
    _check_name(name, paths.name)
    with _refusing("folder", paths):
        return service.store.create_folder(
            service.audience, parent, name, description, service.clock()
        )


def update_folder(service: Service, id: int, changes: Mapping[str, Any], paths: Paths) -> Folder:
    """Changes `name`, `description` and `parent`, those that are given. Raises ApiError."""
    name = changes.get("name")
    if name is not None:
        _check_name(name, paths.name)
    with _refusing("folder", paths):
        made = service.store.update_folder(service.audience, id, changes, service.clock())
    if made is None:
        raise missing(f"there is no folder with the id `{id}`")
    return made


def delete_folder(service: Service, id: int) -> Folder:
    """Raises ApiError (400 for the root, 404; 409 where something is in it)."""
    try:
        gone = service.store.delete_folder(service.audience, id)
    except NotEmptyError as error:
        messages = []
        if error.segments:
            messages.append(f"SegmentFolder has segments: {_listed(error.segments)}")
        if error.folders:
            messages.append(f"SegmentFolder has child folders: {_listed(error.folders)}")
        conflicts = {"deletion": messages}
        raise ApiError(409, [Problem(each) for each in messages], conflicts=conflicts) from None
    except ImmutableError:
        raise refuse("the root folder cannot be deleted", None, IMMUTABLE) from None
    if gone is None:
        raise missing(f"there is no folder with the id `{id}`")
    return gone


# --- both --------------------------------------------------------------------------------


def _check_name(name: str, path: str) -> None:
    if not name.strip():
        raise refuse("can't be blank", path, BLANK)


def _listed(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids))


@contextmanager
def _refusing(what: str, paths: Paths) -> Iterator[None]:
    """Says in an answer's words what the store refused."""
    try:
        yield
    except NameTakenError:
        raise refuse("has already been taken", paths.name, UNIQUE) from None
    except NoSuchFolderError:
        raise refuse("there is no such folder", paths.folder, ASSOCIATION) from None
    except NoSuchSegmentError as error:
        message = f"there is no segment with the id `{error.id}`"
        raise refuse(message, paths.rule, ASSOCIATION) from None
    except CycleError:
        if what == "segment":
            message = "the segment would refer to itself, by way of those it refers to"
            raise refuse(message, paths.rule, ASSOCIATION) from None
        raise refuse("the folder would be inside itself", paths.folder, ASSOCIATION) from None
    except ImmutableError:
        raise refuse("the root folder keeps its name and place", paths.name, IMMUTABLE) from None
