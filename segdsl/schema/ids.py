"""The ids that names stand for, as a schema has them."""

from __future__ import annotations

from segdsl.language.condition.tree import spellings
from segdsl.language.references.ids import Ids
from segdsl.language.values import ByName
from segdsl.schema.model import Schema

Key = tuple[str, ByName]


def ids_of(schema: Schema, *, segments: bool = True) -> Ids:
    """The ids of segments, stages, variants and models whose name no other has."""
    found = _wanted(schema, segments)
    return {key: ids[0] for key, ids in found.items() if len(ids) == 1}


def ids_of_several(schema: Schema, *, segments: bool = True) -> dict[Key, list[str]]:
    """The ids of those whose name another of the kind has too."""
    found = _wanted(schema, segments)
    return {key: ids for key, ids in found.items() if len(ids) > 1}


def _wanted(schema: Schema, segments: bool) -> dict[Key, list[str]]:
    found = all_ids(schema)
    return {key: ids for key, ids in found.items() if segments or key[0] != "segment"}


def all_ids(schema: Schema) -> dict[Key, list[str]]:
    """Every id by kind and name; several where several have a name.

    A model is of the kind of what asks it: an id of one kind means nothing to another.
    """
    found: dict[Key, list[str]] = {}

    def note(kind: str, id: str, name: str, parent: str | None = None) -> None:
        found.setdefault((kind, ByName(name, parent)), []).append(id)

    for segment in schema.segments:
        for spelling in spellings(segment.folder, segment.name):
            note("segment", segment.id, spelling.name, spelling.parent)
    for funnel in schema.funnels:
        for stage in funnel.stages:
            note("stage", stage.id, stage.name, funnel.name)
    for variant in schema.variants:
        note("variant", variant.id, variant.name, variant.test)
    for model in schema.models:
        note(f"{model.solution} model", model.id, model.name)
    return found
