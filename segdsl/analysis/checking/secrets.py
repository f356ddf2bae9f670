"""Secrets and addresses in what an activation says, which belong into a connection.

A file of a workspace is committed and read by many. What looks like a key of a known service is an
error; a setting with a name such as `password`, and an e-mail address, are warnings. No message
repeats a value, and what shows the place masks it (`OF_SECRETS`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language.syntax.spelling import name
from segdsl.language.values import Boolean, Number, Text
from segdsl.secrets import has_address, holds_address, is_placeholder, is_secret_name, kind_of_key
from segdsl.source import Span

_IN_CONNECTION = "keep it in the connection, which only the account knows, and remove it here"


def check_secrets(
    delivery: a.Delivery, description: str | None, span: Span, report: Report
) -> None:
    """Reports keys, secret settings and addresses; `span` is the description's."""
    if description is not None:
        _check_key("this description", description, span, report)
    if delivery.columns is not None:
        _columns(delivery.columns.items, report)
    for behavior in delivery.behaviors:
        _columns(behavior.columns, report)
    if delivery.settings is not None:
        for entry in delivery.settings.entries:
            _setting(entry, (), report)


def _check_key(what: str, text: str, span: Span, report: Report) -> bool:
    kind = kind_of_key(text)
    if kind is not None:
        report.add(Code.SEG240, span, f"{what} contains {kind}", help=_IN_CONNECTION)
    return kind is not None


def _columns(columns: tuple[a.ExportColumn, ...], report: Report) -> None:
    for column in columns:
        what = f"the exported column `{name(column.name)}`"
        for text in _texts_of(column.source):
            if not _check_key(what, text, column.source_span, report) and has_address(text):
                report.add(
                    Code.SEG624,
                    column.source_span,
                    f"{what} contains an e-mail address",
                    help="export a column of the profile instead, or remove the address",
                )


def _texts_of(source: a.ColumnSource | a.TextSource) -> Iterator[str]:
    match source:
        case a.TextSource(parts):
            # A key that is cut in two by a placeholder is none.
            yield from (part for part in parts if isinstance(part, str))
        case a.ColumnSource(_, _, functions):
            for function in functions:
                if isinstance(function, a.Call):
                    yield from (each.value for each in function.arguments if isinstance(each, Text))
        case _:
            assert_never(source)


def _setting(entry: a.Entry, outside: tuple[str, ...], report: Report) -> None:
    """Looks at a setting; `outside` are the names of those that it is in."""
    names = (*outside, entry.name)
    if isinstance(entry.value, a.MapSetting):
        for each in entry.value.entries:
            _setting(each, names, report)
        return
    what = f"the setting `{'.'.join(names)}`"
    for text in _texts_in(entry.value):
        if _check_key(what, text, entry.value_span, report):
            break
        if is_secret_name(".".join(names)) and not is_placeholder(text):
            report.add(
                Code.SEG623,
                entry.value_span,
                f"{what} is named like a secret",
                help=_IN_CONNECTION,
            )
            break
        if has_address(text) and not holds_address(entry.name):
            report.add(
                Code.SEG624,
                entry.value_span,
                f"{what} contains an e-mail address",
                help="name a column that has it, or keep it in the connection",
            )
            break
    for inner in _maps_in(entry.value):
        for each in inner.entries:
            _setting(each, names, report)


def _texts_in(setting: a.Setting) -> Iterator[str]:
    """The texts of a setting and of its lists; those of maps have names of their own."""
    match setting:
        case Text(value):
            yield value
        case a.ListSetting(items):
            for item in items:
                yield from _texts_in(item)
        case Number() | Boolean() | a.Null() | a.MapSetting():
            return
        case _:
            assert_never(setting)


def _maps_in(setting: a.Setting) -> Iterator[a.MapSetting]:
    """The maps in a list."""
    match setting:
        case a.MapSetting():
            yield setting
        case a.ListSetting(items):
            for item in items:
                yield from _maps_in(item)
        case Text() | Number() | Boolean() | a.Null():
            return
        case _:
            assert_never(setting)
