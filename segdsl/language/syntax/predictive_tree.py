"""The clauses of predictive segments in the syntax tree.

A module of its own, so that a file of segments does not load it.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import get_args

import msgspec

from segdsl.language import predictive as p
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.values import Number
from segdsl.source import NOWHERE, Span

UseWord = OneOf["predicts", "among", "scores"]
USE_WORDS: tuple[UseWord, ...] = get_args(UseWord)
"""The clauses that name a segment, in the order in which they are written."""


class UsesSegment(msgspec.Struct, frozen=True, gc=False):
    """`predicts segment "Churned"`, `among segment …`, `scores segment …`."""

    word: UseWord
    segment: p.SegmentUse
    span: Span = NOWHERE


class Grades(msgspec.Struct, frozen=True, gc=False):
    """`grades 75, 50, 25`."""

    grades: tuple[Number, ...]
    span: Span = NOWHERE


PredictiveClause = Described | InFolder | UsesSegment | Grades | p.Features
"""A clause of a predictive segment, in the order in which they are written; each at most once."""
