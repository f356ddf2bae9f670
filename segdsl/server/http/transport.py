"""The local Audience API in this process, behind httpx: no port, no server.

What a client sees is what it would see over a network, faults and timeouts included.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx

from segdsl.api.keys import LOCAL_KEY
from segdsl.engine import DataError, EngineError, open_data
from segdsl.errors import InputError
from segdsl.server.http.app import FAILURES, LocalApi, application
from segdsl.server.http.faults import ConnectionCutError, Faults
from segdsl.server.store.records import StoreError
from segdsl.server.store.store import open_store


class MistakeError(InputError):
    """A mistake of the local API in this process: nothing that another try would mend."""


class LocalTransport(httpx.AsyncBaseTransport):
    """Hands requests to the application; `app` stays the caller's to close.

    A connection that a fault cuts is an httpx.RemoteProtocolError, as it is on a network;
    an answer slower than the client's timeout an httpx.ReadTimeout. A store that has become
    unusable is a StoreError, as when it is opened; a mistake of the application a MistakeError.
    `passed_over` is what of the data is not read, in the reader's words.
    """

    def __init__(self, app: LocalApi, passed_over: Iterable[str] = ()) -> None:
        self.app = app
        self.passed_over = tuple(passed_over)
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        retry_policy = request.extensions.get("timeout", {}).get("read")
        failures: list[Exception] = []
        token = FAILURES.set(failures)
        try:
            with anyio.fail_after(retry_policy):
                answer = await self._inner.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("the local API is slow", request=request) from None
        except ConnectionCutError:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request) from None
        finally:
            FAILURES.reset(token)
        for failure in failures:
            # Asked again, it would fail again.
            raise _in_process(failure, request) from failure
        return answer


def _in_process(failure: Exception, request: httpx.Request) -> InputError:
    """A failure of the application as a caller in the same process is told of it."""
    match failure:
        case InputError():
            return failure
        case EngineError():
            return DataError(f"the data cannot be read: {failure}")
        case sqlite3.Error():
            return StoreError(f"the store cannot be used: {failure}")
        case _:
            what = f"{type(failure).__name__} in {request.method} {request.url.path}"
            return MistakeError(f"the local API made a mistake: please report it ({what})")


@asynccontextmanager
async def open_local(
    data_path: Path,
    store_path: Path | None,
    now: int | None = None,
    faults: Faults | None = None,
    *,
    key: str = LOCAL_KEY,
    strict: bool = False,
) -> AsyncIterator[LocalTransport]:
    """A local Audience API over a data folder, in this process, for as long as this is open.

    Without a store it forgets everything in the end. `strict` refuses what the API's description
    does not allow, also where real servers take it. Raises DataError, StoreError.
    """
    with open_data(data_path) as data:
        store = open_store(store_path)
        try:
            app = application(data, store, now=now, key=key, faults=faults, strict=strict)
            try:
                yield LocalTransport(app, data.skip_messages)
            finally:
                app.close()
        finally:
            store.close()
