"""Preview, create, list, show, delete and sql: the same, whoever answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from running import process, segdsl, steady
from segdsl.dialects import DIALECTS
from workspace import WAYS, json_output, project

pytestmark = pytest.mark.heavy


@pytest.fixture(params=WAYS)
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    with project(tmp_path, request.param) as there:
        monkeypatch.chdir(there)
        yield there


def counts(of: Any) -> dict[str, int]:
    return {each["name"]: each["count"] for each in of["segments"]}


# --- preview -----------------------------------------------------------------------------


def test_a_preview_counts_without_creating(folder: Path) -> None:
    found = json_output("preview", ".")
    assert found["parent_segment"] == {"id": "1", "name": "Tiny shop", "population": 6}
    # The third refers to the other two, which the server does not have yet.
    assert counts(found) == {"Buyers": 3, "Buyers in Japan": 1, "Japan": 3}
    assert found["segments"][2]["share"] == 0.5
    assert json_output("list")["segments"] == []


def test_a_preview_is_a_table(folder: Path) -> None:
    done = segdsl("preview", "japan.seg")
    assert done.exit_code == 0, done.output
    assert steady(done.stdout) == snapshot("""\
Segment  Profiles  Share    Time
Japan           3  50.0%…

of 6 profiles in “Tiny shop”
""")


def test_a_breakdown_counts_every_node(folder: Path) -> None:
    (folder / "x.seg").write_text(
        'segment "X" where country = "JP" and (age > 60 or none (ltv > 100, has purchases))\n'
        "  and not email is null\nlimit 1 by ltv desc"
    )
    [found] = json_output("preview", "x.seg", "--breakdown")["segments"]

    def outline(node: Any) -> Any:
        inner = [outline(child) for child in node.get("children", [])]
        return (node["condition"], node["count"], node.get("left"), *inner)

    assert found["count"] == 1
    assert outline(found["breakdown"]) == (
        "all of",
        1,
        None,
        ('country = "JP"', 3, 3),
        (
            "any of",
            3,
            1,
            ("age > 60", 1, None),
            ("all of", 3, None, ("ltv not > 100", 3, 3), ("no purchases", 3, 3)),
        ),
        ("email is not null", 5, 1),
    )
    assert segdsl("preview", "x.seg", "--breakdown").stdout == snapshot("""\
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
""")


def test_a_sample_shows_profiles(folder: Path) -> None:
    [found] = json_output("preview", "japan.seg", "--sample", "2", "--columns", "email,age")[
        "segments"
    ]
    assert found["sample"]["columns"] == ["cdp_customer_id", "email", "age"]
    rows = found["sample"]["rows"]
    assert len(rows) == 2
    everyone = [["c01", "a@x.jp", 31], ["c02", None, None], ["c05", "e@x.jp", 67]]
    assert all(row in everyone for row in rows)
    done = segdsl("preview", "japan.seg", "--sample", "3", "--columns", "email,age")
    assert steady(done.stdout) == snapshot("""\
Segment  Profiles  Share    Time
Japan           3  50.0%…

Japan
cdp_customer_id  email   age
c01              a@x.jp  31
c02              null    null
c05              e@x.jp  67

of 6 profiles in “Tiny shop”
""")


def test_a_column_that_is_not_there(folder: Path) -> None:
    done = segdsl("preview", "japan.seg", "--sample", "2", "--columns", "emial")
    assert done.exit_code == 3
    assert "emial" in done.stderr


def test_segments_with_mistakes_do_not_keep_others_from_being_counted(folder: Path) -> None:
    (folder / "x.seg").write_text(
        'segment "Good" where country = "JP"\nsegment "Bad" where in segment "Nowhere"\n'
    )
    done = segdsl("preview", "x.seg")
    assert done.exit_code == 1
    assert steady(done.stdout) == snapshot("""\
Segment  Profiles  Share    Time
Good            3  50.0%…

of 6 profiles in “Tiny shop”
""")
    assert done.stderr == snapshot("""\
