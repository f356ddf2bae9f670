"""Activation templates, and activations that are made from them."""

from __future__ import annotations

from typing import Any

from local_api import TAKEN, Api, rule, with_api
from test_local_activations import BOUGHT, COLUMNS, PURCHASES, create, path, read, segment

TEMPLATES = "/entities/activation_templates"
LIST = "/entities/parent_segments/7/activation_templates"


def template(name: str = "Weekly mail", folder: str = "1", **more: Any) -> Any:
    return {
        "type": "activation-template",
        "attributes": {"name": name, "connectionId": 1, "state": "published", **more},
        "relationships": {"parentFolder": {"data": {"id": folder, "type": "folder-segment"}}},
    }


async def make(api: Api, *of: Any, **more: Any) -> Any:
    return (await api.ask("POST", TEMPLATES, template(*of, **more)))["data"]


@with_api
async def test_a_template_is_created_read_changed_and_deleted(api: Api) -> None:
    locked = {"locked": {"connectionId": True, "columns": {}, "lockEditSchedule": True}}
    more = {
        "columns": COLUMNS,
        "connectorConfig": {"bucket": "exports"},
        "repeatUnit": "week",
        "repeatSubFrequency": [1],
        "endOn": "2025-12-31",
        "nestedWorkflowProjectName": "actions",
        "nestedWorkflowName": "hash",
        "lockEnabled": True,
        "fieldProperties": locked,
        "description": "x",
    }
    made = await make(api, **more)
    attributes = made["attributes"]
    assert {key: attributes[key] for key in more} == more
    assert (attributes["kind"], attributes["state"]) == (0, "published")
    assert (attributes["activationCount"], attributes["available"]) == (0, True)
    assert attributes["connectionId"] == "1"
    one = f"{TEMPLATES}/{made['id']}"
    assert (await api.ask("GET", one))["data"] == made
    assert (await api.ask("GET", LIST))["data"] == [made]
    inside = (await api.ask("GET", "/entities/by-folder/1"))["data"]
    assert inside[1:] == [made]
    folder = await api.create_folder("Mails")
    changed = (await api.ask("PATCH", one, template("B", folder, state="draft")))["data"]
    assert changed["relationships"]["parentFolder"]["data"]["id"] == folder
    assert (changed["attributes"]["name"], changed["attributes"]["state"]) == ("B", "draft")
    assert changed["attributes"]["fieldProperties"] == locked
    wrong = await api.ask("DELETE", f"/entities/folders/{folder}", status=409)
    assert "SegmentFolder has activation templates" in str(wrong)
    assert (await api.ask("DELETE", one))["data"] == changed
    await api.ask("GET", one, status=404)
    await api.ask("DELETE", one, status=404)
    assert (await api.ask("GET", LIST))["data"] == []


@with_api
async def test_what_a_template_cannot_be(api: Api) -> None:
    await make(api)
    assert await api.ask("POST", TEMPLATES, template(), status=400) == TAKEN
    for more, said in (
        ({"connectionId": 99}, "there is no connection with the id `99`"),
        ({"kind": 2}, "the kind of a template is 0"),
        ({"state": "gone"}, "Invalid enum value"),
        ({"columns": [{"column": "x", "source": {"column": "contry"}}]}, "did you mean `country`"),
    ):
        assert said in str(await api.ask("POST", TEMPLATES, template("B", **more), status=400))
    for key in ("name", "connectionId", "state"):
        missing = template("B")
        del missing["attributes"][key]
        null = template("B")
        null["attributes"][key] = None
        for body in (missing, null):
            wrong = await api.ask("POST", TEMPLATES, body, status=400)
            assert f"needs a `{key}`" in str(wrong)
    body = template("B")
    del body["relationships"]
    made = (await api.ask("POST", TEMPLATES, body))["data"]
    assert made["relationships"]["parentFolder"]["data"]["id"] == "1"


