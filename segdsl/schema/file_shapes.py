"""The shape of a schema file: tables of strings, and folders as paths in them."""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.schema.model import Folder

# Strings by name or id, and tables of them. Their values are checked by hand, since msgspec does
# not report the key of an invalid value.
Strings = dict[str, Any]
Tables = dict[str, Any]
UNKNOWN_VISIBILITY = "unknown"
"""The visibility of a column of which the server told none, or one that segdsl does not know."""


class ParentTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    timezone: str


class ModelTables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    predictive: Strings = {}
    rfm: Strings = {}
    cltv: Strings = {}


class LabelTables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels in the console: of columns by matrix table, of group attributes by customer group."""

    attributes: Strings = {}
    behaviors: Strings = {}
    columns: Tables = {}
    customer_groups: Tables = {}


class VisibilityTables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Visibilities by name, arranged as labels; a column that is not here is `clear`.

    Attributes of customer groups have none (described).
    """

    attributes: Strings = {}
    columns: Tables = {}


class SampleTables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Samples of attributes by name, and of columns by their behavior's matrix table."""

    attributes: Tables = {}
    columns: Tables = {}


class SampleValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All strings of a column, or the range of its numbers."""

    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


class SchemaFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns have types by name; all other tables have names (or paths) by id.

    `behaviors` are named as in source; `tables` are matrix tables without the prefix. What is None
    is not known: files that were written before it was kept do not have it.
    """

    parent_segment: ParentTable
    folders: tuple[str, ...] = ()
    attributes: Strings = {}
    headings: Strings = {}
    behaviors: Tables = {}
    tables: Tables = {}
    customer_groups: Tables = {}
    labels: LabelTables = LabelTables()
    visibility: VisibilityTables | None = None
    segments: Strings = {}
    kinds: Strings = {}
    funnels: Strings = {}
    funnel_folders: Strings = {}
    stages: Tables = {}
    journeys: Strings | None = None
    journey_stages: Tables = {}
    models: ModelTables = ModelTables()
    variants: Tables = {}
    activation_templates: Strings | None = None
    connections: Strings | None = None
    connection_types: Strings = {}
    users: Strings | None = None
    samples: SampleTables = SampleTables()


def path_text(folder: Folder) -> str:
    """A path with names separated by `/`; in a name `/` is escaped as `~1` and `~` as `~0`."""
    return "/".join(each.replace("~", "~0").replace("/", "~1") for each in folder)


def folder_of(path: str) -> Folder:
    return tuple(each.replace("~1", "/").replace("~0", "~") for each in path.split("/"))
