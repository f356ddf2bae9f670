"""A preview as text: a table of counts, breakdowns as outlines with bars, samples of profiles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segdsl.diagnostics.places import counted
from segdsl.terminal import visible
from segdsl.workspace.remote.breakdown import CountRequest, Node
from segdsl.workspace.remote.export_text import MASK, export_rows
from segdsl.workspace.remote.funnel_text import funnel_table
from segdsl.workspace.remote.preview import (
    Answer,
    Counted,
    ExportSample,
    Failed,
    Preview,
    Sample,
    bar,
    share,
)
from segdsl.workspace.remote.shown_times import shown_time

WIDE = 1_000
"""Cells of a line that nobody looks at on a screen: nothing is cut short for a pipe."""
_BAR = 20
_LEAST_FOR_BARS = 70


def text_of(things: Iterable[RenderableType], *, color: bool, width: int | None) -> str:
    """Things as text, one under the other; no width means that no terminal shows them.

    Lines end with what is in them: rich fills the cells of a table up.
    """
    to = Console(
        file=StringIO(),
        force_terminal=color,
        color_system="standard" if color else None,
        width=width or WIDE,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with to.capture() as captured:
        for each in things:
            to.print(each)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def rendered(preview: Preview, width: int | None) -> Iterator[RenderableType]:
    """The whole preview, for `text_of`."""
    if any(each.tree is not None for each in preview.requests):
        for index, each in enumerate(preview.requests):
            if index:
                yield ""
            yield _breakdown(each, preview, width or WIDE)
    elif preview.requests:
        yield _table(preview)
    for index, funnel in enumerate(preview.funnels):
        if index or preview.requests:
            yield ""
        yield funnel_table(funnel, preview, width or WIDE)
    for each in preview.requests:
        sample = preview.samples.get(each.rule)
        if isinstance(sample, Sample):
            yield ""
            yield _sample(each, sample, preview)
    for index, (activation, rows) in enumerate(preview.exports):
        if index or preview.requests or preview.funnels:
            yield ""
        if isinstance(rows, ExportSample):
            yield from export_rows(activation, rows, width or WIDE)
    yield ""
    whole = f"of {counted(preview.population, 'profile')} in “{visible(preview.parent_name)}”"
    yield Text(whole, style="dim")


def _new_table(*columns: str) -> Table:
    """A table without lines: the first column text, the others numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        if index == 0:
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    return table


def _table(preview: Preview) -> RenderableType:
    table = _new_table("Segment", "Profiles", "Share", "Time")
    for each in preview.requests:
        answer = preview.answers[each.rule]
        table.add_row(
            Text(visible(each.segment.name)), *_numbers(answer, preview.population), _time(answer)
        )
    return table


def _numbers(answer: Answer, population: int) -> tuple[Text, Text]:
    match answer:
        case Counted(count):
            style = "yellow" if count == 0 else ""
            return Text(f"{count:,}", style=style), Text(share(count, population), style=style)
        case Failed():
            return Text("failed", style="red"), Text("–")


def _time(answer: Answer) -> Text:
    return Text(f"{answer.seconds:.2f} s" if isinstance(answer, Counted) else "–", style="dim")


# --- breakdowns ----------------------------------------------------------------------


def _breakdown(request: CountRequest, preview: Preview, width: int) -> RenderableType:
    bars = _BAR if width >= _LEAST_FOR_BARS else 0
    table = _new_table(visible(request.segment.name), "Profiles", "Share")
    if bars:
        table.add_column("", width=bars, no_wrap=True)
    if request.tree is not None and _has_left(request.tree):
        table.add_column("Left", justify="right", no_wrap=True)
    for text, node in _lines(request, preview):
        answer = preview.answers[request.rule] if node is None else preview.answers[node.rule]
        row: list[RenderableType] = [text, *_numbers(answer, preview.population)]
        if bars:
            count = answer.count if isinstance(answer, Counted) else 0
            row.append(Text(bar(count, preview.population, bars), style="cyan"))
        if node is not None and node.left is not None:
            row.append(_numbers(preview.answers[node.left], preview.population)[0])
        table.add_row(*row)
    return Group(table)


def _has_left(node: Node) -> bool:
    return node.left is not None or any(map(_has_left, node.children))


def _lines(request: CountRequest, preview: Preview) -> Iterator[tuple[RenderableType, Node | None]]:
    """Each line with its node; the segment itself only where it is more than its condition."""
    tree = request.tree
    if tree is None or request.segment.limit is not None:
        words = "everyone" if tree is None else "the segment, with its limit"
        yield Text(words), None
    if tree is not None:
        yield from _outline(tree, 0)


def _outline(node: Node, depth: int) -> Iterator[tuple[RenderableType, Node]]:
    yield Padding(Text(visible(node.text)), (0, 0, 0, 2 * depth)), node
    for child in node.children:
        yield from _outline(child, depth + 1)


# --- samples -------------------------------------------------------------------------


def _sample(request: CountRequest, sample: Sample, preview: Preview) -> RenderableType:
    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=visible(request.segment.name),
        title_justify="left",
    )
    for name in sample.names:
        table.add_column(Text(visible(name)), overflow="fold")
    for row in sample.rows:
        table.add_row(
            *(
                Text(MASK, style="dim")
                if name in preview.masked
                else _value(shown_time(value, preview.zone) if name in preview.times else value)
                for name, value in zip(sample.names, row, strict=True)
            )
        )
    if not sample.rows:
        return Text(f"{visible(request.segment.name)}: no profile to show", style="dim")
    return table


def _value(value: Any) -> Text:
    match value:
        case None:
            return Text("null", style="dim")
        case str():
            return Text(visible(value))
        case _:
            return Text(json.dumps(value, ensure_ascii=False))
