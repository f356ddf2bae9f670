"""The weather of real networks, for tests: slow answers, 429, 5xx, and cut connections.

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

_STATUSES = ("429", "500", "502", "503", "504")
_LATENCY = re.compile(r"(\d+(?:\.\d+)?)(ms|s)", re.ASCII)
_KINDS = (
    "latency=20ms, 429=0.05, 500=0.05 (or 502, 503, 504), 500-after=0.05, cut-before=0.05, "
    "cut-after=0.05, retry-after=1, seed=7"
)

When = OneOf["before", "after"]
Answer = Callable[[int], ASGIApp]


class FaultsError(ValueError):
    """A description of faults that cannot be read; its text says what is wrong."""


class Fault(msgspec.Struct, frozen=True):
    """What happens to a request: an answer of this status, or a cut (None).

    `before`: the request has no effect. `after`: it takes effect, and its own answer is lost.
    """

    status: int | None
    when: When


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
        fault = _fault(key)
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


def _fault(key: str) -> Fault | None:
    kind, _, when = key.partition("-")
    if key in ("cut-before", "cut-after"):
        return Fault(None, "before" if when == "before" else "after")
    if key in _STATUSES:
        return Fault(int(key), "before")
    if kind in _STATUSES[1:] and when == "after":
        return Fault(int(kind), "after")
    return None


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


class Weather:
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
        if fault.status is None:
            raise ConnectionCutError
        await answer(fault.status)(scope, receive, send)


async def _swallow(message: Message) -> None:
    """Where an answer goes that nobody will see."""
