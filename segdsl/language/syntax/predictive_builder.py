"""Predictive segments, as the grammar recognises them; clauses come out in their order."""

from __future__ import annotations

from typing import Any, cast, get_args

from segdsl.diagnostics import Code
from segdsl.language import predictive as p
from segdsl.language.activations import Function
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.base_builder import BaseBuilder
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.syntax.lalr import Child
from segdsl.language.syntax.spelling import name
from segdsl.language.values import Number

_KINDS: tuple[p.FeatureKind, ...] = get_args(p.FeatureKind)
# What the API and others call them.
_OTHER_KINDS: dict[str, p.FeatureKind] = {
    **dict.fromkeys(("numeric", "numerical", "quantitative", "float", "integer"), "number"),
    **dict.fromkeys(("categorical", "string", "text", "enum"), "category"),
    **dict.fromkeys(("array", "list", "categorical_array"), "categories"),
}
_CLAUSES = ("description", "folder", "predicts", "grades", "features")
_ORDER = ("description", "folder", *pt.USE_WORDS, "grades", "features")


def _word(clause: pt.PredictiveClause) -> str:
    match clause:
        case Described():
            return "description"
        case InFolder():
            return "folder"
        case pt.UsesSegment(word):
            return word
        case pt.Grades():
            return "grades"
        case p.Features():
            return "features"


class PredictiveBuilder(BaseBuilder):
    """A method for each rule of predictive segments."""

    def predictive(self, c: list[Child]) -> None:
        clauses: dict[str, pt.PredictiveClause] = {}
        for clause in (child[1] for child in c if child[0] in _CLAUSES):
            word = _word(clause)
            if clauses.setdefault(word, clause) is not clause:
                self.report.add(
                    Code.SEG011,
                    clause.span,
                    f"this predictive segment already has `{word}`",
                    help="keep one of them",
                )
        item = t.PredictiveSegment(
            self._text(c[2]),
            tuple(clauses[word] for word in _ORDER if word in clauses),
            self._span(c),
            self._at(c[2]),
        )
        self.items.append(item)

    def predicts(self, c: list[Child]) -> pt.UsesSegment:
        word: pt.UseWord = c[0][1]
        target = self._parented("segment", c, f"{word} segment")
        return pt.UsesSegment(word, p.SegmentUse(target, self._span(c[1:])), self._span(c))

    def grades(self, c: list[Child]) -> pt.Grades:
        grades = tuple(self._number(child) for child in c if child[0] == "NUMBER")
        values = [grade.value for grade in grades]
        if len(grades) != p.MAX_GRADES:
            message = f"{len(grades)} numbers are given for three grades"
        elif not all(0 <= value <= 100 for value in values):
            message = "a grade begins at a score from 0 to 100"
        elif values != sorted(values, reverse=True):
            message = "the highest grade comes first"
        else:
            return pt.Grades(grades, self._span(c))
        self.report.add(
            Code.SEG013,
            self._span(c[1:]),
            message,
            help="write the lowest scores of the grades 4, 3 and 2: `grades 75, 50, 25`",
        )
        return pt.Grades((Number("75"), Number("50"), Number("25")), self._span(c))

    def features(self, c: list[Child]) -> p.Features:
        if c[1][0] == "GUESSED":
            return p.Features(guessed=True, span=self._span(c))
        features: list[p.Feature] = self._of(c, "feature")
        seen: set[str] = set()
        for feature in features:
            if feature.name in seen:
                self.report.add(
                    Code.SEG011,
                    feature.name_span,
                    f"`{name(feature.name)}` is already a feature",
                    help="keep one of them, or give this one another name",
                )
            seen.add(feature.name)
        if not features:
            self.report.add(
                Code.SEG015,
                self._span(c),
                "a model needs features",
                help="list at least one, as in `number age`, or write `features guessed`",
            )
        return p.Features(tuple(features), span=self._span(c))

    def feature(self, c: list[Child]) -> p.Feature:
        word = _OTHER_KINDS.get(c[0][1].lower())
        if word is not None:
            self.report.add(
                Code.SEG012,
                self._at(c[0]),
                f"`{c[0][1]}` is not a kind of feature",
                help=f"did you mean `{word}`?",
            )
        kind = word or self._choice(c[0], _KINDS, "a kind of feature")
        return p.Feature(
            cast(p.FeatureKind, kind),
            c[1][1],
            self._one(c, "feature_source"),
            self._span(c),
            self._at(c[1]),
        )

    def feature_source(self, c: list[Child]) -> p.FeatureSource:
        names = self._of(c, "name")
        functions: tuple[Function, ...] = tuple(
            cast(Any, child[1]) for child in c if child[0] in ("call", "if_")
        )
        table = names[0] if len(names) > 1 else None
        return p.FeatureSource(names[-1], table, functions, self._span(c))
