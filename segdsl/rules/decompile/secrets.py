"""Settings that look like secrets: left out of source, which is committed and read by many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.values import Boolean, Number, Text
from segdsl.secrets import is_hidden
from segdsl.terminal import visible


def without_secrets(delivery: a.Delivery, path: str, report: Report) -> a.Delivery:
    """A delivery without the settings whose texts look like secrets; each is reported.

    `path` is where the delivery stands in the JSON.
    """
    if delivery.settings is None:
        return delivery
    entries = tuple(_kept(delivery.settings, "", f"{path}.connectorConfig", report))
    settings = a.MapSetting(entries) if entries else None
    return msgspec.structs.replace(delivery, settings=settings)


def _kept(settings: a.MapSetting, outside: str, path: str, report: Report) -> Iterator[a.Entry]:
    for entry in settings.entries:
        name = f"{outside}.{entry.name}" if outside else entry.name
        at = f"{path}.{entry.name}"
        if _holds_secret(entry.value, name):
            report.add(
                Code.SEG408,
                None,
                f"the setting `{visible(name)}` looks like a secret, and is left out",
                help="keep it in the connection, which only the account knows",
                path=at,
            )
        else:
            value = _setting(entry.value, name, at, report)
            yield msgspec.structs.replace(entry, value=value)


def _setting(setting: a.Setting, name: str, path: str, report: Report) -> a.Setting:
    match setting:
        case a.MapSetting():
            return a.MapSetting(tuple(_kept(setting, name, path, report)))
        case a.ListSetting(items):
            return a.ListSetting(
                tuple(
                    _setting(each, name, f"{path}[{at}]", report) for at, each in enumerate(items)
                )
            )
        case Text() | Number() | Boolean() | a.Null():
            return setting
        case _:
            assert_never(setting)


def _holds_secret(setting: a.Setting, name: str) -> bool:
    """Whether a text of a setting, or of its list, looks like a secret; a map's have own names."""
    match setting:
        case Text(value):
            return is_hidden(name, value)
        case a.ListSetting(items):
            return any(_holds_secret(each, name) for each in items)
        case a.MapSetting() | Number() | Boolean() | a.Null():
            return False
        case _:
            assert_never(setting)
