"""The client's retries and errors against a failing API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

import httpx
import msgspec
import pytest

from segdsl.api import (
    AlreadyExistsError,
    ApiKey,
    Client,
    ClientError,
    ConflictError,
    ForbiddenError,
    HostError,
    InvalidResponseError,
    NewSegment,
    NotFoundError,
    QueryFailedError,
    RedirectedError,
    RejectedError,
    RetryPolicy,
    ServerError,
    TooManyRequestsError,
    UnauthorizedError,
    UnreachableError,
)

_T = TypeVar("_T")
KEY = "1/0123456789abcdef0123456789abcdef01234567"
QUICK = RetryPolicy(
    attempts=4, first_pause=0.001, max_pause=0.001, first_poll=0.001, max_poll=0.001
)
RULE = msgspec.Raw(
    b'{"type":"And","conditions":[{"type":"And","conditions":[{"type":"Value",'
    b'"leftValue":{"name":"country"},"operator":{"type":"Equal","rightValue":"JP","not":false},'
    b'"arrayMatching":null,"exclude":false}]}]}'
)
Handler = Callable[[httpx.Request], httpx.Response]
BASE = "https://api-cdp.treasuredata.com"


def asked(
    handler: Handler,
    call_: Callable[[Client], Awaitable[_T]],
    *,
    retry_policy: RetryPolicy = QUICK,
    base: str = BASE,
) -> _T:
    async def main() -> _T:
        transport = httpx.MockTransport(handler)
        async with Client(
            base, ApiKey(KEY), transport=transport, retry_policy=retry_policy
        ) as client:
            return await call_(client)

    return asyncio.run(main())


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


class Script:
    """Sends responses in order and repeats the last; exceptions are raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        at = min(len(self.requests), len(self.answers)) - 1
        found = self.answers[at]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, content=found.content, headers=found.headers)


# --- what is sent ------------------------------------------------------------------------


def test_a_request_has_the_key_and_a_user_agent() -> None:
    script = Script(answer(200, []))
    asked(script, lambda client: client.parent_segments())
    [request] = script.requests
    assert request.headers["Authorization"] == f"TD1 {KEY}"
    assert request.headers["User-Agent"].startswith("segdsl/")
    assert str(request.url) == f"{BASE}/audiences"


@pytest.mark.parametrize(
    "base",
    [
        *("http://api-cdp.treasuredata.com", "https://example.com", "https://localhost.example"),
        *(
            "https://a@api-cdp.treasuredata.com",
            "https://api-cdp.treasuredata.com/x",
            "x",
            "",
            "http://a:b@127.0.0.1/x",
            "http://127.0.0.1/x?y=1",
            "http://127.0.0.1/x#y",
        ),
        *("ftp://127.0.0.1", "http://127.0.0.1.example.com", "http://0.0.0.0", "http://10.0.0.1"),
    ],
)
def test_an_unknown_host_is_rejected(base: str) -> None:
    with pytest.raises(HostError):
        Client(base, ApiKey(KEY))


@pytest.mark.parametrize("base", ["http://127.0.0.1:8700", "http://localhost", "http://[::1]:9"])
def test_loopback_addresses_allow_http(base: str) -> None:
    assert asked(Script(answer(200, [])), lambda client: client.parent_segments(), base=base) == ()


# --- what is said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (400, {"code": "x", "message": "no such column"}, RejectedError, "no such column"),
        (401, {"code": "x", "message": "no"}, UnauthorizedError, "master key"),
        (403, {"code": "x", "message": "no"}, ForbiddenError, "master key"),
        (404, {"code": "x", "message": "no"}, NotFoundError, "region"),
        (409, {"errors": [], "referencedBySegments": [{"id": "7"}]}, ConflictError, "#7"),
        (500, {"status": 500, "error": "x"}, ServerError, "later"),
        (400, {"errors": [{"detail": "no such name", "meta": None}]}, RejectedError, "such name"),
        (400, {"errors": [{"detail": "taken", "meta": ["x"]}]}, RejectedError, "taken"),
        (302, None, InvalidResponseError, "302"),
    ],
)
def test_errors_have_help(status: int, body: Any, error: type[ClientError], said: str) -> None:
    with pytest.raises(error) as raised:
        asked(Script(answer(status, body)), lambda client: client.segments("1"))
    assert said in f"{raised.value.message} {raised.value.help}"


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'"x"', b"\xff", b"[" * 9999])
def test_invalid_responses_are_errors(content: bytes) -> None:
    script = Script(httpx.Response(200, content=content))
    with pytest.raises(InvalidResponseError):
        asked(script, lambda client: client.segments("1"))
    assert len(script.requests) == 1


def test_an_error_message_with_the_key_is_scrubbed() -> None:
    body = {"code": "x", "message": f"you sent TD1 {KEY}, {KEY[2:]}"}
    with pytest.raises(RejectedError) as raised:
        asked(Script(answer(400, body)), lambda client: client.segments("1"))
    assert KEY[2:] not in raised.value.message
    assert KEY not in repr(ApiKey(KEY)) + str(ApiKey(KEY)) + f"{ApiKey(KEY)}"


