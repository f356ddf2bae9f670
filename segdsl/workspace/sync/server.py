"""Everything that a server has, kind by kind."""

from __future__ import annotations

from segdsl.api import Client
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Server


async def read_server(client: Client, parent_id: str, kinds: Kinds = KINDS) -> Server:
    """The resources of all kinds that a server has now; raises ClientError."""
    return Server.joined([await kind.read_server(client, parent_id) for kind in kinds.values()])
