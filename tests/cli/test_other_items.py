"""Commands that only take segments say what they do with the funnels and activations of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl
from workspace import NOW, write_project

SEGMENT = 'segment "Japan" where country = "JP"\n'
OTHERS = (
    'funnel "F"\nstage "a" where country = "JP"\nstage "b" is segment #1\nstage "c" where age > 3\n'
    'activation "A" of segment #1 to connection #2 columns (email)\n'
    'activation "B" of segment #1 to connection #2 columns (email)\n'
    'activation template "T" to connection #2 columns (email)\n'
)
LISTED = "1 funnel, 1 activation template, 2 activations"


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_sql_is_of_segments() -> None:
    Path("a.seg").write_text(SEGMENT)
    Path("b.seg").write_text(OTHERS)
    result = segdsl("sql", "a.seg", "b.seg")
    assert (result.exit_code, result.stdout) == (0, segdsl("sql", "a.seg").stdout)
    assert f"not in the SQL, which is of segments: {LISTED}" in result.stderr
    result = segdsl("sql", "b.seg")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no segment in these files, only {LISTED}" in result.stderr


def test_create_creates_segments(tmp_path: Path) -> None:
    write_project(tmp_path, f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n')
    Path("b.seg").write_text(OTHERS)
    Path("a.seg").write_text(SEGMENT)
    result = segdsl("create", "a.seg", "b.seg")
    assert (result.exit_code, result.stdout.split()[0]) == (0, "created")
    assert f"not created, as `segdsl apply` does that: {LISTED}" in result.stderr
    result = segdsl("create", "b.seg")
    assert result.exit_code == 2
    assert f"no segment in these files, only {LISTED}" in result.stderr


@pytest.mark.parametrize("command", ["compile", "explain", "check", "fmt --check"])
def test_other_commands_take_them_without_a_word(command: str) -> None:
    Path("b.seg").write_text(OTHERS)
    segdsl("fmt", "b.seg")
    result = segdsl(*command.split(), "b.seg")
    assert result.exit_code == 0
    assert "segments" not in result.stderr.replace("0 segments", "")
