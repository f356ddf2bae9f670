"""Everything that a server has, kind by kind."""

from __future__ import annotations

from collections.abc import Iterable

from segdsl.api import Client
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Server
from segdsl.workspace.remote.reading import ServerReading


async def read_server(client: Client, parent_id: str, kinds: Kinds = KINDS) -> Server:
    """The resources of all kinds that a server has now; raises ClientError."""
    reading = ServerReading(client, parent_id)
    return Server.joined([await kind.read_server(reading) for kind in kinds.values()])


def check_offered(server: Server, kinds: Iterable[str]) -> None:
    """Raises ClientError where the server does not offer one of these kinds: nothing is known of
    what it has, so that nothing counts as deleted."""
    for kind in kinds:
        if kind in server.unreadable:
            raise server.unreadable[kind]
