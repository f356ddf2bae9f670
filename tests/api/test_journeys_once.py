"""Journeys, versions and their activations are written exactly once, whatever request fails."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from entity_api import FAULTS, MANNERS, PARENT, ROOT, Fault, Json, Manner, ask
from journey_server import JourneyApi
from segdsl.api import (
    AlreadyExistsError,
    Client,
    InvalidResponseError,
    Journey,
    NewJourney,
    NewJourneyActivation,
    NotFoundError,
)

STEPS = {
    "t": {
        "type": "AbTest",
        "name": "Tone",
        "customizedSplit": False,
        "variants": [
            {"id": "a", "name": "A", "percentage": 50, "next": "e"},
            {"id": "b", "name": "B", "percentage": 50, "next": "e"},
        ],
    },
    "e": {"type": "End"},
}


def raw(value: Json) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def new_journey(name: str, *stages: Json, **attributes: Json) -> NewJourney:
    values = {"name": name, "journeyStages": list(stages), **attributes}
    return NewJourney(name, raw({"type": "journey", "attributes": values}), ROOT)


WELCOME = new_journey("Welcome", {"name": "s1", "rootStep": "t", "steps": STEPS}, description="x")
CHANGED = new_journey("Old", {"id": "602", "name": "New", "steps": STEPS}, reentryMode="no_reentry")
PARAMS = {
    "name": "Mail",
    "connectionId": "5",
    "connectorConfig": {"path": "x"},
    "allColumns": True,
    "scheduleType": "daily",
    "scheduleOption": "11:00:00",
}
ACTIVATION = NewJourneyActivation("Mail", raw(PARAMS))
Call = Callable[[Client], Awaitable[object]]
Check = Callable[[JourneyApi, object], None]


def one_journey(api: JourneyApi, made: object) -> None:
    [found] = [each for each in api.journeys.values() if each["values"]["name"] == "Welcome"]
    assert getattr(made, "id", None) == found["id"]
    assert len(api.journeys) == len(api.bundles) == 2


def changed_journey(api: JourneyApi, made: object) -> None:
    [found] = api.journeys.values()
    [stage] = found["values"]["journeyStages"]
    assert (stage["id"], stage["name"], stage["steps"]) == ("602", "New", STEPS)
    assert getattr(made, "id", None) == "600"


def paused(is_paused: bool) -> Check:
    def check(api: JourneyApi, made: object) -> None:
        assert api.journeys["600"]["paused"] is is_paused
        assert getattr(made, "is_paused", None) is is_paused

    return check


def one_version(api: JourneyApi, made: object) -> None:
    assert len(api.journeys) == 2
    [found] = [each for each in api.journeys.values() if each["version"] == 2]
    assert getattr(made, "id", None) == found["id"] == api.bundles["601"]["latest"]
    assert getattr(made, "name", None) == "Old(v2)"


def changed_bundle(api: JourneyApi, made: object) -> None:
    assert api.bundles == {"601": {"name": "Hello", "description": "x", "latest": "600"}}
    assert getattr(made, "name", None) == "Hello"


def one_activation(api: JourneyApi, made: object) -> None:
    assert len(api.steps) == 2
    [found] = [each for each in api.steps.values() if each["id"] != "603"]
    assert found["params"] == PARAMS
    assert getattr(made, "id", None) == found["id"]


def changed_activation(api: JourneyApi, made: object) -> None:
    assert list(api.steps) == ["603"]
    assert api.steps["603"]["params"] == PARAMS


def is_gone(api: JourneyApi, made: object) -> None:
    assert api.journeys == {}


OPERATIONS: dict[str, tuple[Call, Check]] = {
    "create a journey": (lambda client: client.create_journey(PARENT, WELCOME), one_journey),
    "update a journey": (lambda client: client.update_journey("600", CHANGED), changed_journey),
    "delete a journey": (lambda client: client.delete_journey("600"), is_gone),
    "pause a journey": (lambda client: client.pause_journey("600"), paused(True)),
    "resume a journey": (lambda client: client.resume_journey("600"), paused(False)),
    "create a version": (lambda client: client.create_journey_version("601"), one_version),
    "update a bundle": (
        lambda client: client.update_journey_bundle("601", "Hello", "x", "600"),
        changed_bundle,
    ),
    "create an activation": (
        lambda client: client.create_journey_activation("600", ACTIVATION),
        one_activation,
    ),
    "update an activation": (
        lambda client: client.update_journey_activation("600", "603", ACTIVATION),
        changed_activation,
    ),
}


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: f"{manner.status}")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_written_once_whatever_request_fails(operation: str, manner: Manner) -> None:
    call, check = OPERATIONS[operation]
    api = JourneyApi(None, manner)
    check(api, ask(api, call))
    for at, kind, times in itertools.product(range(len(api.requests)), FAULTS, (1, 2)):
        fault = Fault(at, kind, times)
        failing = JourneyApi(fault, manner)
        try:
            made = ask(failing, call)
        except InvalidResponseError:
            # A page in place of an answer is not repeated.
            assert fault.kind == "page", fault
            failing.fault = None
            if operation in ("create a version", "create an activation"):
                # Nothing tells one that is there from another one: it is written once at most.
                number = len(failing.journeys if "version" in operation else failing.steps)
                assert number <= 2, fault
                continue
            try:
                made = ask(failing, call)
            except AlreadyExistsError as error:
                made = error.existing
            except NotFoundError:
                assert operation == "delete a journey"
                made = None
        check(failing, made)


@pytest.mark.parametrize("manner", MANNERS[:2], ids=lambda manner: f"{manner.status}")
def test_a_run_starts_once_whatever_request_fails(manner: Manner) -> None:
    async def call(client: Client) -> object:
        execution = await client.run_journey("600")
        return await client.wait_for_journey("600", execution)

    api = JourneyApi(None, manner)
    assert getattr(ask(api, call), "status", None) == "success"
    for at, kind in itertools.product(range(len(api.requests)), FAULTS):
        failing = JourneyApi(Fault(at, kind), manner)
        try:
            made = ask(failing, call)
        except InvalidResponseError:
            assert kind in ("lost before", "500 before", "page"), (at, kind)
        else:
            assert getattr(made, "status", None) == "success"
        assert getattr(failing, "runs", 0) <= 1


def test_what_is_there_is_never_taken_for_the_created_one() -> None:
    call, check = OPERATIONS["create a journey"]
    api = JourneyApi()
    made = ask(api, call)
    with pytest.raises(AlreadyExistsError) as raised:
        ask(api, call)
    assert raised.value.existing.id == getattr(made, "id", None)
    check(api, made)


def test_reading() -> None:
    api = JourneyApi()
    new = new_journey("Old", {"id": "602", "name": "A"})

    async def call(client: Client) -> None:
        [listed] = await client.journeys(PARENT)
        assert listed == await client.journey("600")
        assert [(each.id, each.name) for each in listed.stages] == [("602", "Old stage")]
        assert (listed.bundle_id, listed.bundle_name, listed.version) == ("601", "Old", 1)
        await client.create_journey_version("601")
        newest = await client.find_journey(PARENT, "Old")
        assert newest is not None
        assert (newest.name, newest.state) == ("Old(v2)", "draft")
        bundle = await client.journey_bundle("601")
        assert bundle.latest == newest
        assert await client.journey_or_none(PARENT, "999") is None
        [activation] = await client.journey_activations("600")
        assert (activation.id, activation.connection_id) == ("603", "1")

        async def look() -> Journey:
            return listed

        assert await client.update_journey("600", new, look) == listed

    ask(api, call)
    assert api.sent("PATCH") == []
