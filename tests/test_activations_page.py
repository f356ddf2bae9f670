"""The page of funnels and activations cannot rot: its examples are read, in one spelling each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Number
from segdsl.source import Source
from support import nodes

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "activations.md").read_text("utf-8")
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(`+) ?(.+?) ?\1")


def blocks() -> list[str]:
    return re.findall(r"^```seg\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def cells() -> dict[str, list[str]]:
    """What the first cells of each table have in backquotes, by the name of their column."""
    found: dict[str, list[str]] = {}
    column = ""
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            column = ""
            continue
        first = _CELL.split(line)[1].strip()
        if not column:
            column = first
        elif not first.startswith("---"):
            code = [match[2].replace("\\|", "|") for match in _CODE.finditer(first)]
            found.setdefault(column, []).extend(code)
    return found


CELLS = cells()
PARTS = CELLS["part"]
CLAUSES = [*CELLS["clause"], *CELLS["schedule"], *CELLS["settings"]]
FOR_TEMPLATES = ("folder", "state", "locked")


def text_of(clause: str) -> str:
    head = "activation template" if clause.startswith(FOR_TEMPLATES) else "activation"
    target = "" if head.endswith("template") else ' of segment "y"'
    if clause == "after journey refresh":
        target = ' of journey "y"'
    return f'{head} "x"{target}\n  {clause.replace("…", "x")}\n'


def parsed(text: str) -> t.File:
    report = Report()
    file = parse(Source("x.seg", text), report)
    resolved = resolve_all(Program("x.seg", {"x.seg": file}), report)
    assert [each.message for each in report.diagnostics] == [], text
    assert resolved.funnels or resolved.activations or resolved.templates or resolved.segments
    return file


def everything() -> list[str]:
    columns = [f"columns ({column})" for column in CELLS["column"]]
    functions = [f"columns (a | {function})" for function in CELLS["function"]]
    clauses = [*CLAUSES, *columns, *functions, *CELLS["lock"]]
    return [*blocks(), *CELLS["head"], *map(text_of, clauses)]


@pytest.mark.parametrize("text", everything())
def test_each_example_is_read(text: str) -> None:
    parsed(text)


@pytest.mark.parametrize("text", blocks())
def test_each_block_is_canonical(text: str) -> None:
    assert format_file(parsed(text)) == text


@pytest.mark.parametrize("clause", [*CELLS["schedule"], *CELLS["settings"], *CELLS["lock"]])
def test_each_schedule_setting_and_lock_is_in_its_one_spelling(clause: str) -> None:
    written = format_file(parsed(text_of(clause)))
    assert " ".join(written.split()).replace("( ", "(").replace(", )", ")").endswith(clause)


def test_together_they_use_everything() -> None:
    found = [node for text in everything() for node in nodes(parsed(text).items)]
    used = {type(node) for node in found}
    kinds = (d.DeliveryClause, a.Function, a.Setting)
    wanted = {each for kind in kinds for each in get_args(kind)} - {Number}
    assert wanted | {t.Funnel, t.Stage, a.TextSource, a.Time, a.Placeholder} <= used
    assert {node.function for node in found if isinstance(node, a.Call)} == set(a.FUNCTIONS)
    assert {node.strategy for node in found if isinstance(node, a.BehaviorExport)} == set(
        get_args(a.JoinStrategy)
    )
    locks = {lock for node in found if isinstance(node, d.Locked) for lock in node.locks}
    assert {lock.kind for lock in locks} == set(a.LOCKS)
    assert {lock.kind for lock in locks if lock.names} >= {
        "columns",
        "removing columns",
        "settings",
    }


def test_placeholders_and_units_are_listed() -> None:
    assert [name for name in a.PLACEHOLDERS if f"`{{{name}}}`" not in PAGE] == []
    assert [unit for unit in get_args(a.RepeatUnit) if f"`{unit}`" not in PAGE] == []


def test_the_parts_of_a_funnel_are_those_of_the_language() -> None:
    assert PARTS == [
        'funnel "Name"',
        'stage "Name"',
        "where …",
        'is segment "X"',
        'description "…"',
    ]
