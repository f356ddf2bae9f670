"""Reads `parent_segment.toml`: metadata that the files of data do not contain.

The file and all its keys are optional. Its format is this project's choice (assumed). Whether the
columns that it names exist is checked when the tables are opened.

`[labels]` has the names in the console, which on a real server often differ from those that rules
use. Each table of the data has its labels in a table, by column; labels of behaviors are in one
table, by behavior (`orders` is `behavior_orders`, or else the table `orders`):

    [labels.customers]
    ltv = "Lifetime Value"

    [labels.behavior_purchases]
    amount = "Amount paid"

    [labels.behaviors]
    purchases = "Online Purchases"

`[visibility]` has, in the same way, who may see the values of columns:

    [visibility.customers]
    email = "pii"

`[models]` has the names of models whose scores are in the data, and how others are trained:

    [models]
    method = "boosting"

    [models.predictive]
    "Churn model" = 9
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from segdsl.diagnostics.places import counted
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.errors import DataError
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.values import ColumnType
from segdsl.parent_segment import shape
from segdsl.parent_segment.time_zones import is_time_zone, time_zones
from segdsl.schema.model import Funnel, Model, Stage, Variant, Visibility
from segdsl.toml import Document, read_toml

MAX_ID = 2**63 - 1
BEHAVIORS = "behaviors"
"""The key of the labels of behaviors; a table of the data cannot have this name."""


class Labels(msgspec.Struct, frozen=True):
    """The names that the console shows, where they differ from those that rules use.

    `columns` are the labels of columns by table and column, `behaviors` those of behaviors by
    table. The default label is a column's own name, or a behavior's table name without the prefix.
    """

    columns: Mapping[str, Mapping[str, str]] = {}
    behaviors: Mapping[str, str] = {}

    def about(self, tables: Collection[str]) -> Labels:
        """Resolves the names of behaviors to these tables, with the prefix or else without it."""

        def resolve(table: str) -> str:
            name = name_of(table) or table
            return name if table not in tables and name in tables and not name_of(name) else table

        behaviors = {resolve(table): label for table, label in self.behaviors.items()}
        return Labels(self.columns, behaviors)

    def of_column(self, table: str, column: str) -> str:
        return self.columns.get(table, {}).get(column, column)

    def of_behavior(self, table: str) -> str:
        return self.behaviors.get(table) or name_of(table) or table


class Connection(msgspec.Struct, frozen=True):
    """A connection of the account, to which activations send.

    `type` is the type of its connector, such as `s3_v2`. `required` are the settings without which
    the connector's configuration is not valid.
    """

    id: str
    name: str
    type: str
    required: tuple[str, ...] = ()


class User(msgspec.Struct, frozen=True):
    """A user of the account, to whom activations send messages."""

    id: str
    email: str
    name: str


class WorkflowProject(msgspec.Struct, frozen=True):
    """A project of workflows that activations run, with the names of its workflows."""

    name: str
    workflows: tuple[str, ...] = ()


CONNECTIONS = (Connection("1", "s3", "s3_v2"), Connection("2", "mail", "mail"))
"""The connections of an account of which the data says nothing."""
USERS = (User("1", "local@example.com", "Local user"),)
"""The users of such an account."""


class ParentSegment(msgspec.Struct, frozen=True):
    """The parent segment of the data.

    `timezone` is an IANA name; `grouping` has the grouping names of attributes, by attribute.
    `funnels`, `models` and `variants` have the names for the ids in the tables. `connections`,
    `users` and `workflows` are what the account has beside the parent segment. `visibility` is by
    table and column.
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
    connections: tuple[Connection, ...] = CONNECTIONS
    users: tuple[User, ...] = USERS
    workflows: tuple[WorkflowProject, ...] = ()
    visibility: Mapping[str, Mapping[str, Visibility]] = {}
    training: shape.TrainingMethod = "logistic"

    def visibility_of(self, table: str, column: str) -> Visibility:
        """The visibility of a column: `clear` for one of which the file says nothing."""
        return self.visibility.get(table, {}).get(column, "clear")


class Description(msgspec.Struct, frozen=True):
    """The parent segment, and declared types by table and column.

    `path` is that of the file, which may not exist.
    """

    path: Path
    parent: ParentSegment
    types: Mapping[str, Mapping[str, ColumnType]] = {}


def read_description(path: Path, name: str) -> Description:
    """Reads a description; `name` is the default name of the parent segment. Raises DataError."""
    file, document = _read(path)
    zone = file.timezone
    if zone is not None and not is_time_zone(zone):
        help = did_you_mean(zone, time_zones(), "use an IANA name such as “Asia/Tokyo”")
        raise document.error(DataError, ("timezone",), f"unknown time zone “{zone}”", help)
    types: dict[str, dict[str, ColumnType]] = _choices("types", file.types, _TYPES, document)
    visibility: dict[str, dict[str, Visibility]] = _choices(
        "visibility", file.visibility, _VISIBILITIES, document
    )
    _check_ids(file, path)
    parent = _parent_segment(file, name, _labels(file.labels, document))
    return Description(path, msgspec.structs.replace(parent, visibility=visibility), types)


