"""Funnels that clients create, the segments of their stages, and rules that refer to stages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from local_api import (
    JAPAN,
    TAKEN,
    Api,
    equal,
    local_api,
    refers_to,
    rule,
    with_api,
    with_strict_api,
)
from test_local_funnels import with_names

NAMES = ("Interest", "Trial", "Paid")


def funnel(name: str = "Onboarding", stages: Any = NAMES, folder: str = "1", **more: Any) -> Any:
    """A body under `/entities`; stages are names, or pairs of a name and an id."""
    listed = [
        {"name": each} if isinstance(each, str) else {"name": each[0], "id": each[1]}
        for each in stages
    ]
    return {
        "type": "funnel",
        "attributes": {"name": name, "description": None, "stages": listed, **more},
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }


def in_stage(id: str, *, exclude: bool = False) -> Any:
    return {"type": "FunnelStageReference", "id": id, "exclude": exclude}


async def create(api: Api, name: str = "Onboarding", **more: Any) -> Any:
    return (await api.ask("POST", "/entities/funnels", funnel(name, **more)))["data"]


def stage_ids(answer: Any) -> list[str]:
    stages = answer["attributes"]["stages"] if "attributes" in answer else answer["stages"]
    return [stage["id"] for stage in stages]


async def define(api: Api, funnel: str, stage: str, of: Any = JAPAN, **more: Any) -> Any:
    """Creates the segment of a stage."""
    body = {
        "type": "segment-funnel-stage",
        "attributes": {
            "name": "rule",
            "description": None,
            "rule": of,
            "funnel_stage": {"funnel_id": int(funnel), "stage_id": int(stage)},
            **more,
        },
    }
    return (await api.ask("POST", "/entities/segments", body))["data"]


async def plain(api: Api, id: str) -> Any:
    return await api.ask("GET", f"/audiences/7/funnels/{id}")


# --- funnels -----------------------------------------------------------------------------


@with_api
async def test_a_funnel_is_created_read_and_deleted(api: Api) -> None:
    made = await create(api)
    assert made["type"] == "funnel"
    assert made["attributes"]["name"] == "Onboarding"
    assert [each["name"] for each in made["attributes"]["stages"]] == list(NAMES)
    assert all("segmentId" not in each for each in made["attributes"]["stages"])
    id = made["id"]
    assert (await api.ask("GET", f"/entities/funnels/{id}"))["data"] == made
    assert (await api.ask("GET", "/entities/parent_segments/7/funnels"))["data"] == [made]
    answer = await plain(api, id)
    assert await api.ask("GET", "/audiences/7/funnels") == [answer]
    assert stage_ids(answer) == stage_ids(made)
    assert [each["segmentId"] for each in answer["stages"]] == [None, None, None]
    assert (answer["segmentFolderId"], answer["description"]) == ("1", "")
    assert (await api.ask("DELETE", f"/entities/funnels/{id}"))["data"] == made
    await api.ask("GET", f"/entities/funnels/{id}", status=404)
    await api.ask("GET", f"/audiences/7/funnels/{id}", status=404)
    await api.ask("DELETE", f"/audiences/7/funnels/{id}", status=404)


@with_api
async def test_a_funnel_under_audiences(api: Api) -> None:
    folder = await api.create_folder("Lifecycle")
    stages: list[dict[str, Any]] = [{"name": name} for name in NAMES]
    body = {"name": "A", "description": "x", "segmentFolderId": int(folder), "stages": stages}
    made = await api.ask("POST", "/audiences/7/funnels", body)
    assert (made["name"], made["description"], made["segmentFolderId"]) == ("A", "x", folder)
    first, second, third = stage_ids(made)
    # Renamed, reordered, one left out, one new: an id says which stage it is, null a new one.
    stages = [
        {"id": third, "name": "Paid"},
        {"id": int(first), "name": "Curious"},
        {"id": None, "name": "Loyal"},
    ]
    changed = await api.ask("PUT", f"/audiences/7/funnels/{made['id']}", {**body, "stages": stages})
    assert [each["name"] for each in changed["stages"]] == ["Paid", "Curious", "Loyal"]
    assert stage_ids(changed)[:2] == [third, first]
    assert stage_ids(changed)[2] not in (first, second, third)
    assert await plain(api, made["id"]) == changed
    assert await api.ask("DELETE", f"/audiences/7/funnels/{made['id']}") == changed
    assert await api.ask("GET", "/audiences/7/funnels") == []


@with_api
async def test_an_update_under_entities(api: Api) -> None:
    made = await create(api)
    first, second, third = stage_ids(made)
    folder = await api.create_folder("Lifecycle")
    stages = [("Payers", third), ("Interest", first), ("Trial", second), "Loyal"]
    path = f"/entities/funnels/{made['id']}"
    changed = (await api.ask("PATCH", path, funnel("B", stages, folder)))["data"]
    assert [each["name"] for each in changed["attributes"]["stages"]] == [
        "Payers",
        "Interest",
        "Trial",
        "Loyal",
    ]
    assert stage_ids(changed)[:3] == [third, first, second]
    assert changed["relationships"]["parentFolder"]["data"]["id"] == folder
    # Without stages they stay.
    body = {"type": "funnel", "attributes": {"name": "C", "description": "about"}}
    changed = (await api.ask("PATCH", path, body))["data"]
    assert len(changed["attributes"]["stages"]) == 4
    assert changed["attributes"]["description"] == "about"
    wrong = await api.ask("PATCH", path, {**body, "id": "99"}, status=400)
    assert "differs" in str(wrong)


@with_api
async def test_what_a_funnel_cannot_be(api: Api) -> None:
    await create(api)
    other = stage_ids(await create(api, "Other"))[0]

    async def refused(body: Any, text: str, code: str | None = None) -> None:
        wrong = await api.ask("POST", "/entities/funnels", body, status=400)
        assert text in str(wrong)
        assert code is None or wrong["errors"][0]["meta"]["validationCode"] == code

    await refused(funnel("A", NAMES[:2]), "3 to 8 stages, and not 2", "IS_TOO_SHORT")
    await refused(funnel("A", "abcdefghi"), "3 to 8 stages, and not 9", "IS_TOO_LONG")
    await refused(funnel(" "), "can't be blank", "CANNOT_BE_BLANK")
    await refused(funnel("A", ("a", "b", " ")), "not blank")
    await refused(funnel("A", folder="99"), "no such folder")
    await refused(funnel("A", (("a", other), "b", "c")), "has no id")
    await refused({**funnel("A"), "type": "segment"}, "the type is one of funnel")
    segment = (await api.create("Payers"))["id"]
    stages = [{"name": "a", "segmentId": segment}, {"name": "b"}, {"name": "c"}]
    body = funnel("A")
    body["attributes"]["stages"] = stages
    await refused(body, "create that, with its `funnel_stage`")
    taken = await api.ask("POST", "/entities/funnels", funnel(), status=400)
    assert taken == TAKEN
    # In another folder the name is free.
    await create(api, folder=await api.create_folder("Elsewhere"))


@with_api
async def test_stages_of_others_and_stages_twice(api: Api) -> None:
    made, other = await create(api), await create(api, "Other")
    first, second, third = stage_ids(made)
    path = f"/entities/funnels/{made['id']}"
    body = funnel(stages=(("a", stage_ids(other)[0]), ("b", second), ("c", third)))
    wrong = await api.ask("PATCH", path, body, status=400)
    assert "has no stage with the id" in str(wrong)
    body = funnel(stages=(("a", first), ("b", first), ("c", third)))
    wrong = await api.ask("PATCH", path, body, status=400)
    assert "listed twice" in str(wrong)
    assert (await api.ask("GET", path))["data"] == made


@with_strict_api
async def test_a_strict_server_wants_all_that_is_described(api: Api) -> None:
    stages = [{"name": name} for name in NAMES]
    await api.ask("POST", "/audiences/7/funnels", {"name": "A", "stages": stages}, status=400)
    body = {"name": "A", "stages": stages, "segmentFolderId": 1}
    made = await api.ask("POST", "/audiences/7/funnels", body)
    clone = f"/audiences/7/funnels/{made['id']}/clone"
    await api.ask("POST", clone, {"name": "B"}, status=400)
    await api.ask("POST", clone, {"name": "B", "segmentFolderId": 1})


@with_api
async def test_funnels_lie_in_their_folders(api: Api) -> None:
    folder = await api.create_folder("Lifecycle")
    made = await create(api, folder=folder)
    await define(api, made["id"], stage_ids(made)[0])
    made = (await api.ask("GET", f"/entities/funnels/{made['id']}"))["data"]
    inside = (await api.ask("GET", f"/entities/by-folder/{folder}"))["data"]
    # The segments of stages belong to their funnels, and are not listed.
    assert [each["type"] for each in inside] == ["folder-segment", "funnel"]
    for resource in (inside[1], made):
        # It is counted in the background, which may end between the two requests.
        assert resource["attributes"].pop("population") in (None, 3)
    assert inside[1] == made
    wrong = await api.ask("DELETE", f"/entities/folders/{folder}", status=409)
    assert f"SegmentFolder has funnels: {made['id']}" in wrong["errors"]["deletion"]
    await api.ask("DELETE", f"/entities/funnels/{made['id']}")
    await api.ask("DELETE", f"/entities/folders/{folder}")


# --- segments of stages ------------------------------------------------------------------


@with_api
async def test_the_segment_of_a_stage(api: Api) -> None:
    made = await create(api)
    id, (first, second, _) = made["id"], stage_ids(made)
    segment = await define(api, id, first)
    assert segment["type"] == "segment-funnel-stage"
    assert segment["relationships"]["parentFolder"]["data"]["id"] == "1"
    body = {
        "name": "rule",
        "kind": 2,
        "rule": rule(equal("vip", True)),
        "funnel_stage": {"funnel_id": int(id), "stage_id": int(second)},
    }
    other = await api.ask("POST", "/audiences/7/segments", body)
    assert (other["kind"], other["realtime"]) == (2, False)
    answer = await plain(api, id)
    ids = [each["segmentId"] for each in answer["stages"]]
    assert ids == [segment["id"], other["id"], None]
    resource = (await api.ask("GET", f"/entities/funnels/{id}"))["data"]
    assert [each.get("segmentId") for each in resource["attributes"]["stages"]] == ids
    assert await api.ask("GET", "/audiences/7/segments") == []
    # What was answered can be sent back.
    await api.ask("PUT", f"/audiences/7/funnels/{id}", answer)
    # Its rule changes as that of any segment, and it stays that of its stage.
    path = f"/audiences/7/segments/{other['id']}"
    changed = await api.ask("PUT", path, {"rule": JAPAN})
    assert (changed["kind"], changed["rule"]) == (2, JAPAN)
    path = f"/entities/segments/{segment['id']}"
    body = {"type": "segment-funnel-stage", "attributes": {"rule": rule(equal("vip", True))}}
    assert (await api.ask("PATCH", path, body))["data"]["type"] == "segment-funnel-stage"
    await api.ask("DELETE", path)
    assert (await plain(api, id))["stages"][0]["segmentId"] is None
    await define(api, id, first)


@with_api
async def test_segments_that_no_stage_can_have(api: Api) -> None:
    made = await create(api)
    id, (first, second, _) = made["id"], stage_ids(made)
    segment = await define(api, id, first)
    other = await create(api, "Other")

    async def refused(method: str, path: str, body: Any, text: str) -> None:
        wrong = await api.ask(method, path, body, status=400)
        assert text in str(wrong)

    body = {"name": "x", "rule": JAPAN, "kind": 2}
    path = "/audiences/7/segments"
    of = {"funnel_id": int(id), "stage_id": int(first)}
    await refused("POST", path, body, "needs a `funnel_stage`")
    await refused("POST", path, {**body, "funnel_stage": of}, "has a rule already")
    elsewhere = {"funnel_id": int(other["id"]), "stage_id": int(second)}
    await refused("POST", path, {**body, "funnel_stage": elsewhere}, "has no stage with the id")
    gone = {"funnel_id": int(id), "stage_id": 999}
    await refused("POST", path, {**body, "funnel_stage": gone}, "has no stage with the id `999`")
    free = {"funnel_id": int(id), "stage_id": int(second)}
    batch = {"name": "x", "kind": 0, "funnel_stage": free}
    await refused("POST", path, batch, "only a segment of the kind funnel stage")
    one = f"{path}/{segment['id']}"
    await refused("PUT", one, {"kind": 0}, "only a segment of the kind funnel stage")
    await refused("PUT", one, {"funnel_stage": free}, "cannot change")
    batch = await api.create("Japan")
    await refused("PUT", f"{path}/{batch['id']}", {"kind": 2, "rule": JAPAN}, "needs a")


@with_api
async def test_names_of_stages_are_free(api: Api) -> None:
    """Several funnels of a folder may have a stage of one name, and a segment may have it too."""
    await api.create("rule")
    for name in ("A", "B"):
        made = await create(api, name)
        for stage in stage_ids(made)[:2]:
            await define(api, made["id"], stage)
    assert await api.names() == ["rule"]


@with_api
async def test_a_funnel_takes_the_segments_of_its_stages_along(api: Api) -> None:
    made = await create(api)
    segments = [await define(api, made["id"], stage) for stage in stage_ids(made)]
    folder = await api.create_folder("Elsewhere")
    path = f"/entities/funnels/{made['id']}"
    kept = [("a", stage_ids(made)[0]), ("b", stage_ids(made)[1]), "c"]
    await api.ask("PATCH", path, funnel("Moved", kept, folder))
    first = await api.ask("GET", f"/entities/segments/{segments[0]['id']}")
    assert first["data"]["relationships"]["parentFolder"]["data"]["id"] == folder
    await api.ask("GET", f"/entities/segments/{segments[2]['id']}", status=404)
    await api.ask("DELETE", path)
    for segment in segments:
        await api.ask("GET", f"/entities/segments/{segment['id']}", status=404)


# --- who is in a stage -------------------------------------------------------------------


@with_api
async def test_rules_refer_to_the_rules_of_stages(api: Api) -> None:
    made = await create(api)
    id, (first, second, third) = made["id"], stage_ids(made)
    # Before a stage has a rule, nobody is in it.
    assert await api.count(rule(in_stage(first))) == 0
    assert await api.count(rule(in_stage(first, exclude=True))) == 6
    segment = await define(api, id, first)
    assert await api.count(rule(in_stage(first))) == 3
    assert await api.count(rule(in_stage(first, exclude=True))) == 3
    assert await api.count(rule(refers_to(segment["id"]))) == 3
    await define(api, id, second, rule(in_stage(first), equal("vip", True)))
    assert await api.count(rule(in_stage(second))) == 1
    assert await api.count(rule(in_stage(first), in_stage(third))) == 0
    # Through a segment that refers to a stage; and a later change of the stage counts.
    outer = await api.create("Outer", rule(in_stage(first)))
    assert await api.count(rule(refers_to(outer["id"]))) == 3
    await api.ask("PUT", f"/audiences/7/segments/{segment['id']}", {"rule": rule(equal("age", 18))})
    assert await api.count(rule(refers_to(outer["id"]))) == 1
    answer = await api.ask("GET", f"/audiences/7/segments/{segment['id']}")
    assert outer["id"] in answer["referencedBy"]


@with_api
async def test_no_rule_leads_back_to_itself(api: Api) -> None:
    made = await create(api)
    id, (first, second, _) = made["id"], stage_ids(made)
    outer = await api.create("Outer", rule(in_stage(first)))
    body = {
        "name": "x",
        "kind": 2,
        "rule": rule(refers_to(outer["id"])),
        "funnel_stage": {"funnel_id": int(id), "stage_id": int(first)},
    }
    wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
    assert "refer to itself" in str(wrong)
    body["rule"] = rule(in_stage(first))
    wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
    assert "refer to itself" in str(wrong)
    segment = await define(api, id, first, rule(in_stage(second)))
    body["rule"], body["funnel_stage"]["stage_id"] = rule(in_stage(first)), int(second)
    wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
    assert "refer to itself" in str(wrong)
    path = f"/audiences/7/segments/{segment['id']}"
    wrong = await api.ask("PUT", path, {"rule": rule(in_stage(first))}, status=400)
    assert "refer to itself" in str(wrong)


@with_api
async def test_a_stage_that_does_not_exist(api: Api) -> None:
    wrong = await api.ask(
        "POST", "/audiences/7/segments", {"name": "x", "rule": rule(in_stage("99"))}, status=400
    )
    assert "there is no stage with the id `99`" in str(wrong)


@with_api
async def test_stages_that_rules_refer_to_stay(api: Api) -> None:
    made = await create(api)
    id, (first, second, third) = made["id"], stage_ids(made)
    segment = await define(api, id, first)
    await define(api, id, second, rule(in_stage(first)))
    outer = await api.create("Outer", rule(in_stage(first)))
    referrers = {"id": outer["id"], "name": "Outer"}
    path = f"/entities/funnels/{id}"
    [error] = (await api.ask("DELETE", path, status=409))["errors"]
    # Other stages of the funnel do not keep it.
    assert error["meta"]["referencedBySegments"] == [referrers]
    body = funnel(stages=(("b", second), ("c", third), "d"))
    [error] = (await api.ask("PATCH", path, body, status=409))["errors"]
    assert referrers in error["meta"]["referencedBySegments"]
    await api.ask("DELETE", f"/entities/segments/{segment['id']}", status=409)
    assert stage_ids(await plain(api, id)) == [first, second, third]
    await api.ask("DELETE", f"/audiences/7/segments/{outer['id']}")
    other = await api.create("By segment", rule(refers_to(segment["id"])))
    await api.ask("DELETE", f"/audiences/7/funnels/{id}", status=409)
    await api.ask("DELETE", f"/audiences/7/segments/{other['id']}")
    await api.ask("DELETE", path)


# --- copies ------------------------------------------------------------------------------


@with_api
async def test_a_copy_has_the_rules_of_the_original(api: Api) -> None:
    made = await create(api)
    id, (first, second, _) = made["id"], stage_ids(made)
    await define(api, id, first)
    await define(api, id, second, rule(in_stage(first), equal("vip", True)))
    folder = await api.create_folder("Copies")
    body = {"name": "Copy", "segmentFolderId": int(folder), "description": "x"}
    copy = await api.ask("POST", f"/audiences/7/funnels/{id}/clone", body)
    assert (copy["name"], copy["description"], copy["segmentFolderId"]) == ("Copy", "x", folder)
    assert [each["name"] for each in copy["stages"]] == list(NAMES)
    assert set(stage_ids(copy)).isdisjoint(stage_ids(made))
    segments = [each["segmentId"] for each in copy["stages"]]
    assert [each is None for each in segments] == [False, False, True]
    assert await api.count(rule(in_stage(stage_ids(copy)[1]))) == 1
    # They are rules of their own.
    await api.ask("PUT", f"/audiences/7/segments/{segments[0]}", {"rule": rule(equal("age", 18))})
    assert await api.count(rule(in_stage(first))) == 3
    await api.ask("POST", f"/audiences/7/funnels/{id}/clone", body, status=400)
    await api.ask("POST", "/audiences/7/funnels/99/clone", body, status=404)


# --- statistics --------------------------------------------------------------------------


async def counted(api: Api, id: str) -> Any:
    """A funnel once each stage with a rule has been counted."""
    while True:
        answer = await api.ask("GET", f"/audiences/7/funnels/{id}/statistics")
        if sum(bool(each["history"]) for each in answer["stages"]) == 2:
            return answer
        await asyncio.sleep(0.01)


@with_api
async def test_statistics_of_a_funnel_and_of_a_stage(api: Api) -> None:
    made = await create(api)
    id, (first, second, third) = made["id"], stage_ids(made)
    await define(api, id, first)
    await define(api, id, second, rule(equal("age", 18)))
    answer = await counted(api, id)
    assert answer["population"] == 3
    assert [each["id"] for each in answer["stages"]] == [int(first), int(second), int(third)]
    histories = [[row[1:] for row in each["history"]] for each in answer["stages"]]
    assert histories == [[[3, True]], [[1, True]], []]
    path = f"/entities/funnels/{id}/stages/{first}/statistics"
    assert await api.ask("GET", path) == answer["stages"][0]["history"]
    assert await api.ask("GET", f"{path}?to=2000-01-01") == []
    await api.ask("GET", f"{path}?from=yesterday", status=400)
    await api.ask("GET", f"/entities/funnels/{id}/stages/99/statistics", status=404)
    limited = await api.ask("GET", f"/audiences/7/funnels/{id}/statistics?limit=1")
    assert limited == answer
    assert (await plain(api, id))["population"] == 3


# --- funnels that parent_segment.toml names ----------------------------------------------


@with_names
async def test_named_funnels_beside_stored_ones(api: Api) -> None:
    root = (await api.ask("GET", "/audiences/7"))["rootFolderId"]
    made = await create(api, "Stored", folder=root)
    assert [each["id"] for each in await api.ask("GET", "/audiences/7/funnels")] == [
        "3",
        made["id"],
    ]
    assert (await api.ask("GET", "/entities/funnels/3"))["data"]["attributes"]["name"]
    assert await api.ask("GET", "/entities/funnels/3/stages/41/statistics") == []
    await api.ask("GET", "/entities/funnels/3/stages/99/statistics", status=404)
    answer = await api.ask("GET", "/audiences/7/funnels/3/statistics")
    assert [each["id"] for each in answer["stages"]] == [41, 42, 43]
    taken = await api.ask(
        "POST", "/entities/funnels", funnel("Onboarding", folder=root), status=400
    )
    assert taken == TAKEN
    stored = await define(api, made["id"], stage_ids(made)[0], rule(in_stage("41")))
    assert await api.count(rule(refers_to(stored["id"]))) == 2


@with_names
async def test_named_funnels_cannot_change(api: Api) -> None:
    for method, path, body in (
        ("PUT", "/audiences/7/funnels/3", {"name": "x"}),
        ("DELETE", "/audiences/7/funnels/3", None),
        ("POST", "/audiences/7/funnels/3/clone", {"name": "x"}),
        ("PATCH", "/entities/funnels/3", funnel("x")),
        ("DELETE", "/entities/funnels/3", None),
    ):
        wrong = await api.ask(method, path, body, status=400)
        assert "parent_segment.toml names this funnel: change it there" in str(wrong)
    body = {
        "name": "x",
        "kind": 2,
        "rule": JAPAN,
        "funnel_stage": {"funnel_id": 3, "stage_id": 41},
    }
    wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
    assert "parent_segment.toml names the stage `41`" in str(wrong)


# --- the store ---------------------------------------------------------------------------


def test_funnels_are_kept(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store) as api:
            made = await create(api)
            await define(api, made["id"], stage_ids(made)[0])
            before = await api.ask("GET", f"/entities/funnels/{made['id']}")
        async with local_api(tmp_path, store=store) as api:
            after = await api.ask("GET", f"/entities/funnels/{made['id']}")
            for answer in (before, after):
                # It may have been counted in between.
                answer["data"]["attributes"].pop("population")
            assert after == before
            assert await api.count(rule(in_stage(stage_ids(made)[0]))) == 3

    asyncio.run(test())
