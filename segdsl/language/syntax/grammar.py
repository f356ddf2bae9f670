"""The grammar's text, and what is told from it without parsing."""

from __future__ import annotations

import os
import re
from functools import cache

# Without pathlib, which takes longer to import than a small file takes to compile.
_HERE = os.path.dirname(os.path.abspath(__file__))
_BESIDE = os.path.join(_HERE, "segment.lark")
_CHECKOUT = os.path.join(_HERE, "..", "..", "..", "grammar", "segment.lark")


@cache
def grammar_text() -> str:
    """The grammar: packed beside this module in a wheel, in `grammar/` of a checkout."""
    path = _BESIDE if os.path.exists(_BESIDE) else _CHECKOUT
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def name_pattern() -> str:
    """The regular expression of a bare name."""
    _, found, rest = grammar_text().partition("\nNAME: /")
    assert found, "the grammar defines NAME on one line"
    return rest.partition("/\n")[0]


@cache
def reserved_words() -> frozenset[str]:
    """The words that need backquotes as names."""
    found = re.match(r"\(\?!\(\?:([a-z|]+)\)", name_pattern())
    assert found, "NAME begins by ruling the reserved words out"
    return frozenset(found[1].split("|"))
