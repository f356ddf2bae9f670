"""Funnels, stages, activations and templates are written exactly once, whatever request fails."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterator

import httpx
import msgspec
import pytest

from entity_api import (
    FAULTS,
    MANNERS,
    PARENT,
    ROOT,
    SEGMENT,
    EntityApi,
    Fault,
    Json,
    Manner,
    ask,
)
from segdsl.api import (
    Activation,
    ActivationTemplate,
    AlreadyExistsError,
    Client,
    ClientError,
    Funnel,
    InvalidResponseError,
    NewActivation,
    NewFunnel,
    NewSegment,
    NewStage,
    NewTemplate,
    NotFoundError,
    StageOf,
)

RULE = msgspec.Raw(
    b'{"type":"And","conditions":[{"type":"And","conditions":[{"type":"Value",'
    b'"leftValue":{"name":"country"},"operator":{"type":"Equal","rightValue":"JP","not":false},'
    b'"arrayMatching":null,"exclude":false}]}]}'
)
STAGES = ("Interest", "Trial", "Paid")
FUNNEL = NewFunnel("Onboarding", tuple(map(NewStage, STAGES)), "From sign-up", ROOT)


def raw(value: Json) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


VALUES = {
    "name": "Contact sync",
    "description": "Every night",
    "allColumns": False,
    "columns": [
        {"column": "email", "source": {"column": "email"}},
        {
            "column": "area",
            "source": {
                "column": "postcode",
                "functions": [{"function": "substr", "start": 1, "length": 3}],
            },
        },
        {
            "column": "campaign",
            "source": {"string": "$1", "parameters": [{"type": "String", "string": "spring"}]},
        },
    ],
    "repeatUnit": "week",
    "repeatFrequency": 1,
    "repeatSubFrequency": [1, 5],
    "startAt": "2025-04-01T03:00:00",
    "timezone": "Asia/Tokyo",
    "connectionId": 4021,
    "connectorConfig": {"path": "x.csv", "options": {"retries": 3, "trace": None}},
    "notifyOn": ["onSuccess", "onFailure"],
    "emailRecipients": [3, 1],
}
WORKFLOW = {
    "nestedWorkflowProjectName": "actions",
    "nestedWorkflowName": "hash",
    "lockEnabled": True,
}
ENTITIES = raw({"type": "syndication", "attributes": {**VALUES, "endOn": "2025-12-31"}})
LEGACY = raw({**VALUES, **WORKFLOW})
ACTIVATIONS = {
    "entities": NewActivation("Contact sync", ENTITIES),
    "legacy": NewActivation("Contact sync", None, LEGACY),
    "both": NewActivation("Contact sync", ENTITIES, LEGACY),
}
TEMPLATE = NewTemplate(
    "Weekly",
    raw(
        {
            "type": "activation-template",
            "attributes": {
                **{key: VALUES[key] for key in ("columns", "connectionId", "connectorConfig")},
                "name": "Weekly",
                "state": "published",
                "fieldProperties": {"locked": {"connectionId": True, "lockEditSchedule": True}},
            },
        }
    ),
    ROOT,
)


def fresh(fault: Fault | None, manner: Manner) -> EntityApi:
    """A server with a funnel (201, stages 202 to 204), an activation (300) and a template (400)."""
    api = EntityApi(fault, manner)
    stages = [{"id": str(202 + at), "name": each} for at, each in enumerate(STAGES)]
    api.funnels["201"] = {
        "id": "201",
        "name": "Old",
        "description": "",
        "folder": ROOT,
        "stages": stages,
    }
    api.activations["300"] = {
        "id": "300",
        "name": "Old",
        "segment": SEGMENT,
        "values": {"name": "Old", "columns": [], "connectionId": 1},
        "executions": [],
    }
    api.templates["400"] = {
        "id": "400",
        "name": "Old",
        "folder": ROOT,
        "values": {"name": "Old", "columns": [], "connectionId": 1, "state": "draft"},
    }
    api.last_id = 500
    return api


Call = Callable[[Client], Awaitable[object]]
Check = Callable[[EntityApi, object], None]


def one_funnel(api: EntityApi, made: object) -> None:
    [found] = [each for each in api.funnels.values() if each["name"] == "Onboarding"]
    assert tuple(each["name"] for each in found["stages"]) == STAGES
    assert found["description"] == "From sign-up"
    assert getattr(made, "id", None) == found["id"]
    assert len(api.funnels) == 2


def updated_funnel(api: EntityApi, made: object) -> None:
    [found] = api.funnels.values()
    assert [each["name"] for each in found["stages"]] == ["Seen", "Trial", "New", "Paid"]
    assert [each["id"] for each in found["stages"]] == ["202", "203", "501", "204"]


def one_rule(api: EntityApi, made: object) -> None:
    [found] = [each for each in api.segments.values() if each["kind"] == 2]
    stage = api.funnels["201"]["stages"][1]
    assert stage["segment"] == found["id"] == getattr(made, "id", None)
    assert found["rule"] == json.loads(bytes(RULE))


def one_activation(api: EntityApi, made: object) -> None:
    [found] = [each for each in api.activations.values() if each["name"] == "Contact sync"]
    assert len(api.activations) == 2
    assert getattr(made, "id", None) == found["id"]
    assert getattr(made, "form", None) == "entities"


def _as_sent(api: EntityApi, id: str, new: NewActivation) -> None:
    values = api.activations[id]["values"]
    if new.entities is not None:
        assert values["endOn"] == "2025-12-31"
    if new.legacy is not None:
        assert {key: values[key] for key in WORKFLOW} == WORKFLOW
    assert {key: values[key] for key in VALUES} == VALUES


def updated_activation(new: NewActivation) -> Check:
    def check(api: EntityApi, made: object) -> None:
        assert list(api.activations) == ["300"]
        _as_sent(api, "300", new)

    return check


def created_activation(new: NewActivation) -> Check:
    def check(api: EntityApi, made: object) -> None:
        one_activation(api, made)
        _as_sent(api, str(getattr(made, "id", None)), new)

    return check


def one_template(api: EntityApi, made: object) -> None:
    [found] = [each for each in api.templates.values() if each["name"] == "Weekly"]
    assert len(api.templates) == 2
    assert getattr(made, "id", None) == found["id"]
    assert found["folder"] == ROOT


def updated_template(api: EntityApi, made: object) -> None:
    [found] = api.templates.values()
    assert found["name"] == "Weekly"
    assert found["values"]["state"] == "published"


def is_gone(kind: str, id: str) -> Check:
    def check(api: EntityApi, made: object) -> None:
        assert id not in getattr(api, kind)

    return check


def creating(new: NewActivation) -> Call:
    return lambda client: client.create_activation(PARENT, SEGMENT, new)


def updating(new: NewActivation) -> Call:
    return lambda client: client.update_activation(PARENT, SEGMENT, "300", new)


SEEN = NewFunnel(
    "Onboarding",
    (NewStage("Seen", "202"), NewStage("Trial", "203"), NewStage("New"), NewStage("Paid", "204")),
    "From sign-up",
    ROOT,
)
STAGE_RULE = NewSegment("Trial", RULE, "funnel_stage", "", ROOT, stage=StageOf("201", "203"))
OPERATIONS: dict[str, tuple[Call, Check]] = {
    "create a funnel": (lambda client: client.create_funnel(PARENT, FUNNEL), one_funnel),
    "update a funnel": (
        lambda client: client.update_funnel(PARENT, "201", SEEN),
        updated_funnel,
    ),
    "delete a funnel": (
        lambda client: client.delete_funnel(PARENT, "201"),
        is_gone("funnels", "201"),
    ),
    "create the rule of a stage": (
        lambda client: client.create_segment(PARENT, STAGE_RULE),
        one_rule,
    ),
    **{
        f"create an activation, {side}": (creating(new), created_activation(new))
        for side, new in ACTIVATIONS.items()
    },
    **{
        f"update an activation, {side}": (updating(new), updated_activation(new))
        for side, new in ACTIVATIONS.items()
    },
    "delete an activation": (
        lambda client: client.delete_activation(SEGMENT, "300"),
        is_gone("activations", "300"),
    ),
    "create a template": (lambda client: client.create_template(PARENT, TEMPLATE), one_template),
    "update a template": (
        lambda client: client.update_template(PARENT, "400", TEMPLATE),
        updated_template,
    ),
    "delete a template": (
        lambda client: client.delete_template("400"),
        is_gone("templates", "400"),
    ),
}


def faults(requests: int) -> Iterator[Fault]:
    for at, kind in itertools.product(range(requests), FAULTS):
        yield Fault(at, kind)
        yield Fault(at, kind, 2)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: f"{manner.status}")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_written_once_whatever_request_fails(operation: str, manner: Manner) -> None:
    call, check = OPERATIONS[operation]
    api = fresh(None, manner)
    check(api, ask(api, call))
    for fault in faults(len(api.requests)):
        failing = fresh(fault, manner)
        try:
            made = ask(failing, call)
        except InvalidResponseError:
            # A page in place of an answer is not repeated; what was written is still once.
            assert fault.kind == "page", fault
            again = fresh(None, manner)
            again.__dict__.update({**failing.__dict__, "fault": None})
            try:
                made = ask(again, call)
            except AlreadyExistsError as error:
                made = error.existing
                if operation.startswith("create an activation, both"):
                    # What the first half made is there, and an update completes it.
                    one_activation(again, made)
                    continue
            except NotFoundError:
                assert operation.startswith("delete")
                made = None
            check(again, made)
        else:
            check(failing, made)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.startswith("create")])
def test_what_is_there_is_never_taken_for_the_created_one(operation: str) -> None:
    call, check = OPERATIONS[operation]
    api = fresh(None, MANNERS[0])
    made = ask(api, call)
    writes = sum(method != "GET" for method, _, _ in api.requests)
    with pytest.raises(AlreadyExistsError) as raised:
        ask(api, call)
    assert raised.value.existing.id == getattr(made, "id", None)
    assert sum(method != "GET" for method, _, _ in api.requests) == writes
    check(api, made)


def _with_another(
    api: EntityApi, post: int, kind: str, other: Json
) -> Callable[[httpx.Request], httpx.Response]:
    """The API, on which somebody creates another one right after that request."""

    def handler(request: httpx.Request) -> httpx.Response:
        if len(api.requests) > post:
            getattr(api, kind).setdefault("9", other)
        return api(request)

    return handler


def test_another_of_the_name_after_a_lost_response_is_a_conflict() -> None:
    for operation, kind, values in (
        ("create an activation, entities", "activations", {"connectionId": 99}),
        ("create a template", "templates", {"connectionId": 99}),
    ):
        call, _ = OPERATIONS[operation]
        before = fresh(None, MANNERS[0])
        ask(before, call)
        post = next(at for at, (method, _, _) in enumerate(before.requests) if method == "POST")
        api = fresh(Fault(post, "lost before"), MANNERS[0])
        name = "Contact sync" if kind == "activations" else "Weekly"
        other = {
            "id": "9",
            "name": name,
            "segment": SEGMENT,
            "folder": ROOT,
            "values": {"name": name, "columns": [], **values},
            "executions": [],
        }
        with pytest.raises(AlreadyExistsError) as raised:
            ask(_with_another(api, post, kind, other), call)
        assert raised.value.existing.id == "9"
        assert len(api.sent("POST")) == 1


@pytest.mark.parametrize("after", [0, 1])
def test_what_somebody_wrote_meanwhile_is_not_overwritten_by_the_second_body(after: int) -> None:
    """Right after the first body, or after it was read again."""
    api = fresh(None, MANNERS[0])

    def handler(request: httpx.Request) -> httpx.Response:
        answer = api(request)
        methods = [method for method, _, _ in api.requests]
        if "PUT" in methods and len(methods) - methods.index("PUT") - 1 == after:
            api.activations["300"]["values"]["columns"] = []
        return answer

    call, _ = OPERATIONS["update an activation, both"]
    if after:
        ask(handler, call)
    else:
        with pytest.raises(InvalidResponseError, match="does not match"):
            ask(handler, call)
    assert api.sent("PATCH") == []
    assert api.activations["300"]["values"]["columns"] == []


def test_a_server_that_cannot_keep_both_bodies_is_an_error() -> None:
    api = fresh(None, MANNERS[0])

    def handler(request: httpx.Request) -> httpx.Response:
        answer = api(request)
        if request.method == "PATCH":
            api.activations["300"]["values"].update(dict.fromkeys(WORKFLOW))
            return httpx.Response(204)
        return answer

    call, _ = OPERATIONS["update an activation, both"]
    with pytest.raises(InvalidResponseError, match="took back its workflow"):
        ask(handler, call)


def test_what_look_finds_is_the_result() -> None:
    api = fresh(None, MANNERS[0])

    async def call(client: Client) -> None:
        activation = await client.activation(SEGMENT, "300")
        funnel = await client.funnel(PARENT, "201")
        template = await client.template("400")

        async def one() -> object:
            return "a reason"

        async def same_activation() -> Activation:
            return activation

        async def same_funnel() -> Funnel:
            return funnel

        async def same_template() -> ActivationTemplate:
            return template

        new = ACTIVATIONS["both"]
        update = client.update_activation(PARENT, SEGMENT, "300", new, same_activation)
        assert await update == activation
        assert await client.update_funnel(PARENT, "201", SEEN, same_funnel) == funnel
        assert await client.update_template(PARENT, "400", TEMPLATE, same_template) == template
        assert not await client.delete_activation(SEGMENT, "300", one)
        assert not await client.delete_funnel(PARENT, "201", one)
        assert not await client.delete_template("400", one)

    ask(api, call)
    assert {method for method, _, _ in api.requests} == {"GET"}


@pytest.mark.parametrize(
    ("kind", "id", "call"),
    [
        ("funnels", "201", lambda client: client.funnel_or_none(PARENT, "201")),
        ("activations", "300", lambda client: client.activation_or_none(PARENT, SEGMENT, "300")),
        ("templates", "400", lambda client: client.template_or_none(PARENT, "400")),
    ],
)
def test_a_404_counts_only_if_the_list_confirms_it(kind: str, id: str, call: Call) -> None:
    api = fresh(None, MANNERS[0])
    assert getattr(ask(api, call), "id", None) == id
    read = api.requests[-1][1]

    def hidden(request: httpx.Request) -> httpx.Response:
        answer = api(request)
        return api._one(None) if request.url.path == read else answer

    with pytest.raises(ClientError, match="its list does not confirm it"):
        ask(hidden, call)
    del getattr(api, kind)[id]
    assert ask(api, call) is None


# --- runs --------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: f"{manner.status}")
@pytest.mark.parametrize("kind", FAULTS)
def test_an_activation_is_run_at_most_once(kind: str, manner: Manner) -> None:
    call: Call = lambda client: client.run_activation(SEGMENT, "300")  # noqa: E731
    api = fresh(None, manner)
    ask(api, call)
    for at in range(len(api.requests)):
        failing = fresh(Fault(at, kind), manner)  # type: ignore[arg-type]
        try:
            run = ask(failing, call)
        except InvalidResponseError:
            # Nothing says whether the request arrived, so it is not sent again.
            assert kind in ("lost before", "500 before", "page"), kind
            assert len(failing.sent("POST")) <= 1
        else:
            [made] = failing.activations["300"]["executions"]
            assert getattr(run, "attempt_id", None) == made["workflowAttemptId"]
        assert len(failing.activations["300"]["executions"]) <= 1


def test_a_run_is_awaited_with_its_statuses() -> None:
    api = fresh(None, MANNERS[0])
    api.runs_take = 5
    statuses: list[str] = []

    async def call(client: Client) -> int | None:
        run = await client.run_activation(SEGMENT, "300")
        ended = await client.wait_for_execution(
            SEGMENT, "300", run, on_status=lambda each: statuses.append(each.status)
        )
        assert (ended.status, ended.is_ended) == ("success", True)
        return await client.record_count(PARENT, await client.activation(SEGMENT, "300"))

    assert ask(api, call) == 10
    assert statuses == ["running", "success"]
