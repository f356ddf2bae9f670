"""Folders: a tree under the root of the parent segment, in both families."""

from __future__ import annotations

import asyncio
from typing import Any

from local_api import TAKEN, Api, with_api


def folder(name: str | None = None, parent: str | None = None, **more: Any) -> Any:
    """A body under `/entities`."""
    body: Any = {"type": "folder-segment", "attributes": {} if name is None else {"name": name}}
    if parent is not None:
        link = {"data": {"id": parent, "type": "folder-segment"}}
        body["relationships"] = {"parentFolder": link}
    return {**body, **more}


def names(answer: Any) -> list[str]:
    return [each["attributes"]["name"] for each in answer["data"]]


@with_api
async def test_the_root_is_there_from_the_start(api: Api) -> None:
    [root] = await api.ask("GET", "/audiences/7/folders")
    assert (root["id"], root["name"], root["parentFolderId"]) == ("1", "Tiny shop", None)
    shown = await api.ask("GET", "/entities/folders/1")
    assert shown["data"]["relationships"]["parentFolder"] == {"data": None}


@with_api
async def test_a_folder_in_a_folder(api: Api) -> None:
    outer = await api.create_folder("Outer")
    made = await api.ask("POST", "/entities/folders", folder("Inner", outer))
    assert made["data"]["attributes"]["name"] == "Inner"
    assert made["data"]["relationships"]["parentFolder"]["data"]["id"] == outer
    assert await api.ask("GET", f"/entities/folders/{made['data']['id']}") == made
    flat = await api.ask("GET", "/audiences/7/folders")
    assert [each["name"] for each in flat] == ["Tiny shop", "Outer", "Inner"]
    assert [each["parentFolderId"] for each in flat] == [None, "1", outer]
    children = (await api.ask("GET", f"/entities/folders/{outer}"))["data"]["relationships"]
    assert children["children"]["data"] == [{"data": {"id": "3", "type": "folder-segment"}}]


@with_api
async def test_a_folder_of_the_legacy_family_is_in_the_root(api: Api) -> None:
    made = await api.ask("POST", "/audiences/7/folders", {"name": "Waves", "description": "x"})
    assert (made["name"], made["description"], made["audienceId"]) == ("Waves", "x", "7")
    assert await api.ask("GET", f"/audiences/7/folders/{made['id']}") == made
    parent = (await api.ask("GET", f"/entities/folders/{made['id']}"))["data"]["relationships"]
    assert parent["parentFolder"]["data"]["id"] == "1"
    about = await api.ask("POST", "/audiences/7/folders", {"name": "x"})
    assert about["description"] is None
    for body in ({"description": "x"}, {"name": " ", "description": ""}, {"name": None}):
        await api.ask("POST", "/audiences/7/folders", body, status=400)


@with_api
async def test_by_folder_respects_the_depth(api: Api) -> None:
    outer = await api.create_folder("Outer")
    inner = await api.create_folder("Inner", outer)
    await api.create("In root")
    await api.create("In outer", segmentFolderId=int(outer))
    await api.create("In inner", segmentFolderId=inner)
    whole = await api.ask("GET", "/entities/by-folder/1?depth=9")
    assert names(whole) == ["Tiny shop", "In root", "Outer", "In outer", "Inner", "In inner"]
    assert names(await api.ask("GET", "/entities/by-folder/1?depth=0")) == ["Tiny shop"]
    one = await api.ask("GET", "/entities/by-folder/1?depth=1")
    assert names(one) == ["Tiny shop", "In root", "Outer"]
    part = await api.ask("GET", f"/entities/by-folder/{outer}?depth=9")
    assert names(part) == ["Outer", "In outer", "Inner", "In inner"]
    assert await api.ask("GET", "/entities/by-folder/1") == whole
    await api.ask("GET", "/entities/by-folder/1?depth=deep", status=400)


@with_api
async def test_rules_are_left_out_on_request(api: Api) -> None:
    await api.create("Japan")
    with_rule = await api.ask("GET", "/entities/by-folder/1?depth=1")
    without = await api.ask("GET", "/entities/by-folder/1?depth=1&with_rule=false")
    assert with_rule["data"][1]["attributes"]["rule"] is not None
    assert "rule" not in without["data"][1]["attributes"]
    assert without["data"][1]["attributes"]["isEmptyRule"] is False


@with_api
async def test_names_are_unique_in_a_folder(api: Api) -> None:
    outer = await api.create_folder("Outer")
    await api.create_folder("Outer", outer)
    wrong = await api.ask("POST", "/entities/folders", folder("Outer", "1"), status=400)
    assert wrong == TAKEN
    body = {"name": "Outer", "description": ""}
    wrong = await api.ask("POST", "/audiences/7/folders", body, status=400)
    assert wrong == {"errors": {"name": ["has already been taken"]}}

    async def create() -> int:
        return (await api.send("POST", "/entities/folders", folder("Same", "1"))).status_code

    assert sorted(await asyncio.gather(*(create() for _ in range(20)))) == [200] + [400] * 19


