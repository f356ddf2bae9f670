"""Activations and templates over every node of `segdsl.language.activations`, well formed."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from segdsl.language import activations as a
from segdsl.language.values import Boolean, ById, ByName, Number, Reference, Text
from strategies.texts import names, numbers, odd_texts

texts = odd_texts.filter(str.strip)
ids = st.integers(1, 10**12).map(lambda id: ById(str(id)))
wholes = st.sampled_from(["1", "2", "10", "999999999999999999999"]).map(Number)
letters = st.text(st.sampled_from('ab$19{} \\"\n.é'), min_size=1, max_size=6)


def references(kind: str) -> st.SearchStrategy[Reference]:
    """Ids and names; what only a name has is none of the API's ids."""
    return st.one_of(ids, texts.map(ByName)) if kind else ids


# --- columns -------------------------------------------------------------------------


@st.composite
def _calls(draw: st.DrawFn) -> a.Call:
    name = draw(st.sampled_from(sorted(a.FUNCTIONS)))
    signature = a.FUNCTIONS[name]
    count = len(signature.arguments) - draw(st.integers(0, signature.optional))
    arguments: list[Any] = [
        draw(numbers if type == "number" else odd_texts.map(Text))
        for _, type in signature.arguments[:count]
    ]
    return a.Call(name, tuple(arguments))


@st.composite
def _ifs(draw: st.DrawFn) -> a.If:
    operator = draw(st.sampled_from(get_args(a.IfOperator)))
    value = None if "null" in operator else draw(numbers)
    branch = st.none() | numbers
    return a.If(operator, value, draw(branch), draw(branch))


def _joined(parts: list[Any]) -> tuple[Any, ...]:
    """Neighbouring texts in one, as the parser makes them."""
    joined: list[Any] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


column_sources = st.builds(
    a.ColumnSource,
    names.filter(bool),
    st.none() | names.filter(bool),
    st.lists(_calls() | _ifs(), max_size=3).map(tuple),
)
text_sources = st.lists(
    st.one_of(
        letters,
        odd_texts.filter(bool),
        st.builds(a.Time, texts),
        st.sampled_from(sorted(a.PLACEHOLDERS)).map(a.Placeholder),
    ),
    max_size=5,
).map(lambda parts: a.TextSource(_joined(parts)))
export_columns = st.builds(a.ExportColumn, column_sources | text_sources, names.filter(bool))
column_lists = st.lists(export_columns, max_size=4, unique_by=lambda column: column.name).map(tuple)


@st.composite
def behaviors(draw: st.DrawFn) -> a.BehaviorExport:
    strategy = draw(st.sampled_from(get_args(a.JoinStrategy)))
    orders = st.lists(st.builds(a.BehaviorOrder, names.filter(bool), st.booleans()), max_size=2)
    return a.BehaviorExport(
        "behavior_" + draw(names),
        strategy,
        draw(wholes) if strategy == "top" else None,
        tuple(draw(orders)),
        draw(st.none() | st.sampled_from(get_args(a.Formatting))),
        draw(column_lists),
    )


# --- schedules -----------------------------------------------------------------------

_zones = st.none() | st.sampled_from(["Asia/Tokyo", "UTC", "America/Los_Angeles"])
_starts = st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat())
_starts_of_any_length = _starts | st.datetimes().map(lambda time: time.isoformat()[:16])
_dates = st.dates().map(str)


@st.composite
def _repeats(draw: st.DrawFn) -> a.Repeat:
    unit = draw(st.sampled_from(get_args(a.RepeatUnit)))
    weekdays = st.lists(st.sampled_from(a.WEEKDAYS), unique=True, max_size=7)
    return a.Repeat(
        unit,
        draw(wholes),
        tuple(draw(weekdays)) if unit == "week" else (),
        draw(st.none() | _starts_of_any_length),
        draw(_zones),
        draw(st.none() | _dates),
    )


crons = st.sampled_from(["0 3 * * *", "*/15 8-18 * * 1-5", "0 0 1 */3 *", "@daily"])
schedules: st.SearchStrategy[a.Schedule] = st.one_of(
    _repeats(),
    st.builds(a.Once, _starts_of_any_length, _zones),
    st.builds(a.Cron, crons, _zones),
    st.just(a.ByHand()),
)

# --- settings ------------------------------------------------------------------------

_scalars: st.SearchStrategy[a.Setting] = st.one_of(
    odd_texts.map(Text),
    numbers,
    st.sampled_from(["1e400", "-0", "0.10", "1E+2", "123456789012345678901234567890"]).map(Number),
    st.booleans().map(Boolean),
    st.just(a.Null()),
)


def _maps(values: st.SearchStrategy[a.Setting]) -> st.SearchStrategy[a.MapSetting]:
    entries = st.lists(
        st.builds(a.Entry, names, values), max_size=4, unique_by=lambda entry: entry.name
    )
    return entries.map(lambda entries: a.MapSetting(tuple(entries)))


setting_values: st.SearchStrategy[a.Setting] = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: a.ListSetting(tuple(items))) | _maps(inner)
    ),
    max_leaves=8,
)
settings_maps = _maps(setting_values)

# --- the whole -----------------------------------------------------------------------

notifications = st.builds(
    a.Notification,
    st.lists(st.builds(a.Recipient, references("user")), max_size=3).map(tuple),
    st.lists(st.sampled_from(get_args(a.Outcome)), unique=True).map(tuple),
)
workflows = st.builds(a.Workflow, texts, texts)
columns = st.builds(a.Columns, st.booleans(), column_lists)


def deliveries(most_behaviors: int = a.MAX_BEHAVIORS) -> st.SearchStrategy[a.Delivery]:
    """With a connection, which the API needs."""
    return st.builds(
        a.Delivery,
        connection=st.builds(a.Connection, references("connection")),
        columns=st.none() | columns,
        behaviors=st.lists(
            behaviors(), max_size=most_behaviors, unique_by=lambda each: each.behavior
        ).map(tuple),
        schedule=st.none() | schedules,
        settings=st.none() | settings_maps,
        notification=st.none() | notifications,
        workflow=st.none() | workflows,
        in_sequence=st.booleans(),
    )


targets = st.one_of(
    st.builds(
        a.Target,
        st.just("segment"),
        ids | texts.map(ByName) | st.builds(ByName, texts, st.sampled_from(["/", "A/B", "東京"])),
    ),
    st.builds(a.Target, st.just("stage"), ids | st.builds(ByName, texts, texts)),
)
activations = st.builds(
    a.Activation,
    texts,
    targets,
    st.none() | odd_texts,
    st.none() | references("activation template"),
    deliveries(),
)


@st.composite
def templates(draw: st.DrawFn) -> a.ActivationTemplate:
    """What is locked is there."""
    delivery = draw(deliveries(1))
    locks = set(draw(st.lists(st.sampled_from(a.LOCKS))))
    if delivery.columns is None or not delivery.columns.items:
        locks.discard("columns")
    if delivery.settings is None or not delivery.settings.entries:
        locks.discard("settings")
    if not delivery.behaviors:
        locks.discard("behaviors")
    return a.ActivationTemplate(
        draw(texts),
        draw(st.none() | st.sampled_from(["A", "A/B"])),
        draw(st.none() | odd_texts),
        draw(st.sampled_from(get_args(a.TemplateState))),
        tuple(sorted(locks)),
        delivery,
    )
