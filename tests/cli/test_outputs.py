"""Where commands write what they make: never over sources, nor over what a project is made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from running import TIDY, segdsl
from workspace import JAPAN, NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
KEPT = ("segdsl.toml", "local.lock.toml", "local.schema.toml")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    segdsl("schema", "pull")
    segdsl("apply", "--yes")
    return tmp_path


@pytest.mark.parametrize("place", ["japan.seg", "new.seg", *KEPT, "other.lock.toml", "link"])
@pytest.mark.parametrize(
    "command",
    [
        ["plan", "--save"],
        ["compile", "japan.seg", "-o"],
        ["sql", "japan.seg", "-o"],
        ["decompile", "rule.json", "-o"],
    ],
    ids=lambda of: of[0],
)
def test_nothing_is_made_in_the_place_of_what_a_project_is_made_of(
    project: Path, command: list[str], place: str
) -> None:
    Path("rule.json").write_text('{"type": "And", "conditions": []}')
    Path("link").symlink_to("segdsl.toml")
    if command[0] == "decompile" and place.endswith(".seg"):
        return  # what it makes is a source
    before = Path(place).read_bytes() if Path(place).exists() else None
    done = segdsl(*command, place)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"`{place}`" in done.stderr
    assert "choose another file" in done.stderr
    assert (Path(place).read_bytes() if Path(place).exists() else None) == before


@pytest.mark.parametrize("text", ["mine", '{"a": 1}', "[1]", '{"version": 1, "changes": []}'])
def test_a_plan_is_saved_over_nothing_but_a_plan(project: Path, text: str) -> None:
    Path("notes").write_text(text)
    done = segdsl("plan", "--save", "notes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert (
        "`notes` exists and is not a saved plan: choose another file, or delete it" in done.stderr
    )
    assert Path("notes").read_text() == text


def test_a_plan_is_saved_over_a_plan(project: Path) -> None:
    for _ in range(2):
        assert segdsl("plan", "--save", "plan.json").exit_code == 0
    Path("plan.json").write_text(
        Path("plan.json").read_text().replace('version": 1', 'version": 0')
    )
    Path("empty").write_text("")  # as `mktemp` makes it
    for place in ("plan.json", "empty", os.devnull):
        assert segdsl("plan", "--save", place).exit_code == 0
    assert segdsl("apply", "--plan", "plan.json", "--yes").exit_code == 0
    assert segdsl("plan", "--save", "data").exit_code == 2


def test_what_is_read_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.txt", TIDY), ("b.json", '{"type": "And", "conditions": []}')):
        Path(name).write_text(text)
        command = "compile" if name == "a.txt" else "decompile"
        done = segdsl(command, name, "-o", f"./{name}")
        assert done.exit_code == 2
        assert f"`./{name}` is an input of this command: choose another file" in done.stderr
        assert Path(name).read_text() == text


def test_an_import_goes_into_a_folder(project: Path) -> None:
    pytest.importorskip("yaml")
    Path("abroad.yml").write_text(
        "name: Abroad\nrule: {type: Value, attribute: country, operator: {type: IsNull}}\n"
    )
    for place in ("japan.seg", "segdsl.toml"):
        assert segdsl("import", "abroad.yml", "--to", place, "--force").exit_code == 2
    assert Path("japan.seg").read_text() == JAPAN
    assert Path("segdsl.toml").read_text() == LOCAL
