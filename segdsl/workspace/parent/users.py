"""Everything that uses a field, on the server and in the files of the workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal as OneOf

import msgspec

from segdsl.api import ClientError
from segdsl.loading import Loaded
from segdsl.parent_segment.vanishing import Field
from segdsl.source import Span
from segdsl.workspace.parent.uses import (
    delivery_uses,
    export_uses,
    is_used,
    rule_uses,
    segment_uses,
)
from segdsl.workspace.remote.reading import ServerReading

UserKind = OneOf["segment", "stage", "activation", "template"]


class User(msgspec.Struct, frozen=True, order=True):
    """What uses a field: of the server with its id, or of a file with its line from 1.

    The path is that of its folder, funnel or segment with its own name behind.
    """

    kind: UserKind
    path: str
    id: str | None = None
    file: str | None = None
    line: int | None = None


class Vanishing(msgspec.Struct, frozen=True):
    """A field that disappears, and who uses it."""

    field: Field
    users: tuple[User, ...] = ()


Uses = tuple[User, frozenset[Field]]


class Found(msgspec.Struct, frozen=True):
    """The users that are there, each with what it uses; `unread` says of what cannot be read that
    it may use anything."""

    uses: tuple[Uses, ...]
    unread: tuple[str, ...] = ()


def users_of(fields: Iterable[Field], uses: Sequence[Uses]) -> tuple[Vanishing, ...]:
    """The fields with their users, sorted."""
    return tuple(
        Vanishing(field, tuple(sorted({user for user, of in uses if is_used(field, of)}, key=_key)))
        for field in fields
    )


def _key(user: User) -> tuple[object, ...]:
    return (user.file is not None, user.kind, user.path, user.id or "", user.line or 0)


# --- files -----------------------------------------------------------------------------


def uses_in_files(loaded: Loaded) -> Iterator[Uses]:
    """What the items of files use; those with mistakes are not among them."""

    def user(kind: UserKind, path: Sequence[str | None], span: Span) -> User:
        source = loaded.sources.get(span.file)
        line = None if source is None else source.line_of(span.start)
        return User(kind, "/".join(filter(None, path)), None, span.file or None, line)

    for segment in loaded.segments:
        yield user("segment", (segment.folder, segment.name), segment.span), segment_uses(segment)
    for funnel in loaded.funnels:
        for stage in funnel.stages:
            if stage.segment is not None:
                path = (funnel.folder, funnel.name, stage.name)
                yield user("stage", path, stage.span), segment_uses(stage.segment)
    for each in loaded.activations:
        yield user("activation", (each.name,), each.span), delivery_uses(each.delivery)
    for template in loaded.templates:
        yield (
            user("template", (template.folder, template.name), template.span),
            delivery_uses(template.delivery),
        )


# --- the server ------------------------------------------------------------------------


async def uses_on_server(reading: ServerReading) -> Found:
    """What the segments, stages, activations and templates of a server use; raises ClientError.

    Activations and templates are read one by one: lists may leave out what they export.
    """
    snapshot = await reading.snapshot()
    places, stages = await reading.places(), await reading.stage_segments()
    uses: list[Uses] = []
    unread = [f"the segment {each.title}: {each.why}" for each in snapshot.unreadable]
    for path, segment in snapshot.segments:
        kind: UserKind = "stage" if segment.id in stages else "segment"
        place = places.get(segment.id, (*(path or ()), segment.name))
        rule = None if segment.rule is None else msgspec.json.decode(segment.rule)
        uses.append((User(kind, "/".join(place), segment.id), rule_uses(rule)))
    await _activations(reading, uses, unread)
    await _templates(reading, uses, unread)
    return Found(tuple(uses), tuple(unread))


async def _activations(reading: ServerReading, uses: list[Uses], unread: list[str]) -> None:
    listed = await reading.activations()
    if isinstance(listed, ClientError):
        unread.append(f"the activations: {listed.message}")
        return
    unread += [f"the activation {each.title}: {each.why}" for each in listed.unreadable]
    places = await reading.places()
    known = [each for each in listed if each.segment_id is not None]
    unread += [
        f"the activation {e.name} (#{e.id}): it names no segment"
        for e in listed
        if e.segment_id is None
    ]
    whole = await asyncio.gather(
        *(reading.client.activation(each.segment_id or "", each.id) for each in known)
    )
    for each in whole:
        path = (*places.get(each.segment_id or "", ()), each.name)
        user = User("activation", "/".join(path), each.id)
        uses.append((user, export_uses(each.decoded())))


async def _templates(reading: ServerReading, uses: list[Uses], unread: list[str]) -> None:
    listed = await reading.templates()
    if isinstance(listed, ClientError):
        unread.append(f"the activation templates: {listed.message}")
        return
    unread += [f"the activation template {each.title}: {each.why}" for each in listed.unreadable]
    snapshot = await reading.snapshot()
    whole = await asyncio.gather(*(reading.client.template(each.id) for each in listed))
    for each in whole:
        path = (*(snapshot.path_of(each.folder_id) or ()), each.name)
        user = User("template", "/".join(path), each.id)
        uses.append((user, export_uses(each.decoded())))
