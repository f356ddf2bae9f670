"""The schema as a file of a workspace: TOML, one line for each thing, sorted by name.

Made to be read and to be merged: what comes or goes is one line. Pure: texts in, texts out.
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
# What the parent segment has, as `segdsl schema pull` found it: names with their types, and ids
# with their names. Committed with the workspace, so that `segdsl check` knows it offline.
"""
AGAIN = "run `segdsl schema pull` again"
# Texts by name or id, and tables of them. What is neither is found by hand: msgspec does not
# say at which key it is.
_Texts = dict[str, Any]
_Tables = dict[str, Any]
_TYPES: dict[str, ColumnType] = {each: each for each in get_args(ColumnType)}
_KINDS = SEGMENT_KINDS[1:]
NOTHING: Mapping[str, str] = {}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


class SchemaError(InputError):
    """A schema that cannot be used; its text says what to do."""


class _Parent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    timezone: str


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    predictive: _Texts = {}
    rfm: _Texts = {}
    cltv: _Texts = {}


class _Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the console shows: of columns by their behavior's matrix table, of the attributes of
    customer groups by the group."""

    attributes: _Texts = {}
    behaviors: _Texts = {}
    columns: _Tables = {}
    customer_groups: _Tables = {}


class _Samples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The values of attributes by name, and of columns by their behavior's matrix table."""

    attributes: _Tables = {}
    columns: _Tables = {}


