"""The clauses of journeys and of their stages in the syntax tree.

Steps are those of `segdsl.language.journeys`. A rule is a `StageRule` of the syntax tree, which
imports this for the type checker alone: so that a file of segments does not load it.
"""

from __future__ import annotations

from typing import Generic, TypeVar
from typing import Literal as OneOf

import msgspec

from segdsl.language import journeys as j
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.source import NOWHERE, Span

RuleT = TypeVar("RuleT")
CriterionWord = OneOf["goal", "enter", "milestone", "exit"]


class Reenters(msgspec.Struct, frozen=True, gc=False):
    """`reentry never`."""

    reentry: j.Reentry
    span: Span = NOWHERE


class Meets(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`enter "New sign-ups" where …`: a criterion with what it is for."""

    word: CriterionWord
    criterion: j.Criterion[RuleT]
    span: Span = NOWHERE


class Steps(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """`steps (…)` of a stage."""

    steps: tuple[j.Step[RuleT], ...]
    span: Span = NOWHERE


JourneyClause = Described | InFolder | Reenters | Meets[RuleT]
"""A clause of a journey's head, in the order in which they are written; the last is its goal."""
StageClause = Described | Meets[RuleT] | Steps[RuleT]
"""A clause of a stage, in the order in which they are written.

Criteria are in the order to enter, milestone, exits. Each stands at most once, but for exits.
"""


class JourneyStage(msgspec.Struct, Generic[RuleT], frozen=True, gc=False):
    """A stage of a journey; its clauses are in the order of `StageClause`."""

    name: str
    clauses: tuple[StageClause[RuleT], ...] = ()
    span: Span = NOWHERE
    name_span: Span = NOWHERE
