"""Responses of a proxy, a gateway or a login page never count as results of the API."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from segdsl.api import (
    Client,
    ClientError,
    ForbiddenError,
    ForeignResponseError,
    InvalidResponseError,
    NewSegment,
    NotFoundError,
    RedirectedError,
)
from segdsl.api.provenance import is_page, names_record, says_not_found
from test_client import BASE, RULE, asked
from test_client_shapes import RULE_JSON, Responses, on, segment

PAGES = (
    b"<!DOCTYPE html><title>404</title>",
    b"\xef\xbb\xbf\n <HTML><body>Sign in</body></HTML>",
    b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
    b"<!-- served by a cache --><html></html>",
)
NOT_OWN = (
    *PAGES,
    b"",
    b" ",
    b"404 page not found",
    b"default backend - 404",
    b"null",
    b"{}",
    b"[]",
    b'"not found"',
    b'{"message": "no Route matched with those values"}',
    b'{"message": "Not Found"}',
    b'{"detail": "Not Found"}',
    b'{"error": "Not Found", "status": 404, "path": "/audiences/1", "message": "x"}',
    b'{"code": 5, "message": "Not Found", "details": []}',
    b'{"code": "", "message": ""}',
    b'{"errors": []}',
    b'{"errors": ""}',
    b'{"errors": null}',
    b'{"code": "not_found", "message": "cut off',
    b"[" * 5_000,
)
OWN = (
    b'{"code": "not_found", "message": "Record not found"}',
    b'{"errors": [{"code": "record-not-found-error", "status": "404", "detail": "no"}]}',
    b'{"errors": {"base": ["Record not found"]}}',
    b'{"errors": "Record not found"}',
)
GET = "GET /audiences/1/segments/5"
LIST = "GET /audiences/1/segments"
DELETE = "DELETE /entities/segments/5"
GET_ENTITY = "GET /entities/segments/5"
PUT = "PUT /audiences/1/segments/5"


def test_which_404_bodies_come_from_the_api() -> None:
    assert [each for each in NOT_OWN if says_not_found(each)] == []
    assert [each for each in OWN if not says_not_found(each)] == []
    assert all(map(is_page, PAGES))
    assert not any(map(is_page, (*OWN, b"a < b", b"<5 segments>")))


def test_which_bodies_name_a_record() -> None:
    assert names_record(b'{"id": 5}', "5")
    assert names_record(b'{"data": {"id": "5", "type": "segment-batch"}}', "5")
    for other in (b"", b"{}", b'{"id": 6}', b'{"data": [{"id": 5}]}', b'{"ok": true}', b"<html>"):
        assert not names_record(other, "5")


# --- gone --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("body", NOT_OWN)
def test_a_foreign_404_does_not_mean_deleted(status: int, body: bytes) -> None:
    server = on(GET, httpx.Response(status, content=body)).on(LIST, [])
    with pytest.raises(ClientError) as raised:
        server.asked(lambda client: client.segment_or_none("1", "5"))
    assert not isinstance(raised.value, NotFoundError)
    if status == 404:
        assert isinstance(raised.value, ForeignResponseError)
        assert raised.value.help is not None
        assert "proxy" in raised.value.help


@pytest.mark.parametrize("body", OWN)
def test_deleted_requires_a_404_and_a_list_without_it(body: bytes) -> None:
    server = on(GET, httpx.Response(404, content=body)).on(LIST, [segment(id="6")])
    assert server.asked(lambda client: client.segment_or_none("1", "5")) is None
    assert [each.url.path for each in server.requests][-1] == "/audiences/1/segments"


@pytest.mark.parametrize(
    "listed",
    [
        [{"id": 5, "name": "Loyal", "rule": None}],
        [{"id": "5", "name": ["odd"]}],
        [{"name": "without an id"}, {"id": "6", "name": "other"}],
    ],
)
def test_a_list_that_does_not_confirm_a_deletion(listed: Any) -> None:
    server = on(GET, httpx.Response(404, content=OWN[0])).on(LIST, listed)
    with pytest.raises(InvalidResponseError, match="list does not confirm"):
        server.asked(lambda client: client.segment_or_none("1", "5"))


@pytest.mark.parametrize("body", [*PAGES, b"", b"{}", b'{"ok": true}', b"null"])
@pytest.mark.parametrize("status", [200, 202, 203, 206, 403, 404, 500])
def test_a_foreign_list_confirms_nothing(status: int, body: bytes) -> None:
    server = on(GET, httpx.Response(404, content=OWN[0]))
    server.on(LIST, httpx.Response(status, content=body))
    with pytest.raises(ClientError):
        server.asked(lambda client: client.segment_or_none("1", "5"))


@pytest.mark.parametrize("other", [{"id": "6", "name": "x"}, {"id": 55, "name": "x", "rule": {}}])
def test_a_response_about_another_record_is_an_error(other: Any) -> None:
    with pytest.raises(InvalidResponseError, match="was requested"):
        on(GET, other).asked(lambda client: client.segment("1", "5"))
    with pytest.raises(InvalidResponseError, match="was requested"):
        on("GET /audiences/1", other).asked(lambda client: client.parent_segment("1"))


# --- deleted -----------------------------------------------------------------------------


def sent_by_delete(server: Responses) -> list[str]:
    return [each.method for each in server.requests]


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"ok":true}', *PAGES])
@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 206])
def test_a_foreign_success_does_not_confirm_a_deletion(status: int, body: bytes) -> None:
    server = on(DELETE, httpx.Response(status, content=body))
    server.on(GET_ENTITY, {"data": {"id": "5", "type": "segment-batch"}})
    with pytest.raises(InvalidResponseError):
        server.asked(lambda client: client.delete_segment("5"))


@pytest.mark.parametrize("body", NOT_OWN)
def test_a_lost_delete_and_a_foreign_404(body: bytes) -> None:
    lost = iter([True])

    def api(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" and next(lost, False):
            raise httpx.ReadTimeout("x")
        return httpx.Response(404, content=body)

    with pytest.raises(ForeignResponseError):
        asked(api, lambda client: client.delete_segment("5"))


def test_a_lost_delete_and_a_404_for_an_existing_segment() -> None:
    """JSON of a gateway may resemble the API's."""
    lost = iter([True])

    def api(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"data": {"id": "5"}})
        if next(lost, False):
            raise httpx.ReadTimeout("x")
        return httpx.Response(404, content=OWN[0])

    with pytest.raises(NotFoundError):
        asked(api, lambda client: client.delete_segment("5"))


