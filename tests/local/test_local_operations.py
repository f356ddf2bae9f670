"""Operations that only real servers have are answered differently from unknown paths."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contract import referee
from local_api import Api, with_api
from segdsl.server.http.app import LocalApi
from segdsl.server.http.operations import is_operation, operations

_METHODS = ("get", "post", "put", "patch", "delete")


def test_the_table_equals_the_description() -> None:
    described = {
        (method.upper(), re.sub(r"\{[^}]+\}", "{}", path))
        for path, of in referee()._raw["paths"].items()
        for method in _METHODS
        if method in of
    }
    assert operations() == described


@pytest.mark.parametrize(
    ("method", "path", "there"),
    [
        ("GET", "/entities/journeys", True),
        ("GET", "/entities/journeys/5", True),
        ("PUT", "/entities/journeys/5", False),
        ("GET", "/entities/journeys/5/6", False),
        ("GET", "/entities/journeys/", False),
        ("GET", "/entities", False),
        ("POST", "/audiences/1/segments/2/syndications/3/run", True),
        ("GET", "/audiences/1/realtime_event_tables/a.b/c-d/columns", True),
    ],
)
def test_paths_of_operations(method: str, path: str, there: bool) -> None:
    assert is_operation(method, path) is there


@with_api
async def test_operations_that_the_local_api_does_not_offer(api: Api) -> None:
    for method, path in (
        ("GET", "/entities/realtime_journeys/5"),
        ("POST", "/entities/realtime_journeys"),
        ("GET", "/audiences/7/executions"),
        ("PUT", "/audiences/7"),
        ("DELETE", "/audiences/7"),
        ("GET", "/audiences/7/tokens"),
    ):
        body: Any = {} if method in ("POST", "PUT") else None
        answer = await api.ask(method, path, body, status=501)
        said = f"the local API has no {method} {path}"
        assert answer == {"code": "not_implemented", "message": said}


@with_api
async def test_paths_that_the_api_does_not_have(api: Api) -> None:
    for path in (
        "/audiences/7/nothing",
        "/journeys",
        "/entities/nothing",
        "/entities/journeys/1/2",
    ):
        await api.ask("GET", path, status=404)
    response = await api.send("PATCH", "/audiences/7/segments/1", {})
    assert response.status_code == 405
    assert "GET" in response.headers["allow"]


@with_api
async def test_every_other_operation_is_offered(api: Api) -> None:
    """No described operation is answered as an unknown path."""
    app = api.http._transport.app  # type: ignore[attr-defined]
    assert isinstance(app, LocalApi)
    offered = {
        (method, re.sub(r"\{[^}]+\}", "{}", route.path))  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    undescribed = offered - operations()
    assert {(method, path) for method, path in undescribed if not path.startswith("/v3/")} == {
        ("GET", "/tree/audiences/{}/segment_folders")
    }
    for method, path in operations() - offered:
        response = await api.send(method, path.replace("{}", "1"))
        assert response.status_code == 501, (method, path)
