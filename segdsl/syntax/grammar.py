"""Finding the grammar and making Lark's parser from it, once for each thread."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lark import Lark, Token, Transformer
    from lark.lexer import TerminalDef

_BESIDE = Path(__file__).with_name("segment.lark")
_CHECKOUT = Path(__file__).parents[2] / "grammar" / "segment.lark"


@cache
def grammar_text() -> str:
    """The grammar: packed beside this module in a wheel, in `grammar/` of a checkout."""
    path = _BESIDE if _BESIDE.exists() else _CHECKOUT
    return path.read_text(encoding="utf-8")


@cache
def name_pattern() -> str:
    """The regular expression of a bare name."""
    found = re.search(r"^NAME: /(.*)/$", grammar_text(), re.MULTILINE)
    assert found, "the grammar defines NAME on one line"
    return found[1]


@cache
def reserved_words() -> frozenset[str]:
    """The words that need backquotes as names."""
    found = re.match(r"\(\?!\(\?:([a-z|]+)\)", name_pattern())
    assert found, "NAME begins by ruling the reserved words out"
    return frozenset(found[1].split("|"))


def make_parser(transformer: Transformer[Token, Any], on_comment: Callable[[Token], Token]) -> Lark:
    """A parser that builds nodes with `transformer` as it goes."""
    from lark import Lark

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        transformer=transformer,
        lexer_callbacks={"COMMENT": on_comment},
        edit_terminals=_end_words,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def _end_words(terminal: TerminalDef) -> None:
    """A word of the language ends where its letters end: `orders` never begins with `or`.

    Lark itself tells them apart only where a name could stand too. Words go before names,
    as they do for Lark.
    """
    from lark.lexer import PatternRE, PatternStr

    if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha():
        terminal.pattern = PatternRE(rf"{terminal.pattern.value}(?!\w)")
        terminal.priority = 1
