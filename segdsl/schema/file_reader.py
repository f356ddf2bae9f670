"""Builds a schema from a schema file, and reports errors with their location. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import get_args

import msgspec

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.language.behaviors import table_of
from segdsl.language.values import ColumnType, SegmentKind
from segdsl.schema.file_shapes import (
    UNKNOWN_VISIBILITY,
    SampleTables,
    SampleValues,
    SchemaFile,
    Strings,
    Tables,
    folder_of,
)
from segdsl.schema.model import (
    Behavior,
    Column,
    Connection,
    CustomerGroup,
    Funnel,
    Journey,
    Model,
    Schema,
    Segment,
    Stage,
    Template,
    User,
    Variant,
    Visibility,
)
from segdsl.schema.samples import Samples
from segdsl.toml import Document

PULL_AGAIN = "run `segdsl schema pull` again"
_TYPES: dict[str, ColumnType] = {each: each for each in get_args(ColumnType)}
_KINDS: tuple[SegmentKind, ...] = ("realtime", "funnel_stage", "journey")
"""Those that the file names; the others are `batch`."""
_VISIBILITIES: dict[str, Visibility] = {each: each for each in get_args(Visibility)}
NO_TEXTS: Mapping[str, str] = {}


class SchemaError(InputError):
    """A schema is missing or invalid; the message says what to do."""


class SchemaReader:
    """Builds a schema from a file and reports errors with their location."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def schema(self, file: SchemaFile) -> Schema:
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
                None
                if file.visibility is None
                else self.visibilities(
                    file.visibility.attributes, file.attributes, "visibility.attributes"
                ),
            ),
            self.behaviors(file),
            self.customer_groups(file),
            tuple(map(folder_of, file.folders)),
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
            self.templates(file),
            self.connections(file),
            None
            if file.users is None
            else tuple(User(*each) for each in self.strings(file.users, "users")),
            self.journeys(file),
        )

    def error(self, table: str, key: str, why: str) -> SchemaError:
        where = f"{self.document.name}: `{key}` in `[{table}]` {why}"
        path = (*table.split("."), key)
        return self.document.error(SchemaError, path, where, PULL_AGAIN)

    def strings(self, values: Strings, table: str) -> Iterator[tuple[str, str]]:
        for key, value in values.items():
            if not isinstance(value, str):
                raise self.error(table, key, "must be a string")
            yield key, value

    def tables(self, values: Tables, table: str) -> Iterator[tuple[str, Strings]]:
        for key, value in values.items():
            if not isinstance(value, dict):
                raise self.error(table, key, "must be a table")
            yield key, value

    def columns(
        self,
        types: Strings,
        table: str,
        headings: Mapping[str, str] = NO_TEXTS,
        labels: Mapping[str, str] = NO_TEXTS,
        visibilities: Mapping[str, Visibility | None] | None = None,
    ) -> tuple[Column, ...]:
        found = []
        for name, text in self.strings(types, table):
            type = _TYPES.get(text)
            match = None if type is not None else re.fullmatch(r"(?s)unknown \((.+)\)", text)
            if type is None and match is None:
                help = did_you_mean(text, _TYPES, f"types are {', '.join(_TYPES)}")
                raise self.error(table, name, f"has the unknown type `{text}`: {help}")
            unknown_type = None if match is None else match[1]
            visibility = None if visibilities is None else visibilities.get(name, "clear")
            found.append(
                Column(name, type, headings.get(name), labels.get(name), unknown_type, visibility)
            )
        return tuple(found)

    def visibilities(
        self, values: Strings, columns: Strings, table: str
    ) -> dict[str, Visibility | None]:
        """Visibilities by column name, of those that are not clear."""
        found: dict[str, Visibility | None] = {}
        for name, text in self.strings_by_column(values, columns, table).items():
            if text not in _VISIBILITIES and text != UNKNOWN_VISIBILITY:
                words = " or ".join((*_VISIBILITIES, UNKNOWN_VISIBILITY))
                raise self.error(table, name, f"must be {words}")
            found[name] = _VISIBILITIES.get(text)
        return found

    def strings_by_column(self, values: Strings, columns: Strings, table: str) -> dict[str, str]:
        """Strings by column name; raises SchemaError for a name that is not a column."""
        texts = dict(self.strings(values, table))
        for name in texts:
            if name not in columns:
                raise self.error(table, name, "is not an attribute or column in this file")
        return texts

    def behaviors(self, file: SchemaFile) -> tuple[Behavior, ...]:
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
        of_visibility = (
            {}
            if file.visibility is None
            else dict(self.tables(file.visibility.columns, "visibility.columns"))
        )
        for where, named in (
            ("labels.behaviors", labels),
            ("labels.columns", of_columns),
            ("visibility.columns", of_visibility),
        ):
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
                    visibilities=None
                    if file.visibility is None
                    else self.visibilities(
                        of_visibility.get(each, {}), columns, f"visibility.columns.{each}"
                    ),
                ),
                labels.get(each),
            )
            for each, (where, columns) in tables.items()
        )

    def samples(self, of: SampleTables) -> Iterator[Samples]:
        by_table: list[tuple[str | None, str, Strings]] = [
            (None, "samples.attributes", of.attributes)
        ]
        by_table += [
            (table, f"samples.columns.{table}", columns)
            for table, columns in self.tables(of.columns, "samples.columns")
        ]
        for table, where, columns in by_table:
            for column, sample in columns.items():
                try:
                    values = msgspec.convert(sample, SampleValues)
                except msgspec.ValidationError as error:
                    raise self.error(where, column, f"has invalid values: {error}") from None
                yield Samples(table, column, values.values, values.low, values.high)

    def customer_groups(self, file: SchemaFile) -> tuple[CustomerGroup, ...]:
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

    def segments(self, file: SchemaFile) -> tuple[Segment, ...]:
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

    def funnels(self, file: SchemaFile) -> tuple[Funnel, ...]:
        stages = {
            funnel: tuple(Stage(*each) for each in self.strings(names, f"stages.{funnel}"))
            for funnel, names in self.tables(file.stages, "stages")
        }
        for funnel in stages:
            if funnel not in file.funnels:
                raise self.error("stages", funnel, "is not the id of a funnel in this file")
        folders = dict(self.strings(file.funnel_folders, "funnel_folders"))
        for id in folders:
            if id not in file.funnels:
                raise self.error("funnel_folders", id, "is not the id of a funnel in this file")
        return tuple(
            Funnel(id, name, stages.get(id, ()), folder_of(folders[id]) if id in folders else ())
            for id, name in self.strings(file.funnels, "funnels")
        )

    def journeys(self, file: SchemaFile) -> tuple[Journey, ...] | None:
        stages = {
            id: tuple(Stage(*each) for each in self.strings(names, f"journey_stages.{id}"))
            for id, names in self.tables(file.journey_stages, "journey_stages")
        }
        for id in stages:
            if id not in (file.journeys or {}):
                raise self.error("journey_stages", id, "is not the id of a journey in this file")
        if file.journeys is None:
            return None
        paths = [(id, folder_of(path)) for id, path in self.strings(file.journeys, "journeys")]
        return tuple(Journey(id, path[-1], stages.get(id, ()), path[:-1]) for id, path in paths)

    def templates(self, file: SchemaFile) -> tuple[Template, ...] | None:
        if file.activation_templates is None:
            return None
        paths = [
            (id, folder_of(path))
            for id, path in self.strings(file.activation_templates, "activation_templates")
        ]
        return tuple(Template(id, path[-1], path[:-1]) for id, path in paths)

    def connections(self, file: SchemaFile) -> tuple[Connection, ...] | None:
        types = dict(self.strings(file.connection_types, "connection_types"))
        for id in types:
            if id not in (file.connections or {}):
                raise self.error(
                    "connection_types", id, "is not the id of a connection in this file"
                )
        if file.connections is None:
            return None
        return tuple(
            Connection(id, name, types.get(id))
            for id, name in self.strings(file.connections, "connections")
        )


def _segment(id: str, path: str, kind: str | None) -> Segment:
    *folder, name = folder_of(path)
    match kind:
        case "realtime" | "funnel_stage" | "journey":
            return Segment(id, name, tuple(folder), kind)
        case _:
            return Segment(id, name, tuple(folder))
