"""SQL as the vendor's compiler writes it: keywords in lower case (observed)."""

from __future__ import annotations

import re

# A string, a quoted name, or what is between them; a quote inside is doubled.
_PART = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"]+""")


def with_lower_keywords(sql: str) -> str:
    """The statement in lower case, except for what is in quotes.

    Every name is quoted, so the rest is keywords, functions and types, whose case means nothing.
    """
    return _PART.sub(lambda part: part[0] if part[0][0] in "'\"" else part[0].lower(), sql)
