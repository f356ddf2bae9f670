"""Journeys for the tests of the local API, and the calls that most of them make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from local_api import JAPAN, NOW, Api, client, equal, rule, write_data
from segdsl.server import Faults, open_local

CONNECTION = """
[connections.mail]
id = 5
type = "s3"
"""
VIP = rule(equal("vip", True))
US = rule(equal("country", "US"))
NOBODY = rule(equal("country", "nowhere"))


def journey(name: str, *stages: Any, folder: str = "1", **attributes: Any) -> Any:
    """A body that creates or changes a journey."""
    shown = {"journeyStages": list(stages)} if stages else {}
    return {
        "type": "journey",
        "attributes": {"name": name, **shown, **attributes},
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }


def criteria(segment: str, name: str = "Criteria", **more: Any) -> Any:
    return {"name": name, "segmentId": segment, **more}


def wait(days: int, next: str | None) -> Any:
    """A wait as clients write it."""
    return {
        "type": "WaitStep",
        "name": "Wait",
        "waitStepType": "Duration",
        "waitStep": days,
        "waitStepUnit": "day",
        "next": next,
    }


def mail(activation: str, next: str | None) -> Any:
    return {
        "type": "Activation",
        "name": "Mail",
        "journeyActivationStepId": activation,
        "next": next,
    }


END = {"type": "End", "name": "End"}


class Journeys:
    """Calls about journeys."""

    def __init__(self, api: Api, clock: list[int]) -> None:
        self.api = api
        self._clock = clock

    def advance(self, days: int = 1) -> None:
        self._clock[0] += days * 86_400

    async def segment(self, of: Any = JAPAN, name: str = "Criteria") -> str:
        """The id of a rule of a journey."""
        made: str = (await self.api.create(name, of, kind=3))["id"]
        return made

    async def create(self, name: str, *stages: Any, **more: Any) -> Any:
        body = journey(name, *(stages or ({"name": "s1"},)), **more)
        return (await self.api.ask("POST", "/entities/journeys", body))["data"]

    async def get(self, id: str) -> Any:
        return (await self.api.ask("GET", f"/entities/journeys/{id}"))["data"]

    async def patch(self, id: str, status: int = 200, **attributes: Any) -> Any:
        body = {"type": "journey", "attributes": {"name": "Welcome", **attributes}}
        answer = await self.api.ask("PATCH", f"/entities/journeys/{id}", body, status=status)
        return answer["data"] if status == 200 else answer

    async def activation(self, id: str, name: str = "Mail", **more: Any) -> str:
        params = {
            "name": name,
            "connectionId": "5",
            "allColumns": True,
            "connectorConfig": {"path": "x"},
            "scheduleType": "daily",
            "scheduleOption": "11:00:00",
            **more,
        }
        body = activation_body(params)
        answer = await self.api.ask("POST", f"/entities/journeys/{id}/activations", body)
        made: str = answer["data"]["id"]
        return made

    async def launch(self, name: str, segment: str, **more: Any) -> Any:
        """A launched journey of one stage without steps."""
        stage = {"name": "s1", "entryCriteria": criteria(segment)}
        return await self.create(name, stage, state="launched", **more)

    async def run(self, id: str) -> Any:
        """The last execution, after a run."""
        started = await self.api.ask("POST", f"/entities/journeys/{id}/run")
        while True:
            last = (await self.get(id))["attributes"]["latestExecution"]
            assert last["workflowAttemptId"] == started["data"]["id"]
            if last["finishedAt"] is not None:
                return last
            await asyncio.sleep(0.02)

    async def statistics(self, id: str) -> Any:
        answer = await self.api.ask("GET", f"/entities/journeys/{id}/statistics")
        return answer["data"]["attributes"]

    async def inside(self, id: str, stage: str | None = None) -> list[str]:
        """The ids of the profiles in a journey or a stage."""
        if stage is None:
            answer = (await self.api.ask("GET", f"/entities/journeys/{id}/customers"))["data"]
        else:
            path = f"/entities/journeys/{id}/journey_stages/{stage}/customers"
            answer = await self.api.ask("GET", path)
        return [row[0] for row in answer["rows"]]


def activation_body(params: Any) -> Any:
    """The body of an activation, with what the description requires of answers too."""
    return {
        "type": "journeyActivationStep",
        "attributes": {"activationParams": params},
        "relationships": {},
    }


@asynccontextmanager
async def journeys_api(
    folder: Path,
    *,
    store: Path | None = None,
    strict: bool = False,
    faults: Faults | None = None,
    clock: list[int] | None = None,
) -> AsyncIterator[Journeys]:
    """The API in this process, with a connection, and a clock that the test moves."""
    moment = [NOW] if clock is None else clock
    data = write_data(folder)
    with (data / "parent_segment.toml").open("a") as file:
        file.write(CONNECTION)
    async with (
        open_local(data, store, None, faults, strict=strict) as transport,
        client(transport=transport) as http,
    ):
        yield Journeys(Api(http), moment)


Test = Callable[[Journeys, Path], Awaitable[None]]


def with_journeys(test: Test) -> Callable[[Path, Any], None]:
    """Turns an async test of journeys into a test that pytest runs; its clock is its own."""
    return _as_test(test)


def with_strict_journeys(test: Test) -> Callable[[Path, Any], None]:
    return _as_test(test, strict=True)


def _as_test(test: Test, *, strict: bool = False) -> Callable[[Path, Any], None]:
    def run(tmp_path: Path, monkeypatch: Any) -> None:
        clock = [NOW]
        monkeypatch.setattr("segdsl.server.service.time", lambda: clock[0])

        async def inside() -> None:
            async with journeys_api(tmp_path, strict=strict, clock=clock) as journeys:
                await test(journeys, tmp_path)

        asyncio.run(inside())

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
