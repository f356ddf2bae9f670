"""The client reads responses within limits, also after decompression."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from raw_server import Send, raw_server
from segdsl.api import (
    ApiKey,
    Client,
    ClientError,
    InvalidResponseError,
    ServerError,
    TooManyRequestsError,
)
from segdsl.api import bounded_read as b
from segdsl.api import complete as w
from segdsl.api import queries as q
from segdsl.api.bounded_read import TooLargeError
from segdsl.api.rule_equality import same_rule
from test_client import KEY, QUICK, RULE
from test_client_shapes import QUERIES, on, segment

Call = Callable[[Client], Awaitable[object]]
SEGMENTS: Call = lambda client: client.segments("1")  # noqa: E731
SEGMENT: Call = lambda client: client.segment("1", "5")  # noqa: E731


def call(send: Send, call_: Call) -> object:
    async def main() -> object:
        async with (
            raw_server(send) as url,
            Client(url, ApiKey(KEY), retry_policy=QUICK) as client,
        ):
            return await call_(client)

    return asyncio.run(asyncio.wait_for(main(), 60))


def once(body: bytes, *headers: str, status: str = "200 OK") -> Send:
    async def send(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()

    return send


def bomb(size: int) -> bytes:
    """`[` and `size` spaces, compressed to about a thousandth."""
    squeeze = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    parts = [squeeze.compress(b"[")]
    spaces = b" " * 1_000_000
    parts += [squeeze.compress(spaces) for _ in range(size // len(spaces))]
    return b"".join((*parts, squeeze.compress(b"]"), squeeze.flush()))


@pytest.mark.parametrize("call_", [SEGMENTS, SEGMENT])
def test_a_decompression_bomb_is_rejected(call_: Call) -> None:
    unpacked: list[int] = []
    inner = b._Gunzip.__call__

    class Counted(b._Gunzip):
        def __call__(self, chunk: bytes, most: int) -> bytes:
            piece = inner(self, chunk, most)
            unpacked.append(len(piece))
            return piece

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(b, "_Gunzip", Counted)
        with pytest.raises(TooLargeError, match=r"exceeds (16|100) MB"):
            call(once(bomb(150_000_000), "Content-Encoding: gzip"), call_)
    assert sum(unpacked) <= (b.LIST if call_ is SEGMENTS else b.RECORD) + 1


def test_a_gzip_response_is_decompressed() -> None:
    body = gzip.compress(b'[{"id": 5, "name": "Loyal"}]', mtime=0)
    found: Any = call(once(body, "Content-Encoding: gzip"), SEGMENTS)
    assert [each.name for each in found] == ["Loyal"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "x", "compress"])
def test_only_gzip_is_requested_and_accepted(encoding: str) -> None:
    with pytest.raises(InvalidResponseError, match="compress"):
        call(once(b"[]", f"Content-Encoding: {encoding}"), SEGMENTS)
    with pytest.raises(ServerError):
        call(once(b"x", f"Content-Encoding: {encoding}", status="500 x"), SEGMENTS)


@pytest.mark.parametrize(
    "body", [b"[]", b"\x1f\x8b\x08\x00nonsense", gzip.compress(b"[]", mtime=0)[:-9]]
)
def test_a_wrong_content_encoding_is_an_error(body: bytes) -> None:
    with pytest.raises(InvalidResponseError):
        call(once(body, "Content-Encoding: gzip"), SEGMENTS)


@pytest.mark.parametrize(
    "piece",
    [b" " * 65_536, b"[" * 65_536, b'{"a":1},' * 8_192, b"1" * 65_536, b'"' + b"x" * 65_535],
)
def test_an_endless_response_is_aborted(piece: bytes) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    with pytest.raises(TooLargeError):
        call(endless, SEGMENT)
    # What is beyond was in buffers between the two.
    assert sent < 3 * b.RECORD


def test_only_the_first_bytes_of_an_error_body_are_read() -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\nno such column ")
        while True:
            writer.write(b"x " * 4_096)
            await writer.drain()
            sent += 8_192

    with pytest.raises(ClientError, match="no such column") as raised:
        call(endless, SEGMENT)
    assert len(raised.value.message) < 1_000
    assert sent < b.RECORD


@pytest.mark.parametrize("part", [b"{}", b"[]", b"0", b'{"id":1}', b'""'])
def test_the_number_of_json_values_is_limited(part: bytes) -> None:
    """Each value takes tens of times its text in memory."""
    body = b"[" + b",".join([part] * (b.LIST // b.BYTES_PER_VALUE + 1)) + b"]"
    with pytest.raises(TooLargeError, match="values"):
        call(once(body), SEGMENTS)


def test_concurrent_responses_share_a_memory_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(b.MemoryBudget.__init__, "__defaults__", (20_000_000,))
    body = b" " * 5_000_000 + b"[]"
    gate = asyncio.Event()
    waiting = 0

    async def held(writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:-2])
        waiting += 1
        if waiting == 8:
            gate.set()
        await gate.wait()
        writer.write(body[-2:])
        await writer.drain()

    async def many(client: Client) -> object:
        found = await asyncio.gather(
            *(client.segments("1") for _ in range(8)), return_exceptions=True
        )
        assert any(isinstance(each, TooLargeError) for each in found)
        assert client._transport._memory.left == 20_000_000
        return None

    call(held, many)


# --- lists in parts ----------------------------------------------------------------------


def test_endless_empty_pages_are_an_error() -> None:
    server = on("POST /audiences/1/segments/queries", {"id": 9, "status": "success", "count": 2})
    server.on(f"GET {QUERIES}/9/customers", {"type": "rows", "names": ["a"], "rows": []})
    with pytest.raises(InvalidResponseError, match="empty without an end"):
        server.asked(lambda client: client.profiles("1", RULE, ("a",), 5))
    assert len(server.requests) < 200


def test_pages_of_profiles_share_a_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q, "LIST", 100_000)
    server = on("POST /audiences/1/segments/queries", {"id": 9, "status": "success", "count": 2})
    server.on(f"GET {QUERIES}/9/customers", {"type": "rows", "names": ["a"], "rows": [["x" * 999]]})
    with pytest.raises(TooLargeError, match="of profiles"):
        server.asked(lambda client: client.profiles("1", RULE, ("a",), 1_000_000))
    assert len(server.requests) < 110


def test_rules_share_a_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(w, "LIST", 1_000)
    ids = [str(each) for each in range(1, 30)]
    server = on("GET /audiences/1/segments", [segment(id=each, rule=None) for each in ids])
    for each in ids:
        server.on(f"GET /audiences/1/segments/{each}", segment(id=each))
    with pytest.raises(TooLargeError, match="of rules"):
        server.asked(lambda client: w.whole_segments(client, "1"))


# --- odd values --------------------------------------------------------------------------

ODD_RULES = (
    b"[" * 50_000 + b"]" * 50_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"1" * 10_000,
    b'{"type":"And","conditions":[' + b"9" * 6_000 + b"]}",
    b'"\xff"',
    b'{"a":1,"a":2}',
    b"NaN",
    b"1e999999999",
)


@pytest.mark.parametrize("odd", ODD_RULES)
def test_an_unreadable_rule_equals_only_itself(odd: bytes) -> None:
    raw = msgspec.Raw(odd)
    assert same_rule(raw, msgspec.Raw(bytes(odd)))
    assert not same_rule(raw, RULE)
    assert not same_rule(RULE, raw)


@pytest.mark.parametrize("value", [b"9" * 5_000, b"1e999", b"-1e999", b"1e308", b"0." + b"1" * 400])
@pytest.mark.parametrize("key", [b"id", b"kind", b"population", b"segmentFolderId", b"isVisible"])
def test_numbers_of_any_size(key: bytes, value: bytes) -> None:
    body = b'[{"id":5,"name":"A","%s":%s}]' % (key, value)
    try:
        listed = on("GET /audiences/1/segments", httpx.Response(200, content=body)).asked(SEGMENTS)
    except InvalidResponseError:
        return
    assert isinstance(listed, tuple)


# --- waiting -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        *("9" * 400, "9" * 5_000, "1" + "0" * 12, "100000"),
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Wed, 01 Jan 3000 00:00:00 +0000",
    ],
)
def test_an_excessive_retry_after_is_reported_as_more_than_a_day(said: str) -> None:
    answer = httpx.Response(429, headers={"Retry-After": said})
    with pytest.raises(TooManyRequestsError, match="wait for more than a day") as raised:
        Headers(answer).asked(SEGMENTS)
    assert "inf" not in raised.value.message
    assert raised.value.after is not None
    assert raised.value.after < 100_000


@pytest.mark.parametrize(
    "said", ["inf", "nan", "-5", "-inf", "1e9", "0x10", "٣", "1.5", "NaN", "Fri, 31 Dec 99999"]
)
def test_an_invalid_retry_after_is_ignored(said: str) -> None:
    answer = httpx.Response(429, headers={b"Retry-After": said.encode()})
    with pytest.raises(TooManyRequestsError) as raised:
        Headers(answer).asked(SEGMENTS)
    assert raised.value.after in (None, 0.0)
    assert "nan" not in raised.value.message


class Headers:
    """Always sends the same response with its headers."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer

    def asked(self, call_: Call) -> object:
        async def main() -> object:
            transport = httpx.MockTransport(
                lambda request: httpx.Response(self.answer.status_code, headers=self.answer.headers)
            )
            base = "https://api-cdp.treasuredata.com"
            async with Client(base, ApiKey(KEY), transport=transport, retry_policy=QUICK) as client:
                return await call_(client)

        return asyncio.run(main())