# --- what is sent again ------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        answer(429),
        answer(500, {"status": 500, "error": "x"}),
        answer(503),
        httpx.ReadTimeout("x"),
        httpx.ConnectError("x"),
        httpx.RemoteProtocolError("x"),
    ],
    ids=repr,
)
def test_read_only_requests_are_retried(trouble: httpx.Response | Exception) -> None:
    script = Script(trouble, trouble, answer(200, []))
    assert asked(script, lambda client: client.segments("1")) == ()
    assert len(script.requests) == 3


def test_attempts_are_bounded() -> None:
    for trouble, times in ((answer(503), 4), (answer(400), 1), (answer(404), 1)):
        script = Script(trouble)
        with pytest.raises(ClientError):
            asked(script, lambda client: client.segments("1"))
        assert len(script.requests) == times


def test_an_unreachable_host_is_tried_once_by_later_requests() -> None:
    script = Script(httpx.ConnectError("nobody"))

    async def call_(client: Client) -> list[object]:
        first = await asyncio.gather(client.segments("1"), return_exceptions=True)
        knocks = len(script.requests)
        second = await asyncio.gather(client.segments("1"), return_exceptions=True)
        assert len(script.requests) == knocks + 1
        return [*first, *second]

    retry_policy = msgspec.structs.replace(QUICK, max_refused_connections=3)
    found = asked(script, call_, retry_policy=retry_policy)
    assert all(isinstance(each, UnreachableError) for each in found)


def test_retry_after_is_honored_or_reported() -> None:
    soon = format_datetime(datetime.now(UTC) - timedelta(seconds=5), usegmt=True)
    for said in ("0", soon):
        script = Script(answer(429, None, **{"Retry-After": said}), answer(200, []))
        assert asked(script, lambda client: client.segments("1")) == ()
    script = Script(answer(429, None, **{"Retry-After": "86400"}))
    with pytest.raises(TooManyRequestsError) as raised:
        asked(script, lambda client: client.segments("1"))
    assert "86400 seconds" in raised.value.message
    assert len(script.requests) == 1


def test_redirects_stay_with_the_host() -> None:
    here = Script(answer(307, None, Location="/audiences/2/segments"), answer(200, []))
    assert asked(here, lambda client: client.segments("1")) == ()
    assert here.requests[1].headers["Authorization"] == f"TD1 {KEY}"
    for there in ("https://example.com/x", "http://api-cdp.treasuredata.com/audiences"):
        script = Script(answer(307, None, Location=there))
        with pytest.raises(RedirectedError):
            asked(script, lambda client: client.segments("1"))
        assert len(script.requests) == 1
    cycle = Script(answer(307, None, Location="/audiences/1/segments"))
    with pytest.raises(RedirectedError):
        asked(cycle, lambda client: client.segments("1"))


# --- making segments once ----------------------------------------------------------------

