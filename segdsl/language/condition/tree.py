"""The condition tree: what a segment means, names gone, definitions expanded.

For a profile every node is true or false. Values are literals, `all`/`any`/`none`
have become `And`/`Or`/`Not`. Each node knows the span it was written at and, in
`via`, the uses of definitions that brought it here, outermost first.
"""

from __future__ import annotations

import msgspec

from segdsl.language.predicates import Predicate
from segdsl.language.syntax.tree import (
    Attribute,
    Function,
    GroupAttribute,
    MlAttribute,
    Quantifier,
)
from segdsl.language.values import (
    ByName,
    Duration,
    Limit,
    MembershipKind,
    Number,
    Reference,
    SegmentKind,
    folder_path,
    folder_text,
)
from segdsl.source import NOWHERE, Span


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """An aggregate of a behavior's events; see `segdsl.language.syntax.tree.Aggregate`.

    `behavior` is the matrix table of the behavior. Its `filter` is a condition whose tests are
    about `Attribute`s, the columns of the behavior, and which holds no other leaf.
    """

    function: Function
    behavior: str
    columns: tuple[str, ...] = ()
    some: bool = False
    order: str | None = None
    grouping: tuple[str, ...] = ()
    window: Duration | None = None
    filter: Condition | None = None

    @property
    def is_existential(self) -> bool:
        """Whether it has one value for each group or window, of which one must match."""
        return bool(self.grouping) or self.window is not None

    @property
    def may_have_several(self) -> bool:
        """Whether more than one value may be there to match: also those of a shared first place."""
        return self.is_existential or self.function in ("first", "last")

    @property
    def counts(self) -> bool:
        """Whether its value for a profile without events is 0 and not missing."""
        return self.function in ("count", "count distinct")


Subject = Attribute | GroupAttribute | MlAttribute | Aggregate


class Node(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    span: Span = NOWHERE
    via: tuple[Span, ...] = ()


class Everyone(Node, frozen=True):
    """True of every profile; only as the whole of a segment."""


class And(Node, frozen=True):
    children: tuple[Condition, ...]


class Or(Node, frozen=True):
    children: tuple[Condition, ...]


class Not(Node, frozen=True):
    child: Condition


class RuleSet(Node, frozen=True):
    """A group that must become a rule set of its own; `label` is its description."""

    label: str | None
    child: Condition


class Limited(Node, frozen=True):
    """The top profiles among those of a test (possibly negated)."""

    child: Condition
    limit: Limit


class Test(Node, frozen=True):
    """A predicate on a subject.

    `negated` is the operator's own `not`: on each element of an array, or, with
    `some`, among profiles that have an event. Everywhere else `Not` is used.
    """

    subject: Subject
    predicate: Predicate
    negated: bool = False
    quantifier: Quantifier | None = None


class Membership(Node, frozen=True):
    """Membership in a segment, a stage or a variant.

    The folder of a segment that is named with one is spelled as `folder_text` spells it.
    """

    of: MembershipKind
    target: Reference


class Score(Node, frozen=True):
    model: Reference
    low: Number
    high: Number
    including_converted: bool = False


Leaf = Test | Membership | Score | Limited
Condition = Everyone | And | Or | Not | RuleSet | Leaf


Place = tuple[tuple[str, ...], str]
"""Where a segment is: the path of its folder, and its name."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A resolved segment, ready to be lowered, explained or made into SQL.

    `hidden` is whether the console hides it.
    """

    name: str
    condition: Condition
    description: str | None = None
    folder: str | None = None
    kind: SegmentKind = "batch"
    limit: Limit | None = None
    span: Span = NOWHERE
    hidden: bool = False

    @property
    def place(self) -> Place:
        return (folder_path(self.folder), self.name)


class Stage(msgspec.Struct, frozen=True, gc=False):
    """A stage of a funnel; `segment` is its rule, a segment of the kind `funnel_stage`.

    The segment has the stage's name and description; None where the stage has no rule.
    """

    name: str
    segment: Segment | None = None
    span: Span = NOWHERE


class Funnel(msgspec.Struct, frozen=True, gc=False):
    """A resolved funnel with its stages, from the widest to the narrowest."""

    name: str
    stages: tuple[Stage, ...] = ()
    description: str | None = None
    folder: str | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE

    @property
    def place(self) -> Place:
        return (folder_path(self.folder), self.name)


def spellings(folder: tuple[str, ...], name: str) -> tuple[ByName, ByName]:
    """The ways to name the segment of that place: by its name alone, and with its folder."""
    return ByName(name), ByName(name, folder_text(folder))


__all__ = [
    "Aggregate",
    "And",
    "Attribute",
    "Condition",
    "Everyone",
    "Funnel",
    "GroupAttribute",
    "Leaf",
    "Limited",
    "Membership",
    "MlAttribute",
    "Not",
    "Or",
    "Place",
    "Quantifier",
    "RuleSet",
    "Score",
    "Segment",
    "Stage",
    "Subject",
    "Test",
    "folder_path",
    "folder_text",
    "spellings",
]
