"""Lines that begin an item, told without parsing: where to go on behind a mistake."""

from __future__ import annotations

# Words that follow an attribute `funnel`, `activation` or `journey`, but no head of such an item.
_OPERATORS = (
    "is|in|not|between|contains|starts|ends|matches|within|for|more|less|at|before|after|on|and|or|"
    "limit|where|of"
)
_QUOTES = "[\"'“”„‘’«»]"
HEAD = (
    r"(?:segment|let|param|import)\b"
    r"|predictive[ \t]+segment\b"
    rf"|(?:funnel|activation|journey)\b(?=[ \t]*(?:{_QUOTES}|\r?$|(?!(?:{_OPERATORS})\b)[^\W\d]))"
)
"""What an item begins with."""
LINE = rf"(?m)^(?:{HEAD})"
"""A line that begins an item."""
NAMELESS = ("segment", "funnel", "activation", "predictive", "journey")
"""The first words of items that define no name."""
