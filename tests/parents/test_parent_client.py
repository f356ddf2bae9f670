"""The client's calls for configurations of parent segments, also where answers are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from parent_stub import PARENT, ParentApi, attribute
from parent_workspace import FAST
from segdsl.api import AlreadyExistsError, ApiKey, Client, InvalidResponseError, NotFoundError
from segdsl.api.configurations import NewParentSegment, Population

T = TypeVar("T")
KEY = ApiKey("1/0123456789abcdef0123456789abcdef01234567")


def ask(api: ParentApi, action: Callable[[Client], Awaitable[T]]) -> T:
    async def main() -> T:
        address = "https://api-cdp.treasuredata.com"
        transport = api.transport()
        async with Client(address, KEY, transport=transport, retry_policy=FAST) as client:
            return await action(client)

    return asyncio.run(main())


def new(name: str, **body: Any) -> NewParentSegment:
    sent = {"name": name, "master": PARENT["master"], **body}
    return NewParentSegment(name, sent, lambda document: document["name"] == name)


def test_a_record_gets_its_lists() -> None:
    api = ParentApi()
    record = ask(api, lambda client: client.configuration("90210"))
    assert (record.id, record.name, record.population) == ("90210", "Real shape", 52000)
    assert len(record.decoded()["attributes"]) == 3
    # A record that has them is not asked for more.
    api.parents["90210"]["attributes"] = [attribute("Only", "only", 1)]
    record = ask(api, lambda client: client.configuration("90210"))
    assert [each["name"] for each in record.decoded()["attributes"]] == ["Only"]


def test_one_that_is_not_there_is_none() -> None:
    api = ParentApi()
    assert ask(api, lambda client: client.configuration_or_none("7")) is None
    with pytest.raises(NotFoundError):
        ask(api, lambda client: client.configuration("7"))


@pytest.mark.parametrize("lost", [0, 1])
def test_a_creation_is_sent_once(lost: int) -> None:
    api = ParentApi()
    api.lose = lost
    record = ask(api, lambda client: client.create_parent_segment(new("New")))
    assert (record.id, record.name) == ("90211", "New")
    assert [method for method, _, _ in api.sent] == ["POST"]
    with pytest.raises(AlreadyExistsError):
        ask(api, lambda client: client.create_parent_segment(new("New")))
    assert len(api.sent) == 1


def test_an_update_that_takes_no_effect_is_an_error() -> None:
    api = ParentApi()
    never = NewParentSegment("Real shape", {"name": "Real shape"}, lambda document: False)
    with pytest.raises(InvalidResponseError):
        ask(api, lambda client: client.update_parent_segment("90210", never))


@pytest.mark.parametrize("lost", [0, 1])
def test_a_deletion_is_confirmed(lost: int) -> None:
    api = ParentApi()
    api.lose = lost
    deleted = ask(api, lambda client: client.delete_parent_segment("90210"))
    assert deleted is (lost == 0)
    assert api.parents == {}


def test_runs_and_populations() -> None:
    api = ParentApi()
    started = ask(api, lambda client: client.run_parent_segment("90210"))
    assert (started.attempt_id, started.status, started.is_ended) == ("7000", "queued", False)
    statuses: list[str] = []
    ended = ask(
        api,
        lambda client: client.wait_for_parent_run(
            "90210", started, on_status=lambda each: statuses.append(each.status)
        ),
    )
    assert (ended.status, statuses) == ("success", ["running", "success"])
    assert [each.attempt_id for each in ask(api, lambda c: c.parent_executions("90210"))] == [
        "7000"
    ]
    assert ask(api, lambda client: client.populations("90210", "2025-04-01")) == (
        Population(1745971200, 51000, True),
        Population(1746057600, 52000, False),
    )
