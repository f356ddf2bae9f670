"""The syntax tree: a `.seg` file as it was written, names not yet looked up.

Every node is frozen and carries its span; spans never make two trees differ.
Parentheses leave no node: the formatter writes those that the shape needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args
from typing import Literal as OneOf

import msgspec

from segdsl.language.predicates import Predicate
from segdsl.language.values import Duration, Limit, Literal, MembershipKind, Reference, Value
from segdsl.source import NOWHERE, Span

if TYPE_CHECKING:
    from segdsl.language import activations as a
    from segdsl.language.syntax.delivery_tree import DeliveryClause
    from segdsl.language.syntax.journey_tree import JourneyClause, JourneyStage
    from segdsl.language.syntax.predictive_tree import PredictiveClause

Function = OneOf["count", "count distinct", "sum", "min", "max", "average", "first", "last"]
ParamType = OneOf["number", "string", "boolean", "date"]


# --- what a test is about ------------------------------------------------------------


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """An attribute of the profile; inside a filter, a column of the behavior."""

    name: str


class Dotted(msgspec.Struct, frozen=True, gc=False):
    """`household.size`: what it is only a schema can tell."""

    left: str
    right: str


class GroupAttribute(msgspec.Struct, frozen=True, gc=False):
    """`group household.size`: an attribute of a customer group."""

    group: str
    name: str


class MlAttribute(msgspec.Struct, frozen=True, gc=False):
    """`rfm("Model").rfm_segment`."""

    solution: OneOf["rfm", "cltv"]
    model: Reference
    attribute: str


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """`sum(purchases.amount by order_id over 7 days where …)`.

    `behavior` is the behavior's matrix table (`behavior_purchases`). `columns` is empty for
    count, several for count distinct, one otherwise.
    `order` is the column of first and last. `some` asks for at least one event.
    """

    function: Function
    behavior: str
    columns: tuple[str, ...] = ()
    some: bool = False
    order: str | None = None
    grouping: tuple[str, ...] = ()
    window: Duration | None = None
    filter: Expression | None = None


Subject = Attribute | Dotted | GroupAttribute | MlAttribute | Aggregate


class Quantifier(msgspec.Struct, frozen=True, gc=False):
    """How many elements of an array must match; `number` for the counting three."""

    how: OneOf["any", "every", "at least", "at most", "exactly"]
    number: Value | None = None


# --- expressions ---------------------------------------------------------------------


class Chain(msgspec.Struct, frozen=True, gc=False):
    """`a and b and c`: two operands or more."""

    word: OneOf["and", "or"]
    operands: tuple[Expression, ...]
    span: Span = NOWHERE


class Listing(msgspec.Struct, frozen=True, gc=False):
    """`all (a, b)`, `any (a, b)`, `none (a, b)`: one item or more."""

    word: OneOf["all", "any", "none"]
    items: tuple[Expression, ...]
    span: Span = NOWHERE


class Negation(msgspec.Struct, frozen=True, gc=False):
    operand: Expression
    span: Span = NOWHERE


class FixedRuleSet(msgspec.Struct, frozen=True, gc=False):
    """A group that stays a rule set of its own: `"Label": (…)`, or `rule set (…)` without one."""

    label: str | None
    operand: Expression
    span: Span = NOWHERE


class Limited(msgspec.Struct, frozen=True, gc=False):
    """`(condition limit 100 by ltv desc)`."""

    operand: Expression
    limit: Limit
    span: Span = NOWHERE


class Test(msgspec.Struct, frozen=True, gc=False):
    """`subject predicate`; `negated` is a `not` (or `!=`) written in the predicate."""

    subject: Subject
    predicate: Predicate
    negated: bool = False
    quantifier: Quantifier | None = None
    span: Span = NOWHERE
    subject_span: Span = NOWHERE


class Has(msgspec.Struct, frozen=True, gc=False):
    """`has purchases where …`, and `no purchases` where `absent`.

    `behavior` is the behavior's matrix table.
    """

    behavior: str
    absent: bool = False
    filter: Expression | None = None
    span: Span = NOWHERE


class Membership(msgspec.Struct, frozen=True, gc=False):
    """`in segment …` (perhaps `of folder …`), `in stage …`, `in variant …`."""

    of: MembershipKind
    target: Reference
    span: Span = NOWHERE


class Score(msgspec.Struct, frozen=True, gc=False):
    """`score of "Churn model" between 3 and 4 including converted`."""

    model: Reference
    low: Value
    high: Value
    including_converted: bool = False
    span: Span = NOWHERE


class Use(msgspec.Struct, frozen=True, gc=False):
    """A definition used by name: `reachable`, `bought("Books", 30)`."""

    name: str
    arguments: tuple[Value, ...] | None = None
    span: Span = NOWHERE


Expression = (
    Chain | Listing | Negation | FixedRuleSet | Limited | Test | Has | Membership | Score | Use
)


# --- items ---------------------------------------------------------------------------


ClauseWord = OneOf["description", "folder", "kind", "hidden"]
CLAUSES: tuple[ClauseWord, ...] = get_args(ClauseWord)
"""The lines of a segment's head, in the order in which they are written."""


