"""The weather of real networks, for tests: slow answers or none, 429, 5xx, cut connections.

A fault is drawn for each request from a seeded source, in the order of arrival. Nothing
here knows what a request asks for.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Callable
from typing import Literal as OneOf

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segdsl.errors import SegdslError

_STATUSES = (429, 500, 502, 503, 504)
_LATENCY = re.compile(r"(\d+(?:\.\d+)?)(ms|s)", re.ASCII)
_KINDS = (
    "latency=20ms, 429=0.05, 500=0.05 (or 502, 503, 504), 500-after=0.05, cut-before=0.05, "
    "cut-after=0.05, hang-before=0.05, hang-after=0.05, retry-after=1, seed=7"
)

When = OneOf["before", "after"]
Silence = OneOf["cut", "hang"]
Answer = Callable[[int], ASGIApp]


class FaultsError(SegdslError, ValueError):
    """A description of faults that cannot be read; its text says what is wrong."""


class Fault(msgspec.Struct, frozen=True):
    """What happens to a request: an answer of this status, a cut, or nothing until it is given up.

    `before`: the request has no effect. `after`: it takes effect, and its own answer is lost.
    """

    what: int | Silence
    when: When


_FAULTS = {
    **{f"{each}": Fault(each, "before") for each in _STATUSES},
    # Too many requests are turned away, and never after the deed.
    **{f"{each}-after": Fault(each, "after") for each in _STATUSES if each != 429},
    "cut-before": Fault("cut", "before"),
    "cut-after": Fault("cut", "after"),
    "hang-before": Fault("hang", "before"),
    "hang-after": Fault("hang", "after"),
}


class Faults(msgspec.Struct, frozen=True):
    """How probable each fault is, from 0 to 1, all together at most 1; seconds of latency.

    `retry_after` is what a 429 asks for, in whole seconds.
    """

    chances: tuple[tuple[Fault, float], ...] = ()
    latency: float = 0.0
    retry_after: int = 1
    seed: int = 0


class ConnectionCutError(BaseException):
    """The connection is to be cut, without an answer.

    Not an Exception: nothing between here and the edge may answer in its place.
    """


def parse_faults(text: str) -> Faults:
    """Faults as written on the command line: `latency=20ms,429=0.05,cut-after=0.05,seed=7`.

    A status alone comes before the request takes effect; `500-after` after it has. Raises
    FaultsError.
    """
    chances: dict[Fault, float] = {}
    found: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not value:
            raise FaultsError(f"`{part.strip()}` is no fault: write {_KINDS}")
        if key in found:
            raise FaultsError(f"`{key}` stands twice: keep one of the two")
        found[key] = value
        fault = _FAULTS.get(key)
        if fault is not None:
            chances[fault] = _chance(key, value)
        elif key not in ("latency", "retry-after", "seed"):
            raise FaultsError(f"there is no fault `{key}`: write {_KINDS}")
    total = sum(chances.values())
    if total > 1 + 1e-9:
        raise FaultsError(f"the chances add up to {total:g}: together they are at most 1")
    return Faults(
        tuple(chances.items()),
        _seconds(found.get("latency", "0ms")),
        _whole("retry-after", found.get("retry-after", "1")),
        _whole("seed", found.get("seed", "0")),
    )


def _chance(key: str, value: str) -> float:
    try:
        chance = float(value)
    except ValueError:
        chance = -1.0
    if not 0 <= chance <= 1:
        raise FaultsError(f"the chance of {key} is a number from 0 to 1, and this is `{value}`")
    return chance


def _seconds(value: str) -> float:
    found = _LATENCY.fullmatch(value)
    if found is None:
        raise FaultsError(f"latency is written as 20ms or 1.5s, and this is `{value}`")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _whole(key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 9:
        raise FaultsError(f"{key} is a whole number, and this is `{value}`")
    return int(value)


class FaultInjector:
    """Draws a fault for one request after the other; the same seed draws the same."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._random = random.Random(faults.seed)
        self._lock = threading.Lock()

    def draw(self) -> Fault | None:
        with self._lock:
            at = self._random.random()
        for fault, chance in self.faults.chances:
            if at < chance:
                return fault
            at -= chance
        return None

    async def pass_on(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, answer: Answer
    ) -> None:
        """Lets `app` handle the request, or a fault; `answer` makes the answer of a status."""
        fault = self.draw()
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency)
        if fault is None:
            await app(scope, receive, send)
            return
        if fault.when == "after":
            await app(scope, receive, _swallow)
        match fault.what:
            case "hang":
                await _given_up(receive)
            case "cut":
                raise ConnectionCutError
            case status:
                await answer(status)(scope, receive, send)


async def _swallow(message: Message) -> None:
    """Where an answer goes that nobody will see."""


async def _given_up(receive: Receive) -> None:
    """Waits until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