PARENTS = [
    {
        "data": {
            "id": "99",
            "type": "parentSegment",
            "attributes": {"name": "x", "v4Id": 1},
            "relationships": {"parentSegmentFolder": {"data": {"id": "5", "type": "x"}}},
        }
    }
]
NEW = NewSegment("A", RULE)
_LOST: tuple[Exception, ...] = (httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"))


class Server:
    """Stores segments like the API; `troubles` are failures of its creates, before or after."""

    def __init__(self, *troubles: tuple[str, httpx.Response | Exception]) -> None:
        self.troubles = list(troubles)
        self.segments: list[dict[str, Any]] = []
        self.creates = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path:
            case "GET", "/entities/parent_segments":
                return answer(200, PARENTS)
            case "GET", "/audiences/1/folders/5/segments":
                return answer(200, self.segments)
            case "POST", "/audiences/1/segments":
                return self.create(json.loads(request.content))
            case "GET", path if path.startswith("/audiences/1/segments/"):
                id = path.rpartition("/")[2]
                return answer(200, next(each for each in self.segments if each["id"] == id))
        raise AssertionError(request)

    def create(self, body: dict[str, Any]) -> httpx.Response:
        self.creates += 1
        when, trouble = self.troubles.pop(0) if self.troubles else ("", None)
        if when == "before" and trouble is not None:
            return _happens(trouble)
        if any(each["name"] == body["name"] for each in self.segments):
            return answer(400, {"code": "x", "message": "name: has already been taken"})
        made = {"id": str(len(self.segments) + 1), **body}
        self.segments.append(made)
        return answer(200, made) if trouble is None else _happens(trouble)


def _happens(trouble: httpx.Response | Exception) -> httpx.Response:
    if isinstance(trouble, Exception):
        raise trouble
    return trouble


_UNCLEAR: tuple[httpx.Response | Exception, ...] = (*_LOST, answer(500), answer(503))
_TROUBLES: tuple[tuple[str, httpx.Response | Exception], ...] = (
    *(("before", each) for each in _UNCLEAR),
    *(("after", each) for each in _UNCLEAR),
    # One that was too many was not done.
    ("before", answer(429)),
)


@pytest.mark.parametrize(("when", "trouble"), _TROUBLES, ids=repr)
def test_a_segment_is_created_once(when: str, trouble: httpx.Response | Exception) -> None:
    server = Server((when, trouble), (when, trouble))
    made = asked(server, lambda client: client.create_segment("1", NEW))
    assert [each["name"] for each in server.segments] == ["A"]
    assert made.id == "1"
    assert server.creates == (1 if when == "after" else 3)


def test_an_existing_segment_is_never_taken_for_the_created_one() -> None:
    server = Server()
    server.segments.append({"id": "1", "name": "A", "rule": json.loads(bytes(RULE))})
    with pytest.raises(AlreadyExistsError) as raised:
        asked(server, lambda client: client.create_segment("1", NEW))
    assert raised.value.existing.id == "1"
    assert server.creates == 0


def test_a_different_segment_of_the_name_after_a_lost_response_is_a_conflict() -> None:
    server = Server(("before", httpx.ReadTimeout("x")))
    other = {"id": "9", "name": "A", "rule": None, "description": "somebody else's"}

    def handler(request: httpx.Request) -> httpx.Response:
        if server.creates and not server.segments:
            server.segments.append(other)
        return server(request)

    with pytest.raises(AlreadyExistsError):
        asked(handler, lambda client: client.create_segment("1", NEW))
    assert server.segments == [other]
    assert server.creates == 1


def test_a_delayed_effect_is_found() -> None:
    """The first request is slow, not lost: it takes effect between the lookup and the second."""
    server = Server(("before", httpx.ReadTimeout("x")))
    looks = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal looks
        if request.method == "GET" and "folders" in request.url.path:
            looks += 1
            found = server(request)
            if looks == 2:
                late = {"name": "A", "rule": json.loads(bytes(RULE)), "description": ""}
                server.segments.append({"id": "1", **late})
            return found
        return server(request)

    made = asked(handler, lambda client: client.create_segment("1", NEW))
    assert made.id == "1"
    assert len(server.segments) == 1


# --- deleting ----------------------------------------------------------------------------


def test_a_delete_with_a_lost_response_succeeds() -> None:
    script = Script(httpx.ReadTimeout("x"), answer(404, {"errors": "gone"}))
    asked(script, lambda client: client.delete_segment("7"))
    with pytest.raises(NotFoundError):
        asked(Script(answer(404, {"errors": "x"})), lambda client: client.delete_segment("7"))


# --- queries -----------------------------------------------------------------------------


def query(status: str, **others: Any) -> httpx.Response:
    return answer(200, {"id": "1", "queryId": "q", "status": status, **others})


def test_count_waits_for_the_query() -> None:
    script = Script(query("running"), query("running"), answer(503), query("success", count=3))
    assert asked(script, lambda client: client.count("1", RULE)) == 3


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (query("error", error="out of memory"), "out of memory"),
        (query("killed"), "killed"),
        (query("success"), "without a count"),
    ],
)
def test_a_query_without_a_count_is_an_error(ended: httpx.Response, said: str) -> None:
    with pytest.raises((QueryFailedError, InvalidResponseError), match=said):
        asked(Script(query("running"), ended), lambda client: client.count("1", RULE))


def test_a_query_that_never_ends_is_killed() -> None:
    script = Script(query("running"))
    with pytest.raises(QueryFailedError, match="took longer than"):
        asked(
            script,
            lambda client: client.count("1", RULE),
            retry_policy=msgspec.structs.replace(QUICK, query_timeout=0.01),
        )
    assert script.requests[-1].url.path.endswith("/q/kill")


@pytest.mark.parametrize("polls", [0, 3])
def test_a_cancelled_count_kills_its_query(polls: int) -> None:
    """Also a query whose start has no response yet."""
    seen: list[str] = []
    killed: list[str] = []
    breaking = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        if len(seen) > polls:
            breaking.set()
            await asyncio.sleep(0.01)
        return query("running")

    async def main() -> None:
        transport = httpx.MockTransport(slow)
        async with Client(BASE, ApiKey(KEY), transport=transport, retry_policy=QUICK) as client:
            task = asyncio.create_task(client.count("1", RULE, on_killed=killed.append))
            await breaking.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert seen[-1].endswith("/q/kill")
    assert killed == ["q"]


def test_profiles_are_read_page_by_page() -> None:
    pages = {
        "1": {"type": "rows", "names": ["a"], "rows": [["x"], ["y"]], "queryId": "q"},
        "2": {"type": "rows", "names": ["a"], "rows": [["z"]], "queryId": "q"},
        "3": {"type": "end", "queryId": "q"},
    }

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/customers"):
            return answer(200, pages[request.url.params["page"]])
        return query("success", count=3)

    found = asked(handler, lambda client: client.profiles("1", RULE, ("a",), 10))
    assert (found.names, found.rows) == (("a",), (("x",), ("y",), ("z",)))
    few = asked(handler, lambda client: client.profiles("1", RULE, ("a",), 2))
    assert len(few.rows) == 2
