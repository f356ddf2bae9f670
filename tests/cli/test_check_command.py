"""`segdsl check`: files, imports and the forms of what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running import WRONG, segdsl


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(**files: str) -> None:
    for name, text in files.items():
        path = Path(name.replace("__", "/") + ".seg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_file_in_order_gets_one_line() -> None:
    write(a='segment "A" where country = "JP"', b='segment "B" where in segment "A"')
    result = segdsl("check", "a.seg", "b.seg")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "2 files, 2 segments: nothing to report\n"


def test_mistakes_of_several_files_come_in_one_run() -> None:
    write(a=WRONG, b='segment "B" where countri', c='segment "C" where everyone')
    result = segdsl("check", ".")
    assert result.exit_code == 1
    assert "--> a.seg:3:13" in result.stderr
    assert "--> b.seg:1:19" in result.stderr
    assert result.stderr.endswith("3 files, 1 segment: 2 errors\n")


def test_an_import_is_found_from_the_file_that_names_it() -> None:
    write(
        segments__a='import jp from "../common/c.seg"\nsegment "A" where jp',
        common__c='import x from "d.seg"\nlet jp = country = "JP" and x',
        common__d="let x = y is true",
    )
    assert segdsl("check", "segments").exit_code == 0
    absolute = str(Path("segments/a.seg").absolute())
    assert segdsl("check", absolute).exit_code == 0


def test_files_may_import_each_other() -> None:
    write(
        a='import y from "b.seg"\nlet x = a is true\nsegment "A" where y',
        b='import x from "a.seg"\nlet y = x or b is true\nsegment "B" where y',
    )
    result = segdsl("check", "./a.seg", "b.seg")
    assert (result.exit_code, result.stderr) == (0, "2 files, 2 segments: nothing to report\n")


def test_an_imported_mistake_is_told_once_and_brings_no_others() -> None:
    write(
        a='import x from "c.seg"\nsegment "A" where x',
        b='import x from "c.seg"\nsegment "B" where x',
        c="let x = a is is true",
    )
    found = json.loads(segdsl("check", "a.seg", "b.seg", "--format", "json").stdout)["diagnostics"]
    assert [(each["code"], each["file"]) for each in found] == [("SEG001", "c.seg")]


def test_a_missing_import_is_told_at_its_path() -> None:
    write(a='import x from "nowhere/c.seg"\nsegment "A" where x')
    result = segdsl("check", "a.seg", "--format", "json")
    assert result.exit_code == 1
    [found] = json.loads(result.stdout)["diagnostics"]
    assert (found["code"], found["column"], found["endColumn"]) == ("SEG107", 15, 30)
    assert found["message"] == "there is no file `nowhere/c.seg`"


def test_an_import_of_a_folder_or_without_utf8_is_told() -> None:
    write(a='import x from "dir"\nimport y from "bad.seg"\nsegment "A" where x and y')
    Path("dir").mkdir()
    Path("bad.seg").write_bytes(b"let y = \xff")
    found = json.loads(segdsl("check", "a.seg", "--format", "json").stdout)["diagnostics"]
    assert [(each["code"], each["file"]) for each in found] == [
        ("SEG107", "a.seg"),
        ("SEG005", "bad.seg"),
    ]


def test_an_import_from_standard_input_counts_from_the_current_folder() -> None:
    write(c="let x = a is true")
    result = segdsl("check", "-", input='import x from "c.seg"\nsegment "A" where x')
    assert result.exit_code == 0, result.stderr


def test_a_folder_that_holds_itself_does_not_hang() -> None:
    Path("self").symlink_to(".")
    write(a='import x from "self/a.seg"\nlet x = b is true\nsegment "A" where x')
    assert segdsl("check", "a.seg").exit_code == 1


def test_the_first_byte_that_is_not_utf8_is_pointed_at() -> None:
    Path("a.seg").write_bytes('segment "日本"\n  kind \xff'.encode()[:-2] + b"\xffx\xff")
    result = segdsl("check", "a.seg")
    assert result.exit_code == 1
    assert "error[SEG005]: the byte 0xFF is not UTF-8\n  --> a.seg:2:8\n" in result.stderr


def test_utf16_is_recognised() -> None:
    Path("a.seg").write_bytes('segment "A"'.encode("utf-16"))
    assert "looks like UTF-16" in segdsl("check", "a.seg").stderr


def test_a_file_of_more_than_8_mb_is_not_read_to_its_end() -> None:
    with open("a.seg", "wb") as file:
        file.truncate(200_000_000)
    result = segdsl("check", "a.seg")
    assert result.exit_code == 1
    assert "error[SEG006]: this file is larger than 8 MB" in result.stderr


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_machine_forms_go_to_standard_output(form: str) -> None:
    write(a=WRONG)
    result = segdsl("check", "a.seg", "--format", form)
    assert result.exit_code == 1
    assert "SEG001" in result.stdout
    assert result.stderr == "1 file, 0 segments: 1 error\n"


def test_warnings_alone_are_fine_and_can_be_allowed() -> None:
    write(a='import x from "c.seg"\nsegment "A" where everyone', c="let x = a is true")
    result = segdsl("check", "a.seg")
    assert result.exit_code == 0
    assert "warning[SEG112]" in result.stderr
    assert result.stderr.endswith("1 file, 1 segment: 1 warning\n")
    assert segdsl("check", "a.seg", "--allow", "seg112").stderr == (
        "1 file, 1 segment: nothing to report\n"
    )


def test_color_is_for_terminals_or_on_demand() -> None:
    write(a=WRONG)
    assert "\x1b[" not in segdsl("check", "a.seg").stderr
    assert "\x1b[" in segdsl("check", "a.seg", "--color", "always").stderr
