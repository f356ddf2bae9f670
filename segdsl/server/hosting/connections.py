"""Limits the connections of `segdsl serve`: their number, and how long each may wait.

A client that sends nothing, or little at a time, or does not read its answer, loses its connection;
it never keeps others from being answered. uvicorn has no such limits of its own.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from typing import Literal as OneOf

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 256
BACKLOG = 100
"""Connections that the system queues, and that are accepted at once."""
_FULL = b'{"code":"too_many_connections","message":"this local API has too many connections"}'
_FULL_ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_FULL), _FULL)
)

Phase = OneOf["head", "body", "answer"]


class Limits(msgspec.Struct, frozen=True):
    """The seconds that a client has for the head of a request, for its body, and for reading on
    while an answer waits; and the highest number of connections."""

    head: float = 10.0
    body: float = 60.0
    answer: float = 60.0
    connections: int = MOST_CONNECTIONS

    def seconds(self, phase: Phase) -> float:
        match phase:
            case "head":
                return self.head
            case "body":
                return self.body
            case "answer":
                return self.answer


def default_limits() -> Limits:
    """The limits, with connections for at most a quarter of the files that may be open."""
    return Limits(connections=min(MOST_CONNECTIONS, max(8, _open_files() // 4)))


def _open_files() -> int:
    if sys.platform == "win32":
        return 4 * MOST_CONNECTIONS
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4 * MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft


class BoundedProtocol(H11Protocol):
    """A connection with timeouts. `limits` and `opened` are those of one server."""

    limits: Limits
    opened: dict[BoundedProtocol, None]
    """The connections, the oldest first."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting_for: Phase | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_stalled = False

    @property
    def is_idle(self) -> bool:
        """Whether it is the client's turn: no complete request waits for its answer."""
        waits = self.cycle is not None and not self.cycle.response_complete
        return self._waiting_for is not None or not waits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.opened) >= self.limits.connections:
            oldest = next((connection for connection in self.opened if connection.is_idle), None)
            if oldest is None:
                transport.write(_FULL_ANSWER)
                transport.close()
                return
            oldest.abort()
        self.opened[self] = None
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self.opened.pop(self, None)
        self._wait_for(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answers bytes that are not HTTP. The request that they belong to ends as if cut off."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            # Another answer has already been sent.
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_stalled = True
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_stalled = False
        self._watch()

    def abort(self) -> None:
        """Ends the connection at once."""
        self.opened.pop(self, None)
        self._wait_for(None)
        if not self.transport.is_closing():
            self.transport.abort()

    def _watch(self) -> None:
        self._wait_for(None if self.transport.is_closing() else self._phase())

    def _phase(self) -> Phase | None:
        """What the client has to do next; None where it is our turn, or where it may be idle."""
        if self._is_stalled:
            return "answer"
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        if self.conn.their_state is h11.IDLE and (
            self.cycle is None or self.conn.trailing_data[0] != b""
        ):
            return "head"
        return None

    def _wait_for(self, phase: Phase | None) -> None:
        """Starts the timeout of a phase; one that has started continues."""
        if phase == self._waiting_for:
            return
        self._waiting_for = phase
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if phase is not None:
            self._timer = self.loop.call_later(self.limits.seconds(phase), self.abort)


def protocol(limits: Limits) -> type[H11Protocol]:
    """The protocol of one server's connections."""
    return type("Connection", (BoundedProtocol,), {"limits": limits, "opened": {}})
