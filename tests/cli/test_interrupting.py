"""Ctrl-C: what still runs on the server is killed there, and the person is told."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from running import interruptible
from workspace import serving, write_project

# One profile whose events all lie in every window: each is compared with all others.
MANY = 150_000
SLOW = 'segment "Slow" where count distinct (purchases.category over 30000 days) >= 150000\n'


def slow_project(folder: Path, target: str) -> None:
    write_project(folder, target)
    rows = "".join(f"c01,{1_600_000_000 + at},k{at},1\n" for at in range(MANY))
    header = "cdp_customer_id,timestamp,category,amount\n"
    (folder / "data" / "behavior_purchases.csv").write_text(header + rows)
    (folder / "slow.seg").write_text(SLOW)


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def statuses(store: Path) -> list[str]:
    """Those of the queries; a store that is being made has none."""
    with sqlite3.connect(store) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'queries'").fetchone():
            return []
        return [status for (status,) in database.execute("SELECT status FROM queries")]


def interrupted(folder: Path, ready: Callable[[], bool]) -> tuple[int, str, str]:
    with interruptible("preview", "slow.seg", cwd=folder) as process:
        wait_until(ready)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_ctrl_c_kills_the_query_on_a_server(tmp_path: Path) -> None:
    slow_project(tmp_path, "")
    store = tmp_path / "store.sqlite"
    with serving(tmp_path, "--store", str(store)) as url:
        (tmp_path / "segdsl.toml").write_text(f'[targets.local]\nkind = "local"\nurl = "{url}"\n')
        code, out, err = interrupted(tmp_path, lambda: statuses(store) == ["running"])
        assert statuses(store) == ["killed"]
    assert code == 130
    assert out == ""
    assert err == "interrupted: killed 1 running query on the server\n"


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_ctrl_c_in_one_process(tmp_path: Path) -> None:
    slow_project(tmp_path, '[targets.local]\nkind = "local"\ndata = "data"\n')
    store = tmp_path / ".segdsl" / "local.sqlite"
    code, out, err = interrupted(
        tmp_path, lambda: store.exists() and statuses(store) == ["running"]
    )
    assert (code, out) == (130, "")
    assert err == "interrupted: killed 1 running query on the server\n"
    assert statuses(store) == ["killed"]


@pytest.mark.heavy
@pytest.mark.slow(quick=True)
def test_ctrl_c_lets_an_apply_finish_what_is_under_way(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        '[targets.local]\nkind = "local"\ndata = "data"\nstore = "store.sqlite"\n'
        'faults = "latency=60ms"\n',
    )
    text = "".join(f'segment "S{at}" folder "F" where age > {at}\n' for at in range(150))
    (tmp_path / "many.seg").write_text(text)
    store = tmp_path / "store.sqlite"

    def made() -> int:
        if not store.exists():
            return 0
        with sqlite3.connect(store) as database:
            try:
                [(number,)] = database.execute("SELECT count(*) FROM segments").fetchall()
            except sqlite3.OperationalError:
                return 0
        return int(number)

    with interruptible("apply", "--yes", cwd=tmp_path) as process:
        wait_until(lambda: made() > 5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "interrupted; run the command again to apply the rest\n"
    begun = made()
    # What was made was also told, and is in the lock.
    assert out.count("created  ") == begun < 150
    assert (tmp_path / "local.lock.toml").read_text().count("[[resources]]") == begun
    with interruptible("apply", "--yes", cwd=tmp_path) as process:
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert made() == 153
