"""Finding things of a schema by a word in their names."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import NamedTuple

from segdsl.schema.model import Schema

What = OneOf["attribute", "column", "group attribute", "segment", "stage", "model", "variant"]


class Thing(NamedTuple):
    """Something that a segment can name.

    `of` is the behavior of a column, the group, the funnel or the test it belongs to;
    `spelling` what one writes in a `.seg` file; `more` its type, id or heading.
    """

    what: What
    name: str
    of: str | None
    spelling: str
    more: str


def things(schema: Schema) -> list[Thing]:
    """Everything, by kind and then in the order of the schema."""
    from segdsl.syntax.text import name, string

    found = [
        Thing(
            "attribute",
            each.name,
            None,
            name(each.name),
            each.type + (f", under “{each.heading}”" if each.heading else ""),
        )
        for each in schema.attributes
    ]
    for behavior in schema.behaviors:
        found += [
            Thing(
                "column",
                each.name,
                behavior.name,
                f"{name(behavior.name)}.{name(each.name)}",
                each.type,
            )
            for each in behavior.columns
        ]
    for group in schema.customer_groups:
        found += [
            Thing(
                "group attribute",
                each.name,
                group.name,
                f"{name(group.name)}.{name(each.name)}",
                each.type,
            )
            for each in group.columns
        ]
    for segment in schema.segments:
        folder = "/".join(segment.folder)
        more = f"#{segment.id}" + (f", in {folder}" if folder else "")
        spelling = f"in segment {string(segment.name)}"
        found.append(Thing("segment", segment.name, folder or None, spelling, more))
    for funnel in schema.funnels:
        found += [
            Thing(
                "stage",
                each.name,
                funnel.name,
                f"in stage {string(each.name)} of funnel {string(funnel.name)}",
                f"#{each.id}",
            )
            for each in funnel.stages
        ]
    for model in schema.models:
        spelling = (
            f"score of {string(model.name)} …"
            if model.solution == "predictive"
            else f"{model.solution}({string(model.name)}).…"
        )
        found.append(Thing("model", model.name, None, spelling, f"#{model.id}"))
    found += [
        Thing(
            "variant",
            each.name,
            each.test,
            f"in variant {string(each.name)} of test {string(each.test)}",
            f"#{each.id}",
        )
        for each in schema.variants
    ]
    return found


def search(schema: Schema, word: str | None) -> list[Thing]:
    """Those with the word in their name, or in that of what they belong to, in any case."""
    if word is None:
        return things(schema)
    looked = word.casefold()
    return [
        each
        for each in things(schema)
        if looked in each.name.casefold() or looked in (each.of or "").casefold()
    ]
