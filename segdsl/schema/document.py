"""Reads and writes the schema file of a workspace: TOML with one sorted line for each object.

An added or removed object changes one line, so that files are readable and merge well. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, get_args

import msgspec
import tomli_w

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.language.behaviors import name_of, table_of
from segdsl.language.values import SEGMENT_KINDS, ColumnType
from segdsl.schema.model import (
    Behavior,
    Column,
    CustomerGroup,
    Folder,
    Funnel,
    Model,
    Schema,
    Segment,
    Stage,
    Variant,
)
from segdsl.schema.samples import Samples
from segdsl.toml import Document, parse_toml

_HEAD = """\
# The schema of the parent segment, written by `segdsl schema pull`: names with their types, and
# ids with their names. Commit it with the workspace: `segdsl check` uses it offline.
"""
PULL_AGAIN = "run `segdsl schema pull` again"
# Strings by name or id, and tables of them. Their values are checked by hand, since msgspec does
# not report the key of an invalid value.
_Strings = dict[str, Any]
_Tables = dict[str, Any]
_TYPES: dict[str, ColumnType] = {each: each for each in get_args(ColumnType)}
_KINDS = SEGMENT_KINDS[1:]

NO_TEXTS: Mapping[str, str] = {}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


class SchemaError(InputError):
    """A schema is missing or invalid; the message says what to do."""


class _Parent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    timezone: str


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    predictive: _Strings = {}
    rfm: _Strings = {}
    cltv: _Strings = {}


class _Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels in the console: of columns by matrix table, of group attributes by customer group."""

    attributes: _Strings = {}
    behaviors: _Strings = {}
    columns: _Tables = {}
    customer_groups: _Tables = {}


class _Samples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Samples of attributes by name, and of columns by their behavior's matrix table."""

    attributes: _Tables = {}
    columns: _Tables = {}