class _Values(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All strings that a column had, or the bounds of its numbers."""

    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns are types by name; all else is names (or paths) by id.

    `behaviors` are named as in source, `tables` are those without the prefix.
    """

    parent_segment: _Parent
    folders: tuple[str, ...] = ()
    attributes: _Texts = {}
    headings: _Texts = {}
    behaviors: _Tables = {}
    tables: _Tables = {}
    customer_groups: _Tables = {}
    labels: _Labels = _Labels()
    segments: _Texts = {}
    kinds: _Texts = {}
    funnels: _Texts = {}
    stages: _Tables = {}
    models: _Models = _Models()
    variants: _Tables = {}
    samples: _Samples = _Samples()


def write_schema(schema: Schema) -> str:
    """The text of a schema: the same bytes for the same things, in whatever order they came."""
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
        "labels": _without_nothing(
            {
                "attributes": _labels(schema.attributes),
                "behaviors": _labels(schema.behaviors),
                "columns": _without_nothing(
                    {each.name: _labels(each.columns) for each in _by_name(schema.behaviors)}
                ),
                "customer_groups": _without_nothing(
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
        "samples": _without_nothing(
            {
                "attributes": _samples(schema, None),
                "columns": _without_nothing(
                    {each.name: _samples(schema, each.name) for each in _by_name(schema.behaviors)}
                ),
            }
        ),
    }
    document["models"] = _without_nothing(document["models"])
    return _HEAD + tomli_w.dumps(_without_nothing(document))


def _without_nothing(table: dict[str, Any]) -> dict[str, Any]:
    """A table without the empty ones right in it."""
    return {key: each for key, each in table.items() if each}


def _by_name(of: Iterable[_T]) -> list[_T]:
    return sorted(of, key=lambda each: (each.name, getattr(each, "id", "")))


def _columns(of: Iterable[Column]) -> dict[str, str]:
    return {each.name: _type(each) for each in _by_name(of)}


def _type(of: Column) -> str:
    return of.type if of.type is not None else f"unknown ({of.type_name})"


def _samples(schema: Schema, table: str | None) -> dict[str, dict[str, Any]]:
    found = sorted(
        (each for each in schema.samples if each.behavior == table), key=lambda each: each.column
    )
    return {
        each.column: {"values": list(each.values)}
        if each.values
        else {"low": each.low, "high": each.high}
        for each in found
    }


def _labels(of: Iterable[Column | Behavior]) -> dict[str, str]:
    return {each.name: each.label for each in _by_name(of) if each.label is not None}


def _names(of: Iterable[Funnel | Stage | Model | Variant]) -> dict[str, str]:
    return {each.id: each.name for each in _by_name(of)}


def _path(folder: Folder) -> str:
    """A path whose `/` part its names; one within a name is written `~1` (and `~` as `~0`)."""
    return "/".join(each.replace("~", "~0").replace("/", "~1") for each in folder)


def _folder(path: str) -> Folder:
    return tuple(each.replace("~1", "/").replace("~0", "~") for each in path.split("/"))


def read_schema(text: str, name: str) -> Schema:
    """The schema in a file's text; raises SchemaError that names the file and the place."""
    what = f"{name} is not a valid schema"
    document = parse_toml(text, name, SchemaError, what, AGAIN)
    file = document.convert(_File, SchemaError, what, AGAIN)
    return _Reader(document).schema(file)


class _Reader:
    """Makes a schema of a file, and says of what is wrong in it where that is."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def schema(self, of: _File) -> Schema:
        return Schema(
            of.parent_segment.id,
            of.parent_segment.name,
            of.parent_segment.timezone,
            self.columns(
                of.attributes,
                "attributes",
                self.about(of.headings, of.attributes, "headings"),
                self.about(of.labels.attributes, of.attributes, "labels.attributes"),
            ),
            self.behaviors(of),
            self.customer_groups(of),
            tuple(map(_folder, of.folders)),
            self.segments(of),
            self.funnels(of),
            tuple(Model(*each) for each in self.texts(of.models.predictive, "models.predictive"))
            + tuple(Model(*each, "rfm") for each in self.texts(of.models.rfm, "models.rfm"))
            + tuple(Model(*each, "cltv") for each in self.texts(of.models.cltv, "models.cltv")),
            tuple(
                Variant(*each, test)
                for test, variants in self.tables(of.variants, "variants")
                for each in self.texts(variants, f"variants.{test}")
            ),
            tuple(self.samples(of.samples)),
        )

    def wrong(self, table: str, key: str, why: str) -> SchemaError:
        where = f"{self.document.name}: `{key}` in `[{table}]` {why}"
        path = (*table.split("."), key)
        return self.document.error(SchemaError, path, where, AGAIN)

    def texts(self, of: _Texts, table: str) -> Iterator[tuple[str, str]]:
        for key, value in of.items():
            if not isinstance(value, str):
                raise self.wrong(table, key, "is no text in quotes")
            yield key, value

    def tables(self, of: _Tables, table: str) -> Iterator[tuple[str, _Texts]]:
        for key, value in of.items():
            if not isinstance(value, dict):
                raise self.wrong(table, key, "is no table")
            yield key, value

    def columns(
        self,
        of: _Texts,
        table: str,
        headings: Mapping[str, str] = NOTHING,
        labels: Mapping[str, str] = NOTHING,
    ) -> tuple[Column, ...]:
        found = []
        for name, text in self.texts(of, table):
            type = _TYPES.get(text)
            unknown = None if type is not None else re.fullmatch(r"(?s)unknown \((.+)\)", text)
            if type is None and unknown is None:
                help = did_you_mean(text, _TYPES, f"there are {', '.join(_TYPES)}")
                raise self.wrong(table, name, f"has the type `{text}`, which is none: {help}")
            given = None if unknown is None else unknown[1]
            found.append(Column(name, type, headings.get(name), labels.get(name), given))
        return tuple(found)

    def about(self, of: _Texts, columns: _Texts, table: str) -> dict[str, str]:
        """Texts by the names of columns, each of which must be there."""
        found = dict(self.texts(of, table))
        for each in found:
            if each not in columns:
                raise self.wrong(table, each, "is no attribute or column of this file")
        return found

    def behaviors(self, of: _File) -> tuple[Behavior, ...]:
        tables = {
            **{
                table_of(each): (f"behaviors.{each}", columns)
                for each, columns in self.tables(of.behaviors, "behaviors")
            },
            **{
                each: (f"tables.{each}", columns)
                for each, columns in self.tables(of.tables, "tables")
            },
        }
        labels = dict(self.texts(of.labels.behaviors, "labels.behaviors"))
        of_columns = dict(self.tables(of.labels.columns, "labels.columns"))
        for where, named in (("labels.behaviors", labels), ("labels.columns", of_columns)):
            for each in named:
                if each not in tables:
                    raise self.wrong(where, each, "is the table of no behavior of this file")
        return tuple(
            Behavior(
                each,
                self.columns(
                    columns,
                    where,
                    labels=self.about(of_columns.get(each, {}), columns, f"labels.columns.{each}"),
                ),
                labels.get(each),
            )
            for each, (where, columns) in tables.items()
        )

    def samples(self, of: _Samples) -> Iterator[Samples]:
        by_table: list[tuple[str | None, str, _Texts]] = [
            (None, "samples.attributes", of.attributes)
        ]
        by_table += [
            (table, f"samples.columns.{table}", columns)
            for table, columns in self.tables(of.columns, "samples.columns")
        ]
        for table, where, columns in by_table:
            for column, found in columns.items():
                try:
                    values = msgspec.convert(found, _Values)
                except msgspec.ValidationError as error:
                    raise self.wrong(where, column, f"has no values: {error}") from None
                yield Samples(table, column, values.values, values.low, values.high)

    def customer_groups(self, of: _File) -> tuple[CustomerGroup, ...]:
        where = "labels.customer_groups"
        labels = dict(self.tables(of.labels.customer_groups, where))
        for each in labels:
            if each not in of.customer_groups:
                raise self.wrong(where, each, "is no customer group of this file")
        return tuple(
            CustomerGroup(
                each,
                self.columns(
                    columns,
                    f"customer_groups.{each}",
                    labels=self.about(labels.get(each, {}), columns, f"{where}.{each}"),
                ),
            )
            for each, columns in self.tables(of.customer_groups, "customer_groups")
        )

    def segments(self, of: _File) -> tuple[Segment, ...]:
        kinds = dict(self.texts(of.kinds, "kinds"))
        for id, kind in kinds.items():
            if id not in of.segments:
                raise self.wrong("kinds", id, "is the id of no segment of this file")
            if kind not in _KINDS:
                raise self.wrong("kinds", id, f"is none of {' and '.join(_KINDS)}")
        return tuple(
            _segment(id, path, kinds.get(id)) for id, path in self.texts(of.segments, "segments")
        )

    def funnels(self, of: _File) -> tuple[Funnel, ...]:
        stages = {
            funnel: tuple(Stage(*each) for each in self.texts(names, f"stages.{funnel}"))
            for funnel, names in self.tables(of.stages, "stages")
        }
        for funnel in stages:
            if funnel not in of.funnels:
                raise self.wrong("stages", funnel, "is the id of no funnel of this file")
        return tuple(
            Funnel(id, name, stages.get(id, ())) for id, name in self.texts(of.funnels, "funnels")
        )


def _segment(id: str, path: str, kind: str | None) -> Segment:
    *folder, name = _folder(path)
    match kind:
        case "realtime" | "funnel_stage":
            return Segment(id, name, tuple(folder), kind)
        case _:
            return Segment(id, name, tuple(folder))
