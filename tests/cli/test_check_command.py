"""`segdsl check`: files, imports and the forms of what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import WRONG, segdsl
from segdsl.schema.model import Column, Schema, Segment
from segdsl.workspace.project.config import Project, need_project
from segdsl.workspace.project.schema import save_schema


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
    assert result.stderr == snapshot("2 files, 2 segments: no problems found\n")


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
        b='import x from "a.seg"\nlet y = x or b is true\nsegment "B" where x',
    )
    result = segdsl("check", "./a.seg", "b.seg")
    assert (result.exit_code, result.stderr) == (
        0,
        snapshot("2 files, 2 segments: no problems found\n"),
    )


def test_an_imported_error_is_reported_once_and_brings_no_others() -> None:
    write(
        a='import x from "c.seg"\nsegment "A" where x',
        b='import x from "c.seg"\nsegment "B" where x',
        c="let x = a is is true",
    )
    found = json.loads(segdsl("check", "a.seg", "b.seg", "--format", "json").stdout)["diagnostics"]
    assert [(each["code"], each["file"]) for each in found] == [("SEG001", "c.seg")]


def test_a_missing_import_is_reported_at_its_path() -> None:
    write(a='import x from "nowhere/c.seg"\nsegment "A" where x')
    result = segdsl("check", "a.seg", "--format", "json")
    assert result.exit_code == 1
    [found] = json.loads(result.stdout)["diagnostics"]
    assert (found["code"], found["column"], found["end_column"]) == ("SEG107", 15, 30)
    assert found["message"] == "there is no file `nowhere/c.seg`"


def test_a_name_that_the_imported_file_lacks_is_reported_at_its_import_alone() -> None:
    write(
        common="let b = c = 1",
        a='import a, n, gone from "common.seg"\nsegment "A" where a and x = n',
        b='import a from "common.seg"\nlet l = a(3) or x > 1\nsegment "B" where l',
    )
    result = segdsl("check", "a.seg", "b.seg", "--format", "json")
    found = json.loads(result.stdout)["diagnostics"]
    assert [(each["code"], each["file"], each["message"]) for each in found] == [
        ("SEG107", "a.seg", '"common.seg" defines no `a`'),
        ("SEG107", "a.seg", '"common.seg" defines no `n`'),
        ("SEG107", "a.seg", '"common.seg" defines no `gone`'),
        ("SEG107", "b.seg", '"common.seg" defines no `a`'),
    ]


def test_an_import_of_a_folder_or_without_utf8_is_reported() -> None:
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
    assert result.stderr == snapshot("1 file, 0 segments: 1 error\n")


def test_warnings_alone_are_fine_and_can_be_allowed() -> None:
    write(a='import x from "c.seg"\nsegment "A" where everyone', c="let x = a is true")
    result = segdsl("check", "a.seg")
    assert result.exit_code == 0
    assert "warning[SEG112]" in result.stderr
    assert result.stderr.endswith("1 file, 1 segment: 1 warning\n")
    assert segdsl("check", "a.seg", "--allow", "seg112").stderr == snapshot(
        "1 file, 1 segment: no problems found\n"
    )


def test_color_is_for_terminals_or_on_demand() -> None:
    write(a=WRONG)
    assert "\x1b[" not in segdsl("check", "a.seg").stderr
    assert "\x1b[" in segdsl("check", "a.seg", "--color", "always").stderr


# --- lints, and what is allowed --------------------------------------------------------------

ODD = 'segment "Odd"\n\nwhere\n  country != "JP"\n'
TOML = '[targets.local]\nkind = "local"\ndata = "data"\n'


def test_lints_are_warnings_that_can_be_silenced_in_three_ways() -> None:
    write(a=ODD)
    result = segdsl("check", "a.seg")
    assert result.exit_code == 0
    assert "warning[SEG601]" in result.stderr
    nothing = "1 file, 1 segment: no problems found\n"
    assert segdsl("check", "a.seg", "--allow", "SEG601").stderr == nothing
    write(a=f"# allow SEG601: whoever has no country is meant\n{ODD}")
    assert segdsl("check", "a.seg").stderr == nothing
    write(a=ODD)
    Path("segdsl.toml").write_text(f'allow = ["SEG601"]\n\n{TOML}')
    assert segdsl("check", "a.seg", "--no-schema").stderr == nothing


def test_what_a_comment_allows_is_not_reported_in_machine_formats_either() -> None:
    write(a=f"# allow SEG601\n{ODD}")
    for form in ("json", "sarif", "github"):
        assert "SEG601" not in segdsl("check", "a.seg", "--format", form).stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("SEG06", "`allow` names `SEG06`, which is not a code\n  --> segdsl.toml:1:10"),
        ("SEG101", "`allow` names SEG101, an error; only warnings can be"),
    ],
)
def test_a_project_allows_only_codes_of_warnings(code: str, said: str) -> None:
    write(a=ODD)
    Path("segdsl.toml").write_text(f'allow = ["{code}"]\n\n{TOML}')
    result = segdsl("check", "a.seg")
    assert result.exit_code == 2
    assert said in result.stderr


def test_segments_that_refer_to_each_other_in_a_cycle_are_reported() -> None:
    write(a='segment "A" where in segment "B"', b='segment "B" where in segment "A"')
    result = segdsl("check", "a.seg", "b.seg", "--format", "json")
    assert [each["code"] for each in json.loads(result.stdout)["diagnostics"]] == ["SEG306"]


def test_a_cycle_that_runs_through_an_id_of_the_schema_is_reported(two_targets: Project) -> None:
    schema = Schema("1", "Shop", segments=(Segment("7", "There"), Segment("8", "Q", ("X",))))
    save_schema(two_targets, "local", schema)
    Path("a.seg").unlink()
    there = 'segment "There" where in segment "Q"'
    write(q='segment "Q" where in segment #7', there=there)
    said = segdsl("check").stderr
    assert "error[SEG306]" in said
    assert "cycle" in said
    write(q='segment "Q" where in segment #8', there=there)
    # #8 is in another folder, and another segment.
    assert "SEG306" not in segdsl("check").stderr
    write(q='segment "Q" folder "X" where in segment #8', there=there)
    assert 'the segment "Q" refers to itself' in segdsl("check").stderr
    write(q='segment "Q" folder "X" where in segment #7', there='segment "There" where everyone')
    assert segdsl("check").exit_code == 0


def test_segments_of_one_place_are_reported_across_files() -> None:
    write(
        a='segment "A" folder "F/G" where a = 1',
        b='segment "A" where b = 2\nsegment "A" folder "F / G" where c = 3',
        c='segment "C" folder "F" where a = 2\nsegment "C" folder "F/" where a = 3',
    )
    result = segdsl("check", "a.seg", "b.seg", "c.seg", "--format", "json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)["diagnostics"]
    assert [(each["code"], each["file"]) for each in told] == [
        ("SEG111", "b.seg"),
        ("SEG111", "c.seg"),
    ]
    assert segdsl("check", "a.seg", "--format", "json").exit_code == 0


# --- without files ---------------------------------------------------------------------------


def test_without_files_the_whole_project_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a='segment "A" where a > 1', deep__b='segment "B" where b > 1')
    Path("segdsl.toml").write_text(TOML)
    monkeypatch.chdir("deep")
    result = segdsl("check", "--no-schema")
    assert result.stderr == snapshot("2 files, 2 segments: no problems found\n")


def test_without_files_and_a_project_nobody_knows_what_to_look_at() -> None:
    result = segdsl("check")
    assert result.exit_code == 2
    assert "there is no segdsl.toml here or in a folder above" in result.stderr
    assert "specify a file" in result.stderr


# --- putting right ---------------------------------------------------------------------------

UNLISTED = 'segment "A"\n\nwhere\n  a = 1\n  or a = 2\n'
LISTED = 'segment "A"\n\nwhere\n  a in (1, 2)\n'


def test_fix_writes_what_can_be_put_right() -> None:
    write(a=UNLISTED, b='segment "B" where b > 1')
    result = segdsl("check", "--fix", "a.seg", "b.seg")
    assert result.exit_code == 0
    assert result.stderr == snapshot(
        "fixed 1 problem in a.seg\n2 files, 2 segments: no problems found\n"
    )
    assert Path("a.seg").read_text() == LISTED
    again = segdsl("check", "--fix", "a.seg", "b.seg")
    assert again.stderr == snapshot("2 files, 2 segments: no problems found\n")


def test_fix_with_diff_only_shows() -> None:
    write(a=UNLISTED)
    result = segdsl("check", "--fix", "--diff", "a.seg")
    assert result.stdout.splitlines()[2:] == [
        "@@ -1,5 +1,4 @@",
        ' segment "A"',
        " ",
        " where",
        "-  a = 1",
        "-  or a = 2",
        "+  a in (1, 2)",
    ]
    assert result.exit_code == 0
    assert result.stderr == snapshot("""\
