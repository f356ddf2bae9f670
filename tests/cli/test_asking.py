"""Questions at a terminal: one Ctrl-C ends the command, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl
from terminal import CTRL_C, on_terminal
from workspace import NOW, write_project

pytestmark = pytest.mark.heavy

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ctrl_c_at_the_question_of_an_apply_ends_it(project: Path) -> None:
    with on_terminal(project, "apply") as terminal:
        terminal.read_until("Apply these changes to “local”?")
        terminal.press(CTRL_C)
        # By then there must be nobody who would read this.
        terminal.press("y\n")
        assert terminal.end() == 130
    assert "created" not in terminal.written
    assert segdsl("list").stderr.startswith("no segments on the server")
    assert not (project / "local.lock.toml").exists()


def test_ctrl_c_in_the_middle_of_an_answer(project: Path) -> None:
    with on_terminal(project, "apply") as terminal:
        terminal.read_until("Apply these changes to “local”?")
        terminal.press("y" + CTRL_C + "\n")
        assert terminal.end() == 130
    assert segdsl("list").stderr.startswith("no segments on the server")


def test_ctrl_c_at_the_question_of_a_delete_ends_it(project: Path) -> None:
    segdsl("apply", "--yes")
    with on_terminal(project, "delete", "Buyers in Japan") as terminal:
        terminal.read_until("Delete ")
        terminal.press(CTRL_C + "y\n")
        assert terminal.end() == 130
    assert "Buyers in Japan" in segdsl("list").stdout


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_any_other_answer_sends_nothing(project: Path, answer: str) -> None:
    with on_terminal(project, "apply") as terminal:
        terminal.read_until("Apply these changes to “local”?")
        terminal.press(answer)
        assert terminal.end() == 1
    assert segdsl("list").stderr.startswith("no segments on the server")


def test_who_says_yes_is_asked_once(project: Path) -> None:
    with on_terminal(project, "apply") as terminal:
        terminal.read_until("Apply these changes to “local”?")
        terminal.press("y\n")
        assert terminal.end() == 0
    assert "Countries/Asia/Japan" in segdsl("list").stdout