# --- updated and created -----------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{}", b'{"id": "6", "name": "x", "rule": {}}', *PAGES])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_update_is_confirmed_by_a_matching_segment(status: int, body: bytes) -> None:
    server = on(PUT, httpx.Response(status, content=body)).on(GET, segment(name="Before"))
    with pytest.raises(InvalidResponseError):
        server.asked(lambda client: client.update_segment("1", "5", NewSegment("Loyal", RULE)))
    assert len(server.sent("PUT")) == 1


def test_a_delayed_update_is_confirmed() -> None:
    server = on(PUT, httpx.Response(202)).on(GET, segment(name="Before"), segment())
    made = server.asked(lambda client: client.update_segment("1", "5", NewSegment("Loyal", RULE)))
    assert made.name == "Loyal"


@pytest.mark.parametrize("body", [*PAGES, b"", b'{"ok": true}'])
@pytest.mark.parametrize("status", [200, 203, 206, 400, 403, 404])
def test_a_creation_with_a_foreign_response(status: int, body: bytes) -> None:
    server = on("GET /audiences/1", {"id": "1", "name": "A", "rootFolderId": "7"})
    server.on("GET /audiences/1/folders/7/segments", [])
    server.on("POST /audiences/1/segments", httpx.Response(status, content=body))
    with pytest.raises(ClientError):
        server.asked(lambda client: client.create_segment("1", NewSegment("Loyal", RULE)))
    assert len(server.sent("POST")) == 1


@pytest.mark.parametrize("body", NOT_OWN)
def test_a_foreign_404_for_a_folder(body: bytes) -> None:
    """A 404 for the folder's list does not mean an empty list: the whole list is read."""
    server = on("GET /audiences/1", {"id": "1", "name": "A", "rootFolderId": "7"})
    server.on("GET /audiences/1/folders/7/segments", httpx.Response(404, content=body))
    server.on(LIST, [segment(segmentFolderId="7")])
    found = server.asked(lambda client: client.find_segment("1", "Loyal"))
    assert found is not None
    assert json.loads(bytes(found.rule or b"")) == RULE_JSON


@pytest.mark.parametrize("status", [200, 203, 403, 404])
def test_pages_instead_of_all_folder_lists(status: int) -> None:
    page = httpx.Response(status, content=PAGES[0])
    server = on("GET /audiences/1", {"id": "1", "name": "A", "rootFolderId": "7"})
    server.on("GET /entities/by-folder/7", page).on("GET /audiences/1/folders", page)
    with pytest.raises(ForeignResponseError):
        server.asked(lambda client: client.ensure_folder("1", ("New",)))
    assert server.sent("POST") == []


# --- other answers -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 407, 409, 410, 422, 451])
@pytest.mark.parametrize("page", PAGES)
def test_html_pages_are_foreign_responses(status: int, page: bytes) -> None:
    with pytest.raises(ForeignResponseError, match=str(status)):
        on(LIST, httpx.Response(status, content=page)).asked(lambda client: client.segments("1"))


def test_an_api_error_is_not_foreign() -> None:
    with pytest.raises(ForbiddenError):
        on(LIST, httpx.Response(403, json={"errors": "no"})).asked(
            lambda client: client.segments("1")
        )


Call = Callable[[Client], Awaitable[object]]
CHANGES: dict[str, Call] = {
    "DELETE": lambda client: client.delete_segment("5"),
    "PUT": lambda client: client.update_segment("1", "5", NewSegment("Loyal", RULE)),
}


@pytest.mark.parametrize("method", CHANGES)
@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_never_turns_a_change_into_a_read(status: int, method: str) -> None:
    seen: list[str] = []

    def api(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        if request.method == method:
            return httpx.Response(status, headers={"Location": f"{BASE}/login"})
        return httpx.Response(200, json=segment())

    with pytest.raises(RedirectedError):
        asked(api, CHANGES[method])
    assert seen == [method]
