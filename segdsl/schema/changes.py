"""Summarizes a schema, and the changes between two schemas of one parent segment.

At most one line for each kind of object, for the output of `segdsl schema pull`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from segdsl.diagnostics.places import counted
from segdsl.language.syntax.spelling import behavior
from segdsl.schema.model import Column, Schema

MAX_NAMES = 5
"""Maximum names listed for each kind of change; the others are counted."""

_Items = Mapping[str, tuple[str, str]]
"""The displayed and the compared text by a stable key (a name or an id)."""


def summary(schema: Schema) -> str:
    """The number of objects of each kind: `12 attributes, 3 behaviors, 40 segments`."""
    counts = {
        "attribute": len(schema.attributes),
        "behavior": len(schema.behaviors),
        "customer group": len(schema.customer_groups),
        "folder": len(schema.folders),
        "segment": len(schema.segments),
        "funnel": len(schema.funnels),
        "journey": len(schema.journeys or ()),
        "model": len(schema.models),
        "variant": len(schema.variants),
        "activation template": len(schema.templates or ()),
        "connection": len(schema.connections or ()),
        "user": len(schema.users or ()),
    }
    parts = [counted(count, kind) for kind, count in counts.items() if count]
    return ", ".join(parts) or "empty"


def changes(before: Schema, after: Schema) -> tuple[str, ...]:
    """The changes of each kind that has any: `attributes: added: ltv; removed: points`."""
    return tuple(
        f"{kind}: {text}"
        for kind, items_of in _ITEMS_BY_KIND.items()
        if (text := _kind_changes(items_of(before), items_of(after)))
    )


def _kind_changes(before: _Items, after: _Items) -> str:
    added = [shown for key, (shown, _) in after.items() if key not in before]
    removed = [shown for key, (shown, _) in before.items() if key not in after]
    changed = [
        _renamed_or_changed(before[key], after[key])
        for key in after
        if key in before and before[key] != after[key]
    ]
    groups = {"added": added, "removed": removed, "changed": changed}
    return "; ".join(f"{change}: {_name_list(names)}" for change, names in groups.items() if names)


def _renamed_or_changed(before: tuple[str, str], after: tuple[str, str]) -> str:
    if before[0] != after[0]:
        return f"{before[0]} → {after[0]}"
    return f"{after[0]} ({before[1]} → {after[1]})"


def _name_list(names: Iterable[str]) -> str:
    sorted_names = sorted(names)
    more = f" and {len(sorted_names) - MAX_NAMES:,} more" if len(sorted_names) > MAX_NAMES else ""
    return ", ".join(sorted_names[:MAX_NAMES]) + more


def _parent(schema: Schema) -> _Items:
    return {
        "id": ("id", schema.id),
        "name": ("name", schema.name),
        "timezone": ("time zone", schema.timezone),
    }


def _columns(columns: Iterable[Column], table: str = "") -> dict[str, tuple[str, str]]:
    return {f"{table}{each.name}": (f"{table}{each.name}", _kind(each)) for each in columns}


def _kind(column: Column) -> str:
    label = "" if column.label is None else f" “{column.label}”"
    under = "" if column.heading is None else f", under “{column.heading}”"
    seen = "" if column.visibility in (None, "clear") else f", {column.visibility}"
    return f"{column.type_name}{label}{under}{seen}"


def _behaviors(schema: Schema) -> _Items:
    return {each.name: (behavior(each.name), each.label or "") for each in schema.behaviors}


def _behavior_columns(schema: Schema) -> _Items:
    return {
        key: shown
        for each in schema.behaviors
        for key, shown in _columns(each.columns, f"{behavior(each.name)}.").items()
    }


def _group_columns(schema: Schema) -> _Items:
    return {
        key: shown
        for each in schema.customer_groups
        for key, shown in _columns(each.columns, f"{each.name}.").items()
    }


def _folders(schema: Schema) -> _Items:
    return {"/".join(each): ("/".join(each), "") for each in schema.folders}


def _segments(schema: Schema) -> _Items:
    return {each.id: ("/".join((*each.folder, each.name)), each.kind) for each in schema.segments}


def _funnels(schema: Schema) -> _Items:
    return {each.id: ("/".join((*each.folder, each.name)), "") for each in schema.funnels}


def _journeys(schema: Schema) -> _Items:
    return {each.id: ("/".join((*each.folder, each.name)), "") for each in schema.journeys or ()}


def _journey_stages(schema: Schema) -> _Items:
    return {
        stage.id: (f"{journey.name}/{stage.name}", "")
        for journey in schema.journeys or ()
        for stage in journey.stages
    }


def _templates(schema: Schema) -> _Items:
    return {each.id: ("/".join((*each.folder, each.name)), "") for each in schema.templates or ()}


def _connections(schema: Schema) -> _Items:
    return {each.id: (each.name, each.type or "") for each in schema.connections or ()}


def _users(schema: Schema) -> _Items:
    return {each.id: (each.name, "") for each in schema.users or ()}


def _stages(schema: Schema) -> _Items:
    return {
        stage.id: (f"{funnel.name}/{stage.name}", "")
        for funnel in schema.funnels
        for stage in funnel.stages
    }


def _models(schema: Schema) -> _Items:
    return {
        # A predictive model and a solution's model may have the same id.
        f"{each.solution == 'predictive'} {each.id}": (each.name, each.solution)
        for each in schema.models
    }


def _variants(schema: Schema) -> _Items:
    return {each.id: (f"{each.test}/{each.name}", "") for each in schema.variants}


def _samples(schema: Schema) -> _Items:
    return {
        f"{each.behavior} {each.column}": (
            each.column if each.behavior is None else f"{behavior(each.behavior)}.{each.column}",
            f"{len(each.values)} values" if each.values else f"{each.low} to {each.high}",
        )
        for each in schema.samples
    }


_ITEMS_BY_KIND: dict[str, Callable[[Schema], _Items]] = {
    "parent segment": _parent,
    "attributes": lambda of: _columns(of.attributes),
    "behaviors": _behaviors,
    "columns of behaviors": _behavior_columns,
    "attributes of customer groups": _group_columns,
    "folders": _folders,
    "segments": _segments,
    "funnels": _funnels,
    "stages of funnels": _stages,
    "journeys": _journeys,
    "stages of journeys": _journey_stages,
    "models": _models,
    "variants of tests": _variants,
    "activation templates": _templates,
    "connections": _connections,
    "users": _users,
    "sampled values": _samples,
}
