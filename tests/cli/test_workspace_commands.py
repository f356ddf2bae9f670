"""`segdsl plan`, `apply` and `pull` as a person or a pipeline types them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import segdsl, steady
from workspace import JAPAN, NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_nothing_to_nothing_to_do(project: Path) -> None:
    planned = segdsl("plan", "--exit-code")
    assert planned.exit_code == 4
    assert planned.stdout == snapshot("""\
+ create  Buyers  (buyers.seg)
+ create  Countries/Asia/Japan  (japan.seg)
+ create  Countries/Asia/Buyers in Japan  (buyers.seg)
Plan: 3 to create.
""")
    applied = segdsl("apply", "--yes")
    assert applied.exit_code == 0
    lines = applied.stdout.splitlines()
    made = [line.split("  ")[-2].strip() for line in lines if line.startswith("created")]
    # What is referred to comes first.
    assert made[-1] == "Countries/Asia/Buyers in Japan"
    following = segdsl("plan", "--exit-code")
    assert (following.exit_code, following.stdout) == (
        0,
        snapshot("No changes. 3 segments are up to date.\n"),
    )
    again = segdsl("apply", "--yes")
    assert (again.exit_code, again.stdout) == (
        0,
        snapshot("No changes. 3 segments are up to date.\n"),
    )


def test_an_apply_asks_first(project: Path) -> None:
    refused = segdsl("apply")
    assert refused.exit_code == 2
    assert "pass --yes" in refused.stderr
    assert "3 to create" in segdsl("plan").stdout


def test_an_error_in_any_file_stops_all(project: Path) -> None:
    (project / "wrong.seg").write_text('segment "Wrong" where country = = 1\n')
    for command in (["plan"], ["apply", "--yes"], ["pull"]):
        done = segdsl(*command)
        assert done.exit_code == 1
        assert "wrong.seg:1:" in done.stderr
        assert done.stdout == ""
    told = segdsl("plan", "--format", "json")
    assert [each["code"] for each in json.loads(told.stdout)["diagnostics"]] == ["SEG001"]


def test_a_reference_that_leads_nowhere(project: Path) -> None:
    (project / "x.seg").write_text('segment "x" where in segment "Japn"\n')
    done = segdsl("apply", "--yes")
    assert done.exit_code == 1
    assert done.stderr == snapshot("""\
error[SEG304]: no segment on the server is named "Japn"
  --> x.seg:1:19
   |
 1 | segment "x" where in segment "Japn"
   |                   ^^^^^^^^^^^^^^^^^
   |
   = help: did you mean `Japan`?

1 error
""")
    assert segdsl("list").stderr == snapshot(
        "no segments on the server; create one with `segdsl create FILE`\n"
    )


def test_plans_for_programs(project: Path) -> None:
    found = json.loads(segdsl("plan", "--count", "--output", "json").stdout)
    japan = next(each for each in found["changes"] if each["name"] == "Japan")
    assert japan["action"] == "create"
    assert japan["effect"]["after"] == 3
    done = json.loads(segdsl("apply", "--yes", "--output", "json").stdout)
    assert {each["status"] for each in done["outcomes"]} == {"created"}


def test_a_saved_plan(project: Path) -> None:
    assert segdsl("plan", "--save", "plan.json").exit_code == 0
    (project / "japan.seg").unlink()
    done = segdsl("apply", "--plan", "plan.json", "--yes")
    assert done.exit_code == 0
    assert steady(done.stdout) == snapshot("""\
+ create  Buyers  (buyers.seg)
+ create  Countries/Asia/Japan  (japan.seg)
+ create  Countries/Asia/Buyers in Japan  (buyers.seg)
Plan: 3 to create.
created    Buyers  #…
created    Countries/Asia/Japan  #…
created    Countries/Asia/Buyers in Japan  #…
""")
    for wrong in (["--prune"], ["--force"], ["japan.seg"]):
        assert segdsl("apply", "--plan", "plan.json", "--yes", *wrong).exit_code == 2
    Path("bad.json").write_text('{"version": 1}')
    bad = segdsl("apply", "--plan", "bad.json", "--yes")
    assert bad.exit_code == 2
    assert "bad.json is not a valid plan" in bad.stderr
    assert segdsl("apply", "--plan", "missing.json", "--yes").exit_code == 2


def test_a_conflict_ends_with_1_and_sends_nothing(project: Path) -> None:
    segdsl("apply", "--yes")
    lock = Path("local.lock.toml").read_text()
    Path("japan.seg").write_text(JAPAN.replace("JP", "US"))
    segdsl("apply", "--yes")
    Path("local.lock.toml").write_text(lock)
    Path("japan.seg").write_text(JAPAN.replace("JP", "FR"))
    for command in (["plan"], ["apply", "--yes"]):
        done = segdsl(*command)
        assert done.exit_code == 1
        assert steady(done.stdout) == snapshot("""\
