"""Trainings of predictive segments, their scores in rules, and guesses of features."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local_api import NOW, Api, client, equal, rule
from predictive_api import (
    MEDIAN_AGE,
    PARENT,
    PATH,
    PLAIN,
    PROFILES,
    buyers,
    create,
    ended,
    run,
    scored,
    shop_api,
    with_shop,
)
from segdsl.server import open_local
from segdsl.training import errors


@with_shop
async def test_a_training_writes_scores_that_rules_ask(api: Api) -> None:
    of = await buyers(api)
    number = await api.count(rule(equal("buys", "yes")))
    id = await create(api, of, gradeThresholds=[70, 50, 30])
    likely = (await api.create("Likely", scored(id, 3, 5)))["id"]
    assert await api.count(scored(id)) == 0
    started = (await api.ask("POST", f"{PATH}/{id}/run"))["data"]
    assert started["type"] == "execution-predictive-segment"
    assert started["attributes"]["predictiveSegmentId"] == id
    execution = await ended(api, id)
    assert execution["status"] == "success", execution
    listed = (await api.ask("GET", f"{PATH}/{id}/executions"))["data"]
    assert [each["id"] for each in listed] == [started["id"]]
    attributes = (await api.ask("GET", f"{PATH}/{id}"))["data"]["attributes"]
    assert 50 < attributes["accuracy"] <= 100
    assert 0.6 < attributes["areaUnderRocCurve"] <= 1
    assert attributes["modelUpdatedAt"] == "2024-10-01T00:00:00.000Z"
    grades = [await api.count(scored(id, grade, grade)) for grade in (1, 2, 3, 4)]
    assert sum(grades) == PROFILES
    assert all(grades)
    # Those who have converted already are left out unless they are asked for.
    assert await api.count(scored(id, converted=False)) == PROFILES - number
    by_name = await api.count(rule({"type": "Reference", "id": likely, "exclude": False}))
    assert by_name == grades[2] + grades[3]


@with_shop
async def test_what_is_known_of_a_trained_model(api: Api) -> None:
    id = await create(api, await buyers(api))
    assert (await run(api, id))["status"] == "success"
    answer = (await api.ask("GET", f"{PATH}/{id}/model/features"))["data"]
    assert (answer["id"], answer["type"]) == (id, "predictive-segment-model")
    features = answer["attributes"]["features"]
    names = ["age", "months", "city#Kyoto", "city#Lyon", "city#Oslo", "tags#new", "tags#vip"]
    assert [name for name, _ in features] == names
    weights = dict(features)
    assert weights["city#Oslo"] > 0 > weights["city#Kyoto"]
    assert weights["tags#vip"] > 0 > weights["tags#new"]
    heaviest = sorted(features, key=lambda each: (-abs(each[1]), each[0]))[:3]
    limited = await api.ask("GET", f"{PATH}/{id}/model/features?limit=3")
    assert limited["data"]["attributes"]["features"] == heaviest
    assert await api.ask("GET", f"{PLAIN}/{id}/model/features?limit=3") == heaviest
    columns = [
        ["age", "number"], ["months", "number"], ["city", "category"], ["tags", "categories"],
    ]  # fmt: skip
    assert await api.ask("GET", f"{PLAIN}/{id}/model/columns") == columns
    first = await api.ask("GET", f"{PATH}/{id}/model/columns?limit=1")
    assert first["data"]["attributes"]["columns"] == columns[:1]
    score = (await api.ask("GET", f"{PATH}/{id}/model/score"))["data"]
    assert score["type"] == "predictive-segment-model-score"
    positives, negatives = (score["attributes"][key] for key in ("positives", "negatives"))
    number = await api.count(rule(equal("buys", "yes")))
    assert sum(count for _, count in positives) == number
    assert sum(count for _, count in negatives) == PROFILES - number
    histogram = await api.ask("GET", f"{PLAIN}/{id}/score_histogram?with_positive_train=true")
    assert histogram == [[0, dict(negatives)], [1, dict(positives)]]
    unseen = await api.ask("GET", f"{PLAIN}/{id}/score_histogram")
    assert sum(unseen[1][1].values()) == number // 5


@pytest.mark.parametrize("path", ["model/features", "model/columns", "model/score"])
def test_nothing_is_known_of_a_model_before_its_training(tmp_path: Path, path: str) -> None:
    async def test() -> None:
        async with shop_api(tmp_path) as api:
            id = await create(api, await buyers(api))
            refused = await api.ask("GET", f"{PATH}/{id}/{path}", status=400)
            [error] = refused["errors"]
            assert error["meta"] == {"validationCode": "PREDICTIVE_SEGMENT_NOT_YET_TRAINED"}
            assert "has not been trained yet" in error["detail"]

    asyncio.run(test())


@with_shop
async def test_a_training_that_cannot_succeed_says_why(api: Api) -> None:
    nobody = (await api.create("Nobody", rule(equal("city", "Paris"))))["id"]
    id = await create(api, nobody)
    execution = await run(api, id)
    assert execution["status"] == "error"
    assert "0 are in the segment “Nobody”, and it needs 5" in execution["message"]
    none = await create(api, nobody, "Without features", quantitativeAsColumnNames=[],
        categoricalAsColumnNames=[], categoricalArrayAsColumnNames=[], preprocess=[])  # fmt: skip
    assert "has no features" in (await run(api, none))["message"]
    await api.ask("GET", f"{PATH}/{id}/model/features", status=400)


@with_shop
async def test_only_the_segments_that_it_names_are_learned_from_and_scored(api: Api) -> None:
    of = await buyers(api)
    oslo = (await api.create("Oslo", rule(equal("city", "Oslo"))))["id"]
    lyon = (await api.create("Lyon", rule(equal("city", "Lyon"))))["id"]
    id = await create(api, of, baseSegmentId=oslo, scoredSegmentId=lyon)
    assert (await run(api, id))["status"] == "success"
    assert await api.count(scored(id)) == await api.count(rule(equal("city", "Lyon")))
    features = await api.ask("GET", f"{PLAIN}/{id}/model/features")
    assert [name for name, _ in features if name.startswith("city")] == ["city#Oslo"]


@with_shop
async def test_a_new_training_replaces_the_scores(api: Api) -> None:
    of = await buyers(api)
    lyon = (await api.create("Lyon", rule(equal("city", "Lyon"))))["id"]
    id = await create(api, of)
    await run(api, id)
    assert await api.count(scored(id)) == PROFILES
    await api.ask("PATCH", f"{PLAIN}/{id}", {"scoredSegmentId": int(lyon)})
    # Until then it has the scores that it had.
    assert await api.count(scored(id)) == PROFILES
    await run(api, id, 2)
    assert await api.count(scored(id)) == await api.count(rule(equal("city", "Lyon")))
    assert len(await api.ask("GET", f"{PLAIN}/{id}/executions")) == 2


def test_trained_scores_are_there_after_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def first() -> tuple[str, Any, Any]:
        async with shop_api(tmp_path, store=store) as api:
            id = await create(api, await buyers(api))
            await run(api, id)
            features = await api.ask("GET", f"{PLAIN}/{id}/model/features")
            return id, await api.count(scored(id, 3)), features

    async def second(id: str, number: int, features: Any) -> None:
        async with shop_api(tmp_path, store=store) as api:
            assert await api.count(scored(id, 3)) == number
            assert await api.ask("GET", f"{PLAIN}/{id}/model/features") == features

    asyncio.run(second(*asyncio.run(first())))


def test_another_server_on_the_store_sees_a_training(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def test() -> None:
        async with shop_api(tmp_path, store=store) as api:
            opened = open_local(tmp_path / "data", store, NOW)
            async with opened as transport, client(transport=transport) as http:
                other = Api(http)
                id = await create(api, await buyers(api))
                assert await other.count(scored(id)) == 0
                await run(api, id)
                assert await other.count(scored(id)) == PROFILES

    asyncio.run(test())


def test_the_method_can_be_chosen(tmp_path: Path) -> None:
    async def test() -> None:
        parent = f'{PARENT}\n[models]\nmethod = "boosting"\n'
        async with shop_api(tmp_path, parent=parent) as api:
            id = await create(api, await buyers(api))
            assert (await run(api, id))["status"] == "success"
            features = await api.ask("GET", f"{PLAIN}/{id}/model/features")
            assert [name for name, _ in features] == [
                "age", "months", "city", "tags#new", "tags#vip",
            ]  # fmt: skip

    asyncio.run(test())


def test_without_the_extra_a_training_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda name: None)

    async def test() -> None:
        async with shop_api(tmp_path) as api:
            id = await create(api, await buyers(api))
            execution = await run(api, id)
            assert execution["status"] == "error"
            assert "pip install 'segdsl[models]'" in execution["message"]

    asyncio.run(test())


# --- guesses -------------------------------------------------------------------------------


async def guessed(api: Api, segment: str) -> Any:
    path = f"/entities/segments/{segment}/predictive_segments/guess_rule_async"
    while (answer := await api.ask("GET", path))["data"]["attributes"]["status"] == "running":
        assert set(answer["data"]["attributes"]) == {"status"}
        await asyncio.sleep(0.01)
    assert answer["data"]["type"] == "predictive-segment-rule-guess-result"
    return answer["data"]["attributes"]["rule"]


@with_shop
async def test_features_are_guessed_in_the_background(api: Api) -> None:
    of = await buyers(api)
    first = f"{PLAIN}/guess_rule_async?segmentId={of}"
    assert await api.ask("GET", first) == {"status": "running"}
    found = await guessed(api, of)
    assert await api.ask("GET", first) == {"status": "success", "rule": found}
    # Without the mail address, which is pii, the code, which everybody has for himself, what is the
    # same for all, and what says who is in the segment.
    assert found == {
        "quantitativeAsColumnNames": ["age"],
        "categoricalAsColumnNames": ["city", "seen_day_of_week"],
        "categoricalArrayAsColumnNames": ["tags"],
        "preprocess": [
            {
                "column": "age",
                "source": {
                    "column": "age",
                    "table": "customers",
                    "functions": [{"function": "cast_as_quantitative", "default": MEDIAN_AGE}],
                },
            },
            {
                "column": "seen_day_of_week",
                "source": {
                    "column": "seen",
                    "table": "customers",
                    "functions": [{"function": "day_of_week"}],
                },
            },
        ],
    }
    id = (await api.ask("POST", PLAIN, {"name": "Guessed", "segmentId": int(of), **found}))["id"]
    assert (await run(api, id))["status"] == "success"


@with_shop
async def test_a_guess_is_about_a_segment_that_is_there(api: Api) -> None:
    await api.ask("GET", f"{PLAIN}/guess_rule_async?segmentId=99", status=404)
    await api.ask("GET", f"{PLAIN}/guess_rule_async", status=400)
    await api.ask("GET", f"{PLAIN}/guess_rule_async?segmentId=x", status=400)
    path = "/entities/segments/99/predictive_segments/guess_rule_async"
    await api.ask("GET", path, status=404)


@with_shop
async def test_a_changed_segment_is_guessed_for_anew(api: Api) -> None:
    of = await buyers(api)
    assert "city" in (await guessed(api, of))["categoricalAsColumnNames"]
    update = {"name": "Buyers", "rule": rule(equal("city", "Oslo"))}
    await api.ask("PUT", f"/audiences/7/segments/{of}", update)
    lists = (await guessed(api, of))["categoricalAsColumnNames"]
    assert lists == ["seen_day_of_week", "buys"]
