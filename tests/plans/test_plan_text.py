"""The text of a plan: what a difference shows of two sources."""

from __future__ import annotations

import pytest

from segdsl.workspace.kinds.resource import Version
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.sync.plan_text import difference

STATE = SegmentState(folder=(), name="x", kind="batch", description="", rule="{}")


def shown(before: str, after: str) -> str:
    """The difference of two texts that have a letter for each line."""
    old, new = (Version(STATE, "\n".join(text)) for text in (before, after))
    return " ".join(line.strip() for line in difference(old, new))


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("abc", "aBc", "a -b +B c"),
        ("abcdef", "Abcdef", "-a +A b c"),
        # One line between two changes is shown; for more than one there is a sign.
        ("abcdefg", "AbcdefG", "-a +A b c d e f -g +G"),
        ("abcdefgh", "AbcdefgH", "-a +A b c … f g -h +H"),
        ("abcdefghijklm", "AbcdefGhijklM", "-a +A b c d e f -g +G h i j k l -m +M"),
        ("abc", "abc", ""),
        ("ab", "abc", "a b +c"),
        ("ab", "b", "-a b"),
    ],
)
def test_a_difference(before: str, after: str, lines: str) -> None:
    assert shown(before, after) == lines