@with_api
async def test_the_list_by_kind_and_for_a_segment(api: Api) -> None:
    batch, journey = await make(api), await make(api, "Journey", kind=1)
    assert [each["id"] for each in (await api.ask("GET", f"{LIST}?kind=1"))["data"]] == [
        journey["id"]
    ]
    of = await segment(api)
    answer = (await api.ask("GET", f"{LIST}?availableBySegmentId={of}"))["data"]
    assert [each["attributes"]["availableBySegment"] for each in answer] == [True, True]
    assert answer[0]["id"] == batch["id"]
    await api.ask("GET", f"{LIST}?availableBySegmentId=99", status=404)
    await api.ask("GET", "/entities/parent_segments/8/activation_templates", status=404)


@with_api
async def test_activations_of_a_template_are_counted(api: Api) -> None:
    made = await make(api)
    of = await segment(api)
    first = await create(api, of, "A", activationTemplateId=made["id"])
    await create(api, of, "B", activationTemplateId=int(made["id"]))
    assert first["attributes"]["activationTemplateId"] == made["id"]
    one = f"{TEMPLATES}/{made['id']}"
    assert (await api.ask("GET", one))["data"]["attributes"]["activationCount"] == 2
    await api.ask("DELETE", path(of, first["id"]))
    assert (await api.ask("GET", one))["data"]["attributes"]["activationCount"] == 1


@with_api
async def test_a_template_that_is_gone_is_missed(api: Api) -> None:
    """It can be deleted while it is used (documented): its activations are not valid then."""
    made = await make(api)
    of = await segment(api)
    activation = await create(api, of, activationTemplateId=made["id"])
    assert activation["attributes"]["valid"] is True
    await api.ask("DELETE", f"{TEMPLATES}/{made['id']}")
    after = (await read(api, of, activation["id"]))["attributes"]
    assert (after["activationTemplateId"], after["valid"]) == (made["id"], False)
    # It is not the same as to have none (described).
    whole = "/audiences/7/folders/1/syndications?activation_template_id="
    assert (await api.ask("GET", f"{whole}none"))["syndications"] == []
    [row] = (await api.ask("GET", whole + made["id"]))["syndications"]
    assert row["activationTemplateName"] is None


# --- edits of what is locked ---------------------------------------------------------------


def column(id: str, name: str, of: str) -> Any:
    return {"id": id, "column": name, "source": {"column": of}}


ID, OTHER, NEW = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))
ALL = {"column": True, "source": True, "lockDeleteColumn": True}
BEFORE: dict[str, Any] = {
    "columns": [column(ID, "where", "country"), column(OTHER, "years", "age")],
    "connectorConfig": {"bucket": "a", "path": "b"},
    "repeatUnit": "day",
    "notifyOn": ["onSuccess"],
    "lockEnabled": False,
}


async def edited(api: Api, locks: Any, edit: Any, state: str = "published", own: Any = None) -> Any:
    """The attributes of an activation after an edit of its template; `own` is its own content."""
    properties = {"fieldProperties": {"locked": locks}}
    made = await make(api, **BEFORE, **properties, state=state)
    of = await segment(api)
    wanted = {key: value for key, value in BEFORE.items() if key != "lockEnabled"}
    wanted |= own or {}
    activation = await create(api, of, activationTemplateId=made["id"], **wanted)
    await api.ask(
        "PATCH", f"{TEMPLATES}/{made['id']}", template(**(properties | edit), state=state)
    )
    return (await read(api, of, activation["id"]))["attributes"]


@with_api
async def test_an_edit_of_what_is_locked_changes_activations(api: Api) -> None:
    """It does (documented); how is assumed."""
    edit = {
        "connectionId": 2,
        "repeatUnit": "week",
        "repeatSubFrequency": [1],
        "notifyOn": ["onFailure"],
        "lockEnabled": True,
        "allColumns": True,
    }
    locks = dict.fromkeys(
        (
            *("allColumns", "connectionId", "lockEditSchedule", "lockEditNotification"),
            "lockEditSequentialActivation",
        ),
        True,
    )
    after = await edited(api, locks, edit)
    assert {key: after[key] for key in edit} == edit | {"connectionId": "2"}
    assert after["connectorConfig"] == BEFORE["connectorConfig"]


