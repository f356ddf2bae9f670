"""Hostile or broken responses: the client times out, stays correct and never reveals its key."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

import httpx
import msgspec
import pytest

from segdsl.api import (
    ApiKey,
    Client,
    ClientError,
    HostError,
    InvalidResponseError,
    NewSegment,
    QueryFailedError,
    RetryPolicy,
    TooManyRequestsError,
    UnreachableError,
)

KEY = "1/0123456789abcdef0123456789abcdef01234567"
RULE = msgspec.Raw(
    b'{"type":"And","conditions":[{"type":"And","conditions":[{"type":"Value",'
    b'"leftValue":{"name":"country"},"operator":{"type":"Equal","rightValue":"JP","not":false},'
    b'"arrayMatching":null,"exclude":false}]}]}'
)
QUICK = RetryPolicy(
    attempts=2,
    first_pause=0.001,
    max_pause=0.001,
    first_poll=0.001,
    max_poll=0.001,
    request_timeout=0.2,
    query_timeout=0.05,
)
BASE = "https://api-cdp.treasuredata.com"


def client(handler: Any, retry_policy: RetryPolicy = QUICK) -> Client:
    return Client(
        BASE, ApiKey(KEY), transport=httpx.MockTransport(handler), retry_policy=retry_policy
    )


def test_a_slow_response_times_out() -> None:
    """Each chunk arrives in time, but the response never ends."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.005)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(trickle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with (
            server,
            Client(f"http://127.0.0.1:{port}", ApiKey(KEY), retry_policy=QUICK) as one,
        ):
            with pytest.raises(UnreachableError, match="did not send a complete response"):
                await one.parent_segments()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_page_that_stays_pending_times_out() -> None:
    async def main() -> None:
        async with client(lambda request: httpx.Response(200, json={"type": "pending"})) as one:
            pages = one.customers("1", "2")
            with pytest.raises(QueryFailedError, match="not ready"):
                await anext(pages)

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize(
    "when",
    [
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "soon",
        "-1",
        "",
        "²",
        "Fri, 99 Zzz 9999",
    ],
)
def test_an_unreadable_retry_after_is_none(when: str) -> None:
    headers = {b"Retry-After": when.encode()}

    async def main() -> None:
        async with client(lambda request: httpx.Response(429, headers=headers)) as one:
            with pytest.raises(TooManyRequestsError):
                await one.parent_segments()

    asyncio.run(main())


@pytest.mark.parametrize("back", [b"", b"created", b"[]", b'{"message":"ok"}'])
def test_the_response_to_a_creation_may_have_any_form(back: bytes) -> None:
    """Whatever the response, the segment is created once and found."""
    segments: list[Any] = []
    parent = {"data": {"id": "5", "type": "folder-segment"}}
    parents = [
        {
            "data": {
                "id": "1",
                "type": "parentSegment",
                "attributes": {"name": "x", "v4Id": 1},
                "relationships": {"parentSegmentFolder": parent},
            }
        }
    ]

    def api(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            segments.append({"id": "7", **json.loads(request.content)})
            return httpx.Response(200, content=back)
        is_root = request.url.path == "/entities/parent_segments"
        return httpx.Response(200, json=parents if is_root else segments)

    async def main() -> None:
        async with client(api) as one:
            made = await one.create_segment("1", NewSegment("A", RULE))
            assert made.id == "7"
        assert [each["name"] for each in segments] == ["A"]
        # Where nothing was made, the answer is the error that it was.
        segments.clear()
        refuse = httpx.Response(200, content=back)
        async with client(lambda each: refuse if each.method == "POST" else api(each)) as one:
            with pytest.raises(InvalidResponseError):
                await one.create_segment("1", NewSegment("A", RULE))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "foo://user:hunter22@x"),
        ("HTTPS_PROXY", "nonsense://x"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem"),
    ],
)
def test_invalid_proxy_settings_are_an_error(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(HostError, match=name) as raised:
        Client(BASE, ApiKey(KEY))
    assert "hunter22" not in str(raised.value)
    # This machine is reached without any of it.
    asyncio.run(Client("http://127.0.0.1:1", ApiKey(KEY)).__aexit__(None, None, None))


def _shown(trace: TracebackType | None) -> str:
    """The variables of segdsl's frames, as a traceback with variables shows them."""
    found = ""
    while trace is not None:
        if "segdsl" in trace.tb_frame.f_globals.get("__name__", ""):
            found += "".join(map(repr, trace.tb_frame.f_locals.values()))
        trace = trace.tb_next
    return found


@pytest.mark.parametrize("trouble", [httpx.ReadError("x"), httpx.ConnectError("x"), 401, 400])
def test_no_variable_of_a_traceback_holds_the_key(trouble: httpx.HTTPError | int) -> None:
    sent: list[str] = []

    def api(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        if isinstance(trouble, int):
            return httpx.Response(trouble, json={"message": request.headers["Authorization"]})
        raise trouble

    async def main() -> None:
        async with client(api) as one:
            with pytest.raises(ClientError) as raised:
                await one.parent_segments()
            shown = _shown(raised.value.__traceback__)
            assert "Transport" in shown
            assert KEY.rpartition("/")[2] not in shown
            assert KEY.rpartition("/")[2] not in raised.value.message

    asyncio.run(main())
    assert set(sent) == {f"TD1 {KEY}"}
