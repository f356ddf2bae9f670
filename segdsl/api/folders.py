"""The folders of a parent segment: lists them, and creates what is not there yet once."""

from __future__ import annotations

import asyncio

import httpx

from segdsl.api import resources
from segdsl.api import responses as a
from segdsl.api.keys import ApiKey
from segdsl.api.parent_segments import ParentSegments
from segdsl.api.queries import path_id
from segdsl.api.transport import JSON_API, RetryPolicy
from segdsl.api.writing import FALLBACK_ERRORS

_MAX_DEPTH = 100


class Folders(ParentSegments):
    """The methods for folders; see `segdsl.api.client.Client`."""

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None,
        concurrency: int,
        retry_policy: RetryPolicy | None,
    ) -> None:
        super().__init__(
            base, key, transport=transport, concurrency=concurrency, retry_policy=retry_policy
        )
        self._trees: dict[str, dict[tuple[str, ...], a.Folder]] = {}
        self._folder_lock = asyncio.Lock()

    async def folders(self, parent_id: str) -> a.Listed[a.Folder]:
        """All folders of a parent segment, the root first, each after its parent."""
        root = await self._root(parent_id)
        try:
            found = resources.folders(await self._by_folder(root), root)
        except FALLBACK_ERRORS:
            body = await self._get_list(f"/audiences/{path_id(parent_id)}/folders")
            found = resources.plain_folders(body, root)
        self._trees[parent_id] = {each.path: each for each in found}
        return found

    async def _by_folder(self, root: str) -> bytes:
        """The objects in all folders, without rules."""
        path = f"/entities/by-folder/{path_id(root)}"
        return await self._get_list(path, JSON_API, depth=_MAX_DEPTH, with_rule="false")

    async def ensure_folder(self, parent_id: str, path: tuple[str, ...]) -> a.Folder:
        """Returns the folder with that path, and creates it once if it does not exist."""
        async with self._folder_lock:
            if parent_id not in self._trees:
                await self.folders(parent_id)
            folder = self._trees[parent_id][()]
            for depth in range(1, len(path) + 1):
                folder = await self._ensure_child(parent_id, path[:depth], folder)
            return folder

    async def _ensure_child(
        self, parent_id: str, path: tuple[str, ...], parent: a.Folder
    ) -> a.Folder:
        body = {
            "type": "folder-segment",
            "attributes": {"name": path[-1], "description": ""},
            "relationships": {
                "parentFolder": {"data": {"id": parent.id, "type": "folder-segment"}}
            },
        }

        async def look(refresh: bool) -> a.Folder | None:
            if refresh:
                await self.folders(parent_id)
            return self._trees[parent_id].get(path)

        async def create() -> a.Folder:
            response = await self._transport.send(
                "POST", "/entities/folders", body=body, media=JSON_API
            )
            folder = a.Folder(resources.folder_id(response), path)
            self._trees[parent_id][path] = folder
            return folder

        return await self._create_once(look, create)