@with_api
async def test_what_is_not_locked_stays_and_so_does_what_the_edit_does_not_change(api: Api) -> None:
    own = {"notifyOn": ["onFailure"], "connectorConfig": {"bucket": "own", "path": "b"}}
    locks = {"lockEditNotification": True, "connectorConfig": {"bucket": True}}
    edit = {"connectionId": 2, "connectorConfig": {"bucket": "a", "path": "c"}}
    after = await edited(api, locks, edit, own=own)
    assert after["connectionId"] == "1"
    assert {key: after[key] for key in own} == own


@with_api
async def test_an_edit_of_a_draft_changes_no_activation(api: Api) -> None:
    after = await edited(api, {"connectionId": True}, {"connectionId": 2}, "draft")
    assert after["connectionId"] == "1"


@with_api
async def test_single_settings_that_are_locked_follow_their_template(api: Api) -> None:
    edit = {"connectorConfig": {"bucket": "new", "path": "new", "more": 1}}
    own = {"connectorConfig": {"bucket": "a", "path": "own"}}
    locks = {"connectorConfig": {"bucket": True, "path": False, "more": True}}
    after = await edited(api, locks, edit, own=own)
    assert after["connectorConfig"] == {"bucket": "new", "path": "own", "more": 1}


@with_api
async def test_single_columns_that_are_locked_follow_their_template(api: Api) -> None:
    own = {"columns": [column(NEW, "own", "age"), *BEFORE["columns"]]}
    edit = {"columns": [column(ID, "place", "age"), column(OTHER, "old", "country")]}
    locks = {"columns": {ID: ALL | {"source": False}, OTHER: {"source": True}}}
    after = await edited(api, locks, edit, own=own)
    assert after["columns"] == [
        column(NEW, "own", "age"),
        column(ID, "place", "country"),
        column(OTHER, "years", "country"),
    ]


@with_api
async def test_a_column_that_cannot_be_removed_comes_and_goes(api: Api) -> None:
    own = {"columns": [{"column": "where", "source": {"column": "country"}}]}
    edit = {
        "columns": [column(OTHER, "years", "age"), column(NEW, "new", "country")],
        "fieldProperties": {"locked": {"columns": {OTHER: ALL, NEW: ALL}}},
    }
    after = await edited(api, {"columns": {ID: ALL}}, edit, own=own)
    assert after["columns"] == [column(NEW, "new", "country")]


@with_api
async def test_a_behavior_that_is_locked_follows_its_template(api: Api) -> None:
    locks = {"syndicationBehavior": {"lockEditFormatting": True, "lockDeleteBehaviorTable": True}}
    properties = {"fieldProperties": {"locked": locks}}
    made = await make(api, syndicationBehavior=PURCHASES, **properties)
    of = await segment(api, "Buyers", rule(BOUGHT))
    activation = await create(
        api, of, activationTemplateId=made["id"], syndicationBehaviors=[PURCHASES]
    )
    one = f"{TEMPLATES}/{made['id']}"
    edit = PURCHASES | {"formatting": "cols", "joinRow": 9}
    await api.ask("PATCH", one, template(syndicationBehavior=edit))
    after = (await read(api, of, activation["id"]))["attributes"]
    assert after["syndicationBehaviors"] == [PURCHASES | {"formatting": "cols"}]
    await api.ask("PATCH", one, template(syndicationBehavior=None))
    after = (await read(api, of, activation["id"]))["attributes"]
    assert after["syndicationBehaviors"] == []
    await api.ask("PATCH", one, template(syndicationBehavior=PURCHASES))
    after = (await read(api, of, activation["id"]))["attributes"]
    assert after["syndicationBehaviors"] == [PURCHASES]
