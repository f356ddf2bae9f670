"""Requests that the local API once answered wrongly, or with an internal error."""

from __future__ import annotations

FOUND: tuple[tuple[str, str, bytes | None, dict[str, str]], ...] = (
    # The shape of the other side.
    ("GET", "/entities/", None, {}),
    ("POST", "/entities", b"{}", {"Content-Type": "application/json"}),
    # More values than a thread should be held with.
    ("POST", "/entities/segments", b"[" * 300_000, {"Content-Type": "application/json"}),
)
"""Each is a method, a path, a body and headers."""

_HEAD = (
    b"POST /audiences/7/segments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Authorization: TD1 1/0000000000000000000000000000000000000000\r\n"
)
BYTES_FOUND: tuple[bytes, ...] = (
    # A body that is no longer HTTP was answered twice, which became a traceback in the log.
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}{}{x\r\n",
    b"GET /audiences HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"GET /audiences HTTP/1.1\r\nHost: localhost\r\n\r\n\x00\x01\x02\r\n\r\n",
)
"""What is sent on a port."""
