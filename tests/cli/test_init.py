"""`segdsl init`: a workspace over tables or for a parent segment, and never over what is there."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from running import segdsl
from segdsl.workspace.project.config import read_project
from terminal import on_terminal
from workspace import CUSTOMERS, PURCHASES

REMOTE = ("--region", "us01", "--parent-segment", "12345")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tables(**texts: str) -> None:
    """CSV files in the folder `data`, by table."""
    Path("data").mkdir(exist_ok=True)
    for name, text in texts.items():
        Path("data", f"{name}.csv").write_text(text, encoding="utf-8")


def told(*arguments: str, code: int = 0) -> Any:
    done = segdsl("init", *arguments, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def assert_next_commands_work(commands: list[str]) -> None:
    assert len(commands) == 3
    for line in commands:
        done = segdsl(*shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)


def everything() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


# --- over tables ---------------------------------------------------------------------


def test_a_folder_of_tables_becomes_a_workspace() -> None:
    tables(customers=CUSTOMERS, behavior_purchases=PURCHASES, prices="sku,price\na,1\n")
    Path("data/notes.xlsx").write_bytes(b"\0")
    Path("data/Old.CSV").write_text("a\n")
    done = segdsl("init", "--data", "data")
    assert done.exit_code == 0, done.output
    assert done.stdout == snapshot(
        "Tables in data:\n"
        "  Old.CSV                 not used: its extension must be lower case: .csv\n"
        "  behavior_purchases.csv  events of `purchases` with 3 columns\n"
        "  customers.csv           6 profiles with 5 attributes\n"
        "  notes.xlsx              not used: neither Parquet (.parquet) nor CSV (.csv)\n"
        "  prices.csv              not used: has no column `cdp_customer_id`\n"
        "created: segdsl.toml\ncreated: first.seg\ncreated: .gitignore\n"
        "\nNext:\n  segdsl schema pull\n  segdsl check\n  segdsl preview first.seg\n"
    )
    assert 'country = "JP"' in Path("first.seg").read_text()
    assert Path(".gitignore").read_text() == ".segdsl/\n"
    assert_next_commands_work([line[2:] for line in done.stdout.split("Next:\n")[1].splitlines()])
    assert segdsl("fmt", "--check").exit_code == 0
    [first] = json.loads(segdsl("preview", "first.seg", "--json").stdout)["segments"]
    assert 0 < first["count"] < 6


def test_it_can_be_run_again() -> None:
    tables(customers=CUSTOMERS)
    told("--data", "data")
    before = everything()
    again = told("--data", "data")
    assert {each["status"] for each in again["files"]} == {"unchanged"}
    assert everything() == before
    assert_next_commands_work(again["next"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("segdsl.toml", '[targets.local]\nkind = "local"\ndata = "other"\n'),
        ("segdsl.toml", "nonsense ["),
        ("segdsl.toml", ""),
    ],
)
def test_a_project_file_is_left_as_it_is(name: str, text: str) -> None:
    tables(customers=CUSTOMERS)
    Path(name).write_text(text)
    before = everything()
    for arguments in (("--data", "data"), REMOTE):
        done = segdsl("init", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "segdsl.toml already exists, and was not changed" in done.stderr
        assert "\n\n[targets." in done.stderr
        # What it shows can be added as it is.
        added = done.stderr.partition("append:\n\n")[2]
        if "nonsense" not in text:
            assert len(tomllib.loads(text + added)["targets"]) == 1 + text.count("[")
    assert everything() == before


def test_sources_and_lines_that_are_there_stay() -> None:
    tables(customers=CUSTOMERS)
    Path("mine").mkdir()
    Path("mine/a.seg").write_text('segment "A" where age > 1\n')
    Path(".gitignore").write_text("*.log")
    found = told("--data", "data")
    assert [tuple(each.values()) for each in found["files"]] == [
        ("segdsl.toml", "created"),
        (".gitignore", "changed"),
    ]
    assert Path(".gitignore").read_text() == "*.log\n.segdsl/\n"
    assert not Path("first.seg").exists()
    assert_next_commands_work(found["next"])


@pytest.mark.parametrize("line", [".segdsl/", ".segdsl", "/.segdsl/"])
def test_what_git_ignores_already_is_not_said_twice(line: str) -> None:
    tables(customers=CUSTOMERS)
    Path(".gitignore").write_text(f"a\n{line}\n")
    told("--data", "data")
    assert Path(".gitignore").read_text() == f"a\n{line}\n"


@pytest.mark.parametrize(
    ("customers", "condition"),
    [
        ("cdp_customer_id,where\nc1,a\nc2,b\nc3,b\n", '`where` = "b"'),
        ("cdp_customer_id,a b\nc1,x\nc2,y\nc3,y\n", '`a b` = "y"'),
        ('cdp_customer_id,tier\nc1,"say ""hi"""\nc2,"say ""hi"""\nc3,n\n', r'tier = "say \"hi\""'),
        ("cdp_customer_id,国\nc1,日本\nc2,日本\nc3,米\n", '`国` = "日本"'),
        ("cdp_customer_id,name,age\nc1,Ann,30\nc2,,40\nc3,,50\n", "age >= 40"),
        ("cdp_customer_id,score\nc1,1.5\nc2,2.25\n", "`score` >= 2.25"),
        ("cdp_customer_id,flag\nc1,true\nc2,true\n", "flag is true"),
        ("cdp_customer_id,one\nc1,same\nc2,same\n", "everyone"),
        ("cdp_customer_id\nc1\n", "everyone"),
        ("cdp_customer_id,country\n", "everyone"),
    ],
)
def test_the_first_segment_is_of_the_columns(customers: str, condition: str) -> None:
    tables(customers=customers)
    found = told("--data", "data")
    assert Path("first.seg").read_text().partition("\nwhere")[2].strip() == condition
    assert_next_commands_work(found["next"])


