"""Fixes of what an activation or a template exports twice, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from segdsl.diagnostics import Code
from segdsl.language import activations as a
from segdsl.language.syntax import tree as t
from segdsl.source import Span


class Removal(NamedTuple):
    """What is removed for a finding at `span`: the text from `start` to `end`."""

    code: Code
    span: Span
    start: int
    end: int


def removals(item: t.Activation | t.ActivationTemplate) -> Iterator[Removal]:
    """The columns and behaviors that are there before, with the same name and meaning."""
    before: list[a.BehaviorExport] = []
    for clause in item.clauses:
        match clause:
            case a.Columns(_, items):
                yield from _columns(items)
            case a.BehaviorExport():
                if clause in before:
                    span = clause.span
                    yield Removal(Code.SEG235, clause.behavior_span, span.start, span.end)
                else:
                    yield from _columns(clause.columns)
                before.append(clause)
            case _:
                pass


def _columns(columns: Iterable[a.ExportColumn]) -> Iterator[Removal]:
    last: a.ExportColumn | None = None
    seen: list[a.ExportColumn] = []
    for column in columns:
        if column in seen and last is not None:
            yield Removal(Code.SEG231, column.span, last.span.end, column.span.end)
        seen.append(column)
        last = column
