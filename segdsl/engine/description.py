"""`parent_segment.toml`: what files of data cannot say about themselves.

The file is optional, and so is everything in it. Its shape is this project's choice
(assumed); whether the columns it names exist is checked where the tables are opened.

`[labels]` gives what the console calls things, which on a real server is seldom the name
that rules use. Each table of the data has a table of its labels, by column; the labels of
behaviors themselves are in a table of their own, by behavior (`orders` is `behavior_orders`, or
where there is none the table `orders`):

    [labels.customers]
    ltv = "Lifetime Value"

    [labels.behavior_purchases]
    amount = "Amount paid"

    [labels.behaviors]
    purchases = "Online Purchases"
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from segdsl.diagnostics.places import counted
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.errors import DataError
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.values import ColumnType
from segdsl.schema.model import Funnel, Model, Stage, Variant
from segdsl.toml import Document, read_toml

FILE = "parent_segment.toml"
DEFAULT_ID = "1"
MOST_ID = 2**63 - 1
BEHAVIORS = "behaviors"
"""The table of labels that are those of behaviors; no table of the data has this name."""


class Labels(msgspec.Struct, frozen=True):
    """The names that the console shows, where they differ from those that rules use.

    `columns` are the labels of columns by table and column, `behaviors` those of behaviors
    by table. Without a label, a column is shown by its own name and a behavior by its table's
    name without the prefix.
    """

    columns: Mapping[str, Mapping[str, str]] = {}
    behaviors: Mapping[str, str] = {}

    def about(self, tables: Collection[str]) -> Labels:
        """The same for the behaviors of these tables.

        A name is that of a table with the prefix, or else of one without it.
        """

        def meant(table: str) -> str:
            name = name_of(table) or table
            return name if table not in tables and name in tables and not name_of(name) else table

        behaviors = {meant(table): label for table, label in self.behaviors.items()}
        return Labels(self.columns, behaviors)

    def of_column(self, table: str, column: str) -> str:
        return self.columns.get(table, {}).get(column, column)

    def of_behavior(self, table: str) -> str:
        return self.behaviors.get(table) or name_of(table) or table


class ParentSegment(msgspec.Struct, frozen=True):
    """Whom the data is about.

    `timezone` is an IANA name; `grouping` is the grouping name of an attribute, by attribute.
    The names of stages, models and variants, by whose ids alone the tables know them.
    """

    id: str
    name: str
    description: str = ""
    timezone: str = "UTC"
    grouping: Mapping[str, str] = {}
    funnels: tuple[Funnel, ...] = ()
    models: tuple[Model, ...] = ()
    variants: tuple[Variant, ...] = ()
    labels: Labels = Labels()


class Description(msgspec.Struct, frozen=True):
    """A description that was read: the parent segment, and declared types by table and column.

    `path` is the file, or where it would be.
    """

    path: Path
    parent: ParentSegment
    types: Mapping[str, Mapping[str, ColumnType]] = {}


class _Funnel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: int
    stages: dict[str, int] = {}


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    predictive: dict[str, int] = {}
    rfm: dict[str, int] = {}
    cltv: dict[str, int] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str | int = DEFAULT_ID
    name: str | None = None
    description: str = ""
    timezone: str = "UTC"
    types: dict[str, dict[str, str]] = {}
    groups: dict[str, str] = {}
    labels: dict[str, dict[str, str]] = {}
    funnels: dict[str, _Funnel] = {}
    models: _Models = _Models()
    tests: dict[str, dict[str, int]] = {}


def read_description(path: Path, name: str) -> Description:
    """What a file describes, or, without one, a parent segment of that name; raises DataError."""
    file, document = _read(path)
    if file.timezone not in available_timezones() or not _zone_is_there(file.timezone):
        help = did_you_mean(
            file.timezone, available_timezones(), "write an IANA name, such as “Asia/Tokyo”"
        )
        raise document.error(
            DataError, ("timezone",), f"there is no time zone “{file.timezone}”", help
        )
    types: dict[str, dict[str, ColumnType]] = {}
    for table, columns in file.types.items():
        for column, text in columns.items():
            type = next((each for each in get_args(ColumnType) if each == text), None)
            if type is None:
                there = f"the types are: {', '.join(get_args(ColumnType))}"
                raise document.error(
                    DataError,
                    ("types", table, column),
                    f"“{text}”, the type of `{column}` in `[types.{table}]`, is no type",
                    did_you_mean(text, get_args(ColumnType), there),
                )
            types.setdefault(table, {})[column] = type
    _check_ids(file, path)
    parent = ParentSegment(
        str(file.id),
        file.name or name,
        file.description,
        file.timezone,
        file.groups,
        tuple(
            Funnel(
                str(each.id),
                funnel,
                tuple(Stage(str(id), stage) for stage, id in each.stages.items()),
            )
            for funnel, each in file.funnels.items()
        ),
        (
            *(Model(str(id), each, "predictive") for each, id in file.models.predictive.items()),
            *(Model(str(id), each, "rfm") for each, id in file.models.rfm.items()),
            *(Model(str(id), each, "cltv") for each, id in file.models.cltv.items()),
        ),
        tuple(
            Variant(str(id), each, test)
            for test, variants in file.tests.items()
            for each, id in variants.items()
        ),
        _labels(file.labels, document),
    )
    return Description(path, parent, types)


def _labels(tables: Mapping[str, Mapping[str, str]], document: Document) -> Labels:
    """Refuses labels that show nothing, and one that two columns of a table would have."""
    for table, labels in tables.items():
        holders: dict[str, str] = {}
        for name, label in labels.items():
            if not label.strip():
                raise document.error(
                    DataError,
                    ("labels", table, name),
                    f"the label of `{name}` in `[labels.{table}]` is blank",
                )
            if label in holders:
                raise document.error(
                    DataError,
                    ("labels", table, name),
                    f"`[labels.{table}]` gives `{holders[label]}` and `{name}` the same label "
                    f"“{label}”; give each its own",
                )
            holders[label] = name
    behaviors = {table_of(name): label for name, label in tables.get(BEHAVIORS, {}).items()}
    return Labels({name: each for name, each in tables.items() if name != BEHAVIORS}, behaviors)


def _check_ids(file: _File, path: Path) -> None:
    """Refuses what the API could not have: such ids, one given twice, such funnels (described).

    Clients keep what lies in folders in one map by id (observed), so the ids of different
    kinds there are never equal either; variants are in a list of their own.
    """
    models = file.models
    in_folders: dict[str, list[tuple[str, int]]] = {
        "funnel": [(name, each.id) for name, each in file.funnels.items()],
        "stage": [each for funnel in file.funnels.values() for each in funnel.stages.items()],
        "predictive model": list(models.predictive.items()),
        "model of solutions": [*models.rfm.items(), *models.cltv.items()],
    }
    variants = [each for listed in file.tests.values() for each in listed.items()]
    for kinds in (in_folders, {"variant": variants}):
        holders: dict[int, tuple[str, str]] = {}
        for kind, named in kinds.items():
            for name, id in named:
                if not 1 <= id <= MOST_ID:
                    raise DataError(
                        f"{path}: the ids of {_plural(kind)} are whole numbers from 1, and {id}, "
                        f"that of “{name}”, is none"
                    )
                if id in holders:
                    other, holder = holders[id]
                    both = (
                        f"the {_plural(kind)} “{holder}” and “{name}”"
                        if kind == other
                        else f"the {other} “{holder}” and the {kind} “{name}”"
                    )
                    raise DataError(f"{path}: {both} have the same id {id}; give each its own")
                holders[id] = (kind, name)
    for name, funnel in file.funnels.items():
        if not 3 <= len(funnel.stages) <= 8:
            raise DataError(
                f"{path}: the funnel “{name}” has {counted(len(funnel.stages), 'stage')}; "
                "a funnel has 3 to 8"
            )


def _plural(kind: str) -> str:
    first, _, rest = kind.partition(" of ")
    return f"{first}s of {rest}" if rest else f"{first}s"


def _read(path: Path) -> tuple[_File, Document]:
    what = f"{path} is not a valid TOML file"
    document = read_toml(path, str(path), DataError, what, root=str(path.parent))
    if document is None:
        document = Document(str(path), "", {})
    return document.convert(_File, DataError, f"{path} is not a valid description"), document


def _zone_is_there(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
