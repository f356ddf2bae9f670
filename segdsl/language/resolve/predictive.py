"""Predictive segments from their clauses.

They hold no names of definitions: what is looked up here are the clauses that must be there, and
the names that must not be blank.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from segdsl.diagnostics import Code
from segdsl.language import predictive as p
from segdsl.language.resolve.names import Names
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.values import ById

_MISSING = {
    "predicts": 'name the segment of those who have converted: `predicts segment "…"`',
    "features": "list them, as in `features (number age)`, or write `features guessed`",
}


def resolve_predictive(item: t.PredictiveSegment, names: Names) -> p.PredictiveSegment | None:
    """The predictive segment, or None after a report."""
    model = p.PredictiveSegment(
        item.name, p.SegmentUse(ById("")), span=item.span, name_span=item.name_span
    )
    words = set[str]()
    is_known = True
    for clause in item.clauses:
        match clause:
            case Described(text):
                model = msgspec.structs.replace(
                    model, description=text, description_span=clause.span
                )
            case InFolder(folder):
                model = msgspec.structs.replace(model, folder=folder)
            case pt.UsesSegment(use, segment):
                words.add(use)
                is_known = names.refers("segment", segment.target, segment.span) and is_known
                model = msgspec.structs.replace(model, **{use: segment})
            case pt.Grades(grades):
                model = msgspec.structs.replace(model, grades=grades, grades_span=clause.span)
            case p.Features():
                words.add("features")
                model = msgspec.structs.replace(model, features=clause)
            case _:
                assert_never(clause)
    is_named = names.take(
        "predictive segment",
        model.name,
        model.folder,
        model.name_span,
        "another predictive segment of this file is",
    )
    missing = [word for word in _MISSING if word not in words]
    for word in missing:
        names.report.add(
            Code.SEG239,
            model.name_span,
            f"this predictive segment has no `{word}`",
            help=_MISSING[word],
        )
    return None if missing or not is_named or not is_known else model
