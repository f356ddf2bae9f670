"""`segdsl preview` of funnels and activations, from files to what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from running import segdsl, steady
from workspace import json_output

FILES = {
    "segdsl.toml": '[targets.local]\nkind = "local"\ndata = "data"\nnow = 2024-10-01T00:00:00Z\n',
    "data/customers.csv": (
        "cdp_customer_id,country,age,mail\nc1,JP,31,a@x\nc2,JP,19,b@x\nc3,US,45,c@x\nc4,US,,d@x\n"
    ),
    "segments/japan.seg": 'segment "Japan"\n\nwhere\n  country = "JP"\n',
    "funnels/ages.seg": (
        'funnel "Ages"\n\n'
        'stage "All" where everyone\n\n'
        'stage "Japan" is segment "Japan"\n\n'
        'stage "Adults" where in segment "Japan" and age >= 20\n'
    ),
    "activations/sync.seg": (
        'activation "Sync" of segment "Japan"\n'
        '  to connection "s3"\n'
        "  columns (\n"
        "    mail,\n"
        "    age | add(1) as next,\n"
        '    "{stage name}{segment name}" as list,\n'
        "  )\n"
        "  by hand\n"
    ),
    "activations/adults.seg": (
        'activation "Adults" of stage "Adults" of funnel "Ages"\n'
        '  from template "Plain"\n'
        '  to connection "s3"\n'
        "  by hand\n"
    ),
    "activations/plain.seg": (
        'activation template "Plain"\n  to connection "s3"\n  columns (age)\n'
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def preview(*arguments: str) -> Any:
    return json_output("preview", *arguments)


def test_everything_in_the_project(folder: Path) -> None:
    found = preview(".")
    assert [(each["name"], each["count"]) for each in found["segments"]] == [("Japan", 2)]
    (funnel,) = found["funnels"]
    stages = [(each["name"], each["count"], each["conversion"]) for each in funnel["stages"]]
    assert stages == [("All", 4, None), ("Japan", 2, 0.5), ("Adults", 1, 0.5)]
    rows = {each["name"]: each["rows"] for each in found["activations"]}
    assert rows == {
        "Sync": [["a@x", 32, "{stage name}Japan"], ["b@x", 20, "{stage name}Japan"]],
        "Adults": [[31]],
    }


def test_one_funnel_whose_segment_is_in_another_file(folder: Path) -> None:
    done = segdsl("preview", "funnels/ages.seg")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "Ages      Profiles   Share  Conversion\n"
        "1 All            4  100.0%           –  ██████████████████████████████\n"
        "2 Japan          2   50.0%       50.0%  ███████████████\n"
        "3 Adults         1   25.0%       50.0%  ███████▌\n"
        "25.0% from “All” to “Adults”\n"
        "\n"
        "of 4 profiles in “data”\n"
    )


def test_one_activation_whose_parts_are_in_other_files(folder: Path) -> None:
    done = segdsl("preview", "activations/adults.seg")
    assert done.exit_code == 0, done.output
    assert done.stdout == "Adults\n   age\nnumber\n    31\n\nof 4 profiles in “data”\n"


def test_a_selection(folder: Path) -> None:
    found = preview("--select", "Adults", ".")
    assert (found["segments"], found["funnels"]) == ([], [])
    assert [each["name"] for each in found["activations"]] == ["Adults"]
    assert found["activations"][0]["error"] is None


def test_rows_and_columns_that_are_asked_for(folder: Path) -> None:
    (sync,) = preview("--sample", "1", "--columns", "next", "activations/sync.seg")["activations"]
    assert (sync["rows"], [each["name"] for each in sync["columns"]]) == ([[32]], ["next"])


def test_each_has_those_of_the_columns_that_it_knows(folder: Path) -> None:
    asked = ("--sample", "1", "segments/japan.seg", "activations")
    found = preview(*asked, "--columns", "country,next,age")
    assert found["segments"][0]["sample"]["columns"] == ["cdp_customer_id", "country", "age"]
    shown = {
        each["name"]: [column["name"] for column in each["columns"]]
        for each in found["activations"]
    }
    assert shown == {"Sync": ["next"], "Adults": ["age"]}
    found = preview(*asked, "--columns", "next")
    assert found["segments"][0]["sample"]["columns"] == ["cdp_customer_id"]
    adults = next(each for each in found["activations"] if each["name"] == "Adults")
    assert (adults["columns"], adults["rows"], adults["error"]) == ([], [], None)
    assert "Adults: no column to show\n" in segdsl("preview", *asked, "--columns", "next").stdout


def test_a_column_that_nothing_shown_has_is_an_error(folder: Path) -> None:
    files = ("--format", "json", "activations")
    for asked in (("segments/japan.seg", "--columns", "nxet"), ("--columns", "country")):
        done = segdsl("preview", "--sample", "1", *files, *asked)
        assert done.exit_code == 3
        errors = [each["error"] for each in json.loads(done.stdout)["activations"]]
        column = asked[-1]
        assert [each["message"] for each in errors] == [f"it exports no column `{column}`"] * 2


def test_all_attributes_of_segments(folder: Path) -> None:
    (japan,) = preview("--sample", "1", "--columns", "all", "segments")["segments"]
    assert japan["sample"]["columns"] == ["cdp_customer_id", "country", "age", "mail"]
    assert japan["sample"]["masked"] == []


def test_what_cannot_be_shown_fails_and_the_rest_is_shown(folder: Path) -> None:
    (folder / "activations/sync.seg").write_text(
        FILES["activations/sync.seg"].replace("age | add(1)", "agge | add(1)")
    )
    done = segdsl("preview", "activations", "--format", "json")
    assert done.exit_code == 3
    found = json.loads(done.stdout)
    failed = {each["name"]: each["error"] for each in found["activations"]}
    assert failed["Adults"] is None
    assert failed["Sync"]["message"] == "the parent segment has no attribute `agge`"
    assert failed["Sync"]["help"] == "did you mean `age`?"
    text = segdsl("preview", "activations")
    assert text.exit_code == 3
    assert "no attribute `agge`" in text.stderr
    assert "Adults\n" in text.stdout


def test_a_stage_with_an_error(folder: Path) -> None:
    (folder / "funnels/ages.seg").write_text(
        FILES["funnels/ages.seg"].replace('is segment "Japan"', 'is segment "Jappan"')
    )
    done = segdsl("preview", "funnels/ages.seg")
    assert done.exit_code == 1
    assert "SEG304" in done.stderr
    assert "2 Japan" in steady(done.stdout)
    assert "error" in done.stdout


def test_only_definitions(folder: Path) -> None:
    (folder / "lets.seg").write_text("let adult = age >= 20\n")
    done = segdsl("preview", "lets.seg")
    assert done.exit_code == 2
    assert "no segment, funnel or activation in these files" in done.stderr


STAGES = """funnel "Steps"

