"""Queries as of an earlier time: events after it are not seen.

Only tables of events have times. Profiles, scores and stages are as they are.
"""

from __future__ import annotations

from sqlglot import exp

from segdsl.sql.catalog import Catalog, Table
from segdsl.sql.expressions import any_of, column, identifier, integer, is_not_null, select

TIME_COLUMNS = ("timestamp", "time")
"""The columns with the time of an event, the one that counts first (observed)."""


def seen_until(query: exp.Select, catalog: Catalog, now: int) -> exp.Select:
    """The query over the events until `now`, in Unix seconds; those without a time are kept.

    Changes the query in place. Events of a table without a time that can be compared are all seen:
    see `timeless`.
    """
    behaviors = {name: _time_of(catalog.table(name)) for name in catalog.behaviors}
    for table in list(query.find_all(exp.Table)):
        time = behaviors.get(table.name)
        if time is None:
            continue
        alias = table.alias or table.name
        events = exp.Table(this=identifier(table.name), db=table.args.get("db"))
        is_past = exp.LTE(this=column(time), expression=integer(now))
        is_unknown = exp.Not(this=is_not_null(column(time)))
        past = select(exp.Star()).from_(events).where(any_of([is_past, is_unknown]))
        table.replace(exp.Subquery(this=past, alias=exp.TableAlias(this=identifier(alias))))
    return query


def timeless(catalog: Catalog) -> tuple[str, ...]:
    """The behaviors whose events have no time that can be compared, by their tables."""
    return tuple(name for name in catalog.behaviors if _time_of(catalog.table(name)) is None)


def _time_of(table: Table | None) -> str | None:
    """The column with the time of an event: one of that name, else the only one that is a time."""
    if table is None:
        return None
    for name in TIME_COLUMNS:
        found = table.column(name)
        if found is not None:
            return name if found.type in ("timestamp", "date", "number") else None
    times = [each.name for each in table.columns if each.type in ("timestamp", "date")]
    return times[0] if len(times) == 1 else None