def test_without_attributes_it_is_of_the_events() -> None:
    events = "cdp_customer_id,timestamp\nc1,1727600000\n"
    tables(customers="cdp_customer_id\nc1\nc2\n", orders=events)
    told("--data", "data")
    assert '  has table "orders"\n' in Path("first.seg").read_text()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({}, "has no customers.parquet or customers.csv"),
        ({"users": "cdp_customer_id,age\nc1,3\n"}, "if users.csv has them, rename it to customers"),
        ({"customers": "cdp_customer_id;age\n1;2\n"}, "separated by semicolons: save it with comm"),
        ({"customers": "cdp_customer_id\tage\n1\t2\n"}, "separated by tabs"),
        ({"customers": CUSTOMERS, "behavior_x": "cdp_customer_id|n\n"}, "by vertical bars"),
        ({"customer": "a,b\n1,2\n"}, "customer"),
        ({"customers": "id,age\n1,2\n"}, "cdp_customer_id"),
        ({"customers": ""}, "customers.csv is empty"),
        ({"customers": "cdp_customer_id,age\nc1,3\nc1,4\n"}, "cdp_customer_id"),
        ({"customers": "cdp_customer_id,age\nc1\n"}, "cannot be read as CSV"),
        ({"customers": CUSTOMERS, "behavior_x": "a\n1\n"}, "behavior_x.csv"),
    ],
)
def test_a_folder_that_cannot_be_used(texts: dict[str, str], said: str) -> None:
    Path("data").mkdir()
    tables(**texts)
    before = everything()
    done = segdsl("init", "--data", "data")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert everything() == before


@pytest.mark.parametrize("data", ["nowhere", "data/customers.csv", ""])
def test_what_is_no_folder_of_tables(data: str) -> None:
    tables(customers=CUSTOMERS)
    done = segdsl("init", "--data", data)
    assert (done.exit_code, done.stdout) == (2, "")
    assert not Path("segdsl.toml").exists()


def test_a_folder_with_an_odd_name_and_one_elsewhere(here: Path) -> None:
    tables(customers=CUSTOMERS)
    odd = Path('odd "name" é')
    Path("data").rename(odd)
    told("--data", str(odd))
    assert read_project(Path("segdsl.toml")).path(f"{odd}").is_dir()
    assert segdsl("list").exit_code == 0
    elsewhere = here / "inner"
    elsewhere.mkdir()
    os.chdir(elsewhere)
    found = told("--data", f"../{odd}")
    assert_next_commands_work(found["next"])


def test_a_database_is_taken_too(here: Path) -> None:
    import duckdb

    with duckdb.connect(str(here / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE customers AS SELECT 'c1' AS cdp_customer_id, 3 AS age")
        connection.execute("CREATE TABLE other AS SELECT 1 AS a")
    found = told("--data", "shop.duckdb")
    assert [(each["file"], each["is_used"]) for each in found["tables"]] == [
        ("customers", True),
        ("other", False),
    ]
    assert_next_commands_work(found["next"])


# --- for a parent segment ------------------------------------------------------------


def test_a_region_and_a_parent_segment() -> None:
    found = told(*REMOTE)
    assert found["next"] == ["segdsl schema pull", "segdsl schema show", "segdsl pull"]
    project = read_project(Path("segdsl.toml"))
    _, target = project.target(None)
    assert (target.region, target.parent_segment) == ("us01", 12345)  # type: ignore[union-attr]
    again = told(*REMOTE)
    assert {each["status"] for each in again["files"]} == {"unchanged"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "not a terminal: pass --region and --parent-segment, or --data"),
        (("--region", "us01"), "not a terminal"),
        (("--region", "us1", "--parent-segment", "1"), "did you mean `us01`?"),
        (("--region", "", "--parent-segment", "1"), "it is empty"),
        (("--region", "us01", "--parent-segment", "shop"), "`shop` is not the id"),
        (("--region", "us01", "--parent-segment", "0"), "`0` is not the id"),
        (("--region", "us01", "--parent-segment", "-5"), "`-5` is not the id"),
        (("--data", "data", "--region", "us01"), "--data cannot be combined with --region"),
    ],
)
def test_what_does_not_say_whom_to_ask(arguments: tuple[str, ...], said: str) -> None:
    done = segdsl("init", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert everything() == {}


def test_what_is_missing_is_asked_for_on_a_terminal(here: Path) -> None:
    with on_terminal(here, "init") as terminal:
        terminal.read_until("Region")
        terminal.press("us01\r")
        terminal.read_until("Parent segment ID")
        terminal.press("12345\r")
        assert terminal.end() == 0
    assert "parent_segment = 12345" in (here / "segdsl.toml").read_text()


def test_a_question_that_is_broken_off_writes_nothing(here: Path) -> None:
    with on_terminal(here, "init", "--region", "us01") as terminal:
        terminal.read_until("Parent segment ID")
        assert terminal.interrupt() == 130
    assert everything() == {}
