"""What is gone, and what is lost: said by the API's list, and by another look at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from local_api import NOW, equal, rule, write_data
from segdsl.server import open_local
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.applying import OverwrittenError, UnsureError
from teams import Team, connected, with_team

ONE = 'segment "One" where age > 1\n'
OTHERS = rule(equal("country", "US"))
Answer = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


class Between(httpx.AsyncBaseTransport):
    """Something between a client and the API, which may answer in its place."""

    def __init__(self, api: httpx.AsyncBaseTransport) -> None:
        self.api = api
        self.answer: Answer | None = None
        self.after: Answer | None = None
        self.asked: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path))
        found = None if self.answer is None else await self.answer(request)
        if found is not None:
            return found
        answer = await self.api.handle_async_request(request)
        if self.after is not None:
            await answer.aread()
            await self.after(request)
        return answer


def not_found(kind: str) -> httpx.Response:
    match kind:
        case "a page":
            page = "<html><body><h1>404 Not Found</h1>nginx</body></html>"
            return httpx.Response(404, text=page, headers={"content-type": "text/html"})
        case "like the API":
            return httpx.Response(404, json={"errors": ["Resource not found"]})
        case _:
            return httpx.Response(404)


def between(tmp_path: Path, test: Callable[[Team, Between], Awaitable[None]]) -> None:
    import asyncio

    async def main() -> None:
        async with open_local(write_data(tmp_path), None, NOW) as api:
            proxy = Between(api)
            async with connected(tmp_path, proxy) as team:
                await test(team, proxy)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["a page", "like the API", "nothing"])
def test_a_404_of_something_else_deletes_nothing(tmp_path: Path, kind: str) -> None:
    async def test(team: Team, proxy: Between) -> None:
        team.write("a.seg", ONE)
        await team.apply()
        id = (await team.segments())["One"].id
        (team.folder / "a.seg").unlink()
        plan = await team.plan(prune=True)

        async def answer(request: httpx.Request) -> httpx.Response | None:
            is_one = request.url.path.endswith(f"/segments/{id}")
            return not_found(kind) if is_one else None

        proxy.answer = answer
        [outcome] = await team.apply(plan)
        assert outcome.done == "failed"
        proxy.answer = None
        assert ("segment", id) in load_lock(team.project, "local").by_ref
        assert [each.action for each in (await team.plan(prune=True)).changes] == ["delete"]
        [outcome] = await team.apply(prune=True)
        assert outcome.done == "deleted"
        assert not load_lock(team.project, "local").entries

    between(tmp_path, test)


def test_a_404_after_a_lost_answer_is_looked_up_in_the_list(tmp_path: Path) -> None:
    async def test(team: Team, proxy: Between) -> None:
        team.write("a.seg", ONE)
        await team.apply()
        (team.folder / "a.seg").unlink()
        plan = await team.plan(prune=True)
        tried = 0

        async def answer(request: httpx.Request) -> httpx.Response | None:
            nonlocal tried
            if not request.url.path.startswith("/entities/segments/"):
                return None
            if request.method == "DELETE":
                tried += 1
            return httpx.Response(503) if tried == 1 else not_found("like the API")

        proxy.answer = answer
        [outcome] = await team.apply(plan)
        assert isinstance(outcome.error, UnsureError), outcome
        assert load_lock(team.project, "local").entries
        assert tried == 2

    between(tmp_path, test)


@with_team
async def test_what_somebody_deleted_is_there_already(team: Team) -> None:
    team.write("a.seg", ONE)
    await team.apply()
    (team.folder / "a.seg").unlink()
    plan = await team.plan(prune=True)
    await team.empty()
    [outcome] = await team.apply(plan)
    assert outcome.done == "there already"
    assert not load_lock(team.project, "local").entries


def test_an_update_that_a_404_hides_is_not_taken_for_deleted(tmp_path: Path) -> None:
    async def test(team: Team, proxy: Between) -> None:
        team.write("a.seg", ONE)
        await team.apply()
        team.write("a.seg", ONE.replace("1", "2"))
        plan = await team.plan()

        async def answer(request: httpx.Request) -> httpx.Response | None:
            is_one = request.method == "GET" and request.url.path.rsplit("/", 1)[-1].isdigit()
            return not_found("like the API") if is_one and "segments" in request.url.path else None

        proxy.answer = answer
        [outcome] = await team.apply(plan)
        assert outcome.error is not None, outcome
        assert not [each for each in proxy.asked if each[0] == "PUT"]

    between(tmp_path, test)


@pytest.mark.parametrize("deed", ["change", "delete"])
def test_what_another_clone_overwrites_right_after_is_told(tmp_path: Path, deed: str) -> None:
    async def test(team: Team, proxy: Between) -> None:
        team.write("a.seg", ONE)
        team.write("b.seg", 'segment "Two" where age > 20\n')
        await team.apply()
        ids = {name: each.id for name, each in (await team.segments()).items()}
        team.write("a.seg", ONE.replace("1", "2"))
        team.write("b.seg", 'segment "Two" where age > 21\n')
        plan = await team.plan()

        async def after(request: httpx.Request) -> None:
            if request.method == "PUT" and request.url.path.endswith(f"/{ids['One']}"):
                proxy.after = None
                if deed == "change":
                    await team.console_update(ids["One"], OTHERS)
                else:
                    await team.client.delete_segment(ids["One"])

        proxy.after = after
        outcomes = {each.id: each for each in await team.apply(plan)}
        assert outcomes[ids["Two"]].done == "updated"
        lost = outcomes[ids["One"]]
        assert lost.done == "failed"
        assert isinstance(lost.error, OverwrittenError)
        assert "the change is lost" in lost.error.message
        # The next plan shows it, too: the lock has what this run made.
        [conflict] = (await team.plan()).conflicts
        why = {"change": "changed on the server", "delete": "deleted on the server"}[deed]
        assert conflict.why == why

    between(tmp_path, test)


@with_team
async def test_looking_again_costs_one_request(team: Team) -> None:
    for at in range(5):
        team.write(f"{at}.seg", f'segment "S{at}" where age > {at}\n')
    await team.apply()
    for at in range(5):
        team.write(f"{at}.seg", f'segment "S{at}" where age > {at} and country = "JP"\n')
    plan = await team.plan()
    asked: list[str] = []
    segment, segments = team.client.segment, team.client.segments

    async def one(parent: str, id: str) -> object:
        asked.append(id)
        return await segment(parent, id)

    async def all_of(parent: str) -> object:
        asked.append("list")
        return await segments(parent)

    team.client.segment, team.client.segments = one, all_of  # type: ignore[assignment,method-assign]
    await team.apply(plan)
    assert sorted(asked)[-1] == "list"
    assert asked.count("list") == 1
    assert len(asked) == 6


def test_without_an_answer_to_the_last_look_what_was_answered_stands(tmp_path: Path) -> None:
    async def test(team: Team, proxy: Between) -> None:
        team.write("a.seg", ONE)
        await team.apply()
        team.write("a.seg", ONE.replace("1", "2"))
        plan = await team.plan()

        async def answer(request: httpx.Request) -> httpx.Response | None:
            is_list = request.url.path.endswith("/segments") and request.method == "GET"
            return httpx.Response(403, json={"error": "no"}) if is_list else None

        proxy.answer = answer
        [outcome] = await team.apply(plan)
        assert outcome.done == "updated"

    between(tmp_path, test)
