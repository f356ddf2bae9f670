"""`segdsl journey`: launches drafts, pauses and resumes what is launched, each after a question."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local_api import JAPAN, NOW, write_data
from running import segdsl
from segdsl.api import ApiKey, Client, ClientError, NewJourney, NewSegment
from segdsl.server import LOCAL_KEY, open_local
from segdsl.workspace.remote import journeys as remote

LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\nstore = "segments.sqlite"\n'


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


async def two_journeys(folder: Path) -> None:
    """A draft of one stage in a folder, and one without what a launch needs."""
    async with (
        open_local(folder / "data", folder / "segments.sqlite", NOW) as transport,
        Client("http://localhost", ApiKey(LOCAL_KEY), transport=transport) as client,
    ):
        rule = NewSegment("In Japan", raw(JAPAN), "journey")
        entry = await client.create_segment("7", rule)
        place = await client.ensure_folder("7", ("Lifecycle",))
        for name, stage in (
            ("Welcome", {"entryCriteria": {"name": "In Japan", "segmentId": entry.id}}),
            ("Empty", {}),
        ):
            attributes = {"name": name, "journeyStages": [{"name": "s1", **stage}]}
            body = raw({"type": "journey", "attributes": attributes})
            await client.create_journey("7", NewJourney(name, body, place.id))


async def new_version(folder: Path) -> None:
    async with (
        open_local(folder / "data", folder / "segments.sqlite", NOW) as transport,
        Client("http://localhost", ApiKey(LOCAL_KEY), transport=transport) as client,
    ):
        bundles = {each.bundle_name: each.bundle_id for each in await client.journeys("7")}
        await client.create_journey_version(bundles["Welcome"] or "")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_data(tmp_path)
    (tmp_path / "segdsl.toml").write_text(LOCAL)
    asyncio.run(two_journeys(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def journey(action: str, name: str) -> list[Any]:
    """The versions in the document of an action, as what matters of each."""
    done = segdsl("journey", action, name, "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["command"] == f"journey {action}"
    return [(each["version"], each["state"], each["paused"]) for each in document["versions"]]


def test_one_is_launched_paused_and_resumed_with_all_its_versions(project: Path) -> None:
    done = segdsl("journey", "launch", "Welcome", "--yes")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("launched  Lifecycle/Welcome, version 1 (#")
    assert journey("pause", "Lifecycle/Welcome") == [(1, "launched", True)]
    assert journey("resume", "Welcome") == [(1, "launched", False)]
    asyncio.run(new_version(project))
    assert journey("launch", "Welcome") == [(2, "launched", False)]
    assert journey("pause", "Welcome") == [(1, "launched", True), (2, "launched", True)]


def test_what_cannot_be_done_says_why(project: Path) -> None:
    done = segdsl("journey", "launch", "Welcome")
    assert done.exit_code == 2
    assert "pass --yes to launch Lifecycle/Welcome, version 1" in done.stderr
    done = segdsl("journey", "launch", "Empty", "--yes")
    assert done.exit_code == 3
    assert "entry" in done.stderr.lower()
    done = segdsl("journey", "pause", "Welcome", "--yes")
    assert done.exit_code == 2
    assert "has no launched version that is not paused; launch it first" in done.stderr
    done = segdsl("journey", "launch", "Welcom", "--yes")
    assert done.exit_code == 2
    assert "there is no journey `Welcom`; did you mean `Welcome`?" in done.stderr
    assert segdsl("journey", "launch", "Welcome", "--yes").exit_code == 0
    done = segdsl("journey", "launch", "Welcome", "--yes")
    assert done.exit_code == 2
    assert "has no draft; a launched version does not change" in done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_done_before_a_failure_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    segdsl("journey", "launch", "Welcome", "--yes")
    asyncio.run(new_version(project))
    segdsl("journey", "launch", "Welcome", "--yes")
    carry_out = remote.carry_out

    async def refuses_the_second(
        client: Client, version: remote.Version, action: remote.Action
    ) -> remote.Version:
        if version.journey.version == 2:
            raise ClientError("not now")
        return await carry_out(client, version, action)

    monkeypatch.setattr(remote, "carry_out", refuses_the_second)
    done = segdsl("journey", "pause", "Welcome", "--yes", "--format", form)
    assert done.exit_code == 3
    if form == "json":
        document = json.loads(done.stdout)
        assert document["error"]["kind"] == "api"
        assert [each["version"] for each in document["versions"]] == [1]
    else:
        assert done.stdout.startswith("paused  Lifecycle/Welcome, version 1 (#")
        assert "not now" in done.stderr
