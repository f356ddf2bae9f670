"""The segments of a server at one moment: what every command that asks a server begins with.

Reading it is one function; what it answers is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from segdsl.api import Client, Unreadable
from segdsl.api import Folder as ServerFolder
from segdsl.api import Segment as ApiSegment
from segdsl.api.complete import whole_segments
from segdsl.api.responses import Listed
from segdsl.language.condition import tree as c
from segdsl.language.references.segment_names import NamedSegment, index_names
from segdsl.language.references.symbolic_ids import is_symbolic, symbolic_segment_id
from segdsl.language.references.uniqueness import Folder
from segdsl.language.values import ByName


class Snapshot(msgspec.Struct, frozen=True):
    """The segments of a server, each with the path of its folder.

    The path is None for a folder that the key may not see. `unreadable` are the segments that
    cannot be read, and `folders` the paths of folders by id; None is the root.
    """

    segments: tuple[tuple[Folder | None, ApiSegment], ...]
    unreadable: tuple[Unreadable, ...] = ()
    folders: Mapping[str | None, Folder] = {}

    def path_of(self, folder_id: str | None) -> Folder | None:
        """The path of a folder; None where the key may not see it."""
        return self.folders.get(folder_id)

    def at(self, folder: Folder, name: str) -> ApiSegment | None:
        """The segment of that place."""
        return next(
            (each for path, each in self.segments if path == folder and each.name == name), None
        )

    def names(self) -> Iterator[NamedSegment]:
        """Every segment that has an id and a name, whether or not it can be read."""
        yield from ((path, each.name, each.id) for path, each in self.segments)
        yield from ((None, each.name, each.id) for each in self.unreadable if each.id and each.name)

    def ids_with(self, segments: Iterable[c.Segment]) -> dict[ByName, list[str]]:
        """Ids by name, where a name of these segments means them and no others.

        A segment that is not at its place on the server yet is there under its symbolic id.
        """
        places = {(path, each.name): each.id for path, each in self.segments}
        local = dict.fromkeys(segment.place for segment in segments)
        return {
            **index_names(self.names()),
            **index_names(
                (*place, places.get(place, symbolic_segment_id(*place))) for place in local
            ),
        }

    def existing_ids_with(self, segments: Iterable[c.Segment]) -> dict[ByName, list[str]]:
        """The same without the names of single segments that are not on the server yet."""
        known = self.ids_with(segments)
        return {name: ids for name, ids in known.items() if len(ids) > 1 or not is_symbolic(ids[0])}


async def read_snapshot(client: Client, parent_id: str, *, rules: bool = True) -> Snapshot:
    """All segments of a parent segment, with the paths of the folders that the key may see.

    With `rules` each has its own: what the list leaves out is read from the segment by itself.
    Raises ClientError.
    """
    # First the segments: the folder of one that is created in between is not missed.
    if rules:
        segments = await whole_segments(client, parent_id)
    else:
        segments = await client.segments(parent_id)
    return snapshot_of(await client.folders(parent_id), segments)


def snapshot_of(folders: Iterable[ServerFolder], segments: Iterable[ApiSegment]) -> Snapshot:
    """The snapshot of segments in folders. A segment without a folder is in the root."""
    paths: dict[str | None, Folder] = {None: (), **{each.id: each.path for each in folders}}
    unreadable = segments.unreadable if isinstance(segments, Listed) else ()
    placed = tuple((paths.get(each.folder_id), each) for each in segments)
    return Snapshot(placed, unreadable, paths)
