"""The table of types in the reference of the language is the one that checks go by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from segdsl.analysis.checking import types
from segdsl.language.condition import tree as c
from segdsl.language.predicates import ComparedKind, compared_kinds
from support import segment_of

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "language.md").read_text(
    encoding="utf-8"
)
SECTION = PAGE.partition("\n## Checked with a schema\n")[2].partition("\n## ")[0]
HEAD, _, *ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in SECTION.splitlines()
    if line.startswith("|")
]
SAYS = {"yes": True, "no": False}


def asked_by(operator: str) -> ComparedKind:
    """What an operator that heads a column of the table compares with."""
    segment = segment_of(f"a {operator}")
    assert isinstance(segment.condition, c.Test)
    [asked] = compared_kinds(segment.condition.predicate)
    return asked


def heads() -> list[ComparedKind]:
    """What each column of the table is about: all operators at its head agree."""
    asked: list[ComparedKind] = []
    for cell in HEAD[1:]:
        [one] = {asked_by(operator) for operator in re.findall(r"`([^`]+)`", cell)}
        asked.append(one)
    return asked


def test_each_kind_of_comparison_has_one_column() -> None:
    assert sorted(heads()) == sorted(get_args(ComparedKind))


def test_the_table_in_the_reference_is_the_one_in_use() -> None:
    columns = heads()
    shown = {
        row[0].strip("`"): frozenset(
            asked for asked, cell in zip(columns, row[1:], strict=True) if SAYS[cell]
        )
        for row in ROWS
    }
    assert len(ROWS) == len(shown)
    assert shown == types.FITS
    assert tuple(shown) == types.SCALARS


def test_the_types_of_lists_are_told_of() -> None:
    told = [(one, of) for one, of in types.ELEMENTS.items() if f"`{one}`" in SECTION]
    assert told == list(types.ELEMENTS.items())
