"""A configuration without its arrangement in tables: each attribute by itself, for comparisons.

How attributes are put together in a file says nothing: the API has one list of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from segdsl.language.behaviors import table_of
from segdsl.parent_segment import model as m


class FlatAttribute(msgspec.Struct, frozen=True):
    """One attribute; `type` is the API's word, and `join` None where no key is known."""

    table: m.Table
    join: m.Join | None
    column: str
    name: str
    type: str
    heading: str | None

    @property
    def in_words(self) -> str:
        """What it is, such as `number from gold.profile.ltv by k = k, under “Value”`."""
        by = "" if self.join is None else f" by {self.join.master} = {self.join.column}"
        under = "" if self.heading is None else f", under “{self.heading}”"
        return f"{self.type} from {self.table}.{self.column}{by}{under}"


def type_text(column: m.ConfiguredColumn) -> str:
    """The API's word for the type of a column, known or not."""
    return column.type or column.unknown_type or ""


def master_key(configuration: m.Configuration) -> str | None:
    """The column of the master by which most tables are joined, the first one of several.

    Attributes of the master table itself are joined by it (assumed: the API wants keys of each
    attribute, and has no others for these).
    """
    keys: dict[str, int] = {}
    tables: tuple[m.AttributeTable | m.ConfiguredBehavior | m.ConfiguredGroup, ...]
    tables = (*configuration.attributes, *configuration.behaviors, *configuration.groups)
    for each in tables:
        if each.join is not None:
            keys[each.join.master] = keys.get(each.join.master, 0) + 1
    return max(keys, key=lambda key: keys[key]) if keys else None


def flat_attributes(configuration: m.Configuration) -> Iterator[FlatAttribute]:
    """All attributes of profiles, in order."""
    key = master_key(configuration)
    own = None if key is None else m.Join(key, key)
    return flat_tables(configuration.attributes, own)


def flat_tables(
    tables: Iterable[m.AttributeTable], own: m.Join | None = None
) -> Iterator[FlatAttribute]:
    """The attributes of some tables; `own` is the join of those that say none."""
    for each in tables:
        for column in each.columns:
            yield FlatAttribute(
                each.table,
                each.join or own,
                column.column,
                column.name,
                type_text(column),
                each.heading,
            )


def assumed_table(behavior: m.ConfiguredBehavior) -> str:
    """The matrix table that a behavior will get: that of its raw table (observed)."""
    return table_of(behavior.table.name)
