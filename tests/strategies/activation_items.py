"""Activations and templates as syntax items, with any names and values the parser could have made.

`activations` and `templates` are for the parser and the formatter. The names in
`named_activations` and `named_templates` are not blank, so that they resolve; what comes behind
that is in `deliveries`.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from segdsl.language import activations as a
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t
from segdsl.language.values import Boolean, ById, ByName, Number, Reference, Text
from strategies.texts import folders, names, numbers, odd_texts, tables

_ids = st.integers(1, 10**7).map(str)
_frequencies = st.one_of(st.just("1"), st.integers(1, 90).map(str)).map(Number)
TIME_ZONES = ("UTC", "Asia/Tokyo", "Europe/Berlin", "America/Los_Angeles", "Etc/GMT+5")

# --- columns ---------------------------------------------------------------------------


def _calls() -> st.SearchStrategy[a.Call]:
    arguments: dict[a.ArgumentType, st.SearchStrategy[Number | Text]] = {
        "number": numbers,
        "text": odd_texts.map(Text),
    }

    @st.composite
    def call(draw: st.DrawFn) -> a.Call:
        function = draw(st.sampled_from(sorted(a.FUNCTIONS)))
        signature = a.FUNCTIONS[function]
        most = len(signature.arguments)
        given = draw(st.integers(most - signature.optional, most))
        return a.Call(
            function, tuple(draw(arguments[kind]) for _, kind in signature.arguments[:given])
        )

    return call()


_branches = st.none() | numbers
functions: st.SearchStrategy[a.Function] = st.one_of(
    _calls(),
    st.builds(
        a.If, st.sampled_from([">", ">=", "<", "<=", "=", "!="]), numbers, _branches, _branches
    ),
    st.builds(a.If, st.sampled_from(["is null", "is not null"]), st.none(), _branches, _branches),
)
_chains = st.lists(functions, max_size=3).map(tuple)
column_sources = st.builds(a.ColumnSource, names, st.none() | names, _chains)
_formats = st.one_of(
    st.sampled_from(["yyyy-MM-dd", "HH:mm", " yyyy ", "yyyy'{}'", 'yyyy "T"']), odd_texts
).filter(str.strip)
_parts: st.SearchStrategy[str | a.Time | a.Placeholder] = st.one_of(
    odd_texts.filter(bool),
    st.builds(a.Time, _formats),
    st.sampled_from(sorted(a.PLACEHOLDERS)).map(a.Placeholder),
)


def _merged(parts: list[str | a.Time | a.Placeholder]) -> a.TextSource:
    """Texts side by side are one text."""
    merged: list[str | a.Time | a.Placeholder] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return a.TextSource(tuple(merged))


text_sources = st.lists(_parts, max_size=4).map(_merged)
export_columns: st.SearchStrategy[a.ExportColumn] = st.one_of(
    column_sources.map(lambda source: a.ExportColumn(source, source.column)),
    st.builds(a.ExportColumn, column_sources, names),
    st.builds(a.ExportColumn, text_sources, names),
)
_columns = st.lists(export_columns, max_size=4).map(tuple)
columns = st.builds(a.Columns, st.booleans(), _columns)


@st.composite
def _behavior_export(draw: st.DrawFn) -> a.BehaviorExport:
    strategy: a.JoinStrategy = draw(st.sampled_from(get_args(a.JoinStrategy)))
    return a.BehaviorExport(
        draw(tables),
        strategy,
        draw(_frequencies) if strategy == "top" else None,
        draw(st.lists(st.builds(a.BehaviorOrder, names, st.booleans()), max_size=2).map(tuple)),
        draw(st.none() | st.sampled_from(get_args(a.Formatting))),
        draw(_columns),
    )


behavior_exports = _behavior_export()

# --- schedules -------------------------------------------------------------------------

_starts = st.one_of(
    st.datetimes().map(lambda time: time.strftime("%Y-%m-%dT%H:%M:00").zfill(19)),
    st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat()),
)
_zones = st.none() | st.sampled_from(TIME_ZONES)
_ends = st.none() | st.dates().map(lambda day: day.isoformat())


@st.composite
def _repeat(draw: st.DrawFn) -> a.Repeat:
    unit: a.RepeatUnit = draw(st.sampled_from(get_args(a.RepeatUnit)))
    days = draw(st.sets(st.sampled_from(a.WEEKDAYS))) if unit == "week" else set()
    return a.Repeat(
        unit,
        draw(_frequencies),
        tuple(day for day in a.WEEKDAYS if day in days),
        draw(st.none() | _starts),
        draw(_zones),
        draw(_ends),
    )


schedules: st.SearchStrategy[a.Schedule] = st.one_of(
    _repeat(),
    st.builds(a.Once, _starts, _zones),
    st.builds(a.Cron, st.sampled_from(["0 3 * * *", "*/5 1-3 ? * MON"]), _zones),
    st.just(a.ByHand()),
)

# --- settings --------------------------------------------------------------------------


def _maps(values: st.SearchStrategy[a.Setting]) -> st.SearchStrategy[a.MapSetting]:
    entries = st.lists(st.builds(a.Entry, names, values), max_size=4, unique_by=lambda e: e.name)
    return entries.map(lambda listed: a.MapSetting(tuple(listed)))


_plain: st.SearchStrategy[a.Setting] = st.one_of(
    odd_texts.map(Text), numbers, st.booleans().map(Boolean), st.just(a.Null())
)
settings: st.SearchStrategy[a.Setting] = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: a.ListSetting(tuple(items))), _maps(inner)
    ),
    max_leaves=8,
)
map_settings = _maps(settings)

# --- clauses and items -----------------------------------------------------------------


class Titles:
    """Everything that holds names of things: any names, or those that resolve."""

    def __init__(self, names: st.SearchStrategy[str]) -> None:
        self.names = names
        self.references: st.SearchStrategy[Reference] = st.one_of(_ids.map(ById), names.map(ByName))
        outcomes = st.sets(st.sampled_from(get_args(a.Outcome))).map(
            lambda chosen: tuple(each for each in get_args(a.Outcome) if each in chosen)
        )
        recipients = st.lists(
            self.references.map(a.Recipient), max_size=3, unique_by=lambda each: each.user
        ).map(tuple)
        self.notifications = st.builds(a.Notification, recipients, outcomes).filter(
            lambda notify: bool(notify.recipients or notify.outcomes)
        )
        self.connections = st.builds(a.Connection, self.references)
        self.targets: st.SearchStrategy[a.Target] = st.one_of(
            st.builds(
                a.Target,
                st.just("segment"),
                st.one_of(self.references, st.builds(ByName, names, folders)),
            ),
            st.builds(
                a.Target,
                st.just("stage"),
                st.one_of(_ids.map(ById), st.builds(ByName, names, names)),
            ),
        )

    def clauses(self, *, template: bool) -> st.SearchStrategy[tuple[d.DeliveryClause, ...]]:
        """The clauses of an item in their order, each there or not."""

        @st.composite
        def several(draw: st.DrawFn) -> tuple[d.DeliveryClause, ...]:
            here: list[d.DeliveryClause | None] = [
                draw(st.none() | st.builds(d.Described, odd_texts)),
                draw(st.none() | st.builds(d.InFolder, odd_texts)) if template else None,
                None if template else draw(st.none() | st.builds(d.FromTemplate, self.references)),
                draw(st.none() | self.connections),
                draw(st.none() | columns),
                *draw(st.lists(behavior_exports, max_size=2)),
                draw(st.none() | schedules),
                draw(st.none() | workflows),
                draw(st.none() | st.just(d.InSequence())),
                draw(st.none() | map_settings.map(d.Settings)),
                draw(st.none() | self.notifications),
            ]
            if template:
                here.append(draw(st.none() | st.builds(d.InState, st.sampled_from(_STATES))))
                here.append(draw(st.none() | locks.map(d.Locked)))
            return tuple(clause for clause in here if clause is not None)

        return several()


_STATES: tuple[a.TemplateState, ...] = get_args(a.TemplateState)
workflows = st.builds(a.Workflow, odd_texts, odd_texts)


@st.composite
def _locks(draw: st.DrawFn) -> tuple[a.Lock, ...]:
    """In their order; what `columns` locks no other does."""
    kinds = draw(st.sets(st.sampled_from(a.LOCKS), min_size=1))
    locks: list[a.Lock] = []
    of_columns: list[str] | None = []
    for kind in (kind for kind in a.LOCKS if kind in kinds):
        listed: list[str] = []
        if kind in a.LOCKS_WITH_NAMES:
            listed = draw(st.lists(names, max_size=3, unique=True))
        if kind == "columns":
            of_columns = listed or None
        elif kind in a.COLUMN_PARTS:
            wanted = listed
            listed = [name for name in listed if of_columns is None or name not in of_columns]
            if of_columns is None or (wanted and not listed):
                continue
        locks.append(a.Lock(kind, tuple(listed)))
    return tuple(locks)


locks = _locks()

ANY = Titles(odd_texts)
NAMED = Titles(odd_texts.filter(str.strip))
_of_segments = st.tuples(odd_texts, ANY.targets, ANY.clauses(template=False)).map(
    lambda parts: t.Activation(*parts)
)


def journey_activations(titles: Titles) -> st.SearchStrategy[t.Activation]:
    """Activations of journeys, of which some run after their journey."""

    def after(clauses: tuple[d.DeliveryClause, ...]) -> tuple[d.DeliveryClause, ...]:
        return tuple(
            a.AfterJourney() if isinstance(clause, get_args(a.Schedule)) else clause
            for clause in clauses
        )

    clauses = titles.clauses(template=False)
    targets = titles.references.map(lambda reference: a.Target("journey", reference))
    return st.tuples(titles.names, targets, clauses | clauses.map(after)).map(
        lambda parts: t.Activation(*parts)
    )


activations = st.one_of(_of_segments, journey_activations(ANY))
templates = st.tuples(odd_texts, ANY.clauses(template=True)).map(
    lambda parts: t.ActivationTemplate(*parts)
)
named_activations = st.tuples(NAMED.names, NAMED.targets, NAMED.clauses(template=False)).map(
    lambda parts: t.Activation(*parts)
)
named_templates = st.tuples(NAMED.names, NAMED.clauses(template=True)).map(
    lambda parts: t.ActivationTemplate(*parts)
)
