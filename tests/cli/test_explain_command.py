"""`segdsl explain`: which words it prints is tested elsewhere; here, that and when it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import WRONG, segdsl

TWO = 'segment "A" where country = "JP"\nsegment "B" where in segment "A"\n'


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_segments_are_explained_in_order_with_a_line_between() -> None:
    Path("a.seg").write_text(TWO)
    result = segdsl("explain", "a.seg")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.split('\n\nSegment "B"\n')
    assert first.startswith('Segment "A"\n')
    assert 'country is "JP"' in first
    assert '"A"' in second


def test_the_tree_shows_the_rule_sets() -> None:
    result = segdsl("explain", "--tree", "-", input=TWO)
    assert result.exit_code == 0
    assert result.stdout == snapshot("""\
Segment "A"
And
└─ Rule set 1 (And)
   └─ country Equal "JP"

Segment "B"
And
└─ Rule set 1 (And)
   └─ Reference "A"
""")


def test_lines_of_the_tree_are_not_clipped_away_from_a_terminal() -> None:
    long = "x" * 500
    result = segdsl("explain", "--tree", "-", input=f'segment "A" where name = "{long}"')
    assert long in result.stdout


def test_params_are_set_from_the_command_line() -> None:
    text = 'param n: number = 3\nsegment "A" where count(visits) > n'
    assert "99" in segdsl("explain", "--set", "n=99", "-", input=text).stdout
    assert segdsl("explain", "--set", "m=99", "-", input=text).exit_code == 1


def test_nothing_is_explained_when_anything_is_wrong() -> None:
    Path("a.seg").write_text(TWO)
    Path("b.seg").write_text(WRONG)
    result = segdsl("explain", "a.seg", "b.seg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[SEG001]" in result.stderr
