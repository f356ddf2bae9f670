"""Five hundred segments of every shape on a server: pulled they plan to nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import httpx
import msgspec
import pytest
from hypothesis import given, settings

import contract
from local_api import JAPAN, NOW, equal, rule, write_data
from quick import IS_QUICK, scaled
from segdsl.api import Folder as ServerFolder
from segdsl.api import RejectedError
from segdsl.api import Segment as ApiSegment
from segdsl.diagnostics import Report
from segdsl.errors import FileError
from segdsl.server import open_local
from segdsl.workspace.kinds.registry import KINDS
from segdsl.workspace.kinds.segments.requests import server_of
from segdsl.workspace.project.known_ids import Known
from segdsl.workspace.project.lock import Lock
from segdsl.workspace.remote.snapshot import snapshot_of
from segdsl.workspace.sync.paths import fold, mirror_path
from segdsl.workspace.sync.planning import PlanOptions, make_plan
from segdsl.workspace.sync.pulling import make_pull
from segdsl.workspace.sync.workspace import read_workspace
from sql_world import _SQL_TYPES, CATALOG
from strategies.rules import rules
from teams import Team, connected, with_team

MANY = scaled(500, 50)
EARLY = 22
CHAIN = 7
"""References that lead one to the next."""
NAMES = ("Plain", "a/b", 'quo"te', "back\\slash", "con", ".hidden", "  spaces  ", "日本", "x" * 200)
MORE_NAMES = (
    *("plain", "Caf\u00e9", "Cafe\u0301", "# no comment", "tab\there", "two\nlines", "-rf", "~"),
    *("Plain.seg", "ends with a dot.", "\u202eto the left", "👩‍👩‍👧 20% {off}", "$(x) `y`"),
)
FOLDERS: tuple[tuple[str, ...], ...] = (
    (),
    ("Loyalty",),
    ("Loyalty", "Tokyo"),
    ("Loyalty", "Tokyo", '東京 "23"', "a\\b", "Deep"),
    ("loyalty", "TOKYO"),
    ("NUL", "..."),
    ("A.seg", "#1"),
)
DESCRIPTIONS = (
    *("", "Who buys", 'Say "hi"', "it's", '"""', "two\nlines\n", "\r\n", "back\\slash\\", "\\n"),
    *("日本 👩‍👩‍👧", "e\u0301 \u2028 \u200b", "\ttab", "  spaces  ", "# no comment", "{days}"),
    *("x" * 3_000, "\x00\x7f"),
)


def write_world(folder: Path) -> Path:
    """A database with every table of the vocabulary, and nobody in it."""
    path = folder / "world.duckdb"
    types: list[str] = ['id = "7"', 'name = "World"', 'timezone = "Asia/Tokyo"']
    with duckdb.connect(str(path)) as connection:
        for table in CATALOG.tables:
            columns = "".join(f', "{each.name}" {_SQL_TYPES[each.type]}' for each in table.columns)
            connection.execute(f'CREATE TABLE "{table.name}" (cdp_customer_id VARCHAR{columns})')
            timed = [each.name for each in table.columns if each.type == "timestamp"]
            if timed:
                types.append(f'[types."{table.name}"]')
                types.extend(f'"{each}" = "timestamp"' for each in timed if each != "timestamp")
    (folder / "world.toml").write_text("\n".join(types) + "\n")
    return path


def generated(many: int, *, nested: bool, steady: bool = False) -> list[str]:
    """Rules that the compiler and the console write; with `nested` older ones too.

    Those that are `steady` are the same in each run, so that their shares can be relied on.
    """
    found: list[str] = []

    @settings(max_examples=many, derandomize=steady)
    @given(rules(nested=nested))
    def collect(made: Any) -> None:
        found.append(json.dumps(made))

    collect()
    return found


def test_pull_then_plan_is_empty_and_a_second_pull_changes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            open_local(write_world(tmp_path), None, NOW, None) as transport,
            connected(tmp_path, transport) as team,
        ):
            await round_trip(team)

    asyncio.run(main())


def _is_described(rule: Any) -> bool:
    """Whether the description admits a rule as it is; what it does not is asked for elsewhere."""
    if not (contract.folder() / "contract.py").is_file():
        return True
    return "customerGroup" not in json.dumps(rule) and not contract.rule_errors(rule)


async def round_trip(team: Team) -> None:
    await generate(team)
    if not IS_QUICK:  # of a few segments not each sort is there
        assert_varied(await team.client.segments("7"))
    pull = await team.pull()
    assert [each.what for each in pull.items] == ["new"] * (MANY + EARLY)
    assert len(team.files()) == MANY + EARLY
    await assert_nothing_to_do(team)
    files = on_disk(team.folder)
    again = await team.pull()
    assert {each.what for each in again.items} == {"the same"}
    assert on_disk(team.folder) == files
    # Without the lock, too: what it knew is found again.
    lock = (team.folder / "local.lock.toml").read_bytes()
    (team.folder / "local.lock.toml").unlink()
    await assert_nothing_to_do(team)
    again = await team.pull()
    assert {each.what for each in again.items} == {"the same"}
    assert (team.folder / "local.lock.toml").read_bytes() == lock
    assert without_lock(on_disk(team.folder)) == without_lock(files)
    await assert_nothing_to_do(team)


