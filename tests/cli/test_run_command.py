"""`segdsl run activation`: asks, runs once, waits, and says what came of it; an apply runs none."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from running import interruptible, segdsl
from workspace import serving, write_project

SYNC = """\
activation "Contact sync" of segment "Japan" of folder "Countries/Asia"
  to connection "s3"
  columns (email, age)
  with (bucket = "exports", format = "csv")
"""
LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    (tmp_path / "sync.seg").write_text(SYNC)
    monkeypatch.chdir(tmp_path)
    done = segdsl("apply", "--yes")
    assert done.exit_code == 0, done.stderr
    return tmp_path


def exports(project: Path) -> list[str]:
    return [each.name for each in (project / "exports").glob("*")]


@pytest.mark.parametrize("name", ["Contact sync", "Countries/Asia/Japan/Contact sync", "#{}"])
def test_it_runs_and_says_how_many_rows(project: Path, name: str) -> None:
    assert exports(project) == [], "an apply runs nothing"
    plan = json.loads(segdsl("plan", "--json").stdout)
    assert plan["changes"] == []
    entries = (project / "local.lock.toml").read_text()
    id = entries.split('kind = "activation"\nid = "')[1].split('"')[0]
    done = segdsl("run", "activation", name.format(id), "--yes")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (
        f"started  Countries/Asia/Japan/Contact sync  #{id}\n"
        f"success  Countries/Asia/Japan/Contact sync  #{id}, 3 rows\n"
    )
    assert len(exports(project)) == 1


def test_its_document(project: Path) -> None:
    found = json.loads(segdsl("run", "activation", "Contact sync", "--yes", "--json").stdout)
    assert (found["command"], found["name"], found["folder"], found["status"], found["rows"]) == (
        "run activation",
        "Contact sync",
        "Countries/Asia/Japan",
        "success",
        3,
    )


def test_without_a_yes_nothing_runs(project: Path) -> None:
    done = segdsl("run", "activation", "Contact sync")
    assert done.exit_code == 2
    assert "pass --yes to run Countries/Asia/Japan/Contact sync" in done.stderr
    assert exports(project) == []


def test_one_that_is_not_there(project: Path) -> None:
    done = segdsl("run", "activation", "Contact snyc", "--yes")
    assert done.exit_code == 2
    assert "there is no activation `Contact snyc`; did you mean `Contact sync`?" in done.stderr


def test_several_of_one_name(project: Path) -> None:
    more = SYNC.replace('"Japan" of folder "Countries/Asia"', '"Buyers"')
    (project / "more.seg").write_text(more)
    assert segdsl("apply", "--yes").exit_code == 0
    done = segdsl("run", "activation", "Contact sync", "--yes")
    assert done.exit_code == 2
    assert "2 activations are named `Contact sync`: specify one by path or id" in done.stderr


def test_a_run_that_fails_exits_with_3(project: Path) -> None:
    (project / "exports").mkdir()
    (project / "exports").chmod(0o500)
    (project / "exports").rmdir()
    (project / "exports").write_text("a file is in the way")
    done = segdsl("run", "activation", "Contact sync", "--yes")
    assert done.exit_code == 3
    assert "ended as `error`" in done.stderr


def test_without_waiting(project: Path) -> None:
    done = segdsl("run", "activation", "Contact sync", "--yes", "--no-wait")
    assert done.exit_code == 0
    assert done.stdout.startswith("started  Countries/Asia/Japan/Contact sync  #")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_after_ctrl_c_the_run_goes_on(project: Path) -> None:
    options = ("--store", "store.sqlite", "--faults", "latency=500ms")
    with serving(project, *options) as url:
        (project / "segdsl.toml").write_text(f'[targets.local]\nkind = "local"\nurl = "{url}"\n')
        (project / "local.lock.toml").unlink()
        assert segdsl("apply", "--yes").exit_code == 0
        arguments = ("run", "activation", "Contact sync", "--yes")
        with interruptible(*arguments, cwd=project) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("started")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, "interrupted; the run goes on at the server\n")
        found = json.loads(segdsl("run", "activation", "Contact sync", "--yes", "--json").stdout)
        assert found["status"] == "success"
