"""Funnels, models and variants, as `parent_segment.toml` names them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from local_api import NOW, Api, client, rule, with_api, write_data
from segdsl.server import open_local

NAMED = """
[funnels.Onboarding]
id = 3
stages = { Interest = 41, Activation = 42, Trial = 43 }

[models.predictive]
Churn = 16

[models.rfm]
Customers = 8

[models.cltv]
Value = 10

[tests."Welcome mail"]
A = 1
B = 2

[tests.Banner]
A = 3
"""


def with_names(test: Callable[[Api], Awaitable[None]]) -> Callable[[Path], None]:
    """As `with_api`, where the parent segment has funnels, models and tests."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            data = write_data(tmp_path)
            with (data / "parent_segment.toml").open("a") as file:
                file.write(NAMED)
            (data / "funnel_stages.csv").write_text("cdp_customer_id,stage_id\nc01,41\nc02,41\n")
            (data / "ab_test_variants.csv").write_text("cdp_customer_id,variant_id\nc03,2\n")
            async with (
                open_local(data, None, NOW) as transport,
                client(transport=transport) as http,
            ):
                await test(Api(http))

        asyncio.run(inside())

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


@with_names
async def test_funnels_with_their_stages(api: Api) -> None:
    [answer] = await api.ask("GET", "/audiences/7/funnels")
    assert (answer["id"], answer["name"], answer["audienceId"]) == ("3", "Onboarding", "7")
    stages = [("41", "Interest"), ("42", "Activation"), ("43", "Trial")]
    assert [(each["id"], each["name"]) for each in answer["stages"]] == stages
    assert await api.ask("GET", "/audiences/7/funnels/3") == answer
    await api.ask("GET", "/audiences/7/funnels/4", status=404)
    await api.ask("GET", "/audiences/8/funnels", status=404)


@with_names
async def test_funnels_under_entities(api: Api) -> None:
    [answer] = (await api.ask("GET", "/entities/parent_segments/7/funnels"))["data"]
    assert (answer["id"], answer["type"]) == ("3", "funnel")
    assert [each["id"] for each in answer["attributes"]["stages"]] == ["41", "42", "43"]
    await api.ask("GET", "/entities/parent_segments/8/funnels", status=404)


@with_names
async def test_predictive_models(api: Api) -> None:
    [answer] = await api.ask("GET", "/audiences/7/predictive_segments")
    assert (answer["id"], answer["name"]) == ("16", "Churn")
    await api.ask("GET", "/audiences/8/predictive_segments", status=404)


@with_names
async def test_funnels_and_models_of_solutions_lie_in_the_root_folder(api: Api) -> None:
    root = (await api.ask("GET", "/audiences/7"))["rootFolderId"]
    inside = (await api.ask("GET", f"/entities/by-folder/{root}?depth=1"))["data"]
    assert [(each["type"], each["id"], each["attributes"]["name"]) for each in inside] == [
        ("folder-segment", root, inside[0]["attributes"]["name"]),
        ("funnel", "3", "Onboarding"),
        ("mlSolution", "8", "Customers"),
        ("mlSolution", "10", "Value"),
        ("predictive-segment", "16", "Churn"),
    ]
    assert [each["attributes"].get("solutionType") for each in inside[2:4]] == ["rfm", "cltv"]
    assert len((await api.ask("GET", f"/entities/by-folder/{root}?depth=0"))["data"]) == 1
    assert (await api.ask("GET", f"/entities/by-folder/{root}"))["data"] == inside
    folder = await api.create_folder("Other", root)
    assert len((await api.ask("GET", f"/entities/by-folder/{folder}?depth=9"))["data"]) == 1


@with_names
async def test_ids_are_unique_across_kinds(api: Api) -> None:
    """Clients keep them in one map."""
    root = (await api.ask("GET", "/audiences/7"))["rootFolderId"]
    made = [root]
    for at in range(24):
        made.append(await api.create_folder(f"folder {at}", root))
        made.append((await api.create(f"segment {at}"))["id"])
    [funnel] = await api.ask("GET", "/audiences/7/funnels")
    others = [funnel["id"], *(each["id"] for each in funnel["stages"])]
    path = "/entities/realtime_journeys/abtest_variants?audience_id=7"
    others += [each["id"] for each in (await api.ask("GET", path))["data"]]
    others += [each["id"] for each in await api.ask("GET", "/audiences/7/predictive_segments")]
    others += ["8", "10"]
    others = list(dict.fromkeys(others))
    for kind in ("attributes", "behaviors"):
        others += [each["id"] for each in await api.ask("GET", f"/audiences/7/{kind}")]
    assert len({*made, *others}) == len(made) + len(others)
    # What is taken is stepped over: nothing else is left out.
    assert [int(id) for id in made] == [id for id in range(1, 200) if str(id) not in others][:49]


@with_names
async def test_variants_with_the_names_of_their_tests(api: Api) -> None:
    path = "/entities/realtime_journeys/abtest_variants"
    answer = (await api.ask("GET", f"{path}?audience_id=7"))["data"]
    assert [
        (each["id"], each["attributes"]["realtimeJourneyStepName"], each["attributes"]["name"])
        for each in answer
    ] == [("1", "Welcome mail", "A"), ("2", "Welcome mail", "B"), ("3", "Banner", "A")]
    missing = await api.ask("GET", path, status=400)
    assert "audience_id" in str(missing)
    await api.ask("GET", f"{path}?audience_id=8", status=404)


@with_names
async def test_rules_refer_to_their_ids(api: Api) -> None:
    stage = {"type": "FunnelStageReference", "id": "41", "exclude": False}
    assert await api.count(rule(stage)) == 2
    variant = {"type": "AbTestVariantReference", "id": "2", "exclude": True}
    assert await api.count(rule(stage, variant)) == 2


@with_api
async def test_a_parent_segment_without_funnels_models_and_variants(api: Api) -> None:
    assert await api.ask("GET", "/audiences/7/funnels") == []
    assert await api.ask("GET", "/audiences/7/predictive_segments") == []
    assert (await api.ask("GET", "/entities/parent_segments/7/funnels"))["data"] == []
    path = "/entities/realtime_journeys/abtest_variants?audience_id=7"
    assert (await api.ask("GET", path))["data"] == []
    assert len((await api.ask("GET", "/entities/by-folder/1?depth=9"))["data"]) == 1
