"""Folders of the server whose names files have here: pulled beside them, and found again."""

from __future__ import annotations

import pytest

from segdsl.workspace.sync.paths import mirror_path
from teams import Team, with_team

RULE = {"type": "And", "conditions": []}
NAMES = (
    *("segdsl.toml", "SEGDSL.toml", "local.lock.toml", "live.schema.toml", ".lock.toml"),
    *("README.md", "notes", "A.seg", "con", "CON.", "con .txt", "com¹", "aux.seg", "..", ". ."),
    *(
        ".git",
        ".gitignore",
        ".segdsl",
        ".env",
        "node_modules",
        "pyvenv.cfg",
        "trailing. .",
        "~",
        "-x",
    ),
)


@with_team
async def test_every_folder_of_the_server_finds_a_place(team: Team) -> None:
    (team.folder / "README.md").write_text("about\n")
    (team.folder / "notes").write_text("about\n")
    project = (team.folder / "segdsl.toml").read_bytes()
    for number, name in enumerate(NAMES):
        await team.console_create(f"S{number}", RULE, (name,))
        await team.console_create(f"D{number}", RULE, ("Deep", name))
    await team.pull()
    assert (team.folder / "segdsl.toml").read_bytes() == project
    assert (team.folder / "README.md").read_text() == "about\n"
    assert len(team.files()) == 2 * len(NAMES)
    plan = await team.plan(prune=True)
    assert (plan.changes, plan.conflicts) == ((), ())
    assert not (await team.pull()).writes


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("segdsl.toml", "segdsl.toml_"),
        ("SegDSL.TOML", "SegDSL.TOML_"),
        ("local.lock.toml", "local.lock.toml_"),
        ("a.schema.toml", "a.schema.toml_"),
        (".lock.toml", "_.lock.toml_"),
        ("con", "_con"),
        ("con .txt", "_con .txt"),
        ("Lpt²", "_Lpt²"),
        (".git", "_.git"),
        ("..", "_"),
        ("x. .", "x"),
    ],
)
def test_names_that_no_folder_can_have(name: str, path: str) -> None:
    assert mirror_path((name,), "S", "1", set()) == f"{path}/S.seg"


def test_a_name_that_a_file_has_gets_a_sign_more() -> None:
    occupied = {"readme.md", "a/b", "a/b_"}
    assert mirror_path(("README.md",), "S", "1", set(), occupied) == "README.md_/S.seg"
    assert mirror_path(("A", "B"), "S", "1", set(), occupied) == "A/B__/S.seg"
