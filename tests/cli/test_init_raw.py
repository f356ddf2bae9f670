"""`segdsl init` over raw tables: what it guesses, prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from raw_tables import write_raw
from running import segdsl
from segdsl.parent_segment.file import read_configuration
from segdsl.parent_segment.model import Join, Table


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    raw = write_raw(tmp_path)
    (raw / "parent_segment.toml").unlink()
    (raw / "shop" / "colors.csv").write_text("color,red\nx,1\n")
    return raw


def test_a_parent_segment_is_proposed_with_its_guesses(raw: Path) -> None:
    done = segdsl("init", "--data", "raw")
    assert done.exit_code == 0
    assert (
        done.stdout
        == """\
guessed: `shop.users` has the profiles: each row has another `user_id`
guessed: `shop.colors` is left out: no column matches `shop.users.user_id`
guessed: `shop.orders` has events: `customer_id` = `shop.users.user_id` (3 of 4 rows match)
guessed: `shop.profiles` has attributes: `customer_id` = `shop.users.user_id` (3 of 3 rows match)
created: segdsl.toml
created: raw/parent_segment.toml
created: .gitignore

Next:
  segdsl parent validate
  segdsl parent apply
  segdsl parent run
  segdsl schema pull
"""
    )
    found = read_configuration(raw / "parent_segment.toml", "it", root=None)
    assert found is not None
    assert found.master.table == Table("shop", "users")
    [profiles] = found.attributes
    assert profiles.join == Join("user_id", "customer_id")
    assert {each.name: each.type for each in profiles.columns} == {
        "age": "string",
        "country": "string",
    }
    [orders] = found.behaviors
    assert {each.name: each.type for each in orders.columns} == {
        "amount": "number",
        "at": "string",
        "category": "string",
    }


def test_what_is_proposed_can_be_built(raw: Path) -> None:
    segdsl("init", "--data", "raw")
    for command in (("validate",), ("apply", "--yes"), ("run", "--yes")):
        done = segdsl("parent", *command)
        assert done.exit_code == 0, (command, done.output)
    Path("x.seg").write_text('segment "Japan" where country = "JP" and count(orders) > 0\n')
    assert segdsl("schema", "pull").exit_code == 0
    found = json.loads(segdsl("preview", "x.seg", "--json").stdout)
    assert [each["count"] for each in found["segments"]] == [1]


def test_of_tables_that_match_alike_the_name_says_which_has_the_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("raw", "db")
    folder.mkdir(parents=True)
    for name in ("a", "b", "customers"):
        (folder / f"{name}.csv").write_text(f"customer_id,{name}_x\n1,p\n2,q\n")
    done = segdsl("init", "--data", "raw")
    assert "guessed: `db.customers` has the profiles" in done.stdout


def test_a_description_that_is_there_stays(raw: Path) -> None:
    text = 'name = "Mine"\n\n[master]\ntable = "shop.profiles"\n'
    (raw / "parent_segment.toml").write_text(text)
    done = segdsl("init", "--data", "raw")
    assert "guessed" not in done.stdout
    assert "unchanged: raw/parent_segment.toml" in done.stdout
    assert (raw / "parent_segment.toml").read_text() == text


def test_tables_without_a_key_are_refused(raw: Path) -> None:
    for name in ("users", "profiles", "orders"):
        (raw / "shop" / f"{name}.csv").unlink()
    done = segdsl("init", "--data", "raw")
    assert done.exit_code == 2
    assert "no raw table can have the profiles" in done.stderr
    assert not Path("segdsl.toml").exists()


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ("raw/shop", "If these are raw tables, this folder is their database: write `--data raw`"),
        (
            "tables",
            "If these are raw tables, put them into a folder for their database, such as "
            "tables/shop/orders.csv",
        ),
    ],
)
def test_raw_tables_that_are_not_in_a_folder_of_their_database(
    raw: Path, data: str, hint: str
) -> None:
    (raw.parent / "tables").mkdir()
    for name in ("orders.csv", "profiles.csv"):
        text = (raw / "shop" / name).read_text()
        (raw.parent / "tables" / name).write_text(text)
    done = segdsl("init", "--data", data)
    assert done.exit_code == 2
    assert done.stderr.rstrip().endswith(hint)
    assert not (raw.parent / "segdsl.toml").exists()


def test_what_was_not_created_or_built_yet_is_said(raw: Path) -> None:
    assert segdsl("init", "--data", "raw").exit_code == 0
    (raw.parent / "all.seg").write_text('segment "All" where everyone\n')
    for command in (["preview", "all.seg"], ["schema", "pull"], ["plan"]):
        done = segdsl(*command)
        assert done.exit_code == 2
        assert "no parent segment yet: `segdsl parent apply` creates it" in done.stderr, command
    assert segdsl("parent", "apply", "--yes").exit_code == 0
    for command in (["preview", "all.seg"], ["schema", "pull"]):
        done = segdsl(*command)
        assert done.exit_code == 0
        assert "whose tables were never built: run `segdsl parent run`" in done.stderr, command
    assert segdsl("parent", "run", "--yes").exit_code == 0
    done = segdsl("preview", "all.seg")
    assert (done.exit_code, done.stderr) == (0, "")
