"""Everything that a segment can name, as one list, and finding some of it by a word.

Each thing comes with how it is written in a `.seg` file. What the list looks like on a
terminal is not said here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language.behaviors import name_of
from segdsl.language.condition.tree import spellings
from segdsl.language.syntax.spelling import behavior, name, reference, string
from segdsl.language.values import TIME_TYPES
from segdsl.schema.model import Schema

What = OneOf[
    "attribute", "behavior", "column", "group attribute", "segment", "stage", "model", "variant"
]


class Thing(NamedTuple):
    """Something that a segment can name.

    `of` is the behavior of a column, the customer group, the folder, funnel or test it belongs
    to; `spelling` what one writes in a `.seg` file; `more` its type or id, and what else is known;
    `label` what the console shows, where that is not the name; `is_time` whether its values are
    Unix seconds.
    """

    what: What
    name: str
    of: str | None
    spelling: str
    more: str
    label: str | None = None
    is_time: bool = False


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
    """Those with the word in their name or label, or in what they belong to, in any case."""
    if word is None:
        return things(schema)
    looked = word.casefold()
    return [
        each
        for each in things(schema)
        if any(looked in text.casefold() for text in (each.name, each.of, each.label) if text)
    ]


def nothing_like(schema: Schema, word: str) -> str:
    """What to say where a search finds nothing."""
    every = things(schema)
    names = [text for each in every for text in (each.name, each.of, each.label) if text]
    help = did_you_mean(word, names, "`segdsl schema show` lists everything")
    return f"nothing has `{word}` in its name; {help}"


def _attributes(schema: Schema) -> Iterator[Thing]:
    for each in schema.attributes:
        under = f", under “{each.heading}”" if each.heading else ""
        more = f"{each.type_name}{under}"
        is_time = each.type in TIME_TYPES
        yield Thing("attribute", each.name, None, name(each.name), more, each.label, is_time)


def owner_of(table: str) -> str:
    """The behavior of a column (`Thing.of`), which no other has: `orders`, or `table "orders"`."""
    return name_of(table) or behavior(table)


def _behaviors(schema: Schema) -> Iterator[Thing]:
    for of in schema.behaviors:
        source = behavior(of.name)
        written = name_of(of.name) or of.name
        count = len(of.columns)
        columns = f"{count:,} column" + ("" if count == 1 else "s")
        yield Thing("behavior", written, None, f"has {source}", columns, of.label)
        for each in of.columns:
            spelling = f"{source}.{name(each.name)}"
            yield Thing(
                "column",
                each.name,
                owner_of(of.name),
                spelling,
                each.type_name,
                each.label,
                each.type in TIME_TYPES,
            )


def _group_attributes(schema: Schema) -> Iterator[Thing]:
    for group in schema.customer_groups:
        for each in group.columns:
            spelling = f"{name(group.name)}.{name(each.name)}"
            yield Thing(
                "group attribute", each.name, group.name, spelling, each.type_name, each.label
            )


def _segments(schema: Schema) -> Iterator[Thing]:
    times = Counter(each.name for each in schema.segments)
    for each in schema.segments:
        alone, with_folder = spellings(each.folder, each.name)
        spelling = reference(alone if times[each.name] == 1 else with_folder, "segment")
        folder = "/".join(each.folder)
        kind = "" if each.kind == "batch" else f", {each.kind.replace('_', ' ')}"
        more = f"#{each.id}{kind}" + (f", in {folder}" if folder else "")
        yield Thing("segment", each.name, folder or None, f"in segment {spelling}", more)


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
