"""The workflow and the hooks that the project offers: whole, and of commands that there are."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from running import ENVIRONMENT, ROOT, TIDY, UNTIDY, segdsl
from workspace import write_project

pytestmark = pytest.mark.heavy

yaml = pytest.importorskip("yaml")
LOCAL = '[targets.production]\nkind = "local"\ndata = "data"\nnow = 2024-10-01T09:00:00+09:00\n'


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "examples/github/segments.yml").read_text())
    return found


def commands(job: str) -> list[str]:
    steps = workflow()["jobs"][job]["steps"]
    return [step["run"] for step in steps if step.get("run", "").startswith("segdsl ")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = f'segdsl() {{ "{sys.executable}" -m segdsl "$@"; }}\n{command}'
    return subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
        check=False,
    )


def test_the_workflow_runs_from_check_to_apply(tmp_path: Path) -> None:
    """Each command as it stands there, with a local target in the place of the account."""
    write_project(tmp_path, LOCAL)
    for command in commands("check"):
        assert run(command, tmp_path).returncode == 0, command
    [plan] = commands("plan")
    assert run(plan, tmp_path).returncode == 0
    comment = (tmp_path / "plan.md").read_text()
    assert comment.startswith("### segdsl plan for `production`\n\nPlan: 3 to create")
    [drift] = commands("drift")
    assert run(drift, tmp_path).returncode == 4
    for command in commands("apply"):
        assert run(command, tmp_path).returncode == 0, command
    assert (tmp_path / "production.lock.toml").exists()
    assert run(drift, tmp_path).returncode == 0


def test_the_key_is_a_secret_and_not_for_strangers() -> None:
    jobs = workflow()["jobs"]
    for name, job in jobs.items():
        for step in job["steps"]:
            key = step.get("env", {}).get("TD_API_KEY")
            assert key in (None, "${{ secrets.TD_API_KEY }}")
            if key is not None and name == "plan":
                assert "head.repo.full_name == github.repository" in job["if"]


@pytest.mark.parametrize(("text", "fails"), [(TIDY, False), (UNTIDY, False), ("segment", True)])
def test_the_hooks_take_files_as_pre_commit_gives_them(
    text: str, fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [each["id"] for each in hooks] == ["segdsl-fmt", "segdsl-check"]
    Path("a.seg").write_text(text)
    for hook in hooks:
        program, *arguments = shlex.split(hook["entry"])
        assert program == "segdsl"
        assert re.search(hook["files"], "a/b.seg")
        assert (segdsl(*arguments, "a.seg").exit_code != 0) == fails


def test_the_hooks_of_this_repository_are_commands_of_its_environment() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert {each["id"] for each in hooks} == {"ruff-format", "ruff-check", "mypy", "segdsl-fmt"}
    for hook in hooks:
        program = hook["entry"].split()[0]
        assert Path(program).parent == Path(".venv/bin")
        assert (Path(sys.executable).parent / Path(program).name).is_file()
