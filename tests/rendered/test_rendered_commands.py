"""What commands print, whole: plans, conflicts, previews, lists, explanations, SQL.

The folder is that of `workspace`: six customers, three segments. `make snapshots` writes the
texts anew after a change of wording.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import segdsl, steady
from workspace import JAPAN, NOW, write_project

TARGET = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
COUNTED = """\
segment "X"
where
  country = "JP"
  and (age > 60 or none (ltv > 100, has purchases))
  and not email is null
limit 1 by ltv desc
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, TARGET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    """What is printed on standard output and then on standard error, made `steady`."""
    done = segdsl(*arguments)
    assert done.exit_code == code, done.output
    return steady(done.stdout + done.stderr)


# --- plans -------------------------------------------------------------------------------


def test_a_plan_that_creates() -> None:
    assert run("plan") == snapshot("""\
+ create  Buyers  (buyers.seg)
+ create  Countries/Asia/Japan  (japan.seg)
+ create  Countries/Asia/Buyers in Japan  (buyers.seg)
Plan: 3 to create.
""")


def test_a_plan_with_counts() -> None:
    assert run("plan", "--count") == snapshot("""\
+ create  Buyers  (buyers.seg)
    3 profiles
+ create  Countries/Asia/Japan  (japan.seg)
    3 profiles
+ create  Countries/Asia/Buyers in Japan  (buyers.seg)
    1 profile
Plan: 3 to create.
""")


def test_an_apply_and_a_plan_of_no_changes() -> None:
    assert run("apply", "--yes") == snapshot("""\
+ create  Buyers  (buyers.seg)
+ create  Countries/Asia/Japan  (japan.seg)
+ create  Countries/Asia/Buyers in Japan  (buyers.seg)
Plan: 3 to create.
created    Buyers  #…
created    Countries/Asia/Japan  #…
created    Countries/Asia/Buyers in Japan  #…
""")
    assert run("plan") == snapshot("No changes. 3 segments are up to date.\n")


def test_a_plan_that_updates() -> None:
    run("apply", "--yes")
    Path("japan.seg").write_text(JAPAN.replace('"JP"', '"US"'))
    assert run("plan") == snapshot("""\
~ update  Countries/Asia/Japan (#…): rule
     where
    -  country = "JP"
    +  country = "US"
Plan: 1 to update. 2 segments are up to date.
""")


def test_a_plan_that_deletes() -> None:
    run("apply", "--yes")
    Path("buyers.seg").unlink()
    assert run("plan") == snapshot("""\
. left      Buyers (#…): no longer in any file; --prune deletes it
. left      Countries/Asia/Buyers in Japan (#…): no longer in any file; --prune deletes it
No changes. 1 segment is up to date.
""")
    assert run("plan", "--prune") == snapshot("""\
- delete  Countries/Asia/Buyers in Japan (#…)
- delete  Buyers (#…)
Plan: 2 to delete. 1 segment is up to date.
""")


