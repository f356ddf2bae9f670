"""What an activation or a template cannot say: problems with their places.

That the key of an order is among the columns, that Top-N needs `formatting`, and that a behavior is
used in the segment's rule is documented; so is the wording of the last. That connections, users and
columns must exist is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from zoneinfo import available_timezones

from segdsl.engine import ParentSegment
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.server.errors import ASSOCIATION, TOO_LONG, Problem
from segdsl.server.kinds.account import Account
from segdsl.server.kinds.activations.request_models import (
    Behavior,
    Column,
    Delivery,
    day,
    local_time,
)
from segdsl.server.queries.names import columns_of, suggestion
from segdsl.sql.catalog import CUSTOMER_GROUP, CUSTOMERS, PROFILE_ID, Catalog

MOST_BEHAVIORS = 4


def problems(
    delivery: Delivery,
    account: Account,
    catalog: Catalog,
    parent: ParentSegment,
    rule: c.Segment | None,
    path: str,
) -> Iterator[Problem]:
    """What is wrong with what is at `path` of a body; `rule` is that of its segment, if it has one.

    Only that behaviors must be used in the rule depends on the segment.
    """
    names = _Names(catalog, parent)
    yield from _connection(delivery, account, path)
    yield from _schedule(delivery, path)
    yield from _recipients(delivery, account, path)
    yield from names.columns(delivery.columns or (), CUSTOMERS, f"{path}.columns")
    behaviors = list(_behaviors(delivery, path))
    if delivery.syndication_behavior is not None and delivery.syndication_behaviors is not None:
        message = "`syndicationBehavior` and `syndicationBehaviors` cannot both be given"
        yield Problem(message, f"{path}.syndicationBehaviors", ASSOCIATION)
    if len(behaviors) > MOST_BEHAVIORS:
        message = f"an activation has at most {MOST_BEHAVIORS} behaviors, and not {len(behaviors)}"
        yield Problem(message, f"{path}.syndicationBehaviors", TOO_LONG)
    used = None if rule is None else used_behaviors(rule)
    for behavior, place in behaviors:
        yield from names.behavior(behavior, used, place)


def _behaviors(delivery: Delivery, path: str) -> Iterator[tuple[Behavior, str]]:
    if delivery.syndication_behavior is not None:
        yield delivery.syndication_behavior, f"{path}.syndicationBehavior"
    for at, behavior in enumerate(delivery.syndication_behaviors or ()):
        yield behavior, f"{path}.syndicationBehaviors[{at}]"


def used_behaviors(segment: c.Segment) -> frozenset[str]:
    """The tables of the behaviors that a rule tests."""
    return frozenset(
        node.subject.behavior
        for node in walk(segment.condition)
        if isinstance(node, c.Test) and isinstance(node.subject, c.Aggregate)
    )


def _connection(delivery: Delivery, account: Account, path: str) -> Iterator[Problem]:
    id = delivery.connection_id
    if id is not None and account.connection(id) is None:
        message = f"there is no connection with the id `{id}`"
        yield Problem(message, f"{path}.connectionId", ASSOCIATION)


def _recipients(delivery: Delivery, account: Account, path: str) -> Iterator[Problem]:
    for at, id in enumerate(delivery.email_recipients or ()):
        if account.user(id) is None:
            message = f"there is no user with the id `{id}`"
            yield Problem(message, f"{path}.emailRecipients[{at}]", ASSOCIATION)


def _schedule(delivery: Delivery, path: str) -> Iterator[Problem]:
    start, end, zone = delivery.start_at, delivery.end_on, delivery.timezone
    if start is not None and local_time(start) is None:
        message = f"`{start}` is not a time such as 2025-04-01T03:00:00, without an offset"
        yield Problem(message, f"{path}.startAt", ASSOCIATION)
    if end is not None and day(end) is None:
        message = f"`{end}` is not a date such as 2025-12-31"
        yield Problem(message, f"{path}.endOn", ASSOCIATION)
    if zone is not None and zone not in _time_zones():
        yield Problem(f"unknown time zone `{zone}`", f"{path}.timezone", ASSOCIATION)
    if delivery.repeat_frequency is not None and delivery.repeat_frequency < 1:
        message = "a repeat frequency is a whole number from 1"
        yield Problem(message, f"{path}.repeatFrequency", ASSOCIATION)
    for at, number in enumerate(delivery.repeat_sub_frequency or ()):
        if not 1 <= number <= 7:
            message = f"`{number}` is not a day of the week: 1 is Monday, and 7 is Sunday"
            yield Problem(message, f"{path}.repeatSubFrequency[{at}]", ASSOCIATION)


@cache
def _time_zones() -> frozenset[str]:
    """The names of time zones, for which the system looks through files."""
    return frozenset(available_timezones())


class _Names:
    """The tables and columns that columns and behaviors name."""

    def __init__(self, catalog: Catalog, parent: ParentSegment) -> None:
        self._catalog = catalog
        self._labels = parent.labels

    def columns(self, columns: Sequence[Column], table: str, path: str) -> Iterator[Problem]:
        for at, column in enumerate(columns):
            place = f"{path}[{at}]"
            if not column.column.strip():
                yield Problem("a column needs a name", f"{place}.column", ASSOCIATION)
            yield from self._source(column, table, f"{place}.source")

    def _source(self, column: Column, table: str, path: str) -> Iterator[Problem]:
        source = column.source
        if (source.column is None) == (source.string is None):
            message = "a source has either a `column` or a `string`"
            yield Problem(message, path, ASSOCIATION)
        elif source.string is not None:
            if source.functions:
                yield Problem("a string has no functions", f"{path}.functions", ASSOCIATION)
        elif source.column is not None and source.column != PROFILE_ID:
            in_table = table
            if source.customer_group is not None and table == CUSTOMERS:
                in_table = f"{CUSTOMER_GROUP}{source.customer_group}"
            yield from self._column(source.column, in_table, f"{path}.column")

    def _column(self, name: str, table: str, path: str) -> Iterator[Problem]:
        described = self._catalog.table(table)
        if described is None:
            group = table.removeprefix(CUSTOMER_GROUP)
            yield Problem(f"there is no customer group `{group}`", path, ASSOCIATION)
            return
        known = columns_of(described, self._labels)
        if known.get(name) != name:
            what = "attribute" if table == CUSTOMERS else f"column of `{table}`"
            help = suggestion(name, known)
            message = f"there is no {what} `{name}`" + (f": {help}" if help else "")
            yield Problem(message, path, ASSOCIATION)

    def behavior(
        self, behavior: Behavior, used: frozenset[str] | None, path: str
    ) -> Iterator[Problem]:
        name = behavior.behavior_table_name
        table = behavior_table(self._catalog, name)
        if table is None:
            known = {name_of(each) or each: each for each in self._catalog.behaviors}
            help = suggestion(name, {**known, **{each: each for each in self._catalog.behaviors}})
            message = f"there is no behavior `{name}`" + (f": {help}" if help else "")
            yield Problem(message, f"{path}.behaviorTableName", ASSOCIATION)
            return
        if used is not None and table not in used:
            message = f"{name} is not included in Segment rules"
            yield Problem(message, f"{path}.behaviorTableName", ASSOCIATION)
        columns = behavior.columns or []
        yield from self.columns(columns, table, f"{path}.columns")
        if not behavior.order_by:
            yield Problem("a behavior needs an `orderBy`", path, ASSOCIATION)
        names = {column.source.column for column in columns} | {each.column for each in columns}
        for at, order in enumerate(behavior.order_by or ()):
            if order.key not in names:
                message = f"`{order.key}` is not among the columns of the behavior"
                yield Problem(message, f"{path}.orderBy[{at}].key", ASSOCIATION)
        if behavior.join_strategy == "Top-N":
            if behavior.formatting is None:
                yield Problem("Top-N needs a `formatting`", path, ASSOCIATION)
            if behavior.join_row is None or behavior.join_row < 1:
                yield Problem("Top-N needs a `joinRow` of 1 or more", path, ASSOCIATION)


def behavior_table(catalog: Catalog, name: str) -> str | None:
    """The table of a behavior that is named with its prefix or without it."""
    return next((each for each in (name, table_of(name)) if each in catalog.behaviors), None)
