"""Parent segments of the local API: what was applied is planned as nothing, and pulled as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local_api import NOW, client
from raw_tables import RawApi, write_raw
from running import segdsl
from segdsl.api.configurations import NewParentSegment
from segdsl.server import open_local
from segdsl.workspace.parent import commands
from segdsl.workspace.remote.connect import Reached

FILE = Path("raw/parent_segment.toml")
BASE = """\
name = "Shop" # of raw tables

[master]
table = "shop.users"

[attributes.Profile]
table = "shop.profiles"
join = { user_id = "customer_id" }
columns = { Age = "number from age" }

[behaviors."Online orders"]
table = "shop.orders"
join = { user_id = "customer_id" }
columns = { Amount = "number from amount", Kind = "string from category" }

[connections.s3]
id = 5
type = "s3_v2"
"""
MORE = """
[attributes.Places]
table = "shop.profiles"
join = { user_id = "customer_id" }
columns = { Country = "string from country" }
"""
GROUP = """
[customer_groups.household]
table = "shop.profiles"
join = { user_id = "customer_id" }

[customer_groups.household.attributes.Home]
table = "shop.profiles"
join = { customer_id = "customer_id" }
columns = { Land = "string from country" }
"""
EDITS: dict[str, tuple[str, str]] = {
    "name": ('name = "Shop" #', 'name = "Other shop" #'),
    "description": ("[master]", 'description = "All of them"\n\n[master]'),
    "timezone": ("[master]", 'timezone = "Asia/Tokyo"\n\n[master]'),
    "daily": ("[master]", 'schedule = { every = "day", at = 03:00:00 }\n\n[master]'),
    "hourly": ("[master]", 'schedule = { every = "hour", at = 00:30:00 }\n\n[master]'),
    "weekly": (
        "[master]",
        'schedule = { every = "week", on = ["Monday"], at = 09:00:00 }\n\n[master]',
    ),
    "monthly": ("[master]", 'schedule = { every = "month", on = [1], at = 09:00:00 }\n\n[master]'),
    "cron": ("[master]", 'schedule = { cron = "0 3 * * 1,2" }\n\n[master]'),
    "minutes": ("[master]", 'schedule = { every = "15 minutes" }\n\n[master]'),
    "llm": ("[master]", "llm = true\n\n[master]"),
    "engine": (
        "[connections",
        '[engine]\nhive_only = true\nhive_version = "0.13"\nhive_pool = "a"\ntrino_pool = "b"\n\n'
        "[connections",
    ),
    "enrichment": (
        "[connections",
        "[enrichment]\nip = true\nword_tagging = true\njs_sdk = true\n\n[connections",
    ),
    "activation": ("[connections", "[activation]\nbehaviors = false\nmax_rows = 3\n\n[connections"),
}
REPLACING: dict[str, tuple[str, str]] = {
    "filter": (
        'table = "shop.users"\n',
        'table = "shop.users"\nfilters = { status = ["active", "trial"] }\n',
    ),
    "attribute added": ("[connections", f"{MORE}\n[connections"),
    "attribute changed": ('Age = "number from age"', 'Age = "string from age"'),
    "attribute labelled": ('Age = "number from age"', '"Years" = "number from age"'),
    "attribute replaced": ('Age = "number from age"', 'Land = "string from country"'),
    "heading": ("columns = { Age", 'group = "Persons"\ncolumns = { Age'),
    "no heading": ("columns = { Age", 'group = ""\ncolumns = { Age'),
    "customer group": ("[connections", f"{GROUP}\n[connections"),
    "column added": ('Kind = "string', 'When = "timestamp from at", Kind = "string'),
    "column removed": (', Kind = "string from category"', ""),
    "all columns": ("columns = { Amount", "all_columns = true\ncolumns = { Amount"),
    "behavior settings": ("columns = { Amount", "default_time_filter = true\ncolumns = { Amount"),
    "behavior schedule": (
        "columns = { Amount",
        'schedule = { every = "day", at = 03:00:00 }\ncolumns = { Amount',
    ),
    "behavior removed": (
        BASE[BASE.index("[behaviors") : BASE.index("[connections")],
        "",
    ),
    "behavior named": ('"Online orders"', '"Orders online"'),
}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which the parent segment of `BASE` was applied."""
    monkeypatch.chdir(tmp_path)
    write_raw(tmp_path)
    FILE.write_text(BASE)
    for command in (("init", "--data", "raw"), ("parent", "apply", "--yes")):
        done = segdsl(*command)
        assert done.exit_code == 0, done.output
    return tmp_path


def edit(name: str) -> None:
    before, after = {**EDITS, **REPLACING}[name]
    assert FILE.read_text().count(before) == 1
    FILE.write_text(FILE.read_text().replace(before, after))


