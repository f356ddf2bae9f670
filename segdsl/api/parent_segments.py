"""Reads parent segments: their attributes, behaviors, values and populations."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx

from segdsl.api import errors as e
from segdsl.api import reading as r
from segdsl.api import resources
from segdsl.api import responses as a
from segdsl.api.bodies import decoded
from segdsl.api.keys import ApiKey
from segdsl.api.queries import path_id
from segdsl.api.transport import JSON_API, RetryPolicy
from segdsl.api.writing import FALLBACK_ERRORS, Writes, check_id


class ParentSegments(Writes):
    """The methods for parent segments; see `segdsl.api.client.Client`."""

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
        self._roots: dict[str, str] = {}

    async def parent_segments(self) -> a.Listed[a.ParentSegment]:
        return r.parent_segments(await self._get_list("/audiences"))

    async def parent_segment(self, id: str) -> a.ParentSegment:
        parent = r.parent_segment(await self._get_list(f"/audiences/{path_id(id)}"))
        check_id(parent.id, id)
        return parent

    async def attributes(self, parent_id: str) -> a.Listed[a.Column]:
        return r.columns(await self._get_list(f"/audiences/{path_id(parent_id)}/attributes"))

    async def behaviors(self, parent_id: str) -> a.Listed[a.Behavior]:
        return r.behaviors(await self._get_list(f"/audiences/{path_id(parent_id)}/behaviors"))

    async def sample_values(
        self, parent_id: str, column: str, behavior_id: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        """Sample values of an attribute or of a behavior's column."""
        under = "" if behavior_id is None else f"/behaviors/{path_id(behavior_id)}"
        body = await self._get(
            f"/audiences/{path_id(parent_id)}{under}/sample_values", column=column
        )
        return decoded(body, tuple[tuple[Any, ...], ...])

    async def statistics(
        self, parent_id: str, segment_id: str | None = None
    ) -> tuple[tuple[int | float | bool | str | None, ...], ...]:
        """The population of a parent segment or of a segment, day by day."""
        under = "" if segment_id is None else f"/segments/{path_id(segment_id)}"
        body = await self._get(f"/audiences/{path_id(parent_id)}{under}/statistics")
        return decoded(body, tuple[tuple[int | float | bool | str | None, ...], ...])

    async def _root(self, parent_id: str) -> str:
        """The root folder's id, from the list of parent segments or from the parent segment."""
        if parent_id not in self._roots:
            root: str | None = None
            with suppress(*FALLBACK_ERRORS):
                body = await self._get_list("/entities/parent_segments", JSON_API)
                root = resources.root_folder(body, parent_id)
            root = root or (await self.parent_segment(parent_id)).root_folder_id
            if root is None:
                raise e.NotFoundError(
                    f"parent segment {parent_id} not found with this key",
                    "check the id and the region",
                )
            self._roots[parent_id] = root
        return self._roots[parent_id]
