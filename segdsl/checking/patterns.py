"""Regular expressions that no engine takes; what only some refuse is left alone."""

from __future__ import annotations

import re
import warnings

# What every dialect calls a mistake: brackets that do not match, nothing to repeat.
_CERTAIN = re.compile(
    r"unterminated character set|missing \), unterminated subpattern|unbalanced parenthesis"
    r"|nothing to repeat|bad escape \(end of pattern\)|bad character range"
)


def broken(pattern: str) -> str | None:
    """What is wrong with a pattern, where that is certain."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except re.error as error:
        return error.msg if _CERTAIN.match(error.msg) else None
    except (OverflowError, RecursionError):
        return None
    return None
