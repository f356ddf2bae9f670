"""Lists and searches what `.seg` files can name, with its spelling there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.language.behaviors import name_of
from segdsl.language.condition.tree import spellings
from segdsl.language.syntax.spelling import behavior, name, reference, string
from segdsl.language.values import TIME_TYPES, ById, ByName
from segdsl.schema.model import Column, Schema

ItemKind = OneOf[
    "attribute",
    "behavior",
    "column",
    "group attribute",
    "segment",
    "stage",
    "journey",
    "journey stage",
    "model",
    "variant",
    "template",
    "connection",
    "user",
]


class SchemaItem(NamedTuple):
    """An object that a segment or an activation can name.

    `parent` is the behavior, customer group, folder, funnel or test that it belongs to;
    `spelling` is its form in a `.seg` file; `details` has its type or id and more; `label` is what
    the console shows, if that is not the name; `is_time` is whether its values are Unix seconds,
    and `is_personal` whether they are not to be shown.
    """

    kind: ItemKind
    name: str
    parent: str | None
    spelling: str
    details: str
    label: str | None = None
    is_time: bool = False
    is_personal: bool = False


def schema_items(schema: Schema) -> list[SchemaItem]:
    """All items, by kind and then in the order of the schema."""
    return [
        *_attributes(schema),
        *_behaviors(schema),
        *_group_attributes(schema),
        *_segments(schema),
        *_stages(schema),
        *_journeys(schema),
        *_models(schema),
        *_variants(schema),
        *_templates(schema),
        *_connections(schema),
        *_users(schema),
    ]


def search(schema: Schema, word: str | None) -> list[SchemaItem]:
    """The items whose name, label or parent contains a word, ignoring case."""
    if word is None:
        return schema_items(schema)
    folded_word = word.casefold()
    return [
        each
        for each in schema_items(schema)
        if any(
            folded_word in text.casefold() for text in (each.name, each.parent, each.label) if text
        )
    ]


def no_match_message(schema: Schema, word: str) -> str:
    """The message for a search without a match."""
    items = schema_items(schema)
    names = [text for each in items for text in (each.name, each.parent, each.label) if text]
    help = did_you_mean(word, names, "`segdsl schema show` lists everything")
    return f"no name contains `{word}`; {help}"


def _attributes(schema: Schema) -> Iterator[SchemaItem]:
    for attribute in schema.attributes:
        under = f", under “{attribute.heading}”" if attribute.heading else ""
        more = f"{_type(attribute)}{under}"
        is_time = attribute.type in TIME_TYPES
        yield SchemaItem(
            "attribute",
            attribute.name,
            None,
            name(attribute.name),
            more,
            attribute.label,
            is_time,
            attribute.is_personal,
        )


def _type(column: Column) -> str:
    """The type, and who may see the values if not everybody may: `string, pii`."""
    is_clear = column.visibility in (None, "clear")
    return column.type_name if is_clear else f"{column.type_name}, {column.visibility}"


def owner_of(table: str) -> str:
    """The unique name of a column's behavior, `SchemaItem.parent`: `orders`, `table "orders"`."""
    return name_of(table) or behavior(table)


def _behaviors(schema: Schema) -> Iterator[SchemaItem]:
    for event_table in schema.behaviors:
        source = behavior(event_table.name)
        name_ = name_of(event_table.name) or event_table.name
        count = len(event_table.columns)
        columns = f"{count:,} column" + ("" if count == 1 else "s")
        yield SchemaItem("behavior", name_, None, f"has {source}", columns, event_table.label)
        for column in event_table.columns:
            spelling = f"{source}.{name(column.name)}"
            yield SchemaItem(
                "column",
                column.name,
                owner_of(event_table.name),
                spelling,
                _type(column),
                column.label,
                column.type in TIME_TYPES,
                column.is_personal,
            )


def _group_attributes(schema: Schema) -> Iterator[SchemaItem]:
    for group in schema.customer_groups:
        for column in group.columns:
            spelling = f"{name(group.name)}.{name(column.name)}"
            yield SchemaItem(
                "group attribute", column.name, group.name, spelling, _type(column), column.label
            )


def _segments(schema: Schema) -> Iterator[SchemaItem]:
    times = Counter(segment.name for segment in schema.segments)
    for segment in schema.segments:
        alone, with_folder = spellings(segment.folder, segment.name)
        spelling = reference(alone if times[segment.name] == 1 else with_folder, "segment")
        folder = "/".join(segment.folder)
        kind = "" if segment.kind == "batch" else f", {segment.kind.replace('_', ' ')}"
        more = f"#{segment.id}{kind}" + (f", in {folder}" if folder else "")
        yield SchemaItem("segment", segment.name, folder or None, f"in segment {spelling}", more)


def _stages(schema: Schema) -> Iterator[SchemaItem]:
    for funnel in schema.funnels:
        for stage in funnel.stages:
            spelling = f"in stage {string(stage.name)} of funnel {string(funnel.name)}"
            yield SchemaItem("stage", stage.name, funnel.name, spelling, f"#{stage.id}")


def _journeys(schema: Schema) -> Iterator[SchemaItem]:
    times = Counter(journey.name for journey in schema.journeys or ())
    for journey in schema.journeys or ():
        # Of several with one name only the id says which.
        is_unique = times[journey.name] == 1
        named = reference(ByName(journey.name) if is_unique else ById(journey.id))
        folder = "/".join(journey.folder)
        more = f"#{journey.id}" + (f", in {folder}" if folder else "")
        yield SchemaItem("journey", journey.name, folder or None, f"of journey {named}", more)
        for stage in journey.stages:
            to = reference(ByName(stage.name) if is_unique else ById(stage.id))
            spelling = f"jump to stage {to} of journey {named}"
            yield SchemaItem("journey stage", stage.name, journey.name, spelling, f"#{stage.id}")


def _models(schema: Schema) -> Iterator[SchemaItem]:
    for model in schema.models:
        quoted_name = string(model.name)
        match model.solution:
            case "predictive":
                spelling = f"score of {quoted_name} …"
            case solution:
                spelling = f"{solution}({quoted_name}).…"
        yield SchemaItem("model", model.name, None, spelling, f"#{model.id}")


def _variants(schema: Schema) -> Iterator[SchemaItem]:
    for variant in schema.variants:
        spelling = f"in variant {string(variant.name)} of test {string(variant.test)}"
        yield SchemaItem("variant", variant.name, variant.test, spelling, f"#{variant.id}")


def _templates(schema: Schema) -> Iterator[SchemaItem]:
    times = Counter(template.name for template in schema.templates or ())
    for template in schema.templates or ():
        # Of several with one name only the id says which.
        is_unique = times[template.name] == 1
        spelling = reference(ByName(template.name) if is_unique else ById(template.id))
        folder = "/".join(template.folder)
        more = f"#{template.id}" + (f", in {folder}" if folder else "")
        yield SchemaItem(
            "template", template.name, folder or None, f"from template {spelling}", more
        )


def _connections(schema: Schema) -> Iterator[SchemaItem]:
    for connection in schema.connections or ():
        more = f"#{connection.id}" + (f", {connection.type}" if connection.type else "")
        spelling = f"to connection {string(connection.name)}"
        yield SchemaItem("connection", connection.name, None, spelling, more)


def _users(schema: Schema) -> Iterator[SchemaItem]:
    for user in schema.users or ():
        yield SchemaItem("user", user.name, None, f"notify {string(user.name)} …", f"#{user.id}")
