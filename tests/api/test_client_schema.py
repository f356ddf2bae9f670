"""Reading models and variants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest

from segdsl.api import ApiKey, Client, InvalidResponseError
from segdsl.api.responses import PredictiveModel, Solution, Variant

_T = TypeVar("_T")
KEY = "1/0123456789abcdef0123456789abcdef01234567"


def asked(
    answers: dict[str, Any], call_: Callable[[Client], Awaitable[_T]]
) -> tuple[_T, list[str]]:
    """The result of a call to an API with these responses, and the requested paths."""
    paths: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(str(request.url.raw_path.decode()))
        if request.url.path not in answers:
            return httpx.Response(501, json={"code": "not_implemented", "message": "no"})
        return httpx.Response(200, json=answers[request.url.path])

    async def main() -> _T:
        transport = httpx.MockTransport(handle)
        async with Client("http://localhost", ApiKey(KEY), transport=transport) as client:
            return await call_(client)

    return asyncio.run(main()), paths


def test_predictive_models() -> None:
    body = [{"audienceId": "7", "id": "16", "name": "Churn", "description": None}]
    found, _ = asked(
        {"/audiences/7/predictive_segments": body}, lambda client: client.predictive_models("7")
    )
    assert found == (PredictiveModel("16", "Churn"),)


def resource(type: str, id: str, **attributes: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "attributes": attributes, "relationships": {}}


def test_solutions_are_read_from_the_list_by_folder() -> None:
    root = {"parentSegmentFolder": {"data": {"id": "5", "type": "folder-segment"}}}
    parent = {"id": "70", "type": "parentSegment", "attributes": {"name": "x", "v4Id": 7}}
    body = [
        resource("folder-segment", "5", name="x"),
        resource("segment-batch", "6", name="A segment", population=None),
        resource("funnel", "3", name="Onboarding", stages=[]),
        resource("mlSolution", "8", name="Customers", solutionType="rfm"),
        resource("mlSolution", "9", name="Value", solutionType="cltv"),
        # A solution of another kind is none that a condition can ask.
        resource("mlSolution", "9", name="Next", solutionType="nba"),
        resource("predictive-segment", "16", name="Churn"),
        resource("realtime-journey", "2", name="J", description="", state="draft", paused=False),
    ]
    found, paths = asked(
        {
            "/entities/parent_segments": [{"data": {**parent, "relationships": root}}],
            "/entities/by-folder/5": {"data": body, "included": []},
        },
        lambda client: client.solutions("7"),
    )
    assert found == (Solution("8", "Customers", "rfm"), Solution("9", "Value", "cltv"))
    assert paths[-1].startswith("/entities/by-folder/5?")
    assert "with_rule=false" in paths[-1]


def variant(id: str, **attributes: Any) -> dict[str, Any]:
    needed = {"realtimeJourneyId": "1", "realtimeJourneyStageId": "1", "location": "Home"}
    return resource("realtimeJourneyABTestVariant", id, name="A", **needed, **attributes)


def test_a_variant_is_named_by_step_journey_or_location() -> None:
    path = "/entities/realtime_journeys/abtest_variants"
    named = {"realtimeJourneyName": "Welcome"}
    body = [
        variant("1", realtimeJourneyStepName="Mail", **named),
        variant("2", **named),
        variant("3"),
    ]
    found, paths = asked({path: {"data": body}}, lambda client: client.variants("7"))
    assert found == (
        Variant("1", "A", "Mail"),
        Variant("2", "A", "Welcome"),
        Variant("3", "A", "Home"),
    )
    assert paths == [f"{path}?audience_id=7"]


@pytest.mark.parametrize("body", [{}, {"data": {}}, "x", None, 1])
def test_a_body_of_another_form_is_an_error(body: Any) -> None:
    with pytest.raises(InvalidResponseError, match="unexpected response"):
        asked({"/audiences/7/funnels": body}, lambda client: client.funnels("7"))
