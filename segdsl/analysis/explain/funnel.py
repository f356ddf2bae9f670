"""A resolved funnel as an outline in plain English: each stage with its rule."""

from __future__ import annotations

from segdsl.analysis.explain.legend import legend, names_in
from segdsl.analysis.explain.outline import Item, Outline
from segdsl.analysis.explain.segment import explain_rule, shown, times_note
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import string
from segdsl.schema.labels import NO_LABELS, Labels


def explain_funnel(funnel: c.Funnel, labels: Labels = NO_LABELS) -> Outline:
    """The funnel in words; `labels` are what the console calls what it names."""
    facts = []
    if funnel.folder is not None:
        facts.append(f"Folder: {shown(funnel.folder)}")
    if funnel.description is not None:
        facts.append(f"Description: {shown(funnel.description)}")
    rules = [stage.segment for stage in funnel.stages if stage.segment is not None]
    closing = [*times_note([each.condition for each in rules])]
    called = legend(pair for each in rules for pair in names_in(each, labels))
    if called is not None:
        closing.append(called)
    return Outline(
        f"Funnel {string(funnel.name)}",
        tuple(facts),
        "Its stages are, from the widest to the narrowest:"
        if funnel.stages
        else "It has no stages.",
        tuple(map(_stage, funnel.stages)),
        tuple(closing),
    )


def _stage(stage: c.Stage) -> Item:
    segment = stage.segment
    if segment is None:
        return Item(f"{string(stage.name)}: it has no rule yet.")
    rule = explain_rule(segment, "stage")
    text = f"{string(stage.name)}: {rule.text[0].lower()}{rule.text[1:]}"
    about = () if segment.description is None else (f"Description: {shown(segment.description)}",)
    return Item(text, rule.items, (*rule.notes, *about))