error[SEG304]: no segment on the server is named "Nowhere"
  --> x.seg:2:21
   |
 2 | segment "Bad" where in segment "Nowhere"
   |                     ^^^^^^^^^^^^^^^^^^^^
   |
   = help: create it first, or name the file that defines it as well

1 error
""")


def test_an_attribute_that_is_not_there(folder: Path) -> None:
    (folder / "x.seg").write_text('segment "X" where contry = "JP"\n')
    done = segdsl("preview", "x.seg")
    assert done.exit_code == 3
    assert done.stderr == snapshot("""\
error: “X”: the API rejected the request: $.rule.conditions[0].conditions[0].leftValue.name: there is no attribute `contry`: did you mean `country`? (400)
hint: run `segdsl schema pull` to check columns against the parent segment
""")


def test_a_name_that_two_of_the_files_have_means_neither(folder: Path) -> None:
    """Inside a segment put in place as well."""
    (folder / "x.seg").write_text(
        'segment "A" folder "One" where age > 1\n'
        'segment "A" folder "Two" where age > 50\n'
        'segment "B" where in segment "A"\n'
        'segment "C" where not in segment "B"\n'
    )
    for command in ("preview", "create", "sql"):
        done = segdsl(command, "x.seg")
        assert done.exit_code == 1, command
        assert "error[SEG305]" in done.stderr
    # Nothing is said of what cannot be known.
    found = json.loads(segdsl("preview", "x.seg", "--json").stdout)
    assert [each["name"] for each in found["segments"]] == ["A", "A"]


def test_a_name_that_the_files_have_means_theirs_and_not_that_of_another_folder(
    folder: Path,
) -> None:
    """As `plan` and `check` take it."""
    (folder / "theirs.seg").write_text('segment "A" folder "Theirs" where country = "US"\n')
    assert segdsl("create", "theirs.seg").exit_code == 0
    (folder / "x.seg").write_text(
        'segment "A" where country = "JP"\nsegment "B" where in segment "A"\n'
    )
    for times in range(2):
        counted = json.loads(segdsl("preview", "x.seg", "--json").stdout)["segments"]
        assert [each["count"] for each in counted] == [3, 3], times
        assert "'JP'" in segdsl("sql", "x.seg").stdout.partition("-- B")[2]
        assert segdsl("create", "x.seg").exit_code == 0
    assert 'in segment "A" of folder "/"' in segdsl("show", "B").stdout
    # By itself B can mean either.
    (folder / "b.seg").write_text('segment "B" where in segment "A"\n')
    assert "error[SEG305]" in segdsl("preview", "b.seg").stderr


def test_what_cannot_be_put_in_place_has_to_be_created_first(folder: Path) -> None:
    (folder / "x.seg").write_text(
        'segment "Top" where age > 1 limit 2 by age desc\n'
        'segment "All" where everyone\n'
        'segment "B" where in segment "Top"\n'
        'segment "C" where not in segment "All"\n'
    )
    done = segdsl("preview", "x.seg")
    assert done.exit_code == 1
    assert done.stderr == snapshot("""\
error[SEG304]: the segment "Top" is not on the server yet, and cannot be counted as a part of another: it has a limit
  --> x.seg:3:19
   |
 3 | segment "B" where in segment "Top"
   |                   ^^^^^^^^^^^^^^^^
   |
   = help: create it first

error[SEG304]: the segment "All" is not on the server yet, and cannot be counted as a part of another: it is everyone
  --> x.seg:4:23
   |
 4 | segment "C" where not in segment "All"
   |                       ^^^^^^^^^^^^^^^^
   |
   = help: create it first

