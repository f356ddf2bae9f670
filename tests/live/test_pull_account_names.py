"""The schema has the templates, connections and users that activations name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_api import NOW, write_data
from segdsl.api import ApiKey, Client, NewActivation, NewTemplate, RetryPolicy
from segdsl.schema.document import write_schema
from segdsl.schema.model import Connection as SchemaConnection
from segdsl.schema.model import User
from segdsl.server import LOCAL_KEY, open_local
from segdsl.workspace.project.config import Project, read_project
from segdsl.workspace.project.schema import load_schema, save_schema
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.schema import PulledSchema, pull_schema
from segdsl.workspace.sync.addresses import addresses_in
from test_once import FUNNEL, raw

ACCOUNT = """
[users."ann@example.com"]
id = 3

[users."bob@example.com"]
id = 4

[users."Carl@Example.com"]
id = 5

[users."dora@example.com"]
id = 6
"""
QUICK = RetryPolicy(attempts=2, first_pause=0.001, max_pause=0.001)
SECRET = "p4ssw0rd"
ACTIVATION = {
    "name": "Sync",
    "columns": [{"column": "country", "source": {"column": "country"}}],
    "connectionId": 1,
    "connectorConfig": {"bucket": "b", "path": "p", "password": SECRET},
    "repeatUnit": "none",
    "notifyOn": ["onFailure"],
    "emailRecipients": [3],
}
TEMPLATE = {
    **{key: ACTIVATION[key] for key in ("columns", "connectionId", "connectorConfig")},
    "name": "Weekly",
    "state": "draft",
    "notifyOn": ["onSuccess"],
    "emailRecipients": [4],
}
Refusal = dict[str, int | Exception | Any]


class Refusing(httpx.AsyncBaseTransport):
    """The local API, but for some paths: a status, an exception, or another body."""

    def __init__(self, inner: httpx.AsyncBaseTransport, refusal: Refusal) -> None:
        self.inner = inner
        self.refusal = refusal
        self.paths: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        match self.refusal.get(request.url.path):
            case None:
                return await self.inner.handle_async_request(request)
            case Exception() as error:
                raise error
            case int(status):
                return httpx.Response(status, json={"error": "not in your plan"})
            case body:
                return httpx.Response(200, json=body)


async def _write(client: Client) -> None:
    folder = await client.ensure_folder("7", ("Mails",))
    segment = await client.create_segment("7", _segment())
    body = raw({"type": "syndication", "attributes": ACTIVATION})
    await client.create_activation("7", segment.id, NewActivation("Sync", body))
    template = raw({"type": "activation-template", "attributes": TEMPLATE})
    await client.create_template("7", NewTemplate("Weekly", template, folder.id))
    await client.create_funnel("7", _funnel(folder.id))


def _segment() -> Any:
    from segdsl.api import NewSegment
    from test_once import RULE

    return NewSegment("Buyers", RULE)


def _funnel(folder_id: str) -> Any:
    import msgspec

    return msgspec.structs.replace(FUNNEL, folder_id=folder_id)


def pulled(
    folder: Path,
    refusal: Refusal | None = None,
    named: tuple[str, ...] = (),
    *,
    is_written: bool = True,
) -> tuple[PulledSchema, list[str]]:
    """The schema, and the paths of the requests for it."""

    async def main() -> tuple[PulledSchema, list[str]]:
        folder.mkdir(exist_ok=True)
        data = write_data(folder)
        with (data / "parent_segment.toml").open("a") as file:
            file.write(ACCOUNT)
        async with open_local(data, None, NOW) as transport:
            through = Refusing(transport, {})
            key = ApiKey(LOCAL_KEY)
            async with Client(
                "http://localhost", key, transport=through, retry_policy=QUICK
            ) as client:
                if is_written:
                    await _write(client)
                parent = await client.parent_segment("7")
                through.refusal = refusal or {}
                through.paths.clear()
                found = await pull_schema(Connection(client, parent, "local", True, NOW), named)
                return found, through.paths

    return asyncio.run(main())


CONNECTIONS = (SchemaConnection("1", "s3", "s3_v2"), SchemaConnection("2", "mail", "mail"))


def test_what_activations_name_is_in_the_schema(tmp_path: Path) -> None:
    found, _ = pulled(tmp_path)
    assert found.missing == ()
    [template] = found.schema.templates or ()
    assert (template.name, template.folder) == ("Weekly", ("Mails",))
    assert found.schema.connections == CONNECTIONS
    [funnel] = found.schema.funnels
    assert (funnel.name, funnel.folder) == ("Onboarding", ("Mails",))
    # Of the users only those whom the activation and the template notify.
    assert found.schema.users == (User("3", "ann@example.com"), User("4", "bob@example.com"))
    text = write_schema(found.schema)
    assert SECRET not in text
    assert "dora" not in text


def test_a_user_whom_the_workspace_names_is_known(tmp_path: Path) -> None:
    found, _ = pulled(tmp_path, named=("carl@example.com", "zoe@example.com"))
    assert [each.name for each in found.schema.users or ()] == [
        "ann@example.com",
        "bob@example.com",
        "Carl@Example.com",
    ]


def test_where_nobody_is_notified_no_user_is_asked_for(tmp_path: Path) -> None:
    found, paths = pulled(tmp_path, is_written=False)
    assert found.schema.users == ()
    assert "/v3/user/list" not in paths


@pytest.mark.parametrize(
    "failure", [401, 403, 404, 500, 501, {"x": 1}, httpx.ConnectError("x"), httpx.ReadTimeout("x")]
)
def test_an_account_that_refuses_stops_nothing_and_is_told(failure: Any, tmp_path: Path) -> None:
    found, _ = pulled(tmp_path, {"/v3/result/list": failure, "/v3/user/list": failure})
    assert [each.partition(":")[0] for each in found.missing] == ["connections", "users"]
    assert found.schema.connections is None
    assert found.schema.users is None
    assert found.schema.templates is not None
    assert len(found.schema.attributes) == 6


@pytest.mark.parametrize("status", [403, 404, 501])
def test_templates_and_recipients_that_cannot_be_read_are_told(status: int, tmp_path: Path) -> None:
    templates = "/entities/parent_segments/7/activation_templates"
    denied: Refusal = dict.fromkeys((templates, "/audiences/7/syndications"), status)
    found, _ = pulled(tmp_path, denied)
    assert [each.partition(":")[0] for each in found.missing] == [
        "activation templates",
        "users notified by activations",
    ]
    assert found.schema.templates is None
    assert found.schema.users is None
    assert found.schema.connections == CONNECTIONS


def test_a_connection_without_an_id_and_a_user_without_an_address_are_told(
    tmp_path: Path,
) -> None:
    found, _ = pulled(
        tmp_path,
        {
            "/v3/result/list": {"results": [{"name": "gone", "url": f"s3://{SECRET}@x"}]},
            "/v3/user/list": [{"id": 3, "name": "Ann"}, {"id": 6, "name": "Dora"}],
        },
    )
    first, second = found.missing
    assert first.startswith("connection “gone”: not found")
    assert second == "user “Ann” (#3): it has no `email`"
    assert found.schema.connections == ()
    assert found.schema.users == ()
    assert SECRET not in str(found)


def project_in(folder: Path) -> Project:
    file = folder / "segdsl.toml"
    file.write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    return read_project(file)


def test_what_is_not_known_stays_in_the_file(tmp_path: Path) -> None:
    """Another key may have read it."""
    project = project_in(tmp_path)
    whole, _ = pulled(tmp_path / "a")
    save_schema(project, "local", whole.schema)
    refusal: Refusal = {"/v3/result/list": 403, "/v3/user/list": 403}
    less, _ = pulled(tmp_path / "b", refusal)
    kept = save_schema(project, "local", less.schema)
    assert (kept.done, kept.changes) == ("unchanged", ())
    found = load_schema(project, "local")
    assert found is not None
    assert set(found.connections or ()) == set(CONNECTIONS)
    assert [each.name for each in found.users or ()] == ["ann@example.com", "bob@example.com"]


def test_a_file_of_before_is_upgraded(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    found, _ = pulled(tmp_path / "a")
    save_schema(project, "local", found.schema)
    file = tmp_path / "local.schema.toml"
    older = file.read_text().partition("\n[visibility]")[0]
    assert "connections" not in older
    file.write_text(older)
    before = load_schema(project, "local")
    assert before is not None
    assert before.users is None
    assert {each.visibility for each in before.attributes} == {None}
    assert save_schema(project, "local", found.schema).done == "written"
    after = load_schema(project, "local")
    assert after is not None
    assert {each.visibility for each in after.attributes} == {"clear"}
    assert [(each.name, each.folder) for each in after.funnels] == [("Onboarding", ("Mails",))]
    assert after.templates == found.schema.templates


def test_addresses_in_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.seg").write_text('notify "Ann@Example.com" on success\n')
    (tmp_path / "y.seg").write_bytes(b'not a segment "bob@example.com" \xff "a b@c" "x\\n@y"')
    (tmp_path / "z.txt").write_text('"carl@example.com"')
    assert addresses_in(tmp_path) == {"ann@example.com", "bob@example.com"}
