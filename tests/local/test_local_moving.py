"""Segments are moved into a folder by `put_in`, several at once."""

from __future__ import annotations

from typing import Any

from local_api import JAPAN, Api, rule, with_api, with_strict_api


async def folder(api: Api, name: str) -> str:
    body = {"name": name, "description": ""}
    made: str = (await api.ask("POST", "/audiences/7/folders", body))["id"]
    return made


async def folders_of(api: Api) -> dict[str, str]:
    listed = await api.ask("GET", "/audiences/7/segments")
    return {each["id"]: each["segmentFolderId"] for each in listed}


@with_api
async def test_segments_move_together(api: Api) -> None:
    target = await folder(api, "Loyalty")
    made = [(await api.create(name, JAPAN))["id"] for name in ("A", "B", "C")]
    moved = await api.ask("POST", f"/audiences/7/folders/{target}/put_in", made[:2])
    assert moved == {}
    assert await folders_of(api) == {made[0]: target, made[1]: target, made[2]: "1"}
    # What is there already stays, and public clients send numbers, too.
    await api.ask("POST", f"/audiences/7/folders/{target}/put_in", [int(id) for id in made])
    assert set((await folders_of(api)).values()) == {target}
    assert await api.ask("POST", f"/audiences/7/folders/{target}/put_in", []) == {}
    inside = await api.ask("GET", f"/audiences/7/folders/{target}/segments")
    assert [each["name"] for each in inside] == ["A", "B", "C"]
    assert inside[0]["rule"] == JAPAN


@with_api
async def test_all_of_them_move_or_none(api: Api) -> None:
    target = await folder(api, "Loyalty")
    path = f"/audiences/7/folders/{target}/put_in"
    first, other = (await api.create("A"))["id"], (await api.create("B"))["id"]
    await api.create("A", segmentFolderId=target)
    before = await folders_of(api)

    async def refused(body: Any, message: str, at: str, status: int = 400) -> None:
        answer = await api.ask("POST", path, body, status=status)
        assert message in str(answer), answer
        assert at in str(answer), answer
        assert await folders_of(api) == before

    await refused([other, first], "already been taken", f"`{first}`")
    await refused([other, "999"], "there is no segment", "$[1]")
    await refused([other, "x"], "expected a whole number", "$[1]")
    await refused([other, None], "got `null`", "$[1]")
    await refused({"ids": [other]}, "Expected `array`", "$")
    await api.ask("POST", "/audiences/7/folders/999/put_in", [other], status=404)
    await api.ask("POST", "/audiences/8/folders/1/put_in", [other], status=404)


@with_api
async def test_rules_of_journeys_and_stages_stay_with_them(api: Api) -> None:
    target = await folder(api, "Loyalty")
    entry = (await api.create("Entry", kind=3, rule=rule()))["id"]
    path = f"/audiences/7/folders/{target}/put_in"
    answer = await api.ask("POST", path, [entry], status=400)
    assert "in the folder of its journey" in str(answer)


@with_strict_api
async def test_a_strict_server_takes_strings_only(api: Api) -> None:
    made = (await api.create("A"))["id"]
    path = "/audiences/7/folders/1/put_in"
    assert await api.ask("POST", path, [made]) == {}
    assert "Expected `str`" in str(await api.ask("POST", path, [int(made)], status=400))
