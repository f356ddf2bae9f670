"""A new name together with an edit, as a person or a pipeline meets it: `mv`, and the question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import segdsl, steady
from terminal import CTRL_C, on_terminal
from workspace import JAPAN, NOW, write_project

pytestmark = pytest.mark.heavy

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
NIPPON = JAPAN.replace('"Japan"', '"Nippon"').replace('"JP"', '"US"')


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    segdsl("apply", "--yes")
    Path("japan.seg").write_text(NIPPON)
    Path("buyers.seg").write_text(
        Path("buyers.seg").read_text().replace('segment "Japan"', 'segment "Nippon"')
    )
    return tmp_path


def ids() -> dict[str, str]:
    return {
        each["name"]: each["id"] for each in json.loads(segdsl("list", "--json").stdout)["segments"]
    }


def test_where_nobody_can_be_asked_nothing_is_sent(project: Path) -> None:
    before = ids()
    planned = segdsl("plan")
    assert planned.exit_code == 1
    assert steady(planned.stdout) == snapshot("""\
+ create  Countries/Asia/Nippon  (japan.seg)
~ update  Countries/Asia/Buyers in Japan (#…): rule
     where
    -  in segment "Japan"
    +  in segment "Nippon"
       and in segment "Buyers"
       and any (
? renamed   Countries/Asia/Nippon looks like Countries/Asia/Japan (#…), which is no longer in any file: in the same file, with the same description, with a similar rule
    `segdsl mv Countries/Asia/Japan Countries/Asia/Nippon` keeps its id and its activations; --as-new creates another segment
. left      Countries/Asia/Japan (#…): no longer in any file; --prune deletes it
Plan: 1 to create, 1 to update, 1 may be renamed. 1 segment is up to date.
""")
    for command in (["apply", "--yes"], ["apply", "--yes", "--prune"], ["apply"]):
        done = segdsl(*command)
        assert done.exit_code == 1
        assert "nothing was applied: record the renames with `segdsl mv`" in done.stderr
    assert ids() == before


def test_a_recorded_move_is_applied_in_place(project: Path) -> None:
    before = ids()
    done = segdsl("mv", "Japan", "Nippon")
    assert (done.exit_code, done.stdout) == (
        0,
        f"moved  Countries/Asia/Japan → Countries/Asia/Nippon  #{before['Japan']}\n",
    )
    assert segdsl("plan", "--exit-code").exit_code == 4
    assert segdsl("apply", "--yes", "--prune").exit_code == 0
    assert ids()["Nippon"] == before["Japan"]
    assert "Japan" not in ids()
    again = segdsl("mv", "Nippon", "Nippon")
    assert (again.exit_code, "No changes." in again.stderr) == (0, True)


def test_a_move_of_another_kind_says_which(project: Path) -> None:
    file = Path("weekly.seg")
    file.write_text('activation template "Weekly"\n  to connection #1\n  columns all\n')
    assert segdsl("apply", "--yes", "weekly.seg").exit_code == 0
    file.write_text(file.read_text().replace("Weekly", "Monthly"))
    done = segdsl("mv", "Weekly", "Monthly")
    assert (done.exit_code, done.stdout.split("#")[0]) == (
        0,
        "moved  activation template Weekly → Monthly  ",
    )
    again = segdsl("mv", "Monthly", "Monthly")
    assert "The lock already has activation template Monthly" in again.stderr


def test_a_move_needs_no_server(project: Path) -> None:
    Path("segdsl.toml").write_text(
        '[targets.local]\nkind = "local"\nurl = "http://localhost:9"\nparent_segment = 1\n'
    )
    assert segdsl("mv", "Countries/Asia/Japan", "Countries/Asia/Nippon").exit_code == 0
    assert segdsl("mv", "Japn", "Nippon").exit_code == 2
    Path("japan.seg").write_text("segment")
    assert segdsl("mv", "Nippon", "Nippon").exit_code == 1


def test_another_segment_is_created_with_as_new(project: Path) -> None:
    before = ids()
    assert segdsl("plan", "--as-new").exit_code == 0
    assert segdsl("apply", "--yes", "--as-new").exit_code == 0
    assert ids()["Japan"] == before["Japan"]
    assert ids()["Nippon"] not in before.values()
    # Said once.
    assert segdsl("plan", "--exit-code").exit_code == 0


def test_a_saved_plan_keeps_what_was_said(project: Path) -> None:
    before = ids()
    assert segdsl("plan", "--save", "plan.json").exit_code == 1
    assert segdsl("apply", "--plan", "plan.json", "--yes").exit_code == 1
    assert ids() == before
    assert segdsl("plan", "--save", "plan.json", "--as-new").exit_code == 0
    assert segdsl("apply", "--plan", "plan.json", "--yes").exit_code == 0
    assert ids()["Japan"] == before["Japan"]
    assert segdsl("plan", "--exit-code").exit_code == 0


def test_the_forms_of_a_plan_tell_of_it(project: Path) -> None:
    found = json.loads(segdsl("plan", "--format", "json").stdout)
    [rename] = found["renames"]
    assert (rename["old_name"], rename["name"], rename["file"]) == ("Japan", "Nippon", "japan.seg")
    assert rename["why"][:2] == ["in the same file", "with the same description"]
    page = segdsl("plan", "--format", "github").stdout
    assert steady(page) == snapshot("""\
### segdsl plan for `local`

Plan: 1 to create, 1 to update, 1 may be renamed. 1 segment is up to date.

**Countries/Asia/Nippon looks like Countries/Asia/Japan \\(\\#…\\), which is no longer in any file: in the same file, with the same description, with a similar rule**

`segdsl mv Countries/Asia/Japan Countries/Asia/Nippon` keeps its id and its activations; --as-new creates another segment

**create  Countries/Asia/Nippon  \\(japan.seg\\)**

**update  Countries/Asia/Buyers in Japan \\(\\#…\\): rule**

```diff
 where
-  in segment "Japan"
+  in segment "Nippon"
   and in segment "Buyers"
   and any (
```

These are no longer in any file, and stay on the server without `--prune`:

- Countries/Asia/Japan (#…)
""")


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_person_is_asked(project: Path, answer: str) -> None:
    before = ids()
    with on_terminal(project, "apply") as terminal:
        terminal.read_until("Did you rename")
        terminal.press("\n")  # There is no answer that is taken for granted.
        terminal.read_until("Did you rename", times=2)
        terminal.press(f"{answer}\n")
        terminal.read_until("Apply these changes to “local”?")
        terminal.press("y\n")
        assert terminal.end() == 0
    assert (ids()["Nippon"] == before["Japan"]) is (answer == "y")
    assert ("Japan" in ids()) is (answer == "n")
    assert segdsl("plan", "--exit-code").exit_code == 0


def test_ctrl_c_at_that_question_ends_it(project: Path) -> None:
    before, lock = ids(), Path("local.lock.toml").read_text()
    with on_terminal(project, "apply") as terminal:
        terminal.read_until("Did you rename")
        terminal.press(CTRL_C)
        terminal.press("y\ny\n")
        assert terminal.end() == 130
    assert (ids(), Path("local.lock.toml").read_text()) == (before, lock)


def test_an_empty_workspace_deletes_nothing(project: Path) -> None:
    before = ids()
    for path in Path().glob("*.seg"):
        path.unlink()
    for command in (["plan"], ["plan", "--prune"], ["apply", "--prune", "--yes"]):
        done = segdsl(*command)
        assert done.exit_code == 1
        assert "SEG312" in done.stderr
    assert ids() == before
    assert segdsl("plan", "--allow-empty").exit_code == 0
    assert segdsl("apply", "--prune", "--yes", "--allow-empty").exit_code == 0
    assert ids() == {}
