"""Segments on a server, looked up by name or id and shown as source or as a table.

A segment's path is its folder's path and its name, `Loyalty/Tokyo/Camera shoppers`. A segment that
cannot be read, or whose kind is not known, is listed by its name, and the others are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from rich.table import Table
from rich.text import Text

from segdsl.api import Client, InvalidResponseError, Unreadable
from segdsl.api import Segment as ApiSegment
from segdsl.api.reading import segment as segment_in
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.places import counted
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.language.format import format_file
from segdsl.language.references.segment_names import index_names, names_by_id
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.source import Span
from segdsl.terminal import visible
from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.remote.ambiguous import ambiguous
from segdsl.workspace.remote.snapshot import Snapshot, read_snapshot
from segdsl.workspace.remote.source import tree_of


class SegmentNotFoundError(InputError):
    """No segment, or more than one, has the name, path or id that was given."""


class PlacedSegment(NamedTuple):
    """A segment and the path of its folder, None where that is not known."""

    folder: tuple[str, ...] | None
    segment: ApiSegment | Unreadable


class Shown(msgspec.Struct, frozen=True):
    """A segment, the names of segments by id, and its JSON as the API answered it."""

    found: PlacedSegment
    names: Mapping[Ref, ByName]
    json: str

    def source(self, report: Report) -> str | None:
        """The segment as canonical source; None after a report."""
        tree = self.tree(report)
        return None if tree is None else format_file(t.File((tree,)))

    def tree(self, report: Report) -> t.Segment | None:
        """The same as a syntax tree."""
        segment = self.found.segment
        if isinstance(segment, Unreadable):
            report.add(
                Code.SEG402,
                Span(f"#{segment.id}", 0, 0),
                f"this segment cannot be read: {segment.why}",
                help="`segdsl show --json` has what the API answers",
                path="$",
            )
            return None
        return tree_of(self.found.folder or (), segment, self.names, report)


async def show(client: Client, parent_id: str, name: str) -> Shown:
    """The segment with an id, a path or a name, read alone; raises SegmentNotFoundError."""
    server = await read_snapshot(client, parent_id, rules=False)
    found = find(server, name)
    json = await client.segment_json(parent_id, found.segment.id)
    by_id = names_by_id(index_names(server.names()))
    names = {Ref(SEGMENT, id): name for id, name in by_id.items()}
    try:
        found = PlacedSegment(found.folder, segment_in(json.encode()))
    except InvalidResponseError as error:
        unread = Unreadable(found.segment.id, found.segment.name, error.message)
        found = PlacedSegment(None, unread)
    return Shown(found, names, json)


def path_of(folder: tuple[str, ...] | None, name: str) -> str:
    return "/".join((*(folder or ()), name))


def find(server: Snapshot, name: str) -> PlacedSegment:
    """The segment with an id (`12`, `#12`), a path or a name; raises SegmentNotFoundError.

    `#12` is an id if there is one. A blank name finds nothing: it may come from an empty variable.
    """
    id = name.removeprefix("#")
    every: list[tuple[tuple[str, ...] | None, ApiSegment | Unreadable]] = [*server.segments]
    every += [(None, each) for each in server.unreadable if each.id]
    by_id = [each for each in every if each[1].id == id]
    with_name = [each for each in every if each[1].name.strip()]
    by_name = [each for each in with_name if path_of(each[0], each[1].name) == name]
    by_name = by_name or [each for each in with_name if each[1].name == name]
    if by_id and name != id:
        found = by_id
    else:
        found = by_name + [each for each in by_id if each not in by_name]
    if len(found) == 1:
        return PlacedSegment(*found[0])
    if found:
        places = ((each.id, path_of(path, each.name)) for path, each in found)
        raise SegmentNotFoundError(ambiguous("segment", name, places))
    names = [each.name for _, each in with_name]
    names += [path_of(path, each.name) for path, each in with_name]
    help = did_you_mean(name, names, "`segdsl list` lists all segments")
    raise SegmentNotFoundError(f"there is no segment `{name}`; {help}")


# --- all of them ---------------------------------------------------------------------


def table(server: Snapshot) -> Table:
    """All segments by path: id, kind, profiles where they are known, the day of the last change."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("Id", justify="right", no_wrap=True)
    made.add_column("Segment", overflow="fold")
    made.add_column("Kind", no_wrap=True)
    made.add_column("Profiles", justify="right", no_wrap=True)
    made.add_column("Updated", no_wrap=True)
    for path, each in in_order(server):
        made.add_row(
            f"#{each.id}",
            Text(visible(path_of(path, each.name))),
            kind_of(each) + ("" if each.is_visible else ", hidden"),
            "–" if each.population is None else f"{each.population:,}",
            (each.updated_at or "–")[:10],
        )
    return made


def kind_of(segment: ApiSegment) -> str:
    """The kind in a word; one that is not known as the API's own value, `kind 3`."""
    return segment.kind or f"kind {segment.raw_kind}"


def note_of(unreadable: Sequence[Unreadable]) -> str | None:
    """A sentence on the segments that cannot be read, with their names; None if all can."""
    if not unreadable:
        return None
    listed = ", ".join(f"{each.title}: {each.why}" for each in unreadable)
    return f"{counted(len(unreadable), 'segment')} of the server cannot be read: {listed}"


def in_order(server: Snapshot) -> list[tuple[tuple[str, ...] | None, ApiSegment]]:
    """All segments with the paths of their folders, by path."""
    return sorted(server.segments, key=lambda each: (each[0] or (), each[1].name, each[1].id))
