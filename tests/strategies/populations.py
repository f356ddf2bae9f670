"""Small populations over one fixed vocabulary, for differential tests of meaning.

The pools of values are tiny and shared with `strategies.conditions`, so that conditions
often hit; nulls, empty arrays, profiles without events, events without any value and times
next to the edges of calendar units are common. What is generated are the profiles; the
vocabulary is constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal as OneOf
from typing import TypeVar

import msgspec
from hypothesis import strategies as st

from reference.calendar import Calendar, instant
from reference.evaluator import ALWAYS, TimePredicate, interval, seconds
from reference.population import Event, Population, Profile, Scalar, Value
from segdsl.language.condition import tree as c
from segdsl.language.values import UNITS

_T = TypeVar("_T")

# The 31st, so that going back a month clamps; a day of its own in each of the two zones,
# one of which changed its clocks three weeks before.
NOW = instant("2024-03-31T02:30:45+00:00")
ZONES = ("Asia/Tokyo", "America/New_York")

# --- the vocabulary ------------------------------------------------------------------

TEXT_ATTRIBUTES = ("country", "email")
NUMBER_ATTRIBUTES = ("age", "ltv")
BOOLEAN_ATTRIBUTES = ("opted_in",)
TIME_ATTRIBUTES = ("last_visit", "signup")
TEXT_ARRAYS = ("tags",)
NUMBER_ARRAYS = ("scores",)
# A number of its own for each profile: by it every order is a total one.
RANK = "rank"
GROUP = ("household", "size")

# Columns by behavior and type. `timestamp` and `line` are different for each event of a
# profile, or null, `line` more often; all others repeat.
TEXT_COLUMNS = {
    "behavior_purchases": ("category", "sku", "order_id"),
    "behavior_page_views": ("url",),
}
NUMBER_COLUMNS: dict[str, tuple[str, ...]] = {
    "behavior_purchases": ("amount", "line"),
    "behavior_page_views": (),
}
ARRAY_COLUMNS: dict[str, tuple[str, ...]] = {
    "behavior_purchases": ("tags",),
    "behavior_page_views": (),
}
ORDER_COLUMNS = {"behavior_purchases": ("timestamp", "line"), "behavior_page_views": ("timestamp",)}
BEHAVIORS = tuple(TEXT_COLUMNS)

TEXTS = ("JP", "US", "jp", "", "JP-1", "a/x", "a.x")
NUMBERS: tuple[int | Fraction, ...] = (0, 1, 2, 3, -1, 18, Fraction(5, 2))
GRADES = (1, 2, 3, 4, 5)
IDS = ("1", "22")
KINDS: tuple[OneOf["segment", "stage", "variant"], ...] = ("segment", "stage", "variant")
ML_TEXTS = (("rfm", "rfm_segment"), ("cltv", "cltv_segment"))
ML_NUMBERS = (("rfm", "rfm_score"), ("cltv", "cltv_12m"))
_SOLUTIONS: tuple[OneOf["rfm", "cltv"], ...] = ("rfm", "cltv")


def _times(zone: str) -> tuple[int, ...]:
    """The edges of the units around now, and the seconds on both sides of each."""
    calendar = Calendar(NOW, zone)
    edges = {calendar.current(unit, shift) for unit in UNITS for shift in range(-3, 4)}
    day = calendar.trunc("day")
    edges |= {calendar.seconds(calendar.add(day, -1, unit)) for unit in UNITS}
    edges |= {instant("2024-03-01T00:00:00+00:00"), instant("2024-03-10T07:30:00+00:00"), NOW}
    return tuple(sorted(edge + near for edge in edges for near in (-1, 0, 1)))


TIMES = {zone: _times(zone) for zone in ZONES}

# --- profiles ------------------------------------------------------------------------


def _pick(pool: Sequence[_T]) -> st.SearchStrategy[_T | None]:
    """One of a pool, or missing about one time in four."""
    return st.sampled_from([*pool, *[None] * (1 + len(pool) // 3)])


def _arrays(pool: Sequence[Scalar]) -> st.SearchStrategy[Value]:
    element = st.sampled_from([None, *pool[:4]])
    return st.one_of(st.none(), st.lists(element, max_size=3).map(tuple))


_texts, _numbers, _booleans = _pick(TEXTS), _pick(NUMBERS), _pick((True, False))
_text_arrays, _number_arrays = _arrays(TEXTS), _arrays(NUMBERS)
_one_in_three = st.sampled_from([True, False, False])
_one_in_four = st.sampled_from([False, False, False, True])
_categories, _skus, _orders = _pick(TEXTS[:3]), _pick(TEXTS), _pick(("o1", "o2"))
_memberships = st.frozensets(st.tuples(st.sampled_from(KINDS), st.sampled_from(IDS)), max_size=4)
_scores = st.dictionaries(
    st.sampled_from(IDS), st.tuples(st.sampled_from(GRADES), st.booleans()), max_size=2
)


class _Times(msgspec.Struct, frozen=True):
    """Where the times of a population come from."""

    single: st.SearchStrategy[int]
    gaps: tuple[int, ...] = ()

    def of_events(self, draw: st.DrawFn) -> list[int]:
        """One to four different times, some of them as far apart as a window is long."""
        times = [draw(self.single)]
        for _ in range(draw(_more_events)):
            if len(self.gaps) > 0 and draw(_coins):
                gap = draw(st.sampled_from(self.gaps))
                times.append(times[-1] - gap + draw(_near))
            else:
                times.append(draw(self.single))
        return list(dict.fromkeys(times))


# An event of which nothing is known, its time as little as the rest.
_BLANK: Event = {}
_coins = st.booleans()
_more_events = st.integers(0, 3)
_near = st.sampled_from([0, 0, -1, 1])
_USUAL = {zone: _Times(st.sampled_from(times)) for zone, times in TIMES.items()}


def _around(condition: c.Condition, zone: str) -> _Times:
    """Times next to the edges of a condition's time predicates, and the usual ones."""
    nodes = list(_nodes(condition))
    intervals = [
        interval(node, Calendar(NOW, zone)) for node in nodes if isinstance(node, TimePredicate)
    ]
    edges = {int(edge) for ends in intervals if ends for edge in ends if abs(edge) != ALWAYS}
    lengths = {
        seconds(node.window)
        for node in nodes
        if isinstance(node, c.Aggregate) and node.window is not None
    }
    usual = _USUAL[zone].single
    near = [edge + by for edge in sorted(edges) for by in (-1, 0, 1)]
    single = st.one_of(st.sampled_from(near), usual) if near else usual
    return _Times(single, tuple(sorted(lengths)))


