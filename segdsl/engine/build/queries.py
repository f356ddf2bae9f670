"""The queries that make built tables of views of raw tables, as sqlglot expressions.

Columns of the views have names with a blank, such as `key 1`, which no built table needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlglot import exp

from segdsl.sql.catalog import PROFILE_ID
from segdsl.sql.expressions import (
    Node,
    column,
    identifier,
    integer,
    is_not_null,
    named,
    select,
    text,
)

IDENTITY = "the identity"
"""The column with the keys of a row of the master table, from which its id is made."""
_NUMBER = "the number"
_BASE = "base"


class JoinedView(msgspec.Struct, frozen=True):
    """A view whose rows are joined to another table: `key` to the column `base_key` there.

    `values` are its columns, by the names that the built table gives them. `order` are the columns
    by which the first of several rows is chosen.
    """

    view: str
    key: str
    base_key: str
    values: Sequence[tuple[str, str]]
    order: Sequence[str] = ()


def view(name: str, alias: str | None = None) -> exp.Table:
    table = exp.Table(this=identifier(name))
    if alias is not None:
        table.set("alias", exp.TableAlias(this=identifier(alias)))
    return table


def profiles(
    master: str, columns: Sequence[str], order: Sequence[str], *, are_unique: bool
) -> exp.Select:
    """The rows of the master table with the id of each: a hash of its keys.

    Where rows have the same keys, those after the first also have their number in it.
    """
    shown = [named(column(each), each) for each in columns]
    if are_unique:
        return select(_profile_id(column(IDENTITY)), *shown).from_(view(master))
    numbered = select(*shown, column(IDENTITY), _row_number([IDENTITY], order)).from_(view(master))
    number = column(_NUMBER)
    suffix = exp.DPipe(this=text("#"), expression=exp.cast(number.copy(), "text"))
    is_first = exp.EQ(this=number, expression=integer(1))
    identity = exp.Case(
        ifs=[exp.If(this=is_first, true=column(IDENTITY))],
        default=exp.DPipe(this=column(IDENTITY), expression=suffix),
    )
    return select(_profile_id(identity), *shown).from_(numbered.subquery(identifier("numbered")))


def _profile_id(identity: Node) -> Node:
    return named(exp.SHA(this=identity), PROFILE_ID)


def _row_number(keys: Sequence[str], order: Sequence[str]) -> Node:
    window = exp.Window(this=exp.RowNumber(), partition_by=[column(each) for each in keys])
    if order:
        ordered = [exp.Ordered(this=column(each), desc=False, nulls_first=False) for each in order]
        window.set("order", exp.Order(expressions=ordered))
    return named(window, _NUMBER)


def first_rows(of: JoinedView) -> exp.Select:
    """One row for each key: the first in the order of its values (assumed)."""
    columns = list(dict.fromkeys([of.key, *(source for _, source in of.values)]))
    rows = select(*map(column, columns), _row_number([of.key], of.order)).from_(view(of.view))
    rows = rows.where(is_not_null(column(of.key)))
    kept = select(*map(column, columns)).from_(rows.subquery(identifier("numbered")))
    return kept.where(exp.EQ(this=column(_NUMBER), expression=integer(1)))


def joined(
    base: exp.Select,
    columns: Sequence[tuple[str, str]],
    joins: Sequence[JoinedView],
    *,
    are_unique: bool,
) -> exp.Select:
    """Rows of a query with the values of other tables; null where a table has no row for them.

    `columns` are those of the query, by the names that they get.
    """
    shown: list[Node] = [named(column(source, _BASE), name) for name, source in columns]
    query = exp.Select()
    for number, each in enumerate(joins, 1):
        alias = f"joined {number}"
        shown += [named(column(source, alias), name) for name, source in each.values]
        rows: Node = (
            view(each.view, alias) if are_unique else first_rows(each).subquery(identifier(alias))
        )
        on = exp.EQ(this=column(each.base_key, _BASE), expression=column(each.key, alias))
        query = query.join(rows, on=on, join_type="left")
    query = query.from_(base.subquery(identifier(_BASE)))
    query.set("expressions", shown)
    return query


def of_profiles(
    rows: exp.Select | str,
    key: str,
    values: Sequence[tuple[str, str]],
    profiles: exp.Select | str,
    profile_key: str,
) -> exp.Select:
    """Rows that belong to profiles, each with the id of its profile; the others are left out.

    `profiles` have ids and keys. A row whose key several profiles have belongs to each of them
    (assumed).
    """
    of = "profiles"
    shown = [named(column(PROFILE_ID, of), PROFILE_ID)]
    shown += [named(column(source, _BASE), name) for name, source in values]
    on = exp.EQ(this=column(key, _BASE), expression=column(profile_key, of))
    return select(*shown).from_(_rows(rows, _BASE)).join(_rows(profiles, of), on=on)


def _rows(rows: exp.Select | str, alias: str) -> Node:
    """A view or a query in a FROM clause."""
    return view(rows, alias) if isinstance(rows, str) else rows.subquery(identifier(alias))


def create(table: str, query: exp.Select, database: str | None = None) -> exp.Create:
    """The statement that creates a table of the rows of a query."""
    this = exp.Table(
        this=identifier(table),
        db=None if database is None else identifier("main"),
        catalog=None if database is None else identifier(database),
    )
    return exp.Create(this=this, kind="TABLE", expression=query)
