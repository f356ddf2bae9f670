"""Activations and templates that the API takes: resolved, with what its bodies need.

They are made of the parts of `strategies.activation_items`, with a connection, no blank name where
the API has none, and only locks of what is there.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from segdsl.language import activations as a
from segdsl.language.values import Number
from strategies import activation_items as items
from strategies.texts import folders, odd_texts

_texts = odd_texts.filter(str.strip)
_large = st.sampled_from(["1e400", "-0", "0.10", "1E+2", "123456789012345678901234567890"])


def _is_grouped_well(column: a.ExportColumn) -> bool:
    return not isinstance(column.source, a.ColumnSource) or column.source.group != ""


_columns = items.export_columns.filter(_is_grouped_well)
column_lists = st.lists(_columns, max_size=4, unique_by=lambda column: column.name).map(tuple)


@st.composite
def _behaviors(draw: st.DrawFn) -> a.BehaviorExport:
    export = draw(items.behavior_exports)
    return a.BehaviorExport(
        export.behavior,
        export.strategy,
        export.count,
        export.order,
        export.formatting,
        draw(column_lists),
    )


@st.composite
def _settings(draw: st.DrawFn) -> a.MapSetting:
    """With numbers of every size."""
    settings = draw(items.map_settings)
    names = {entry.name for entry in settings.entries}
    number = a.Entry("number", Number(draw(_large)))
    entries = settings.entries if number.name in names else (*settings.entries, number)
    return a.MapSetting(draw(st.permutations(entries).map(tuple)))


def deliveries(most_behaviors: int = a.MAX_BEHAVIORS) -> st.SearchStrategy[a.Delivery]:
    """With a connection, which the API needs."""
    behaviors = st.lists(
        _behaviors(), max_size=most_behaviors, unique_by=lambda each: each.behavior
    )
    return st.builds(
        a.Delivery,
        connection=items.NAMED.connections,
        columns=st.none() | st.builds(a.Columns, st.booleans(), column_lists),
        behaviors=behaviors.map(tuple),
        schedule=st.none() | items.schedules,
        settings=st.none() | st.just(a.MapSetting()) | _settings(),
        notification=st.none() | items.NAMED.notifications,
        workflow=st.none() | st.builds(a.Workflow, _texts, _texts),
        in_sequence=st.booleans(),
    )


activations = st.builds(
    a.Activation,
    _texts,
    items.NAMED.targets,
    st.none() | odd_texts,
    st.none() | items.NAMED.references,
    deliveries(),
)


@st.composite
def templates(draw: st.DrawFn) -> a.ActivationTemplate:
    """What is locked is there."""
    delivery = draw(deliveries(1))
    columns = [] if delivery.columns is None else [each.name for each in delivery.columns.items]
    settings = delivery.settings or a.MapSetting()
    there: dict[a.LockKind, list[str]] = dict.fromkeys(("columns", *a.COLUMN_PARTS), columns)
    there |= {
        "settings": [each.name for each in settings.entries],
        "behaviors": [each.behavior for each in delivery.behaviors],
    }
    locks = []
    kinds = draw(st.sets(st.sampled_from(a.LOCKS)))
    for kind in (kind for kind in a.LOCKS if kind in kinds):
        known = there.get(kind)
        if known == []:
            continue
        names: list[str] = []
        if known and kind in a.LOCKS_WITH_NAMES:
            names = draw(st.lists(st.sampled_from(known), unique=True))
        if kind == "columns":
            # What `columns` locks no other does.
            rest = [name for name in columns if names and name not in names]
            there |= dict.fromkeys(a.COLUMN_PARTS, rest)
        locks.append(a.Lock(kind, tuple(names)))
    return a.ActivationTemplate(
        draw(_texts),
        draw(st.none() | folders),
        draw(st.none() | odd_texts),
        draw(st.sampled_from(get_args(a.TemplateState))),
        tuple(locks),
        delivery,
    )
