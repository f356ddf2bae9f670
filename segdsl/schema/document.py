"""Reads and writes the schema file of a workspace: TOML with one sorted line for each object.

An added or removed object changes one line, so that files are readable and merge well. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

import tomli_w

from segdsl.language.behaviors import name_of
from segdsl.schema.file_reader import PULL_AGAIN, SchemaError, SchemaReader
from segdsl.schema.file_shapes import UNKNOWN_VISIBILITY, SchemaFile, path_text
from segdsl.schema.model import (
    Behavior,
    Column,
    Connection,
    Funnel,
    Model,
    Schema,
    Stage,
    User,
    Variant,
)
from segdsl.toml import parse_toml

__all__ = ["PULL_AGAIN", "SchemaError", "read_schema", "write_schema"]

_HEAD = """\
# The schema of the parent segment, written by `segdsl schema pull`: names with their types, and
# ids with their names. Commit it with the workspace: `segdsl check` uses it offline.
"""


_KNOWN_IF_EMPTY = ("visibility", "journeys", "activation_templates", "connections", "users")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


def write_schema(schema: Schema) -> str:
    """The text of a schema file; independent of the order of the schema's objects."""
    document = {
        "folders": sorted(path_text(each) for each in schema.folders if each),
        "parent_segment": {"id": schema.id, "name": schema.name, "timezone": schema.timezone},
        **_column_tables(schema),
        **_reference_tables(schema),
        **_account_tables(schema),
        "samples": _sample_tables(schema),
    }
    # An empty table of these says that there are none; without it nothing is known of them.
    known = {key: document[key] for key in _KNOWN_IF_EMPTY if document[key] is not None}
    return _HEAD + tomli_w.dumps(
        {key: each for key, each in document.items() if each or key in known}
    )


def _column_tables(schema: Schema) -> dict[str, Any]:
    """What is known of attributes, and of the columns of behaviors and customer groups."""
    attributes, behaviors = _by_name(schema.attributes), _by_name(schema.behaviors)
    return {
        "attributes": _columns(attributes),
        "headings": {each.name: each.heading for each in attributes if each.heading is not None},
        "behaviors": {
            written: _columns(each.columns)
            for each in behaviors
            if (written := name_of(each.name)) is not None
        },
        "tables": {
            each.name: _columns(each.columns) for each in behaviors if name_of(each.name) is None
        },
        "customer_groups": {
            each.name: _columns(each.columns) for each in _by_name(schema.customer_groups)
        },
        "labels": _label_tables(schema),
        "visibility": _visibility(schema),
    }


def _label_tables(schema: Schema) -> dict[str, Any]:
    return _drop_empty(
        {
            "attributes": _labels(schema.attributes),
            "behaviors": _labels(schema.behaviors),
            "columns": _drop_empty(
                {each.name: _labels(each.columns) for each in _by_name(schema.behaviors)}
            ),
            "customer_groups": _drop_empty(
                {each.name: _labels(each.columns) for each in _by_name(schema.customer_groups)}
            ),
        }
    )


def _reference_tables(schema: Schema) -> dict[str, Any]:
    """The ids of what conditions refer to, with the names."""
    segments = sorted(schema.segments, key=lambda each: (each.folder, each.name, each.id))
    funnels = _by_name(schema.funnels)
    return {
        "segments": {each.id: path_text((*each.folder, each.name)) for each in segments},
        "kinds": {each.id: each.kind for each in segments if each.kind != "batch"},
        "funnels": _names(funnels),
        "funnel_folders": {each.id: path_text(each.folder) for each in funnels if each.folder},
        "stages": {each.id: _names(each.stages) for each in funnels},
        "journeys": None
        if schema.journeys is None
        else {
            each.id: path_text((*each.folder, each.name))
            for each in sorted(schema.journeys, key=lambda of: (of.folder, of.name, of.id))
        },
        "journey_stages": _drop_empty(
            {each.id: _names(each.stages) for each in _by_name(schema.journeys or ())}
        ),
        "models": _drop_empty(
            {
                solution: _names(each for each in schema.models if each.solution == solution)
                for solution in ("predictive", "rfm", "cltv")
            }
        ),
        "variants": {
            test: _names(each for each in schema.variants if each.test == test)
            for test in sorted({each.test for each in schema.variants})
        },
    }


def _account_tables(schema: Schema) -> dict[str, Any]:
    """The ids of what activations name; None where nothing is known."""
    return {
        "activation_templates": None
        if schema.templates is None
        else {
            each.id: path_text((*each.folder, each.name))
            for each in sorted(schema.templates, key=lambda of: (of.folder, of.name, of.id))
        },
        "connections": None if schema.connections is None else _names(schema.connections),
        "connection_types": {
            each.id: each.type
            for each in _by_name(schema.connections or ())
            if each.type is not None
        },
        "users": None if schema.users is None else _names(schema.users),
    }


def _sample_tables(schema: Schema) -> dict[str, Any]:
    return _drop_empty(
        {
            "attributes": _samples(schema, None),
            "columns": _drop_empty(
                {each.name: _samples(schema, each.name) for each in _by_name(schema.behaviors)}
            ),
        }
    )


def _visibility(schema: Schema) -> dict[str, Any] | None:
    """The visibilities of all columns but the clear ones; None where the server told none."""
    columns = [schema.attributes, *(each.columns for each in schema.behaviors)]
    if all(each.visibility is None for group in columns for each in group):
        return None

    def of(columns: Iterable[Column]) -> dict[str, str]:
        return {
            each.name: each.visibility or UNKNOWN_VISIBILITY
            for each in _by_name(columns)
            if each.visibility != "clear"
        }

    return _drop_empty(
        {
            "attributes": of(schema.attributes),
            "columns": _drop_empty(
                {each.name: of(each.columns) for each in _by_name(schema.behaviors)}
            ),
        }
    )


def _drop_empty(table: dict[str, Any]) -> dict[str, Any]:
    """A table without its empty values."""
    return {key: each for key, each in table.items() if each}


def _by_name(items: Iterable[_T]) -> list[_T]:
    return sorted(items, key=lambda each: (each.name, getattr(each, "id", "")))


def _columns(columns: Iterable[Column]) -> dict[str, str]:
    return {each.name: _type(each) for each in _by_name(columns)}


def _type(column: Column) -> str:
    return column.type if column.type is not None else f"unknown ({column.type_name})"


def _samples(schema: Schema, table: str | None) -> dict[str, dict[str, Any]]:
    samples = sorted(
        (each for each in schema.samples if each.behavior == table), key=lambda each: each.column
    )
    return {
        each.column: {"values": list(each.values)}
        if each.values
        else {"low": each.low, "high": each.high}
        for each in samples
    }


def _labels(items: Iterable[Column | Behavior]) -> dict[str, str]:
    return {each.name: each.label for each in _by_name(items) if each.label is not None}


def _names(
    items: Iterable[Funnel | Stage | Model | Variant | Connection | User],
) -> dict[str, str]:
    return {each.id: each.name for each in _by_name(items)}


def read_schema(text: str, name: str) -> Schema:
    """Parses a schema file; raises SchemaError with the file and the location."""
    what = f"{name} is not a valid schema"
    document = parse_toml(text, name, SchemaError, what, PULL_AGAIN)
    file = document.convert(SchemaFile, SchemaError, what, PULL_AGAIN)
    return SchemaReader(document).schema(file)
