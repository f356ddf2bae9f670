"""The local Audience API on a port, by uvicorn.

For this machine: it listens on the loopback address unless told otherwise.
"""

from __future__ import annotations

import logging
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from segdsl.api.keys import LOCAL_KEY
from segdsl.engine import open_data
from segdsl.errors import InputError
from segdsl.server.errors import ApiError, Problem
from segdsl.server.http.app import LocalApi, application
from segdsl.server.http.connections import BACKLOG, Limits, default_limits, protocol
from segdsl.server.http.faults import ConnectionCutError, Faults
from segdsl.server.http.log import Log, LogHandler
from segdsl.server.http.requests import error_response, side_of
from segdsl.server.store.store import open_store

_PORT = re.compile(r":\d*$")


class PortError(InputError):
    """A port that cannot be listened on; its text says why and what to do."""


def serve(
    data_path: Path,
    store_path: Path | None,
    *,
    port: int,
    host: str = "127.0.0.1",
    now: int | None = None,
    key: str = LOCAL_KEY,
    faults: Faults | None = None,
    strict: bool = False,
    announce: Callable[[str], None],
    pass_over: Callable[[str], None] = lambda why: None,
    limits: Limits | None = None,
) -> None:
    """Serves until the process is told to end (Ctrl-C, or a termination signal).

    Port 0 takes one that is free; `announce` gets the URL once it answers. `strict` refuses
    what the API's description does not allow, also where real servers take it. `pass_over` gets
    what each table lacks that is not read. `limits` bounds connections. Raises DataError,
    StoreError, PortError.
    """
    listener = _listen(host, port)
    with listener, _terminable(), open_data(data_path) as data:
        for each in data.skip_messages:
            pass_over(each)
        store = open_store(store_path)
        try:
            log = Log(key)
            app = application(data, store, now=now, key=key, faults=faults, strict=strict, log=log)
            try:
                with _logging(log):
                    limits = limits or default_limits()
                    _Server(app, listener, announce, limits).run(sockets=[listener])
            except KeyboardInterrupt:
                # uvicorn has closed everything, and says so with the signal it was sent.
                return
            finally:
                app.close()
                log.close()
        finally:
            store.close()


@contextmanager
def _terminable() -> Iterator[None]:
    """A termination signal ends the process as Ctrl-C does: everything is closed first."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _logging(log: Log) -> Iterator[None]:
    """What uvicorn and asyncio have to say goes into the log, and nowhere else."""
    handler = LogHandler(log)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "asyncio")]
    before = [each.propagate for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.propagate = False
    try:
        yield
    finally:
        for each, propagate in zip(loggers, before, strict=True):
            each.removeHandler(handler)
            each.propagate = propagate


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        # The system would take another instead.
        raise PortError(f"{port} is no port: use a number from 1 to 65535, or 0 for a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # With the protocol named, asyncio sends small answers at once.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"cannot listen on port {port} of {host}: {why}; name another with --port"
        raise PortError(message) from error
    return listener


def _is_local(host: str) -> bool:
    name = host if host.count(":") > 1 and not host.startswith("[") else _PORT.sub("", host)
    return name.strip("[]").lower() in ("localhost", "127.0.0.1", "::1")


class _Server(uvicorn.Server):
    """Says when it answers, and can cut a connection as a broken network does."""

    def __init__(
        self,
        app: LocalApi,
        listener: socket.socket,
        announce: Callable[[str], None],
        limits: Limits,
    ) -> None:
        self._app = app
        self._listener = listener
        self._announce = announce
        self._is_local = _is_local(listener.getsockname()[0])
        super().__init__(
            uvicorn.Config(
                self._handle,
                interface="asgi3",
                http=protocol(limits),
                backlog=BACKLOG,
                proxy_headers=False,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=3,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self._listener.getsockname()[:2]
            self._announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_local and not _is_local(Headers(scope=scope).get("host", "")):
            # A page of the web may give a name of its own to this address, to get at the data.
            error = ApiError(403, [Problem("this local API answers requests to localhost alone")])
            await error_response(error, side_of(scope["path"]))(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ConnectionCutError:
            for connection in list(self.server_state.connections):
                if getattr(connection, "client", None) == scope["client"]:
                    connection.transport.abort()
            # The end of the connection is noticed in the next rounds of the loop.
            while (await receive())["type"] != "http.disconnect":
                pass
