"""Funnels, activations, templates, connections and users in all shapes that servers answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from entity_api import KEY, PARENT, SEGMENT, EntityApi, ask
from segdsl.api import (
    Client,
    Connection,
    Execution,
    ForbiddenError,
    Funnel,
    InvalidResponseError,
    NotFoundError,
    SettingsCheck,
    Stage,
    UnauthorizedError,
    User,
    WorkflowProject,
)
from segdsl.api.complete import whole_activations, whole_funnels, whole_templates
from segdsl.api.hosts import ACCOUNT_HOSTS, REGIONS
from segdsl.api.sent_values import has_sent_values

Json = Any


def answers(**by_path: Json) -> Callable[[httpx.Request], httpx.Response]:
    """An API with these bodies, by the end of a path; any other path is not implemented."""

    def handle(request: httpx.Request) -> httpx.Response:
        for end, body in by_path.items():
            if request.url.path.endswith(end.replace("__", "/")):
                return httpx.Response(200, json=body)
        return httpx.Response(501, json={"code": "not_implemented", "message": "no"})

    return handle


# --- funnels -----------------------------------------------------------------------------

RESOURCE = {
    "id": "10",
    "type": "funnel",
    "attributes": {
        "audienceId": "7",
        "name": "Onboarding",
        "description": None,
        "population": 14665.0,
        "numSyndications": "2",
        "stages": [
            {"id": 3, "name": "Trial", "segmentId": 30, "numSyndications": 0},
            {"id": "1", "name": "Interest", "segmentId": None},
        ],
    },
    "relationships": {"parentFolder": {"data": {"id": 5, "type": "folder-segment"}}},
}
PLAIN = {
    "id": 10,
    "name": "Onboarding",
    "description": "",
    "segmentFolderId": "5",
    "stages": RESOURCE["attributes"]["stages"],  # type: ignore[index]
    "needToRunWorkflow": True,
}
STAGES_JSON: Json = PLAIN["stages"]
STAGES = (Stage("3", "Trial", "30", 0), Stage("1", "Interest"))


@pytest.mark.parametrize(
    "body",
    [
        {"data": [RESOURCE], "included": []},
        [{"data": RESOURCE}],
        [RESOURCE],
        {"data": [RESOURCE, {"id": "9", "type": "journey", "attributes": {}}]},
    ],
)
def test_funnels_of_the_json_api(body: Json) -> None:
    found = ask(answers(__parent_segments__7__funnels=body), lambda client: client.funnels(PARENT))
    assert list(found) == [Funnel("10", "Onboarding", STAGES, "5", None, 14665, 2)]
    assert found.unreadable == ()


def test_funnels_of_the_legacy_side() -> None:
    found = ask(answers(audiences__7__funnels=[PLAIN]), lambda client: client.funnels(PARENT))
    assert found == (Funnel("10", "Onboarding", STAGES, "5", ""),)


def test_a_funnel_without_stages_in_the_list_is_read_by_itself() -> None:
    listed = {**RESOURCE, "attributes": {"name": "Onboarding"}}
    api = answers(
        parent_segments__7__funnels={"data": [listed]}, entities__funnels__10={"data": RESOURCE}
    )
    [found] = ask(api, lambda client: client.funnels(PARENT))
    assert found.stages == STAGES
    lost = answers(parent_segments__7__funnels={"data": [listed]})
    found_ = ask(lost, lambda client: client.funnels(PARENT))
    assert not found_
    assert [each.title for each in found_.unreadable] == ["“Onboarding” (#10)"]


def test_a_stage_that_cannot_be_read_is_reported_and_its_funnel_is_not_whole() -> None:
    bad = {**PLAIN, "stages": [*STAGES_JSON, {"id": None, "name": "Paid"}, 7]}
    found = ask(answers(audiences__7__funnels=[bad]), lambda client: client.funnels(PARENT))
    assert [each.name for each in found[0].stages] == ["Trial", "Interest"]
    assert found[0].left_out == {"a stage"}
    assert [each.titled("funnel") for each in found.unreadable] == [
        "stage “Onboarding.Paid”",
        "stage “Onboarding.?”",
    ]
    with pytest.raises(InvalidResponseError, match=r"stage “Onboarding.Paid”"):
        ask(answers(__funnels__10=bad), lambda client: client.funnel(PARENT, "10"))


# --- activations -------------------------------------------------------------------------


def activation(**attributes: Json) -> Json:
    return {
        "id": 300,
        "type": "syndication",
        "attributes": {"name": "Sync", "columns": [], **attributes},
        "relationships": {"segment": {"data": {"id": 100, "type": "segment-batch"}}},
    }


def test_an_activation_with_ids_as_numbers_and_words_that_are_not_known() -> None:
    run = {
        "workflowId": 0,
        "workflowSessionId": "8",
        "workflowAttemptId": 9.0,
        "status": "Paused",
        "finishedAt": None,
    }
    body = activation(
        runStatus="hibernating",
        repeatUnit="fortnight",
        valid="true",
        connectionId="4021",
        activationTemplateId=None,
        emailRecipients=[1, "2", None],
        executions=[run, "x", None],
    )
    found = ask(
        answers(segments__100__syndications__300={"data": body, "included": []}),
        lambda client: client.activation(SEGMENT, "300"),
    )
    assert (found.id, found.segment_id, found.connection_id) == ("300", "100", "4021")
    assert found.template_id is None
    assert found.recipients == ("1", "2")
    assert found.is_valid is True
    assert found.run_status == "hibernating"
    assert found.executions == (Execution("9", "paused", "8", "0"),)
    assert not found.executions[0].is_ended
    assert found.decoded() == body


@pytest.mark.parametrize(
    ("status", "finished", "is_ended"),
    [
        ("queued", None, False),
        ("running", None, False),
        ("canceling", None, False),
        ("success", None, True),
        ("error", None, True),
        ("canceled", None, True),
        ("completed", "2025-01-01T00:00:00Z", True),
        ("completed", None, False),
        ("", None, False),
    ],
)
def test_whether_a_run_has_ended(status: str, finished: str | None, is_ended: bool) -> None:
    assert Execution("1", status, finished_at=finished).is_ended is is_ended


def test_the_document_keeps_the_text_of_numbers() -> None:
    values = b'{"name":"Sync","columns":[{"x":1.10}]}'
    text = b'{"data":{"id":"300","type":"syndication","attributes":%s}}' % values
    found = ask(
        lambda request: httpx.Response(200, content=text),
        lambda client: client.activation(SEGMENT, "300"),
    )
    assert b"1.10" in bytes(found.document)


def test_activations_of_a_parent_segment_are_summaries_from_either_side() -> None:
    entities = answers(parent_segments__7__syndications={"data": [activation()]})
    plain = {"id": "300", "segmentId": 100, "name": "Sync", "emailRecipients": [3]}
    legacy = answers(audiences__7__syndications=[plain])
    for api, form in ((entities, "entities"), (legacy, "legacy")):
        [found] = ask(api, lambda client: client.activations(PARENT))
        assert (found.id, found.segment_id, found.form) == ("300", "100", form)
        assert found.is_summary
    assert ask(legacy, lambda client: client.notified_users(PARENT)) == {"3"}


def test_activations_that_cannot_be_read_are_reported() -> None:
    body = {"data": [activation(), activation(name=None), 7, {"attributes": {"name": "X"}}]}
    found = ask(
        answers(parent_segments__7__syndications=body), lambda client: client.activations(PARENT)
    )
    assert len(found) == 1
    assert [(each.title, each.why) for each in found.unreadable] == [
        ("#300", "it has no `name`"),
        ("one without a name", "it is a number and not an object"),
        ("“X”", "it has no `id`"),
    ]


def test_another_activation_than_was_asked_for_is_not_taken() -> None:
    api = answers(__syndications__301={"data": activation()})
    with pytest.raises(InvalidResponseError, match="is about #300, but #301 was requested"):
        ask(api, lambda client: client.activation(SEGMENT, "301"))


def test_overviews_are_paged_by_the_cursor_of_an_answer() -> None:
    asked: list[str | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("page[after]")
        asked.append(cursor)
        page = {None: ("A", "/x?page[after]=abc%3D&page[size]=1"), "abc=": ("B", "def")}
        name, next_page = page.get(cursor, ("C", None))
        item = {"id": name, "name": name, "lastRecordCount": "12", "lastExecution": {}}
        pagination = {"hasNext": next_page is not None, "nextPage": next_page}
        return httpx.Response(200, json={"syndications": [item], "pagination": pagination})

    found = ask(handle, lambda client: client.activation_overviews(PARENT, "5"))
    assert [each.name for each in found] == ["A", "B", "C"]
    assert found[0].record_count == 12
    assert asked == [None, "abc=", "def"]


def test_pages_that_never_end_are_not_read_for_ever() -> None:
    page = {"syndications": [], "pagination": {"hasNext": True, "nextPage": "same"}}
    api = answers(__folders__5__syndications=page)
    assert ask(api, lambda client: client.activation_overviews(PARENT, "5")) == ()
    project = {"id": "1", "type": "workflow-project", "attributes": {"name": "actions"}}
    projects = {"data": [project], "pagination": {"nextPage": "/x?lastId=1"}}
    api = answers(user_defined_workflow_projects=projects)
    found = ask(api, lambda client: client.workflow_projects(PARENT, "act"))
    assert found == (WorkflowProject("1", "actions"),)


def test_projects_of_workflows_are_paged_by_their_last_id() -> None:
    asked: list[dict[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        last = request.url.params.get("lastId")
        id = 2 if last else 1
        item = {"id": id, "type": "workflow-project", "attributes": {"name": f"p{id}"}}
        return httpx.Response(
            200, json={"data": [item], "pagination": {"nextPage": None if last else "x"}}
        )

    found = ask(handle, lambda client: client.workflow_projects(PARENT))
    assert [each.name for each in found] == ["p1", "p2"]
    assert asked == [{}, {"lastId": "1"}]
    workflow = {"id": "5", "type": "workflow", "attributes": {"name": "hash"}}
    api = answers(user_defined_workflows={"data": [workflow]})
    found = ask(api, lambda client: client.workflows(PARENT, "actions"))
    assert found == (WorkflowProject("5", "hash"),)


# --- whole records -----------------------------------------------------------------------


def test_what_the_list_leaves_out_is_read_by_itself() -> None:
    full = activation(endOn="2025-12-31")
    hidden = {**activation(name="Gone"), "id": 301}
    nowhere = {**activation(name="Nowhere"), "id": 302, "relationships": {}}
    api = answers(
        parent_segments__7__syndications={"data": [activation(), hidden, nowhere]},
        segments__100__syndications__300={"data": full},
    )
    found = ask(api, lambda client: whole_activations(client, PARENT))
    assert [each.decoded() for each in found] == [full]
    assert not found[0].is_summary
    assert [each.title for each in found.unreadable] == ["“Gone” (#301)", "“Nowhere” (#302)"]

    listed = {**RESOURCE, "attributes": {**RESOURCE["attributes"]}}  # type: ignore[dict-item]
    del listed["attributes"]["description"]  # type: ignore[attr-defined]
    api = answers(
        parent_segments__7__funnels={"data": [listed]}, entities__funnels__10={"data": RESOURCE}
    )
    [funnel] = ask(api, lambda client: whole_funnels(client, PARENT))
    assert funnel.left_out == frozenset()

    template = {"id": "4", "type": "activation-template", "attributes": {"name": "T"}}
    api = answers(
        parent_segments__7__activation_templates={"data": [template]},
        activation_templates__4={"data": template},
    )
    [whole] = ask(api, lambda client: whole_templates(client, PARENT))
    assert not whole.is_summary


# --- what counts as what was sent --------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"a": 1}, {"a": "1", "b": 2}),
        ({"a": None, "b": [], "c": "", "d": False}, {}),
        ({"startAt": None}, {"startAt": "2025-01-01T00:00:00"}),
        ({"startAt": "2025-01-01T03:00:00"}, {"startAt": "2025-01-01T03:00:00.000Z"}),
        ({"emailRecipients": [2, 1]}, {"emailRecipients": ["1", "2"]}),
        ({"columns": [{"column": "a"}]}, {"columns": [{"id": "uuid", "column": "a"}]}),
        ({"a": 1.0}, {"a": 1}),
        ({"repeatUnit": "none"}, {}),
    ],
)
def test_what_was_sent_is_there(sent: Json, answered: Json) -> None:
    assert has_sent_values(sent, answered)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {}),
        ({"a": True}, {"a": 1}),
        ({"a": None}, {"a": "x"}),
        ({"endOn": None}, {"endOn": "2025-01-01"}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": {"b": 1}}, {"a": [1]}),
        ({"startAt": "2025-01-01T03:00:00"}, {"startAt": "2025-01-01T04:00:00Z"}),
    ],
)
def test_what_was_sent_is_not_there(sent: Json, answered: Json) -> None:
    assert not has_sent_values(sent, answered)


# --- the account's own API ---------------------------------------------------------------


def test_every_region_has_a_host_of_the_account() -> None:
    assert set(ACCOUNT_HOSTS) == set(REGIONS.values())
    for audience, account in ACCOUNT_HOSTS.items():
        assert account == audience.replace("api-cdp.", "api.")


@pytest.mark.parametrize("host", REGIONS.values())
def test_the_key_goes_to_the_host_of_the_region_alone(host: str) -> None:
    seen: list[tuple[str, str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.scheme, request.url.host, request.headers["Authorization"]))
        return httpx.Response(200, json=[])

    ask(handle, lambda client: client.account.users(), base=f"https://{host}")
    assert seen == [("https", ACCOUNT_HOSTS[host], f"TD1 {KEY}")]


@pytest.mark.parametrize("base", ["http://127.0.0.1:8801/replay", "http://localhost"])
def test_on_this_machine_it_is_the_same_address(base: str) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json=[])

    ask(handle, lambda client: client.account.users(), base=base)
    assert seen == [f"{base}/v3/user/list"]


SECRET = "p4ssw0rd"
LISTED = [
    {"name": "s3", "url": f"s3://user:{SECRET}@bucket/x", "organization": None, "secret_id": 1},
    {"name": "mail", "url": json.dumps({"type": "sfmc_v2", "key": SECRET}), "secret_id": "2"},
    {"name": "typed", "type": "s3_v2", "settings": {"secret": SECRET}, "secret_id": 3},
    {"name": "odd one?&", "url": f"{SECRET}", "secret_id": 4},
    {"name": "with id", "id": 44, "url": f"<{SECRET}>://x", "secret_id": 5},
]


def test_connections_have_ids_and_types_and_nothing_else() -> None:
    api = EntityApi()
    api.connections = LISTED
    found = ask(api, lambda client: client.account.connections())
    assert found == (
        Connection("s3", "1", "s3"),
        Connection("mail", "2", "sfmc_v2"),
        Connection("typed", "3", "s3_v2"),
        Connection("odd one?&", "4", None),
        Connection("with id", "44", None),
    )
    assert SECRET not in repr(found)
    assert sum("lookup" in path for _, path, _ in api.requests) == 4


def test_connections_whose_id_cannot_be_looked_up_are_reported() -> None:
    api = answers(result__list={"results": [{"name": "s3"}, {"name": None}, 7]})
    found = ask(api, lambda client: client.account.connections())
    assert not found
    assert [each.title for each in found.unreadable] == [
        "one without a name",
        "one without a name",
        "“s3”",
    ]


def test_a_connection_is_looked_up_by_name() -> None:
    api = EntityApi()
    api.connections = LISTED
    assert ask(api, lambda client: client.account.connection_id("odd one?&")) == "4"
    assert ask(api, lambda client: client.account.connection_id("x")) is None

    def contradictory(request: httpx.Request) -> httpx.Response:
        if "lookup" in request.url.path:
            return httpx.Response(404, json={"error": "Resource not found"})
        return httpx.Response(200, json={"results": [{"name": "s3"}]})

    with pytest.raises(InvalidResponseError, match="its list does not confirm it"):
        ask(contradictory, lambda client: client.account.connection_id("s3"))

    def page(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, text="<html>no such page</html>")

    with pytest.raises(InvalidResponseError, match="not from the account's API"):
        ask(page, lambda client: client.account.connection_id("s3"))


@pytest.mark.parametrize("wrapped", [True, False])
def test_users_have_ids_and_addresses(wrapped: bool) -> None:
    users = [
        {"id": 1, "email": "a@example.com", "name": "A", "phone": "555", "roles": ["x"]},
        {"id": "2", "email": " b@example.com ", "name": None},
        {"id": 3, "email": None, "name": "C"},
    ]
    api = EntityApi()
    api.users = {"users": users} if wrapped else users  # type: ignore[assignment]
    found = ask(api, lambda client: client.account.users())
    assert list(found) == [User("1", "a@example.com", "A"), User("2", "b@example.com")]
    assert [each.why for each in found.unreadable] == ["it has no `email`"]


@pytest.mark.parametrize(
    ("status", "error", "help"),
    [
        (403, ForbiddenError, "connections and users"),
        (401, UnauthorizedError, "master key"),
        (404, NotFoundError, "region"),
    ],
)
def test_errors_of_the_account_have_help_of_their_own(
    status: int, error: type[Exception], help: str
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"error": f"no, TD1 {KEY}", "severity": "error"})

    with pytest.raises(error) as raised:
        ask(handle, lambda client: client.account.users())
    assert help in str(getattr(raised.value, "help", ""))
    assert KEY[2:] not in f"{raised.value} {raised.value!r}"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {}, SettingsCheck("accepted")),
        (204, None, SettingsCheck("accepted")),
        (200, {"valid": True}, SettingsCheck("accepted")),
        (
            200,
            {"valid": False, "errors": {"bucket": ["is not there"]}},
            SettingsCheck("rejected", "the bucket is not there"),
        ),
        (404, {"error": "no"}, SettingsCheck("unknown")),
        (404, None, SettingsCheck("unknown")),
        (403, {"error": "no"}, SettingsCheck("unknown")),
        (501, {"error": "no"}, SettingsCheck("unknown")),
        (
            422,
            {"error": "bucket missing"},
            SettingsCheck("rejected", "the API rejected the request: bucket missing (422)"),
        ),
    ],
)
def test_settings_are_checked_where_a_server_offers_it(
    status: int, body: Json, expected: SettingsCheck
) -> None:
    sent: list[Json] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        content = b"" if body is None else json.dumps(body).encode()
        return httpx.Response(status, content=content)

    settings = msgspec.Raw(b'{"bucket":"x"}')
    assert ask(handle, lambda client: client.account.check_settings("4021", settings)) == expected
    assert sent == [{"connection_id": 4021, "connector_config": {"bucket": "x"}}]


def test_no_connection_to_the_account_is_opened_that_nothing_needs() -> None:
    async def call(client: Client) -> bool:
        await client.parent_segments()
        return client.account._connected is None

    assert ask(lambda request: httpx.Response(200, json=[]), call)
