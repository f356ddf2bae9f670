"""Configurations of parent segments, as files and servers may have them; odd names and types."""

from __future__ import annotations

from hypothesis import strategies as st

from segdsl.language.activations import WEEKDAYS
from segdsl.parent_segment import model as m
from segdsl.parent_segment.file import TYPES
from strategies.texts import odd_texts

_names = odd_texts.filter(str.strip) | st.sampled_from(["age", "ltv", "Lifetime Value", "a.b"])
_columns = st.sampled_from(["age", "ltv", "k", "from", "a from b", " lead", 'q"t']) | _names
_tables = st.builds(
    m.Table, st.sampled_from(["gold", "cdp_db"]), st.sampled_from(["profile", "orders", "a.b"])
)
joins = st.builds(m.Join, _columns, _columns)
_types = st.sampled_from(TYPES)


def _column(name: str, column: str, type: str) -> m.ConfiguredColumn:
    known = next((each for each in TYPES if each == type), None)
    return m.ConfiguredColumn(name, known, column, None if known else type)


columns = st.builds(
    _column, _names, _columns, _types | st.sampled_from(["json", "strng", "a b", "map from x"])
)
times = st.times().map(lambda each: f"{each.hour:02}:{each.minute:02}")
schedules = st.one_of(
    st.just(m.Never()),
    st.builds(m.EveryMinutes, st.integers(1, 90)),
    st.builds(m.Hourly, st.integers(0, 59)),
    st.builds(m.Daily, times),
    st.builds(m.Weekly, st.sampled_from(WEEKDAYS).map(lambda each: (each,)), times),
    st.builds(m.Monthly, st.integers(1, 31).map(lambda each: (each,)), times),
    st.builds(m.Cron, st.sampled_from(["0 3 * * *", "*/5 8-18 * * Mon,Thu", "59 23 31 dec 7"])),
    st.builds(m.OtherSchedule, st.just("cron"), _names),
    st.builds(m.OtherSchedule, st.just("weekly"), st.none() | st.just("soon")),
)
_pools = st.none() | _names
engines = st.builds(
    m.Engine, st.booleans(), st.none() | st.sampled_from(["0.13", "cdpaudience"]), _pools, _pools
)
behaviors = st.builds(
    m.ConfiguredBehavior,
    _names,
    _tables,
    joins,
    st.lists(columns, max_size=4, unique=True).map(tuple),
    st.none() | schedules,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def _keyed(
    tables: list[tuple[m.Table, m.Join, str | None, list[m.ConfiguredColumn]]],
) -> tuple[m.AttributeTable, ...]:
    """Tables with keys of their own, each kind once, as a reader of an answer makes them."""
    found: dict[object, m.AttributeTable] = {}
    for number, (table, join, heading, of) in enumerate(tables):
        found.setdefault(
            (table, join, heading), m.AttributeTable(f"t{number}", table, join, tuple(of), heading)
        )
    return tuple(found.values())


attribute_tables = st.lists(
    st.tuples(
        _tables, joins, st.none() | _names, st.lists(columns, min_size=1, max_size=4, unique=True)
    ),
    max_size=4,
).map(_keyed)
_groups = st.builds(
    m.ConfiguredGroup,
    _names,
    _tables,
    joins,
    attribute_tables.map(
        # The API has no headings there.
        lambda tables: _keyed(
            [(t.table, t.join or m.Join("k", "k"), None, [*t.columns]) for t in tables]
        )
    ),
    st.lists(
        st.builds(
            m.ConfiguredBehavior, _names, _tables, joins, st.lists(columns, max_size=3).map(tuple)
        ),
        max_size=2,
        unique_by=lambda each: each.name,
    ).map(tuple),
)
masters = st.builds(
    m.Master,
    _tables,
    st.lists(
        st.builds(m.Filter, _columns, st.lists(_names, min_size=1, max_size=3).map(tuple)),
        max_size=m.MAX_FILTERS,
        unique_by=lambda each: each.column,
    ).map(tuple),
)
limits = st.builds(m.ActivationLimits, st.booleans(), st.none() | st.integers(1, 20))
configurations = st.builds(
    m.Configuration,
    _names,
    masters,
    st.none() | odd_texts,
    st.none() | st.sampled_from(["UTC", "Asia/Tokyo"]),
    st.none() | schedules,
    st.none() | engines,
    attribute_tables,
    st.lists(behaviors, max_size=3, unique_by=lambda each: each.name).map(tuple),
    st.lists(_groups, max_size=1).map(tuple),
    st.none() | st.builds(m.Enrichment, st.booleans(), st.booleans(), st.booleans()),
    st.none() | limits,
    st.none() | st.booleans(),
)
"""Whole configurations; each attribute table has a join, as those of answers have."""
