"""The local Audience API in this process, as a transport of httpx, without a port.

A client sees what it would see over a network, including faults and timeouts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx

from segdsl.api.keys import LOCAL_KEY
from segdsl.engine import DataError, EngineError, open_data
from segdsl.engine.build import is_raw
from segdsl.errors import InputError
from segdsl.server.hosting.application import (
    account_application,
    application,
    exports_folder,
    open_account,
    open_store,
)
from segdsl.server.http.app import FAILURES, LocalApi
from segdsl.server.http.faults import ConnectionCutError, Faults
from segdsl.server.kinds import KINDS
from segdsl.server.service import Kind
from segdsl.server.store.errors import StoreError


class InternalError(InputError):
    """A bug of the local API in this process: another attempt would fail in the same way."""


class LocalTransport(httpx.AsyncBaseTransport):
    """Passes requests to an application, which the caller closes.

    A connection that a fault cuts is an httpx.RemoteProtocolError, as on a network; an answer
    slower than the client's timeout is an httpx.ReadTimeout. A store that has become unusable is a
    StoreError, as when it is opened; a bug of the application is an InternalError. `passed_over`
    says which tables of the data are not read, and why.
    """

    def __init__(self, app: LocalApi, passed_over: Iterable[str] = ()) -> None:
        self.app = app
        self.passed_over = tuple(passed_over)
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        read_timeout = request.extensions.get("timeout", {}).get("read")
        failures: list[Exception] = []
        token = FAILURES.set(failures)
        try:
            with anyio.fail_after(read_timeout):
                answer = await self._inner.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("the local API is slow", request=request) from None
        except ConnectionCutError:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request) from None
        finally:
            FAILURES.reset(token)
        for failure in failures:
            # Not a response: another attempt would fail in the same way.
            raise _in_process(failure, request) from failure
        return answer


def _in_process(failure: Exception, request: httpx.Request) -> InputError:
    """A failure of the application, as it is raised to a caller in the same process."""
    match failure:
        case InputError():
            return failure
        case EngineError():
            return DataError(f"the data cannot be read: {failure}")
        case sqlite3.Error():
            return StoreError(f"the store cannot be used: {failure}")
        case _:
            what = f"{type(failure).__name__} in {request.method} {request.url.path}"
            return InternalError(f"internal error of the local API: please report it ({what})")


@asynccontextmanager
async def open_local(
    data_path: Path,
    store_path: Path | None,
    now: int | None = None,
    faults: Faults | None = None,
    *,
    key: str = LOCAL_KEY,
    strict: bool = False,
    exports: Path | None = None,
    kinds: Sequence[Kind] = KINDS,
) -> AsyncIterator[LocalTransport]:
    """Opens a local Audience API over a data folder in this process.

    Over a folder of raw tables it has the parent segments that clients create there; otherwise the
    one of the tables. Without the path of a store, everything is kept in memory. `strict` refuses
    what the API's description does not allow, even where real servers accept it. `exports` is the
    folder for what activations send, by default `exports` beside the data. Raises DataError,
    StoreError.
    """
    exports = exports or exports_folder(data_path)
    if is_raw(data_path):
        account = open_account(
            data_path, store_path, now=now, strict=strict, exports=exports, kinds=kinds
        )
        app = account_application(account, key=key, faults=faults)
        try:
            yield LocalTransport(app)
        finally:
            app.close()
        return
    with open_data(data_path) as data:
        store = open_store(store_path, kinds)
        try:
            app = application(
                data,
                store,
                now=now,
                key=key,
                faults=faults,
                strict=strict,
                exports=exports,
                kinds=kinds,
            )
            try:
                yield LocalTransport(app, data.skip_messages)
            finally:
                app.close()
        finally:
            store.close()
