"""How much is in a schema, and what is different between two of one parent segment.

A line or less for each kind of thing, for people who read what a pull brought. What a file
looks like is said in `document`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from segdsl.diagnostics.places import counted
from segdsl.language.syntax.spelling import behavior
from segdsl.schema.model import Column, Schema

MOST = 5
"""Names that a line spells out of each sort; the others are counted."""

_Things = Mapping[str, tuple[str, str]]
"""What is shown and what is compared, by what stays when the rest changes (a name or an id)."""


def tally(of: Schema) -> str:
    """`12 attributes, 3 behaviors, 40 segments`: each kind that there is."""
    counts = {
        "attribute": len(of.attributes),
        "behavior": len(of.behaviors),
        "customer group": len(of.customer_groups),
        "folder": len(of.folders),
        "segment": len(of.segments),
        "funnel": len(of.funnels),
        "model": len(of.models),
        "variant": len(of.variants),
    }
    said = [counted(count, kind) for kind, count in counts.items() if count]
    return ", ".join(said) or "nothing in it"


def changes(before: Schema, after: Schema) -> tuple[str, ...]:
    """`attributes: new: ltv; gone: points`, for each kind that is not as it was."""
    return tuple(
        f"{kind}: {said}"
        for kind, things in _KINDS.items()
        if (said := _said(things(before), things(after)))
    )


def _said(before: _Things, after: _Things) -> str:
    new = [shown for key, (shown, _) in after.items() if key not in before]
    gone = [shown for key, (shown, _) in before.items() if key not in after]
    changed = [
        _changed(before[key], after[key])
        for key in after
        if key in before and before[key] != after[key]
    ]
    sorts = {"new": new, "gone": gone, "changed": changed}
    return "; ".join(f"{sort}: {_listed(names)}" for sort, names in sorts.items() if names)


def _changed(before: tuple[str, str], after: tuple[str, str]) -> str:
    if before[0] != after[0]:
        return f"{before[0]} → {after[0]}"
    return f"{after[0]} ({before[1]} → {after[1]})"


def _listed(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - MOST:,} more" if len(listed) > MOST else ""
    return ", ".join(listed[:MOST]) + more


def _parent(of: Schema) -> _Things:
    return {
        "id": ("id", of.id),
        "name": ("name", of.name),
        "timezone": ("time zone", of.timezone),
    }


def _columns(columns: Iterable[Column], table: str = "") -> dict[str, tuple[str, str]]:
    return {f"{table}{each.name}": (f"{table}{each.name}", _kind(each)) for each in columns}


def _kind(of: Column) -> str:
    label = "" if of.label is None else f" “{of.label}”"
    under = "" if of.heading is None else f", under “{of.heading}”"
    return f"{of.type_name}{label}{under}"


def _behaviors(of: Schema) -> _Things:
    return {each.name: (behavior(each.name), each.label or "") for each in of.behaviors}


def _behavior_columns(of: Schema) -> _Things:
    return {
        key: shown
        for each in of.behaviors
        for key, shown in _columns(each.columns, f"{behavior(each.name)}.").items()
    }


def _group_columns(of: Schema) -> _Things:
    return {
        key: shown
        for each in of.customer_groups
        for key, shown in _columns(each.columns, f"{each.name}.").items()
    }


def _folders(of: Schema) -> _Things:
    return {"/".join(each): ("/".join(each), "") for each in of.folders}


def _segments(of: Schema) -> _Things:
    return {each.id: ("/".join((*each.folder, each.name)), each.kind) for each in of.segments}


def _stages(of: Schema) -> _Things:
    return {
        stage.id: (f"{funnel.name}/{stage.name}", "")
        for funnel in of.funnels
        for stage in funnel.stages
    }


def _models(of: Schema) -> _Things:
    return {
        # A predictive model and one of a solution may share an id.
        f"{each.solution == 'predictive'} {each.id}": (each.name, each.solution)
        for each in of.models
    }


def _variants(of: Schema) -> _Things:
    return {each.id: (f"{each.test}/{each.name}", "") for each in of.variants}


def _samples(of: Schema) -> _Things:
    return {
        f"{each.behavior} {each.column}": (
            each.column if each.behavior is None else f"{behavior(each.behavior)}.{each.column}",
            f"{len(each.values)} values" if each.values else f"{each.low} to {each.high}",
        )
        for each in of.samples
    }


_KINDS: dict[str, Callable[[Schema], _Things]] = {
    "parent segment": _parent,
    "attributes": lambda of: _columns(of.attributes),
    "behaviors": _behaviors,
    "columns of behaviors": _behavior_columns,
    "attributes of customer groups": _group_columns,
    "folders": _folders,
    "segments": _segments,
    "stages of funnels": _stages,
    "models": _models,
    "variants of tests": _variants,
    "sampled values": _samples,
}
