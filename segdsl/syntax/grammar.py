"""The grammar's text, and what is told from it without parsing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

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
