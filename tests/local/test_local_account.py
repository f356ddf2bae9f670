"""The account's own API: connections, users and workflows, as `parent_segment.toml` has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from local_api import NOW, Api, client, with_api, write_data
from segdsl.engine import DataError, open_data
from segdsl.server import open_local

ACCOUNT = """
[connections.exports]
id = 4021
type = "s3_v2"
required = ["bucket"]

[connections."mail tool"]
id = 7
type = "sendgrid"

[users."ann@example.com"]
id = 12
name = "Ann"

[users."bob@example.com"]
id = 13

[workflows]
activation_actions = ["hash_email", "send"]
other = ["x"]
"""
VALIDATE = "/v3/connector_configs/validate_with_connection"


def with_account(test: Callable[[Api], Awaitable[None]]) -> Callable[[Path], None]:
    """As `with_api`, where the data says what the account has."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            data = write_data(tmp_path)
            with (data / "parent_segment.toml").open("a") as file:
                file.write(ACCOUNT)
            opened = open_local(data, None, NOW)
            async with opened as transport, client(transport=transport) as http:
                await test(Api(http))

        asyncio.run(inside())

    run.__name__ = test.__name__
    return run


@with_account
async def test_connections(api: Api) -> None:
    answer = await api.ask("GET", "/v3/result/list")
    assert [(each["name"], each["type"], each["url"]) for each in answer["results"]] == [
        ("exports", "s3_v2", "s3_v2://"),
        ("mail tool", "sendgrid", "sendgrid://"),
    ]
    assert await api.ask("GET", "/v3/connections/lookup?name=exports") == {"id": 4021}
    assert await api.ask("GET", "/v3/connections/lookup?name=mail%20tool") == {"id": 7}
    wrong = await api.ask("GET", "/v3/connections/lookup?name=x", status=404)
    assert wrong["error"] == "there is no connection with the name `x`"
    await api.ask("GET", "/v3/connections/lookup", status=400)
    await api.ask("GET", "/v3/nothing", status=404)


@with_account
async def test_users(api: Api) -> None:
    answer = (await api.ask("GET", "/v3/user/list"))["users"]
    assert [(each["id"], each["email"], each["name"]) for each in answer] == [
        (12, "ann@example.com", "Ann"),
        (13, "bob@example.com", "bob@example.com"),
    ]


@with_account
async def test_a_check_of_a_configuration(api: Api) -> None:
    body = {"connection_id": 4021, "config": {"bucket": "b"}}
    assert await api.ask("POST", VALIDATE, body) == {"valid": True, "errors": []}
    for config in ({}, {"bucket": ""}, {"path": "secret"}):
        body = {"connection_id": 4021, "config": config}
        answer = await api.ask("POST", VALIDATE, body)
        assert answer == {
            "valid": False,
            "errors": ["`bucket` is required by the connection `exports`"],
        }
    by_name = {"connectionName": "mail tool", "connectorConfig": {}}
    assert (await api.ask("POST", VALIDATE, by_name))["valid"] is True
    await api.ask("POST", VALIDATE, {"connection_id": 99, "config": {}}, status=404)
    await api.ask("POST", VALIDATE, {"config": {}}, status=400)
    await api.ask("POST", VALIDATE, {"connection_id": 7}, status=400)
    await api.ask("POST", VALIDATE, "[]", status=400)


@with_api
async def test_what_an_account_has_of_which_the_data_says_nothing(api: Api) -> None:
    answer = await api.ask("GET", "/v3/result/list")
    assert [each["name"] for each in answer["results"]] == ["s3", "mail"]
    [user] = (await api.ask("GET", "/v3/user/list"))["users"]
    assert user["email"] == "local@example.com"


@with_account
async def test_workflows(api: Api) -> None:
    projects = "/entities/parent_segments/7/user_defined_workflow_projects"
    answer = await api.ask("GET", projects)
    names = [each["attributes"]["name"] for each in answer["data"]]
    assert (names, answer["pagination"]) == (["activation_actions", "other"], {"nextPage": None})
    answer = await api.ask("GET", f"{projects}?namePattern=act")
    assert [each["id"] for each in answer["data"]] == ["1"]
    answer = await api.ask("GET", f"{projects}?lastId=1")
    assert [each["attributes"]["name"] for each in answer["data"]] == ["other"]
    workflows = "/entities/parent_segments/7/user_defined_workflows"
    answer = await api.ask("GET", f"{workflows}?workflowProjectName=activation_actions")
    assert [each["attributes"]["name"] for each in answer["data"]] == ["hash_email", "send"]
    answer = await api.ask("GET", f"{workflows}?workflowProjectName=other")
    assert [each["id"] for each in answer["data"]] == ["3"]
    await api.ask("GET", f"{workflows}?workflowProjectName=gone", status=404)
    await api.ask("GET", workflows, status=400)
    await api.ask("GET", "/entities/parent_segments/8/user_defined_workflow_projects", status=404)


def test_pages_of_workflow_projects(tmp_path: Path) -> None:
    async def test() -> None:
        data = write_data(tmp_path)
        with (data / "parent_segment.toml").open("a") as file:
            file.write("[workflows]\n")
            file.writelines(f"project_{at} = []\n" for at in range(250))
        opened = open_local(data, None, NOW)
        async with opened as transport, client(transport=transport) as http:
            api, sizes = Api(http), []
            following = "/entities/parent_segments/7/user_defined_workflow_projects"
            while following is not None:
                answer = await api.ask("GET", following)
                sizes.append(len(answer["data"]))
                following = answer["pagination"]["nextPage"]
            assert sizes == [100, 100, 50]

    asyncio.run(test())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[connections.a]\ntype = 's3'\n", "missing key `id`"),
        ("[connections.a]\nid = 0\ntype = 's3'\n", "invalid id 0 of the connection “a”"),
        (
            "[connections]\na = {id = 1, type = 's3'}\nb = {id = 1, type = 's3'}\n",
            "the connections “a” and “b” have the same id 1",
        ),
        ("[users]\na = {id = 1}\nb = {id = 1}\n", "the users “a” and “b” have the same id 1"),
        ("[connections.a]\nid = 1\ntype = 's3'\npassword = 'x'\n", "unknown key `password`"),
    ],
)
def test_mistakes_in_what_the_account_has(tmp_path: Path, text: str, why: str) -> None:
    data = write_data(tmp_path)
    with (data / "parent_segment.toml").open("a") as file:
        file.write(text)
    with pytest.raises(DataError) as raised:
        open_data(data)
    assert why in str(raised.value)
