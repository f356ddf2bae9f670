"""Error answers of the local API: each family has its own shape."""

from __future__ import annotations

import json

from local_api import JAPAN, Api, with_api, with_strict_api
from segdsl.server import LOCAL_KEY
from segdsl.server.errors import pointer_of


@with_api
async def test_the_key_is_required(api: Api) -> None:
    for header in (
        "",
        "TD1",
        "TD1 ",
        "TD1 1/abc",
        LOCAL_KEY,
        f"Bearer {LOCAL_KEY}",
        f"TD1 {LOCAL_KEY}0",
    ):
        response = await api.send("GET", "/audiences", headers={"Authorization": header})
        assert response.status_code == 401
        assert response.json()["code"] == "unauthorized"
        assert LOCAL_KEY not in response.text
        other = await api.send("GET", "/entities/folders/1", headers={"Authorization": header})
        assert other.status_code == 401
        assert set(other.json()) == {"errors"}


@with_api
async def test_the_key_is_checked_before_everything_else(api: Api) -> None:
    wrong = {"Authorization": "TD1 1/1"}
    assert (await api.send("GET", "/nowhere", headers=wrong)).status_code == 401
    assert (await api.send("PUT", "/audiences", headers=wrong)).status_code == 401


@with_api
async def test_unknown_paths_and_methods(api: Api) -> None:
    answer = await api.ask("GET", "/audiences/7/nothing", status=404)
    assert answer == {"code": "not_found", "message": "no /audiences/7/nothing here"}
    answer = await api.ask("GET", "/entities/nothing", status=404)
    assert answer["errors"][0]["code"] == "record-not-found-error"
    response = await api.send("DELETE", "/audiences/7/attributes")
    assert response.status_code == 405
    assert "GET" in response.headers["allow"]
    assert response.json()["code"] == "method_not_allowed"


@with_api
async def test_unknown_ids(api: Api) -> None:
    for path in ("segments/9", "segments/x", "segments/-1", "segments/99999999999999999999"):
        await api.ask("GET", f"/audiences/7/{path}", status=404)
    for path in ("folders/9", "folders/9/segments", "segments/queries/9", "segments/9/statistics"):
        await api.ask("GET", f"/audiences/7/{path}", status=404)
    for path in ("segments/9", "folders/9", "folders/x", "by-folder/9?depth=1"):
        await api.ask("GET", f"/entities/{path}", status=404)
    await api.ask("PUT", "/audiences/7/segments/9", {}, status=404)
    await api.ask("DELETE", "/audiences/7/segments/9", status=404)
    await api.ask("PATCH", "/entities/segments/9", {}, status=404)
    await api.ask("DELETE", "/entities/folders/9", status=404)


@with_api
async def test_invalid_bodies(api: Api) -> None:
    for body in ("", "{", "[]", "null", '"x"', '{"name": 5}', '{"name": null}', "{}"):
        answer = await api.ask("POST", "/audiences/7/segments", body, status=400)
        assert set(answer) == {"code", "message"}
        [error] = (await api.ask("POST", "/entities/segments", body, status=400))["errors"]
        assert error["status"] == "400"
    for raw in (b'{"name": "\\ud800"}', b'{"name": "\xff"}', b"\xff\xfe", b'{"rule": "\xff"}'):
        assert (await api.send("POST", "/audiences/7/segments", raw)).status_code == 400
        assert (await api.send("POST", "/entities/segments", raw)).status_code == 400


@with_api
async def test_a_problem_names_its_place_in_the_body(api: Api) -> None:
    body = {"name": "x", "rule": JAPAN, "countPopulation": "yes"}
    answer = await api.ask("POST", "/audiences/7/segments", body, status=400)
    assert answer["message"].startswith("$.countPopulation: ")
    body = {"attributes": {"name": ["x"]}}
    [error] = (await api.ask("POST", "/entities/segments", body, status=400))["errors"]
    assert error["source"] == {"pointer": "/attributes/name"}
    [error] = (await api.ask("POST", "/entities/segments", {"data": body}, status=400))["errors"]
    assert error["source"] == {"pointer": "/data/attributes/name"}


BOTH = ("application/json", "application/vnd.treasuredata.v1+json")


@with_api
async def test_both_families_accept_both_media_types(api: Api) -> None:
    for at, media in enumerate((*BOTH, "application/json; charset=utf-8")):
        header = {"Content-Type": media}
        body = json.dumps({"name": f"plain {at}", "rule": JAPAN})
        response = await api.send("POST", "/audiences/7/segments", body, headers=header)
        assert response.status_code == 200
        link = {"data": {"id": "1", "type": "folder-segment"}}
        resource = {
            "attributes": {"name": f"entity {at}", "rule": JAPAN},
            "relationships": {"parentFolder": link},
        }
        sent = json.dumps(resource)
        response = await api.send("POST", "/entities/segments", sent, headers=header)
        assert response.status_code == 200


async def _refused_media(api: Api, media: str, path: str) -> str:
    body = json.dumps({"name": "x", "rule": JAPAN})
    response = await api.send("POST", path, body, headers={"Content-Type": media})
    assert response.status_code == 415
    return response.text


@with_api
async def test_other_media_types_are_refused(api: Api) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        assert BOTH[0] in await _refused_media(api, media, "/audiences/7/segments")
        assert BOTH[1] in await _refused_media(api, media, "/entities/segments")


@with_strict_api
async def test_a_strict_server_accepts_one_media_type_per_family(api: Api) -> None:
    assert BOTH[0] in await _refused_media(api, BOTH[1], "/audiences/7/segments")
    assert BOTH[1] in await _refused_media(api, BOTH[0], "/entities/segments")
    assert (await api.create("x"))["name"] == "x"


@with_api
async def test_trailing_slashes_are_accepted(api: Api) -> None:
    id = (await api.create("x"))["id"]
    for path in ("/audiences", "/audiences/7/segments", f"/entities/segments/{id}"):
        assert await api.ask("GET", f"{path}/") == await api.ask("GET", path)
    made = await api.ask("POST", "/audiences/7/folders/", {"name": "y", "description": ""})
    await api.ask("DELETE", f"/audiences/7/folders/{made['id']}/")
    await api.ask("GET", "/entities/realtime_journeys/5/", status=501)


@with_api
async def test_a_body_that_is_too_large(api: Api) -> None:
    response = await api.send("POST", "/audiences/7/segments", b" " * 8_000_001)
    assert response.status_code == 413


@with_api
async def test_answers_have_the_media_type_of_their_family(api: Api) -> None:
    async def media(path: str) -> str:
        return (await api.send("GET", path)).headers["content-type"]

    assert await media("/audiences") == "application/json"
    assert await media("/entities/folders/1") == "application/vnd.treasuredata.v1+json"
    assert await media("/entities/by-folder/1?depth=1") == "application/json"
    assert await media("/entities/folders/9") == "application/json"


@with_api
async def test_every_answer_names_the_server(api: Api) -> None:
    for path in ("/audiences", "/nowhere", "/entities/folders/9"):
        assert (await api.send("GET", path)).headers["server"] == "segdsl"


def test_pointers() -> None:
    assert pointer_of("$.rule.conditions[0].conditions[12].type") == (
        "/rule/conditions/0/conditions/12/type"
    )
    assert pointer_of("$") == ""
    assert pointer_of("$.a/b~c") == "/a~1b~0c"
