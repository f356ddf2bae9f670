"""Segments are created, changed, listed and deleted, in both families."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from local_api import JAPAN, NOW, TAKEN, Api, equal, local_api, refers_to, rule, with_api

CREATED = "2024-10-01T00:00:00.000Z"


def entity(name: str | None = None, rule: Any = None, parent: str | None = "1", **more: Any) -> Any:
    """A body under `/entities`."""
    attributes = {"name": name, "rule": rule}
    body: Any = {"attributes": {key: of for key, of in attributes.items() if of is not None}}
    if parent is not None:
        link = {"data": {"id": parent, "type": "folder-segment"}}
        body["relationships"] = {"parentFolder": link}
    return {**body, **more}


# --- creating ----------------------------------------------------------------------------


@with_api
async def test_a_segment_is_answered_as_it_was_sent(api: Api) -> None:
    made = await api.create("Japan", description="All of it")
    assert made["id"] == "2"
    assert made["audienceId"] == "7"
    assert (made["name"], made["description"]) == ("Japan", "All of it")
    assert (made["kind"], made["realtime"]) == (0, False)
    assert (made["isVisible"], made["numSyndications"], made["referencedBy"]) == (True, 0, [])
    assert made["segmentFolderId"] == "1"
    assert made["rule"] == JAPAN
    assert made["population"] is None
    assert (made["createdAt"], made["updatedAt"]) == (CREATED, CREATED)
    assert await api.ask("GET", "/audiences/7/segments/2") == made
    assert await api.ask("GET", "/audiences/7/segments") == [made]
    assert await api.ask("GET", "/audiences/7/folders/1/segments") == [made]


@with_api
async def test_a_segment_under_entities(api: Api) -> None:
    made = await api.ask("POST", "/entities/segments", entity("Japan", JAPAN))
    assert made["data"]["type"] == "segment-batch"
    assert made["data"]["attributes"]["name"] == "Japan"
    assert made["data"]["attributes"]["rule"] == JAPAN
    assert made["data"]["attributes"]["isEmptyRule"] is False
    assert made["data"]["attributes"]["isVisible"] is True
    assert made["data"]["attributes"]["numSyndications"] == 0
    assert made["included"][0]["type"] == "user"
    assert await api.ask("GET", "/entities/segments/2") == made
    # The same one, seen from the other side; and wrapped in `data`, as JSON:API has it.
    assert (await api.ask("GET", "/audiences/7/segments/2"))["name"] == "Japan"
    other = await api.ask("POST", "/entities/segments", {"data": entity("Other", JAPAN)})
    assert other["data"]["id"] == "3"


@with_api
async def test_numbers_of_a_rule_keep_their_text(api: Api) -> None:
    text = json.dumps(rule(equal("ltv", 0))).replace(": 0}", ": 1.500e+2}")
    assert "1.500e+2" in text
    body = '{"name": "x", "rule": ' + text + ', "segmentFolderId": 1}'
    for answer in (
        await api.send("POST", "/audiences/7/segments", body),
        await api.send("GET", "/audiences/7/segments/2"),
        await api.send("GET", "/entities/segments/2"),
        await api.send("GET", "/entities/by-folder/1?depth=1"),
    ):
        assert answer.status_code == 200
        assert text in answer.text


@with_api
async def test_unusual_names(api: Api) -> None:
    names = ['"q"', "it's", "a\\b", "-- x", "日本 🗾", "a\nb", "$1", "%s", "x\x00y", " padded "]
    for name in names:
        assert (await api.create(name))["name"] == name
    assert await api.names() == names


@with_api
async def test_the_name_is_required(api: Api) -> None:
    for body in ({"rule": JAPAN}, {"name": "", "rule": JAPAN}, {"name": " \n", "rule": JAPAN}):
        await api.ask("POST", "/audiences/7/segments", body, status=400)
    wrong = await api.ask("POST", "/entities/segments", entity(" ", JAPAN), status=400)
    assert wrong["errors"][0]["meta"]["validationCode"] == "CANNOT_BE_BLANK"
    assert await api.names() == []


@with_api
async def test_everyone_has_no_rule(api: Api) -> None:
    for name, nobody in (("a", None), ("b", {}), ("c", {"type": "And", "conditions": []})):
        made = await api.create(name, nobody)
        assert made["rule"] == nobody
        shown = await api.ask("GET", f"/entities/segments/{made['id']}")
        assert shown["data"]["attributes"]["isEmptyRule"] is True
        assert await api.count(nobody) == 6


@with_api
async def test_rules_of_journeys_are_read_by_id_and_not_listed(api: Api) -> None:
    first = await api.create("Engaged", kind=3)
    second = await api.create("Engaged", kind=3)
    named = await api.create("Engaged")
    assert (first["kind"], first["countPopulation"]) == (3, True)
    assert [each["id"] for each in await api.ask("GET", "/audiences/7/segments")] == [named["id"]]
    inside = (await api.ask("GET", "/entities/by-folder/1"))["data"]
    assert [each["id"] for each in inside[1:]] == [named["id"]]
    path = f"/audiences/7/segments/{second['id']}"
    changed = {"name": "Engaged", "rule": rule(refers_to(first["id"]))}
    answer = await api.ask("PUT", path, changed)
    assert (answer["kind"], answer["rule"]) == (3, changed["rule"])
    resource = (await api.ask("GET", f"/entities/segments/{second['id']}"))["data"]
    assert (resource["type"], resource["attributes"]["name"]) == ("segment-batch", "Engaged")
    body = {"type": "segment-batch", "attributes": {"name": "Opened"}}
    await api.ask("PATCH", f"/entities/segments/{second['id']}", body)
    assert (await api.ask("GET", path))["kind"] == 3
    await api.ask("PUT", path, {**changed, "kind": 0}, status=400)
    await api.ask("PUT", f"/audiences/7/segments/{named['id']}", {"kind": 3}, status=400)
    await api.ask("DELETE", f"/audiences/7/segments/{first['id']}", status=409)
    await api.ask("DELETE", path)
    await api.ask("DELETE", f"/audiences/7/segments/{first['id']}")


@with_api
async def test_kinds(api: Api) -> None:
    assert (await api.create("a", kind=1))["realtime"] is True
    assert (await api.create("b", realtime=True))["kind"] == 1
    for kind in (2, 4, -1):
        body = {"name": "x", "rule": JAPAN, "kind": kind}
        wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
        assert wrong["message"].startswith("$.kind: ")
    made = await api.ask("POST", "/entities/segments", entity("c", JAPAN, type="segment-realtime"))
    assert made["data"]["type"] == "segment-realtime"
    stage = entity("d", JAPAN, type="segment-funnel-stage")
    await api.ask("POST", "/entities/segments", stage, status=400)


@with_api
async def test_the_parent_segment_of_the_path_counts(api: Api) -> None:
    for name, audience in (("a", 7), ("b", 8), ("c", "8"), ("d", None), ("e", "x")):
        made = await api.create(name, audienceId=audience)
        assert made["audienceId"] == "7"
    body = entity("f", JAPAN)
    body["attributes"]["audienceId"] = "8"
    made = await api.ask("POST", "/entities/segments", body)
    assert made["data"]["attributes"]["audienceId"] == "7"
    changed = await api.ask("PUT", f"/audiences/7/segments/{made['data']['id']}", {"audienceId": 8})
    assert changed["audienceId"] == "7"


# --- names are unique within a folder ----------------------------------------------------


@with_api
async def test_a_taken_name(api: Api) -> None:
    folder = await api.create_folder("Other")
    await api.create("Japan")
    body = {"name": "Japan", "rule": JAPAN}
    wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
    assert wrong == {"errors": {"name": ["has already been taken"]}}
    wrong = await api.ask("POST", "/entities/segments", entity("Japan", JAPAN), status=400)
    assert wrong == TAKEN
    # Another folder, another case: another name.
    await api.create("Japan", segmentFolderId=int(folder))
    await api.create("japan")
    assert len(await api.names()) == 3


@with_api
async def test_exactly_one_concurrent_create_of_a_name_succeeds(api: Api) -> None:
    async def create() -> int:
        body = {"name": "Japan", "rule": JAPAN}
        return (await api.send("POST", "/audiences/7/segments", body)).status_code

    statuses = await asyncio.gather(*(create() for _ in range(40)))
    assert sorted(statuses) == [200] + [400] * 39
    assert await api.names() == ["Japan"]


@with_api
async def test_concurrent_creates_of_different_names_all_succeed(api: Api) -> None:
    made = await asyncio.gather(*(api.create(f"Segment {at}") for at in range(60)))
    assert len({each["id"] for each in made}) == 60
    assert sorted(await api.names()) == sorted(f"Segment {at}" for at in range(60))


# --- changing ----------------------------------------------------------------------------


@with_api
async def test_what_a_change_leaves_out_stays(api: Api) -> None:
    folder = await api.create_folder("Other")
    made = await api.create("Japan", description="All of it", isVisible=False, kind=1)
    path = f"segments/{made['id']}"
    changed = await api.ask("PUT", f"/audiences/7/{path}", {"name": "Nippon", "rule": JAPAN})
    assert changed == {**made, "name": "Nippon"}
    america = rule(equal("country", "US"))
    changed = await api.ask("PUT", f"/audiences/7/{path}", {"rule": america})
    assert changed == {**made, "name": "Nippon", "rule": america}
    moved = entity(None, None, folder, id=made["id"], type="segment-batch")
    changed = await api.ask("PATCH", f"/entities/{path}", moved)
    assert changed["data"]["relationships"]["parentFolder"]["data"]["id"] == folder
    assert changed["data"]["attributes"]["rule"] == america
    assert changed["data"]["attributes"]["isVisible"] is False


@with_api
async def test_a_put_without_a_rule_removes_it(api: Api) -> None:
    for name, body in (("a", {"name": "c"}), ("b", {"name": "d", "rule": None})):
        id = (await api.create(name, countPopulation=True))["id"]
        assert await population(api, id) == 3
        changed = await api.ask("PUT", f"/audiences/7/segments/{id}", body)
        assert (changed["rule"], changed["population"]) == (None, None)
        shown = await api.ask("GET", f"/entities/segments/{id}")
        assert shown["data"]["attributes"]["isEmptyRule"] is True
        assert await population(api, id) == 6


@with_api
async def test_a_patch_without_a_rule_keeps_it(api: Api) -> None:
    id = (await api.create("a"))["id"]
    changed = await api.ask("PATCH", f"/entities/segments/{id}", entity("b"))
    assert changed["data"]["attributes"]["rule"] == JAPAN
    assert changed["data"]["attributes"]["isEmptyRule"] is False


@with_api
async def test_hidden_segments(api: Api) -> None:
    assert (await api.create("shown"))["isVisible"] is True
    made = await api.create("hidden", isVisible=False)
    path = f"segments/{made['id']}"
    assert made["isVisible"] is False
    for body, is_visible in (
        ({"name": "hidden", "rule": JAPAN}, False),
        ({"isVisible": None}, False),
        ({"isVisible": True}, True),
        ({"isVisible": False}, False),
    ):
        changed = await api.ask("PUT", f"/audiences/7/{path}", body)
        assert changed["isVisible"] is is_visible, body
    for given, is_visible in (({}, False), ({"isVisible": True}, True), ({}, True)):
        changed = await api.ask("PATCH", f"/entities/{path}", {"attributes": given})
        assert changed["data"]["attributes"]["isVisible"] is is_visible
    body = entity("other", JAPAN)
    body["attributes"]["isVisible"] = False
    other = await api.ask("POST", "/entities/segments", body)
    assert other["data"]["attributes"]["isVisible"] is False
    listed = {
        each["name"]: each["isVisible"] for each in await api.ask("GET", "/audiences/7/segments")
    }
    assert listed == {"shown": True, "hidden": True, "other": False}


@with_api
async def test_null_counts_as_left_out(api: Api) -> None:
    """Clients send back what they were answered, with its nulls."""
    made = await api.create("a", description="x")
    answered = dict.fromkeys(made) | {"name": "b", "rule": JAPAN}
    del answered["description"]
    path = f"/audiences/7/segments/{made['id']}"
    assert await api.ask("PUT", path, answered) == {**made, "name": "b"}
    assert (await api.ask("PUT", path, {"description": None, "rule": JAPAN}))["description"] is None
    assert await api.ask("POST", "/audiences/7/segments", {**made, "name": "c"})
    resource = (await api.ask("GET", f"/entities/segments/{made['id']}"))["data"]
    resource["attributes"]["name"] = "d"
    assert await api.ask("POST", "/entities/segments", resource)


@with_api
async def test_a_repeated_change_has_no_further_effect(api: Api) -> None:
    made = await api.create("Japan")
    body = {"name": "Japan", "rule": JAPAN, "description": "x"}
    once = await api.ask("PUT", "/audiences/7/segments/2", body)
    assert await api.ask("PUT", "/audiences/7/segments/2", body) == once
    assert once == {**made, "description": "x"}


@with_api
async def test_a_refused_change_changes_nothing(api: Api) -> None:
    await api.create("a")
    before = await api.create("b")
    assert before["id"] == "3"
    for body in ({"name": "a"}, {"name": ""}, {"rule": rule(equal("contry", 1))}, {"kind": 2}):
        await api.ask("PUT", "/audiences/7/segments/3", body, status=400)
    await api.ask("PUT", "/audiences/7/segments/3", {"segmentFolderId": 99}, status=400)
    await api.ask("PATCH", "/entities/segments/3", entity("c", id="2"), status=400)
    await api.ask("PATCH", "/entities/segments/3", entity("c", None, "99"), status=400)
    assert await api.ask("GET", "/audiences/7/segments/3") == before


# --- deleting, and references ------------------------------------------------------------


@with_api
async def test_a_deleted_segment_is_gone(api: Api) -> None:
    made = await api.create("a")
    assert await api.ask("DELETE", "/audiences/7/segments/2") == made
    await api.ask("GET", "/audiences/7/segments/2", status=404)
    await api.ask("DELETE", "/audiences/7/segments/2", status=404)
    other = await api.create("a")
    assert other["id"] == "3", "ids are not used again"
    gone = await api.ask("DELETE", "/entities/segments/3")
    assert gone["data"]["attributes"]["name"] == "a"
    assert await api.names() == []


@with_api
async def test_a_referenced_segment_cannot_be_deleted(api: Api) -> None:
    await api.create("Japan")
    await api.create("In it", rule(refers_to("2")))
    await api.create("Out of it", rule(refers_to("2", exclude=True)))
    for side in ("entities", "audiences/7"):
        [answer] = (await api.ask("DELETE", f"/{side}/segments/2", status=409))["errors"]
        assert (answer["status"], answer["code"], answer["title"]) == (409, "conflict", "Conflict")
        assert answer["detail"] == "Segment is referenced by other segments: 3, 4"
        assert answer["meta"]["referencedBySegments"] == [
            {"id": "3", "name": "In it"},
            {"id": "4", "name": "Out of it"},
        ]
    listed = {
        each["id"]: each["referencedBy"] for each in await api.ask("GET", "/audiences/7/segments")
    }
    assert listed == {"2": ["3", "4"], "3": [], "4": []}
    assert (await api.ask("GET", "/audiences/7/segments/2"))["referencedBy"] == ["3", "4"]
    # Whoever does not refer to it any more does not hold it.
    await api.ask("DELETE", "/audiences/7/segments/3")
    await api.ask("PUT", "/audiences/7/segments/4", {"rule": JAPAN})
    await api.ask("DELETE", "/audiences/7/segments/2")


@with_api
async def test_a_reference_counts_what_it_refers_to(api: Api) -> None:
    await api.create("Japan")
    await api.create("Old", rule(refers_to("2"), equal("age", 67)))
    assert await api.count(rule(refers_to("2"))) == 3
    assert await api.count(rule(refers_to("2", exclude=True))) == 3
    assert await api.count(rule(refers_to("3"))) == 1
    await api.ask("PUT", "/audiences/7/segments/2", {"rule": rule(equal("country", "FR"))})
    assert await api.count(rule(refers_to("2"))) == 1
    assert await api.count(rule(refers_to("3"))) == 0


@with_api
async def test_references_to_no_segment(api: Api) -> None:
    for id in ("2", "x", "", "02", "-1", "9" * 30, 'name:"Japan"'):
        body = {"name": "x", "rule": rule(equal("age", 1), refers_to(id))}
        wrong = await api.ask("POST", "/audiences/7/segments", body, status=400)
        [said] = wrong["errors"]["base"]
        assert said.startswith("$.rule.conditions[0].conditions[1].id: "), id


@with_api
async def test_no_segment_may_refer_to_itself(api: Api) -> None:
    await api.create("a")
    await api.create("b", rule(refers_to("2")))
    await api.create("c", rule(refers_to("3")))
    for id in ("2", "3", "4"):
        body = {"rule": rule(refers_to(id))}
        wrong = await api.ask("PUT", "/audiences/7/segments/2", body, status=400)
        assert "refer to itself" in wrong["errors"]["base"][0]
    assert (await api.ask("GET", "/audiences/7/segments/2"))["rule"] == JAPAN


@with_api
async def test_a_concurrent_delete_and_reference_leave_no_dangling_reference(
    api: Api,
) -> None:
    for round in range(10):
        target = (await api.create(f"target {round}"))["id"]
        body = {"name": f"user {round}", "rule": rule(refers_to(target))}
        deleted, created = await asyncio.gather(
            api.send("DELETE", f"/audiences/7/segments/{target}"),
            api.send("POST", "/audiences/7/segments", body),
        )
        assert (deleted.status_code, created.status_code) in ((200, 400), (409, 200))


# --- populations -------------------------------------------------------------------------


async def population(api: Api, id: str) -> int:
    while (answer := await api.ask("GET", f"/audiences/7/segments/{id}"))["population"] is None:
        await asyncio.sleep(0.01)
    count: int = answer["population"]
    return count


@with_api
async def test_the_population_is_counted_and_kept(api: Api) -> None:
    await api.create("Japan", countPopulation=True)
    assert await population(api, "2") == 3
    shown = await api.ask("GET", "/entities/segments/2")
    assert shown["data"]["attributes"]["population"] == 3
    assert shown["data"]["attributes"]["countPopulation"] is True
    assert await api.ask("GET", "/audiences/7/segments/2/statistics") == [[NOW, 3, True]]
    assert await api.ask("GET", "/audiences/7/segments/2/statistics?to=2024-09-30") == []


@with_api
async def test_another_rule_is_counted_again(api: Api) -> None:
    await api.create("Japan", countPopulation=True)
    assert await population(api, "2") == 3
    changed = await api.ask("PUT", "/audiences/7/segments/2", {"name": "x", "rule": JAPAN})
    assert changed["population"] == 3
    changed = await api.ask("PUT", "/audiences/7/segments/2", {"rule": rule(equal("age", 18))})
    assert changed["population"] is None
    assert await population(api, "2") == 1


@with_api
async def test_the_population_is_counted_only_on_request(api: Api) -> None:
    await api.create("Japan")
    await api.create("Counted", countPopulation=True)
    assert await population(api, "3") == 3
    assert (await api.ask("GET", "/audiences/7/segments/2"))["population"] is None
    assert await api.ask("GET", "/audiences/7/segments/2/statistics") == []


def test_counting_continues_when_the_store_is_opened_again(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with local_api(tmp_path, store=store) as api:
            for at in range(20):
                await api.create(f"Segment {at}", countPopulation=True)
        async with local_api(tmp_path, store=store) as api:
            assert [await population(api, str(at)) for at in range(2, 22)] == [3] * 20

    asyncio.run(test())
