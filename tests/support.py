"""Source text to rules in one call, for tests that show text in and JSON out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from segdsl.diagnostics import Code, Report
from segdsl.language.condition.tree import Segment
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.rules.lower import create_request, lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.source import Source

NAME = "test.seg"


def compile_text(
    text: str,
    *,
    layout: Layout = "v5",
    symbolic: bool = True,
    settings: Mapping[str, str] | None = None,
) -> tuple[list[Any], list[Code]]:
    """The create requests of a text as plain data, and the codes of what was found."""
    report = Report()
    file = parse(Source(NAME, text), report)
    found: list[Any] = []
    if not report.has_errors:
        for segment in resolve(Program(NAME, {NAME: file}), report, settings or {}):
            rule = lower(segment, report, layout=layout, symbolic=symbolic)
            if rule is not None:
                found.append(json.loads(encode(create_request(segment, rule))))
    return found, [of.code for of in report.diagnostics]


def segment_of(where: str) -> Segment:
    """The resolved segment with that `where`, which must be without a finding."""
    report = Report()
    file = parse(Source(NAME, f'segment "x" where {where}'), report)
    (segment,) = resolve(Program(NAME, {NAME: file}), report)
    assert not report.diagnostics, where
    return segment


def nodes(of: object) -> list[Any]:
    """Every node of a tree, or of a tuple of trees, from the outside in."""
    if isinstance(of, tuple):
        return [node for each in of for node in nodes(each)]
    if not isinstance(of, Struct):
        return []
    return [of, *(node for name in of.__struct_fields__ for node in nodes(getattr(of, name)))]


def rule_of(where: str, *, layout: Layout = "v5", symbolic: bool = True) -> Any:
    """The rule of a segment with that `where`, which must compile without a finding."""
    requests, codes = compile_text(f'segment "x" where {where}', layout=layout, symbolic=symbolic)
    assert codes == [], (where, codes)
    (request,) = requests
    return request["rule"]
