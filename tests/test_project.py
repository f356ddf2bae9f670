"""`segdsl.toml`: what it may say, and what is said of one that says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdsl.workspace.project.config import ProjectError, find_project, need_project, read_project

LOCAL = '[targets.here]\nkind = "local"\ndata = "data"\n'


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "segdsl.toml").write_text(LOCAL)
    found = find_project(inner)
    assert found is not None
    assert found.folder == tmp_path
    assert found.path("data") == tmp_path / "data"
    (tmp_path / "a" / "segdsl.toml").write_text(LOCAL)
    assert need_project(inner).folder == tmp_path / "a"


def test_the_default_target(tmp_path: Path) -> None:
    file = tmp_path / "segdsl.toml"
    other = '[targets.live]\nkind = "treasuredata"\nregion = "jp01"\nparent_segment = 7\n'
    for text, default in (
        (LOCAL, "here"),
        (other + LOCAL.replace("here", "local"), "local"),
        (f'default = "here"\n{other}{LOCAL}', "here"),
        (other + LOCAL, "live"),
    ):
        file.write_text(text)
        assert read_project(file).target(None)[0] == default
    with pytest.raises(ProjectError, match="did you mean `live`"):
        read_project(file).target("lvie")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "targets"),
        ("[targets]\n", "names no target"),
        ("x = [", "not a valid TOML"),
        ('[targets.a]\nkind = "locl"\n', "did you mean `local`?"),
        ('[targets.a]\nkind = "local"\n', "either `data`"),
        ('[targets.a]\nkind = "local"\ndata = "x"\nurl = "http://localhost"\n', "either `data`"),
        ('[targets.a]\nkind = "local"\ndata = "x"\ncolour = "red"\n', "colour"),
        (f'default = "x"\n{LOCAL}', "the targets are: here"),
        (f'{LOCAL}apikey = "1/abc"\n', "remove it"),
        (f'{LOCAL}[secrets]\ntoken = "1/abc"\n', "remove it"),
    ],
)
def test_what_cannot_be_used_is_said(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "segdsl.toml"
    file.write_text(text)
    with pytest.raises(ProjectError) as raised:
        read_project(file)
    assert said in str(raised.value)
    assert "1/abc" not in str(raised.value)


def test_without_a_file_it_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"\[targets\.local\]"):
        need_project(tmp_path)
