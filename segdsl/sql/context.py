"""What a query is made against: the clock, the tables, the other segments; and its one error.

Names are looked up here, so that every stage says the same about one that is not there.
Nothing is read: a `Catalog` is handed in, or left out where names are taken as written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal as OneOf

import msgspec
from sqlglot import exp

from segdsl.diagnostics import Report
from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.errors import SegdslError
from segdsl.language.behaviors import name_of
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import behavior as spelling
from segdsl.language.values import ColumnType, Reference
from segdsl.sql.catalog import (
    CUSTOMER_GROUP,
    CUSTOMERS,
    PROFILE_ID,
    Catalog,
    Table,
)
from segdsl.sql.expressions import Node, column, identifier

# What a value is, as far as comparing goes; times are numbers. None: nobody has said.
Kind = OneOf["text", "number", "boolean", "texts", "numbers"]
_KINDS: dict[ColumnType, Kind] = {
    "string": "text",
    "number": "number",
    "timestamp": "number",
    # The vendor's word for an attribute that is a day; Unix seconds as well (assumed).
    "date": "number",
    "boolean": "boolean",
    "string_array": "texts",
    "number_array": "numbers",
}
ELEMENTS: dict[Kind, Kind] = {"texts": "text", "numbers": "number"}


class SqlError(SegdslError):
    """A segment that no query can be made of, in words for its author.

    `near` is a name that is not there, and those that are: the nearest of them is better help.
    """

    def __init__(
        self,
        message: str,
        help: str | None = None,
        near: tuple[str, Callable[[], Collection[str]]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.otherwise = help
        self.near = near

    @property
    def help(self) -> str | None:
        """What to do about it."""
        if self.near is None:
            return self.otherwise
        word, names = self.near
        return did_you_mean(word, names(), self.otherwise)

    def help_in(self, report: Report) -> str | None:
        """The same, as far as a run looks for near names."""
        if self.near is None:
            return self.otherwise
        return report.did_you_mean(*self.near, self.otherwise)


class Context(msgspec.Struct, frozen=True):
    """Where and when a segment is asked for.

    `now` is in Unix seconds, `zone` an IANA name. Without a `catalog` names and types are
    taken as they are written. `segments` is what `in segment …` stands for, `database`
    goes in front of every table.
    """

    now: int
    zone: str
    catalog: Catalog | None = None
    segments: Mapping[Reference, c.Segment] = {}
    database: str | None = None


class Operand(msgspec.Struct, frozen=True):
    """An expression that a predicate is asked of. Its node is copied for each use.

    `places` is how many decimal places its numbers have, where that is known.
    """

    node: Node
    kind: Kind | None
    places: int | None = None

    @property
    def sql(self) -> Node:
        return self.node.copy()

    @property
    def is_array(self) -> bool:
        return self.kind in ELEMENTS


class Relation(msgspec.Struct, frozen=True):
    """A table in a query: its columns are found here, under its alias where it has one.

    `table` is None where there is no catalog; `what` is what a reader calls it.
    """

    name: str
    what: str
    noun: str
    table: Table | None
    database: str | None
    alias: str | None = None

    def called(self, alias: str) -> Relation:
        return msgspec.structs.replace(self, alias=alias)

    @property
    def sql(self) -> exp.Table:
        """The table as it stands behind FROM."""
        return exp.Table(
            this=identifier(self.name),
            db=identifier(self.database) if self.database is not None else None,
            alias=exp.TableAlias(this=identifier(self.alias)) if self.alias is not None else None,
        )

    @property
    def id(self) -> Node:
        return column(PROFILE_ID, self.alias)

    def operand(self, name: str) -> Operand:
        """A column by its name.

        Raises SqlError where the catalog does not have it.
        """
        node = column(name, self.alias)
        if name == PROFILE_ID:
            return Operand(node, "text")
        if self.table is None:
            return Operand(node, None)
        if name in self.table.untyped:
            return Operand(node, None)
        known = self.table.column(name)
        if known is None:
            names = [each.name for each in self.table.columns]
            raise SqlError(
                f"{self.what} has no {self.noun} `{name}`",
                _listed(f"its {self.noun}s are", names),
                (name, lambda: names),
            )
        return Operand(node, _KINDS[known.type], known.places)


def customers(context: Context) -> Relation:
    return _relation(context, CUSTOMERS, "the parent segment", "attribute")


def behavior(context: Context, table: str) -> Relation:
    """The events of a behavior, by its matrix table.

    Raises SqlError where the catalog does not have it.
    """
    spelled = spelling(table)
    tables = None if context.catalog is None else context.catalog.behaviors
    if tables is not None and table not in tables:
        # With the prefix left out in one place or the other it is the same name.
        known = {name_of(each) or each: spelling(each) for each in tables}
        near = nearest(name_of(table) or table, known)
        raise SqlError(
            f"there is no behavior `{spelled}`",
            _listed("the behaviors are", known.values())
            if near is None
            else f"did you mean `{known[near]}`?",
        )
    return _relation(context, table, f"the behavior `{spelled}`", "column")


def customer_group(context: Context, name: str) -> Relation:
    known = None if context.catalog is None else context.catalog.customer_groups
    if known is not None and name not in known:
        raise SqlError(
            f"there is no customer group `{name}`",
            _listed("the customer groups are", known),
            (name, lambda: known),
        )
    return _relation(context, CUSTOMER_GROUP + name, f"the customer group `{name}`", "attribute")


def extra(context: Context, name: str) -> Relation:
    """One of the tables of stages, variants, scores and models (assumed)."""
    return _relation(context, name, f"the table `{name}`", "column")


def _relation(context: Context, name: str, what: str, noun: str) -> Relation:
    table = None
    if context.catalog is not None:
        table = context.catalog.table(name)
        if table is None:
            raise SqlError(
                f"the data has no table `{name}`, which this needs",
                "what is in it is described under “As SQL” in the language reference",
            )
    return Relation(name, what, noun, table, context.database)


def _listed(opening: str, names: Iterable[str]) -> str | None:
    """A help line with the names there are, of which the first few are enough."""
    shown = sorted(names)
    if not shown:
        return None
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    return f"{opening} {', '.join(f'`{name}`' for name in shown[:12])}{more}"
