"""`delete` of what others refer to: names, folders and kinds, whatever the API answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from local_api import NOW, equal, rule, write_data
from segdsl.api import ApiKey, Client, ConflictError, NewSegment
from segdsl.server import LOCAL_KEY, open_local
from segdsl.workspace.remote.deletion import MAX_LISTED, StillReferencedError, delete
from segdsl.workspace.remote.listing import find
from segdsl.workspace.remote.snapshot import read_snapshot


class Refusing(httpx.AsyncBaseTransport):
    """The local API, but for the answer to a DELETE, where there is one."""

    def __init__(self, api: httpx.AsyncBaseTransport, body: object) -> None:
        self.api = api
        self.body = body
        self.lists = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" and self.body is not None:
            return httpx.Response(409, json=self.body)
        if not self.lists and request.method == "GET":
            return httpx.Response(403, json={"errors": ["no"]})
        return await self.api.handle_async_request(request)


def told(
    tmp_path: Path, body: object, lists: bool = True, users: int = 2
) -> tuple[str, dict[str, str]]:
    """What a delete of "Base" is refused with, and the ids by name."""

    async def main() -> tuple[str, dict[str, str]]:
        async with open_local(write_data(tmp_path), None, NOW) as api:
            proxy = Refusing(api, body)
            async with Client("http://localhost", ApiKey(LOCAL_KEY), transport=proxy) as client:
                base = await client.create_segment("7", _new("Base", rule(equal("age", 1)), None))
                for at in range(users):
                    folder = await client.ensure_folder("7", ("Deep", f"F{at}"))
                    await client.create_segment("7", _new(f"User {at}", _uses(base.id), folder.id))
                found = find(await read_snapshot(client, "7"), "Base")
                ids = {each.name: each.id for each in await client.segments("7")}
                proxy.lists = lists
                with pytest.raises((StillReferencedError, ConflictError)) as raised:
                    await delete(client, "7", found)
                return raised.value.message, ids

    return asyncio.run(main())


def _new(name: str, of: object, folder: str | None) -> NewSegment:
    return NewSegment(name, msgspec.Raw(msgspec.json.encode(of)), folder_id=folder)


def _uses(id: str) -> dict[str, Any]:
    found: dict[str, Any] = rule({"type": "Reference", "id": id, "exclude": False})
    return found


BODIES: dict[str, object] = {
    "as the API says it": None,
    "nothing": {"errors": ["Segment is referenced"], "referencedBySegments": [{"id": "0"}]},
    "ids alone": {"errors": [{"detail": "in use", "meta": {"referencedBySegments": ["99"]}}]},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_segments_are_named_with_their_folders(tmp_path: Path, body: object) -> None:
    text, ids = told(tmp_path, body)
    assert f"Base (#{ids['Base']}) cannot be deleted, because others refer to it" in text
    for at in range(2):
        assert f"the segment Deep/F{at}/User {at} (#{ids[f'User {at}']})" in text


def test_other_kinds_are_named_as_the_api_names_them(tmp_path: Path) -> None:
    meta = {
        "referencedBySegments": [],
        "referencedByPredictiveSegments": [{"id": "31", "name": "Will churn"}],
        "referencedByJourneys": [{"id": "32"}],
    }
    text, _ = told(tmp_path, {"errors": [{"detail": "referenced", "meta": meta}]})
    assert "the segment Deep/F0/User 0" in text
    assert "the predictive segment “Will churn” (#31)" in text
    assert "the journey #32" in text


def test_where_nothing_more_can_be_had_the_answer_stands(tmp_path: Path) -> None:
    body = {"errors": ["x is in use"], "referencedBySegments": [{"id": "5", "name": "A user"}]}
    text, _ = told(tmp_path, body, lists=False)
    assert "“A user” (#5)" in text


def test_long_lists_are_abbreviated(tmp_path: Path) -> None:
    text, _ = told(tmp_path, None, users=MAX_LISTED + 3)
    assert text.endswith(" and 3 more")
