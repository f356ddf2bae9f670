"""Mutated requests to the local API: it answers all of them, without an internal error."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from local_api import JAPAN, JSON_API, NOW, equal, refers_to, rule, write_data
from mutating import TEXTS, Mutator
from quick import scaled
from segdsl.engine import open_data
from segdsl.server import LOCAL_KEY, application, open_store
from segdsl.server.hosting.connections import Limits
from segdsl.server.http.log import Log
from serve_corpus import BYTES_FOUND, FOUND
from test_local_bounds import answers, served

HEADERS = {"Authorization": f"TD1 {LOCAL_KEY}"}
JSON = "application/json"
MOST_MEMORY = 700_000
"""KB that all requests of a test may add to the peak memory."""


def behavior(aggregation: dict[str, Any], operator: dict[str, Any]) -> dict[str, Any]:
    condition = {"type": "Column", "column": "category", "operator": EQUAL, "arrayMatching": None}
    return {
        "type": "Value",
        "leftValue": {
            "name": "",
            "source": {"name": "behavior_purchases"},
            "aggregation": aggregation,
            "filter": {"type": "And", "conditions": [condition]},
            "window": {"duration": {"day": 30}},
        },
        "operator": operator,
        "arrayMatching": None,
        "exclude": False,
    }


EQUAL = {"type": "Equal", "not": False, "rightValue": "Books"}
GREATER = {"type": "GreaterEqual", "not": False, "rightValue": 2}
RULES: tuple[Any, ...] = (
    JAPAN,
    rule(equal("country", "JP"), refers_to("2")),
    rule(behavior({"type": "Count", "groupingColumns": []}, GREATER)),
    rule(behavior({"type": "Sum", "column": "amount"}, GREATER)),
    rule(
        {
            "type": "Value",
            "leftValue": {"name": "last_visit"},
            "operator": {"type": "TimeWithinPast", "unit": "day", "value": "7"},
            "arrayMatching": None,
            "exclude": False,
        }
    ),
    {
        "type": "And",
        "conditions": [
            {
                "type": "Composite",
                "expr": "1 OR NOT 2",
                "conditions": [equal("country", "JP"), equal("vip", True)],
            }
        ],
    },
    rule(
        {
            "type": "Value",
            "leftValue": {"name": "tags"},
            "operator": {"type": "In", "not": False, "rightValues": ["a", "b"]},
            "arrayMatching": "any",
            "exclude": False,
        }
    ),
    rule(
        {
            "type": "Value",
            "leftValue": {"name": "age"},
            "operator": {"type": "Between", "minValue": 1, "maxValue": 9, "rightValue": 0},
            "arrayMatching": None,
            "exclude": False,
            "limit": {"count": 5, "orderColumns": [{"type": "Column", "column": "ltv"}]},
        }
    ),
)


class Base(NamedTuple):
    method: str
    path: str
    body: Any = None


def bases(random: Random) -> tuple[Base, ...]:
    """Valid requests."""
    name = f"Segment {random.randrange(10_000)}"
    one = random.choice(RULES)
    link = {"parentFolder": {"data": {"id": "1", "type": "folder-segment"}}}
    attributes = {"name": name, "description": "x", "rule": one}
    entity = {"type": "segment-batch", "attributes": attributes, "relationships": link}
    folder = {"type": "folder-segment", "attributes": {"name": name}, "relationships": link}
    plain = {"name": name, "rule": one, "kind": 0, "segmentFolderId": 1, "description": "x"}
    query = {"rule": one, "columns": ["country"], "pageSize": 10}
    id = random.randrange(1, 40)
    return (
        *(Base("GET", f"/audiences/7/{each}") for each in ("attributes", "segments", "folders")),
        Base("GET", "/audiences"),
        Base("GET", "/audiences/7/sample_values?column=country"),
        Base("GET", f"/audiences/7/behaviors/{random.randrange(4)}/sample_values?column=amount"),
        Base("POST", "/audiences/7/segments", plain),
        Base("POST", "/audiences/7/segments", plain),
        Base("PUT", f"/audiences/7/segments/{id}", plain),
        Base("GET", f"/audiences/7/segments/{id}"),
        Base("GET", f"/audiences/7/segments/{id}/statistics"),
        Base("DELETE", f"/audiences/7/segments/{id}"),
        Base("POST", "/audiences/7/segments/query", {"format": "sql", "rule": one}),
        Base("POST", "/audiences/7/segments/query", {"format": "sql", "rule": one}),
        Base("POST", "/audiences/7/segments/queries", query),
        Base("GET", f"/audiences/7/segments/queries/{id}"),
        Base("GET", f"/audiences/7/segments/queries/{id}/customers?page=1"),
        Base("POST", f"/audiences/7/segments/queries/{id}/kill"),
        Base("POST", "/audiences/7/folders", {"name": name, "description": ""}),
        Base("PATCH", f"/audiences/7/folders/{id}", {"name": name}),
        Base("GET", f"/audiences/7/folders/{id}/segments"),
        Base("DELETE", f"/audiences/7/folders/{id}"),
        Base("GET", "/entities/parent_segments"),
        Base("GET", "/entities/by-folder/1?depth=3&with_rule=true"),
        Base("POST", "/entities/folders", folder),
        Base("PATCH", f"/entities/folders/{id}", folder),
        Base("POST", "/entities/segments", {"data": entity}),
        Base("PATCH", f"/entities/segments/{id}", entity),
        Base("GET", f"/entities/segments/{id}"),
        Base("DELETE", f"/entities/segments/{id}"),
        Base("GET", "/entities/realtime_journeys/abtest_variants?audience_id=7"),
        Base("GET", "/tree/audiences/7/segment_folders"),
    )


class Request(NamedTuple):
    method: str
    path: str
    body: bytes | None
    headers: dict[str, str]


def mutated(random: Random) -> Request:
    mutator = Mutator(random)
    method, path, body = random.choice(bases(random))
    media = JSON_API if path.startswith("/entities") else JSON
    if random.random() < 0.1:
        method = random.choice(("GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "X"))
    if random.random() < 0.25:
        parts = path.split("/")
        parts[random.randrange(1, len(parts))] = quote(
            random.choice(TEXTS).encode("utf-8", "surrogatepass")
        )
        path = "/".join(parts)
    if random.random() < 0.2:
        key = random.choice(("page", "column", "depth", "with_rule", "audience_id", "x"))
        value = quote(random.choice(TEXTS).encode("utf-8", "surrogatepass"))
        path += f"{'&' if '?' in path else '?'}{key}={value}"
    if random.random() < 0.1:
        media = random.choice(("", "text/plain", "a/b; charset=\xff", "application/json; x"))
    content = None
    if body is not None or random.random() < 0.05:
        content = mutator.text(mutator.json(body, random.choice((0, 1, 1, 1, 2, 4))))
    return Request(method, path, content, {} if content is None else {"Content-Type": media})


def against(folder: Path, requests: list[Request]) -> None:
    """Sends requests to an API in this process, a few at a time."""
    lines: list[str] = []

    async def main() -> None:
        transport = httpx.ASGITransport(app)
        http = httpx.AsyncClient(base_url="http://localhost", transport=transport, headers=HEADERS)
        room = asyncio.Semaphore(4)

        async def one(request: Request) -> None:
            async with room:
                method, path, body, headers = request
                # One that never ends fails the test; how long it takes does not.
                sent = {key.encode(): value.encode("latin-1") for key, value in headers.items()}
                sending = http.request(method, path, content=body, headers=sent)
                answer = await asyncio.wait_for(sending, 120)
                assert answer.status_code < 500 or answer.status_code == 501, (request, answer.text)
                if answer.content:
                    json.loads(answer.content)

        async with http:
            await asyncio.gather(*map(one, requests))
            assert (await http.get("/audiences")).status_code == 200

    with open_data(write_data(folder)) as data:
        store = open_store(None)
        app = application(data, store, now=NOW, log=Log(LOCAL_KEY, lines.append))
        try:
            asyncio.run(main())
        finally:
            app.close()
            store.close()
    assert lines == []


def peak() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_requests_of_the_corpus(tmp_path: Path) -> None:
    against(tmp_path, [Request(*each) for each in FOUND])


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("seed", range(8))
def test_mutated_requests(seed: int, tmp_path: Path) -> None:
    random = Random(f"serve {seed}")
    before = peak()
    against(tmp_path, [mutated(random) for _ in range(scaled(2_500))])
    assert peak() - before < MOST_MEMORY


# --- bytes on a port ---------------------------------------------------------------------


def raw(random: Random) -> bytes:
    """A request as bytes, mutated."""
    method, path, body, headers = mutated(random)
    method = "HEAD" if random.random() < 0.05 else method
    content = body or b""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: TD1 {LOCAL_KEY}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    if random.random() < 0.5 and content:
        lines.append("Transfer-Encoding: chunked")
        content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
    elif content:
        lines.append(f"Content-Length: {len(content)}")
    if random.random() < 0.3:
        lines.append(
            random.choice(
                (
                    "Content-Length: 99999999999999999999",
                    "Content-Length: -1",
                    "Content-Length: 5\r\nContent-Length: 6",
                    "Transfer-Encoding: gzip",
                    "Expect: 100-continue",
                    "Connection: upgrade\r\nUpgrade: websocket",
                    "Connection: upgrade\r\nUpgrade: h2c",
                    "Host: other",
                    "X: " + "y" * 70_000,
                    "X" * 300,
                    "\x00: x",
                    "Content-Encoding: gzip",
                )
            )
        )
    whole = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content
    return Mutator(random).bytes(whole) if random.random() < 0.5 else whole


def send(folder: Path, requests: list[bytes], seed: str) -> None:
    """Sends bytes to a server on a port, each on a connection of its own."""
    random = Random(seed)
    lines: list[str] = []

    async def main(port: int) -> None:
        room = asyncio.Semaphore(20)

        async def one(sent: bytes) -> None:
            async with room:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(sent)
                    if random.random() < 0.5:
                        writer.write_eof()
                    # An answer, or the end of the connection.
                    answer = await asyncio.wait_for(reader.read(65_536), 120)
                    assert not answer.startswith(b"HTTP/1.1 50") or answer[9:12] == b"501", sent
                except ConnectionError:
                    pass
                finally:
                    writer.transport.abort()

        await asyncio.gather(*map(one, requests))
        assert await answers(port)

    with served(folder, Limits(head=0.5, body=0.5, connections=64), lines) as one:
        asyncio.run(main(one.port))
    assert lines == []


def test_bytes_of_the_corpus(tmp_path: Path) -> None:
    send(tmp_path, list(BYTES_FOUND), "found")


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize("seed", range(4))
def test_mutated_bytes_on_a_port(seed: int, tmp_path: Path) -> None:
    random = Random(f"bytes {seed}")
    before = peak()
    send(tmp_path, [raw(random) for _ in range(scaled(800))], f"{seed}")
    assert peak() - before < MOST_MEMORY
