"""What a server has, read once for all kinds of resources, so that they see the same."""

from __future__ import annotations

from segdsl.api import Client, ClientError
from segdsl.api.errors import ForbiddenError, ForeignResponseError, NotFoundError, NotSupportedError
from segdsl.api.responses import Funnel, Listed
from segdsl.workspace.remote.snapshot import Snapshot, read_snapshot

NOT_OFFERED = (NotSupportedError, NotFoundError, ForbiddenError, ForeignResponseError)
"""Errors of a part of the API that a server, or a key, does not have."""


class ServerReading:
    """The segments, folders and funnels of a parent segment, each read when first needed.

    Its methods raise ClientError. What is in one list and was created after another was read, is
    read by itself by the kind that needs it.
    """

    def __init__(self, client: Client, parent_id: str) -> None:
        self.client = client
        self.parent_id = parent_id
        self._snapshot: Snapshot | None = None
        self._funnels: Listed[Funnel] | None = None
        self._no_funnels: ClientError | None = None

    async def snapshot(self) -> Snapshot:
        """The segments with their rules, those of stages too, and the folders."""
        if self._snapshot is None:
            self._snapshot = await read_snapshot(self.client, self.parent_id)
        return self._snapshot

    async def funnels(self) -> Listed[Funnel] | ClientError:
        """The funnels; the error, where the server does not offer them."""
        if self._funnels is None and self._no_funnels is None:
            await self.snapshot()  # First: a stage of a funnel that is read has its segment then.
            try:
                self._funnels = await self.client.funnels(self.parent_id)
            except NOT_OFFERED as error:
                self._no_funnels = error
        return self._no_funnels or self._funnels or Listed()

    async def stage_segments(self) -> frozenset[str]:
        """The ids of the segments that are the rules of stages."""
        funnels = await self.funnels()
        if isinstance(funnels, ClientError):
            return frozenset()
        return frozenset(
            stage.segment_id
            for funnel in funnels
            for stage in funnel.stages
            if stage.segment_id is not None
        )
