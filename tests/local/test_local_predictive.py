"""Predictive segments in both families: bodies, answers, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local_api import TAKEN, Api, equal, refers_to, rule
from predictive_api import (
    FEATURES,
    PARENT,
    PATH,
    PLAIN,
    body,
    buyers,
    create,
    entity,
    run,
    scored,
    shop_api,
    with_shop,
)

# --- both families -----------------------------------------------------------------------


@with_shop
async def test_a_predictive_segment_under_entities(api: Api) -> None:
    of = await buyers(api)
    more: dict[str, Any] = {"description": "Who buys", "gradeThresholds": [80, 50.5, 10]}
    made = (await api.ask("POST", PATH, entity(of, **more)))["data"]
    attributes = made["attributes"]
    assert made["type"] == "predictive-segment"
    assert made["relationships"]["parentFolder"]["data"] == {"id": "1", "type": "folder-segment"}
    expected = {**FEATURES, **more, "segmentId": of, "audienceId": "7", "name": "Buys again"}
    assert {key: attributes[key] for key in expected} == expected
    untrained = ("baseSegmentId", "scoredSegmentId", "accuracy", "areaUnderRocCurve")
    assert [attributes[key] for key in untrained] == [None] * 4
    assert "modelUpdatedAt" not in attributes
    one = f"{PATH}/{made['id']}"
    assert (await api.ask("GET", one))["data"] == made
    listed = (await api.ask("GET", "/entities/by-folder/1"))["data"]
    assert [each for each in listed if each["type"] == "predictive-segment"] == [made]
    assert (await api.ask("DELETE", one))["data"] == made
    await api.ask("GET", one, status=404)
    await api.ask("DELETE", f"{PLAIN}/{made['id']}", status=404)


@with_shop
async def test_a_predictive_segment_under_audiences(api: Api) -> None:
    of, base = await buyers(api), await buyers(api, "Base")
    made = await api.ask("POST", PLAIN, body(of, baseSegmentId=base, scoredSegmentId=int(of)))
    assert (made["segmentId"], made["baseSegmentId"], made["scoredSegmentId"]) == (of, base, of)
    assert made["segmentFolderId"] == "1"
    assert await api.ask("GET", PLAIN) == [made]
    assert await api.ask("GET", f"{PLAIN}/{made['id']}/") == made
    changes: dict[str, Any] = {
        "name": "Other",
        "baseSegmentId": None,
        "categoricalAsColumnNames": [],
    }
    changed = await api.ask("PATCH", f"{PLAIN}/{made['id']}", changes)
    expected = {**made, "name": "Other", "baseSegmentId": None, "categoricalAsColumnNames": []}
    assert changed == expected
    assert await api.ask("DELETE", f"{PLAIN}/{made['id']}") == changed
    assert await api.ask("GET", PLAIN) == []


@with_shop
async def test_an_update_keeps_what_it_leaves_out(api: Api) -> None:
    of = await buyers(api)
    id = await create(api, of, gradeThresholds=[75, 50, 25], description="Long")
    folder = await api.create_folder("Models")
    before = (await api.ask("GET", f"{PATH}/{id}"))["data"]["attributes"]
    sent = {
        "type": "predictive-segment",
        "attributes": {"description": None},
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }
    after = (await api.ask("PATCH", f"{PATH}/{id}", sent))["data"]
    assert after["attributes"] == {**before, "description": None}
    assert after["relationships"]["parentFolder"]["data"]["id"] == folder
    children = (await api.ask("GET", f"/entities/folders/{folder}"))["data"]["relationships"]
    assert children["children"]["data"] == [{"data": {"id": id, "type": "predictive-segment"}}]
    await api.ask("DELETE", f"/entities/folders/{folder}", status=409)


@with_shop
async def test_a_resource_that_was_answered_can_be_sent_again(api: Api) -> None:
    """A public tool that copies sends all that was answered (observed)."""
    of = await buyers(api)
    made = (await api.ask("POST", PATH, entity(of)))["data"]
    await api.ask("DELETE", f"{PATH}/{made['id']}")
    again = (await api.ask("POST", PATH, made))["data"]
    assert {**again, "id": ""} == {**made, "id": ""}


# --- what is refused -----------------------------------------------------------------------


@with_shop
async def test_a_name_is_unique_in_its_folder(api: Api) -> None:
    of = await buyers(api)
    id = await create(api, of)
    assert await api.ask("POST", PATH, entity(of), status=400) == TAKEN
    taken = await api.ask("POST", PLAIN, body(of), status=400)
    assert taken["errors"] == {"name": ["has already been taken"]}
    await create(api, of, folder=await api.create_folder("Models"))
    other = await create(api, of, "Other")
    renamed = {"type": "predictive-segment", "attributes": {"name": "Buys again"}}
    assert await api.ask("PATCH", f"{PATH}/{other}", renamed, status=400) == TAKEN
    assert int(id) != int(of)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "can't be blank"),
        ({"segmentId": 999}, "$.segmentId: there is no segment with the id `999`"),
        ({"baseSegmentId": 999}, "$.baseSegmentId: there is no segment with the id `999`"),
        ({"scoredSegmentId": "998"}, "$.scoredSegmentId: there is no segment with the id `998`"),
        ({"segmentFolderId": 999}, "there is no such folder"),
        ({"gradeThresholds": [50, 75, 25]}, "three numbers from 100 down to 0"),
        ({"gradeThresholds": [75, 50]}, "three numbers from 100 down to 0"),
        ({"gradeThresholds": [101, 50, 2]}, "three numbers from 100 down to 0"),
        ({"gradeThresholds": ["a"]}, "$.gradeThresholds[0]"),
        ({"quantitativeAsColumnNames": ["agee", "months"]}, "did you mean `age`?"),
        ({"quantitativeAsColumnNames": ["months", "tags"]}, "`tags` is an array"),
        (
            {"categoricalArrayAsColumnNames": ["city"], "categoricalAsColumnNames": []},
            "`city` is no array",
        ),
        ({"categoricalAsColumnNames": ["city", "age"]}, "the feature `age` is there twice"),
        (
            {"categoricalAsColumnNames": ["email"]},
            "$.categoricalAsColumnNames[0]: `email` is pii: only attributes that are clear",
        ),
        ({"quantitativeAsColumnNames": ["age"]}, "`months` is computed, but none of the lists"),
        ({"preprocess": FEATURES["preprocess"] * 2}, "`months` is computed twice"),
        (
            {
                "preprocess": [
                    {
                        "column": "months",
                        "source": {"column": "age", "functions": [{"function": "log"}]},
                    }
                ]
            },
            "$.preprocess[0].source.functions[0].function",
        ),
        ({"preprocess": [{"column": "months"}]}, "source"),
        (
            {
                "preprocess": [
                    {"column": "months", "source": {"column": "x", "table": "behavior_x"}}
                ]
            },
            "comes from the table `behavior_x`",
        ),
    ],
)
def test_what_cannot_be_a_predictive_segment(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    async def test() -> None:
        async with shop_api(tmp_path) as api:
            of = await buyers(api)
            refused = await api.ask("POST", PLAIN, {**body(of), **changes}, status=400)
            assert message in str(refused)
            assert await api.ask("GET", PLAIN) == []

    asyncio.run(test())


@with_shop
async def test_a_predictive_segment_needs_a_name_and_a_segment(api: Api) -> None:
    of = await buyers(api)
    for key, message in (("name", "needs a `name`"), ("segmentId", "needs a `segmentId`")):
        sent = body(of)
        del sent[key]
        assert message in str(await api.ask("POST", PLAIN, sent, status=400))
    without = entity(of)
    del without["relationships"]
    assert "needs a `parentFolder`" in str(await api.ask("POST", PATH, without, status=400))


# --- references ----------------------------------------------------------------------------


@with_shop
async def test_a_predictive_segment_that_rules_refer_to_stays(api: Api) -> None:
    id = await create(api, await buyers(api))
    user = (await api.create("Likely", scored(id, 4)))["id"]
    refused = await api.ask("DELETE", f"{PATH}/{id}", status=409)
    [error] = refused["errors"]
    assert error["meta"]["referencedBySegments"] == [{"id": user, "name": "Likely"}]
    assert f"Predictive segment is referenced by segments: {user}" in error["detail"]
    await api.ask("DELETE", f"{PLAIN}/{id}", status=409)
    update = {"name": "Likely", "rule": rule(equal("city", "Oslo"))}
    await api.ask("PUT", f"/audiences/7/segments/{user}", update)
    await api.ask("DELETE", f"{PATH}/{id}")


@with_shop
async def test_segments_that_a_predictive_segment_uses_stay(api: Api) -> None:
    of, base, who = [await buyers(api, name) for name in ("Buyers", "Base", "Scored")]
    id = await create(api, of, baseSegmentId=base, scoredSegmentId=who)
    for segment in (of, base, who):
        refused = await api.ask("DELETE", f"/audiences/7/segments/{segment}", status=409)
        [error] = refused["errors"]
        listed = error["meta"]["referencedByPredictiveSegments"]
        assert listed == [{"id": id, "name": "Buys again"}]
    await api.ask("DELETE", f"{PATH}/{id}")
    await api.ask("DELETE", f"/audiences/7/segments/{of}")


@with_shop
async def test_a_rule_about_a_predictive_segment_that_is_not_there(api: Api) -> None:
    """A tool that copies segments looks for the first words (observed)."""
    sent = {"name": "Likely", "rule": scored("99")}
    refused = await api.ask("POST", "/audiences/7/segments", sent, status=400)
    assert "Referencing predictive segment `99`, which does not exist" in str(refused)


# --- those that the data names ---------------------------------------------------------------

NAMED = PARENT + '\n[models.predictive]\n"Churn model" = 9\n'


def test_names_of_the_data_are_read_beside_them(tmp_path: Path) -> None:
    async def test() -> None:
        async with shop_api(tmp_path, parent=NAMED) as api:
            (tmp_path / "data" / "unused").mkdir()
            of = await buyers(api)
            id = await create(api, of)
            assert [(each["id"], each["name"]) for each in await api.ask("GET", PLAIN)] == [
                ("9", "Churn model"),
                (id, "Buys again"),
            ]
            named = (await api.ask("GET", f"{PATH}/9"))["data"]
            assert named["attributes"]["name"] == "Churn model"
            assert await api.ask("GET", f"{PLAIN}/9/executions") == []
            listed = (await api.ask("GET", "/entities/by-folder/1"))["data"]
            ids = [each["id"] for each in listed if each["type"] == "predictive-segment"]
            assert sorted(ids) == sorted((id, "9"))
            for method, path in (
                ("PATCH", f"{PLAIN}/9"),
                ("DELETE", f"{PLAIN}/9"),
                ("POST", f"{PLAIN}/9/run"),
            ):
                refused = await api.ask(method, path, {"name": "x"}, status=400)
                assert "parent_segment.toml names this predictive segment" in str(refused)
            taken = await api.ask("POST", PLAIN, body(of, "Churn model"), status=400)
            assert taken["errors"] == {"name": ["has already been taken"]}

    asyncio.run(test())


def test_scores_of_the_data_stay_beside_trained_ones(tmp_path: Path) -> None:
    async def test() -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "predictive_scores.csv").write_text(
            "model_id,cdp_customer_id,grade,converted\n9,p001,4,false\n9,p002,3,true\n3,p003,1,false\n"
        )
        before = sorted((tmp_path / "data").iterdir())
        async with shop_api(tmp_path, parent=NAMED) as api:
            assert await api.count(scored("9")) == 2
            assert await api.count(scored("9", 4)) == 1
            of = await buyers(api)
            ids = [await create(api, of, f"Model {at}") for at in range(3)]
            # An id whose scores are in the data is given to nobody.
            assert "3" not in ids
            assert (await run(api, ids[0]))["status"] == "success"
            assert await api.count(scored(ids[0])) == 400
            assert await api.count(scored(ids[1])) == 0
            assert await api.count(scored("9")) == 2
            both = rule(*scored("9")["conditions"][0]["conditions"], refers_to(of))
            assert await api.count(both) <= 2
        files = {"customers.csv", "parent_segment.toml", "predictive_scores.csv"}
        assert {each.name for each in (tmp_path / "data").iterdir()} == files
        assert len(before) == 1

    asyncio.run(test())
