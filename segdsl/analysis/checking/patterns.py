"""Regular expressions that no engine takes; what only some refuse is left alone.

A pattern is parsed and no more: what Python makes of one that it compiles can take very long,
as for ranges of characters without regard to capitals.
"""

from __future__ import annotations

import re
import warnings
from re import _parser  # the one parser there is that says what is wrong

LONGEST = 10_000
"""Characters of a pattern; engines refuse, or take minutes for, what is much longer."""

# What every dialect calls a mistake: brackets that do not match, nothing to repeat.
_CERTAIN = re.compile(
    r"unterminated character set|missing \), unterminated subpattern|unbalanced parenthesis"
    r"|nothing to repeat|bad escape \(end of pattern\)|bad character range"
)


def fault(pattern: str) -> tuple[str, str] | None:
    """What is wrong with a pattern, where that is certain, and what to do."""
    if len(pattern) > LONGEST:
        return (
            f"this regular expression has {len(pattern):,} characters; the maximum is {LONGEST:,}",
            "ask with several conditions and `or`, or with `contains any (…)` or `in (…)`",
        )
    wrong = _broken(pattern)
    if wrong is None:
        return None
    return (
        f"invalid regular expression: {wrong}",
        "a character with a meaning of its own takes `\\\\` in front",
    )


def groups_of(pattern: str) -> int | None:
    """The number of groups of a pattern; None where that is not certain."""
    if len(pattern) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return int(_parser.parse(pattern).state.groups) - 1
    except (re.error, OverflowError, RecursionError):
        return None


def _broken(pattern: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _parser.parse(pattern)
    except re.error as error:
        return error.msg if _CERTAIN.match(error.msg) else None
    except (OverflowError, RecursionError):
        return None
    return None
