"""`segdsl parent run` and `status` on local targets: runs end with the process of the local API."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from local_api import write_data
from raw_tables import write_raw
from running import segdsl
from segdsl.engine import QueryKilled
from segdsl.engine.build import Build


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose parent segment is there, and was not built."""
    monkeypatch.chdir(tmp_path)
    folder = write_raw(tmp_path)
    assert segdsl("init", "--data", "raw").exit_code == 0
    assert segdsl("parent", "apply", "--yes").exit_code == 0
    return folder


def hold(monkeypatch: pytest.MonkeyPatch, on_run: Any) -> None:
    """Builds that end only when they are canceled; `on_run` is called when one begins."""
    canceled = threading.Event()

    def run(build: Build, *arguments: Any) -> Any:
        on_run()
        assert canceled.wait(30)
        raise QueryKilled

    monkeypatch.setattr(Build, "cancel", lambda build: canceled.set())
    monkeypatch.setattr(Build, "run", run)


def runs() -> list[str]:
    found = json.loads(segdsl("parent", "status", "--json").stdout)["runs"]
    return [each["status"] for each in found]


def test_ctrl_c_stops_the_run_of_a_local_api_in_the_process(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            hold(patch, lambda: os.kill(os.getpid(), signal.SIGINT))
            done = segdsl("parent", "run", "--yes")
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.exit_code == 130
    assert done.stderr == (
        "interrupted: the run is stopped, as the local API ends with this command\n"
    )
    assert runs() == ["canceled"]
    assert segdsl("parent", "run", "--yes").exit_code == 0
    assert runs() == ["success", "canceled"]


def test_a_run_that_is_not_waited_for_is_said_to_stop(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        hold(patch, lambda: None)
        done = segdsl("parent", "run", "--yes", "--no-wait")
    assert done.exit_code == 0
    assert "the local API of this target ends with this command, and stops the run" in done.stderr
    assert runs() == ["canceled"]


def test_the_status_without_executions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local API over tables that are built lists no runs."""
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path)
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    done = segdsl("parent", "status")
    assert done.exit_code == 0, done.stderr
    assert "  population  6\n" in done.stdout
    assert done.stdout.endswith("  last runs   not known: the server does not list them\n")
    document = json.loads(segdsl("parent", "status", "--json").stdout)
    assert document["runs"] is None
    assert document["populations"][-1]["population"] == 6
    refused = segdsl("parent", "run", "--yes")
    assert refused.exit_code == 2
    assert "Tiny shop (#7) cannot be run" in refused.stderr


# --- what a new user gets wrong ----------------------------------------------------------

CONFIGURATION = """\
name = "Shop"

[master]
table = "shop.users"

[attributes.Profile]
table = "shop.profiles"
join = { user_id = "customer_id" }
columns = { age = "number" }
"""


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("shop.profiles", "shop.profils", "there is no table `shop.profils`"),
        ("{ age", "{ aeg", "has no column `aeg`; did you mean `age`?"),
        ("{ user_id", "{ usr_id", "has no column `usr_id`; did you mean `user_id`?"),
    ],
)
def test_a_run_that_fails_says_why(raw: Path, before: str, after: str, reason: str) -> None:
    (raw / "parent_segment.toml").write_text(CONFIGURATION.replace(before, after))
    assert segdsl("parent", "apply", "--yes", "--replace").exit_code == 0
    done = segdsl("parent", "run", "--yes")
    assert done.exit_code == 3
    assert "ended as `error`: " in done.stderr
    assert reason in done.stderr
    assert "console" not in done.stderr
    assert reason in segdsl("parent", "status").stdout
    [run] = json.loads(segdsl("parent", "status", "--json").stdout)["runs"]
    assert reason in run["message"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "profiles.csv is empty: the first line must name the columns"),
        (b"customer_id,age\nu1,\xe9\n", "profiles.csv is not UTF-8: save the file as UTF-8"),
    ],
)
def test_tables_that_cannot_be_read(raw: Path, content: bytes, reason: str) -> None:
    (raw / "parent_segment.toml").write_text(CONFIGURATION)
    assert segdsl("parent", "apply", "--yes", "--replace").exit_code == 0
    (raw / "shop" / "profiles.csv").write_bytes(content)
    validated = segdsl("parent", "validate")
    assert (validated.exit_code, reason in validated.stderr) == (2, True)
    done = segdsl("parent", "run", "--yes")
    assert (done.exit_code, reason in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{CONFIGURATION}x = [\n", "parent_segment.toml is not a valid TOML file"),
        (CONFIGURATION.replace("[master]", "[mastr]"), "unknown key `mastr`"),
        (CONFIGURATION.replace('"number"', '"nummber"'), "unknown type “nummber” of `age`"),
        (CONFIGURATION.replace('"shop.users"', '"users"'), "`users` names no table of a database"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "pull", "apply", "validate"])
def test_a_mistake_in_the_file_is_shown_at_its_place(
    raw: Path, command: str, text: str, message: str
) -> None:
    (raw / "parent_segment.toml").write_text(text)
    done = segdsl("parent", command)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "parent_segment.toml:" in done.stderr


def test_one_profile_is_no_profiles(raw: Path) -> None:
    (raw / "shop" / "users.csv").write_text("user_id,status\nu1,active\n")
    done = segdsl("parent", "run", "--yes")
    assert done.stdout.endswith(", 1 profile\n")


@pytest.mark.parametrize("command", [("parent", "plan"), ("list",), ("init", "--data", "raw")])
def test_a_file_that_is_no_toml_is_named_and_not_the_tables(
    raw: Path, command: tuple[str, ...]
) -> None:
    path = raw / "parent_segment.toml"
    path.write_text(path.read_text() + "[master]\n")
    failed = segdsl(*command)
    assert failed.exit_code == 2
    assert "parent_segment.toml is not a valid TOML file" in failed.stderr
    assert "customers.parquet" not in failed.stderr


def test_a_file_with_a_byte_order_mark_is_read(raw: Path) -> None:
    path = raw / "parent_segment.toml"
    path.write_text("\ufeff" + path.read_text())
    assert segdsl("parent", "plan").stdout.startswith("No changes.")


def test_without_a_master_table_the_error_says_what_is_missing(raw: Path) -> None:
    (raw / "parent_segment.toml").write_text('name = "Shop"\n')
    failed = segdsl("parent", "plan")
    assert failed.exit_code == 2
    assert "name the master table under [master]" in failed.stderr
