"""Colors `.seg` files wherever Pygments does: on the documentation site, in Sphinx and in MkDocs.

Pygments finds the lexer by the entry point in `pyproject.toml`; segdsl itself never imports it.
The words are those of the grammar.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer
from pygments.token import (
    Comment,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from segdsl.language.syntax.grammar import grammar_text, reserved_words

# The first words of items, and those of definitions.
_HEADS = r"(?:segment|funnel|stage|activation|template|predictive|journey|let|param|import)\b"
_CONSTANTS = r"(?:true|false|null|everyone|today|now)\b"


def _words() -> str:
    """A pattern of every word of the grammar; a name that is one is colored as the word."""
    words = set(re.findall(r'^[A-Z_]+: "([a-z]+)"$', grammar_text(), re.MULTILINE))
    words |= set(re.findall(r"^[A-Z_]+\.3: /([a-z]+)\(\?=", grammar_text(), re.MULTILINE))
    units = re.search(r"^UNIT\.\d+: /\(\?:([a-z|]+)\)s\?", grammar_text(), re.MULTILINE)
    assert units, "the grammar lists the units on one line"
    return rf"(?:{'|'.join(sorted(words | reserved_words()))}|(?:{units[1]})s?)(?![A-Za-z0-9_])"


class SegLexer(RegexLexer):
    """Tokens of `.seg` files; text that is none of the language is left plain."""

    name = "segdsl"
    aliases: ClassVar[list[str]] = ["seg", "segdsl"]
    filenames: ClassVar[list[str]] = ["*.seg"]
    url = "https://segdsl.github.io/segdsl"
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"[ \t\r\n]+", Whitespace),
            (r"#(?:[0-9]+(?![A-Za-z0-9_])|\"(?:[^\"\\\n]|\\[^\n])*\")", Name.Constant),
            (r"#[^\n]*", Comment.Single),
            (r"@?\"(?:[^\"\\\n]|\\[^\n])*\"", String),
            (r"`(?:[^`\\\n]|\\[^\n])*`", Name.Variable),
            (r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?", Literal.Date),
            (r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", Number),
            (rf"^{_HEADS}", Keyword.Declaration),
            (_CONSTANTS, Keyword.Constant),
            (_words(), Keyword),
            (r"[A-Za-z_][A-Za-z0-9_]*", Name),
            (r"!=|<=|>=|[=<>|%]", Operator),
            (r"[()\[\],:.]", Punctuation),
            (r".", Punctuation),
        ]
    }