2 errors
""")
    json_output("create", "x.seg")
    assert counts(json_output("preview", "x.seg")) == {"Top": 2, "All": 6, "B": 2, "C": 0}


def test_references_that_multiply_are_refused_at_once(folder: Path) -> None:
    twice = "".join(
        f'segment "S{n}" where in segment "S{n - 1}" and (age > {n} or in segment "S{n - 1}")\n'
        for n in range(1, 40)
    )
    (folder / "x.seg").write_text('segment "S0" where age > 0\n' + twice)
    done = segdsl("preview", "x.seg")
    assert done.exit_code == 1
    assert "more than 200 segments" in done.stderr


# --- create, list, show, delete ----------------------------------------------------------


def test_segments_are_created_once_in_the_order_of_references(folder: Path) -> None:
    made = json_output("create", ".", "--count")["segments"]
    assert {each["name"]: (each["status"], each["count"]) for each in made} == {
        "Buyers": ("created", 3),
        "Buyers in Japan": ("created", 1),
        "Japan": ("created", 3),
    }
    again = json_output("create", ".")["segments"]
    assert {each["status"] for each in again} == {"there_already"}
    assert [each["id"] for each in again] == [each["id"] for each in made]
    listed = json_output("list")["segments"]
    assert [(each["folder"], each["name"]) for each in listed] == [
        (None, "Buyers"),
        ("Countries/Asia", "Buyers in Japan"),
        ("Countries/Asia", "Japan"),
    ]
    assert counts(json_output("preview", ".")) == {"Buyers": 3, "Buyers in Japan": 1, "Japan": 3}


def test_what_was_created_is_shown_as_its_source(folder: Path) -> None:
    json_output("create", ".")
    assert segdsl("show", "Japan").stdout == (folder / "japan.seg").read_text()
    source = segdsl("show", "Countries/Asia/Buyers in Japan").stdout
    assert source == (folder / "buyers.seg").read_text().split("has purchases\n\n")[1]
    answer = json_output("show", "Japan")["segment"]
    assert answer["name"] == "Japan"
    assert answer["rule"]["type"] == "And"
    done = segdsl("show", "Japn")
    assert done.exit_code == 2
    assert "did you mean `Japan`?" in done.stderr


def test_nothing_that_is_there_is_overwritten(folder: Path) -> None:
    json_output("create", "japan.seg")
    before = segdsl("show", "Japan", "--json").stdout
    changed = (folder / "japan.seg").read_text().replace('"JP"', '"US"')
    (folder / "japan.seg").write_text(changed)
    done = segdsl("create", ".")
    assert done.exit_code == 1
    assert steady(done.stderr) == snapshot("""\
