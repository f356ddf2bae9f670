"""How many profiles a plan concerns, asked of a server kind by kind."""

from __future__ import annotations

from segdsl.api import Client
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting, Effects
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.sync.plan import Plan
from segdsl.workspace.sync.server import read_server


async def effects_of_plan(
    client: Client, plan: Plan, counting: Counting, kinds: Kinds = KINDS
) -> Effects:
    """The effects of a plan on what the server has now; raises ClientError."""
    if not plan.changes:
        return NOT_COUNTED
    server = await read_server(client, plan.parent_segment, kinds, ())
    changes = dict(enumerate(plan.changes))
    parts = [
        await kind.effects(client, plan.parent_segment, changes, server, counting)
        for kind in kinds.values()
    ]
    return Effects.joined(parts)
