"""The grammar itself: which words need backquotes, and that none of the others does."""

from __future__ import annotations

import re

from lark import Lark

from segdsl.language.syntax.grammar import grammar_text, name_pattern, reserved_words


def table() -> Lark:
    return Lark(grammar_text(), parser="lalr", lexer="contextual", keep_all_tokens=True)


def words() -> dict[str, str]:
    """Every word of the language by its terminal."""
    return dict(re.findall(r'^([A-Z_]+): "([a-z]+)"$', grammar_text(), re.MULTILINE))


def test_no_bare_name_can_be_taken_for_a_word() -> None:
    """Where a name can stand, every word that can stand there too is reserved."""
    states = table().parser.parser._parse_table.states
    clashing = {
        word
        for accepted in states.values()
        if "NAME" in accepted
        for terminal, word in words().items()
        if terminal in accepted and word not in reserved_words()
    }
    assert clashing == set()
    assert not any({"NAME", "UNIT"} <= set(accepted) for accepted in states.values())


def test_reserved_words_are_words_and_no_names() -> None:
    assert reserved_words() <= set(words().values())
    pattern = re.compile(name_pattern())
    assert not [word for word in reserved_words() if pattern.fullmatch(word)]
    assert all(pattern.fullmatch(f"{word}s") for word in reserved_words())


def test_every_terminal_is_used() -> None:
    used = {terminal.name for terminal in table().terminals}
    assert set(words()) <= used
