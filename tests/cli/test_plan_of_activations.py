"""What `segdsl plan` reports of activations: what `check` says of those that it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running import segdsl
from workspace import NOW, write_project

pytestmark = pytest.mark.heavy

PROJECT = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
ACCOUNT = '\n[connections]\ns3 = { id = 11, type = "s3_v2" }\n'
ADULTS = 'segment "Adults" where age >= 18\n'
TEMPLATE = 'activation template "Weekly"\n  to connection "s3"\n  columns (age)\n'
WEEKLY = """\
activation "Weekly export" of segment "Adults"
  from template "Weekly"
  to connection "s3"
  columns (age)
"""
THREE = 'funnel "Three"\n' + "".join(f'stage "{name}" where age > 1\n' for name in "ABC")
BY_ID = """\
activation "By id" of segment "Adults"
  to connection #99
  columns (age)
  by hand
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, PROJECT)
    description = tmp_path / "data" / "parent_segment.toml"
    description.write_text(description.read_text() + ACCOUNT)
    monkeypatch.chdir(tmp_path)
    assert segdsl("schema", "pull").exit_code == 0
    (tmp_path / "a.seg").write_text(ADULTS)
    return tmp_path


def test_a_plan_warns_of_the_activations_that_it_changes(project: Path) -> None:
    applied = segdsl("apply", "--yes")
    assert applied.exit_code == 0, applied.stderr
    (project / "sent.seg").write_text(BY_ID)
    planned = segdsl("plan")
    assert "warning[SEG511]: the schema has no connection with the id #99" in planned.stderr
    assert planned.exit_code == 0


@pytest.mark.parametrize("kind", ["segment", "stage"])
def test_a_target_that_does_not_exist_is_an_error_of_the_plan(kind: str, project: Path) -> None:
    (project / "sent.seg").write_text(BY_ID.replace('segment "Adults"', f"{kind} #2222"))
    for command in (("plan",), ("apply", "--yes")):
        done = segdsl(*command)
        assert done.exit_code == 1
        assert f"error[SEG304]: no {kind} on the server has the id #2222" in done.stderr
        assert "SEG511]: the schema has no " + kind not in done.stderr
    assert "created" not in done.stdout


def test_a_target_that_only_the_server_has(project: Path) -> None:
    """A schema that is older than what is sent: the server decides."""
    (project / "funnel.seg").write_text(THREE)
    assert segdsl("apply", "--yes").exit_code == 0
    lock = json.loads(segdsl("list", "--format", "json").stdout)["segments"]
    (id,) = (each["id"] for each in lock if each["name"] == "Adults")
    (project / "sent.seg").write_text(BY_ID.replace('segment "Adults"', f"segment #{id}"))
    planned = segdsl("plan")
    assert planned.exit_code == 0
    assert "has no segment" not in planned.stderr


def test_the_server_settles_names_that_the_schema_does_not_have(project: Path) -> None:
    (project / "template.seg").write_text(TEMPLATE)
    (project / "funnel.seg").write_text(THREE)
    assert segdsl("apply", "--yes").exit_code == 0
    (project / "template.seg").unlink()
    (project / "funnel.seg").unlink()
    description = project / "data" / "parent_segment.toml"
    description.write_text(description.read_text() + 'sftp = { id = 12, type = "sftp_v2" }\n')
    (project / "sent.seg").write_text(
        WEEKLY.replace('"s3"', '"sftp"')
        + WEEKLY.replace("Weekly export", "Of a stage").replace(
            'segment "Adults"', 'stage "B" of funnel "Three"'
        )
    )
    planned = segdsl("plan")
    assert (planned.exit_code, planned.stderr) == (0, "")
    assert planned.stdout.count("+ create") == 2


def test_a_name_that_nothing_has_is_an_error_of_the_plan(project: Path) -> None:
    (project / "sent.seg").write_text(WEEKLY.replace('"s3"', '"s4"'))
    planned = segdsl("plan")
    assert planned.exit_code == 1
    assert 'error[SEG304]: no connection on the server is named "s4"' in planned.stderr
    assert 'error[SEG304]: no activation template on the server is named "Weekly"' in planned.stderr
    assert "SEG513" not in planned.stderr


def test_a_plan_says_nothing_of_what_it_does_not_change(project: Path) -> None:
    (project / "sent.seg").write_text(WEEKLY)
    (project / "template.seg").write_text(TEMPLATE)
    applied = segdsl("apply", "--yes")
    assert applied.exit_code == 0, applied.stderr
    (project / "template.seg").unlink()
    planned = segdsl("plan")
    assert (planned.exit_code, planned.stderr) == (0, "")
    assert "activation template Weekly" in planned.stdout


def test_a_stage_of_the_lock_has_an_id_when_files_are_compiled(project: Path) -> None:
    stages = "".join(f'stage "{name}" where age > 1\n' for name in "ABC")
    (project / "funnel.seg").write_text(f'funnel "Three"\n{stages}')
    applied = segdsl("apply", "--yes")
    assert applied.exit_code == 0, applied.stderr
    (project / "in.seg").write_text('segment "In" where in stage "B" of funnel "Three"\n')
    compiled = segdsl("compile", "in.seg")
    assert compiled.exit_code == 0, compiled.stderr


@pytest.mark.parametrize(
    ("schedule", "options", "code"),
    [
        ('once at 2000-01-01T03:00 in "UTC"', (), "SEG621"),
        ('once at 2000-01-01T03:00 in "UTC"', ("--now", "1999-12-31T00:00:00Z"), None),
        ('every day starting 2001-01-01T03:00 in "UTC"', (), None),
        (
            'every day starting 2001-01-01T03:00 in "UTC"',
            ("--now", "1999-12-31T00:00:00Z"),
            "SEG622",
        ),
    ],
)
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_schedules_are_compared_with_the_clock_of_the_target(
    project: Path,
    command: tuple[str, ...],
    schedule: str,
    options: tuple[str, ...],
    code: str | None,
) -> None:
    (project / "sent.seg").write_text(
        BY_ID.replace("by hand", schedule).replace("connection #99", 'connection "s3"')
    )
    found = segdsl(*command, *options)
    assert found.exit_code == 0, found.stderr
    assert [code for code in ("SEG621", "SEG622") if code in found.stderr] == [code][: bool(code)]
