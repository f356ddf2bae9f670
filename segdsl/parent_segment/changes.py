"""What changes from one configuration to another, in plain words. Pure.

Attributes are the same where their table and column are, behaviors where their table or name is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from typing import Literal as OneOf

import msgspec

from segdsl.parent_segment import model as m
from segdsl.parent_segment.flat import FlatAttribute, flat_attributes, flat_tables, type_text
from segdsl.parent_segment.schedules import in_words
from segdsl.parent_segment.settings import is_same_setting, setting_in_words, settings_of

Action = OneOf["add", "remove", "change"]
Part = OneOf["setting", "master", "filter", "attribute", "behavior", "customer group"]
_T = TypeVar("_T")


class Change(msgspec.Struct, frozen=True):
    """One change: of what, its name, and what it was and becomes, in words; None is nothing.

    The name of a setting is its key in the file.
    """

    action: Action
    part: Part
    name: str
    before: str | None = None
    after: str | None = None

    @property
    def is_setting(self) -> bool:
        """Whether an update without the master table makes it."""
        return self.part == "setting"

    @property
    def in_words(self) -> str:
        what = self.name if self.part in ("setting", "master") else f"{self.part} “{self.name}”"
        match self.action:
            case "add":
                return f"{what}: {self.after}"
            case "remove":
                return f"{what}: {self.before}"
            case "change":
                return f"{what}: {self.before} → {self.after}"


def changes(before: m.Configuration, after: m.Configuration) -> tuple[Change, ...]:
    """The changes that make `after` of `before`; what `after` does not say stays as it is."""
    return (
        *_settings(before, after),
        *_master(before.master, after.master),
        *_attributes([*flat_attributes(before)], [*flat_attributes(after)]),
        *_behaviors(before.behaviors, after.behaviors),
        *_groups(before.groups, after.groups),
    )


def same(one: m.Configuration, other: m.Configuration) -> bool:
    """Whether two configurations say the same, each of all that the other says."""
    return not changes(one, other) and not changes(other, one)


def _settings(before: m.Configuration, after: m.Configuration) -> Iterator[Change]:
    known = settings_of(before)
    for key, value in settings_of(after).items():
        old = known.get(key)
        if not is_same_setting(old, value):
            yield Change("change", "setting", key, setting_in_words(old), setting_in_words(value))


def _master(before: m.Master, after: m.Master) -> Iterator[Change]:
    if before.table != after.table:
        yield Change("change", "master", "master table", str(before.table), str(after.table))
    old = {each.column: each for each in before.filters}
    new = {each.column: each for each in after.filters}
    for column in dict.fromkeys((*old, *new)):
        one, other = old.get(column), new.get(column)
        if one is None or other is None or set(one.values) != set(other.values):
            yield _change("filter", column, one, other, lambda each: ", ".join(each.values))


def _change(
    part: Part, name: str, before: _T | None, after: _T | None, words: Callable[[_T], str]
) -> Change:
    old = None if before is None else words(before)
    new = None if after is None else words(after)
    action: Action = "add" if before is None else "remove" if after is None else "change"
    return Change(action, part, name, old, new)


def pairs(
    before: Sequence[_T], after: Sequence[_T], keys: Sequence[Callable[[_T], Any]]
) -> list[tuple[_T | None, _T | None]]:
    """What belongs together: by the first key first, and what is left by the next one.

    In the order of `before`, then what is only in `after`.
    """
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for key in keys:
        free: dict[Any, list[int]] = {}
        for number, each in enumerate(after):
            if number not in taken:
                free.setdefault(key(each), []).append(number)
        for number, each in enumerate(before):
            if number not in partner and free.get(key(each)):
                partner[number] = free[key(each)].pop(0)
                taken.add(partner[number])
    found: list[tuple[_T | None, _T | None]] = [
        (each, after[partner[number]] if number in partner else None)
        for number, each in enumerate(before)
    ]
    return found + [(None, each) for number, each in enumerate(after) if number not in taken]


def attribute_pairs(
    before: Sequence[FlatAttribute], after: Sequence[FlatAttribute]
) -> list[tuple[FlatAttribute | None, FlatAttribute | None]]:
    """The attributes that belong together."""
    return pairs(
        before,
        after,
        (
            lambda each: each,
            lambda each: (each.table, each.column, each.name),
            lambda each: (each.table, each.column),
            lambda each: (each.name, each.heading),
        ),
    )


def _attributes(
    before: Sequence[FlatAttribute], after: Sequence[FlatAttribute], group: str = ""
) -> Iterator[Change]:
    for one, other in attribute_pairs(before, after):
        if one == other:
            continue
        known = one or other
        assert known is not None, "one of the two is there"
        if one is None or other is None:
            yield _change("attribute", group + known.name, one, other, lambda each: each.in_words)
            continue
        before_words, after_words = _differing(one, other)
        yield Change("change", "attribute", group + one.name, before_words, after_words)


def _differing(one: FlatAttribute, other: FlatAttribute) -> tuple[str, str]:
    """What is different between two attributes that belong together, in words."""

    def join(each: FlatAttribute) -> str:
        return "no join" if each.join is None else f"by {_join(each.join)}"

    parts: tuple[tuple[bool, Callable[[FlatAttribute], str]], ...] = (
        (one.name != other.name, lambda each: f"“{each.name}”"),
        (one.type != other.type, lambda each: each.type),
        (
            (one.table, one.column) != (other.table, other.column),
            lambda each: f"from {each.table}.{each.column}",
        ),
        (one.join != other.join, join),
        (
            one.heading != other.heading,
            lambda each: "no heading" if each.heading is None else f"under “{each.heading}”",
        ),
    )
    words = [words for differs, words in parts if differs]
    return ", ".join(each(one) for each in words), ", ".join(each(other) for each in words)


def behavior_pairs(
    before: Sequence[m.ConfiguredBehavior], after: Sequence[m.ConfiguredBehavior]
) -> list[tuple[m.ConfiguredBehavior | None, m.ConfiguredBehavior | None]]:
    """The behaviors that belong together."""
    return pairs(
        before,
        after,
        (
            lambda each: (each.table, each.name),
            lambda each: each.name,
            lambda each: each.table,
        ),
    )


def _behaviors(
    before: Sequence[m.ConfiguredBehavior],
    after: Sequence[m.ConfiguredBehavior],
    group: str = "",
) -> Iterator[Change]:
    for one, other in behavior_pairs(before, after):
        known = one or other
        assert known is not None, "one of the two is there"
        if one is None or other is None:
            yield _change("behavior", group + known.name, one, other, _behavior_in_words)
            continue
        for what, old, new in _behavior_changes(one, other):
            yield Change("change", "behavior", group + one.name, f"{what}{old}", new)


def _behavior_in_words(behavior: m.ConfiguredBehavior) -> str:
    columns = "all columns" if behavior.all_columns else ", ".join(c.name for c in behavior.columns)
    join = behavior.join
    return f"{behavior.table} by {join.master} = {join.column} ({columns})"


def _behavior_changes(
    one: m.ConfiguredBehavior, other: m.ConfiguredBehavior
) -> Iterator[tuple[str, str, str]]:
    if one.name != other.name:
        yield "name ", f"“{one.name}”", f"“{other.name}”"
    if one.table != other.table:
        yield "table ", str(one.table), str(other.table)
    if one.join != other.join:
        yield "join ", _join(one.join), _join(other.join)
    if other.schedule is not None and (one.schedule or m.Never()) != other.schedule:
        yield "schedule ", in_words(one.schedule), in_words(other.schedule)
    for key in ("default_time_filter", "realtime", "all_columns"):
        old, new = getattr(one, key), getattr(other, key)
        if old != new:
            yield f"{key} ", setting_in_words(old), setting_in_words(new)
    yield from _columns(one.columns, other.columns)


def _join(join: m.Join) -> str:
    return f"{join.master} = {join.column}"


def column_pairs(
    before: Sequence[m.ConfiguredColumn], after: Sequence[m.ConfiguredColumn]
) -> list[tuple[m.ConfiguredColumn | None, m.ConfiguredColumn | None]]:
    """The columns of a behavior that belong together."""
    return pairs(
        before, after, (lambda each: each, lambda each: each.column, lambda each: each.name)
    )


def _columns(
    before: Iterable[m.ConfiguredColumn], after: Iterable[m.ConfiguredColumn]
) -> Iterator[tuple[str, str, str]]:
    def words(column: m.ConfiguredColumn | None) -> str:
        if column is None:
            return "nothing"
        source = "" if column.column == column.name else f" from {column.column}"
        return f"“{column.name}” {type_text(column)}{source}"

    for one, other in column_pairs([*before], [*after]):
        if one != other:
            yield "column ", words(one), words(other)


def _groups(
    before: Sequence[m.ConfiguredGroup], after: Sequence[m.ConfiguredGroup]
) -> Iterator[Change]:
    def words(group: m.ConfiguredGroup) -> str:
        return f"{group.table} by {_join(group.join)}"

    for one, other in pairs(before, after, (lambda each: each.name, lambda each: each.table)):
        known = one or other
        assert known is not None, "one of the two is there"
        if one is None or other is None:
            yield _change("customer group", known.name, one, other, words)
            continue
        if one.name != other.name:
            yield Change("change", "customer group", one.name, one.name, other.name)
        if (one.table, one.join) != (other.table, other.join):
            yield _change("customer group", one.name, one, other, words)
        inside = f"{one.name}."
        yield from _attributes(_group_attributes(one), _group_attributes(other), inside)
        yield from _behaviors(one.behaviors, other.behaviors, inside)


def _group_attributes(group: m.ConfiguredGroup) -> list[FlatAttribute]:
    """The attributes of a customer group, without headings: the API has none there (described)."""
    own = m.Join(group.join.column, group.join.column)
    return [
        msgspec.structs.replace(each, heading=None) for each in flat_tables(group.attributes, own)
    ]
