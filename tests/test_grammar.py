"""The grammar itself: which words need backquotes, and that none of the others does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lark import Lark

from segdsl.diagnostics import Code, Report
from segdsl.language.activations import FUNCTIONS
from segdsl.language.syntax.grammar import grammar_text, name_pattern, reserved_words
from segdsl.language.syntax.lexer import Lexer
from segdsl.language.syntax.parser import parse
from segdsl.source import Source

# The words that may follow a whole condition.
BEHIND = (
    *("description", "folder", "reentry", "goal", "jump", "enter", "milestone", "exit", "steps"),
    *("up", "then"),
)


def table() -> Lark:
    return Lark(grammar_text(), parser="lalr", lexer="contextual", keep_all_tokens=True)


def words() -> dict[str, str]:
    """Every word of the language by its terminal."""
    return dict(re.findall(r'^([A-Z_]+): "([a-z]+)"$', grammar_text(), re.MULTILINE))


def test_no_bare_name_can_be_taken_for_a_word() -> None:
    """Where a name can stand, every word that can stand there too is reserved.

    Names of functions are no names of the data, and none of them is `when`.
    """
    states = table().parser.parser._parse_table.states
    clashing = {
        word
        for accepted in states.values()
        if "NAME" in accepted and not is_function(states, accepted)
        for terminal, word in words().items()
        if terminal in accepted and word not in reserved_words()
    }
    assert clashing == set()
    assert not any({"NAME", "UNIT"} <= set(accepted) for accepted in states.values())
    assert "when" not in FUNCTIONS


def is_function(states: Any, accepted: Any) -> bool:
    """Whether the name that a state takes is that of a function: `(` must follow."""
    _, target = accepted["NAME"]
    return target in states and set(states[target]) == {"LPAR"}


def test_no_bare_name_can_be_taken_for_the_head_of_an_item() -> None:
    """Words that what follows tells: no string follows a name where such a word can stand too."""
    states = table().parser.parser._parse_table.states
    heads = set(re.findall(r"^([A-Z_]+)\.3: /[a-z]+\(\?=\(\?:", grammar_text(), re.MULTILINE))
    assert heads == {
        *("FUNNEL_HEAD", "STAGE_HEAD", "ACTIVATION_HEAD", "PREDICTIVE_HEAD", "JOURNEY_HEAD"),
        *("ZONE", "IN_SEQUENCE"),
    }
    for accepted in states.values():
        assert "NAME" not in accepted or heads.isdisjoint(accepted) or "UNIT" not in accepted
        # Only one of a plain word and those that what follows tells can be asked for.
        assert not (
            {"IN"} <= set(accepted)
            and not heads.isdisjoint({"ZONE", "IN_SEQUENCE"} & set(accepted))
        )


def test_a_word_that_may_follow_a_condition_is_a_name_before_a_unit() -> None:
    """A name stands there only as the next amount of a duration, and a unit follows it."""
    grammar = grammar_text()
    unit = re.search(r"^UNIT\.2: /(.*)/$", grammar, re.MULTILINE)
    assert unit
    words = re.findall(r"^([A-Z]+)\.3: /([a-z]+)(\(\?=\(\?!.*)/$", grammar, re.MULTILINE)
    assert {(name, word) for name, word, _ in words} == {(each.upper(), each) for each in BEHIND}
    assert {ahead for *_, ahead in words} == {rf"(?=(?!\w)(?:[ \t\r\n]|#[^\n]*\n)*+(?!{unit[1]}))"}
    states = table().parser.parser._parse_table.states
    clashing = [
        row[word.upper()]
        for row in states.values()
        for word in BEHIND
        if "NAME" in row and word.upper() in row
    ]
    assert clashing
    assert {str(rule.origin.name).removeprefix("__")[:8] for _, rule in clashing} == {"duration"}


@pytest.mark.parametrize(
    "word",
    [
        *("funnel", "stage", "activation", "template", "sequence", "journey", "predictive"),
        *("wait", "end", "features", "guessed", *BEHIND),
    ],
)
def test_words_of_new_items_are_names_everywhere_else(word: str) -> None:
    text = (
        f"param {word}: number = 1\n"
        f'segment "a" where {word} = 1 and a within past 1 day {word} hours\n'
        f'segment "b" where a within past 2 days {word} hours limit 5 by {word} desc\n'
        f'funnel "c" stage "d" where a within past 1 day {word} hours stage "e" where {word} = 2\n'
        f'activation "f" of segment "a" columns ({word} as {word})'
    )
    report = Report()
    assert len(parse(Source("x", text), report).items) == 5
    assert not [each for each in report.diagnostics if each.code is not Code.SEG014], text


def test_reserved_words_are_words_and_no_names() -> None:
    assert reserved_words() <= set(words().values())
    pattern = re.compile(name_pattern())
    assert not [word for word in reserved_words() if pattern.fullmatch(word)]
    assert all(pattern.fullmatch(f"{word}s") for word in reserved_words())


def test_every_terminal_is_used() -> None:
    used = {terminal.name for terminal in table().terminals}
    assert set(words()) <= used


def test_words_of_a_head_are_taken_without_a_look_at_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only behind a condition, where a name may stand too, is the text looked at once more."""
    looked_at: list[Any] = []
    instead = Lexer.instead

    def counting(self: Lexer, row: Any, token: Any) -> Any:
        looked_at.append(token[1])
        return instead(self, row, token)

    monkeypatch.setattr(Lexer, "instead", counting)
    report = Report()
    head = 'segment "a"\n  description "x"\n  folder "y"\n\nwhere b within past 1 day'
    parse(Source("x", head), report)
    assert {"description", "folder"}.isdisjoint(looked_at)
    journey = 'journey "a" stage "b" enter "c" where d within past 1 day description "x"'
    parse(Source("x", journey), report)
    assert "description" in looked_at
    assert not report.diagnostics
