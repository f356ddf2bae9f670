"""`segdsl parent validate`: measures of raw tables, as text, as JSON, and as SQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from raw_tables import write_raw
from running import segdsl

PARENT = """\
name = "Shop"

[master]
table = "shop.users"
filters = { status = ["active", "trial"] }

[attributes.Profile]
table = "shop.profiles"
join = { user_id = "customer_id" }
columns = { age = "number" }
"""


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    raw = write_raw(tmp_path)
    (raw / "parent_segment.toml").write_text(PARENT)
    return raw


def test_measures_of_raw_tables(raw: Path) -> None:
    done = segdsl("parent", "validate", "--data", "raw")
    assert done.exit_code == 0
    assert (
        done.stdout
        == """\
shop.users: rows that the filters keep                     3 of 4 (75.0%)
shop.users.user_id: rows without a key                     0 of 3 (0.0%)
shop.users.user_id: rows whose key another row has         0 of 3 (0.0%)
shop.profiles.customer_id: rows without a key              0 of 3 (0.0%)
shop.profiles.customer_id: rows whose key another row has  0 of 3 (0.0%)
shop.users.user_id: rows that have one in shop.profiles    2 of 3 (66.7%)
shop.profiles.age: values that are no number               1 of 3 (33.3%)
warning: `shop.profiles`: 1 value of `age` is no number, and becomes null
0 errors, 1 warning
"""
    )


def test_what_is_missing_ends_with_1(raw: Path) -> None:
    (raw / "parent_segment.toml").write_text(PARENT.replace("shop.profiles", "shop.profile"))
    done = segdsl("parent", "validate", "--data", "raw")
    assert done.exit_code == 1
    assert "error: there is no table `shop.profile`" in done.stdout
    assert "did you mean `shop.profiles`" in done.stdout


def test_the_document(raw: Path) -> None:
    done = segdsl("parent", "validate", "--data", "raw", "--json")
    found = json.loads(done.stdout)
    [misfit] = [each for each in found["measures"] if each["severity"] is not None]
    assert (misfit["kind"], misfit["table"], misfit["column"]) == (
        "misfits",
        "shop.profiles",
        "age",
    )
    assert (misfit["value"], misfit["total"], misfit["severity"]) == (1, 3, "warning")


def test_queries_for_a_warehouse_need_no_tables(raw: Path) -> None:
    done = segdsl("parent", "validate", "--sql", "--file", "raw/parent_segment.toml")
    assert done.exit_code == 0
    assert 'FROM "shop"."users"' in done.stdout
    missing = segdsl("parent", "validate", "--file", "raw/parent_segment.toml")
    assert missing.exit_code == 2
    assert "--data" in missing.stderr


def test_a_file_without_a_master(raw: Path) -> None:
    (raw / "parent_segment.toml").write_text('name = "Shop"\n')
    done = segdsl("parent", "validate", "--data", "raw")
    assert done.exit_code == 2
    assert "has no `[master]`" in done.stderr


def test_a_row_without_a_key(raw: Path) -> None:
    users = raw / "shop" / "users.csv"
    users.write_text(f"{users.read_text()},active,e@example.com\n")
    done = segdsl("parent", "validate", "--data", "raw")
    assert "`shop.users`: 1 row without `user_id` never matches\n" in done.stdout
    users.write_text(f"{users.read_text()},active,f@example.com\n")
    done = segdsl("parent", "validate", "--data", "raw")
    assert "`shop.users`: 2 rows without `user_id` never match\n" in done.stdout


def test_what_is_not_there(raw: Path) -> None:
    done = segdsl("parent", "validate", "--data", "rwa")
    assert done.exit_code == 2
    assert "there is no folder `rwa`" in done.stderr
    done = segdsl("parent", "validate")
    assert done.exit_code == 2
    assert "parent_segment.toml does not exist" in done.stderr
    assert "`segdsl init --data DIR` proposes it for raw tables" in done.stderr
