"""`segdsl rule`: what a code means, from the reference in the package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running import segdsl
from segdsl.diagnostics import Code
from segdsl.diagnostics.manual import entries


@pytest.mark.parametrize("code", list(Code), ids=[code.name for code in Code])
def test_every_code_is_explained_with_its_example(code: Code) -> None:
    done = segdsl("rule", code.name)
    assert done.exit_code == 0
    entry = entries()[code.name]
    severity = entry.severity
    assert done.stdout.startswith(f"{code.name} ({severity}): {code.value}\n")
    for line in filter(None, entry.example.splitlines()):
        assert f"    {line}\n" in done.stdout
    if entry.form == "seg" and code.name[3] not in "56":
        assert f"{severity}[{code.name}]" in done.stdout


def test_without_a_code_all_are_listed_by_group() -> None:
    done = segdsl("rule")
    lines = done.stdout.splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == [code.name for code in Code]
    assert lines[0] == "The text"
    assert "  SEG212  limit without an order  (warning)" in lines


@pytest.mark.parametrize("typed", ["SEG203", "seg203", "203", " Seg203 "])
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    assert segdsl("rule", typed).stdout.startswith("SEG203 (error): ")


@pytest.mark.parametrize(
    ("typed", "help"),
    [
        ("SEG2003", "did you mean `SEG003`?"),
        ("601x", "run `segdsl rule` to list all codes"),
        ("E501", "run `segdsl rule` to list all codes"),
    ],
)
def test_a_code_that_there_is_not_is_a_usage_error(typed: str, help: str) -> None:
    done = segdsl("rule", typed)
    assert done.exit_code == 2
    assert f"unknown code `{typed}`" in done.stderr
    assert help in done.stderr


def test_several_codes_are_explained_in_the_order_asked_each_once() -> None:
    done = segdsl("rule", "SEG601", "SEG001", "SEG601")
    found = [line for line in done.stdout.splitlines() if line.startswith("SEG")]
    assert [line[:6] for line in found] == ["SEG601", "SEG001"]


def test_it_needs_no_project_and_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "segdsl.toml").write_text("not toml")
    monkeypatch.chdir(tmp_path)
    assert segdsl("rule", "SEG601").exit_code == 0


def test_as_json() -> None:
    whole = json.loads(segdsl("rule", "--format", "json").stdout)
    assert [each["code"] for each in whole["codes"]] == [code.name for code in Code]
    [one] = json.loads(segdsl("rule", "--json", "seg212").stdout)["codes"]
    assert one["severity"] == "warning"
    assert "**" not in one["meaning"]
    assert one["example"] == 'segment "x" where a = 1 limit 10'
