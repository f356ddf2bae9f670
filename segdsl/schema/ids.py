"""Looks up the ids of names in a schema."""

from __future__ import annotations

from segdsl.language.condition.tree import spellings
from segdsl.language.references.ids import Ids
from segdsl.language.values import ByName
from segdsl.schema.model import Schema

Key = tuple[str, ByName]


def ids_of(schema: Schema, *, segments: bool = True) -> Ids:
    """The ids of all that has a unique name within its kind; without `segments` of no segment."""
    ids_by_key = _wanted(schema, segments)
    return {key: ids[0] for key, ids in ids_by_key.items() if len(ids) == 1}


def ambiguous_ids(schema: Schema, *, segments: bool = True) -> dict[Key, list[str]]:
    """The ids of objects whose name is not unique within their kind."""
    ids_by_key = _wanted(schema, segments)
    return {key: ids for key, ids in ids_by_key.items() if len(ids) > 1}


def _wanted(schema: Schema, segments: bool) -> dict[Key, list[str]]:
    ids_by_key = all_ids(schema)
    return {key: ids for key, ids in ids_by_key.items() if segments or key[0] != "segment"}


def all_ids(schema: Schema) -> dict[Key, list[str]]:
    """All ids by kind and name; several ids if the name is not unique.

    Each kind of model is a kind of its own, as ids are only unique within it.
    """
    ids_by_key: dict[Key, list[str]] = {}

    def add(kind: str, id: str, name: str, parent: str | None = None) -> None:
        ids_by_key.setdefault((kind, ByName(name, parent)), []).append(id)

    for segment in schema.segments:
        for spelling in spellings(segment.folder, segment.name):
            add("segment", segment.id, spelling.name, spelling.parent)
    for funnel in schema.funnels:
        for spelling in spellings(funnel.folder, funnel.name):
            add("funnel", funnel.id, spelling.name, spelling.parent)
        for stage in funnel.stages:
            add("stage", stage.id, stage.name, funnel.name)
    for journey in schema.journeys or ():
        add("journey", journey.id, journey.name)
        for stage in journey.stages:
            add("journey stage", stage.id, stage.name, journey.name)
    for variant in schema.variants:
        add("variant", variant.id, variant.name, variant.test)
    for model in schema.models:
        add(f"{model.solution} model", model.id, model.name)
    for template in schema.templates or ():
        for spelling in spellings(template.folder, template.name):
            add("activation template", template.id, spelling.name, spelling.parent)
    for connection in schema.connections or ():
        add("connection", connection.id, connection.name)
    for user in schema.users or ():
        add("user", user.id, user.name)
    return ids_by_key
