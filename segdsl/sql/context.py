"""The context of a translation to SQL: time, tables, other segments; and its error.

Looks names up, so that all stages report unknown names alike. No I/O: the `Catalog` is passed
in; without one, names are used as written.
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
from segdsl.language.references.ids import Ids
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

# The kind of a value for comparisons; times are numbers. None: unknown.
Kind = OneOf["string", "number", "boolean", "strings", "numbers"]
_KINDS: dict[ColumnType, Kind] = {
    "string": "string",
    "number": "number",
    "timestamp": "number",
    # The vendor's type for an attribute that is a day; also Unix seconds (assumed).
    "date": "number",
    "boolean": "boolean",
    "string_array": "strings",
    "number_array": "numbers",
}
ELEMENTS: dict[Kind, Kind] = {"strings": "string", "numbers": "number"}


class SqlError(SegdslError):
    """A segment cannot be translated to SQL.

    `unknown` is an unknown name and the existing names, of which a similar one is suggested;
    `default_help` is the help if there is none.
    """

    def __init__(
        self,
        message: str,
        help: str | None = None,
        unknown: tuple[str, Callable[[], Collection[str]]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.default_help = help
        self.unknown = unknown

    @property
    def help(self) -> str | None:
        """What to do about it."""
        if self.unknown is None:
            return self.default_help
        word, names = self.unknown
        return did_you_mean(word, names(), self.default_help)

    def help_in(self, report: Report) -> str | None:
        """The help, within the report's budget for suggestions."""
        if self.unknown is None:
            return self.default_help
        return report.did_you_mean(*self.unknown, self.default_help)


class Context(msgspec.Struct, frozen=True):
    """The time, database and other segments of a translation.

    `now` is in Unix seconds, `zone` an IANA name. Without a `catalog`, names and types are used
    as written. `segments` are the targets of `in segment …`; `database` qualifies every table.
    `ids` are those of stages, variants and models by name, where all are known; without them a name
    stands for its id, as it is written.
    """

    now: int
    zone: str
    catalog: Catalog | None = None
    segments: Mapping[Reference, c.Segment] = {}
    database: str | None = None
    ids: Ids | None = None


class Operand(msgspec.Struct, frozen=True):
    """The operand of a predicate. Its node is copied for each use.

    `places` is the number of decimal places of its numbers, None if unknown.
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
    """A table in a query, which resolves its columns; qualified by its alias, if any.

    `table` is None without a catalog; `title` is its name in messages.
    """

    name: str
    title: str
    noun: str
    table: Table | None
    database: str | None
    alias: str | None = None

    def with_alias(self, alias: str) -> Relation:
        return msgspec.structs.replace(self, alias=alias)

    @property
    def sql(self) -> exp.Table:
        """The table in a FROM clause."""
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

        Raises SqlError if the catalog does not have it.
        """
        node = column(name, self.alias)
        if name == PROFILE_ID:
            return Operand(node, "string")
        if self.table is None:
            return Operand(node, None)
        if name in self.table.untyped:
            return Operand(node, None)
        found = self.table.column(name)
        if found is None:
            names = [each.name for each in self.table.columns]
            raise SqlError(
                f"{self.title} has no {self.noun} `{name}`",
                _listed(f"its {self.noun}s are", names),
                (name, lambda: names),
            )
        return Operand(node, _KINDS[found.type], found.places)


def customers(context: Context) -> Relation:
    return _relation(context, CUSTOMERS, "the parent segment", "attribute")


def behavior(context: Context, table: str) -> Relation:
    """The events of a behavior, by its matrix table.

    Raises SqlError if the catalog does not have it.
    """
    spelled = spelling(table)
    tables = None if context.catalog is None else context.catalog.behaviors
    if tables is not None and table not in tables:
        # Compare names without the prefix, which either of them may omit.
        spellings = {name_of(each) or each: spelling(each) for each in tables}
        similar = nearest(name_of(table) or table, spellings)
        raise SqlError(
            f"unknown behavior `{spelled}`",
            _listed("the behaviors are", spellings.values())
            if similar is None
            else f"did you mean `{spellings[similar]}`?",
        )
    return _relation(context, table, f"the behavior `{spelled}`", "column")


def customer_group(context: Context, name: str) -> Relation:
    groups = None if context.catalog is None else context.catalog.customer_groups
    if groups is not None and name not in groups:
        raise SqlError(
            f"unknown customer group `{name}`",
            _listed("the customer groups are", groups),
            (name, lambda: groups),
        )
    return _relation(context, CUSTOMER_GROUP + name, f"the customer group `{name}`", "attribute")


def extra(context: Context, name: str) -> Relation:
    """One of the tables of stages, variants, scores and models (assumed)."""
    return _relation(context, name, f"the table `{name}`", "column")


def _relation(context: Context, name: str, title: str, noun: str) -> Relation:
    table = None
    if context.catalog is not None:
        table = context.catalog.table(name)
        if table is None:
            raise SqlError(
                f"the data has no table `{name}`, which this condition needs",
                "see “As SQL” in the language reference for its columns",
            )
    return Relation(name, title, noun, table, context.database)


def _listed(opening: str, names: Iterable[str]) -> str | None:
    """A help line with at most 12 of the existing names."""
    shown = sorted(names)
    if not shown:
        return None
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    return f"{opening} {', '.join(f'`{name}`' for name in shown[:12])}{more}"
