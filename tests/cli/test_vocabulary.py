"""What users read is plain technical English, without the words that the project used to have.

The help pages of all commands are checked, and the string literals of the packages in `CHECKED`.
Add a package there once its messages are mended.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from running import ROOT
from segdsl.cli.group import cli
from segdsl.output.reference import schema_text, tables
from test_help import PAGES, page

CHECKED = (
    *("analysis", "api", "cli", "diagnostics", "engine", "language", "output", "rules", "schema"),
    *("server", "sql", "toml", "workspace"),
)
"""Packages of `segdsl` whose messages are mended."""

BANNED = {
    "wrong use": "usage error",
    "left alone": "skipped",
    "is told": "is reported",
    "are told": "are reported",
    "not tell": "suppress",
    "in order": "already formatted",
    "is no": "is not a valid …",
    "no part of": "unexpected …",
    "put right": "fix",
    "have what": "apply",
    "nothing to do": "No changes.",
    "as on the server": "up to date",
    "as it should be": "say what is wrong",
    "for seen": "mark as seen",
    "can be asked": "not a terminal",
    "can be given again": "repeatable",
    "truth value": "boolean",
    "length of time": "duration",
    "line of the head": "property",
    "the weather": "fault injection",
    "whom": "target",
    "the deed": "change",
    "say which": "specify which",
    "says which": "specifies which",
    "stands behind": "goes after",
    "stands for": "is",
    "say so": "name the action",
    "what is there": "existing …",
    "make it again": "create it again",
    "makes one": "create one with …",
    "wanted": "requested",
    "settle": "resolve",
    "carried out": "applied",
    "circle": "cycle",
}
"""A phrase that users must not read, and what to write instead."""

KINDS = {"left alone"}
"""Literals that are keys in the code, and never printed."""


def banned_in(text: str) -> list[str]:
    """The banned phrases in a text; "there is no" and "is no longer" are plain English."""
    words = " ".join(text.split()).lower()
    return [
        phrase
        for phrase in BANNED
        if re.search(rf"(?<!there )\b{re.escape(phrase)}\b(?! longer)", words)
    ]


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a module that are not docstrings, with their lines.

    A text of several literals, or with values in it, is one literal.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        if id(node) in alone or id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                ),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def modules(package: str) -> list[Path]:
    return sorted((ROOT / "segdsl" / package).rglob("*.py"))


@pytest.mark.parametrize("names", PAGES, ids=" ".join)
def test_a_help_page_has_no_banned_phrase(names: tuple[str, ...]) -> None:
    assert banned_in(page(names, 80)) == []


@pytest.mark.parametrize("package", CHECKED)
def test_the_messages_of_a_package_have_no_banned_phrase(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {phrase!r}: write {BANNED[phrase]!r}"
        for path in modules(package)
        for line, text in literals(path)
        if text not in KINDS
        for phrase in banned_in(text)
    ]
    assert found == []


def test_the_reference_of_the_json_documents_has_no_banned_phrase() -> None:
    assert banned_in(tables()) == []
    assert banned_in(schema_text()) == []


def test_a_banned_phrase_is_found_across_lines_and_values() -> None:
    assert banned_in("This\n  IS no such file") == ["is no"]
    assert banned_in("There is no such file, and this\nis none") == []
    source = ROOT / "tests" / "cli" / "test_vocabulary.py"
    assert any("is no such" in text for _, text in literals(source))
    assert len([text for path in modules("cli") for _, text in literals(path)]) > 500


def test_every_command_has_a_checked_page() -> None:
    assert isinstance(cli, click.Group)
    assert {names[0] for names in PAGES if names} == set(cli.list_commands(click.Context(cli)))
