"""Segments on a server, looked up by name or id and told as source or as a table.

A segment's path is its folder's path and its name, `Loyalty/Tokyo/Camera shoppers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from rich.table import Table
from rich.text import Text

from segdsl.api import Client
from segdsl.api import Segment as ServerSegment
from segdsl.diagnostics import Report
from segdsl.diagnostics.render import visible
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.files import FileError
from segdsl.lift.named import source_of
from segdsl.live.creation import OnServer
from segdsl.live.references import by_their_name, names_by_id
from segdsl.values import ByName


class NotThereError(FileError):
    """A segment that was named and is not there, or not the only one."""


class Found(NamedTuple):
    """A segment and the path of its folder."""

    folder: tuple[str, ...]
    segment: ServerSegment


class Shown(msgspec.Struct, frozen=True):
    """A segment with the names of those that it may refer to, and its JSON as it came."""

    found: Found
    names: Mapping[str, ByName]
    json: str

    def source(self, report: Report) -> str | None:
        """The segment as canonical source; None after a report."""
        return source_of(self.found.folder, self.found.segment, self.names, report)


async def show(client: Client, parent_id: str, named: str) -> Shown:
    """The segment with an id, a path or a name; raises NotThereError."""
    server = await on_server(client, parent_id)
    found = find(server, named)
    json = await client.segment_json(parent_id, found.segment.id)
    known = by_their_name((path, each.name, each.id) for path, each in server.segments)
    return Shown(found, names_by_id(known), json)


async def on_server(client: Client, parent_id: str) -> OnServer:
    """All segments of a parent segment, with the paths of their folders."""
    folders = {each.id: each.path for each in await client.folders(parent_id)}
    segments = await client.segments(parent_id)
    return OnServer(tuple((folders.get(each.folder_id or "", ()), each) for each in segments))


def path_of(folder: tuple[str, ...], name: str) -> str:
    return "/".join((*folder, name))


def find(server: OnServer, named: str) -> Found:
    """The segment with an id (`12`, `#12`), a path or a name; raises NotThereError."""
    id = named.removeprefix("#")
    every = server.segments
    found = [each for each in every if path_of(each[0], each[1].name) == named]
    found = found or [each for each in every if each[1].name == named]
    if not found and id.isdecimal():
        found = [each for each in every if each[1].id == id]
    if len(found) == 1:
        return Found(*found[0])
    if found:
        listed = ", ".join(f"#{each.id} ({path_of(path, each.name)})" for path, each in found)
        raise NotThereError(
            f"{len(found)} segments are named `{named}`: say which by path or id; "
            f"there are {listed}"
        )
    names = [each.name for _, each in every] + [path_of(path, each.name) for path, each in every]
    help = did_you_mean(named, names, "`segdsl list` shows which there are")
    raise NotThereError(f"there is no segment `{named}`; {help}")


# --- all of them ---------------------------------------------------------------------


def table(server: OnServer) -> Table:
    """All segments by path: id, kind, profiles where they are known, the day of the last change."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("Id", justify="right", no_wrap=True)
    made.add_column("Segment", overflow="fold")
    made.add_column("Kind", no_wrap=True)
    made.add_column("Profiles", justify="right", no_wrap=True)
    made.add_column("Updated", no_wrap=True)
    for path, each in _sorted(server):
        made.add_row(
            f"#{each.id}",
            Text(visible(path_of(path, each.name))),
            each.kind,
            "–" if each.population is None else f"{each.population:,}",
            (each.updated_at or "–")[:10],
        )
    return made


def as_data(server: OnServer) -> list[dict[str, Any]]:
    """All segments by path, as plain data without their rules."""
    return [
        {
            "id": each.id,
            "name": each.name,
            "folder": "/".join(path) or None,
            "kind": each.kind,
            "description": each.description,
            "population": each.population,
            "updated_at": each.updated_at,
        }
        for path, each in _sorted(server)
    ]


def _sorted(server: OnServer) -> list[tuple[tuple[str, ...], ServerSegment]]:
    return sorted(server.segments, key=lambda each: (each[0], each[1].name, each[1].id))
