"""The page of diagnostics: every code of the catalogue, each with an example that produces it."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosing import ENTRIES, Entry, codes_of
from segdsl.diagnostics import Code
from segdsl.diagnostics.codes import WARNINGS


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.code for entry in ENTRIES])
def test_the_example_produces_the_code(entry: Entry, tmp_path: Path) -> None:
    assert codes_of(entry.code, entry.form, entry.example, tmp_path) == {entry.code}


def test_the_page_has_every_code_with_its_title_and_no_other() -> None:
    assert [(of.code, of.title) for of in ENTRIES] == [(code.name, code.value) for code in Code]


def test_warnings_are_marked() -> None:
    marked = {of.code for of in ENTRIES if "**Warning.**" in of.text}
    assert marked == {code.name for code in WARNINGS}


def test_every_lint_is_a_warning() -> None:
    assert {code for code in Code if code.name.startswith("SEG6")} <= WARNINGS
