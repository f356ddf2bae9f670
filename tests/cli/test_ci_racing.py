"""The workflow's apply job where pushes come close together: its steps, on a real repository.

A job is a clone of the branch's tip, as its checkout makes it, in which each step of the workflow
is run. All jobs apply to one store, as all apply to one parent segment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from running import ENVIRONMENT, ROOT
from workspace import JAPAN, NOW, write_project

yaml = pytest.importorskip("yaml")
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / "examples/github/segments.yml").read_text())
APPLY = WORKFLOW["jobs"]["apply"]
# What the runner has; nobody waits here.
SHELL = f'segdsl() {{ "{sys.executable}" -m segdsl "$@"; }}\nsleep() {{ :; }}\n'
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GITHUB_REF_NAME": "main",
}
PERSON = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


def seen_in(lock: str) -> dict[str, str]:
    return {each["name"]: each["source"] for each in tomllib.loads(lock)["resources"]}


class Repository:
    """A bare repository, and people and jobs that have clones of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = folder / "bare.git"
        self.clones = 0

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.folder,
            env={**ENVIRONMENT, **GIT},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def clone(self) -> Path:
        """As `actions/checkout` has it: the tip alone, with nobody's name."""
        self.clones += 1
        path = self.folder / f"clone-{self.clones}"
        self.git("clone", "-q", "--depth", "1", f"file://{self.bare}", str(path))
        return path

    def push(self, name: str, text: str) -> None:
        """Somebody's commit to one file."""
        path = self.clone()
        (path / name).write_text(text)
        self.git("add", "-A", cwd=path)
        self.git(*PERSON, "commit", "-q", "-m", f"A change of {name}", cwd=path)
        self.git("push", "-q", cwd=path)

    def show(self, name: str) -> str:
        return self.git("show", f"main:{name}", cwd=self.bare)

    def locked(self) -> dict[str, str]:
        """The segments of the lock, each as it was last seen."""
        return seen_in(self.show("production.lock.toml"))


class Job:
    """The apply job, run step by step."""

    def __init__(self, repository: Repository) -> None:
        [checkout] = [each for each in APPLY["steps"] if "checkout" in each.get("uses", "")]
        assert checkout["with"] == {"ref": "${{ github.ref_name }}"}
        self.folder = repository.clone()
        self.output = ""
        self.failed = False
        steps = [each for each in APPLY["steps"] if "run" in each]
        self.steps = [each for each in steps if not each["run"].startswith("pip ")]

    def until_applied(self) -> Job:
        while "git push" not in self.steps[0]["run"]:
            self.step()
        return self

    def to_the_end(self) -> Job:
        while self.steps:
            self.step()
        return self

    def step(self) -> None:
        step = self.steps.pop(0)
        if self.failed and step.get("if") != "always()":
            return
        done = subprocess.run(
            ["bash", "-e", "-c", SHELL + step["run"]],
            cwd=self.folder,
            env={**ENVIRONMENT, **GIT},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output += done.stdout
        self.failed |= done.returncode != 0


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path)
    found.git("init", "-q", "--bare", "-b", "main", str(found.bare))
    first = tmp_path / "first"
    first.mkdir()
    store = tmp_path / "store.sqlite"
    write_project(
        first,
        f'[targets.production]\nkind = "local"\ndata = "data"\nstore = "{store}"\nnow = {NOW}\n',
    )
    found.git("init", "-q", "-b", "main", cwd=first)
    found.git("add", "-A", cwd=first)
    found.git(*PERSON, "commit", "-q", "-m", "The workspace", cwd=first)
    found.git("push", "-q", f"file://{found.bare}", "main", cwd=first)
    return found


def nothing_is_left_to_do(repository: Repository) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "segdsl", "plan", "--exit-code"],
        cwd=repository.clone(),
        env=ENVIRONMENT,
        check=False,
        capture_output=True,
    )
    return done.returncode == 0


def test_a_job_pushes_the_lock_once(repository: Repository) -> None:
    job = Job(repository).to_the_end()
    assert not job.failed, job.output
    assert repository.locked().keys() == {"Japan", "Buyers", "Buyers in Japan"}
    assert nothing_is_left_to_do(repository)
    before = repository.git("rev-parse", "main", cwd=repository.bare)
    again = Job(repository).to_the_end()
    assert not again.failed, again.output
    assert repository.git("rev-parse", "main", cwd=repository.bare) == before


def test_a_push_in_the_middle_of_an_apply_takes_no_lock_away(repository: Repository) -> None:
    """And the job of that push, which waits for this one, finds no conflict."""
    repository.push("japan.seg", JAPAN.replace("JP", "US"))
    first = Job(repository).until_applied()
    repository.push("japan.seg", JAPAN.replace("JP", "FR"))
    first.to_the_end()
    assert not first.failed, first.output
    assert "US" in repository.locked()["Japan"]
    assert "FR" in repository.show("japan.seg")
    second = Job(repository).to_the_end()
    assert not second.failed, second.output
    assert "conflict" not in second.output
    assert "FR" in repository.locked()["Japan"]
    assert nothing_is_left_to_do(repository)


def test_a_lock_that_two_changed_fails_loudly_and_a_new_run_mends_it(
    repository: Repository,
) -> None:
    Job(repository).to_the_end()
    repository.push("japan.seg", JAPAN.replace("JP", "US"))
    job = Job(repository).until_applied()
    lock = repository.show("production.lock.toml")
    repository.push("production.lock.toml", lock.replace("JP", "XX"))
    job.to_the_end()
    assert job.failed
    assert "::error title=The lock was not pushed::" in job.output
    assert "run this job again" in job.output
    # What is kept as the artifact is a lock, and not one with the marks of a merge.
    assert "US" in seen_in((job.folder / "production.lock.toml").read_text())["Japan"]
    assert not Job(repository).to_the_end().failed
    assert nothing_is_left_to_do(repository)


def test_a_branch_that_takes_no_push_fails_loudly(repository: Repository) -> None:
    hook = repository.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    job = Job(repository).to_the_end()
    assert job.failed
    assert "Let github-actions push to main" in job.output
    hook.unlink()
    assert not Job(repository).to_the_end().failed
    assert nothing_is_left_to_do(repository)


def test_the_lock_of_what_failed_part_of_the_way_is_pushed_too(repository: Repository) -> None:
    repository.push("wrong.seg", 'segment "Wrong" where contry = "JP"\n')
    job = Job(repository).to_the_end()
    assert job.failed
    assert "1 of 4 changes not applied" in job.output
    assert "::error title=The lock" not in job.output
    assert repository.locked().keys() == {"Japan", "Buyers", "Buyers in Japan"}


def test_only_applies_wait_for_each_other() -> None:
    assert "concurrency" not in WORKFLOW
    groups = {
        name: job["concurrency"]["group"]
        for name, job in WORKFLOW["jobs"].items()
        if "concurrency" in job
    }
    assert groups == {"plan": "segments-plan-${{ github.ref }}", "apply": "segments-apply"}
    assert APPLY["concurrency"]["cancel-in-progress"] is False
    assert APPLY["steps"][-1]["if"] == "failure()"
    assert APPLY["steps"][-1]["with"]["path"] == "**/*.lock.toml"