def _nodes(node: object) -> Iterator[object]:
    """A node with all that it is made of."""
    yield node
    parts: Iterable[object] = ()
    if isinstance(node, tuple):
        parts = node
    elif isinstance(node, msgspec.Struct):
        parts = (getattr(node, name) for name in node.__struct_fields__)
    for part in parts:
        yield from _nodes(part)


def _purchases(draw: st.DrawFn, times: _Times) -> tuple[Event, ...]:
    unpriced = draw(_one_in_three)
    events: list[Event] = []
    for line, time in enumerate(times.of_events(draw)):
        amount = None if unpriced else draw(_numbers)
        events.append(
            {
                "timestamp": time,
                "category": draw(_categories),
                "sku": draw(_skus),
                "amount": amount,
                "order_id": draw(_orders),
                "line": None if draw(_one_in_three) else (3 * line) % 7,
                "tags": draw(_text_arrays),
            }
        )
    if draw(_one_in_four):
        events.insert(draw(_more_events), _BLANK)
    return tuple(events)


def _events(draw: st.DrawFn, times: _Times) -> dict[str, tuple[Event, ...]]:
    events = {}
    if not draw(_one_in_three):
        events["behavior_purchases"] = _purchases(draw, times)
    if not draw(_one_in_three):
        events["behavior_page_views"] = tuple(
            {"timestamp": time, "url": draw(_texts)} for time in times.of_events(draw)
        )
    return events


def _profile(draw: st.DrawFn, number: int, times: _Times) -> Profile:
    attributes: dict[str, Value] = {
        RANK: (5 * number) % 13,
        **{name: draw(_texts) for name in TEXT_ATTRIBUTES},
        **{name: draw(_numbers) for name in NUMBER_ATTRIBUTES},
        **{name: draw(_booleans) for name in BOOLEAN_ATTRIBUTES},
        **{name: None if draw(_one_in_four) else draw(times.single) for name in TIME_ATTRIBUTES},
        **{name: draw(_text_arrays) for name in TEXT_ARRAYS},
        **{name: draw(_number_arrays) for name in NUMBER_ARRAYS},
    }
    ml: dict[tuple[OneOf["rfm", "cltv"], str, str], Value] = {}
    for solution, (_, text), (_, numeric) in zip(_SOLUTIONS, ML_TEXTS, ML_NUMBERS, strict=True):
        ml[solution, IDS[0], text] = draw(_texts)
        ml[solution, IDS[0], numeric] = draw(_numbers)
    return Profile(
        f"p{number:02}",
        attributes,
        {GROUP: draw(_numbers)},
        _events(draw, times),
        draw(_memberships),
        draw(_scores),
        ml,
    )


@st.composite
def populations(
    draw: st.DrawFn, min_size: int = 3, max_size: int = 12, *, of: c.Condition | None = None
) -> Population:
    """A population in one of the two zones; ids and ranks of its profiles are unique.

    Given a condition, many of its times lie where that condition changes its answer.
    """
    zone = draw(st.sampled_from(ZONES))
    times = _USUAL[zone] if of is None else _around(of, zone)
    size = draw(st.integers(min_size, max_size))
    return Population(tuple(_profile(draw, number, times) for number in range(size)), NOW, zone)