error[SEG308]: "Japan" already exists (#…), with another rule
  --> japan.seg:1:1
   |
 1 | segment "Japan"
   | ^^^^^^^^^^^^^^^
   |
   = help: nothing was changed; look at it with `segdsl show`, and give this one another name or folder

1 error
""")
    assert segdsl("show", "Japan", "--json").stdout == before
    # Nothing else was sent either.
    assert [each["name"] for each in json_output("list")["segments"]] == ["Japan"]


def test_a_cycle_is_found_before_anything_is_sent(folder: Path) -> None:
    (folder / "x.seg").write_text(
        'segment "A" where in segment "B"\nsegment "B" where not in segment "A"\n'
    )
    done = segdsl("create", ".")
    assert done.exit_code == 1
    assert done.stderr == snapshot("""\
error[SEG306]: segments refer to each other in a cycle: "A" → "B" → "A"
  --> x.seg:1:1
   |
 1 | segment "A" where in segment "B"
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: remove one of the references: the API needs each segment to exist before another can refer to it
note: "B" is here
  --> x.seg:2:1
   |
 2 | segment "B" where not in segment "A"
   | ------------------------------------

1 error
""")
    assert json_output("list")["segments"] == []
    assert segdsl("preview", "x.seg").exit_code == 1


def test_namesakes_are_no_cycle(folder: Path) -> None:
    (folder / "x.seg").write_text(
        'segment "A" folder "One" where in segment "B"\n'
        'segment "A" folder "Two" where age > 50\n'
        'segment "B" where in segment "A"\n'
    )
    for command in ("create", "preview"):
        done = segdsl(command, "x.seg")
        assert "SEG305" in done.stderr
        assert "SEG306" not in done.stderr


def test_a_segment_that_others_refer_to_stays(folder: Path) -> None:
    made = {each["name"]: each["id"] for each in json_output("create", ".")["segments"]}
    done = segdsl("delete", "Japan", "--yes")
    assert done.exit_code == 3
    assert made["Buyers in Japan"] in done.stderr
    assert segdsl("delete", "Buyers in Japan").exit_code == 2
    done = segdsl("delete", "Buyers in Japan", "--yes")
    assert (done.exit_code, done.stdout.split()[0]) == (0, "deleted")
    assert segdsl("delete", made["Japan"], "--yes").exit_code == 0
    assert [each["name"] for each in json_output("list")["segments"]] == ["Buyers"]


def test_a_folder_is_made_once(folder: Path) -> None:
    (folder / "x.seg").write_text(
        "".join(
            f'segment "S{number}"\n  folder "A/B/C"\nwhere age > {number}\n' for number in range(20)
        )
    )
    json_output("create", "x.seg")
    assert [each["folder"] for each in json_output("list")["segments"]] == ["A/B/C"] * 20


# --- sql ---------------------------------------------------------------------------------


def test_sql_is_printed_for_any_engine(folder: Path) -> None:
    json_output("create", "japan.seg")
    for dialect in DIALECTS:
        done = segdsl("sql", ".", "--dialect", dialect)
        assert done.exit_code == 0, done.output
        assert done.stdout.count("SELECT") >= 3
        assert "-- Japan, as of 2024-10-01T09:00:00+09:00 (Asia/Tokyo)" in done.stdout or (
            "on a port" in os.environ.get("PYTEST_CURRENT_TEST", "")
        )
    remote = segdsl("sql", "japan.seg", "--remote")
    assert remote.exit_code == 0, remote.output
    assert "SELECT" in remote.stdout.upper()


def test_sql_knows_the_columns_of_the_target(folder: Path) -> None:
    (folder / "x.seg").write_text('segment "X" where contry = "JP"\n')
    done = segdsl("sql", "x.seg")
    assert done.exit_code == 1
    assert "error[SEG309]" in done.stderr
    assert "country" in done.stderr


# --- as processes ------------------------------------------------------------------------


def test_commands_end_well_as_processes_too(folder: Path) -> None:
    done = process("create", ".", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = process("preview", "--breakdown", "buyers.seg", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout


def test_two_runs_at_once_make_everything_once(folder: Path) -> None:
    (folder / "x.seg").write_text(
        "".join(f'segment "S{n}" folder "F" where age > {n}\n' for n in range(30))
    )
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: process("create", "x.seg", cwd=folder), range(2)))
    assert [done.returncode for done in runs] == [0, 0], [done.stderr for done in runs]
    assert sum(done.stdout.count(b"created ") for done in runs) == 30
    assert sum(done.stdout.count(b"exists ") for done in runs) == 30
    assert len(json_output("list")["segments"]) == 30


def test_times_of_a_sample_are_shown_as_times(folder: Path) -> None:
    """In the time zone of the parent segment; a machine gets the seconds that rules compare."""
    sample = ("preview", "japan.seg", "--sample", "3", "--columns", "last_visit,ltv")
    shown = segdsl(*sample).stdout
    assert "2024-09-30T21:40:00+09:00" in shown
    assert "1727700000" not in shown
    [found] = json_output(*sample)["segments"]
    assert [row[1] for row in found["sample"]["rows"]] == [1727700000, 1727000000, 1727740000]


def test_times_among_the_first_columns_are_shown_too(folder: Path) -> None:
    assert "2024-10-01T08:46:40+09:00" in segdsl("preview", "japan.seg", "--sample", "3").stdout


def test_a_file_with_an_error_does_not_stop_the_others_from_being_counted(folder: Path) -> None:
    """What has an error is never lowered: a window in weeks ended every command in a traceback."""
    (folder / "bad.seg").write_text('segment "Bad" where count(purchases over 1 week) >= 2\n')
    for command in (["compile", "--symbolic"], ["explain"], ["explain", "--tree"], ["sql"]):
        done = segdsl(*command, "bad.seg")
        assert done.exit_code == 1, done.output
        assert "SEG014" in done.stderr
    done = segdsl("preview", "bad.seg", "japan.seg", "--json")
    assert done.exit_code == 1
    assert counts(json.loads(done.stdout)) == {"Japan": 3}
    assert done.output.count("SEG014") == 1
