"""The pages of predictive segments and of journeys cannot rot: their examples are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax import journey_tree as jt
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.source import Source
from support import nodes

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
PREDICTIVE = (FOLDER / "predictive.md").read_text(encoding="utf-8")
JOURNEYS = (FOLDER / "journeys.md").read_text(encoding="utf-8")
_CELL = re.compile(r"(?<!\\)\|")
MODEL = 'predictive segment "x"\n  predicts segment "y"\n  features guessed\n'


def blocks(page: str) -> list[str]:
    return re.findall(r"^```seg\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def cells(page: str, column: str) -> list[str]:
    """The first cells of the table whose first column has a name."""
    found: list[str] = []
    inside = False
    for line in page.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        first = _CELL.split(line)[1].strip()
        if first == column:
            inside = True
        elif inside and not first.startswith("---"):
            found.append(first.strip("`").replace("\\|", "|").replace("…", "x"))
    assert found, column
    return found


def of_clause(clause: str) -> str:
    """A predictive segment with a clause; that of the table in the place of another."""
    lines = [line for line in MODEL.splitlines() if line.split()[0] != clause.split()[0]]
    return "\n".join([*lines, f"  {clause}"])


def of_stage(clause: str) -> str:
    return f'journey "x"\n\nstage "Habit"\n  {clause}\n'


EXAMPLES = [
    *blocks(PREDICTIVE),
    *map(of_clause, cells(PREDICTIVE, "clause")),
    *(of_clause(f"features ({feature})") for feature in cells(PREDICTIVE, "feature")),
    *blocks(JOURNEYS),
    *(
        head if head.startswith("journey") else f'journey "x"\n  {head}'
        for head in cells(JOURNEYS, "head")
    ),
    *map(of_stage, [*cells(JOURNEYS, "stage clause"), *cells(JOURNEYS, "criterion")]),
    *(of_stage(f"steps ({step})") for step in cells(JOURNEYS, "step")),
    *(
        each if each.startswith("activation") else f'activation "x" of journey "y"\n  {each}'
        for each in cells(JOURNEYS, "activation")
    ),
]


def parsed(text: str) -> t.File:
    report = Report()
    file = parse(Source("x.seg", text), report)
    resolved = resolve_all(Program("x.seg", {"x.seg": file}), report)
    assert [each.message for each in report.diagnostics] == [], text
    assert resolved.predictive_segments or resolved.journeys or resolved.activations
    return file


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_is_read(text: str) -> None:
    parsed(text)


@pytest.mark.parametrize("text", [*blocks(PREDICTIVE), *blocks(JOURNEYS)])
def test_each_block_is_canonical(text: str) -> None:
    assert format_file(parsed(text)) == text


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_is_in_its_one_spelling(text: str) -> None:
    """But for where lines are broken, and the order of clauses."""

    def squeezed(of: str) -> str:
        return re.sub(r",?\s*\)", ")", " ".join(of.split())).replace("( ", "(")

    written = squeezed(format_file(parsed(text)))
    assert sorted(written.split()) == sorted(squeezed(text).split())


def test_together_they_use_everything() -> None:
    found = [node for text in EXAMPLES for node in nodes(parsed(text).items)]
    used = {type(node) for node in found}
    assert {*get_args(pt.PredictiveClause), p.Feature, p.FeatureSource} <= used
    assert {jt.Reenters, jt.Meets, jt.Steps, jt.JourneyStage} <= used
    steps = {getattr(each, "__origin__", each) for each in get_args(j.Step)}
    assert {*steps, j.Branch, j.Variant, j.JourneyStageRef} <= used
    assert {node.kind for node in found if isinstance(node, p.Feature)} == {
        *get_args(p.FeatureKind)
    }
    assert {node.reentry for node in found if isinstance(node, jt.Reenters)} | {"always"} == {
        *get_args(j.Reentry)
    }
    assert {node.word for node in found if isinstance(node, jt.Meets)} == {
        *get_args(jt.CriterionWord)
    }


def test_all_that_is_chosen_from_is_listed() -> None:
    assert [mode for mode in get_args(j.Reentry) if f"`reentry {mode}`" not in JOURNEYS] == []
    assert [name for name in p.FEATURE_LISTS.values() if f"`{name}`" not in PREDICTIVE] == []
    assert f"up to {j.MAX_NESTING} levels" in JOURNEYS
