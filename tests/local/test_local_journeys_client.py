"""The client makes, launches, runs and deletes a journey on a local API, strict or not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from journey_api import CONNECTION
from local_api import JAPAN, NOW, write_data
from segdsl.api import (
    Client,
    ConflictError,
    InvalidResponseError,
    NewJourney,
    NewJourneyActivation,
    NewSegment,
    RejectedError,
    RetryPolicy,
    local_key,
)
from segdsl.server import Faults, open_local, parse_faults

QUICK = RetryPolicy(first_pause=0.01, max_pause=0.01, first_poll=0.01, max_run_poll=0.01)
FAULTS = parse_faults("429=0.1,500-after=0.1,cut-after=0.1,retry-after=0,seed=4")


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def body(name: str, *stages: Any, **more: Any) -> NewJourney:
    attributes = {"name": name, "journeyStages": list(stages), **more}
    return NewJourney(name, raw({"type": "journey", "attributes": attributes}))


async def whole_life(client: Client) -> None:
    rule = NewSegment("In Japan", raw(JAPAN), "journey")
    entry = await client.create_segment("7", rule)
    assert entry.kind == "journey"
    made = await client.create_journey("7", body("Welcome", {"name": "s1"}))
    [stage] = made.stages
    params = {
        "name": "Mail",
        "connectionId": "5",
        "connectorConfig": {"path": "x"},
        "allColumns": True,
        "scheduleType": "daily",
        "scheduleOption": "11:00:00",
        "runAfterJourneyRefresh": False,
    }
    activation = await client.create_journey_activation(
        made.id, NewJourneyActivation("Mail", raw(params))
    )
    changed = NewJourneyActivation("Mail", raw({**params, "timezone": "UTC"}))
    activation = await client.update_journey_activation(made.id, activation.id, changed)
    variants = [
        {"id": "a", "name": "A", "percentage": 50, "next": "m"},
        {"id": "b", "name": "B", "percentage": 50, "next": "m"},
    ]
    mail = {"type": "Activation", "name": "Mail", "journeyActivationStepId": activation.id}
    steps = {
        "t": {"type": "AbTest", "name": "Tone", "customizedSplit": False, "variants": variants},
        "m": {**mail, "next": "e"},
        "e": {"type": "End", "name": "End"},
    }
    criteria = {"name": "In Japan", "segmentId": entry.id}
    whole = {"id": stage.id, "name": "s1", "rootStep": "t", "steps": steps}
    launch = body("Welcome", {**whole, "entryCriteria": criteria}, state="launched")
    launched = await client.update_journey(made.id, launch)
    assert (launched.state, launched.is_paused) == ("launched", False)
    ended = await client.wait_for_journey(made.id, await client.run_journey(made.id))
    assert ended.status == "success"
    found = await client.journey_statistics(made.id)
    assert found is not None
    assert (found.size, found.entered, found.stage_sizes) == (3, 3, {stage.id: 3})
    for of in (None, stage.id):
        profiles = await client.journey_profiles(made.id, of)
        assert [row[0] for row in profiles.rows] == ["c01", "c02", "c05"]
    assert (await client.pause_journey(made.id)).is_paused
    # A refusal that is lost is none that the client knows of.
    with pytest.raises((RejectedError, InvalidResponseError)):
        await client.run_journey(made.id)
    assert not (await client.resume_journey(made.id)).is_paused
    assert made.bundle_id is not None
    version = await client.create_journey_version(made.bundle_id)
    assert (version.name, version.state) == ("Welcome(v2)", "draft")
    assert (await client.journey_bundle(made.bundle_id)).latest == version
    bundle = await client.update_journey_bundle(made.bundle_id, "Hello", "x", made.id)
    assert (bundle.name, bundle.latest_id) == ("Hello", made.id)
    assert await client.find_journey("7", "Hello") == await client.journey(version.id)
    with pytest.raises(ConflictError):
        await client.delete_segment(entry.id)
    for id in (made.id, version.id):
        await client.delete_journey(id)
        assert await client.journey_or_none("7", id) is None


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("faults", [None, FAULTS])
def test_a_journey_from_its_rules_to_its_end(
    tmp_path: Path, strict: bool, faults: Faults | None
) -> None:
    data = write_data(tmp_path)
    with (data / "parent_segment.toml").open("a") as file:
        file.write(CONNECTION)

    async def main() -> None:
        async with (
            open_local(data, None, NOW, faults, strict=strict) as transport,
            Client(
                "http://127.0.0.1", local_key({}), transport=transport, retry_policy=QUICK
            ) as client,
        ):
            await whole_life(client)

    asyncio.run(main())