_Choice = TypeVar("_Choice", bound=str)
_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
_VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
_NOUNS = {"types": "type", "visibility": "visibility"}
_PLURALS = {"types": "types", "visibility": "visibilities"}


def _choices(
    key: str,
    tables: Mapping[str, Mapping[str, str]],
    choices: tuple[_Choice, ...],
    document: Document,
) -> dict[str, dict[str, _Choice]]:
    """What a key says of columns, by table and column, each one of some words."""
    found: dict[str, dict[str, _Choice]] = {}
    for table, columns in tables.items():
        for column, text in columns.items():
            choice = next((each for each in choices if each == text), None)
            if choice is None:
                default = f"{_PLURALS[key]} are {', '.join(choices)}"
                raise document.error(
                    DataError,
                    (key, table, column),
                    f"unknown {_NOUNS[key]} “{text}” of `{column}` in `[{key}.{table}]`",
                    did_you_mean(text, choices, default),
                )
            found.setdefault(table, {})[column] = choice
    return found


def _parent_segment(file: shape.File, name: str, labels: Labels) -> ParentSegment:
    return ParentSegment(
        str(file.id),
        file.name or name,
        file.description or "",
        file.timezone or "UTC",
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
        labels,
        _connections(file.connections),
        _users(file.users),
        tuple(WorkflowProject(name, tuple(each)) for name, each in file.workflows.items()),
        training=file.models.method,
    )


def _connections(connections: Mapping[str, shape.Connection]) -> tuple[Connection, ...]:
    if not connections:
        return CONNECTIONS
    return tuple(
        Connection(str(each.id), name, each.type, tuple(each.required))
        for name, each in connections.items()
    )


def _users(users: Mapping[str, shape.User]) -> tuple[User, ...]:
    if not users:
        return USERS
    return tuple(User(str(each.id), email, each.name or email) for email, each in users.items())


def _labels(tables: Mapping[str, Mapping[str, str]], document: Document) -> Labels:
    """Checks that labels are not blank and that each is unique in its table."""
    for table, labels in tables.items():
        names_by_label: dict[str, str] = {}
        for name, label in labels.items():
            if not label.strip():
                raise document.error(
                    DataError,
                    ("labels", table, name),
                    f"the label of `{name}` in `[labels.{table}]` is blank",
                )
            if label in names_by_label:
                raise document.error(
                    DataError,
                    ("labels", table, name),
                    f"`{names_by_label[label]}` and `{name}` have the same label “{label}” in "
                    f"`[labels.{table}]`; use different labels",
                )
            names_by_label[label] = name
    behaviors = {table_of(name): label for name, label in tables.get(BEHAVIORS, {}).items()}
    return Labels({name: each for name, each in tables.items() if name != BEHAVIORS}, behaviors)


def _check_ids(file: shape.File, path: Path) -> None:
    """Checks constraints of the API: the range and uniqueness of ids, and funnels' lengths.

    Clients index all objects in folders by id (observed), so ids must be unique across those
    kinds; variants, connections and users are in lists of their own.
    """
    models = file.models
    in_folders: dict[str, list[tuple[str, int]]] = {
        "funnel": [(name, each.id) for name, each in file.funnels.items()],
        "stage": [each for funnel in file.funnels.values() for each in funnel.stages.items()],
        "predictive model": list(models.predictive.items()),
        "model of solutions": [*models.rfm.items(), *models.cltv.items()],
    }
    variants = [each for listed in file.tests.values() for each in listed.items()]
    connections = [(name, each.id) for name, each in file.connections.items()]
    users = [(email, each.id) for email, each in file.users.items()]
    others = ({"variant": variants}, {"connection": connections}, {"user": users})
    for kinds in (in_folders, *others):
        names_by_id: dict[int, tuple[str, str]] = {}
        for kind, items in kinds.items():
            for name, id in items:
                if not 1 <= id <= MAX_ID:
                    raise DataError(
                        f"{path}: invalid id {id} of the {kind} “{name}”: "
                        f"ids of {_plural(kind)} are integers from 1"
                    )
                if id in names_by_id:
                    other_kind, other_name = names_by_id[id]
                    both = (
                        f"the {_plural(kind)} “{other_name}” and “{name}”"
                        if kind == other_kind
                        else f"the {other_kind} “{other_name}” and the {kind} “{name}”"
                    )
                    raise DataError(f"{path}: {both} have the same id {id}; use different ids")
                names_by_id[id] = (kind, name)
    for name, funnel in file.funnels.items():
        if not 3 <= len(funnel.stages) <= 8:
            raise DataError(
                f"{path}: the funnel “{name}” has {counted(len(funnel.stages), 'stage')}; "
                "a funnel has 3 to 8"
            )


def _plural(kind: str) -> str:
    first, _, rest = kind.partition(" of ")
    return f"{first}s of {rest}" if rest else f"{first}s"


def _read(path: Path) -> tuple[shape.File, Document]:
    what = f"{path} is not a valid TOML file"
    document = read_toml(path, str(path), DataError, what, root=str(path.parent))
    if document is None:
        document = Document(str(path), "", {})
    return document.convert(shape.File, DataError, f"{path} is not a valid description"), document
