"""SEG611: definitions that nothing uses, and those of which nobody can say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl

SEGMENT = 'segment "{}" where {}\n'
PROJECT = '[targets.local]\nkind = "local"\ndata = "data"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unused(*arguments: str) -> list[str]:
    """The names that a check calls unused."""
    done = segdsl("check", "--no-schema", "--no-cache", *arguments)
    assert done.exit_code in (0, 1), done.stderr
    lines = [line for line in done.stderr.splitlines() if "[SEG611]" in line]
    return [line.split("`")[1].split()[1] for line in lines]


def write(**files: str) -> None:
    for name, text in files.items():
        Path(f"{name}.seg").write_text(text)


def test_what_nothing_in_its_file_uses_is_told() -> None:
    write(
        a="param days: number = 3\nparam n: number = 1\nlet adult = age >= 18\n"
        "let twice(x) = a = x or b = x\nlet used = c > n\n" + SEGMENT.format("x", "used")
    )
    assert unused("a.seg") == ["days", "adult", "twice"]


def test_a_definition_that_only_another_uses_is_used() -> None:
    write(a="let a = x > 1\nlet b = a\n" + SEGMENT.format("x", "y = 1"))
    assert unused("a.seg") == ["b"]


@pytest.mark.parametrize("named", [["lib.seg"], ["."], ["lib.seg", "a.seg"], ["a.seg"]])
def test_without_a_project_a_file_of_definitions_is_for_others(named: list[str]) -> None:
    write(lib="let a = x > 1\nlet b = y > 1\n")
    write(a='import a from "lib.seg"\n' + SEGMENT.format("x", "a"))
    assert unused(*named) == []


@pytest.mark.parametrize("named", [["lib.seg"], ["."], [], ["lib.seg", "a.seg"]])
def test_in_a_project_all_its_files_are_asked(named: list[str]) -> None:
    Path("segdsl.toml").write_text(PROJECT)
    write(lib="let a = x > 1\nlet b = y > 1\n")
    write(a='import a from "lib.seg"\n' + SEGMENT.format("x", "a"))
    Path("deep").mkdir()
    Path("deep/c.seg").write_text('import a from "../lib.seg"\n' + SEGMENT.format("c", "a"))
    assert unused(*named) == ["b"]


def test_a_file_with_segments_may_be_imported_too() -> None:
    write(lib="let a = x > 1\n" + SEGMENT.format("l", "z = 1"))
    write(a='import a from "lib.seg"\n' + SEGMENT.format("x", "a"))
    assert unused("lib.seg", "a.seg") == []
    Path("segdsl.toml").write_text(PROJECT)
    assert unused("lib.seg") == []


def test_where_a_file_cannot_be_read_nothing_is_told() -> None:
    write(a="let a = x > 1\n" + SEGMENT.format("x", "z = 1"), b="segment")
    assert unused("a.seg", "b.seg") == []
    Path("segdsl.toml").write_text(PROJECT)
    assert unused("a.seg") == []
    Path("b.seg").unlink()
    assert unused("a.seg") == ["a"]


def test_a_misspelt_use_is_told_alone() -> None:
    write(a="let vip = x > 1\n" + SEGMENT.format("x", "vpi and y = 1"))
    assert unused("a.seg") == []


def test_a_comment_allows_it_and_an_idle_one_is_told() -> None:
    write(a="# allow SEG611\nlet a = x > 1\n" + SEGMENT.format("x", "z = 1"))
    assert unused("a.seg") == []
    Path("segdsl.toml").write_text(PROJECT)
    write(a="# allow SEG611\nparam a: number = 1\n" + SEGMENT.format("x", "z = a"))
    assert "[SEG607]" in segdsl("check", "--no-cache", "a.seg").stderr


def test_a_fix_takes_out_what_nothing_uses_and_no_more() -> None:
    write(
        a="param days: number = 3\n\nlet a = x > 1\n\n# Kept for a comment.\nlet b = x > 2\n\n"
        "let c = x > 3\n\n" + 'segment "x"\n\nwhere\n  c\n'
    )
    before = Path("a.seg").read_text()
    done = segdsl("check", "--fix", "a.seg")
    assert done.exit_code == 0
    assert Path("a.seg").read_text() == before.replace("let a = x > 1\n\n", "")


def test_a_fix_leaves_what_others_import() -> None:
    write(lib="let a = x > 1\n\nlet b = y > 1\n")
    write(a='import a from "lib.seg"\n\n' + 'segment "x"\n\nwhere\n  a\n')
    segdsl("check", "--fix", ".")
    assert "let b" in Path("lib.seg").read_text()
    Path("segdsl.toml").write_text(PROJECT)
    segdsl("check", "--fix", "lib.seg")
    assert Path("lib.seg").read_text() == "let a = x > 1\n"


def test_a_definition_compared_like_an_attribute_is_told_of_once() -> None:
    """It is meant to be used: `--fix` must not take it out."""
    text = 'let vip = tier = "gold"\n' + SEGMENT.format("x", "vip = true")
    write(a=text)
    done = segdsl("check", "--no-schema", "a.seg")
    assert done.stderr.count("SEG218") == 1
    assert "SEG611" not in done.stderr
    segdsl("check", "--no-schema", "--fix", "a.seg")
    assert Path("a.seg").read_text() == text
