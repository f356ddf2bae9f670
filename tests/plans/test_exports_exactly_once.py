"""Funnels, activations and journeys through faults, with the client killed: each once, and equal.

They are applied, then changed in every way (rules, stages, schedules, both sides of the API, names;
a part deleted and others made for it) and applied again. What a killed client had written into the
lock is lost, too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local_api import NOW
from segdsl.api import ApiKey, Client, ClientError, RetryPolicy
from segdsl.server import LOCAL_KEY, open_local, parse_faults
from segdsl.workspace.project.keys import ACTIVATION, FUNNEL, JOURNEY, SEGMENT, TEMPLATE
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.sync.plan import Plan
from teams import Team, connected
from test_activation_kind import data
from test_funnel_kind import Killed, KilledError

FAULTS = (
    "429=0.025,retry-after=0,500=0.025,502=0.025,503=0.025,504=0.015,"
    "500-after=0.025,503-after=0.025,cut-before=0.015,cut-after=0.015,"
    "hang-before=0.0025,hang-after=0.0025,seed={}"
)
"""A fifth of all requests; of what is never answered a part was done."""
IMPATIENT = RetryPolicy(response_timeout=0.5, attempts=8, first_pause=0.001, max_pause=0.01)
PATIENT = RetryPolicy(response_timeout=0.5, attempts=40, first_pause=0.001, max_pause=0.01)
TRIES = 30
SEGMENTS, TEMPLATES = 50, 10


def texts(funnels: int, activations: int, journeys: int, later: bool) -> dict[str, str]:
    """The files, by name."""
    files = {"segments.seg": "\n".join(_segments(later))}
    files["templates.seg"] = "\n".join(_template(number, later) for number in range(TEMPLATES))
    for number in range(funnels):
        files[f"f{number}.seg"] = _funnel(number, later)
    for number in range(journeys):
        files[f"j{number}.seg"] = _journey(number, journeys, later)
    for number in range(activations):
        path = f"a{number // 10}.seg"
        files[path] = files.get(path, "") + _activation(number, funnels, later) + "\n"
    return files


def _segments(later: bool) -> Iterator[str]:
    for number in range(SEGMENTS):
        name = _segment_name(number, later)
        yield f'segment "{name}"\n  folder "Area {number % 5}"\n\nwhere\n  age > {number}\n'


def _segment_name(number: int, later: bool) -> str:
    """A tenth of the segments are renamed, and what belongs to them stays."""
    return f"{'Renamed' if later and number % 10 == 3 else 'S'} {number}"


def _template(number: int, later: bool) -> str:
    bucket = "other" if later and number % 2 else "exports"
    return (
        f'activation template "T {number}"\n  folder "Templates"\n  to connection "s3"\n'
        f'  columns (age)\n  every day starting 2025-04-01T03:00 in "UTC"\n'
        f'  with (bucket = "{bucket}")\n  state published\n'
    )


def _funnel_name(number: int, later: bool) -> str:
    return f"{'New' if later and number % 6 == 4 else 'F'} {number}"


def _stage_names(number: int, later: bool) -> tuple[str, ...]:
    does = number % 6 if later else 0
    first = "Curious" if does == 2 else "Interest"
    more = ("Loyal",) if does == 3 else ()
    return (first, "Trial", "Paid", *more)


def _funnel(number: int, later: bool) -> str:
    does = number % 6 if later else 0
    name, stages = _funnel_name(number, later), _stage_names(number, later)
    segment = _segment_name(number % SEGMENTS, later)
    own = number + 1_000 * (does in (1, 4))
    rules = [
        f" where\n  age > {own}",
        f' where\n  in stage "{stages[0]}" of funnel "{name}"\n  and in segment "{segment}"'
        f"\n  and age < {2_000 + own}",
        "" if number % 7 == 0 else f' is segment "{segment}"',
        f" where\n  age > {own + 50}",
    ]
    head = f'funnel "{name}"\n  folder "Funnels {number % 10}"\n'
    written = (f'stage "{stage}"{rule}\n' for stage, rule in zip(stages, rules, strict=False))
    return "\n".join((head, *written))


def _activation(number: int, funnels: int, later: bool) -> str:
    does = number % 6 if later else 0
    name = {3: "Renamed", 4: "New"}.get(does, "A")
    path = f"{'new' if does == 4 else 'f'}{number}.csv"
    columns = "age, country" if does == 1 else "age"
    until = " until 2026-12-31" if number % 4 in (1, 2) else ""
    often = "every week on Monday" if does == 2 else "every day"
    lines = [f'activation "{name} {number}" of {_target(number, funnels, later)}']
    lines += ['  from template "T ' + f'{number % TEMPLATES}"'] * (number % 4 == 3)
    lines += [f'  to connection "{"sftp" if does == 5 else "s3"}"', f"  columns ({columns})"]
    lines += [f'  {often} starting 2025-04-01T03:00 in "UTC"{until}']
    # What needs one side of the API, the other, or both; and later the other way round.
    needs = number % 4 in (2, 3) if does != 2 else number % 4 in (0, 1)
    lines += ['  then run workflow "hash_email" of project "activation_actions"'] * needs
    lines += [f'  with (bucket = "exports", path = "{path}")']
    return "\n".join(lines) + "\n"


def _journey_name(number: int, later: bool) -> str:
    return f"{'New' if later and number % 6 == 4 else 'J'} {number}"


def _journey(number: int, journeys: int, later: bool) -> str:
    """A journey that leads to the next one, and the last to the first."""
    does = number % 6 if later else 0
    name, following = _journey_name(number, later), _journey_name((number + 1) % journeys, later)
    segment = _segment_name(number % SEGMENTS, later)
    last = f'\nstage "Last"\n  enter "All" where age > {number}\n' if does == 3 else ""
    columns = "age, country" if does == 5 else "age"
    return (
        f'journey "{name}"\n  folder "Journeys {number % 3}"\n'
        f'  goal "Old" where age > {60 + number + 500 * (does == 1)}\n\n'
        f'stage "First"\n  enter "Some" is segment "{segment}"\n'
        f'  exit "Gone" where age < {number}\n'
        f'    jump to stage "First" of journey "{following}"\n'
        f'  steps (\n    activate "Mail",\n    wait {2 if does == 2 else 1} days,\n'
        f'    decide "Which" (\n      when "A" where age > {number + 7} then (activate "SMS"),\n'
        f'      otherwise "B" then (wait 1 week),\n    ),\n    end,\n  )\n{last}\n'
        + "\n".join(
            f'activation "{each}" of journey "{name}"\n  to connection "s3"\n'
            f"  columns ({columns})\n  after journey refresh\n"
            for each in ("Mail", "SMS")
        )
    )


def _target(number: int, funnels: int, later: bool) -> str:
    if number % 3:
        return f'segment "{_segment_name(number % SEGMENTS, later)}"'
    of = number % funnels
    name = _funnel_name(of, later)
    return f'stage "{_stage_names(of, later)[0]}" of funnel "{name}"'


# --- applying --------------------------------------------------------------------------


async def planned(one: Team) -> Plan:
    """A plan, as soon as the faults let its questions through."""
    for _ in range(TRIES):
        with suppress(ClientError):
            return await one.plan(prune=True, as_new=True)
    raise AssertionError(f"no plan after {TRIES} tries")


async def apply_until_done(one: Team, killed: Killed, chance: random.Random, kills: int) -> None:
    """Killed a few times, and then as often as it takes."""
    lock = one.folder / "local.lock.toml"
    for attempt in range(TRIES):
        plan = await planned(one)
        assert not plan.conflicts, plan.conflicts[0]
        if not plan.changes:
            return
        saved = lock.read_text() if lock.exists() else None
        killed.left = chance.randrange(1, 2 * len(plan.changes)) if attempt < kills else None
        try:
            outcomes = await one.apply(plan)
        except KilledError:
            lock.unlink(missing_ok=True)
            if saved is not None:
                lock.write_text(saved)
        else:
            assert any(each.is_done for each in outcomes), "each try gets further"
        finally:
            killed.left = None
    raise AssertionError(f"there is more to do after {TRIES} tries")


async def assert_each_once(one: Team, patient: Client) -> None:
    """Nothing is left to do, and the server has nothing else, however it is asked."""
    here = one.read().resources
    impatient, one.client = one.client, patient
    try:
        numbers = {
            SEGMENT: len(await one.resources()),
            FUNNEL: len(await patient.funnels("7")),
            TEMPLATE: len(await patient.templates("7")),
            ACTIVATION: len(await patient.activations("7")),
            JOURNEY: len(await patient.journeys("7")),
        }
        for journey in await patient.journeys("7"):
            sent = await patient.journey_activations(journey.id)
            assert sorted(each.name for each in sent) == ["Mail", "SMS"]
    finally:
        one.client = impatient
    assert numbers == {
        kind: sum(each.key.kind == kind for each in here)
        for kind in (SEGMENT, FUNNEL, TEMPLATE, ACTIVATION, JOURNEY)
    }
    plan = await planned(one)
    assert (plan.changes, plan.conflicts, plan.left, plan.others) == ((), (), (), 0)
    assert len(plan.unchanged) == len(here)


async def ids_of(one: Team) -> dict[tuple[str, str], str]:
    """The ids of what the lock has, by kind and name."""
    plan = await planned(one)
    return {(entry.kind, entry.name): entry.id for entry in plan.unchanged}


def through_faults(
    tmp_path: Path, funnels: int, activations: int, journeys: int, seed: int, kills: int
) -> None:
    chance = random.Random(seed)

    async def main() -> None:
        faults = parse_faults(FAULTS.format(seed))
        store = tmp_path / "store.sqlite"
        async with (
            open_local(data(tmp_path), store, NOW, faults) as transport,
            connected(tmp_path, transport, PATIENT) as setting,
        ):
            killed = Killed(transport)
            key = ApiKey(LOCAL_KEY)
            async with Client(
                "http://localhost", key, transport=killed, retry_policy=IMPATIENT
            ) as client:
                connection = Connection(client, setting.connection.parent, "local", True, NOW)
                one = Team(tmp_path / "workspace", client, connection)
                before: dict[tuple[str, str], str] = {}
                for later in (False, True):
                    for file in one.folder.glob("*.seg"):
                        file.unlink()
                    for path, text in texts(funnels, activations, journeys, later).items():
                        one.write(path, text)
                    await apply_until_done(one, killed, chance, kills)
                    await assert_each_once(one, setting.client)
                    previous, before = before, await ids_of(one)
                # What kept its name kept its id: it was changed where it was.
                kept = previous.keys() & before.keys()
                assert len(kept) > len(previous) // 2
                moved = [key for key in kept if previous[key] != before[key]]
                # But for activations of funnels that were replaced.
                assert all(
                    kind == ACTIVATION and int(name.split()[1]) % 3 == 0 for kind, name in moved
                ), moved

    asyncio.run(main())


def test_a_few_through_faults(tmp_path: Path) -> None:
    through_faults(tmp_path, 7, 24, 7, seed=1, kills=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "funnels", "activations", "journeys"),
    [(1, 300, 1_000, 100), (2, 60, 200, 40), (3, 60, 200, 40)],
)
def test_many_through_faults(
    tmp_path: Path, seed: int, funnels: int, activations: int, journeys: int
) -> None:
    through_faults(tmp_path, funnels, activations, journeys, seed, kills=3)
