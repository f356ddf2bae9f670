"""A predictive segment as an outline in plain English: whom it predicts, from whom and what."""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.analysis.explain.functions import function_words
from segdsl.analysis.explain.legend import legend
from segdsl.analysis.explain.outline import Item, Outline
from segdsl.analysis.explain.segment import shown
from segdsl.language import predictive as p
from segdsl.language.syntax.spelling import name, reference, string
from segdsl.schema.labels import NO_LABELS, Labels

_KINDS: dict[p.FeatureKind, str] = {
    "number": "a number",
    "category": "a category",
    "categories": "several categories",
}


def explain_predictive(model: p.PredictiveSegment, labels: Labels = NO_LABELS) -> Outline:
    """The predictive segment in words; `labels` are what the console calls its attributes."""
    facts = []
    if model.folder is not None:
        facts.append(f"Folder: {shown(model.folder)}")
    if model.description is not None:
        facts.append(f"Description: {shown(model.description)}")
    called = legend(_labelled(model.features, labels))
    return Outline(
        f"Predictive segment {string(model.name)}",
        tuple(facts),
        f"Predicts which profiles will be in {_segment(model.predicts)}:",
        (
            Item(f"It learns from {_whom(model.among)}."),
            _features(model.features),
            Item(f"It gives a score from 0 to 100 to {_whom(model.scores)}."),
            *_grades(model),
        ),
        () if called is None else (called,),
    )


def _segment(use: p.SegmentUse) -> str:
    return f"the segment {reference(use.target, 'segment')}"


def _whom(use: p.SegmentUse | None) -> str:
    if use is None:
        return "all profiles of the parent segment"
    return f"the profiles of {_segment(use)}"


def _grades(model: p.PredictiveSegment) -> Iterator[Item]:
    if model.grades is None:
        return
    high, middle, low = (each.text for each in model.grades)
    yield Item(
        f"A score from {high} on is of grade 4, one from {middle} on of grade 3, one from {low} on "
        "of grade 2, and a lower one of grade 1."
    )


def _features(features: p.Features | None) -> Item:
    if features is None or features.guessed:
        return Item("The server proposes its features when it is created.")
    return Item("It learns by these features:", tuple(map(_feature, features.items)))


def _feature(feature: p.Feature) -> Item:
    words = f"{name(feature.name)}, {_KINDS[feature.kind]}"
    source = feature.source
    if source is None:
        return Item(f"{words}.")
    made = name(source.column)
    if source.table is not None:
        made += f" of the table {name(source.table)}"
    steps = [function_words(each) for each in source.functions]
    return Item(f"{words}: {', '.join([made, *steps])}.")


def _labelled(features: p.Features | None, labels: Labels) -> Iterator[tuple[str, str]]:
    for feature in () if features is None else features.items:
        column = feature.name if feature.source is None else feature.source.column
        if column in labels.attributes:
            yield name(column), labels.attributes[column]