async def generate(team: Team) -> None:
    """Segments in every kind of place, with references to such as were made before them."""
    ids = [await team.console_create(f"Early {number}", None) for number in range(EARLY)]
    names = (*NAMES, *MORE_NAMES)
    chain: list[str] = []
    for number, text in enumerate(generated(4 * MANY, nested=False, steady=True)):
        rule = json.loads(text)
        if not _is_described(rule):
            continue
        for at, reference in enumerate(references(rule)):
            others = ids if at or not chain else chain
            reference["id"] = others[-1 - at * 7 % len(others)]
        name = names[number % len(names)]
        folder = FOLDERS[number % len(FOLDERS)]
        more = {"description": DESCRIPTIONS[number % len(DESCRIPTIONS)]}
        # Realtime where the rule allows it, but for every third.
        for kind in (1, 0) if number % 3 else (0,):
            try:
                given = f"{name} {number}" if number % 5 else name
                ids.append(await team.console_post(given, rule, folder, kind=kind, **more))
                break
            except RejectedError:
                pass
        else:
            continue
        if any(references(rule)):
            chain = [*chain, ids[-1]] if len(chain) < CHAIN else []
        if len(ids) == MANY + EARLY:
            return
    raise AssertionError(f"{len(ids)} are too few")


def references(rule: Any) -> Iterator[Any]:
    """Every reference to a segment in a rule."""
    if rule and rule["type"] == "Reference":
        yield rule
    for each in (rule or {}).get("conditions", ()):
        yield from references(each)


def assert_varied(segments: Sequence[ApiSegment]) -> None:
    """That there are many of each sort among the generated ones."""
    by_id = {each.id: json.loads(bytes(each.rule or b"null")) for each in segments}
    kinds = Counter(each.kind for each in segments)
    assert kinds["realtime"] > MANY // 10, kinds
    assert kinds["batch"] > MANY // 10, kinds
    assert {each.description or "" for each in segments} == set(DESCRIPTIONS)
    times = Counter(each.name for each in segments)
    assert times.keys() >= {*NAMES, *MORE_NAMES}
    assert max(times.values()) > 1, "some cannot be referred to by name"
    deep: dict[str, int] = {}
    for id in sorted(by_id, key=int):
        deep[id] = max((1 + deep[str(each["id"])] for each in references(by_id[id])), default=0)
    assert max(deep.values()) >= 5
    assert sum(each > 0 for each in deep.values()) > MANY // 10


async def assert_nothing_to_do(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())
    assert len(plan.unchanged) == MANY + EARLY


