"""The first rows of an activation as text: a table, or on a narrow terminal a list for each row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from segdsl.language.activations import Activation
from segdsl.language.values import TIME_TYPES
from segdsl.terminal import visible
from segdsl.workspace.remote.preview import ExportSample, SampleColumn
from segdsl.workspace.remote.shown_times import shown_time

MASK = "•••••"
"""What stands for a value that is not revealed, of any length."""
_LEAST_CELLS = 14
"""Cells of a column below which a list is easier to read than a table."""


def export_rows(
    activation: Activation, sample: ExportSample, width: int
) -> Iterator[RenderableType]:
    """The rows, and what is not shown of them."""
    title = visible(activation.name)
    if not sample.columns:
        yield Text(f"{title}: no column to show", style="dim")
    elif not sample.rows:
        yield Text(f"{title}: no profile to show", style="dim")
    elif len(sample.columns) * _LEAST_CELLS > width:
        yield from _lists(title, sample)
    else:
        yield _table(title, sample)
    for note in sample.notes:
        yield Text(f"note: {visible(note)}", style="dim")


def _table(title: str, sample: ExportSample) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for column in sample.columns:
        head = Text(visible(column.name))
        head.append(f"\n{column.type or 'unknown'}", style="dim not bold")
        is_number = column.type == "number" and not column.masked
        table.add_column(head, overflow="fold", justify="right" if is_number else "left")
    for row in sample.rows:
        table.add_row(*map(_value, sample.columns, row, [sample.zone] * len(row)))
    return table


def _lists(title: str, sample: ExportSample) -> Iterator[RenderableType]:
    """The rows one under the other, a line for each column."""
    for number, row in enumerate(sample.rows, start=1):
        name = f"{title}, row {number}"
        table = Table(box=None, pad_edge=False, show_header=False, title=name, title_justify="left")
        table.add_column(overflow="fold", style="bold")
        table.add_column(overflow="fold")
        for column, value in zip(sample.columns, row, strict=True):
            table.add_row(Text(visible(column.name)), _value(column, value, sample.zone))
        yield table


def _value(column: SampleColumn, value: Any, zone: str) -> Text:
    if column.masked:
        return Text(MASK, style="dim")
    if column.type in TIME_TYPES:
        value = shown_time(value, zone)
    match value:
        case None:
            return Text("null", style="dim")
        case str():
            return Text(visible(value))
        case _:
            return Text(json.dumps(value, ensure_ascii=False))
