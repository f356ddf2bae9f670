"""The segments of a server as a workspace sees them: by id, each with its state.

Asking is one function; what it brings home is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from segdsl.api import Client
from segdsl.api import Folder as ServerFolder
from segdsl.api import Segment as ServerSegment
from segdsl.condition.tree import folder_path
from segdsl.workspace.state import Key, State, state_of


class Seen(msgspec.Struct, frozen=True):
    """A segment of a server. `folder_id` is that of the folder that it is in."""

    id: str
    state: State
    folder_id: str | None = None


class Server(msgspec.Struct, frozen=True):
    """All segments by id.

    `nameless` are those whose place no `folder` clause can name: the folder is not among
    those that the key may see, or a name on the way there holds a `/`. They are left alone.
    """

    segments: dict[str, Seen]
    nameless: tuple[ServerSegment, ...] = ()

    @property
    def nameless_ids(self) -> frozenset[str]:
        return frozenset(each.id for each in self.nameless)

    @property
    def by_key(self) -> dict[Key, Seen]:
        return {each.state.key: each for each in self.segments.values()}

    @property
    def states(self) -> dict[str, State]:
        """The states of all by id; of the nameless ones with no folder."""
        found = {each.id: state_of((), each) for each in self.nameless}
        return {**found, **{id: each.state for id, each in self.segments.items()}}

    @property
    def names(self) -> dict[str, str]:
        """Names by id, of segments whose name no other has."""
        times: dict[str, int] = {}
        listed = [(id, each.state.name) for id, each in self.segments.items()]
        listed += [(each.id, each.name) for each in self.nameless]
        for _, name in listed:
            times[name] = times.get(name, 0) + 1
        return {id: name for id, name in listed if times[name] == 1}


async def ask_server(client: Client, parent_id: str) -> Server:
    """Everything that is there now."""
    # First the segments: a folder that comes in between is not missed.
    segments = await client.segments(parent_id)
    return server_of(await client.folders(parent_id), segments)


def server_of(folders: Iterable[ServerFolder], segments: Iterable[ServerSegment]) -> Server:
    paths = {each.id: each.path for each in folders}
    found: dict[str, Seen] = {}
    nameless: list[ServerSegment] = []
    for each in segments:
        path = () if each.folder_id is None else paths.get(each.folder_id)
        if path is None or folder_path("/".join(path)) != path:
            nameless.append(each)
        else:
            found[each.id] = Seen(each.id, state_of(path, each), each.folder_id)
    return Server(found, tuple(nameless))
