"""What DuckDB puts on disk is in a folder that is its owner's alone, and that goes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine_folders import csv, sql
from segdsl.engine import DataError, open_data
from segdsl.engine.temporary import PREFIX, TemporaryFolder

OPEN = """
import sys, time
from pathlib import Path
from segdsl.engine import open_data
with open_data(Path(sys.argv[1])) as data:
    print(data._temporary.path, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    csv(tmp_path / "data", "customers", "cdp_customer_id,x\np,1\n")
    return folder


def test_spilled_data_is_private_and_removed(tmp_path: Path, temporary: Path) -> None:
    with open_data(tmp_path / "data") as data:
        (folder,) = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (spill,) = data._connection.execute("SELECT current_setting('temp_directory')").fetchone()  # type: ignore[misc]
        assert Path(spill).parent == folder
        data.start(sql("SELECT 1")).wait()
    assert list(temporary.iterdir()) == []


def killed(data: Path) -> Path:
    """The folder that a killed process leaves behind."""
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(data)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert folder.is_dir()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_folders_of_killed_processes_are_removed(tmp_path: Path, temporary: Path) -> None:
    folder = killed(tmp_path / "data")
    (folder / "spill").mkdir(exist_ok=True)
    (folder / "spill" / "profiles.tmp").write_text("values of profiles")
    with open_data(tmp_path / "data") as data:
        assert not folder.exists()
        with open_data(tmp_path / "data"):
            assert data._temporary.path.is_dir(), "another that is open stays"
            assert len(list(temporary.iterdir())) == 2
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_other_folders_are_not_removed(tmp_path: Path, temporary: Path) -> None:
    """No folder without a lock, no link, and nothing of another name."""
    (temporary / f"{PREFIX}plain").mkdir()
    (temporary / "segdsl-other").mkdir()
    (temporary / "segdsl-other" / "lock").touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (temporary / f"{PREFIX}link").symlink_to(elsewhere)
    (temporary / f"{PREFIX}inside").mkdir()
    (temporary / f"{PREFIX}inside" / "lock").symlink_to(elsewhere / "lock")
    (temporary / f"{PREFIX}file").touch()
    before = sorted(temporary.rglob("*"))
    TemporaryFolder().close()
    assert sorted(temporary.rglob("*")) == before
    assert (elsewhere / "lock").exists()


def test_an_unusable_temporary_folder_is_an_error(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="cannot create a temporary folder: no such file"):
        open_data(tmp_path / "data")


def test_an_error_leaves_no_files_behind(tmp_path: Path, temporary: Path) -> None:
    csv(tmp_path / "data", "customers", "cdp_customer_id,x\np,1\np,2\n")
    with pytest.raises(DataError, match="duplicate"):
        open_data(tmp_path / "data")
    assert os.listdir(temporary) == []
