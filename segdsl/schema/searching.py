"""Everything that a segment can name, as one list, and finding some of it by a word.

Each thing comes with how it is written in a `.seg` file. What the list looks like on a
terminal is not said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.schema.model import Schema
from segdsl.syntax.text import name, string

What = OneOf[
    "attribute", "behavior", "column", "group attribute", "segment", "stage", "model", "variant"
]


class Thing(NamedTuple):
    """Something that a segment can name.

    `of` is the behavior of a column, the customer group, the folder, funnel or test it belongs
    to; `spelling` what one writes in a `.seg` file; `more` its type or id, and what else is known.
    """

    what: What
    name: str
    of: str | None
    spelling: str
    more: str


def things(schema: Schema) -> list[Thing]:
    """Everything, by kind and then in the order of the schema."""
    return [
        *_attributes(schema),
        *_behaviors(schema),
        *_group_attributes(schema),
        *_segments(schema),
        *_stages(schema),
        *_models(schema),
        *_variants(schema),
    ]


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


def nothing_like(schema: Schema, word: str) -> str:
    """What to say where a search finds nothing."""
    every = things(schema)
    names = [each.name for each in every] + [each.of for each in every if each.of]
    help = did_you_mean(word, names, "`segdsl schema show` lists everything")
    return f"nothing has `{word}` in its name; {help}"


def _attributes(schema: Schema) -> Iterator[Thing]:
    for each in schema.attributes:
        under = f", under “{each.heading}”" if each.heading else ""
        yield Thing("attribute", each.name, None, name(each.name), f"{each.type}{under}")


def _behaviors(schema: Schema) -> Iterator[Thing]:
    for behavior in schema.behaviors:
        count = len(behavior.columns)
        columns = f"{count:,} column" + ("" if count == 1 else "s")
        yield Thing("behavior", behavior.name, None, f"has {name(behavior.name)}", columns)
        for each in behavior.columns:
            spelling = f"{name(behavior.name)}.{name(each.name)}"
            yield Thing("column", each.name, behavior.name, spelling, each.type)


def _group_attributes(schema: Schema) -> Iterator[Thing]:
    for group in schema.customer_groups:
        for each in group.columns:
            spelling = f"{name(group.name)}.{name(each.name)}"
            yield Thing("group attribute", each.name, group.name, spelling, each.type)


def _segments(schema: Schema) -> Iterator[Thing]:
    for each in schema.segments:
        folder = "/".join(each.folder)
        kind = "" if each.kind == "batch" else f", {each.kind.replace('_', ' ')}"
        more = f"#{each.id}{kind}" + (f", in {folder}" if folder else "")
        yield Thing("segment", each.name, folder or None, f"in segment {string(each.name)}", more)


def _stages(schema: Schema) -> Iterator[Thing]:
    for funnel in schema.funnels:
        for each in funnel.stages:
            spelling = f"in stage {string(each.name)} of funnel {string(funnel.name)}"
            yield Thing("stage", each.name, funnel.name, spelling, f"#{each.id}")


def _models(schema: Schema) -> Iterator[Thing]:
    for model in schema.models:
        called = string(model.name)
        match model.solution:
            case "predictive":
                spelling = f"score of {called} …"
            case solution:
                spelling = f"{solution}({called}).…"
        yield Thing("model", model.name, None, spelling, f"#{model.id}")


def _variants(schema: Schema) -> Iterator[Thing]:
    for each in schema.variants:
        spelling = f"in variant {string(each.name)} of test {string(each.test)}"
        yield Thing("variant", each.name, each.test, spelling, f"#{each.id}")
