"""A thousand segments through bad weather, and with the client killed: each once, and equal."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from local_api import NOW, write_data
from running import ENVIRONMENT
from segdsl.local import open_local
from teams import connected, team

MANY = 1_000
FOLDERS = 40
# A fifth of all requests; half of the answers that are cut off come of requests that were done.
WEATHER = "429=0.04,500=0.04,503=0.04,500-after=0.03,cut-before=0.025,cut-after=0.025,seed={}"


def write_many(folder: Path) -> dict[str, str]:
    """1,000 segments in 40 folders and 100 files, references up to 5 deep; each folder by name."""
    found: dict[str, str] = {}
    for file in range(100):
        parts = []
        for at in range(10):
            number = file * 10 + at
            place = f"Area {number % FOLDERS // 8}/Part {number % FOLDERS}"
            found[f"S{number}"] = place
            # Five deep, over files: S0 ← S200 ← S400 ← S600 ← S800 ← (S999's chain is as deep).
            reference = f'\n  and not in segment "S{number - 200}"' if number >= 200 else ""
            parts.append(
                f'segment "S{number}"\n  folder "{place}"\n\nwhere\n  age > {number}{reference}\n'
            )
        (folder / f"f{file}.seg").write_text("\n".join(parts))
    return found


def assert_exactly(store: Path, wanted: dict[str, str]) -> None:
    """Each segment once, in its folder, with its own rule and the reference it is to have."""
    with sqlite3.connect(store) as database:
        rows = database.execute(
            "SELECT s.id, s.name, f.name, p.name, s.rule FROM segments s "
            "JOIN folders f ON f.id = s.folder JOIN folders p ON p.id = f.parent"
        ).fetchall()
        [(folders,)] = database.execute("SELECT count(*) FROM folders").fetchall()
        [(segments,)] = database.execute("SELECT count(*) FROM segments").fetchall()
    assert segments == len(rows) == MANY
    assert {name: f"{above}/{folder}" for _, name, folder, above, _ in rows} == wanted
    ids = {name: str(id) for id, name, _, _, _ in rows}
    for _, name, _, _, rule in rows:
        number = int(name[1:])
        [rule_set] = json.loads(rule)["conditions"]
        first, *others = rule_set["conditions"]
        assert first["operator"]["rightValue"] == number
        there = [(str(each["id"]), each["exclude"]) for each in others]
        assert there == ([(ids[f"S{number - 200}"], True)] if number >= 200 else [])
    # The root, the areas and the parts.
    assert folders == 1 + FOLDERS // 8 + FOLDERS


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_through_bad_weather(tmp_path: Path, seed: int) -> None:
    store = tmp_path / "store.sqlite"

    async def main() -> dict[str, str]:
        async with team(tmp_path, faults=WEATHER.format(seed), store=store) as one:
            wanted = write_many(one.folder)
            tries = 0
            while (plan := await one.plan()).changes:
                assert not plan.conflicts
                outcomes = await one.apply(plan)
                done = Counter(each.done for each in outcomes)
                assert done["created"] + done["there already"] > 0, "each try gets further"
                tries += 1
            assert tries < 20
            assert len(plan.settled) == MANY
            # Without the weather and without the lock it is still all there.
            (one.folder / "local.lock.toml").unlink()
            following = await one.plan()
            assert (following.changes, following.conflicts) == ((), ())
        return wanted

    assert_exactly(store, asyncio.run(main()))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_a_client_that_is_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    """Killed at random points, started again, and with the weather of the other test."""
    write_data(tmp_path)
    weather = WEATHER.format(seed)
    (tmp_path / "segdsl.toml").write_text(
        '[targets.local]\nkind = "local"\ndata = "data"\nstore = "store.sqlite"\n'
        f'now = 2024-10-01T09:00:00+09:00\nfaults = "{weather}"\n'
    )
    wanted = write_many(tmp_path)
    chance = random.Random(seed)
    kills = 0
    for attempt in range(60):
        process = subprocess.Popen(
            [sys.executable, "-m", "segdsl", "apply", "--yes", "--output", "json"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            # Later and later, so that a slow machine gets through as well.
            process.communicate(timeout=chance.uniform(1.5, 4 + attempt))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        if process.returncode == 0:
            break
    assert process.returncode == 0
    assert kills > 0
    assert_exactly(tmp_path / "store.sqlite", wanted)

    async def nothing_left() -> None:
        path = tmp_path / "store.sqlite"
        async with (
            open_local(tmp_path / "data", path, NOW, None) as transport,
            connected(tmp_path / "other", transport) as one,
        ):
            for file in tmp_path.glob("f*.seg"):
                one.write(file.name, file.read_text())
            one.write("local.lock.toml", (tmp_path / "local.lock.toml").read_text())
            plan = await one.plan()
            assert (plan.changes, plan.conflicts, len(plan.settled)) == ((), (), MANY)

    asyncio.run(nothing_left())
