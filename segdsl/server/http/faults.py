"""Fault injection, for tests of clients: slow answers or none, 429, 5xx, cut connections.

A fault is drawn for each request from a seeded source, in the order of arrival. Nothing here
depends on what a request asks for.
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
NoAnswer = OneOf["cut", "hang"]
Answer = Callable[[int], ASGIApp]


class FaultsError(SegdslError, ValueError):
    """An invalid specification of faults; its text says what is wrong."""


class Fault(msgspec.Struct, frozen=True):
    """A fault: an answer of this status, a cut connection, or no answer until the client gives up.

    `before`: the request has no effect. `after`: it takes effect, and its own answer is lost.
    """

    what: int | NoAnswer
    when: When


_FAULTS = {
    **{f"{status}": Fault(status, "before") for status in _STATUSES},
    # 429 refuses a request, so it never comes after the effect.
    **{f"{status}-after": Fault(status, "after") for status in _STATUSES if status != 429},
    "cut-before": Fault("cut", "before"),
    "cut-after": Fault("cut", "after"),
    "hang-before": Fault("hang", "before"),
    "hang-after": Fault("hang", "after"),
}


class Faults(msgspec.Struct, frozen=True):
    """The probability of each fault, in total at most 1, and the latency in seconds.

    `retry_after` is the `Retry-After` of a 429, in whole seconds.
    """

    chances: tuple[tuple[Fault, float], ...] = ()
    latency: float = 0.0
    retry_after: int = 1
    seed: int = 0


class ConnectionCutError(BaseException):
    """The connection is to be cut, without an answer.

    It is not an Exception, so that no error handler on the way answers it.
    """


def parse_faults(text: str) -> Faults:
    """Reads faults as written on the command line: `latency=20ms,429=0.05,cut-after=0.05,seed=7`.

    A status alone comes before the request takes effect, `500-after` afterwards. Raises
    FaultsError.
    """
    chances: dict[Fault, float] = {}
    values: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = map(str.strip, part.partition("="))
        if not equals or not value:
            raise FaultsError(f"`{part.strip()}` is not a fault: write {_KINDS}")
        if key in values:
            raise FaultsError(f"`{key}` is given twice: keep one of them")
        values[key] = value
        fault = _FAULTS.get(key)
        if fault is not None:
            chances[fault] = _chance(key, value)
        elif key not in ("latency", "retry-after", "seed"):
            raise FaultsError(f"there is no fault `{key}`: write {_KINDS}")
    total = sum(chances.values())
    if total > 1 + 1e-9:
        raise FaultsError(f"the probabilities add up to {total:g}: their sum is at most 1")
    return Faults(
        tuple(chances.items()),
        _seconds(values.get("latency", "0ms")),
        _whole("retry-after", values.get("retry-after", "1")),
        _whole("seed", values.get("seed", "0")),
    )


def _chance(key: str, value: str) -> float:
    try:
        chance = float(value)
    except ValueError:
        chance = -1.0
    if not 0 <= chance <= 1:
        raise FaultsError(f"the probability of {key} is a number from 0 to 1, not `{value}`")
    return chance


def _seconds(value: str) -> float:
    match = _LATENCY.fullmatch(value)
    if match is None:
        raise FaultsError(f"latency is written as 20ms or 1.5s, not `{value}`")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _whole(key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 9:
        raise FaultsError(f"{key} is a whole number, not `{value}`")
    return int(value)


class FaultInjector:
    """Draws a fault for each request in turn; the same seed draws the same faults."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._random = random.Random(faults.seed)
        self._lock = threading.Lock()

    def draw(self) -> Fault | None:
        with self._lock:
            drawn = self._random.random()
        for fault, chance in self.faults.chances:
            if drawn < chance:
                return fault
            drawn -= chance
        return None

    async def inject(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, answer: Answer
    ) -> None:
        """Draws a fault, or lets `app` handle the request; `answer` answers with a status."""
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
                await _disconnected(receive)
            case "cut":
                raise ConnectionCutError
            case status:
                await answer(status)(scope, receive, send)


async def _swallow(message: Message) -> None:
    """Discards an answer that the client does not get."""


async def _disconnected(receive: Receive) -> None:
    """Waits until the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
