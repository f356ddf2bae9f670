"""`preview`, `explain` and `sql` take segments of the server by name, path or id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import segdsl, steady
from segdsl.workspace.remote.ambiguous import ambiguous
from workspace import NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
SEGMENTS = """\
segment "Grown-ups" folder "One" where age >= 20
segment "Grown-ups" folder "Two" where age >= 18
segment "Japan" where country = "JP"
segment "Both" where in segment "Japan" and in segment "Grown-ups" of folder "Two"
"""


@pytest.fixture
def ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The ids of the segments by path; no file has them any more."""
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    for other in ("japan.seg", "buyers.seg"):
        Path(other).unlink()
    Path("x.seg").write_text(SEGMENTS)
    assert segdsl("create", "x.seg").exit_code == 0
    Path("x.seg").unlink()
    listed = json.loads(segdsl("list", "--json").stdout)["segments"]
    return {"/".join(filter(None, (each["folder"], each["name"]))): each["id"] for each in listed}


def counted(*arguments: str) -> dict[str, int]:
    done = segdsl("preview", "--json", *arguments)
    assert done.exit_code == 0, done.stderr
    return {each["name"]: each["count"] for each in json.loads(done.stdout)["segments"]}


def test_a_segment_is_counted_as_it_is_on_the_server(ids: dict[str, str]) -> None:
    for named in ("Japan", f"#{ids['Japan']}", ids["Japan"]):
        assert counted("--segment", named) == {"Japan": 3}
    Path("y.seg").write_text('segment "Old" where age > 40\n')
    both = counted("--segment", "Both", "--segment", "Two/Grown-ups", "y.seg")
    assert list(both) == ["Old", "Both", "Grown-ups"]


def test_it_is_explained_with_the_names_of_others(ids: dict[str, str]) -> None:
    done = segdsl("explain", "--segment", "Both")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == snapshot("""\
Segment "Both"
  Kind: batch

A profile is in this segment when all of these hold:
  1. The profile is in the segment "Japan".
  2. The profile is in the segment "Grown-ups" of folder "Two".
""")
    assert segdsl("explain", "--tree", "--segment", "One/Grown-ups").exit_code == 0


def test_its_sql_is_printed(ids: dict[str, str]) -> None:
    done = segdsl("sql", "--segment", "Both")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == snapshot("""\
-- Both, as of 2024-10-01T09:00:00+09:00 (Asia/Tokyo)
SELECT
  "cdp_customer_id"
FROM "customers"
WHERE
  "country" = 'JP' AND "age" >= 18;
""")
    assert segdsl("sql", "--remote", "--segment", "Japan").exit_code == 0


@pytest.mark.parametrize("command", ["preview", "explain", "sql"])
def test_a_name_that_none_or_several_have_is_refused(ids: dict[str, str], command: str) -> None:
    done = segdsl(command, "--segment", "Jpan")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == snapshot("Error: there is no segment `Jpan`; did you mean `Japan`?\n")
    done = segdsl(command, "--segment", "Grown-ups")
    assert (done.exit_code, done.stdout) == (2, "")
    assert steady(done.stderr) == snapshot(
        "Error: 2 segments are named `Grown-ups`: specify one by path or id; they are #… (One/Grown-ups), #… (Two/Grown-ups)\n"
    )
    done = segdsl(command, "--segment", "")
    assert (done.exit_code, done.stdout) == (2, "")


@pytest.mark.parametrize("command", ["preview", "explain", "sql"])
def test_one_of_both_must_be_given(ids: dict[str, str], command: str) -> None:
    done = segdsl(command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "give a FILE or a folder, or --segment NAME for a segment on the server" in done.stderr


def test_those_of_one_name_are_listed_by_path() -> None:
    places = [("9", "Two/A"), ("10", "One/A"), ("3", "Two/A")]
    assert ambiguous("segment", "A", places) == snapshot(
        "3 segments are named `A`: specify one by path or id; they are #10 (One/A), #3 (Two/A), #9 (Two/A)"
    )
    assert ambiguous("segment", "A", reversed(places)) == ambiguous("segment", "A", places)
