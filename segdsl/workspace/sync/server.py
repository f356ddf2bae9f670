"""Everything that a server has, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from segdsl.api import Client
from segdsl.language.values import ByName
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Server
from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.remote.reading import ServerReading


async def read_server(
    client: Client,
    parent_id: str,
    kinds: Kinds = KINDS,
    wanted: Collection[str] | None = None,
    known: Mapping[Ref, ByName] | None = None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Server:
    """The resources of all kinds that a server has now; raises ClientError.

    Of a kind that is not among the `wanted` it may be known only what there is, and not what it
    says, where that takes many requests. Without `wanted` all are. `known` are names of the account
    for a key that may not ask it; `on_note` is called with what to say of their use.
    """
    # The rules of segments are always compared.
    whole = None if wanted is None else frozenset((*wanted, SEGMENT))
    reading = ServerReading(client, parent_id, whole, known)
    server = Server.joined([await kind.read_server(reading) for kind in kinds.values()])
    for note in reading.notes:
        on_note(note)
    return server


def check_offered(server: Server, kinds: Iterable[str]) -> None:
    """Raises ClientError where the server does not offer one of these kinds: nothing is known of
    what it has, so that nothing counts as deleted."""
    for kind in kinds:
        if kind in server.unreadable:
            raise server.unreadable[kind]
