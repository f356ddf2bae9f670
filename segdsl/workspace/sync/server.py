"""The segments of a server as a workspace compares them: by id, each with its state."""

from __future__ import annotations

from collections import Counter

import msgspec

from segdsl.api import Client
from segdsl.language.condition.tree import folder_path
from segdsl.workspace.remote.snapshot import Snapshot, read_snapshot
from segdsl.workspace.sync.segment_state import Key, State, state_of

NO_PLACE = "no `folder` clause can name its folder"
CANNOT_READ = "it cannot be read"


class ServerSegment(msgspec.Struct, frozen=True):
    """A segment of a server. `folder_id` is that of the folder that it is in."""

    id: str
    state: State
    folder_id: str | None = None


class LeftAlone(msgspec.Struct, frozen=True):
    """A segment of a server that no file can hold; `why` is the reason, in the reader's words.

    `state` is that of one which can be read, in no folder. An `id` or a `name` that the server
    does not tell is "".
    """

    id: str
    name: str
    why: str
    state: State | None = None


class Server(msgspec.Struct, frozen=True):
    """All segments by id.

    `left_alone` are those that are neither pulled, changed nor deleted: no `folder` clause can
    name their place (the folder is not among those that the key may see, or a name on the way
    there holds a `/`), their name is blank or that of another in the same folder, their kind is
    not known, or they cannot be read.
    """

    segments: dict[str, ServerSegment]
    left_alone: tuple[LeftAlone, ...] = ()

    @property
    def left_alone_ids(self) -> dict[str, LeftAlone]:
        return {each.id: each for each in self.left_alone if each.id}

    @property
    def by_key(self) -> dict[Key, ServerSegment]:
        return {each.state.key: each for each in self.segments.values()}

    @property
    def states(self) -> dict[str, State]:
        """The states of all that can be read, by id; of those left alone with no folder."""
        found = {each.id: each.state for each in self.left_alone if each.state is not None}
        return {**found, **{id: each.state for id, each in self.segments.items()}}


async def read_server(client: Client, parent_id: str) -> Server:
    """Everything that is on a server now, each segment with its rule."""
    return server_of(await read_snapshot(client, parent_id))


def server_of(snapshot: Snapshot) -> Server:
    """The segments of a snapshot by id, each with its state."""
    found: dict[str, ServerSegment] = {}
    left = [
        LeftAlone(each.id, each.name, f"{CANNOT_READ}: {each.why}") for each in snapshot.unreadable
    ]
    places = Counter((path, each.name) for path, each in snapshot.segments)
    for path, each in snapshot.segments:
        why = None
        if each.kind is None:
            why = f"its kind (`{each.raw_kind}`) is not known"
        elif path is None or folder_path("/".join(path)) != path:
            why = NO_PLACE
        elif not each.name.strip():
            why = "its name is blank"
        elif places[path, each.name] > 1:
            why = "another segment of its folder has the same name"
        if path is not None and why is None:
            found[each.id] = ServerSegment(each.id, state_of(path, each), each.folder_id)
        else:
            left.append(LeftAlone(each.id, each.name, why or NO_PLACE, state_of((), each)))
    return Server(found, tuple(left))