stage "All" where everyone
stage "Adults" where age >= 20
stage "Old" where age >= 30
"""


def test_stages_that_only_the_server_knows(folder: Path) -> None:
    (folder / "funnels/steps.seg").write_text(STAGES)
    assert segdsl("schema", "pull").exit_code == 0
    assert segdsl("apply", "--yes", "funnels/steps.seg").exit_code == 0
    (folder / "in.seg").write_text('segment "In" where in stage "Adults" of funnel "Steps"\n')
    found = preview("in.seg")
    assert [(each["name"], each["count"]) for each in found["segments"]] == [("In", 2)]
    (folder / "other.seg").write_text(
        'funnel "Other"\n'
        'stage "A" where in stage "Adults" of funnel "Steps"\n'
        'stage "B" where in stage "Old" of funnel "Steps"\n'
        'stage "C" where in stage "Old" of funnel "Steps" and country = "JP"\n'
    )
    (funnel,) = preview("other.seg")["funnels"]
    assert [each["count"] for each in funnel["stages"]] == [2, 2, 1]


def test_a_funnel_that_only_the_server_has(folder: Path) -> None:
    (folder / "steps.seg").write_text(STAGES)
    assert segdsl("schema", "pull").exit_code == 0
    assert segdsl("apply", "--yes", "steps.seg").exit_code == 0
    (folder / "steps.seg").unlink()
    (folder / "in.seg").write_text('segment "In" where in stage "Adults" of funnel "Steps"\n')
    assert [each["count"] for each in preview("in.seg")["segments"]] == [2]


def test_a_stage_that_the_server_does_not_have(folder: Path) -> None:
    (folder / "in.seg").write_text('segment "In" where in stage "Adults" of funnel "Steps"\n')
    done = segdsl("preview", "in.seg")
    assert done.exit_code == 1
    assert 'SEG304]: no stage on the server is named "Adults" of funnel "Steps"' in done.stderr
