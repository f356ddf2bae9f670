"""The client of the Audience API: one method for each endpoint, safe to call again.

Idempotent requests are retried after a transient failure. Before an object is created, and
before a creation is retried, the client checks whether it exists, so that nothing is created
twice. Bodies are JSON under `/audiences` and JSON:API under `/entities` (described).
"""

from __future__ import annotations

from types import TracebackType

import httpx

from segdsl.api import reading as r
from segdsl.api import resources
from segdsl.api import responses as a
from segdsl.api.account import Account
from segdsl.api.activations import Activations
from segdsl.api.configurations import Configurations
from segdsl.api.journeys import Journeys
from segdsl.api.keys import ApiKey
from segdsl.api.predictive import PredictiveSegments
from segdsl.api.queries import path_id
from segdsl.api.segments import Segments
from segdsl.api.templates import Templates
from segdsl.api.transport import JSON_API, RetryPolicy, Transport


class Client(Segments, Activations, Templates, Configurations, PredictiveSegments, Journeys):
    """A client of the Audience API at one address; an asynchronous context manager.

    The address is `https://` and the host of a region, or an address of this machine; any other
    raises HostError. At most `concurrency` requests are in flight at a time. Every method raises
    ClientError when a request fails.
    """

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        concurrency: int = 16,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        super().__init__(
            base, key, transport=transport, concurrency=concurrency, retry_policy=retry_policy
        )
        self.account = Account(
            lambda: Transport(
                base,
                key,
                transport=transport,
                concurrency=concurrency,
                retry_policy=self._retry_policy,
                service="account",
            )
        )
        """The account's own API (`/v3`): connections and users."""

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self.account.close()

    async def predictive_models(self, parent_id: str) -> a.Listed[a.PredictiveModel]:
        path = f"/audiences/{path_id(parent_id)}/predictive_segments"
        return r.predictive_models(await self._get_list(path))

    async def solutions(self, parent_id: str) -> a.Listed[a.Solution]:
        """The models of solutions (RFM, CLTV); only the list by folder contains them."""
        return resources.solutions(await self._by_folder(await self._root(parent_id)))

    async def variants(self, parent_id: str) -> a.Listed[a.Variant]:
        path = "/entities/realtime_journeys/abtest_variants"
        return resources.variants(await self._get_list(path, JSON_API, audience_id=parent_id))
