"""The page about exports names every function, placeholder and letter of a time format."""

from __future__ import annotations

import re

import pytest

from doc_pages import DOCS
from segdsl.language.activations import FUNCTIONS, PLACEHOLDERS
from segdsl.language.time_formats import LETTERS

PAGE = (DOCS / "reference" / "exports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_in_the_table(name: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    shown = "td_ip_to_…" if name.startswith("td_ip_to_") else name
    assert any(f"`{shown}(" in row.split(" | ")[0] for row in rows)


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_placeholder_is_named(name: str) -> None:
    assert f"{{{name}}}" in PAGE


def test_the_letters_are_those_that_are_supported() -> None:
    table = PAGE[PAGE.index("| letters |") : PAGE.index("## Events of behaviors")]
    cells = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]
    listed = {letter for cell in cells for word in re.findall("`(.+?)`", cell) for letter in word}
    assert listed == set(LETTERS)
