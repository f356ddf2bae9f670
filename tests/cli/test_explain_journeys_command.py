"""`segdsl explain` of journeys and predictive segments, in words and as pictures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from running import segdsl

JOURNEY = """
journey "{name}" folder "Lifecycle"
stage "First"
  enter "New" where signup within past 7 days
  steps (wait 1 day, jump to stage "First" of journey "{to}")
"""
MODEL = 'predictive segment "P" predicts segment #1 features (number age)\n'
BOTH = JOURNEY.format(name="A", to="B") + JOURNEY.format(name="B", to="A")


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_both_kinds_are_explained() -> None:
    result = segdsl("explain", "-", input=BOTH + MODEL)
    assert (result.exit_code, result.stderr) == (0, "")
    titles = [line for line in result.stdout.splitlines() if line.startswith(("Jour", "Pred"))]
    assert titles == [
        'Predictive segment "P"',
        "Predicts which profiles will be in the segment #1:",
        'Journey "A"',
        'Journey "B"',
    ]


def test_one_is_selected() -> None:
    result = segdsl("explain", "--select", "Lifecycle/B", "-", input=BOTH + MODEL)
    assert result.stdout.startswith('Journey "B"\n')
    assert '"A"\n' not in result.stdout


def test_the_document() -> None:
    result = segdsl("explain", "--json", "-", input=BOTH + MODEL)
    document = json.loads(result.stdout)
    kinds = [(each["kind"], each["name"], each["folder"]) for each in document["others"]]
    assert kinds == [
        ("predictive segment", "P", None),
        ("journey", "A", "Lifecycle"),
        ("journey", "B", "Lifecycle"),
    ]


def test_journeys_in_one_picture() -> None:
    result = segdsl("explain", "--graph", "svg", "-", input=BOTH + MODEL)
    assert (result.exit_code, result.stderr) == (0, "")
    root = ET.fromstring(result.stdout)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "Journey A" in result.stdout
    assert "Journey B" in result.stdout


def test_jumps_between_the_journeys_of_a_mermaid_text() -> None:
    result = segdsl("explain", "--graph", "mermaid", "-", input=BOTH)
    assert result.exit_code == 0
    assert result.stdout.startswith("flowchart TD\n")
    assert "n3 -.-> j2s1\n" in result.stdout
    assert "n6 -.-> j1s1\n" in result.stdout
    alone = segdsl("explain", "--graph", "mermaid", "--select", "A", "-", input=BOTH)
    assert "-.->" not in alone.stdout


def test_the_document_of_a_picture() -> None:
    result = segdsl("explain", "--graph", "mermaid", "--json", "-", input=BOTH)
    document = json.loads(result.stdout)
    assert [each["name"] for each in document["others"]] == ["A", "B"]
    assert document["others"][0]["text"].startswith("flowchart TD\n")


def test_no_journey_is_an_error() -> None:
    result = segdsl("explain", "--graph", "svg", "-", input=MODEL)
    assert result.exit_code == 2
    assert "there is no journey to draw in these files" in result.stderr
    assert result.stdout == ""


def test_two_kinds_of_drawings_are_an_error() -> None:
    result = segdsl("explain", "--graph", "svg", "--tree", "-", input=BOTH)
    assert result.exit_code == 2
    assert "--tree and --graph draw different things" in result.stderr


def test_nothing_is_drawn_where_something_is_wrong() -> None:
    wrong = BOTH.replace("wait 1 day", 'split "T" (50% "a" then ())', 1)
    result = segdsl("explain", "--graph", "svg", "-", input=wrong)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "SEG246" in result.stderr
