"""The tables of a parent segment's database and the types of their columns.

The vendor's layout (observed): profiles in `customers`, events in `behavior_<name>`, joined
on `cdp_customer_id`, times in Unix seconds. The other tables are this project's choice
(assumed), described in `docs/reference/language.md`.
"""

from __future__ import annotations

import msgspec

from segdsl.language.condition.ml import MODEL_ATTRIBUTES, model_type
from segdsl.language.values import ColumnType

PROFILE_ID = "cdp_customer_id"
CUSTOMERS = "customers"
CUSTOMER_GROUP = "customer_group_"


class Column(msgspec.Struct, frozen=True):
    """A column; `places` is the number of decimal places of its numbers.

    It is 0 for integers, and None for doubles and if it is unknown.
    """

    name: str
    type: ColumnType
    places: int | None = None


class Table(msgspec.Struct, frozen=True):
    """A table by its full name, with its columns except `cdp_customer_id`.

    `untyped` are the names of columns of unknown type, which allow any predicate.
    """

    name: str
    columns: tuple[Column, ...]
    untyped: frozenset[str] = frozenset()

    def column(self, name: str) -> Column | None:
        return next((each for each in self.columns if each.name == name), None)


def _model_table(solution: str, attributes: tuple[str, ...]) -> Table:
    columns = (Column(each, model_type(each)) for each in attributes)
    return Table(f"ml_{solution}", (Column("model_id", "string"), *columns))


ASSUMED_TABLES = (
    Table("funnel_stages", (Column("stage_id", "string"),)),
    Table("ab_test_variants", (Column("variant_id", "string"),)),
    Table(
        "predictive_scores",
        (Column("model_id", "string"), Column("grade", "number"), Column("converted", "boolean")),
    ),
    *(_model_table(solution, names) for solution, names in MODEL_ATTRIBUTES.items()),
)
"""The tables that no endpoint describes, in this project's layout."""


class Catalog(msgspec.Struct, frozen=True):
    """The tables of a parent segment's database."""

    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        return next((each for each in self.tables if each.name == name), None)

    @property
    def attributes(self) -> tuple[Column, ...]:
        customers = self.table(CUSTOMERS)
        return () if customers is None else customers.columns

    @property
    def behaviors(self) -> tuple[str, ...]:
        """The tables of behaviors: all that are none of the other kinds."""
        others = {CUSTOMERS, *(each.name for each in ASSUMED_TABLES)}
        return tuple(
            each.name
            for each in self.tables
            if each.name not in others and not each.name.startswith(CUSTOMER_GROUP)
        )

    @property
    def customer_groups(self) -> tuple[str, ...]:
        """Names of customer groups, without the prefix of their tables."""
        names = (each.name for each in self.tables)
        return tuple(
            name.removeprefix(CUSTOMER_GROUP) for name in names if name.startswith(CUSTOMER_GROUP)
        )
