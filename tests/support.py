"""A condition to its resolved segment and its rule, and the nodes of a tree."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from segdsl import Program, Report, Source, compile_text, parse, resolve
from segdsl.language.condition.tree import Segment
from segdsl.rules.lower.segment import Layout


def segment_of(where: str) -> Segment:
    """The resolved segment with that `where`, which has no diagnostic; a rule may not hold it."""
    report = Report()
    file = parse(Source("x.seg", f'segment "x" where {where}'), report)
    [segment] = resolve(Program("x.seg", {"x.seg": file}), report)
    assert not report.diagnostics, where
    return segment


def rule_of(where: str, *, layout: Layout = "v5") -> Any:
    """The rule of a segment with that `where`, without a diagnostic; names stay marked."""
    compiled = compile_text(f'segment "x" where {where}', layout=layout, symbolic=True)
    assert compiled.codes == [], compiled.render()
    [segment] = compiled.segments
    return segment.rule


def nodes(of: object) -> list[Any]:
    """Every node of a tree, or of a tuple of trees, from the outside in."""
    if isinstance(of, tuple):
        return [node for each in of for node in nodes(each)]
    if not isinstance(of, Struct):
        return []
    return [of, *(node for name in of.__struct_fields__ for node in nodes(getattr(of, name)))]
