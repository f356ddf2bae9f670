"""Limits of `segdsl serve`: no client keeps it from answering others, or fills its log."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from local_api import JAPAN, NOW, Api, rule, with_api, write_data
from segdsl.engine import open_data
from segdsl.server import LOCAL_KEY, Faults, PortError, application, open_store, parse_faults, serve
from segdsl.server.hosting.connections import Limits, default_limits
from segdsl.server.hosting.serving import _listen, _logging, _Server
from segdsl.server.http import requests as r
from segdsl.server.http.log import LONGEST, MOST_LINES, PERIOD, Log, LogHandler

pytestmark = pytest.mark.heavy

HEADERS = {"Authorization": f"TD1 {LOCAL_KEY}"}
SHORT = Limits(head=0.1, body=0.1, answer=0.1, connections=16)
ROOMY = Limits(connections=16)


class Served(NamedTuple):
    port: int
    server: _Server


@contextmanager
def served(
    folder: Path, limits: Limits, lines: list[str] | None = None, faults: Faults | None = None
) -> Iterator[Served]:
    """A server on a thread. Its log is written to `lines`."""
    listener = _listen("127.0.0.1", 0)
    started = threading.Event()
    log = Log(LOCAL_KEY, (lines if lines is not None else []).append)
    store = open_store(None)
    with listener, open_data(write_data(folder)) as data:
        app = application(data, store, now=NOW, log=log, faults=faults)
        server = _Server(app, listener, lambda url: started.set(), limits)
        port: int = listener.getsockname()[1]

        def run() -> None:
            with _logging(log):
                server.run(sockets=[listener])

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            assert started.wait(20)
            yield Served(port, server)
        finally:
            server.should_exit = True
            server.config.timeout_graceful_shutdown = 1
            thread.join(20)
            app.close()
            store.close()


@asynccontextmanager
async def opened(port: int, sent: bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, Any]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        yield reader, writer
    finally:
        writer.transport.abort()


async def answers(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/audiences", headers=HEADERS)
        return answer.status_code == 200


HEAD = b"GET /audiences HTTP/1.1\r\nHost: localhost\r\n"
POST = (
    b"POST /audiences/7/segments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    + f"Authorization: TD1 {LOCAL_KEY}\r\n".encode()
)
HALVES = {
    "nothing": b"",
    "a letter": b"G",
    "half a head": HEAD,
    "a head without an end": HEAD + b"X-A: b\r\n" * 100,
    "half a body": POST + b"Content-Length: 100\r\n\r\n{",
    "half a piece": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "a second half head": HEAD + b"\r\n" + HEAD,
}


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_a_stalled_client_loses_its_connection(sent: bytes, tmp_path: Path) -> None:
    async def test(port: int) -> None:
        async with opened(port, sent) as (reader, _):
            with suppress(ConnectionError):
                while await asyncio.wait_for(reader.read(65_536), 30):
                    pass
        assert await answers(port)

    lines: list[str] = []
    with served(tmp_path, SHORT, lines) as one:
        asyncio.run(test(one.port))
    assert lines == []


@pytest.mark.parametrize("start", [HEAD, POST + b"Content-Length: 1000000\r\n\r\n"])
def test_slow_bytes_do_not_extend_a_timeout(start: bytes, tmp_path: Path) -> None:
    async def drip(writer: Any) -> None:
        while not writer.is_closing():
            writer.write(b"X")
            await asyncio.sleep(0.01)

    async def test(port: int) -> None:
        async with opened(port, start) as (reader, writer):
            dripping = asyncio.create_task(drip(writer))
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 30) is not None
            dripping.cancel()

    with served(tmp_path, SHORT) as one:
        asyncio.run(test(one.port))


def test_a_client_that_does_not_read_loses_its_connection(tmp_path: Path) -> None:
    size = 7_000_000
    # Sending the long body may take a while; only reading the answer is limited.
    limits = Limits(head=30, body=30, answer=0.1, connections=16)
    with served(tmp_path, limits) as (port, _):
        body = {"name": "long", "rule": JAPAN, "description": "x" * size}
        url = f"http://127.0.0.1:{port}/audiences/7/segments"
        made = httpx.post(url, json=body, headers=HEADERS, trust_env=False, timeout=30)
        assert made.status_code == 200
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.settimeout(30)
            client.connect(("127.0.0.1", port))
            asking = "GET /audiences/7/segments HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
            client.sendall(f"{asking}TD1 {LOCAL_KEY}\r\n\r\n".encode())
            read = len(client.recv(10))
            # Others are answered, until this one is cut off.
            for _ in range(100):
                assert asyncio.run(answers(port))
            with suppress(ConnectionError):
                while piece := client.recv(1_000_000):
                    read += len(piece)
        assert read < size


def test_half_open_connections_block_no_other_client(tmp_path: Path) -> None:
    async def test(port: int) -> None:
        held = []
        for _ in range(200):
            held.append(await asyncio.open_connection("127.0.0.1", port))
            held[-1][1].write(HEAD)
        assert await answers(port)
        for _, writer in held:
            writer.transport.abort()
        assert await answers(port)

    lines: list[str] = []
    with served(tmp_path, ROOMY, lines) as one:
        asyncio.run(test(one.port))
    assert lines == []


@pytest.mark.parametrize("start", [HEAD, POST + b"Content-Length: 9\r\n\r\n{"], ids=str)
def test_incomplete_requests_give_way_to_new_ones(start: bytes, tmp_path: Path) -> None:
    async def test(port: int) -> None:
        held = []
        for _ in range(3 * ROOMY.connections):
            held.append(await asyncio.open_connection("127.0.0.1", port))
            held[-1][1].write(start)
            assert await answers(port)
        for _, writer in held:
            writer.transport.abort()

    with served(tmp_path, ROOMY) as one:
        asyncio.run(test(one.port))


def test_a_client_gets_503_while_all_connections_are_busy(tmp_path: Path) -> None:
    """Clients that wait for an answer keep their connections."""

    async def test(port: int, server: _Server) -> None:
        held = []
        for _ in range(ROOMY.connections):
            held.append(await asyncio.open_connection("127.0.0.1", port))
            held[-1][1].write(HEAD + b"\r\n")
        while len(server.server_state.tasks) < ROOMY.connections:
            await asyncio.sleep(0.01)
        async with opened(port) as (reader, _):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1\r\n" in answer
        for reader, writer in held:
            assert not reader.at_eof()
            writer.transport.abort()

    with served(tmp_path, ROOMY, faults=parse_faults("hang-before=1")) as one:
        asyncio.run(asyncio.wait_for(test(*one), 60))


def test_connections_are_limited_by_the_open_files() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, before[1]), before[1]))
    try:
        assert default_limits().connections <= 50
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("port", [99_999, 65_536, -1, -99_999, 10**30])
def test_an_invalid_port(port: int, tmp_path: Path) -> None:
    with pytest.raises(PortError, match="is not a port"):
        serve(write_data(tmp_path), None, port=port, announce=print)


# --- bodies ------------------------------------------------------------------------------


@with_api
async def test_a_body_with_too_many_values(api: Api) -> None:
    many = ",".join(["1"] * (r.MAX_VALUES + 1))
    for body in (f'{{"rule": [{many}]}}', "[" * (r.MAX_VALUES + 1), f'{{"a": "{many}"}}'):
        for path in ("/audiences/7/segments", "/audiences/7/segments/query", "/entities/segments"):
            answer = await api.send("POST", path, body)
            assert answer.status_code == 413
            assert "values" in answer.text
            assert answer.headers["connection"] == "close"


@with_api
async def test_a_repeated_key_among_many(api: Api) -> None:
    keys = [f'"k{at}":1' for at in range(r.MAX_VALUES // 2)]
    for twice in (keys[0], keys[-1]):
        body = f'{{"rule": {{{",".join([*keys, twice])}}}}}'
        answer = await api.send("POST", "/audiences/7/segments/query", body)
        assert answer.status_code == 400
        assert "occurs twice" in answer.text


@with_api
async def test_the_memory_of_all_bodies_is_limited(api: Api) -> None:
    app = api.http._transport.app  # type: ignore[attr-defined]
    left, app.state.body_limits.bytes_left = app.state.body_limits.bytes_left, 1_000
    answer = await api.send("POST", "/audiences/7/segments", b" " * 2_000)
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert app.state.body_limits.bytes_left == 1_000
    app.state.body_limits.bytes_left = left
    await api.create("x")
    assert app.state.body_limits.bytes_left == r.MAX_BODIES


@with_api
async def test_the_number_of_reported_problems_is_limited(api: Api) -> None:
    kinds = {
        "unknown": {**JAPAN["conditions"][0]["conditions"][0], "leftValue": {"name": "countri"}},
        "no type": {"type": "Valeu"},
        "no object": 1,
        "reference": {"type": "Reference", "id": "99999", "exclude": False},
    }
    for name, each in kinds.items():
        answer = await api.send(
            "POST", "/audiences/7/segments", {"name": "x", "rule": rule(*[each] * 5_000)}
        )
        assert answer.status_code == 400, name
        problems = answer.json()["errors"]["base"]
        assert len(problems) in (100, 101), name


@with_api
async def test_long_names_are_shortened_in_messages(api: Api) -> None:
    long = "x" * 1_000_000
    condition = JAPAN["conditions"][0]["conditions"][0]
    for odd in (
        {**condition, "leftValue": {"name": long}},
        {**condition, long: 1},
        {**condition, "type": long},
        {"type": "Reference", "id": long, "exclude": False},
    ):
        answer = await api.send("POST", "/audiences/7/segments", {"name": "x", "rule": rule(odd)})
        assert answer.status_code == 400
        assert len(answer.content) < 2_000


# --- a store that is lost ----------------------------------------------------------------


@pytest.mark.parametrize("damage", ["a table", "all of it"])
def test_a_store_that_breaks_while_serving(damage: str, tmp_path: Path) -> None:
    lines: list[str] = []
    with open_data(write_data(tmp_path)) as data:
        store = open_store(None)
        app = application(data, store, now=NOW, log=Log(LOCAL_KEY, lines.append))

        async def test() -> None:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                base_url="http://localhost", transport=transport, headers=HEADERS
            ) as http:
                api = Api(http)
                await api.create("x")
                connection = store._database._connection
                if damage == "all of it":
                    connection.close()
                else:
                    connection.execute("PRAGMA foreign_keys = OFF")
                    connection.execute("DROP TABLE segments")
                for method, path, body in (
                    ("GET", "/audiences/7/segments", None),
                    ("POST", "/audiences/7/segments", {"name": "y", "rule": JAPAN}),
                    ("DELETE", "/entities/segments/2", None),
                ):
                    answer = await api.ask(method, path, body, status=500)
                    assert answer["status"] == 500
                    assert "store" in answer["details"]
                assert await api.ask("GET", "/audiences/7/attributes")

        asyncio.run(test())
        app.close()
        store.close()
    assert len(lines) == 3
    assert all("\n" not in each for each in lines)


# --- the log -----------------------------------------------------------------------------


def test_a_log_limits_its_lines_per_period() -> None:
    now = 0.0
    lines: list[str] = []
    log = Log(write=lines.append, clock=lambda: now)
    for at in range(1_000_000 // 10):
        log.add(f"line {at}")
    assert len(lines) == MOST_LINES
    now = PERIOD
    log.add("later")
    assert lines[MOST_LINES:] == [f"{100_000 - MOST_LINES} more lines were left out", "later"]
    for _ in range(MOST_LINES):
        log.add("x")
    log.close()
    assert lines[-1] == "1 more lines were left out"


def test_a_log_line_is_short_and_hides_the_key() -> None:
    key = "12345/c0ffee5ec2e7d1a9b8c7f6e5d4c3b2a190817263"
    lines: list[str] = []
    log = Log(key, lines.append)
    log.add(f"GET /{key}\n\x1b[31m{'x' * 100_000}")
    [line] = lines
    assert len(line) <= LONGEST
    assert line.isprintable()
    assert key[6:] not in line


def test_records_of_libraries_have_no_traceback() -> None:
    import logging

    lines: list[str] = []
    handler = LogHandler(Log(write=lines.append))
    logger = logging.Logger("x")
    logger.addHandler(handler)
    try:
        raise ValueError("secret\nsecret")
    except ValueError:
        logger.exception("Exception in ASGI application\n")
    logger.error("%d", "no number")
    assert lines == [
        f"Exception in ASGI application: ValueError at {__name__}:" + lines[0].rpartition(":")[2],
        "%d",
    ]


def test_a_log_without_a_reader() -> None:
    def closed(line: str) -> None:
        raise BrokenPipeError

    Log(write=closed).add("x")