@with_api
async def test_a_folder_needs_a_name_and_a_place(api: Api) -> None:
    for body in (folder(None, "1"), folder("", "1"), folder("x"), folder("x", "99")):
        await api.ask("POST", "/entities/folders", body, status=400)
    wrong_type = {**folder("x", "1"), "type": "segment-batch"}
    await api.ask("POST", "/entities/folders", wrong_type, status=400)


@with_api
async def test_folders_are_renamed_and_moved(api: Api) -> None:
    one, two = await api.create_folder("One"), await api.create_folder("Two")
    renamed = await api.ask("PATCH", f"/entities/folders/{one}", folder("First"))
    assert renamed["data"]["attributes"]["name"] == "First"
    moved = await api.ask("PATCH", f"/entities/folders/{one}", folder(None, two, id=one))
    assert moved["data"]["relationships"]["parentFolder"]["data"]["id"] == two
    body = {"name": "Uno", "description": "x"}
    plain = await api.ask("PATCH", f"/audiences/7/folders/{one}", body)
    assert (plain["name"], plain["description"]) == ("Uno", "x")
    await api.ask("PATCH", f"/audiences/7/folders/{one}", {"name": " "}, status=400)


@with_api
async def test_a_folder_is_never_inside_itself(api: Api) -> None:
    outer = await api.create_folder("Outer")
    inner = await api.create_folder("Inner", outer)
    for place in (outer, inner):
        moved = folder(None, place)
        wrong = await api.ask("PATCH", f"/entities/folders/{outer}", moved, status=400)
        assert "inside itself" in wrong["errors"][0]["detail"]
    parent = (await api.ask("GET", f"/entities/folders/{outer}"))["data"]["relationships"]
    assert parent["parentFolder"]["data"]["id"] == "1"


@with_api
async def test_the_root_cannot_be_changed(api: Api) -> None:
    other = await api.create_folder("Other")
    wrong = await api.ask("PATCH", "/entities/folders/1", folder("x"), status=400)
    assert wrong["errors"][0]["meta"]["validationCode"] == "IS_IMMUTABLE"
    await api.ask("PATCH", "/entities/folders/1", folder(None, other), status=400)
    await api.ask("DELETE", "/entities/folders/1", status=400)
    await api.ask("DELETE", "/audiences/7/folders/1", status=400)


@with_api
async def test_only_an_empty_folder_is_deleted(api: Api) -> None:
    outer = await api.create_folder("Outer")
    inner = await api.create_folder("Inner", outer)
    id = (await api.create("a", segmentFolderId=int(inner)))["id"]
    answer = await api.ask("DELETE", f"/entities/folders/{outer}", status=409)
    assert answer == {"errors": {"deletion": ["SegmentFolder has child folders: 3"]}}
    answer = await api.ask("DELETE", f"/entities/folders/{inner}", status=409)
    assert answer == {"errors": {"deletion": [f"SegmentFolder has segments: {id}"]}}
    plain = await api.ask("DELETE", f"/audiences/7/folders/{inner}", status=409)
    assert plain["message"] == f"SegmentFolder has segments: {id}"
    await api.ask("DELETE", f"/audiences/7/segments/{id}")
    gone = await api.ask("DELETE", f"/entities/folders/{inner}")
    assert gone["data"]["attributes"]["name"] == "Inner"
    assert (await api.ask("DELETE", f"/audiences/7/folders/{outer}"))["name"] == "Outer"
    assert len(await api.ask("GET", "/audiences/7/folders")) == 1


# --- the tree -------------------------------------------------------------------------------

TREE = "/tree/audiences/7/segment_folders"


@with_api
async def test_the_tree_lists_parents_before_children(api: Api) -> None:
    zoo = await api.create_folder("Zoo")
    deep = await api.create_folder("Bees", zoo)
    attic = await api.create_folder("Attic")
    answer = await api.ask("GET", TREE)
    assert answer == {
        "data": [
            {"id": "1", "name": "Tiny shop", "parentFolderId": None},
            {"id": attic, "name": "Attic", "parentFolderId": "1"},
            {"id": zoo, "name": "Zoo", "parentFolderId": "1"},
            {"id": deep, "name": "Bees", "parentFolderId": zoo},
        ],
        "pagination": {"nextPage": None},
    }
    assert await api.ask("GET", f"{TREE}?page%5Bsize%5D=100") == answer
    await api.ask("GET", "/tree/audiences/8/segment_folders", status=404)


@with_api
async def test_pages_of_the_tree(api: Api) -> None:
    for name in "abcd":
        await api.create_folder(name)
    seen, path = [], f"{TREE}?page%5Bsize%5D=2"
    while path is not None:
        answer = await api.ask("GET", path)
        seen.append([each["name"] for each in answer["data"]])
        path = answer["pagination"]["nextPage"]
    assert seen == [["Tiny shop", "a"], ["b", "c"], ["d"]]
    await api.ask("GET", f"{TREE}?page%5Bsize%5D=0", status=400)
