"""Runs that write one lock: one at a time, told who is at work, and nothing lost without locks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from running import ENVIRONMENT, segdsl
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import Entry, Lock, merged
from segdsl.workspace.sync import applying, exclusive
from segdsl.workspace.sync import commands as running
from workspace import NOW, write_project

pytestmark = pytest.mark.heavy

fcntl = pytest.importorskip("fcntl")
LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
HOLDER = """\
import os, sys, time
from pathlib import Path
from segdsl.workspace.project.config import need_project
from segdsl.workspace.sync.exclusive import alone
with alone(need_project(Path.cwd()), "local", "apply"):
    print("held", flush=True)
    sys.stdin.read()
"""
WRITING = (
    ["apply", "--yes"],
    ["apply", "--plan", "plan.json", "--yes"],
    ["pull"],
    ["mv", "Japan", "Nippon"],
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another run that is at work in a workspace."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_names_the_one_in_progress(project: Path) -> None:
    segdsl("plan", "--save", "plan.json")
    with holding(project) as process:
        for command in WRITING:
            done = segdsl(*command)
            assert done.exit_code == 2, command
            assert f"`segdsl apply` (process {process.pid} on " in done.stderr
            assert "wait until it has finished" in done.stderr
        # What only reads goes on.
        assert segdsl("plan").exit_code == 0
        assert segdsl("check").exit_code == 0
    assert segdsl("list").stderr.startswith("no segments on the server")
    assert segdsl("apply", "--yes").exit_code == 0


def test_one_that_was_killed_keeps_nobody_out(project: Path) -> None:
    with holding(project) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert segdsl("apply", "--yes").exit_code == 0


def test_each_target_has_its_own(project: Path) -> None:
    Path("segdsl.toml").write_text(
        LOCAL + f'[targets.other]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
    )
    with holding(project):
        assert segdsl("apply", "--yes", "--target", "other").exit_code == 0
        assert segdsl("apply", "--yes", "--target", "local").exit_code == 2


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"command": 1}', "\0" * 100])
def test_whatever_the_file_says_it_is_only_words(project: Path, text: str) -> None:
    folder = Path(".segdsl")
    folder.mkdir()
    Path(folder, "local.running").write_text(text)
    assert segdsl("apply", "--yes").exit_code == 0
    with holding(project):
        Path(folder, "local.running").write_text(text)
        done = segdsl("apply", "--yes")
    assert done.exit_code == 2
    assert "another run of segdsl is running" in done.stderr


@pytest.mark.parametrize("in_the_way", ["a pipe", "a link", "a folder", "a file for the folder"])
def test_what_is_in_the_way_stops_nothing(project: Path, in_the_way: str) -> None:
    folder, file = Path(".segdsl"), Path(".segdsl/local.running")
    victim = project.parent / f"{project.name}-victim"
    victim.write_text("precious")
    if in_the_way != "a file for the folder":
        folder.mkdir()
    match in_the_way:
        case "a pipe":
            os.mkfifo(file)
        case "a link":
            file.symlink_to(victim)
        case "a folder":
            file.mkdir()
        case _:
            Path("segdsl.toml").write_text(LOCAL + 'store = "store.sqlite"\n')
            folder.write_text("")
    assert segdsl("apply", "--yes").exit_code == 0
    assert victim.read_text() == "precious"


def test_without_locks_each_writes_what_it_did_itself(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that has none: while one applies, another applies and moves."""
    monkeypatch.setattr(exclusive, "fcntl", None)
    segdsl("apply", "--yes")
    Path("mine.seg").write_text('segment "Mine" where age > 1\n')
    carry_out = applying.carry_out
    other_ran = False

    async def meanwhile(*arguments: object) -> object:
        nonlocal other_ran
        if not other_ran:
            other_ran = True
            Path("mine.seg").rename(project.parent / "mine.seg")
            Path("yours.seg").write_text('segment "Yours" where age > 2\n')
            done = subprocess.run(
                [sys.executable, "-m", "segdsl", "apply", "--yes", "yours.seg"],
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                check=False,
            )
            (project.parent / "mine.seg").rename("mine.seg")
            assert done.returncode == 0, done.stderr
        return await carry_out(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "carry_out", meanwhile)
    assert segdsl("apply", "--yes").exit_code == 0
    lock = Path("local.lock.toml").read_text()
    for name in ("Japan", "Buyers", "Buyers in Japan", "Mine", "Yours"):
        assert f'name = "{name}"' in lock
    assert segdsl("plan", "--exit-code").exit_code == 0


def test_many_at_once_lose_nothing(project: Path) -> None:
    """Several applies, pulls and plans begin together; whoever cannot says so, and ends with 2."""
    for at in range(20):
        Path(f"s{at}.seg").write_text(f'segment "S{at}" where age > {at}\n')
    commands = [["apply", "--yes"]] * 3 + [["pull"], ["plan"], ["create", "japan.seg"]]
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "segdsl", *command],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    for command, run in zip(commands, runs, strict=True):
        _, err = run.communicate(timeout=120)
        assert "Traceback" not in err
        assert run.returncode in (0, 1, 2, 3), (command, err)
    assert segdsl("apply", "--yes").exit_code == 0
    assert segdsl("plan", "--exit-code").exit_code == 0
    listed = json.loads(segdsl("list", "--json").stdout)["segments"]
    assert len(listed) == 23
    assert Path("local.lock.toml").read_text().count("[[resources]]") == 23


def test_only_what_a_run_changed_is_taken_from_it() -> None:
    def entry(id: str, name: str = "x") -> Entry:
        return Entry("segment", id, name, (), "", "", "")

    base = Lock("1", (entry("1"), entry("2"), entry("3"), entry("4")))
    ours = Lock("1", (entry("1", "mine"), entry("3"), entry("4"), entry("5")))
    now = Lock("1", (entry("1"), entry("2"), entry("3", "theirs"), entry("6")))
    assert merged(base, ours, now) == {
        Ref("segment", "1"): entry("1", "mine"),
        Ref("segment", "3"): entry("3", "theirs"),
        Ref("segment", "5"): entry("5"),
        Ref("segment", "6"): entry("6"),
    }
