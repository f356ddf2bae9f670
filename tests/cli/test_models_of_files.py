"""Predictive segments of files, which a schema does not have yet, may be named by rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl
from workspace import NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
MODEL = """\
predictive segment "Buys again"
  predicts segment "Buyers"
  grades 75, 50, 25
  features (number age)
"""
LIKELY = 'segment "Likely" where score of "{}" between 3 and 4\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    assert segdsl("schema", "pull").exit_code == 0
    (tmp_path / "model.seg").write_text(MODEL)
    return tmp_path


def test_one_of_another_file_is_known_to_a_check_and_to_a_plan(project: Path) -> None:
    (project / "likely.seg").write_text(LIKELY.format("Buys again"))
    for command in (["check"], ["check", "likely.seg"], ["plan"], ["apply", "--yes"]):
        done = segdsl(*command)
        assert done.exit_code == 0, (command, done.stderr)
    assert "created    predictive segment Buys again" in done.stdout
    assert segdsl("plan", "--exit-code").exit_code == 0


def test_one_of_no_file_is_reported(project: Path) -> None:
    (project / "likely.seg").write_text(LIKELY.format("Buys agian"))
    done = segdsl("check", "likely.seg")
    assert done.exit_code == 1
    assert 'there is no predictive model "Buys agian"' in done.stderr
    done = segdsl("plan")
    assert done.exit_code == 1
    assert 'no predictive segment on the server is named "Buys agian"' in done.stderr


def test_a_preview_asks_the_server_for_what_the_schema_does_not_have(project: Path) -> None:
    (project / "likely.seg").write_text(LIKELY.format("Buys again"))
    done = segdsl("preview", "likely.seg")
    assert done.exit_code == 1
    assert 'error[SEG304]: no predictive segment on the server is named "Buys again"' in done.stderr
    assert "apply and train it first" in done.stderr
    assert segdsl("apply", "--yes").exit_code == 0
    (project / "inlined.seg").write_text('segment "Some" where in segment "Likely" or age = 1\n')
    done = segdsl("preview", "likely.seg", "inlined.seg")
    assert done.exit_code == 0, done.stderr
    assert "Likely" in done.stdout
