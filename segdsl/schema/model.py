"""The schema of a parent segment: the names that a segment can use, with their types.

Plain frozen data, built from an Audience API or from a workspace's schema file. No I/O.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal as OneOf

import msgspec

from segdsl.language.behaviors import name_of
from segdsl.language.values import ColumnType, Owner, SegmentKind
from segdsl.schema.samples import Samples

Folder = tuple[str, ...]
"""A folder's path from the root, which is ()."""
Visibility = OneOf["clear", "pii", "non_pii", "blocked"]
"""Who may see the values of a column (described); `blocked` columns cannot be exported."""

PERSONAL: tuple[Visibility, ...] = ("pii", "blocked")
"""The visibilities of columns whose values are masked (described)."""


class Column(msgspec.Struct, frozen=True):
    """An attribute, or a column of a behavior.

    `name` is the matrix column, which rules use; `label` is what the console shows, None if it is
    the same. `type` is None if segdsl does not know it; `unknown_type` is then the API's name for
    it. `heading` is the heading under which the console lists it. `visibility` is None where it
    is not known.
    """

    name: str
    type: ColumnType | None
    heading: str | None = None
    label: str | None = None
    unknown_type: str | None = None
    visibility: Visibility | None = None

    @property
    def type_name(self) -> str:
        """The API's name of the type."""
        return self.type or self.unknown_type or "unknown"

    @property
    def is_personal(self) -> bool:
        """Whether its values are not to be seen by everybody: nothing shows or keeps them."""
        return self.visibility in PERSONAL


class _Columns(msgspec.Struct, frozen=True, dict=True):
    name: str
    columns: tuple[Column, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {each.name: each for each in self.columns}


class Behavior(_Columns, frozen=True):
    """A behavior with the columns of its events.

    `name` is the matrix table, which rules use (`behavior_purchases`); `label` is what the
    console shows, None if it is the name without the prefix.
    """

    label: str | None = None


class CustomerGroup(_Columns, frozen=True):
    """A customer group with its attributes."""


class Segment(msgspec.Struct, frozen=True):
    id: str
    name: str
    folder: Folder = ()
    kind: SegmentKind = "batch"


class Stage(msgspec.Struct, frozen=True):
    id: str
    name: str


class Funnel(msgspec.Struct, frozen=True):
    id: str
    name: str
    stages: tuple[Stage, ...] = ()
    folder: Folder = ()


class Journey(msgspec.Struct, frozen=True):
    """A journey with its stages: `id` and theirs are those of its newest version."""

    id: str
    name: str
    stages: tuple[Stage, ...] = ()
    folder: Folder = ()


class Template(msgspec.Struct, frozen=True):
    """A template of activations."""

    id: str
    name: str
    folder: Folder = ()


class Connection(msgspec.Struct, frozen=True):
    """A connection of the account; `type` is its connector's, None if it is not known."""

    id: str
    name: str
    type: str | None = None


class User(msgspec.Struct, frozen=True):
    """A user of the account, whom activations can notify; `name` is the e-mail address."""

    id: str
    name: str


class Model(msgspec.Struct, frozen=True):
    """A model: `predictive` for `score of …`, or a solution with attributes."""

    id: str
    name: str
    solution: OneOf["predictive", "rfm", "cltv"] = "predictive"


class Variant(msgspec.Struct, frozen=True):
    """A variant of a test; `test` is the name of the test."""

    id: str
    name: str
    test: str


class Schema(msgspec.Struct, frozen=True, dict=True):
    """A parent segment and all objects that its segments can name; `id` is the parent segment's.

    `samples` are values of columns, if they were requested. `templates`, `connections`, `users` and
    `journeys` are None where they are not known: an older file does not have them, and a key may
    not be allowed to see them. Of the users there are only those whom the workspace or the
    activations of the parent segment notify: the file is committed, and addresses of others are
    nobody's business.
    """

    id: str
    name: str
    timezone: str = "UTC"
    attributes: tuple[Column, ...] = ()
    behaviors: tuple[Behavior, ...] = ()
    customer_groups: tuple[CustomerGroup, ...] = ()
    folders: tuple[Folder, ...] = ()
    segments: tuple[Segment, ...] = ()
    funnels: tuple[Funnel, ...] = ()
    models: tuple[Model, ...] = ()
    variants: tuple[Variant, ...] = ()
    samples: tuple[Samples, ...] = ()
    templates: tuple[Template, ...] | None = None
    connections: tuple[Connection, ...] | None = None
    users: tuple[User, ...] | None = None
    journeys: tuple[Journey, ...] | None = None

    @cached_property
    def attributes_by_name(self) -> dict[str, Column]:
        return {each.name: each for each in self.attributes}

    @cached_property
    def behaviors_by_name(self) -> dict[str, Behavior]:
        """By matrix table."""
        return {each.name: each for each in self.behaviors}

    @cached_property
    def owners(self) -> dict[str, Owner]:
        """The kind of the first part of a qualified name; customer groups take precedence."""
        names = (name_of(each.name) for each in self.behaviors)
        found: dict[str, Owner] = {name: "behavior" for name in names if name is not None}
        found.update((each.name, "customer group") for each in self.customer_groups)
        return found

    @cached_property
    def groups_by_name(self) -> dict[str, CustomerGroup]:
        return {each.name: each for each in self.customer_groups}