class Clause(msgspec.Struct, frozen=True, gc=False):
    """A line of a segment's head, kept for its place; `hidden` has no value."""

    word: ClauseWord
    value: str = ""
    span: Span = NOWHERE


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One segment; no `where` body is `where everyone`."""

    name: str
    clauses: tuple[Clause, ...] = ()
    where: Expression | None = None
    limit: Limit | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    where_span: Span = NOWHERE

    def clause(self, word: ClauseWord) -> str | None:
        """What a line of the head says, or None where it is not there."""
        return next((clause.value for clause in self.clauses if clause.word == word), None)


class Let(msgspec.Struct, frozen=True, gc=False):
    name: str
    parameters: tuple[str, ...]
    body: Expression
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class Param(msgspec.Struct, frozen=True, gc=False):
    """`param days: number = 30`; no default means it must be set."""

    name: str
    type: ParamType
    default: Literal | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class Import(msgspec.Struct, frozen=True, gc=False):
    names: tuple[str, ...]
    path: str
    span: Span = NOWHERE
    path_span: Span = NOWHERE


FunnelWord = OneOf["description", "folder"]
FUNNEL_CLAUSES: tuple[FunnelWord, ...] = get_args(FunnelWord)
"""The lines of a funnel's head, in the order in which they are written."""


class FunnelClause(msgspec.Struct, frozen=True, gc=False):
    """A line of a funnel's head, or the description of a stage."""

    word: FunnelWord
    value: str
    span: Span = NOWHERE


class StageRule(msgspec.Struct, frozen=True, gc=False):
    """Who is in a stage, or meets a criterion of a journey: `where …`, or `is segment "X"`.

    No `where` is `where everyone`. `is segment "X"` is a membership without a limit, and a
    membership in a segment is always written so. `where_span` leaves the limit out.
    """

    where: Expression | None = None
    limit: Limit | None = None
    span: Span = NOWHERE
    where_span: Span = NOWHERE

    @property
    def segment(self) -> Membership | None:
        """The membership, where this is written `is segment "X"`."""
        where = self.where
        alone = isinstance(where, Membership) and where.of == "segment" and self.limit is None
        return where if alone and isinstance(where, Membership) else None


class Stage(msgspec.Struct, frozen=True, gc=False):
    """A stage of a funnel; its only clause is the description, which is that of its rule."""

    name: str
    clauses: tuple[FunnelClause, ...] = ()
    rule: StageRule | None = None
    span: Span = NOWHERE
    name_span: Span = NOWHERE

    @property
    def description(self) -> str | None:
        """What its description says, or None where it has none."""
        return next((clause.value for clause in self.clauses), None)


class Funnel(msgspec.Struct, frozen=True, gc=False):
    """A funnel with its stages, in their order."""

    name: str
    clauses: tuple[FunnelClause, ...] = ()
    stages: tuple[Stage, ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE

    def clause(self, word: FunnelWord) -> str | None:
        """What a line of the head says, or None where it is not there."""
        return next((clause.value for clause in self.clauses if clause.word == word), None)


class Activation(msgspec.Struct, frozen=True, gc=False):
    """An activation of a segment, a stage or a journey.

    Its clauses are in the order of `DeliveryClause`.
    """

    name: str
    target: a.Target
    clauses: tuple[DeliveryClause, ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class ActivationTemplate(msgspec.Struct, frozen=True, gc=False):
    """A template of activations; its clauses are in the order of `DeliveryClause`."""

    name: str
    clauses: tuple[DeliveryClause, ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class PredictiveSegment(msgspec.Struct, frozen=True, gc=False):
    """A predictive segment; its clauses are in the order of `PredictiveClause`."""

    name: str
    clauses: tuple[PredictiveClause, ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE


class Journey(msgspec.Struct, frozen=True, gc=False):
    """A journey with its stages, in their order; its clauses are in that of `JourneyClause`."""

    name: str
    clauses: tuple[JourneyClause[StageRule], ...] = ()
    stages: tuple[JourneyStage[StageRule], ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE


Item = (
    Segment
    | Let
    | Param
    | Import
    | Funnel
    | Activation
    | ActivationTemplate
    | PredictiveSegment
    | Journey
)


class Comment(msgspec.Struct, frozen=True, gc=False):
    """A comment from its `#` to the end of its line."""

    text: str
    span: Span = NOWHERE


class File(msgspec.Struct, frozen=True, gc=False):
    """A whole file: items and comments, each in the order written.

    `names_known` is false where a definition or an import had a mistake and is missing:
    what a name stands for cannot be said then. `mistaken` are the starts of the items that were
    kept in spite of a mistake: what they hold is not what was meant, and no rule is made of it.
    """

    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = ()
    names_known: bool = True
    mistaken: frozenset[int] = frozenset()

    def is_mistaken(self, item: Item) -> bool:
        """Whether an item of this file has a mistake in it."""
        return item.span.start in self.mistaken
