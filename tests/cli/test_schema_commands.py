"""`segdsl schema`, and what other commands make of the schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from running import segdsl
from workspace import NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
NAMED = """
[funnels.Onboarding]
id = 1
stages = { Interest = 41, Trial = 42, Loyal = 43 }

[models.predictive]
Churn = 16

[models.rfm]
Values = 8

[tests.Mail]
A = 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL)
    with (tmp_path / "data/parent_segment.toml").open("a") as file:
        file.write(NAMED)
    (tmp_path / "data/customer_group_home.csv").write_text("cdp_customer_id,size\nc01,3\n")
    (tmp_path / "data/funnel_stages.csv").write_text("cdp_customer_id,stage_id\nc01,41\nc02,41\n")
    (tmp_path / "data/ml_rfm.csv").write_text(
        "model_id,cdp_customer_id,rfm_segment\n8,c01,Champions\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pull_writes_and_says_what_changed(project: Path) -> None:
    assert segdsl("schema", "pull", "--check").exit_code == 1
    done = segdsl("schema", "pull")
    assert done.exit_code == 0
    assert done.stdout.startswith("written: local.schema.toml (5 attributes, 1 behaviors")
    text = Path("local.schema.toml").read_text()
    for line in ('last_visit = "timestamp"', '1 = "Onboarding"', '41 = "Interest"', '8 = "Values"'):
        assert line in text
    assert segdsl("schema", "pull").stdout.startswith("unchanged")
    assert segdsl("schema", "pull", "--check").exit_code == 0
    segdsl("create", "japan.seg")
    assert segdsl("schema", "pull", "--check").exit_code == 1
    segdsl("schema", "pull")
    assert "Countries/Asia/Japan" in Path("local.schema.toml").read_text()


def test_show_works_offline_and_searches(project: Path) -> None:
    missing = segdsl("schema", "show")
    assert (missing.exit_code, "segdsl schema pull" in missing.stderr) == (2, True)
    segdsl("schema", "pull")
    (project / "data").rename(project / "elsewhere")
    assert "purchases.amount" in segdsl("schema", "show").stdout
    found = segdsl("schema", "show", "INTER").stdout
    assert 'in stage "Interest" of funnel "Onboarding"' in found
    assert "country" not in found
    nothing = segdsl("schema", "show", "contry")
    assert (nothing.exit_code, nothing.stderr) == (
        1,
        "nothing is named like `contry`; did you mean `country`?\n",
    )
    (project / "elsewhere").rename(project / "data")
    sampled = json.loads(segdsl("schema", "show", "country", "--sample", "--json").stdout)
    assert sampled[0]["values"] == ["JP", "FR", "US"]


def test_a_damaged_schema_is_told(project: Path) -> None:
    Path("local.schema.toml").write_text("nonsense")
    for command in (["schema", "show"], ["check"], ["plan"], ["compile", "japan.seg"]):
        done = segdsl(*command)
        assert done.exit_code == 2
        assert "local.schema.toml is no schema" in done.stderr


def test_names_become_ids_through_the_schema(project: Path) -> None:
    Path("x.seg").write_text(
        'segment "x"\nwhere in stage "Interest" of funnel "Onboarding" and home.size > 2\n'
        '  and rfm("Values").rfm_segment = "Champions"\n'
    )
    assert "SEG109" in segdsl("preview", "x.seg").stderr
    segdsl("schema", "pull")
    compiled = segdsl("compile", "x.seg")
    assert compiled.exit_code == 0, compiled.stderr
    assert '"id": "41"' in compiled.stdout
    assert '"customerGroup": "home"' in compiled.stdout
    told = json.loads(segdsl("preview", "x.seg", "--json").stdout)
    assert [
        each["profiles"] if "profiles" in each else each["count"] for each in told["segments"]
    ] == [1]
    assert segdsl("apply", "x.seg", "--yes").exit_code == 0
    assert segdsl("plan", "x.seg", "--exit-code").exit_code == 0
    assert segdsl("sql", "x.seg").exit_code == 0


def test_segments_by_name_compile_through_schema_and_lock(project: Path) -> None:
    assert "SEG303" in segdsl("compile", "buyers.seg").stderr
    segdsl("apply", "--yes")
    compiled = segdsl("compile", "buyers.seg")
    assert compiled.exit_code == 0
    assert '"type": "Reference"' in compiled.stdout


def test_check_uses_the_schema(project: Path) -> None:
    Path("x.seg").write_text('segment "x" where contry = "JP"\n')
    without = segdsl("check", "x.seg")
    assert (without.exit_code, "segdsl schema pull" in without.stderr) == (0, True)
    segdsl("schema", "pull")
    done = segdsl("check", "x.seg")
    assert done.exit_code == 1
    assert "error[SEG501]" in done.stderr
    assert "did you mean `country`?" in done.stderr
    assert segdsl("check", "x.seg", "--no-schema").exit_code == 0
