"""Saved plans and locks that somebody edited, or a merge broke: errors, never a traceback."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from segdsl.api import ClientError
from segdsl.diagnostics import Report
from segdsl.errors import InputError
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.project.lock import LockError, read_lock
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.plan import PlanError, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team, team

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**70, 1.5, "", " ", "x", "1", "\ud800", "\0\x1b[2J", "../x"),
    *([], {}, [[]], ["x"], {"x": "y"}, {"": ""}, 'name:"x"', "{", "null", "[1]", "#", "a/b"),
    *("null" * 3, '{"type":"Reference","id":{}}', '{"type":"And","conditions":[1,null]}'),
)
PLAN_MUTANTS, LOCK_MUTANTS = 600, 300
"""In `make slow` ten times as many."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    if isinstance(value, list):
        for at in range(len(value)):
            yield from places(value[at], (*path, at))


def mutant(value: Any, chance: random.Random) -> Any:
    """The document with one to three places replaced, taken out or doubled."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice([each for each in places(value) if each] or [()])
        if not path:
            return copy.deepcopy(chance.choice(JUNK))
        inside = value
        for key in path[:-1]:
            inside = inside[key]
        match chance.randrange(4):
            case 0:
                del inside[path[-1]]
            case 1 if isinstance(inside, list):
                inside.append(copy.deepcopy(inside[path[-1]]))
            case 2:
                # What stands elsewhere in the same document fits in form.
                others = [each for each in places(value) if each]
                other = value
                for key in chance.choice(others):
                    other = other[key]
                inside[path[-1]] = copy.deepcopy(other)
            case _:
                inside[path[-1]] = copy.deepcopy(chance.choice(JUNK))
    return value


async def made(one: Team) -> tuple[Any, Any]:
    """A plan with each kind of change and a reference, and a lock."""
    one.write("a.seg", 'segment "A" folder "F" where age > 1\n')
    one.write("b.seg", 'segment "B" where in segment "A" and age > 2\n')
    one.write("d.seg", 'segment "D" where age > 3\n')
    await one.apply()
    one.write("a.seg", 'segment "A2" folder "G/H" hidden where age > 1\n')
    one.write("b.seg", 'segment "B" where in segment "A2" and in segment "N" of folder "F"\n')
    one.write("n.seg", 'segment "N" folder "F" description "new" where age > 5\n')
    (one.folder / "d.seg").unlink()
    plan = await one.plan(prune=True, as_new=True)
    assert {each.action for each in plan.changes} == {"create", "update", "delete"}
    lock = tomllib.loads((one.folder / "local.lock.toml").read_text())
    return json.loads(write_plan(plan)), lock


async def carried_out(one: Team, data: bytes) -> str:
    """How a plan in a file ends."""
    try:
        plan = read_plan(data, "plan.json")
    except PlanError as error:
        return "refused" if str(error).startswith("plan.json ") else str(error)
    plan_text(plan, NOT_COUNTED, color=False)
    plan_markdown(plan, NOT_COUNTED)
    try:
        outcomes = await one.apply(plan)
    except (InputError, ClientError):
        return "error"
    return "done" if all(each.is_done for each in outcomes) else "failed"


def plans(tmp_path: Path, seed: int, many: int) -> set[str]:
    async def main() -> set[str]:
        async with team(tmp_path) as one:
            document, lock = await made(one)
            chance = random.Random(seed)
            ends = set()
            for _ in range(many):
                changed = mutant(document, chance)
                (one.folder / "local.lock.toml").write_text(tomli_w.dumps(lock))
                ends.add(await carried_out(one, json.dumps(changed).encode()))
            return ends

    return asyncio.run(main())


def locks(tmp_path: Path, seed: int, many: int) -> set[str]:
    async def main() -> set[str]:
        async with team(tmp_path) as one:
            _, lock = await made(one)
            chance = random.Random(seed)
            ends = set()
            for _ in range(many):
                try:
                    text = tomli_w.dumps(mutant(lock, chance))
                except (TypeError, ValueError, AttributeError):
                    continue  # TOML has no words for it.
                path = one.folder / "local.lock.toml"
                try:
                    path.write_text(text)
                except UnicodeEncodeError:
                    continue
                try:
                    plan = await one.plan(prune=True, report=Report())
                    plan_text(plan, NOT_COUNTED, color=False)
                    await one.pull()
                    load_lock(one.project, "local")
                    ends.add("read")
                except InputError:
                    ends.add("refused")
                for extra in set(one.files()) - {"a.seg", "b.seg", "n.seg"}:
                    (one.folder / extra).unlink()
                await made_files(one)
            return ends

    return asyncio.run(main())


async def made_files(one: Team) -> None:
    one.write("a.seg", 'segment "A2" folder "G/H" hidden where age > 1\n')
    one.write("b.seg", 'segment "B" where in segment "A2" and in segment "N" of folder "F"\n')
    one.write("n.seg", 'segment "N" folder "F" description "new" where age > 5\n')


def test_mutants_of_a_saved_plan(tmp_path: Path) -> None:
    ends = plans(tmp_path, 1, PLAN_MUTANTS)
    assert {"refused", "failed"} <= ends <= {"refused", "failed", "error", "done"}


def test_mutants_of_a_lock(tmp_path: Path) -> None:
    assert locks(tmp_path, 1, LOCK_MUTANTS) == {"read", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_more_mutants(tmp_path: Path, seed: int) -> None:
    for name, run, many in (("plans", plans, PLAN_MUTANTS), ("locks", locks, LOCK_MUTANTS)):
        folder = tmp_path / name
        folder.mkdir()
        assert "refused" in run(folder, seed, 2 * many)


@pytest.mark.parametrize(
    "data",
    [b"", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"null", b"[]", b'"x"', b"{}", b"1e999"],
)
def test_what_is_no_plan_at_all(data: bytes) -> None:
    with pytest.raises(PlanError, match=r"^plan\.json is not a valid plan"):
        read_plan(data, "plan.json")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 3_000,
        "x = " + "[" * 100_000,
        "[" * 3_000,
        "a." * 3_000 + "b = 1",
        "version = true\nparent_segment = '1'",
        "version = 1\nparent_segment = 1",
        "version = 1979-05-27\nparent_segment = '1'",
        "version = 1\nparent_segment = '1'\nsegments = 1",
        "version = 1\nparent_segment = '1'\n[[segments]]\nid = ''",
    ],
)
def test_what_is_no_lock_at_all(text: str) -> None:
    with pytest.raises(LockError, match=r"x\.lock\.toml"):
        read_lock(text, "x.lock.toml")