def on_disk(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file with its bytes and the moment at which it was written."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return {each: (each.read_bytes(), each.stat().st_mtime_ns) for each in files}


def without_lock(files: dict[Path, tuple[bytes, int]]) -> dict[Path, tuple[bytes, int]]:
    return {path: each for path, each in files.items() if path.name != "local.lock.toml"}


def test_older_rules_come_back_as_well(tmp_path: Path) -> None:
    """As a server would list them; nothing is asked, as the description has no such rules."""
    segments = [
        ApiSegment(str(number), f"S{number}", "batch", msgspec.Raw(text.encode()))
        for number, text in enumerate(generated(scaled(300), nested=True), 1)
    ]
    server = server_of(snapshot_of([ServerFolder("9", ())], segments))
    report = Report()
    empty = read_workspace(tmp_path, Path.cwd(), {}, report, Known())
    pull = make_pull("7", empty, Lock(), server)
    assert (len(pull.writes), report.diagnostics) == (len(segments), [])
    for path, text in pull.writes.items():
        (tmp_path / path).write_text(text)
    workspace = read_workspace(tmp_path, Path.cwd(), {}, report, Known())
    plan = make_plan(
        "7", "local", workspace.resources, pull.lock, server, KINDS, report, PlanOptions()
    )
    assert report.diagnostics == []
    assert (plan.changes, plan.conflicts, len(plan.unchanged)) == ((), (), len(segments))


@pytest.mark.parametrize("name", [*NAMES, *MORE_NAMES])
def test_a_file_name_is_safe_and_stays_in_the_workspace(name: str) -> None:
    path = mirror_path(("..", name), name, "12", set())
    assert ".." not in path.split("/")
    assert not path.startswith("/")
    assert all(part == part.strip() or part.startswith(" ") for part in path.split("/"))
    assert all(len(part.encode()) < 200 for part in path.split("/"))
    other = mirror_path(("..", name), name.upper(), "13", {fold(path)})
    assert fold(other) != fold(path) or name.upper() != name


@pytest.mark.parametrize(
    "names",
    [
        ("Japan (4)", "Japan (3)", "japan", "Japan", "JAPAN"),
        ("Caf\u00e9", "Cafe\u0301", "CAF\u00c9"),
        ("x/y", "x_y", "x?y", "x_y (3)"),
    ],
)
def test_segments_with_names_alike_get_a_file_each(names: tuple[str, ...]) -> None:
    taken: set[str] = set()
    for id, name in enumerate(names, 1):
        path = mirror_path(("Asia",), name, str(id), taken)
        assert fold(path) not in taken
        taken.add(fold(path))


@with_team
async def test_a_name_that_ends_in_the_id_of_another_does_not_cost_a_segment(team: Team) -> None:
    """Two segments in one file would be one segment less, and the other deleted by --prune."""
    for name in ("japan", "Japan (3)", "Japan"):
        await team.console_create(name, JAPAN)
    await team.pull()
    assert len(team.files()) == 3
    plan = await team.plan(prune=True)
    assert (plan.changes, plan.left, len(plan.unchanged)) == ((), (), 3)


@with_team
async def test_a_folder_named_like_a_file_of_segments(team: Team) -> None:
    await team.console_create("A", JAPAN)
    await team.console_create("B", JAPAN, ("A.seg",))
    await team.pull()
    assert sorted(team.folder.rglob("*.seg"), key=str) == [
        team.folder / "A.seg",
        team.folder / "A.seg_" / "B.seg",
    ]
    assert not (await team.plan()).changes


@with_team
async def test_a_folder_that_no_clause_can_name_is_left_alone_and_told(team: Team) -> None:
    await team.console_create("Inside", JAPAN, ("One/two",))
    await team.console_create("Outside", JAPAN)
    pull = await team.pull()
    assert [(each.what, each.name) for each in pull.items] == [
        ("new", "Outside"),
        ("left alone", "Inside"),
    ]
    plan = await team.plan()
    assert (plan.changes, plan.others) == ((), 1)


@with_team
async def test_what_was_deleted_here_comes_back_when_it_is_named(team: Team) -> None:
    await team.console_create("Japan", JAPAN, ("Asia",))
    await team.pull()
    (team.folder / "Asia/Japan.seg").unlink()
    assert [each.what for each in (await team.pull()).items] == ["deleted here"]
    assert team.files() == {}
    assert [each.what for each in (await team.pull("Asia/Japan")).items] == ["new"]
    assert list(team.files()) == ["Asia/Japan.seg"]


@with_team
async def test_one_segment_of_a_file_is_replaced_and_the_rest_stays(team: Team) -> None:
    text = '# Kept.\nlet old = age > 60\n\nsegment "One"\n\nwhere\n  age = 1\n\n# Also kept.\n'
    team.write("all.seg", text + 'segment "Two"\n\nwhere\n  old\n')
    await team.apply()
    ids = {name: each.id for name, each in (await team.segments()).items()}
    await team.console_update(ids["One"], rule(equal("age", 7)))
    await team.pull()
    assert team.files()["all.seg"] == text.replace("age = 1", "age = 7") + (
        'segment "Two"\n\nwhere\n  old\n'
    )
    assert not (await team.plan()).changes


@with_team
async def test_a_file_follows_its_segment_to_another_folder(team: Team) -> None:
    id = await team.console_create("Japan", JAPAN, ("Asia",))
    await team.pull()
    await team.console_update(id, JAPAN, name="Nippon", folder=("East", "Asia"))
    await team.pull()
    assert list(team.files()) == ["East/Asia/Nippon.seg"]
    assert not (await team.plan()).changes


@with_team
async def test_references_come_as_names_and_go_as_ids(team: Team) -> None:
    id = await team.console_create("Japan", JAPAN)
    reference = {"type": "Reference", "id": id, "exclude": True}
    await team.console_create("Not Japan", rule(reference))
    await team.pull()
    assert 'not in segment "Japan"' in team.files()["Not Japan.seg"]
    plan = await team.plan()
    assert (plan.changes, plan.conflicts) == ((), ())


class _Meanwhile(httpx.AsyncBaseTransport):
    """Somebody saves a file while the server is asked for its segments."""

    def __init__(self, under: httpx.AsyncBaseTransport) -> None:
        self.under = under
        self.save: Callable[[], object] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/segments"):
            self.save()
        return await self.under.handle_async_request(request)


@pytest.mark.parametrize("folder", [(), ("Far",)], ids=["changed", "moved"])
@pytest.mark.parametrize("force", [False, True], ids=["asked", "forced"])
def test_what_is_saved_while_a_pull_runs_is_not_overwritten(
    folder: tuple[str, ...], force: bool, tmp_path: Path
) -> None:
    async def inside() -> None:
        async with open_local(write_data(tmp_path), None, NOW) as transport:
            meanwhile = _Meanwhile(transport)
            async with connected(tmp_path, meanwhile) as team:
                id = await team.console_create("Japan", JAPAN)
                await team.pull()
                before = team.files()["Japan.seg"]
                await team.console_update(id, rule(equal("age", 7)), folder=folder)
                edited = before.replace("JP", "FR")
                meanwhile.save = lambda: team.write("Japan.seg", edited)
                with pytest.raises(FileError, match="changed while"):
                    await team.pull(force=force)
                assert team.files() == {"Japan.seg": edited}
                assert (await team.plan()).conflicts

    asyncio.run(inside())
