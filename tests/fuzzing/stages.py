"""Texts and rules through every stage: a finding or a result of bounded size, no exception."""

from __future__ import annotations

import json
from typing import Any

from segdsl.analysis.checking import check_names, check_segments
from segdsl.analysis.explain import explain, render_outline
from segdsl.analysis.explain.rule_tree import draw
from segdsl.analysis.lint import lint
from segdsl.analysis.lint.fixes import fix
from segdsl.analysis.lint.suppressions import apply_suppressions, suppressions_by_file, used_names
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.render import render_text
from segdsl.language.format import format_file
from segdsl.language.references.order import in_dependency_order
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.rules.decompile import decompile
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import Rule, encode
from segdsl.rules.rule.reader import read_rule
from segdsl.schema.model import Behavior, Column, CustomerGroup, Schema
from segdsl.source import Source
from segdsl.workspace.remote.queries import Offline, offline_sql

FILE = "x.seg"
SCHEMA = Schema(
    "1",
    "Shop",
    attributes=(
        *(Column("a", "number"), Column("b", "string"), Column("c", "timestamp")),
        *(Column("t", "string_array"), Column("e", "date"), Column("country", "string")),
    ),
    behaviors=(Behavior("behavior_p", (Column("a", "number"), Column("t", "timestamp"))),),
    customer_groups=(CustomerGroup("i", (Column("j", "number"),)),),
)
LAYOUTS: tuple[Layout, ...] = ("v5", "nested")
MOST_WRITTEN = 50_000_000
"""Characters that any stage may make of one text."""
_MOST_SQL = 200_000
"""Characters of the rules for which queries are made: those of large segments take long."""


_NAMES = (Code.SEG111, Code.SEG114)
"""Codes for names that a document may have but no server accepts: blank and duplicate ones."""


def _bounded(text: str) -> str:
    assert len(text) < MOST_WRITTEN
    return text


def run_text(text: str) -> bool:
    """Whether a segment of the text was compiled; raises whatever a stage or a check does."""
    source, report = Source(FILE, text), Report()
    tree = parse(source, report)
    for each in report.diagnostics:
        assert each.span is not None
        assert 0 <= each.span.start <= each.span.end <= max(len(text), 1)
    if not report.has_errors:
        formatted = _bounded(format_file(tree, source))
        again = parse(Source(FILE, formatted), Report())
        assert again.items == tree.items
        assert format_file(again, Source(FILE, formatted)) == formatted
    had_errors = report.has_errors
    program = Program(FILE, {FILE: tree})
    segments = resolve(program, report)
    resolve(program, Report(), owners=SCHEMA.owners)
    assert len(segments) <= text.count("segment")
    compiled = False
    written = 0
    for segment in segments:
        for layout in LAYOUTS:
            own = Report()
            rule = lower(segment, own, symbolic=True, layout=layout)
            assert (rule is None) == own.has_errors
            if rule is not None:
                compiled = True
                written += len(encode(rule))
                _there_and_back(rule, layout)
                for line in draw(rule, 80):
                    _bounded(line)
        _bounded(render_outline(explain(segment), 80))
    if written < _MOST_SQL:
        own = Report()
        made = offline_sql(segments, own, "duckdb", Offline(None, "UTC", None))
        assert len(made) + len(own.diagnostics) >= len(segments)
    check_segments(segments, SCHEMA, report)
    check_names(segments, SCHEMA, report)
    lint(segments, report)
    in_dependency_order(segments, report)
    remaining = apply_suppressions(
        report,
        suppressions_by_file({FILE: tree}, {FILE: source}),
        lambda: used_names([tree]),
        checked_files=[FILE],
    )
    _bounded(render_text(remaining.diagnostics, {FILE: source}, width=80, wrap=True, color=False))
    fixed = fix(source)
    if not had_errors:
        assert not _errors(fixed.text)
    return compiled


def _errors(text: str) -> bool:
    report = Report()
    parse(Source(FILE, text), report)
    return report.has_errors


def _compiled(source: str, layout: Layout) -> list[Rule]:
    """The rules of canonical source; what is decompiled has no mistakes but of its size."""
    report = Report()
    tree = parse(Source(FILE, source), report)
    assert not report.has_errors, [of.message for of in report.diagnostics]
    segments = resolve(Program(FILE, {FILE: tree}), report)
    wrong = [of for of in report.diagnostics if of.severity == "error" and of.code not in _NAMES]
    assert not wrong, [of.message for of in wrong]
    found = [lower(each, report, symbolic=True, layout=layout) for each in segments]
    return [rule for rule in found if rule is not None]


def _there_and_back(rule: Rule, layout: Layout) -> None:
    text = _bounded(encode(rule))
    report = Report()
    source = decompile(text, "x.json", report)
    assert source is not None, [(of.path, of.message) for of in report.diagnostics]
    [again] = _compiled(_bounded(source), layout)
    assert again == rule


def run_rule(document: Any) -> bool:
    """Whether the document was read; what it becomes compiles to the rule that it is."""
    text = json.dumps(document)
    report = Report()
    source = decompile(text, "x.json", report)
    if source is None:
        assert report.has_errors
        assert all(of.path is not None for of in report.diagnostics)
        return False
    _bounded(source)
    rules = [rule for layout in LAYOUTS[1:] for rule in _compiled(source, layout)]
    read = _read(document)
    if read is not None and rules:
        wanted = normalise(read)
        plain = _compiled(source, "v5") or rules
        assert plain[0] == wanted, source
        assert normalise(plain[0]) == wanted
    return True


def _read(document: Any) -> Rule | None:
    """The rule of a document that is one, or that holds one."""
    if isinstance(document, dict) and "rule" in document:
        document = document["rule"]
    report = Report()
    try:
        return read_rule(load(json.dumps(document), report), "$", report)
    except UnreadableError:
        return None