warning[SEG603]: `a` is compared with 2 values one by one
  --> a.seg:4:3
   |
 4 |   a = 1
   |   ^^^^^
   |
   = help: use one list: `a in (1, 2)` (fixable with `segdsl check --fix`)

would fix 1 problem in a.seg
1 file, 1 segment: 1 warning
""")
    assert Path("a.seg").read_text() == UNLISTED


def test_fix_with_diff_reports_what_cannot_be_fixed() -> None:
    write(a=UNLISTED, b=WRONG)
    result = segdsl("check", "--fix", "--diff", ".")
    assert result.exit_code == 1
    assert "+  a in (1, 2)" in result.stdout
    assert "error[" in result.stderr
    assert "would fix 1 problem in a.seg" in result.stderr
    document = json.loads(segdsl("check", "--fix", "--diff", "--json", ".").stdout)
    assert (document["ok"], document["files"], len(document["fixed"])) == (False, 2, 1)
    assert "error" in {each["severity"] for each in document["diagnostics"]}
    piped = segdsl("check", "--fix", "--diff", "-", input=WRONG)
    assert (piped.exit_code, piped.stdout) == (1, "")
    assert "error[" in piped.stderr


def test_fix_of_standard_input_goes_to_standard_output() -> None:
    result = segdsl("check", "--fix", "-", input=UNLISTED)
    assert (result.exit_code, result.stdout) == (0, LISTED)
    assert result.stderr == snapshot("fixed 1 problem in <stdin>\n")


def test_fix_leaves_a_text_with_mistakes_as_it_is() -> None:
    result = segdsl("check", "--fix", "-", input=WRONG)
    assert (result.exit_code, result.stdout) == (1, WRONG)
    write(a=WRONG)
    assert segdsl("check", "--fix", "a.seg").exit_code == 1
    assert Path("a.seg").read_text() == WRONG


def test_fix_says_where_a_comment_is_in_the_way() -> None:
    write(a='segment "A"\n\nwhere\n  a = 1  # the first\n  or a = 2\n')
    result = segdsl("check", "--fix", "a.seg")
    assert "not fixed: 1 problem in a.seg, because a fix would lose a comment\n" in result.stderr
    assert "warning[SEG603]" in result.stderr


def test_fix_leaves_what_is_allowed() -> None:
    write(a=UNLISTED)
    segdsl("check", "--fix", "--allow", "SEG603", "a.seg")
    assert Path("a.seg").read_text() == UNLISTED


def test_usage_errors_exit_with_2() -> None:
    write(a=ODD)
    assert segdsl("check", "--diff", "a.seg").exit_code == 2
    assert segdsl("check", "--fix", "-", "a.seg", input="").exit_code == 2


# --- with a schema ---------------------------------------------------------------------------


@pytest.fixture
def two_targets() -> Project:
    """A project of two targets, without a schema."""
    Path("segdsl.toml").write_text(TOML + TOML.replace("local]", "other]"))
    write(a='segment "A" where a > 1')
    return need_project(Path.cwd())


def test_without_a_schema_a_hint_says_how_to_get_one(two_targets: Project) -> None:
    lines = segdsl("check", "a.seg").stderr.splitlines()
    assert lines[0] == "1 file, 1 segment: no problems found"
    assert lines[1].startswith("hint: run `segdsl schema pull`")
    assert len(segdsl("check", "a.seg", "--no-schema").stderr.splitlines()) == 1


def test_the_schema_of_the_target_is_used_and_named(two_targets: Project) -> None:
    save_schema(two_targets, "other", Schema("1", "Shop"))
    assert "hint:" in segdsl("check").stderr
    result = segdsl("check", "--target", "other")
    assert result.exit_code == 1
    assert "error[SEG501]" in result.stderr
    assert result.stderr.endswith("1 file, 1 segment, checked with other.schema.toml: 1 error\n")
    assert segdsl("check", "--target", "other", "--no-schema").exit_code == 0


def test_a_target_that_is_not_there_is_a_usage_error(two_targets: Project) -> None:
    result = segdsl("check", "a.seg", "--target", "othr", "--no-schema")
    assert result.exit_code == 2
    assert "did you mean `other`?" in result.stderr


# --- some files of a project -----------------------------------------------------------------


def test_some_files_of_a_project_may_refer_to_the_others(two_targets: Project) -> None:
    schema = Schema("1", "Shop", segments=(Segment("8", "Here"), Segment("9", "Here")))
    save_schema(two_targets, "local", schema)
    write(here='segment "Here" where everyone', b='segment "B" where in segment "Here"')
    assert segdsl("check", "b.seg").exit_code == 0
    assert segdsl("check", "-", input='segment "C" where in segment "B"').exit_code == 0
    result = segdsl("check", "-", input='segment "C" where in segment "D"')
    assert "error[SEG304]" in result.stderr
    Path("here.seg").unlink()
    assert "error[SEG305]" in segdsl("check", "b.seg").stderr


def test_a_name_that_two_segments_of_a_project_have_means_neither(two_targets: Project) -> None:
    """Also in folders of their own, as a plan takes it."""
    save_schema(two_targets, "local", Schema("1", "Shop", segments=(Segment("8", "A"),)))
    write(
        a='segment "A" where everyone',
        b='segment "A" folder "F" where everyone',
        c='segment "C" where in segment "A"',
    )
    result = segdsl("check")
    assert "error[SEG305]: 2 segments are named" in result.stderr
    assert "specify which: `in segment" in result.stderr


def test_whether_a_twin_is_allowed_for_nothing_only_all_files_show(two_targets: Project) -> None:
    write(a='segment "A" where a > 1', b='# allow SEG606\nsegment "B" where a > 1')
    assert "SEG607" not in segdsl("check").stderr
    assert "SEG607" not in segdsl("check", "b.seg").stderr
    write(a='segment "A" where a > 2')
    assert "SEG607" in segdsl("check", "a.seg", "b.seg").stderr
    assert "SEG607" in segdsl("check").stderr


@pytest.mark.parametrize("wrong", ["where nope(1)", "where a == 1", "whree a = 1"])
def test_an_error_in_a_segment_is_not_repeated_wherever_it_is_referred_to(
    two_targets: Project, wrong: str
) -> None:
    save_schema(two_targets, "local", Schema("1", "Shop", attributes=(Column("a", "number"),)))
    write(here=f'segment "Here" {wrong}', b='segment "B" where in segment "Here"')
    said = segdsl("check").stderr
    assert "SEG304" not in said
    assert "error" in said
    assert segdsl("check", "b.seg").exit_code == 0