def test_a_conflict() -> None:
    run("apply", "--yes")
    lock = Path("local.lock.toml").read_text()
    Path("japan.seg").write_text(JAPAN.replace("JP", "US"))
    run("apply", "--yes")
    Path("local.lock.toml").write_text(lock)
    Path("japan.seg").write_text(JAPAN.replace("JP", "FR"))
    assert run("plan", code=1) == snapshot("""\
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
    assert run("plan", "--force") == snapshot("""\
~ update  Countries/Asia/Japan (#…): rule
    forced: overwrites the version on the server
     where
    -  country = "US"
    +  country = "FR"
Plan: 1 to update. 2 segments are up to date.
""")


def test_a_refused_apply() -> None:
    assert run("apply", code=2) == snapshot("""\
+ create  Buyers  (buyers.seg)
+ create  Countries/Asia/Japan  (japan.seg)
+ create  Countries/Asia/Buyers in Japan  (buyers.seg)
Plan: 3 to create.
Error: not a terminal: pass --yes to apply these changes
""")


# --- previews and lists ------------------------------------------------------------------


def test_a_preview() -> None:
    assert run("preview", ".") == snapshot("""\
Segment          Profiles  Share    Time
Buyers                  3  50.0%…
Buyers in Japan         1  16.7%…
Japan                   3  50.0%…

of 6 profiles in “Tiny shop”
""")


def test_a_preview_with_a_breakdown() -> None:
    Path("x.seg").write_text(COUNTED)
    assert run("preview", "x.seg", "--breakdown") == snapshot("""\
X                            Profiles  Share                        Left
the segment, with its limit         1  16.7%  ███▍
all of                              1  16.7%  ███▍
  country = "JP"                    3  50.0%  ██████████               3
  any of                            3  50.0%  ██████████               1
    age > 60                        1  16.7%  ███▍
    all of                          3  50.0%  ██████████
      ltv not > 100                 3  50.0%  ██████████               3
      no purchases                  3  50.0%  ██████████               3
  email is not null                 5  83.3%  ████████████████▋        1

of 6 profiles in “Tiny shop”
warning[SEG601]: negated, this also holds for profiles with no `ltv`
  --> x.seg:4:26
   |
 4 |   and (age > 60 or none (ltv > 100, has purchases))
   |                          ^^^^^^^^^
   |
   = help: to exclude them, add `and ltv is not null`; to include them explicitly: `(… or ltv is null)`

1 warning
""")


def test_a_preview_with_a_sample() -> None:
    arguments = ("--sample", "3", "--columns", "email,age")
    assert run("preview", "japan.seg", *arguments) == snapshot("""\
Segment  Profiles  Share    Time
Japan           3  50.0%…

Japan
cdp_customer_id  email   age
c01              a@x.jp  31
c02              null    null
c05              e@x.jp  67

of 6 profiles in “Tiny shop”
""")


def test_a_list() -> None:
    assert run("list") == snapshot(
        "no segments on the server; create one with `segdsl create FILE`\n"
    )
    run("apply", "--yes")
    assert run("list") == snapshot("""\
Id  Segment                         Kind   Profiles  Updated
#…  Buyers                          batch         –  2024-10-01
#…  Countries/Asia/Buyers in Japan  batch         –  2024-10-01
#…  Countries/Asia/Japan            batch         –  2024-10-01
""")


def test_a_segment_of_the_server() -> None:
    run("apply", "--yes")
    assert run("show", "Japan") == snapshot("""\
segment "Japan"
  description "Everyone in Japan"
  folder "Countries/Asia"

where
  country = "JP"
""")


# --- what a file says --------------------------------------------------------------------


def test_an_explanation() -> None:
    assert run("explain", "buyers.seg") == snapshot("""\
Segment "Buyers"
  Kind: batch

A profile is in this segment when this holds:
  1. There is at least 1 purchases event.

Segment "Buyers in Japan"
  Kind: batch
  Folder: Countries/Asia

A profile is in this segment when all of these hold:
  1. The profile is in the segment "Japan".
  2. The profile is in the segment "Buyers".
  3. At least one of these holds:
     3.1. age is more than 30.
          A profile with no age does not meet this.
     3.2. The sum of amount over purchases events is more than 5000.
          A profile with no purchases event does not meet this.
""")


def test_the_explanation_of_a_rule() -> None:
    Path("x.seg").write_text(COUNTED)
    assert run("explain", "--tree", "x.seg") == snapshot("""\
Segment "X"
And, limit 1 by ltv descending
└─ Rule set 1 (Composite A and (B or (C and D)) and E)
   ├─ A  country Equal "JP"
   ├─ B  age Greater 60
   ├─ C  ltv not Greater 100
   ├─ D  exclude Count(purchases) GreaterEqual 1
   └─ E  email not IsNull
warning[SEG601]: negated, this also holds for profiles with no `ltv`
  --> x.seg:4:26
   |
 4 |   and (age > 60 or none (ltv > 100, has purchases))
   |                          ^^^^^^^^^
   |
   = help: to exclude them, add `and ltv is not null`; to include them explicitly: `(… or ltv is null)`

1 warning
""")


def test_a_check() -> None:
    Path("x.seg").write_text('segment "X" where country != "JP"\n')
    Path("wrong.seg").write_text('segment "Wrong" where country = = 1\n')
    assert run("check", ".", code=1) == snapshot("""\
error[SEG001]: unexpected `=`: expected a value
  --> wrong.seg:1:33
   |
 1 | segment "Wrong" where country = = 1
   |                                 ^
   |
   = help: remove it

warning[SEG601]: negated, this also holds for profiles with no `country`
  --> x.seg:1:19
   |
 1 | segment "X" where country != "JP"
   |                   ^^^^^^^^^^^^^^^
   |
   = help: to exclude them, add `and country is not null`; to include them explicitly: `(… or country is null)`

4 files, 4 segments: 1 error, 1 warning
hint: run `segdsl schema pull` to check columns against the parent segment
""")


def test_a_check_of_files_that_are_right() -> None:
    assert run("check", "japan.seg") == snapshot("""\
1 file, 1 segment: no problems found
hint: run `segdsl schema pull` to check columns against the parent segment
""")


def test_a_difference() -> None:
    Path("japan.seg").write_text('segment "Japan" where country="JP"\n')
    assert run("fmt", "--diff", "japan.seg") == snapshot("""\
--- japan.seg
+++ japan.seg (formatted)
@@ -1 +1,4 @@
-segment "Japan" where country="JP"
+segment "Japan"
+
+where
+  country = "JP"
1 file would be reformatted
""")


@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
def test_a_query(dialect: str) -> None:
    Path("x.seg").write_text(COUNTED)
    shown = snapshot(
        {
            "duckdb": """\
-- X, as of 2024-10-01T09:00:00+09:00 (Asia/Tokyo)
SELECT
  "cdp_customer_id"
FROM "customers"
WHERE
  "country" = 'JP'
  AND (
    "age" > 60
    OR (
      (
        "ltv" IS NULL OR NOT "ltv" > 100
      )
      AND NOT "cdp_customer_id" IN (
        SELECT
          "e"."cdp_customer_id"
        FROM "behavior_purchases" AS "e"
        WHERE
          NOT "e"."cdp_customer_id" IS NULL
      )
    )
  )
  AND NOT "email" IS NULL
ORDER BY
  "ltv" DESC,
  "cdp_customer_id" ASC
LIMIT 1;
warning[SEG601]: negated, this also holds for profiles with no `ltv`
  --> x.seg:4:26
   |
 4 |   and (age > 60 or none (ltv > 100, has purchases))
   |                          ^^^^^^^^^
   |
   = help: to exclude them, add `and ltv is not null`; to include them explicitly: `(… or ltv is null)`

1 warning
""",
            "trino": """\
-- X, as of 2024-10-01T09:00:00+09:00 (Asia/Tokyo)
SELECT
  "cdp_customer_id"
FROM "customers"
WHERE
  "country" = 'JP'
  AND (
    "age" > 60
    OR (
      NOT COALESCE("ltv" > 100, FALSE)
      AND NOT "cdp_customer_id" IN (
        SELECT
          "e"."cdp_customer_id"
        FROM "behavior_purchases" AS "e"
        WHERE
          NOT "e"."cdp_customer_id" IS NULL
      )
    )
  )
  AND NOT "email" IS NULL
ORDER BY
  "ltv" DESC,
  "cdp_customer_id" ASC
LIMIT 1;
warning[SEG601]: negated, this also holds for profiles with no `ltv`
  --> x.seg:4:26
   |
 4 |   and (age > 60 or none (ltv > 100, has purchases))
   |                          ^^^^^^^^^
   |
   = help: to exclude them, add `and ltv is not null`; to include them explicitly: `(… or ltv is null)`

1 warning
""",
        }
    )
    assert run("sql", "--dialect", dialect, "x.seg") == shown[dialect]


# --- usage errors ------------------------------------------------------------------------


def test_a_command_that_is_not_there() -> None:
    assert run("plam", code=2) == snapshot("""\
Usage: segdsl [OPTIONS] COMMAND [ARGS]...
Try 'segdsl --help' for help.

Error: unknown command `plam`; did you mean `plan`?
""")


def test_a_file_that_is_not_there() -> None:
    assert run("check", "japn.seg", code=2) == snapshot(
        "Error: `japn.seg` does not exist: check the spelling\n"
    )


def test_a_project_file_that_is_not_valid() -> None:
    Path("segdsl.toml").write_text(TARGET.replace("data =", "dat ="))
    assert run("plan", code=2) == snapshot("""\
Error: unknown key `dat` in [targets.local]
  --> segdsl.toml:3:1
   |
 3 | dat = "data"
   | ^^^
   |
   = help: did you mean `data`?
""")


def test_a_lock_that_is_not_valid() -> None:
    Path("local.lock.toml").write_text("nonsense = ")
    assert run("plan", code=2) == snapshot("""\
Error: local.lock.toml is not a valid lock: expected a value
  --> local.lock.toml:1:12
   |
 1 | nonsense =
   |            ^
   |
   = help: put a string in quotes, such as "data"; restore the last committed one, or delete it and run `segdsl plan`
""")
