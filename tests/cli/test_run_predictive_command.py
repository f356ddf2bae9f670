"""`segdsl run predictive-segment`: asks, trains once, waits, and says how good the model is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from predictive_api import PROFILES, write_shop
from running import segdsl

MODEL = """\
segment "Buyers" where buys = "yes"

predictive segment "Buys again"
  folder "Models"
  predicts segment "Buyers"
  grades 75, 50, 25
  features (
    number age,
    category city,
    categories tags,
  )
"""
LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\nstore = "segments.sqlite"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_shop(tmp_path)
    (tmp_path / "segdsl.toml").write_text(LOCAL)
    (tmp_path / "model.seg").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    done = segdsl("apply", "--yes")
    assert done.exit_code == 0, done.stderr
    return tmp_path


def test_it_trains_and_says_how_good_the_model_is(project: Path) -> None:
    done = segdsl("run", "predictive-segment", "Buys again", "--yes")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("started  Models/Buys again  #")
    assert lines[1].startswith("success  Models/Buys again  #")
    assert lines[2].startswith("accuracy  ")
    assert lines[3].startswith("AUC       0.")
    assert "what weighs most:" in lines
    assert any(line.startswith("  tags") or line.startswith("  vip") for line in lines), lines
    id = lines[0].split()[-1]
    found = json.loads(segdsl("run", "predictive-segment", id, "--yes", "--json").stdout)
    assert (found["command"], found["name"], found["folder"], found["status"]) == (
        "run predictive-segment",
        "Buys again",
        "Models",
        "success",
    )
    assert 50 < found["accuracy"] < 100
    weights = [abs(each["weight"]) for each in found["features"]]
    assert weights == sorted(weights, reverse=True)
    assert [each["low"] for each in found["scores"]] == list(range(0, 100, 10))
    assert sum(each["converted"] + each["others"] for each in found["scores"]) == PROFILES
    assert json.loads(segdsl("plan", "--json").stdout)["changes"] == []


def test_nothing_is_trained_without_a_yes_or_without_one_of_the_name(project: Path) -> None:
    done = segdsl("run", "predictive-segment", "Buys again")
    assert done.exit_code == 2
    assert "pass --yes to train Models/Buys again" in done.stderr
    done = segdsl("run", "predictive-segment", "Buys agian", "--yes")
    assert done.exit_code == 2
    assert "there is no predictive segment `Buys agian`; did you mean `Buys again`?" in done.stderr
