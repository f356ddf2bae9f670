"""The Pygments lexer of `.seg` files: its words, and that it loses no text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, String, Whitespace, _TokenType

from segdsl.diagnostics import Report
from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.syntax.parser import parse
from segdsl.source import Source

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "examples").rglob("*.seg"))


def tokens(text: str) -> list[tuple[_TokenType, str]]:
    lexer = get_lexer_by_name("seg", ensurenl=False, stripnl=False)
    return [(kind, value) for kind, value in lexer.get_tokens(text) if kind is not Whitespace]


def test_a_segment_is_colored_by_its_words() -> None:
    text = 'segment "Tokyo" # of today\nwhere city = "Tokyo" and `limit` within past 30 days\n'
    assert tokens(text) == [
        (Keyword.Declaration, "segment"),
        (String, '"Tokyo"'),
        (Comment.Single, "# of today"),
        (Keyword, "where"),
        (Name, "city"),
        (tokens("=")[0][0], "="),
        (String, '"Tokyo"'),
        (Keyword, "and"),
        (Name.Variable, "`limit`"),
        (Keyword, "within"),
        (Keyword, "past"),
        (Number, "30"),
        (Keyword, "days"),
    ]


@pytest.mark.parametrize("word", sorted(reserved_words()))
def test_every_reserved_word_is_a_keyword(word: str) -> None:
    ((kind, _),) = tokens(word)
    assert kind.split()[1] is Keyword
    ((kind, _),) = tokens(f"{word}_id")
    assert kind is Name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_examples_are_lexed_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lexer = get_lexer_for_filename(path.name, ensurenl=False, stripnl=False)
    found = list(lexer.get_tokens(text))
    assert "".join(value for _, value in found) == text
    assert all(kind is not Error for kind, _ in found)
    comments = [value for kind, value in found if kind is Comment.Single]
    parsed = parse(Source(path.name, text), Report())
    assert comments == [each.text for each in parsed.comments]


def test_commands_do_not_load_it() -> None:
    code = "import sys, segdsl.cli.group; print('pygments' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
