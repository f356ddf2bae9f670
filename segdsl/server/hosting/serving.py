"""Serves the local Audience API on a port, with uvicorn.

It is meant for this machine, and listens on the loopback address by default.
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
from segdsl.engine.build import is_raw
from segdsl.errors import InputError
from segdsl.server.errors import ApiError, Problem
from segdsl.server.hosting.application import (
    account_application,
    application,
    exports_folder,
    open_account,
    open_store,
)
from segdsl.server.hosting.connections import BACKLOG, Limits, default_limits, protocol
from segdsl.server.http.app import LocalApi
from segdsl.server.http.faults import ConnectionCutError, Faults
from segdsl.server.http.log import Log, LogHandler
from segdsl.server.http.requests import error_response, side_of

_PORT = re.compile(r":\d*$")


class PortError(InputError):
    """The port cannot be opened; the text says why and what to do."""


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
    exports: Path | None = None,
    announce: Callable[[str], None],
    pass_over: Callable[[str], None] = lambda why: None,
    limits: Limits | None = None,
) -> None:
    """Serves until the process is interrupted (Ctrl-C, or a termination signal).

    Port 0 picks a free one; `announce` gets the URL once it answers. `strict` refuses what the
    API's description does not allow, even where real servers accept it. `pass_over` gets a line for
    each table that is not read, which says why. `exports` is the folder for what activations send,
    by default `exports` beside the data. Raises DataError, StoreError, PortError.
    """
    exports = exports or exports_folder(data_path)
    listener = _listen(host, port)
    limits = limits or default_limits()

    def run(app: LocalApi, log: Log) -> None:
        try:
            with _logging(log):
                _Server(app, listener, announce, limits).run(sockets=[listener])
        except KeyboardInterrupt:
            # uvicorn has closed everything, and then repeats the signal.
            return
        finally:
            app.close()
            log.close()

    with listener, _terminable():
        log = Log(key)
        if is_raw(data_path):
            account = open_account(data_path, store_path, now=now, strict=strict, exports=exports)
            run(account_application(account, key=key, faults=faults, log=log), log)
            return
        with open_data(data_path) as data:
            for reason in data.skip_messages:
                pass_over(reason)
            store = open_store(store_path)
            try:
                app = application(
                    data,
                    store,
                    now=now,
                    key=key,
                    faults=faults,
                    strict=strict,
                    log=log,
                    exports=exports,
                )
                run(app, log)
            finally:
                store.close()


@contextmanager
def _terminable() -> Iterator[None]:
    """Makes a termination signal end the process as Ctrl-C does: everything is closed first."""

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
    """Writes the messages of uvicorn and asyncio to the log, and nowhere else."""
    handler = LogHandler(log)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "asyncio")]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        # The system would silently use another port.
        raise PortError(f"{port} is not a port: use a number from 1 to 65535, or 0 for a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # asyncio sends small answers without delay only if the protocol is named.
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
        message = f"cannot listen on port {port} of {host}: {why}; choose another with --port"
        raise PortError(message) from error
    return listener


def _is_local(host: str) -> bool:
    name = host if host.count(":") > 1 and not host.startswith("[") else _PORT.sub("", host)
    return name.strip("[]").lower() in ("localhost", "127.0.0.1", "::1")


class _Server(uvicorn.Server):
    """Announces when it answers, and can cut connections as a broken network does."""

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
            # A web page may resolve a name of its own to this address, to read the data.
            error = ApiError(403, [Problem("this local API only answers requests to localhost")])
            await error_response(error, side_of(scope["path"]))(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ConnectionCutError:
            for connection in list(self.server_state.connections):
                if getattr(connection, "client", None) == scope["client"]:
                    connection.transport.abort()
            # The event loop notices the end of the connection only later.
            while (await receive())["type"] != "http.disconnect":
                pass
