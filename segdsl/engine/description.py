"""`parent_segment.toml`: what files of data cannot say about themselves.

The file is optional, and so is everything in it. Its shape is this project's choice
(assumed); whether the columns it names exist is checked where the tables are opened.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.engine.errors import DataError
from segdsl.schema.model import Funnel, Model, Stage, Variant
from segdsl.values import ColumnType

FILE = "parent_segment.toml"
DEFAULT_ID = "1"
FEWEST_STAGES = 3
"""Of a funnel (described)."""


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
    funnels: dict[str, _Funnel] = {}
    models: _Models = _Models()
    tests: dict[str, dict[str, int]] = {}


def read_description(path: Path, name: str) -> Description:
    """What a file describes, or, without one, a parent segment of that name; raises DataError."""
    file = _read(path)
    if file.timezone not in available_timezones() or not _zone_is_there(file.timezone):
        help = did_you_mean(
            file.timezone, available_timezones(), "write an IANA name, such as “Asia/Tokyo”"
        )
        raise DataError(f"{path}: there is no time zone “{file.timezone}”; {help}")
    types: dict[str, dict[str, ColumnType]] = {}
    for table, columns in file.types.items():
        for column, text in columns.items():
            type = next((each for each in get_args(ColumnType) if each == text), None)
            if type is None:
                there = ", ".join(get_args(ColumnType))
                raise DataError(
                    f"{path}: “{text}”, the type of `{column}` in `[types.{table}]`, "
                    f"is none of: {there}"
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
    )
    return Description(path, parent, types)


def _check_ids(file: _File, path: Path) -> None:
    """Refuses ids that the API could not have, and one that is given twice."""
    for name, funnel in file.funnels.items():
        if len(funnel.stages) < FEWEST_STAGES:
            raise DataError(
                f"{path}: the funnel “{name}” has {len(funnel.stages)} stages; a funnel has "
                f"{FEWEST_STAGES} at least"
            )
    models = file.models
    kinds: dict[str, list[int]] = {
        "funnels": [each.id for each in file.funnels.values()],
        "stages": [id for each in file.funnels.values() for id in each.stages.values()],
        "predictive models": list(models.predictive.values()),
        "rfm and cltv models": [*models.rfm.values(), *models.cltv.values()],
        "variants": [id for each in file.tests.values() for id in each.values()],
    }
    for kind, ids in kinds.items():
        for id in ids:
            if id < 1:
                raise DataError(f"{path}: ids of {kind} are whole numbers from 1, and {id} is none")
            if ids.count(id) > 1:
                raise DataError(f"{path}: two {kind} have the id {id}; give each its own")


def _read(path: Path) -> _File:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except FileNotFoundError:
        return _File()
    except OSError as error:
        raise DataError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no TOML file: {error}") from error
    except msgspec.ValidationError as error:
        raise DataError(f"{path} is not as it should be: {error}") from None


def _zone_is_there(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
