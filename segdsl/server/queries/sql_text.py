"""SQL as the vendor's compiler writes it: keywords in lower case (observed)."""

from __future__ import annotations

import re

# A text, a quoted name, or what stands between them; a quote inside is written twice.
_PART = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"]+""")


def with_lower_keywords(sql: str) -> str:
    """The statement in lower case, but for what stands in quotes.

    Where every name is quoted, what is left are keywords, functions and types, whose case
    means nothing.
    """
    return _PART.sub(lambda part: part[0] if part[0][0] in "'\"" else part[0].lower(), sql)
