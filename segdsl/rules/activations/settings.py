"""The settings of a connector as `connectorConfig`, and read back: any JSON object, exactly."""

from __future__ import annotations

from typing import Any, assert_never

from segdsl.language import activations as a
from segdsl.language.values import Boolean, Number, Text
from segdsl.rules.activations.fields import FieldReader

MAX_DEPTH = 100


def encode_settings(setting: a.Setting) -> Any:
    match setting:
        case Text(value) | Boolean(value):
            return value
        case Number():
            return setting
        case a.Null():
            return None
        case a.ListSetting(items):
            return [encode_settings(each) for each in items]
        case a.MapSetting(entries):
            return {each.name: encode_settings(each.value) for each in entries}
        case _:
            assert_never(setting)


def read_settings(value: Any, path: str, reader: FieldReader) -> a.MapSetting:
    """The settings of a JSON object; raises UnreadableError."""
    if not isinstance(value, dict):
        reader.fail(path, "`connectorConfig` is an object")
    settings = _read(value, path, reader, 0)
    assert isinstance(settings, a.MapSetting)
    return settings


def _read(value: Any, path: str, reader: FieldReader, depth: int) -> a.Setting:
    if depth > MAX_DEPTH:
        reader.fail(path, f"settings are nested more than {MAX_DEPTH} deep")
    match value:
        case None:
            return a.Null()
        case bool():
            return Boolean(value)
        case Number():
            return reader.number(value, path, "a setting")
        case list():
            items = [
                _read(each, f"{path}[{index}]", reader, depth + 1)
                for index, each in enumerate(value)
            ]
            return a.ListSetting(tuple(items))
        case dict():
            entries = []
            for key, inner in value.items():
                at = f"{path}.{key}"
                name = reader.text(key, at, "a name")
                entries.append(a.Entry(name, _read(inner, at, reader, depth + 1)))
            return a.MapSetting(tuple(entries))
        case _:
            return Text(reader.text(value, path, "a setting"))
