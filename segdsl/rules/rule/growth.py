"""How large a rule is with its Composite expressions written out.

An expression may name a rule more than once. Where groups that do so stand inside each other,
a short rule stands for more than can be written down: such a rule is refused.
"""

from __future__ import annotations

from segdsl.rules.rule import model as m
from segdsl.rules.rule.composite import names, over_rule_sets, read_expr

ALWAYS = 2_000
"""The size that a rule can have however little is written of it."""
TIMES = 4
"""How many times its written size it can be beyond that."""
OF_A_RUN = 100_000
"""What repetitions can add to all rules of one document."""
_CHARACTERS = 100


class Growth:
    """What repetitions have added to the rules of a document so far."""

    def __init__(self) -> None:
        self.added = 0

    def takes(self, rule: m.Rule) -> bool:
        """Whether the rule can be written out beside those before it; if so it counts."""
        written, whole = sizes(rule)
        if whole > max(ALWAYS, TIMES * written) or self.added + whole - written > OF_A_RUN:
            return False
        self.added += max(0, whole - written)
        return True


def sizes(rule: m.Rule) -> tuple[int, int]:
    """A rule's size as it is written, and with its expressions written out.

    A condition counts for one, and for one more with each hundred characters of its JSON; so does
    each name in an expression, as written.
    """
    return _sizes(rule, top=True)


def _sizes(node: m.Group | m.Condition, *, top: bool = False) -> tuple[int, int]:
    if not isinstance(node, m.Group):
        size = 1 + len(m.encode(node, pretty=False)) // _CHARACTERS
        return size, size
    inner = [_sizes(part) for part in node.conditions]
    written = 1 + sum(size for size, _ in inner)
    if node.expr is None:
        return written, 1 + sum(size for _, size in inner)
    groups = any(isinstance(part, m.Group) for part in node.conditions)
    sets = over_rule_sets(node.expr, holds_groups=groups, top=top)
    named = names(read_expr(node.expr, rule_sets=sets))
    return written + len(named), 1 + sum(inner[index][1] for index in named)
