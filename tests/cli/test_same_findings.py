"""Every command that takes files reports what `segdsl check` reports of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from running import segdsl
from segdsl.cli.group import cli
from test_machine_output import leaves, option_names
from workspace import NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
COMMANDS = (
    ["compile", "--symbolic"],
    ["explain"],
    ["explain", "--tree"],
    ["preview"],
    ["sql"],
    ["create"],
)
FILES = {
    "text": 'segment "x" where country "JP"\n',
    "an unknown name": 'segment "x" where big\n',
    "a value of another type": 'segment "x" where age > "30"\n',
    "an unknown attribute": 'segment "x" where agee > 30\n',
    "an unknown behavior": 'segment "x" where count(visits) > 3\n',
    "an unknown column": 'segment "x" where sum(purchases.amont) > 3\n',
    "an operator of another type": 'segment "x" where age contains "3"\n',
    "a regular expression": 'segment "x" where country matches "("\n',
    "realtime": 'segment "x" kind realtime where count(purchases) > 3\n',
    "a negation": 'segment "x" where country != "JP"\n',
    "never": 'segment "x" where age > 3 and age < 2\n',
    "the same twice": 'segment "x" where age > 3 and country = "JP" and age > 3\n',
    "an unused import": 'import big from "big.seg"\nsegment "x" where age > 3\n',
    "an error in an import": 'import wrong from "wrong.seg"\nsegment "x" where wrong\n',
    "two of one name": 'segment "x" where age > 3\nsegment "x" where age > 4\n',
    "two that are equal": 'segment "x" where age > 3\nsegment "y" where age > 3\n',
    "a cycle": 'segment "x" where in segment "y"\nsegment "y" where in segment "x"\n',
    "several mean one name": (
        'segment "x" where in segment "y"\n'
        'segment "y" folder "One" where age > 1\n'
        'segment "y" folder "Two" where age > 2\n'
    ),
    "a count as a text": 'segment "x" where count(purchases) = "JP"\n',
    "over without a group": 'segment "x" where count(purchases over 1 week) >= 2\n',
    "an allow in vain": '# allow SEG601\nsegment "x" where age > 3\n',
    "an allow": '# allow SEG601\nsegment "x" where country != "JP"\n',
    "a param that nobody sets": 'param n: number\nsegment "x" where age > n\n',
}


@pytest.fixture(params=["with a schema", "without"])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    if request.param == "with a schema":
        assert segdsl("schema", "pull").exit_code == 0
    (tmp_path / "parts").mkdir()
    return tmp_path


def found(command: list[str], *arguments: str) -> list[tuple[str, int | None, str]]:
    """The codes, lines and messages that a command reports."""
    done = segdsl(*command, "--format", "json", *arguments)
    document = json.loads(done.stdout)
    return sorted(
        (each["code"], each["line"] or 0, each["message"])
        for each in document["diagnostics"]
        # Without a schema, `sql` asks the target for its columns: it cannot do without them.
        if each["code"] != "SEG309"
    )


def test_every_command_that_takes_segments_in_files_is_compared() -> None:
    taking = {names for names in leaves(cli) if "--select" in option_names(names)}
    assert taking == {(command[0],) for command in COMMANDS}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_all_commands_find_the_same(project: Path, text: str) -> None:
    (project / "big.seg").write_text("let big = age > 50\n")
    (project / "wrong.seg").write_text('let wrong = count(purchases) = "JP"\n')
    (project / "x.seg").write_text(text)
    told = found(["check"], "x.seg")
    for command in COMMANDS:
        assert found(command, "x.seg") == told, command


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_a_plan_finds_the_same_in_what_it_changes(project: Path, text: str) -> None:
    (project / "big.seg").write_text("let big = age > 50\n")
    if "wrong.seg" in text:
        (project / "wrong.seg").write_text('let wrong = count(purchases) = "JP"\n')
    (project / "x.seg").write_text(text)
    for other in ("japan.seg", "buyers.seg"):
        (project / other).unlink()
    checked, planned = segdsl("check"), segdsl("plan")
    pattern = r"(?:error|warning)\[(SEG\d+)\].*\n\s+--> (.*)"
    told = re.findall(pattern, checked.stderr)
    assert re.findall(pattern, planned.stderr) == told
    assert planned.exit_code == checked.exit_code


def test_what_check_refuses_is_not_counted(project: Path) -> None:
    """A value that does not fit was counted as 0 profiles, without a word."""
    has_schema = (project / "local.schema.toml").exists()
    (project / "x.seg").write_text('segment "x" where age > "30"\nsegment "y" where age > 30\n')
    done = segdsl("preview", "--json", "x.seg")
    names = [each["name"] for each in json.loads(done.stdout)["segments"]]
    assert names == (["y"] if has_schema else ["x", "y"])
    assert done.exit_code == int(has_schema)
    assert segdsl("preview", "--json", "--no-schema", "x.seg").exit_code == 0


@pytest.mark.parametrize("setting", ["dayz=3", "days=three", "days="])
def test_a_wrong_setting_leaves_no_number(project: Path, setting: str) -> None:
    (project / "p.seg").write_text(
        'param days: number = 30\nsegment "p" where age > days\nsegment "q" where age > 3\n'
    )
    for command in ("compile", "explain", "preview", "sql", "create"):
        done = segdsl(command, "--set", setting, "p.seg")
        assert (done.exit_code, done.stdout) == (1, ""), command
        assert done.stderr.count("error[SEG106]") == 1
    assert segdsl("check", "--set", setting, "p.seg").exit_code == 1


def test_a_segment_that_refers_to_one_with_errors_is_skipped(project: Path) -> None:
    (project / "x.seg").write_text(
        'segment "a" where in segment "b"\n'
        'segment "b" where in segment "c"\n'
        'segment "c" where count(purchases) = "JP"\n'
        'segment "d" where age > 3\n'
    )
    done = segdsl("preview", "--json", "x.seg")
    assert done.exit_code == 1
    assert [each["name"] for each in json.loads(done.stdout)["segments"]] == ["d"]
    assert "SEG304" not in done.stderr
    assert "skipped: the segment “b”, as it refers to “c”, which has errors\n" in done.stderr
    assert "skipped: the segment “a”, as it refers to “b”, which has errors\n" in done.stderr


def test_a_reference_into_another_file_of_the_project_is_counted(project: Path) -> None:
    (project / "parts/other.seg").write_text('segment "other" where age > 30\n')
    (project / "x.seg").write_text('segment "x" where in segment "other"\n')
    assert segdsl("check", "x.seg").exit_code == 0
    done = segdsl("preview", "--json", "x.seg")
    assert done.exit_code == 0, done.stderr
    assert [each["name"] for each in json.loads(done.stdout)["segments"]] == ["x"]
    assert "age" in segdsl("sql", "x.seg").stdout


# --- one segment of a file ----------------------------------------------------------------------

SEVERAL = """\
segment "a" where age > 3
segment "b" folder "One" where age > "3"
segment "b" folder "Two" where age > 4
segment "c" where in segment "a"
"""


def test_segments_are_chosen_by_name_or_path(project: Path) -> None:
    (project / "x.seg").write_text(SEVERAL)
    for command in ("compile", "explain", "preview", "sql", "create"):
        done = segdsl(command, "--select", "Two/b", "x.seg")
        assert done.exit_code == 0, (command, done.stderr)
        assert done.stderr in ("", "1 warning\n"), command
    assert json.loads(segdsl("compile", "--select", "Two/b", "x.seg").stdout)["name"] == "b"
    done = segdsl("preview", "--json", "--select", "a", "--select", "c", "x.seg")
    assert [each["name"] for each in json.loads(done.stdout)["segments"]] == ["a", "c"]
    done = segdsl("preview", "--json", "--select", "c", "x.seg")
    assert done.exit_code == 0, done.stderr
    assert [each["name"] for each in json.loads(done.stdout)["segments"]] == ["c"]


def test_a_name_that_no_segment_has_is_refused(project: Path) -> None:
    (project / "x.seg").write_text(SEVERAL)
    for command in ("compile", "explain", "preview", "sql", "create"):
        done = segdsl(command, "--select", "Twos/b", "x.seg")
        assert (done.exit_code, done.stdout) == (2, ""), command
        assert "no segment of these files is named `Twos/b`; did you mean `Two/b`?" in done.stderr


def test_what_only_the_server_knows_says_how_it_is_found_in_the_file(project: Path) -> None:
    has_schema = (project / "local.schema.toml").exists()
    (project / "x.seg").write_text('segment "x" where agee > 3\n')
    for command in ("preview", "create"):
        done = segdsl(command, "x.seg")
        if has_schema:
            assert "error[SEG501]" in done.stderr
            continue
        assert done.exit_code == 3
        assert "there is no attribute `agee`: did you mean `age`?" in done.stderr
        assert done.stderr.endswith(
            "hint: run `segdsl schema pull` to check columns against the parent segment\n"
        )
