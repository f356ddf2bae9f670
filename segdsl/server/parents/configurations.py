"""What is stored of a parent segment as a configuration, and the names that its parts get.

It is read as the client reads answers, so that both understand the same by a body.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from segdsl.engine.build import BuiltTable, planned
from segdsl.parent_segment import matrix
from segdsl.parent_segment.model import Configuration, Join
from segdsl.parent_segment.reading import KnownAttribute, Reading, read
from segdsl.rules.json_values import ValueFormError
from segdsl.server.errors import ASSOCIATION, ApiError, Problem, refuse
from segdsl.server.parents.table import Parent
from segdsl.server.service import Json

_NO_MASTER = {"parentDatabaseName": "-", "parentTableName": "-"}
"""Stands for the master table of a parent segment that has none yet, and is never built."""


class Named(msgspec.Struct, frozen=True):
    """The names in the matrix: of attributes and behaviors in the order in which they are stored,
    and of the columns of each behavior."""

    attributes: tuple[str, ...]
    behaviors: tuple[matrix.Behavior, ...]


def check_readable(stored: Json) -> None:
    """Raises ApiError (400) for what cannot be built whatever the tables are."""
    problems = list(_problems(stored))
    if problems:
        raise ApiError(400, [Problem(each, "$", ASSOCIATION) for each in problems])


def _problems(stored: Json) -> Iterator[str]:
    # Their ids are new, and say nothing to who sent them.
    parts = {
        key: [{**each, "id": None} for each in stored[key]] for key in ("attributes", "behaviors")
    }
    try:
        reading = _read({**stored, **parts})
    except ValueFormError as problem:
        yield str(problem)
        return
    yield from reading.unreadable
    # Those without a table are not stored: enrichments add them here, too.
    yield from (f"the attribute “{each}”: it has no table" for each in reading.enriched)


def configuration_of(stored: Json) -> Configuration:
    """The configuration that is built; raises ApiError (400) without a master table."""
    if stored["master"] is None:
        raise refuse("the parent segment has no master table: update it with a `master`")
    return _read(stored).configuration


def tables_of(parent: Parent) -> tuple[BuiltTable, ...]:
    """The tables of the last run; before the first, those of the configuration, without rows."""
    if parent.built is not None:
        return parent.built.tables
    if parent.configuration["master"] is None:
        return ()
    return planned(configuration_of(parent.configuration))


def named(stored: Json) -> Named:
    """The names of the parts that are stored."""
    reading = _read(stored)
    names: dict[tuple[object, ...], list[str]] = {}
    for each in reversed(matrix.attributes(reading.configuration.attributes)):
        source = each.source
        names.setdefault((source.table, source.join, source.heading), []).append(each.name)
    attributes = tuple(
        names[each.attribute.table, _own_join(each), each.attribute.heading].pop()
        for each in reading.attributes
    )
    return Named(attributes, matrix.behaviors(reading.configuration))


def _own_join(attribute: KnownAttribute) -> Join | None:
    """The join that an attribute says; one of the master table itself may say none."""
    return attribute.attribute.join if attribute.document.get("foreignKey") else None


def _read(stored: Json) -> Reading:
    return read({**stored, "master": stored["master"] or _NO_MASTER})
