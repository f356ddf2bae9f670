"""What `segdsl plan` reports of activations: what `check` says of those that it changes."""

from __future__ import annotations

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


def test_an_error_says_of_what_kind_the_resource_is(project: Path) -> None:
    (project / "sent.seg").write_text(BY_ID.replace('segment "Adults"', "segment #99"))
    applied = segdsl("apply", "--yes")
    assert applied.exit_code == 3
    assert "error: activation “By id”: not found: " in applied.stderr


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