class _Values(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All strings of a column, or the range of its numbers."""

    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns have types by name; all other tables have names (or paths) by id.

    `behaviors` are named as in source; `tables` are matrix tables without the prefix.
    """

    parent_segment: _Parent
    folders: tuple[str, ...] = ()
    attributes: _Strings = {}
    headings: _Strings = {}
    behaviors: _Tables = {}
    tables: _Tables = {}
    customer_groups: _Tables = {}
    labels: _Labels = _Labels()
    segments: _Strings = {}
    kinds: _Strings = {}
    funnels: _Strings = {}
    stages: _Tables = {}
    models: _Models = _Models()
    variants: _Tables = {}
    samples: _Samples = _Samples()


def write_schema(schema: Schema) -> str:
    """The text of a schema file; independent of the order of the schema's objects."""
    segments = sorted(schema.segments, key=lambda each: (each.folder, each.name, each.id))
    document: dict[str, Any] = {
        "folders": sorted(_path(each) for each in schema.folders if each),
        "parent_segment": {
            "id": schema.id,
            "name": schema.name,
            "timezone": schema.timezone,
        },
        "attributes": _columns(schema.attributes),
        "headings": {
            each.name: each.heading
            for each in _by_name(schema.attributes)
            if each.heading is not None
        },
        "behaviors": {
            written: _columns(each.columns)
            for each in _by_name(schema.behaviors)
            if (written := name_of(each.name)) is not None
        },
        "tables": {
            each.name: _columns(each.columns)
            for each in _by_name(schema.behaviors)
            if name_of(each.name) is None
        },
        "customer_groups": {
            each.name: _columns(each.columns) for each in _by_name(schema.customer_groups)
        },
        "labels": _drop_empty(
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
        ),
        "segments": {each.id: _path((*each.folder, each.name)) for each in segments},
        "kinds": {each.id: each.kind for each in segments if each.kind != "batch"},
        "funnels": _names(schema.funnels),
        "stages": {each.id: _names(each.stages) for each in _by_name(schema.funnels)},
        "models": {
            solution: _names(each for each in schema.models if each.solution == solution)
            for solution in ("predictive", "rfm", "cltv")
        },
        "variants": {
            test: _names(each for each in schema.variants if each.test == test)
            for test in sorted({each.test for each in schema.variants})
        },
        "samples": _drop_empty(
            {
                "attributes": _samples(schema, None),
                "columns": _drop_empty(
                    {each.name: _samples(schema, each.name) for each in _by_name(schema.behaviors)}
                ),
            }
        ),
    }
    document["models"] = _drop_empty(document["models"])
    return _HEAD + tomli_w.dumps(_drop_empty(document))


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


def _names(items: Iterable[Funnel | Stage | Model | Variant]) -> dict[str, str]:
    return {each.id: each.name for each in _by_name(items)}


def _path(folder: Folder) -> str:
    """A path with names separated by `/`; in a name `/` is escaped as `~1` and `~` as `~0`."""
    return "/".join(each.replace("~", "~0").replace("/", "~1") for each in folder)


def _folder(path: str) -> Folder:
    return tuple(each.replace("~1", "/").replace("~0", "~") for each in path.split("/"))


def read_schema(text: str, name: str) -> Schema:
    """Parses a schema file; raises SchemaError with the file and the location."""
    what = f"{name} is not a valid schema"
    document = parse_toml(text, name, SchemaError, what, PULL_AGAIN)
    file = document.convert(_File, SchemaError, what, PULL_AGAIN)
    return _Reader(document).schema(file)


class _Reader:
    """Builds a schema from a file and reports errors with their location."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def schema(self, file: _File) -> Schema:
        return Schema(
            file.parent_segment.id,
            file.parent_segment.name,
            file.parent_segment.timezone,
            self.columns(
                file.attributes,
                "attributes",
                self.strings_by_column(file.headings, file.attributes, "headings"),
                self.strings_by_column(
                    file.labels.attributes, file.attributes, "labels.attributes"
                ),
            ),
            self.behaviors(file),
            self.customer_groups(file),
            tuple(map(_folder, file.folders)),
            self.segments(file),
            self.funnels(file),
            tuple(
                Model(*each) for each in self.strings(file.models.predictive, "models.predictive")
            )
            + tuple(Model(*each, "rfm") for each in self.strings(file.models.rfm, "models.rfm"))
            + tuple(Model(*each, "cltv") for each in self.strings(file.models.cltv, "models.cltv")),
            tuple(
                Variant(*each, test)
                for test, variants in self.tables(file.variants, "variants")
                for each in self.strings(variants, f"variants.{test}")
            ),
            tuple(self.samples(file.samples)),
        )

    def error(self, table: str, key: str, why: str) -> SchemaError:
        where = f"{self.document.name}: `{key}` in `[{table}]` {why}"
        path = (*table.split("."), key)
        return self.document.error(SchemaError, path, where, PULL_AGAIN)

    def strings(self, values: _Strings, table: str) -> Iterator[tuple[str, str]]:
        for key, value in values.items():
            if not isinstance(value, str):
                raise self.error(table, key, "must be a string")
            yield key, value

    def tables(self, values: _Tables, table: str) -> Iterator[tuple[str, _Strings]]:
        for key, value in values.items():
            if not isinstance(value, dict):
                raise self.error(table, key, "must be a table")
            yield key, value

    def columns(
        self,
        types: _Strings,
        table: str,
        headings: Mapping[str, str] = NO_TEXTS,
        labels: Mapping[str, str] = NO_TEXTS,
    ) -> tuple[Column, ...]:
        found = []
        for name, text in self.strings(types, table):
            type = _TYPES.get(text)
            match = None if type is not None else re.fullmatch(r"(?s)unknown \((.+)\)", text)
            if type is None and match is None:
                help = did_you_mean(text, _TYPES, f"types are {', '.join(_TYPES)}")
                raise self.error(table, name, f"has the unknown type `{text}`: {help}")
            unknown_type = None if match is None else match[1]
            found.append(Column(name, type, headings.get(name), labels.get(name), unknown_type))
        return tuple(found)

    def strings_by_column(self, values: _Strings, columns: _Strings, table: str) -> dict[str, str]:
        """Strings by column name; raises SchemaError for a name that is not a column."""
        texts = dict(self.strings(values, table))
        for name in texts:
            if name not in columns:
                raise self.error(table, name, "is not an attribute or column in this file")
        return texts

    def behaviors(self, file: _File) -> tuple[Behavior, ...]:
        tables = {
            **{
                table_of(each): (f"behaviors.{each}", columns)
                for each, columns in self.tables(file.behaviors, "behaviors")
            },
            **{
                each: (f"tables.{each}", columns)
                for each, columns in self.tables(file.tables, "tables")
            },
        }
        labels = dict(self.strings(file.labels.behaviors, "labels.behaviors"))
        of_columns = dict(self.tables(file.labels.columns, "labels.columns"))
        for where, named in (("labels.behaviors", labels), ("labels.columns", of_columns)):
            for each in named:
                if each not in tables:
                    raise self.error(where, each, "is not the table of a behavior in this file")
        return tuple(
            Behavior(
                each,
                self.columns(
                    columns,
                    where,
                    labels=self.strings_by_column(
                        of_columns.get(each, {}), columns, f"labels.columns.{each}"
                    ),
                ),
                labels.get(each),
            )
            for each, (where, columns) in tables.items()
        )

    def samples(self, of: _Samples) -> Iterator[Samples]:
        by_table: list[tuple[str | None, str, _Strings]] = [
            (None, "samples.attributes", of.attributes)
        ]
        by_table += [
            (table, f"samples.columns.{table}", columns)
            for table, columns in self.tables(of.columns, "samples.columns")
        ]
        for table, where, columns in by_table:
            for column, sample in columns.items():
                try:
                    values = msgspec.convert(sample, _Values)
                except msgspec.ValidationError as error:
                    raise self.error(where, column, f"has invalid values: {error}") from None
                yield Samples(table, column, values.values, values.low, values.high)

    def customer_groups(self, file: _File) -> tuple[CustomerGroup, ...]:
        where = "labels.customer_groups"
        labels = dict(self.tables(file.labels.customer_groups, where))
        for each in labels:
            if each not in file.customer_groups:
                raise self.error(where, each, "is not a customer group in this file")
        return tuple(
            CustomerGroup(
                each,
                self.columns(
                    columns,
                    f"customer_groups.{each}",
                    labels=self.strings_by_column(labels.get(each, {}), columns, f"{where}.{each}"),
                ),
            )
            for each, columns in self.tables(file.customer_groups, "customer_groups")
        )

    def segments(self, file: _File) -> tuple[Segment, ...]:
        kinds = dict(self.strings(file.kinds, "kinds"))
        for id, kind in kinds.items():
            if id not in file.segments:
                raise self.error("kinds", id, "is not the id of a segment in this file")
            if kind not in _KINDS:
                raise self.error("kinds", id, f"must be {' or '.join(_KINDS)}")
        return tuple(
            _segment(id, path, kinds.get(id))
            for id, path in self.strings(file.segments, "segments")
        )

    def funnels(self, file: _File) -> tuple[Funnel, ...]:
        stages = {
            funnel: tuple(Stage(*each) for each in self.strings(names, f"stages.{funnel}"))
            for funnel, names in self.tables(file.stages, "stages")
        }
        for funnel in stages:
            if funnel not in file.funnels:
                raise self.error("stages", funnel, "is not the id of a funnel in this file")
        return tuple(
            Funnel(id, name, stages.get(id, ()))
            for id, name in self.strings(file.funnels, "funnels")
        )


def _segment(id: str, path: str, kind: str | None) -> Segment:
    *folder, name = _folder(path)
    match kind:
        case "realtime" | "funnel_stage":
            return Segment(id, name, tuple(folder), kind)
        case _:
            return Segment(id, name, tuple(folder))