! conflict  Countries/Asia/Japan (#…): changed on both sides
    last seen (-) and here (+):
       where
      -  country = "JP"
      +  country = "FR"
    last seen (-) and on the server (+):
       where
      -  country = "JP"
      +  country = "US"
    merge both versions in the file and run `segdsl pull --keep NAME`, use the server's version with `segdsl pull --force NAME`, or overwrite it with `segdsl apply --force`
Plan: 1 conflict. 2 segments are up to date.
""")
    assert 'country = "US"' in segdsl("show", "Japan").stdout
    assert segdsl("pull").exit_code == 1
    assert 'country = "FR"' in Path("japan.seg").read_text()
    forced = segdsl("apply", "--yes", "--force")
    assert forced.exit_code == 0
    assert steady(forced.stdout) == snapshot("""\
~ update  Countries/Asia/Japan (#…): rule
    forced: overwrites the version on the server
     where
    -  country = "US"
    +  country = "FR"
Plan: 1 to update. 2 segments are up to date.
updated    Countries/Asia/Japan  #…
""")
    assert 'country = "FR"' in segdsl("show", "Japan").stdout


def test_what_was_deleted_on_the_server_is_created_again(project: Path) -> None:
    segdsl("apply", "--yes")
    [gone] = json.loads(segdsl("list", "--json").stdout)["segments"][:1]
    lock = (project / "local.lock.toml").read_text()
    file = next(path for path in project.glob("*.seg") if gone["name"] in path.read_text())
    text = file.read_text()
    file.unlink()
    assert segdsl("apply", "--yes", "--prune", "--allow-empty").exit_code == 0
    file.write_text(text)
    (project / "local.lock.toml").write_text(lock)
    assert "deleted on the server" in segdsl("plan").stdout
    forced = segdsl("plan", "--force").stdout
    assert "forced: creates it again, although it was deleted on the server" in forced
    assert "overwritten" not in forced


def test_deleting_names_each(project: Path) -> None:
    segdsl("apply", "--yes")
    Path("buyers.seg").unlink()
    left = segdsl("plan")
    assert ". left      Buyers (#" in left.stdout
    done = segdsl("apply", "--prune", "--yes")
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[-2:]] == ["deleted"] * 2
    assert "Buyers" not in segdsl("list").stdout


def test_paths(project: Path) -> None:
    assert "1 to create" in segdsl("plan", "japan.seg").stdout
    missing = segdsl("plan", "nowhere")
    assert (missing.exit_code, "no .seg file at `nowhere`" in missing.stderr) == (2, True)
    outside = segdsl("plan", "/")
    assert (outside.exit_code, "outside the workspace" in outside.stderr) == (2, True)


def test_a_lock_that_cannot_be_used(project: Path) -> None:
    segdsl("apply", "--yes")
    lock = Path("local.lock.toml")
    good = lock.read_text()
    for text, words in (
        ("nonsense = ", "is not a valid lock"),
        ("", "not a valid lock: it has no version; restore the last committed one"),
        (good.replace("version = 2", "version = 99"), "another version"),
        (good.replace('parent_segment = "1"', 'parent_segment = "2"'), "parent segment 2"),
        ("<<<<<<< HEAD\n" + good, "unresolved merge conflicts"),
        (good + good.partition("\n\n")[2], "twice"),
    ):
        lock.write_text(text)
        done = segdsl("plan")
        assert (done.exit_code, words in done.stderr) == (2, True), done.stderr
    lock.write_bytes(b"\xff\xfe" + good.encode("utf-16-le"))
    assert "is not a valid lock: it is not UTF-8; restore" in segdsl("plan").stderr
    lock.unlink()
    assert segdsl("plan").stdout == snapshot("No changes. 3 segments are up to date.\n")


def test_pulling_into_an_empty_folder_and_planning_there(project: Path) -> None:
    segdsl("apply", "--yes")
    for each in (*project.glob("*.seg"), project / "local.lock.toml"):
        each.unlink()
    done = segdsl("pull")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == [
        "created: Buyers.seg",
        "created: Countries/Asia/Buyers in Japan.seg",
        "created: Countries/Asia/Japan.seg",
    ]
    assert segdsl("plan").stdout == snapshot("No changes. 3 segments are up to date.\n")
    assert segdsl("pull").stdout == ""
    assert segdsl("fmt", "--check", ".").exit_code == 0
    wrong = segdsl("pull", "Japn")
    assert (wrong.exit_code, "did you mean `Japan`?" in wrong.stderr) == (2, True)
    told = json.loads(segdsl("pull", "--json").stdout)
    assert {each["status"] for each in told["segments"]} == {"the_same"}


def test_from_a_folder_inside(project: Path) -> None:
    Path("deep/er").mkdir(parents=True)
    Path("deep/er/x.seg").write_text('segment "x" where age > 1\n')
    os.chdir("deep/er")
    assert "(deep/er/x.seg)" in segdsl("plan", "x.seg").stdout
    assert segdsl("apply", "--yes").exit_code == 0
    assert "No changes. 4 segments" in segdsl("plan").stdout


def test_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["plan"], ["apply", "--yes"], ["pull"]):
        done = segdsl(*command)
        assert done.exit_code == 2
        assert "segdsl.toml" in done.stderr


def test_names_that_are_not_meant_for_terminals_or_markdown(project: Path) -> None:
    name = "a\\u{1b}[31m `code` <b> *x*"
    Path("odd.seg").write_text(f'segment "{name}" where age > 1\n')
    text = segdsl("plan").stdout
    assert "\x1b" not in text
    comment = segdsl("plan", "--format", "github").stdout
    assert "\x1b" not in comment
    assert "<b>" not in comment


@pytest.mark.parametrize(
    "text", ['segment "" where age > 1\n', 'segment "x" where in segment " "\n']
)
def test_a_blank_name_is_reported_before_anything_is_sent(project: Path, text: str) -> None:
    Path("blank.seg").write_text(text)
    for command in (["check"], ["plan"], ["apply", "--yes"], ["create", "blank.seg"]):
        done = segdsl(*command)
        assert (done.exit_code, done.stdout) == (1, ""), command
        assert "SEG114" in done.stderr
    assert segdsl("list").stderr.startswith("no segments on the server")
    assert segdsl("fmt", "--check", "blank.seg").exit_code in (0, 1)


def test_a_file_that_a_pull_moves_is_reported_as_removed(project: Path) -> None:
    Path("A.seg").write_text('segment "A"\n  folder "F"\n\nwhere\n  age > 1\n')
    segdsl("apply", "--yes")
    Path("A.seg").unlink()
    segdsl("pull", "A")
    assert Path("F/A.seg").exists()
    lock = Path("local.lock.toml").read_text()
    Path("F/A.seg").write_text('segment "A1"\n  folder "G/H"\n\nwhere\n  age > 1\n')
    segdsl("apply", "--yes")
    # Another clone, which knows nothing of that.
    Path("local.lock.toml").write_text(lock)
    Path("F/A.seg").write_text('segment "A"\n  folder "F"\n\nwhere\n  age > 1\n')
    done = segdsl("pull")
    assert done.stdout == snapshot("""\
updated: G/H/A1.seg
removed: F/A.seg
""")
    assert not Path("F/A.seg").exists()


def test_a_path_whose_file_was_deleted_can_be_pruned(project: Path) -> None:
    Path("sub").mkdir()
    Path("sub/x.seg").write_text('segment "x" where age > 1\n')
    segdsl("apply", "--yes")
    Path("sub/x.seg").unlink()
    Path("sub").rmdir()
    for path in ("sub/x.seg", "sub", "./sub/"):
        assert "Plan: 1 to delete." in segdsl("plan", "--prune", path).stdout
    assert "deleted" in segdsl("apply", "--prune", "--yes", "sub/x.seg").stdout
    gone = segdsl("plan", "--prune", "sub/x.seg")
    assert gone.exit_code == 2
    assert "no .seg file at `sub/x.seg`, neither on disk nor in the lock" in gone.stderr


def test_what_was_installed_is_no_part_of_a_workspace(project: Path) -> None:
    inside = ("node_modules/kit", "a/node_modules", "a/__pycache__", ".hidden", "env", "env/deep")
    for number, folder in enumerate(inside):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, "x.seg").write_text(f'segment "Installed {number}" where contry = = 1\n')
    Path("env/pyvenv.cfg").write_text("home = /usr/bin\n")
    Path("a/x.seg").write_text('segment "Mine" where age > 1\n')
    assert segdsl("plan").stdout.endswith("Plan: 4 to create.\n")
    assert segdsl("check").stderr.startswith("3 files, 4 segments")
    # Who names one means it.
    assert segdsl("check", "node_modules/kit").exit_code == 1
    assert segdsl("check", "env").exit_code == 1


def test_a_folder_of_the_server_is_not_pulled_to_where_nobody_looks(project: Path) -> None:
    Path("x.seg").write_text('segment "x" folder "node_modules/__pycache__" where age > 1\n')
    segdsl("apply", "--yes")
    Path("x.seg").unlink()
    assert segdsl("pull", "x").stdout == snapshot("created: node_modules_/__pycache___/x.seg\n")
    assert segdsl("pull").stdout == ""
    assert segdsl("plan").stdout == snapshot("No changes. 4 segments are up to date.\n")


def test_a_pull_says_what_became_of_each(project: Path) -> None:
    segdsl("apply", "--yes")
    kept = segdsl("pull", "--keep", "Japan")
    assert kept.stdout == snapshot("japan.seg: kept; the server version is marked as seen\n")
    assert kept.stderr == snapshot("1 kept\n")
    Path("japan.seg").unlink()
    gone = segdsl("pull")
    assert gone.stdout == snapshot(
        "Countries/Asia/Japan: deleted here; run `segdsl pull NAME` to restore it\n"
    )
    assert gone.stderr == snapshot("2 unchanged, 1 deleted here\n")


def test_a_file_of_two_segments_is_reported_once(project: Path) -> None:
    Path("two.seg").write_text('segment "T1" where age > 1\n\nsegment "T2" where age > 2\n')
    segdsl("apply", "--yes")
    lock, text = Path("local.lock.toml").read_text(), Path("two.seg").read_text()
    Path("two.seg").write_text(text.replace("age > ", "age > 1"))
    segdsl("apply", "--yes")
    # Another clone, which knows nothing of that.
    Path("local.lock.toml").write_text(lock)
    Path("two.seg").write_text(text)
    done = segdsl("pull")
    assert (done.stdout, done.stderr) == ("updated: two.seg\n", "2 updated, 3 unchanged\n")
    Path("two.seg").write_text(text.replace("age > ", "age > 5"))
    stays = segdsl("pull")
    assert stays.stdout == snapshot("two.seg: T1: changed here\ntwo.seg: T2: changed here\n")


@pytest.mark.parametrize("kind", ["pipe", "folder", "zeros"])
def test_a_lock_that_is_no_file(project: Path, kind: str) -> None:
    lock = Path("local.lock.toml")
    match kind:
        case "pipe":
            os.mkfifo(lock)
        case "folder":
            lock.mkdir()
        case _:
            lock.symlink_to("/dev/zero")
    for command in (["plan"], ["apply", "--yes"], ["pull"], ["mv", "A", "Japan"]):
        done = segdsl(*command)
        assert done.exit_code == 2, command
        assert "local.lock.toml" in done.stderr
    assert segdsl("list").stderr.startswith("no segments on the server")


def test_two_segments_of_one_name_in_two_folders(project: Path) -> None:
    Path("twins.seg").write_text(
        'segment "Twin"\n  folder "A"\n\nwhere\n  age > 1\n\n'
        'segment "Twin"\n  folder "B"\n\nwhere\n  age > 2\n\n'
        'segment "Both" where in segment "Twin" of folder "A" and in segment "Twin" of folder "B"\n'
    )
    assert segdsl("check", "twins.seg").exit_code == 0
    assert segdsl("apply", "--yes").exit_code == 0
    assert segdsl("plan", "--exit-code").exit_code == 0
    lock = Path("local.lock.toml").read_text()
    assert lock.count('name = "Twin"') == 2
    # A name alone is as ambiguous in each command, also where the server has both.
    Path("one.seg").write_text('segment "One" where in segment "Twin"\n')
    for command in (["check"], ["plan"], ["apply", "--yes"]):
        done = segdsl(*command)
        assert (done.exit_code, "SEG305" in done.stderr) == (1, True), command
    Path("one.seg").unlink()
    # Each keeps its own id when one of them gets another name and an edit.
    text = Path("twins.seg").read_text()
    text = text.replace(
        'segment "Twin"\n  folder "B"\n\nwhere\n  age > 2',
        'segment "Other"\n  folder "B"\n\nwhere\n  age > 3',
    )
    Path("twins.seg").write_text(text.replace('"Twin" of folder "B"', '"Other"'))
    assert segdsl("mv", "Twin", "Other").stdout.startswith("moved  B/Twin → B/Other  #")
    planned = segdsl("plan")
    assert steady(planned.stdout) == snapshot("""\
~ update  B/Other (#…): was B/Twin, rule
    -segment "Twin"
    +segment "Other"
       folder "B"

     where
    -  age > 2
    +  age > 3
Plan: 1 to update. 5 segments are up to date.
""")
