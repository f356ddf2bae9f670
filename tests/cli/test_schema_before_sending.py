"""What the committed schema speaks against is never sent: not by `plan`, `apply` or `create`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running import segdsl
from workspace import NOW, write_project

pytestmark = pytest.mark.heavy

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
WRONG = """\
segment "A" where contry = "JP"
segment "B" where age > "3"
segment "C" kind realtime where in segment "D"
segment "D" where age > 1
"""
CODES = ["SEG501", "SEG507", "SEG512"]
SENDING = (["plan"], ["apply", "--yes"], ["create", "a.seg"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    assert segdsl("schema", "pull").exit_code == 0
    return tmp_path


def findings(text: str) -> str:
    """What is told of the segments, without the line that sums it up."""
    return text[: text.rindex("\n\n") + 1]


@pytest.mark.parametrize("command", SENDING, ids=lambda of: of[0])
def test_errors_of_the_schema_stop_all_as_check_tells_them(
    project: Path, command: list[str]
) -> None:
    (project / "a.seg").write_text(WRONG)
    checked = segdsl("check", "--allow", "SEG606")
    done = segdsl(*command)
    assert (checked.exit_code, done.exit_code) == (1, 1)
    assert [code for code in CODES if code in done.stderr] == CODES
    assert findings(done.stderr) == findings(checked.stderr)
    assert done.stdout == ""
    assert done.stderr.endswith("run `segdsl schema pull`, or pass --no-schema\n")
    assert segdsl("list").stderr.startswith("no segments on the server")


def test_errors_are_data_where_data_is_asked_for(project: Path) -> None:
    (project / "a.seg").write_text(WRONG)
    for command in (["plan"], ["apply", "--yes"]):
        found = json.loads(segdsl(*command, "--format", "json").stdout)
        assert [each["code"] for each in found["diagnostics"]] == CODES


def test_with_paths_only_their_files_are_checked(project: Path) -> None:
    (project / "a.seg").write_text(WRONG)
    (project / "sub").mkdir()
    (project / "sub/b.seg").write_text('segment "E" where ag > 1\n')
    assert segdsl("plan", "japan.seg").exit_code == 0
    assert segdsl("apply", "--yes", "japan.seg").exit_code == 0
    for path in ("sub", "sub/b.seg"):
        done = segdsl("plan", path)
        assert done.exit_code == 1
        assert "did you mean `age`?" in done.stderr
        assert "a.seg" not in done.stderr


@pytest.mark.parametrize("command", SENDING, ids=lambda of: of[0])
def test_a_schema_that_is_out_of_date_can_be_left_out(project: Path, command: list[str]) -> None:
    customers = project / "data/customers.csv"
    lines = customers.read_text().splitlines()
    customers.write_text("\n".join([lines[0] + ",tier", *(line + ",x" for line in lines[1:])]))
    (project / "a.seg").write_text('segment "New" where tier = "x"\n')
    assert "segdsl schema pull" in segdsl(*command).stderr
    assert segdsl(*command, "--no-schema").exit_code == 0


def test_names_of_segments_are_not_asked_of_the_schema(project: Path) -> None:
    """What the workspace defines, or the server has by now, is fine."""
    (project / "first.seg").write_text('segment "First" where age > 1\n')
    assert segdsl("apply", "--yes").exit_code == 0
    (project / "first.seg").unlink()
    (project / "local.lock.toml").unlink()
    (project / "a.seg").write_text(
        'segment "X" where in segment "First" and in segment "Y"\nsegment "Y" where age > 2\n'
    )
    assert segdsl("plan").exit_code == 0
    assert segdsl("create", "a.seg").exit_code == 0
    assert segdsl("apply", "--yes").exit_code == 0


def test_warnings_of_the_schema_stop_nothing(project: Path) -> None:
    (project / "first.seg").write_text('segment "First" where age > 1\n')
    applied = segdsl("apply", "--yes").stdout
    [id] = [
        each.split()[-1]
        for each in applied.splitlines()
        if each.startswith("created  ") and "First" in each
    ]
    (project / "a.seg").write_text(f'segment "X" where in segment {id}\n')
    assert "SEG511" in segdsl("check").stderr
    done = segdsl("apply", "--yes")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning[SEG511]: the schema has no segment with the id #")
    assert done.stderr.endswith("\n\n1 warning\n")


def test_what_is_as_on_the_server_stops_nothing(project: Path) -> None:
    """A column that the parent segment lost is an error in what is sent, and in nothing else."""
    (project / "old.seg").write_text('segment "Old" where age > 1\n')
    assert segdsl("apply", "--yes").exit_code == 0
    schema = project / "local.schema.toml"
    lines = [each for each in schema.read_text().splitlines() if not each.startswith("age ")]
    schema.write_text("\n".join(lines) + "\n")
    assert "SEG501" in segdsl("check").stderr
    (project / "new.seg").write_text('segment "New" where country = "JP"\n')
    assert segdsl("plan").exit_code == 0
    assert segdsl("apply", "--yes").exit_code == 0
    (project / "old.seg").write_text('segment "Old" where age > 2\n')
    for command in (["plan"], ["apply", "--yes"]):
        done = segdsl(*command)
        assert (done.exit_code, done.stderr.count("error[SEG501]")) == (1, 1)


def test_a_stage_that_is_not_there_is_reported_once(project: Path) -> None:
    (project / "a.seg").write_text('segment "X" where in stage "Seen" of funnel "Mail"\n')
    done = segdsl("plan")
    assert (done.exit_code, done.stderr.count("error[")) == (1, 1)
    assert "SEG304" in done.stderr
