"""A thousand segments through injected faults, and with the client killed: each once, and equal.

They are applied, then changed in every way (rules, heads, folders, names; a part deleted and
others made for it) and applied again.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import thousand
from local_api import write_data
from running import ENVIRONMENT
from segdsl.api import ClientError, RetryPolicy
from segdsl.server import parse_faults
from segdsl.server.http.faults import Fault, FaultInjector
from segdsl.workspace.sync.plan import Plan
from teams import Team, team
from thousand import FOLDERS, MANY, Written
from workspace import NOW, serving

SEEDS = (1, 2, 3, 4, 5)
# A fifth of all requests, in every way there is; of what is never answered a part was done.
FAULTS = (
    "latency=2ms,429=0.025,retry-after=1,500=0.025,502=0.025,503=0.025,504=0.01,"
    "500-after=0.025,503-after=0.025,cut-before=0.015,cut-after=0.015,"
    "hang-before=0.005,hang-after=0.005,seed={}"
)
PATIENCE = RetryPolicy(response_timeout=2, attempts=4, first_pause=0.001, max_pause=0.01)
"""A client that soon gives up: what does not answer, and what fails again and again."""
TRIES = 20
KILLS = 3
"""In each of the two applies."""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Counter[Fault | None]:
    """The fault of each request."""
    found: Counter[Fault | None] = Counter()
    draw = FaultInjector.draw

    def watched(self: FaultInjector) -> Fault | None:
        fault = draw(self)
        found[fault] += 1
        return fault

    monkeypatch.setattr(FaultInjector, "draw", watched)
    return found


def assert_exactly(store: Path, folder: Path, segments: list[Written]) -> dict[str, int]:
    """Each segment once, in its folder, with its head and its whole rule; the ids by name."""
    found, ids, folders = thousand.stored(store)
    wanted = thousand.wanted(folder, segments)
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []
    # The root, the areas and the parts.
    assert folders == 1 + FOLDERS // 8 + FOLDERS
    return ids


@pytest.mark.parametrize("later", [False, True])
def test_the_thousand_are_as_they_should_be(tmp_path: Path, later: bool) -> None:
    thousand.write(tmp_path, thousand.written(later))
    wanted = thousand.wanted(tmp_path, thousand.written(later))
    assert len(wanted) == MANY
    assert len({each.folder for each in wanted.values()}) == FOLDERS
    assert len({each.rule for each in wanted.values()}) == MANY
    assert {each.kind for each in wanted.values()} == {0, 1}
    assert thousand.depth(wanted) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_through_injected_faults(tmp_path: Path, seed: int, drawn: Counter[Fault | None]) -> None:
    store = tmp_path / "store.sqlite"
    faults = FAULTS.format(seed)

    async def main() -> None:
        async with team(tmp_path, faults=faults, store=store, retry_policy=PATIENCE) as one:
            ids: dict[str, int] = {}
            for later in (False, True):
                segments = thousand.written(later)
                thousand.write(one.folder, segments)
                await apply_until_done(one)
                before, ids = ids, assert_exactly(store, one.folder, segments)
            # What stayed where it was was changed there.
            stayed = [name for name in before if name in ids]
            assert len(stayed) == MANY - thousand.LATER_NAMES
            assert [name for name in stayed if ids[name] != before[name]] == []
            # It is all there without the lock, too.
            (one.folder / "local.lock.toml").unlink()
            following = await planned(one)
            assert (following.changes, following.conflicts) == ((), ())

    asyncio.run(main())
    assert drawn.keys() == {None, *(each for each, _ in parse_faults(faults).chances)}
    failed = drawn.total() - drawn[None]
    assert 0.17 < failed / drawn.total() < 0.23, drawn


async def apply_until_done(one: Team) -> None:
    """Once is seldom enough; each try gets further, and in the end nothing is left to do."""
    for _ in range(TRIES):
        plan = await planned(one)
        assert not plan.conflicts
        if not plan.changes:
            assert len(plan.unchanged) == MANY
            return
        outcomes = await one.apply(plan)
        assert any(each.is_done for each in outcomes), "each try gets further"
    raise AssertionError(f"there is more to do after {TRIES} tries")


async def planned(one: Team) -> Plan:
    """A plan, as soon as the faults let its requests through."""
    for _ in range(TRIES):
        with suppress(ClientError):
            return await one.plan(prune=True)
    raise AssertionError(f"no plan after {TRIES} tries")


# --- killed ------------------------------------------------------------------------------

# The command, with the retry_policy of the other test in the place of a person's.
PROGRAM = """\
from segdsl.api import RetryPolicy, client
from segdsl.cli import main

client.RetryPolicy = lambda: RetryPolicy(
    response_timeout=2, attempts=4, first_pause=0.001, max_pause=0.01
)
main()
"""
APPLY = ("apply", "--yes", "--prune", "--as-new")


def segdsl(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / "client.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


def killed_at(folder: Path, target: int, progress: Callable[[Path], int]) -> int:
    """Kills an apply as soon as so much is done; how much that was when it was dead."""
    store = folder / "store.sqlite"
    process = segdsl(folder, *APPLY)
    while progress(store) < target:
        if process.poll() is not None:
            assert process.returncode == 3, (folder / "client.log").read_text()
            process = segdsl(folder, *APPLY)
        time.sleep(0.01)
    process.kill()
    process.wait()
    return progress(store)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_that_is_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    """Killed at random points, started again, and with the faults of the other test."""
    write_data(tmp_path)
    store = tmp_path / "store.sqlite"
    chance = random.Random(seed)
    options = ("--store", str(store), "--now", NOW, "--faults", FAULTS.format(seed))
    with serving(tmp_path, *options) as url:
        (tmp_path / "segdsl.toml").write_text(f'[targets.local]\nkind = "local"\nurl = "{url}"\n')
        for later, progress, most in (
            (False, thousand.created, MANY),
            (True, thousand.taken_over, thousand.LATER_NAMES),
        ):
            segments = thousand.written(later)
            thousand.write(tmp_path, segments)
            points = sorted(chance.sample(range(1, most * 9 // 10), KILLS))
            killed = [killed_at(tmp_path, point, progress) for point in points]
            assert all(0 < each < most for each in killed), killed
            until_done(tmp_path, *APPLY)
            assert_exactly(store, tmp_path, segments)
            # Nothing is left, or the code would be another.
            until_done(tmp_path, "plan", "--prune", "--exit-code")
    assert "Traceback" not in (tmp_path / "client.log").read_text()


def until_done(folder: Path, *arguments: str) -> None:
    """Runs a command until the faults let it through."""
    for _ in range(TRIES):
        code = segdsl(folder, *arguments).wait()
        assert code in (0, 3), (folder / "client.log").read_text()
        if code == 0:
            return
    raise AssertionError((folder / "client.log").read_text())
