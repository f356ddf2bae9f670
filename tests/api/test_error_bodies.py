"""Messages for failed responses, for every form of error body."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from segdsl.api import (
    AlreadyExistsError,
    ApiKey,
    Client,
    ClientError,
    ConflictError,
    NewSegment,
    NotSupportedError,
    RejectedError,
    RetryPolicy,
    ServerError,
)
from segdsl.api.error_bodies import error_text
from test_client import KEY, PARENTS, QUICK, RULE

TAKEN = "the name has already been taken"


def failure(status: int, body: Any, retry_policy: RetryPolicy = QUICK) -> tuple[ClientError, int]:
    """The error for a response, and the number of requests."""
    requests = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        if isinstance(body, (bytes, str)):
            return httpx.Response(status, content=body)
        return httpx.Response(status, json=body)

    async def main() -> ClientError:
        transport = httpx.MockTransport(handle)
        async with Client(
            "http://localhost", ApiKey(KEY), transport=transport, retry_policy=retry_policy
        ) as client:
            with pytest.raises(ClientError) as raised:
                await client.segments("1")
            return raised.value

    return asyncio.run(main()), requests


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": {"name": ["has already been taken"]}}, TAKEN),
        ({"errors": {"name": "has already been taken"}}, TAKEN),
        ({"name": ["has already been taken"]}, TAKEN),
        ({"errors": ["Name has already been taken"]}, "Name has already been taken"),
        ({"errors": "Name has already been taken"}, "Name has already been taken"),
        ({"errors": {"name": ["Name has already been taken"]}}, "Name has already been taken"),
        ({"message": "name: has already been taken"}, "name: has already been taken"),
        ("Name has already been taken", "Name has already been taken"),
        ('"Name has already been taken"', "Name has already been taken"),
        (
            {
                "errors": [
                    {"title": "has already been taken", "source": {"pointer": "/data/x/name"}}
                ]
            },
            TAKEN,
        ),
        ({"errors": {"base": ["Rule is invalid", "Limit is too high"]}}, "Rule is invalid; Limit"),
        ({"errors": {"rule": {"conditions": ["can't be blank"]}}}, "the rule conditions can't be"),
        ({"errors": {"segmentFolderId": ["is not a number"]}}, "the segment folder id is not a"),
        ({"errors": {"description": ["too long"]}}, "the description too long"),
        ({"errors": {"rule": ["Unknown column"]}}, "rule: Unknown column"),
        ({"error": "Unprocessable", "message": "no such column"}, "Unprocessable: no such column"),
        ({"code": "bad_request", "message": "no such column"}, "no such column"),
        ({"errors": [{"title": "Bad", "detail": "no such column", "status": 400}]}, "no such col"),
        ({"errors": [{"detail": "x y", "meta": None}, {"detail": "z"}]}, "x y; z"),
        ({"errors": [["a b"], [["c d"]]]}, "a b; c d"),
        ({"errors": {"id": ["is not known"]}, "status": 400}, "the id is not known"),
    ],
)
def test_an_error_body_becomes_a_sentence(body: Any, said: str) -> None:
    error, requests = failure(400, body)
    assert isinstance(error, RejectedError)
    assert error.message.startswith(f"the API rejected the request: {said}")
    assert error.message.endswith("(400)")
    assert requests == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Bad gateway</body></html>",
        b"<!DOCTYPE html>\n<p>Bad gateway",
        b'<?xml version="1.0"?><Error>no</Error>',
        {"message": "<html><body>Bad gateway</body></html>"},
        {"errors": []},
        {"errors": {}},
        {"code": "x", "status": 502},
        None,
        12,
        b"[" * 5000,
    ],
)
def test_an_empty_error_body_falls_back_to_the_status(body: Any) -> None:
    error, _ = failure(502, body)
    assert isinstance(error, ServerError)
    assert error.message == "localhost failed: Bad Gateway (502)"


def test_tags_are_removed_from_a_sentence() -> None:
    error, _ = failure(400, {"message": "The <b>name</b> is<br/>taken, a < b"})
    assert error.message == "the API rejected the request: The name is taken, a < b (400)"


# --- what is referenced ------------------------------------------------------------------

REFERRERS = [{"id": "1", "name": "Loyal"}, {"id": 2, "name": "At risk"}]


def conflict(*referrers: Any, key: str = "referencedBySegments") -> Any:
    detail = {"status": 409, "code": "conflict", "title": "Conflict", "detail": "referenced"}
    return {"errors": [{**detail, "meta": {key: [*referrers]}}]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (conflict(*REFERRERS), "the segments “Loyal” (#1) and “At risk” (#2)"),
        (conflict(REFERRERS[0]), "the segment “Loyal” (#1)"),
        (conflict({"id": "7"}, "8", 9), "the segments #7, #8 and #9"),
        (conflict({"name": "Loyal"}), "the segment “Loyal”"),
        (conflict({"id": 3}, key="referencedByPredictiveSegments"), "the predictive segment #3"),
        ({"errors": "in use", "referencedBySegments": REFERRERS[:1]}, "the segment “Loyal” (#1)"),
        ({"meta": {"inner": {"referencedBySegments": ["5"]}}}, "the segment #5"),
    ],
)
def test_referrers_are_named(body: Any, said: str) -> None:
    error, _ = failure(409, body)
    assert isinstance(error, ConflictError)
    assert f"it is referenced by {said} (409)" in error.message


def test_a_conflict_has_the_ids_of_segments() -> None:
    error, _ = failure(409, conflict(*REFERRERS))
    assert isinstance(error, ConflictError)
    assert error.message == (
        "it is referenced by the segments “Loyal” (#1) and “At risk” (#2) (409)"
    )
    assert error.ids == ("1", "2")


def test_a_conflict_over_a_name_is_a_rejection() -> None:
    error, _ = failure(409, {"errors": {"name": ["has already been taken"]}})
    assert isinstance(error, RejectedError)
    assert TAKEN in error.message


# --- what is not there, and what is taken ------------------------------------------------


def test_an_unsupported_request_is_not_retried() -> None:
    said = "the local API has no GET /entities/journeys"
    error, requests = failure(501, {"code": "not_implemented", "message": said})
    assert isinstance(error, NotSupportedError)
    assert said in error.message
    assert requests == 1


@pytest.mark.parametrize("there", [True, False])
def test_a_taken_name(there: bool) -> None:
    """By a segment that the lookup finds, or by one that it cannot see."""
    taken = False

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal taken
        if request.method == "POST":
            taken = True
            return httpx.Response(400, json={"errors": {"name": ["has already been taken"]}})
        if request.url.path == "/entities/parent_segments":
            return httpx.Response(200, json=PARENTS)
        other = {"id": "9", "name": "A", "description": "of somebody", "rule": {"type": "x"}}
        return httpx.Response(200, json=[other] if taken and there else [])

    async def main() -> ClientError:
        transport = httpx.MockTransport(handle)
        async with Client(
            "http://localhost", ApiKey(KEY), transport=transport, retry_policy=QUICK
        ) as client:
            with pytest.raises(ClientError) as raised:
                await client.create_segment("1", NewSegment("A", RULE))
            return raised.value

    error = asyncio.run(main())
    if there:
        assert isinstance(error, AlreadyExistsError)
        assert error.existing.id == "9"
    else:
        assert isinstance(error, RejectedError)
        assert TAKEN in error.message


# --- secrets -----------------------------------------------------------------------------

SECRET = KEY.rpartition("/")[2]


@pytest.mark.parametrize(
    "body",
    [
        f"you sent TD1 {KEY}",
        {"message": f"you sent TD1 {KEY}"},
        {"errors": {KEY: ["is wrong"]}},
        {"errors": {"key": [f"{KEY} is wrong"]}},
        conflict({"id": KEY, "name": SECRET}),
        {"message": "x" * 480 + KEY},
        f'{{"message": "you sent {SECRET[:5]}\\u00{ord(SECRET[5]):02x}{SECRET[6:]}"}}',
        f"<html>{KEY}</html>",
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 501, 302])
def test_no_form_of_an_error_reveals_the_key(status: int, body: Any) -> None:
    retry_policy = RetryPolicy(attempts=1, first_pause=0.001, max_pause=0.001)
    error, _ = failure(status, body, retry_policy)
    told = f"{error.message} {error.help}"
    assert SECRET not in told
    # Nor most of it, where a long answer is cut.
    assert SECRET[:12] not in told


def test_a_long_error_is_truncated() -> None:
    assert len(error_text(b'"' + b"word " * 1000 + b'"').line) == 500