def check_round_trip() -> None:
    """Nothing is to be done, before and after a pull, which adds what the server says besides."""
    check_nothing_planned()
    pulled = segdsl("parent", "pull")
    assert pulled.exit_code == 0, pulled.output
    assert not [line for line in pulled.stdout.splitlines()[1:] if ": none → " not in line]
    text = FILE.read_text()
    assert "# of raw tables" in text
    assert "[connections.s3]" in text
    check_nothing_planned()
    assert segdsl("parent", "pull").stdout.startswith("unchanged: raw/parent_segment.toml")
    assert FILE.read_text() == text
    assert segdsl("parent", "pull", "--file", "new.toml").stdout.startswith("created: new.toml")
    check_nothing_planned("--file", "new.toml")


def check_nothing_planned(*more: str) -> None:
    plan = segdsl("parent", "plan", "--exit-code", *more)
    assert (plan.exit_code, plan.stdout.split(".")[0]) == (0, "No changes"), plan.output


def test_a_plan_after_a_pull_is_empty(raw: Path) -> None:
    check_round_trip()


@pytest.mark.parametrize("name", EDITS)
def test_a_setting_that_was_applied(raw: Path, name: str) -> None:
    edit(name)
    assert segdsl("parent", "plan", "--exit-code").exit_code == 4
    done = segdsl("parent", "apply", "--yes")
    assert done.exit_code == 0, done.output
    check_round_trip()


@pytest.mark.parametrize("name", REPLACING)
def test_a_replacement_that_was_applied(raw: Path, name: str) -> None:
    edit(name)
    assert segdsl("parent", "plan", "--exit-code").exit_code == 4
    refused = segdsl("parent", "apply", "--yes")
    assert (refused.exit_code, "pass --replace" in refused.stderr) == (1, True)
    assert segdsl("parent", "plan", "--exit-code").exit_code == 4
    done = segdsl("parent", "apply", "--yes", "--replace")
    assert done.exit_code == 0, done.output
    check_round_trip()


def test_several_edits_at_once(raw: Path) -> None:
    for name in ("description", "engine", "filter", "attribute added", "column removed"):
        edit(name)
    done = segdsl("parent", "apply", "--yes", "--replace")
    assert done.exit_code == 0, done.output
    check_round_trip()


# --- somebody else -----------------------------------------------------------------------


async def change(api: RawApi) -> Any:
    """What somebody else changes; the answer to it."""
    return await api.ask("PUT", "/audiences/1", {"name": "Shop", "timezone": "Europe/Oslo"})


def asked(action: Any) -> Any:
    """The result of calls to the local API of the workspace."""

    async def ask() -> Any:
        opened = open_local(Path("raw"), Path(".segdsl/local.sqlite"), NOW)
        async with opened as transport, client(transport=transport) as http:
            return await action(RawApi(http))

    return asyncio.run(ask())


async def current(api: RawApi) -> Any:
    return await api.ask("GET", "/audiences/1")


@pytest.mark.parametrize("name", ["engine", "attribute replaced"])
def test_a_change_of_somebody_else_is_a_conflict(raw: Path, name: str) -> None:
    theirs = asked(change)
    edit(name)
    plan = segdsl("parent", "plan")
    assert plan.exit_code == 1
    assert "conflict: Shop (#1): it was changed on the server since it was last seen" in plan.stdout
    assert "~ timezone: UTC → Europe/Oslo" in plan.stdout
    applied = segdsl("parent", "apply", "--yes", "--replace")
    assert applied.exit_code == 1
    assert "nothing was applied: resolve the conflict first" in applied.stderr
    assert asked(current) == theirs
    # Both changes, once the one of the server was seen.
    assert segdsl("parent", "pull").exit_code == 1
    assert segdsl("parent", "pull", "--keep").exit_code == 0
    assert segdsl("parent", "apply", "--yes", "--replace").exit_code == 0
    assert asked(current)["timezone"] == "Europe/Oslo"
    check_round_trip()


@pytest.mark.parametrize("name", ["engine", "attribute replaced"])
def test_a_change_between_the_plan_and_the_request(raw: Path, name: str) -> None:
    edit(name)
    plan_parent = commands.plan_parent

    async def planned_then_changed(reached: Reached, *more: Any) -> Any:
        plan = await plan_parent(reached, *more)
        theirs = NewParentSegment(
            "Shop", {"name": "Shop", "timezone": "Europe/Oslo"}, lambda document: True
        )
        await reached.client.update_parent_segment("1", theirs)
        return plan

    before = asked(current)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "plan_parent", planned_then_changed)
        done = segdsl("parent", "apply", "--yes", "--replace")
    assert done.exit_code == 3
    assert "nothing was sent" in done.stderr
    after = asked(current)
    assert {**after, "updatedAt": ""} == {**before, "timezone": "Europe/Oslo", "updatedAt": ""}
