"""A key that may not ask the account: connections and users are named as in the schema file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from local_api import NOW
from segdsl.api import ServerError
from segdsl.diagnostics import Report
from segdsl.server import open_local
from segdsl.workspace.project.schema import save_schema
from segdsl.workspace.remote.reading import KNOWN_ATTEMPTS
from segdsl.workspace.remote.schema import pull_schema
from teams import QUICK, Team, connected
from test_activation_kind import SYNC, data, nothing_is_left, write_all


class Hidden(httpx.AsyncBaseTransport):
    """Answers a request of the account's own API with `status`, where there is one."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.status: int | None = None
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.status is not None and "/v3/" in request.url.path:
            self.requests += 1
            return httpx.Response(self.status, json={"error": "not allowed"}, request=request)
        return await self.inner.handle_async_request(request)


def with_hidden(test: Callable[[Team, Hidden], Awaitable[None]], folder: Path) -> None:
    async def inside() -> None:
        async with open_local(data(folder), None, NOW, None) as transport:
            hidden = Hidden(transport)
            async with connected(folder, hidden) as team:
                await test(team, hidden)

    asyncio.run(inside())


@pytest.mark.parametrize("status", [403, 404, 501])
def test_names_are_those_of_the_schema_file(status: int, tmp_path: Path) -> None:
    async def test(team: Team, hidden: Hidden) -> None:
        write_all(team)
        await team.apply()
        pulled = await pull_schema(team.connection, ["team@example.com"])
        save_schema(team.project, "local", pulled.schema)
        hidden.status = status
        await nothing_is_left(team)
        assert [each.split(": ")[0] for each in team.notes][:2] == [
            "the names of connections are those of the schema file",
            "the names of users are those of the schema file",
        ]
        team.write("activations.seg", SYNC.replace("every day", "every week"))
        plan = await team.plan()
        assert [each.notes for each in plan.changes] == [("weekly instead of daily",)]
        outcomes = await team.apply(plan)
        assert [each.done for each in outcomes] == ["updated"], [each.error for each in outcomes]
        (team.folder / "activations.seg").unlink()
        await team.pull("Contact sync")
        [text] = [text for text in team.files().values() if "Contact sync" in text]
        assert 'to connection "s3"' in text
        assert 'notify "team@example.com"' in text

    with_hidden(test, tmp_path)


def test_an_account_that_fails_does_not_stop_a_plan_of_known_names(tmp_path: Path) -> None:
    async def test(team: Team, hidden: Hidden) -> None:
        write_all(team)
        await team.apply()
        pulled = await pull_schema(team.connection, ["team@example.com"])
        save_schema(team.project, "local", pulled.schema)
        hidden.status = 500
        team.write("activations.seg", SYNC.replace("every day", "every week"))
        hidden.requests = 0
        plan = await team.plan()
        assert [each.notes for each in plan.changes] == [("weekly instead of daily",)]
        # Far fewer than `QUICK` allows where nothing else is known.
        assert 0 < hidden.requests <= 2 * KNOWN_ATTEMPTS
        assert [each.split(": ")[0] for each in team.notes] == [
            "the names of connections are those of the schema file",
            "the names of users are those of the schema file",
        ]
        assert all("500" in each for each in team.notes)

    with_hidden(test, tmp_path)


def test_an_account_that_fails_and_names_that_nobody_knows(tmp_path: Path) -> None:
    async def test(team: Team, hidden: Hidden) -> None:
        write_all(team)
        hidden.status = 500
        with pytest.raises(ServerError):
            await team.plan()
        assert hidden.requests == QUICK.attempts
        assert team.notes == []

    with_hidden(test, tmp_path)


def test_a_name_that_nobody_knows_is_not_said_to_be_missing(tmp_path: Path) -> None:
    async def test(team: Team, hidden: Hidden) -> None:
        write_all(team)
        hidden.status = 403
        team.write("activations.seg", SYNC)
        report = Report()
        await team.plan(report=report)
        messages = {each.message for each in report.diagnostics}
        assert messages == {
            'cannot look up the connection "s3": the key does not have permission: not allowed '
            "(403)",
            'cannot look up the user "team@example.com": the key does not have permission: not '
            "allowed (403)",
        }
        assert {each.help for each in report.diagnostics} == {
            "use its id (`#1234`), or run `segdsl schema pull` with a key that may list "
            "connections",
            "use its id (`#1234`), or run `segdsl schema pull` with a key that may list users",
        }

    with_hidden(test, tmp_path)
