"""What does not fit into a shape, in words: unknown and missing keys, values of another type.

The shapes are msgspec's structs. msgspec itself says that something is wrong, but not at which key
of a table that has names of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any, Literal

import msgspec
from msgspec import inspect as shape

from segdsl.diagnostics.suggest import did_you_mean, nearest
from segdsl.toml.places import Path, written

Part = Literal["key", "value"]


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong at a path, on its key or on its value, and what to do."""

    path: Path
    message: str
    help: str | None = None
    on: Part = "key"


def mistakes(data: object, type: object) -> Iterator[Mistake]:
    """All that does not fit, in the order of the shape."""
    yield from _check(data, shape.type_info(type), ())


def _check(data: Any, type: shape.Type, path: Path) -> Iterator[Mistake]:
    match type:
        case shape.StructType():
            yield from _struct(data, type, path)
        case shape.UnionType() if (structs := _structs(type)) and isinstance(data, dict):
            if len(structs) == 1 and structs[0].tag_field is None:
                yield from _struct(data, structs[0], path)
            else:
                yield from _tagged(data, structs, path)
        case shape.DictType() if isinstance(data, dict):
            for name, value in data.items():
                yield from _check(value, type.value_type, (*path, name))
        case shape.VarTupleType() | shape.ListType() if isinstance(data, list):
            for number, value in enumerate(data):
                yield from _check(value, type.item_type, (*path, number))
        case _:
            if not _fits(data, type):
                yield _wrong(path, type, data)


def _struct(data: Any, type: shape.StructType, path: Path) -> Iterator[Mistake]:
    if not isinstance(data, dict):
        yield _wrong(path, type, data)
        return
    fields = {each.encode_name: each for each in type.fields}
    known = [*fields, *([type.tag_field] if type.tag_field else [])]
    for name, value in data.items():
        if name in fields:
            yield from _check(value, fields[name].type, (*path, name))
        elif name != type.tag_field and type.forbid_unknown_fields:
            yield Mistake(
                (*path, name),
                f"unknown key `{name}`{_where(path)}",
                did_you_mean(name, known, f"the keys are: {', '.join(known)}"),
            )
    for name, field in fields.items():
        misspelled = any(each not in fields and nearest(each, known) == name for each in data)
        if field.required and name not in data and not misspelled:
            yield Mistake(
                path,
                f"missing key `{name}`{_where(path)}",
                f"write `{name} = …`, {_kind(field.type)}",
            )


def _tagged(data: dict[str, Any], structs: list[shape.StructType], path: Path) -> Iterator[Mistake]:
    """Checks a table as the struct that its tag names."""
    by_tag = {str(each.tag): each for each in structs}
    [tag] = {each.tag_field for each in structs if each.tag_field is not None}
    there = " or ".join(f'{tag} = "{each}"' for each in by_tag)
    if tag not in data:
        yield Mistake(path, f"missing key `{tag}`{_where(path)}", f"write {there}")
        return
    chosen = data[tag]
    if not isinstance(chosen, str) or chosen not in by_tag:
        help = did_you_mean(str(chosen), by_tag, f"write {there}")
        yield Mistake((*path, tag), f"unknown {tag}{_where(path)}", help, "value")
        return
    yield from _struct(data, by_tag[chosen], path)


def _structs(type: shape.UnionType) -> list[shape.StructType]:
    return [each for each in type.types if isinstance(each, shape.StructType)]


def _fits(data: Any, type: shape.Type) -> bool:
    match type:
        case shape.AnyType():
            return True
        case shape.UnionType():
            return any(_fits(data, each) for each in type.types)
        case shape.StrType():
            return isinstance(data, str)
        case shape.BoolType():
            return isinstance(data, bool)
        case shape.IntType():
            return isinstance(data, int) and not isinstance(data, bool)
        case shape.FloatType():
            return isinstance(data, int | float) and not isinstance(data, bool)
        case shape.NoneType():
            return data is None
        case shape.LiteralType():
            return data in type.values
        case shape.DateTimeType():
            return _is_time(data)
        case shape.TimeType():
            return isinstance(data, time)
        case shape.DictType():
            return isinstance(data, dict) and all(
                _fits(each, type.value_type) for each in data.values()
            )
        case _:
            return False


def _is_time(data: object) -> bool:
    from datetime import datetime

    try:
        msgspec.convert(data, datetime)
    except msgspec.ValidationError:
        return False
    return True


def _wrong(path: Path, type: shape.Type, data: object) -> Mistake:
    name = next((each for each in reversed(path) if isinstance(each, str)), "")
    above = path[: len(path) - 1 - [*reversed(path)].index(name)] if name else ()
    element = "an element of " if path and isinstance(path[-1], int) else ""
    return Mistake(
        path,
        f"{element}`{name}`{_where(above)} must be {_kind(type)}, not {_is(data)}",
        _advice(type, data),
        "value",
    )


def _advice(type: shape.Type, data: object) -> str | None:
    match type:
        case shape.StrType() if isinstance(data, int | float) and not isinstance(data, bool):
            return f'write it in quotes: "{data}"'
        case shape.BoolType() if data in ("true", "false"):
            return f"write it without quotes: {data}"
        case shape.VarTupleType() | shape.ListType() if isinstance(data, str):
            return "write it in brackets: […]"
        case shape.UnionType():
            found = (_advice(each, data) for each in type.types)
            return next((each for each in found if each is not None), None)
        case shape.DateTimeType():
            return "write it as 2024-10-01T09:00:00+09:00"
        case shape.TimeType():
            return "write it as 03:00:00, without quotes"
        case _:
            return None


def _kind(type: shape.Type) -> str:
    match type:
        case shape.UnionType():
            kinds = dict.fromkeys(
                _kind(each) for each in type.types if not isinstance(each, shape.NoneType)
            )
            return " or ".join(kinds)
        case shape.StrType():
            return "a string"
        case shape.BoolType():
            return "true or false"
        case shape.IntType():
            return "an integer"
        case shape.FloatType():
            return "a number"
        case shape.DateTimeType():
            return "a date and time"
        case shape.TimeType():
            return "a time of day"
        case shape.VarTupleType() | shape.ListType():
            return "a list"
        case shape.LiteralType():
            return " or ".join(f'"{each}"' for each in type.values)
        case _:
            return "a table"


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    (int, "an integer"),
    (float, "a number"),
    (dict, "a table"),
    (list, "a list"),
)


def _is(data: object) -> str:
    return next((words for type, words in _KINDS if isinstance(data, type)), "a date or time")


def _where(path: Path) -> str:
    return f" in [{written(path)}]" if path else ""
