"""The local Audience API on a port: how it starts, which clients it answers, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from local_api import JAPAN, NOW, client, write_data
from segdsl.server import LOCAL_KEY, PortError, serve
from serving import serving
from test_local_loose_rules import LOOSE

pytestmark = [pytest.mark.heavy, pytest.mark.slow(quick=True)]


def test_it_answers_at_the_announced_url(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as (api, _):
            assert api.http.base_url.host == "127.0.0.1"
            assert (await api.ask("GET", "/audiences/7"))["name"] == "Tiny shop"
            await api.create("Japan")
            assert await api.count(JAPAN) == 3
            response = await api.send("GET", "/audiences/7")
            assert response.headers.get_list("server") == ["segdsl"]

    asyncio.run(test())


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"cannot listen on port {port} of 127.0.0.1: .*--port"):
            serve(write_data(tmp_path), None, port=port, announce=print)


def test_another_key(tmp_path: Path) -> None:
    key = "3/" + "a" * 40

    async def test() -> None:
        async with serving(tmp_path, "--key", key) as (api, _):
            assert (await api.send("GET", "/audiences")).status_code == 401
            header = {"Authorization": f"TD1 {key}"}
            assert (await api.send("GET", "/audiences", headers=header)).status_code == 200

    asyncio.run(test())


def test_other_host_names_are_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as (api, _):
            port = api.http.base_url.port
            for host in (
                f"evil.example:{port}",
                "evil.example",
                f"127.0.0.1.evil.example:{port}",
                "",
            ):
                response = await api.send("GET", "/audiences", headers={"Host": host})
                assert response.status_code == 403, host
            for host in (f"localhost:{port}", f"127.0.0.1:{port}", "localhost", f"[::1]:{port}"):
                response = await api.send("GET", "/audiences", headers={"Host": host})
                assert response.status_code == 200, host

    asyncio.run(test())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def test() -> None:
        async with serving(tmp_path, "--store", str(store)) as (api, server):
            await api.create("Japan")
            server.send_signal(number)
            output, errors = server.communicate(timeout=20)
            assert (server.returncode, output, errors) == (0, "", "")

    asyncio.run(test())
    assert [each for each in os.listdir(tmp_path) if each != "data"] == ["store.sqlite"]


def test_invalid_http_is_answered(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as (api, _):
            url = api.http.base_url
            assert url.port is not None
            for sent in (b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x00", b""):
                reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
                writer.write(sent)
                writer.write_eof()
                await reader.read()
                writer.close()
                await writer.wait_closed()
            assert (await api.send("GET", "/audiences")).status_code == 200

    asyncio.run(test())


def test_a_client_that_disconnects_affects_no_other(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path, "--faults", "latency=200ms") as (api, server):

            async def leave(at: int) -> None:
                async with client(str(api.http.base_url)) as http:
                    with pytest.raises(httpx.ReadTimeout):
                        await http.get("/audiences/7", timeout=0.05)

            await asyncio.gather(*(leave(at) for at in range(10)))
            assert (await api.send("GET", "/audiences")).status_code == 200
            server.terminate()
            _, errors = server.communicate(timeout=20)
            assert errors == ""

    asyncio.run(test())


def test_many_clients(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path, "--store", str(tmp_path / "s.sqlite")) as (api, _):
            limits = httpx.Limits(max_connections=64)
            headers = {"Authorization": f"TD1 {LOCAL_KEY}"}
            async with httpx.AsyncClient(
                base_url=api.http.base_url, headers=headers, limits=limits, timeout=60
            ) as http:

                async def create(at: int) -> int:
                    body = {"name": f"Segment {at}", "rule": JAPAN}
                    return (await http.post("/audiences/7/segments", json=body)).status_code

                assert set(await asyncio.gather(*(create(at) for at in range(128)))) == {200}
            assert len(await api.names()) == 128

    asyncio.run(test())


def test_the_clock_of_what_is_created(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as (api, _):
            assert (await api.create("a"))["createdAt"] == "2024-10-01T00:00:00.000Z"
            assert await api.ask("GET", "/audiences/7/statistics") == [[NOW, 6, True]]

    asyncio.run(test())


def test_a_strict_server_on_a_port(tmp_path: Path) -> None:
    async def test() -> None:
        loose = {"name": "a", "rule": LOOSE["no not"][0]}
        async with serving(tmp_path) as (api, _):
            await api.ask("POST", "/audiences/7/segments", loose)
        async with serving(tmp_path, "--strict") as (api, _):
            await api.ask("POST", "/audiences/7/segments", loose, status=400)

    asyncio.run(test())
