"""The patterns of mistakes take no longer than the text: no two ways to read one piece of it.

A pattern that reads a text in several ways tries them all where the rest does not match, and their
number doubles with each piece.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

from segdsl.diagnostics import Report
from segdsl.language.syntax import syntax_errors
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.syntax_errors.rules import Rule, compiled
from segdsl.source import Source

# Python has no public way to look into a pattern.
PARSER: Any = importlib.import_module("re._parser")
C: Any = importlib.import_module("re._constants")
CHARACTERS = [*map(chr, range(32, 127)), "\n", "\t", "é", "時", "０", "“"]
"""A sample of what can begin a piece."""
FEW = 8
"""A repetition that often at most has no effect that counts."""


def patterns() -> Iterator[tuple[str, str]]:
    for found in pkgutil.iter_modules(syntax_errors.__path__):
        module = importlib.import_module(f"{syntax_errors.__name__}.{found.name}")
        for value in vars(module).values():
            for each in value if isinstance(value, list | tuple) else [value]:
                if isinstance(each, Rule):
                    yield found.name, compiled(each.pattern).pattern
                elif isinstance(each, re.Pattern):
                    yield found.name, each.pattern


PATTERNS = sorted(set(patterns()))


def is_in(items: Any, character: str) -> bool:
    """Whether a class of characters, such as `[^a-z]`, has a character."""
    negated = found = False
    both = {ord(character), ord(character.lower())}
    for kind, value in items:
        match kind:
            case C.NEGATE:
                negated = True
            case C.LITERAL:
                found |= value in both
            case C.RANGE:
                found |= any(value[0] <= each <= value[1] for each in both)
            case C.CATEGORY:
                letter = str(value).split("_")[-1][0].lower()
                letter = letter.upper() if "NOT" in str(value) else letter
                found |= re.match(rf"\\{letter}", character) is not None
            case _:
                raise AssertionError(kind)
    return found != negated


def first(parts: Any) -> tuple[set[str], bool]:
    """The characters that parts can begin with, and whether they match nothing too."""
    begun: set[str] = set()
    for kind, value in parts:
        empty = False
        match kind:
            case C.LITERAL:
                own = {each for each in CHARACTERS if value in (ord(each), ord(each.lower()))}
            case C.NOT_LITERAL:
                own = {each for each in CHARACTERS if value != ord(each)}
            case C.ANY:
                own = set(CHARACTERS) - {"\n"}
            case C.IN:
                own = {each for each in CHARACTERS if is_in(value, each)}
            case C.AT | C.ASSERT | C.ASSERT_NOT:
                continue
            case C.SUBPATTERN:
                own, empty = first(value[3])
            case C.ATOMIC_GROUP:
                own, empty = first(value)
            case C.BRANCH:
                each = [first(one) for one in value[1]]
                own, empty = set().union(*(one for one, _ in each)), any(e for _, e in each)
            case C.MAX_REPEAT | C.MIN_REPEAT | C.POSSESSIVE_REPEAT:
                own, empty = first(value[2])
                empty = empty or value[0] == 0
            case C.GROUPREF:
                own, empty = set(CHARACTERS), True
            case _:
                raise AssertionError(kind)
        begun |= own
        if not empty:
            return begun, False
    return begun, True


def ambiguous(parts: Any) -> Iterator[str]:
    """What of a pattern can be read in several ways, and is repeated."""
    for kind, value in parts:
        match kind:
            case C.MAX_REPEAT | C.MIN_REPEAT | C.POSSESSIVE_REPEAT:
                if kind is not C.POSSESSIVE_REPEAT and value[1] > FEW:
                    yield from _ambiguous_body(list(value[2]))
                yield from ambiguous(value[2])
            case C.SUBPATTERN:
                yield from ambiguous(value[3])
            case C.ATOMIC_GROUP:
                yield from ambiguous(value)
            case C.BRANCH:
                for each in value[1]:
                    yield from ambiguous(each)
            case C.ASSERT | C.ASSERT_NOT:
                yield from ambiguous(value[1])
            case _:
                pass


def _ambiguous_body(body: list[Any]) -> Iterator[str]:
    while len(body) == 1 and body[0][0] is C.SUBPATTERN:
        body = list(body[0][1][3])
    if len(body) != 1:
        return
    kind, value = body[0]
    if kind is C.BRANCH:
        begins = [first(each)[0] for each in value[1]]
        for number, one in enumerate(begins):
            for other in begins[:number]:
                yield from sorted(one & other)[:3]
    elif kind in (C.MAX_REPEAT, C.MIN_REPEAT) and value[0] != value[1]:
        yield "a repetition of a repetition"


def test_an_ambiguous_pattern_is_seen() -> None:
    for pattern in (r"(?:\"[^\"]*+\"|[^()]){1,200}?x", r"(?:a+)*b", r"(?:ax?|[ab]y?)+c"):
        assert list(ambiguous(PARSER.parse(pattern)))
    for pattern in (r"(?>\"[^\"]*+\"|[^()]){1,200}?x", r"(?:a++|b)*c", r"(?:a|b)+c"):
        assert not list(ambiguous(PARSER.parse(pattern)))


@pytest.mark.parametrize(("module", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_no_piece_can_be_read_in_two_ways(module: str, pattern: str) -> None:
    assert not list(ambiguous(PARSER.parse(pattern, re.IGNORECASE)))


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("head", ["has b where a", "has b with a", "no b whose a", "no b"])
def test_many_strings_after_a_behavior(head: str, quote: str) -> None:
    """This once took years: found by a generated text of forty strings."""
    report = Report()
    text = f'segment "x" where {head} {f"{quote}t{quote}" * 300} in the last'
    parse(Source("x", text), report)
    assert report.diagnostics
