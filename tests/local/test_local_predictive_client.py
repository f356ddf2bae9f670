"""The client of predictive segments on a local API: every method, and nothing is created twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from local_api import NOW, Api, client
from predictive_api import FEATURES, PROFILES, buyers, write_shop
from segdsl.api import (
    AlreadyExistsError,
    ApiKey,
    Client,
    ConflictError,
    NewPredictiveSegment,
    NewSegment,
    RejectedError,
    RetryPolicy,
)
from segdsl.server import LOCAL_KEY, open_local

QUICK = RetryPolicy(
    attempts=6,
    first_pause=0.001,
    max_pause=0.001,
    first_poll=0.01,
    max_poll=0.01,
    max_run_poll=0.01,
)


class Unreliable(httpx.AsyncBaseTransport):
    """Passes requests on; the answers to some writes are lost, before or after their effect."""

    def __init__(self, inner: httpx.AsyncBaseTransport, lost: dict[int, str], side: str) -> None:
        self.inner = inner
        self.lost = lost
        self.side = side
        self.writes = 0
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith(self.side) and "predictive" in request.url.path:
            body = {"code": "not_implemented", "message": "not here"}
            return httpx.Response(501, json=body, headers={"Server": "segdsl"})
        how = None
        if request.method != "GET" and "predictive" in request.url.path:
            how = self.lost.get(self.writes)
            self.writes += 1
            self.sent.append(request.method)
        if how == "before":
            raise httpx.ConnectError("lost", request=request)
        response = await self.inner.handle_async_request(request)
        if how == "after":
            await response.aread()
            raise httpx.ReadError("lost", request=request)
        return response


@asynccontextmanager
async def opened(
    folder: Path, lost: dict[int, str] | None = None, side: str = "/"
) -> AsyncIterator[tuple[Client, Api, Unreliable]]:
    async with open_local(write_shop(folder), None, NOW) as transport:
        unreliable = Unreliable(transport, lost or {}, side)
        async with (
            client(transport=transport) as http,
            Client(
                "http://localhost", ApiKey(LOCAL_KEY), transport=unreliable, retry_policy=QUICK
            ) as api,
        ):
            yield api, Api(http), unreliable


def new(segment: str, name: str = "Buys again", **more: Any) -> NewPredictiveSegment:
    attributes = {"name": name, "segmentId": int(segment), **FEATURES, **more}
    body = {"type": "predictive-segment", "attributes": attributes}
    return NewPredictiveSegment(name, msgspec.Raw(json.dumps(body).encode()))


@pytest.mark.parametrize(("side", "form"), [("/", "entities"), ("/audiences", "legacy")])
def test_every_method(tmp_path: Path, side: str, form: str) -> None:
    """Also on a server that has the legacy side alone."""

    async def test() -> None:
        async with opened(tmp_path, side=side) as (api, raw, _):
            of = await buyers(raw)
            made = await api.create_predictive_segment("7", new(of, gradeThresholds=[70, 50, 30]))
            assert (made.name, made.segment_id, made.folder_id) == ("Buys again", of, "1")
            assert (made.accuracy, made.area, made.form) == (None, None, form)
            assert await api.predictive_segment("7", made.id) == made
            assert await api.predictive_segment_or_none("7", made.id) == made
            assert await api.find_predictive_segment("7", "Buys again") == made
            assert [each.id for each in await api.predictive_segments("7")] == [made.id]
            with pytest.raises(AlreadyExistsError):
                await api.create_predictive_segment("7", new(of))
            changed = await api.update_predictive_segment("7", made.id, new(of, "Buys"))
            assert changed.name == "Buys"
            await _trained(api, made.id)
            trained = await api.predictive_segment("7", made.id)
            assert trained.accuracy is not None
            assert trained.accuracy > 50
            assert trained.area is not None
            assert trained.area > 0.6
            assert await api.delete_predictive_segment("7", made.id)
            assert await api.predictive_segment_or_none("7", made.id) is None

    asyncio.run(test())


async def _trained(api: Client, id: str) -> None:
    """Trains the model, and looks at what is known of it."""
    statuses: list[str] = []
    started = await api.run_predictive_segment("7", id)
    ended = await api.wait_for_training(
        "7", id, started, on_status=lambda each: statuses.append(each.status)
    )
    assert ended.status == "success", ended.message
    assert statuses[-1:] == ["success"]
    assert [each.status for each in await api.predictive_executions("7", id)] == ["success"]
    weights = {each.feature: each.weight for each in await api.model_features("7", id)}
    assert weights["city#Oslo"] > 0 > weights["city#Kyoto"]
    assert len(await api.model_features("7", id, limit=2)) == 2
    assert (await api.model_columns("7", id))[0] == ("age", "number")
    assert len(await api.model_columns("7", id, limit=1)) == 1
    scores = await api.model_scores("7", id)
    assert sum(number for _, number in (*scores.positives, *scores.negatives)) == PROFILES


def test_features_are_guessed(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path) as (api, raw, _):
            of = await buyers(raw)
            assert (await api.guess_features("7", of)).status == "running"
            rule = json.loads(bytes(await api.guessed_features("7", of)))
            assert rule["categoricalArrayAsColumnNames"] == ["tags"]

    asyncio.run(test())


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("how", ["before", "after"])
def test_one_is_created_whatever_answer_is_lost(tmp_path: Path, at: int, how: str) -> None:
    async def test() -> None:
        async with opened(tmp_path, {at: how}) as (api, raw, _):
            of = await buyers(raw)
            first = await api.create_predictive_segment("7", new(of))
            second = await api.create_predictive_segment("7", new(of, "Other"))
            listed = await api.predictive_segments("7")
            assert {each.id for each in listed} == {first.id, second.id}

    asyncio.run(test())


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_training_starts_once_whatever_answer_is_lost(tmp_path: Path, how: str) -> None:
    async def test() -> None:
        async with opened(tmp_path, {1: how}) as (api, raw, unreliable):
            made = await api.create_predictive_segment("7", new(await buyers(raw)))
            started = await api.run_predictive_segment("7", made.id)
            await api.wait_for_training("7", made.id, started)
            assert len(await api.predictive_executions("7", made.id)) == 1
            assert unreliable.sent.count("POST") <= 3

    asyncio.run(test())


@pytest.mark.parametrize("how", ["before", "after"])
def test_one_is_updated_and_deleted_whatever_answer_is_lost(tmp_path: Path, how: str) -> None:
    async def test() -> None:
        async with opened(tmp_path, {1: how, 3: how}) as (api, raw, _):
            of = await buyers(raw)
            made = await api.create_predictive_segment("7", new(of))
            changed = await api.update_predictive_segment("7", made.id, new(of, description="x"))
            assert changed.decoded()["attributes"]["description"] == "x"
            await api.delete_predictive_segment("7", made.id)
            assert list(await api.predictive_segments("7")) == []

    asyncio.run(test())


def test_refusals_keep_their_reasons(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path) as (api, raw, _):
            of = await buyers(raw)
            wrong = new(of, quantitativeAsColumnNames=["agee", "months"])
            with pytest.raises(RejectedError, match="did you mean `age`"):
                await api.create_predictive_segment("7", wrong)
            made = await api.create_predictive_segment("7", new(of))
            with pytest.raises(RejectedError, match="has not been trained yet"):
                await api.model_features("7", made.id)
            score = {
                "type": "PredictiveScoreReference",
                "id": made.id,
                "minGrade": 1,
                "maxGrade": 4,
                "includeConvertedCustomers": True,
            }
            rule = {"type": "And", "conditions": [{"type": "And", "conditions": [score]}]}
            await api.create_segment(
                "7", NewSegment("Likely", msgspec.Raw(json.dumps(rule).encode()))
            )
            with pytest.raises(ConflictError):
                await api.delete_predictive_segment("7", made.id)

    asyncio.run(test())
