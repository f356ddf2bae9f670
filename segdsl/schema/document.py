"""The schema as a file of a workspace: TOML, one line for each thing, sorted by name.

Made to be read and to be merged: what comes or goes is one line. Pure: texts in, texts out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec
import tomli_w

from segdsl.files import FileError
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
from segdsl.values import ColumnType

_HEAD = """\
# What the parent segment has, as `segdsl schema pull` found it: names with their types, and ids
# with their names. Committed with the workspace, so that `segdsl check` knows it offline.
"""
_AGAIN = "run `segdsl schema pull` again"
_Solution = dict[str, str]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


class SchemaError(FileError):
    """A schema that cannot be used; its text says what to do."""


class _Parent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    timezone: str


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    predictive: _Solution = {}
    rfm: _Solution = {}
    cltv: _Solution = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns are types by name; all else is names (or paths) by id."""

    parent_segment: _Parent
    folders: tuple[str, ...] = ()
    attributes: dict[str, ColumnType] = {}
    headings: dict[str, str] = {}
    behaviors: dict[str, dict[str, ColumnType]] = {}
    customer_groups: dict[str, dict[str, ColumnType]] = {}
    segments: dict[str, str] = {}
    kinds: dict[str, str] = {}
    funnels: dict[str, str] = {}
    stages: dict[str, dict[str, str]] = {}
    models: _Models = _Models()
    variants: dict[str, dict[str, str]] = {}


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
        "behaviors": {each.name: _columns(each.columns) for each in _by_name(schema.behaviors)},
        "customer_groups": {
            each.name: _columns(each.columns) for each in _by_name(schema.customer_groups)
        },
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
    }
    return _HEAD + tomli_w.dumps(_without_nothing(document))


def _without_nothing(document: dict[str, Any]) -> dict[str, Any]:
    """The document without empty tables; a behavior without columns stays."""
    document["models"] = {key: each for key, each in document["models"].items() if each}
    return {key: each for key, each in document.items() if each}


def _by_name(of: Iterable[_T]) -> list[_T]:
    return sorted(of, key=lambda each: (each.name, getattr(each, "id", "")))


def _columns(of: Iterable[Column]) -> dict[str, str]:
    return {each.name: each.type for each in _by_name(of)}


def _names(of: Iterable[Funnel | Stage | Model | Variant]) -> dict[str, str]:
    return {each.id: each.name for each in _by_name(of)}


def _path(folder: Folder) -> str:
    """A path whose `/` part its names; one within a name is written `~1` (and `~` as `~0`)."""
    return "/".join(each.replace("~", "~0").replace("/", "~1") for each in folder)


def _folder(path: str) -> Folder:
    return tuple(each.replace("~1", "/").replace("~0", "~") for each in path.split("/"))


def read_schema(text: str, name: str) -> Schema:
    """The schema in a file's text; raises SchemaError that names the file and the place."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{name} is no schema: {error}; {_AGAIN}") from None
    except msgspec.ValidationError as error:
        raise SchemaError(f"{name} is no schema: {error}; {_AGAIN}") from None
    for funnel in file.stages:
        if funnel not in file.funnels:
            raise SchemaError(f"{name} has stages of a funnel #{funnel} that it lacks; {_AGAIN}")
    for id, kind in file.kinds.items():
        if id not in file.segments or kind not in ("realtime", "funnel_stage"):
            raise SchemaError(f"{name}: `kinds` is wrong about #{id}; {_AGAIN}")
    return Schema(
        file.parent_segment.id,
        file.parent_segment.name,
        file.parent_segment.timezone,
        tuple(
            Column(each, type, file.headings.get(each)) for each, type in file.attributes.items()
        ),
        tuple(Behavior(each, _read(columns)) for each, columns in file.behaviors.items()),
        tuple(
            CustomerGroup(each, _read(columns)) for each, columns in file.customer_groups.items()
        ),
        tuple(map(_folder, file.folders)),
        tuple(_segment(id, path, file.kinds.get(id)) for id, path in file.segments.items()),
        tuple(
            Funnel(
                id,
                funnel,
                tuple(Stage(stage, each) for stage, each in file.stages.get(id, {}).items()),
            )
            for id, funnel in file.funnels.items()
        ),
        tuple(Model(id, each) for id, each in file.models.predictive.items())
        + tuple(Model(id, each, "rfm") for id, each in file.models.rfm.items())
        + tuple(Model(id, each, "cltv") for id, each in file.models.cltv.items()),
        tuple(
            Variant(id, each, test)
            for test, variants in file.variants.items()
            for id, each in variants.items()
        ),
    )


def _read(columns: Mapping[str, ColumnType]) -> tuple[Column, ...]:
    return tuple(Column(each, type) for each, type in columns.items())


def _segment(id: str, path: str, kind: str | None) -> Segment:
    *folder, name = _folder(path)
    match kind:
        case "realtime" | "funnel_stage":
            return Segment(id, name, tuple(folder), kind)
        case _:
            return Segment(id, name, tuple(folder))
