"""Fault injection: what `--faults` accepts, and what clients see of it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from local_api import JAPAN, Api, local_api
from segdsl.server import Faults, FaultsError, parse_faults
from segdsl.server.http.faults import Fault, FaultInjector
from serving import serving


def test_parsing() -> None:
    faults = parse_faults(
        "latency=20ms,429=0.05, 500=0.1,503-after=0.2,cut-before=0.05,hang-after=0.01,seed=7"
    )
    assert faults == Faults(
        (
            (Fault(429, "before"), 0.05),
            (Fault(500, "before"), 0.1),
            (Fault(503, "after"), 0.2),
            (Fault("cut", "before"), 0.05),
            (Fault("hang", "after"), 0.01),
        ),
        latency=0.02,
        retry_after=1,
        seed=7,
    )
    assert parse_faults("latency=1.5s,retry-after=0") == Faults((), 1.5, 0, 0)
    assert parse_faults("cut-after=1").chances == ((Fault("cut", "after"), 1.0),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "`` is not a fault"),
        ("429", "`429` is not a fault"),
        ("429=", "`429=` is not a fault"),
        ("418=0.5", "there is no fault `418`"),
        ("429-after=0.5", "there is no fault `429-after`"),
        ("cut=0.5", "there is no fault `cut`"),
        ("hang=0.5", "there is no fault `hang`"),
        ("429=2", "the probability of 429 is a number from 0 to 1, not `2`"),
        ("429=nan", "the probability of 429 is a number from 0 to 1"),
        ("429=-0.1", "the probability of 429 is a number from 0 to 1"),
        ("429=0.5,429=0.5", "`429` is given twice"),
        ("429=0.6,500=0.6", "the probabilities add up to 1.2"),
        ("latency=20", "latency is written as 20ms or 1.5s, not `20`"),
        ("latency=-1s", "latency is written as"),
        ("seed=x", "seed is a whole number"),
        ("retry-after=1.5", "retry-after is a whole number"),
        ("429=0.1,", "`` is not a fault"),
    ],
)
def test_invalid_specifications(text: str, said: str) -> None:
    with pytest.raises(FaultsError, match=re.escape(said)):
        parse_faults(text)


def test_the_same_seed_draws_the_same_faults() -> None:
    faults = parse_faults("429=0.1,500=0.2,cut-after=0.3,seed=3")
    first, second = FaultInjector(faults), FaultInjector(faults)
    drawn = [first.draw() for _ in range(2_000)]
    assert drawn == [second.draw() for _ in range(2_000)]
    shares = {fault: number / 2_000 for fault, number in Counter(drawn).items()}
    expected: dict[Fault | None, float] = {None: 0.4}
    expected.update(faults.chances)
    assert shares.keys() == expected.keys()
    assert all(abs(shares[fault] - expected[fault]) < 0.05 for fault in expected)


# --- what a client sees, in either way ---------------------------------------------------

CREATE = "/audiences/7/segments"


async def create(api: Api, name: str, timeout: float) -> str:
    """The outcome of one create: a status, or the kind of error."""
    try:
        body = {"name": name, "rule": JAPAN}
        response = await api.send("POST", CREATE, body, timeout=timeout)
    except httpx.ReadTimeout:
        return "given up"
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        # Which of them depends on what was under way when the connection was cut.
        return "cut"
    return str(response.status_code)


def timeout(seen: str) -> float:
    """The client's timeout in seconds: short where no answer comes, so that the test ends."""
    return 1 if seen == "given up" else 30


# How a fault is written; what the client sees; whether the segment is there all the same.
KINDS = [
    ("429=1", "429", False),
    ("500=1", "500", False),
    ("502=1", "502", False),
    ("503=1", "503", False),
    ("504=1", "504", False),
    ("500-after=1", "500", True),
    ("503-after=1", "503", True),
    ("cut-before=1", "cut", False),
    ("cut-after=1", "cut", True),
    ("hang-before=1", "given up", False),
    ("hang-after=1", "given up", True),
    ("latency=1ms", "200", True),
]


@pytest.mark.parametrize(("text", "seen", "took_effect"), KINDS)
def test_a_fault_in_process(text: str, seen: str, took_effect: bool, tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store, faults=parse_faults(text)) as api:
            assert await create(api, "x", timeout(seen)) == seen
        async with local_api(tmp_path, store=store) as api:
            assert await api.names() == ["x"] * took_effect

    asyncio.run(test())


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
@pytest.mark.parametrize(("text", "seen", "took_effect"), KINDS)
def test_a_fault_on_a_port(text: str, seen: str, took_effect: bool, tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with serving(tmp_path, "--store", str(store), "--faults", text) as (api, server):
            # Each has a connection of its own, and its own fate; the name is taken once.
            tries = (create(api, "x", timeout(seen)) for _ in range(3))
            outcomes = set(await asyncio.gather(*tries))
            assert outcomes - {"400"} == {seen}
            server.terminate()
            _, errors = server.communicate(timeout=20)
            assert errors == ""
        async with local_api(tmp_path, store=store) as api:
            assert await api.names() == ["x"] * took_effect

    asyncio.run(test())


def test_fault_answers_have_the_shape_of_their_family(tmp_path: Path) -> None:
    async def test() -> None:
        faults = parse_faults("429=1,retry-after=3")
        async with local_api(tmp_path, faults=faults) as api:
            assert set(await api.ask("GET", "/audiences/7", status=429)) == {"code", "message"}
            assert set(await api.ask("GET", "/entities/folders/1", status=429)) == {"errors"}
            response = await api.send("GET", "/audiences/7")
            assert response.headers["retry-after"] == "3"
        async with local_api(tmp_path, faults=parse_faults("503=1")) as api:
            for path in ("/audiences/7", "/entities/folders/1"):
                answer = await api.ask("GET", path, status=503)
                assert (answer["status"], answer["error"]) == (503, "Service Unavailable")

    asyncio.run(test())


def test_a_slow_answer_is_a_timeout(tmp_path: Path) -> None:
    async def test() -> None:
        async with local_api(tmp_path, faults=parse_faults("latency=30s")) as api:
            with pytest.raises(httpx.ReadTimeout):
                await api.http.get("/audiences/7", timeout=0.01)

    asyncio.run(test())
