"""There and back: what is compiled decompiles to what compiles to the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contract import rule_errors
from quick import scaled
from segdsl import compile_text
from segdsl.analysis.explain import explain, render_outline
from segdsl.diagnostics import Code, Report
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.rules.decompile import decompile
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import create_request, lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import Rule, encode
from segdsl.rules.rule.reader import read_rule
from segdsl.source import Source
from strategies.loose_rules import loose_rules
from strategies.rules import rules
from strategies.syntax import compilable, files
from strategies.wild_rules import wild_rules

# What a tree of the generator may not fit into: the rest must compile.
_LIMITS = {
    Code.SEG202,  # a negation that a filter cannot hold
    Code.SEG205,  # a small count for each group
    Code.SEG206,  # a negated score
    Code.SEG208,  # a limit on a complement
    Code.SEG209,  # a negated rule set
    Code.SEG210,  # a rule set inside another
    Code.SEG213,  # elements of a sum or an average
    Code.SEG212,  # a limit without an order (a warning)
    Code.SEG214,  # a limit by an aggregate that is not there (a warning)
}


def compile_file(file: t.File, layout: Layout = "v5") -> tuple[list[Any], Report]:
    report = Report()
    segments = resolve(Program("x.seg", {"x.seg": file}), report)
    rules = [(each, lower(each, report, layout=layout, symbolic=True)) for each in segments]
    return [create_request(each, rule) for each, rule in rules if rule is not None], report


def json_of(requests: Sequence[Any]) -> list[str]:
    return [encode(each) for each in requests]


def decompiled(request: str) -> str:
    report = Report()
    text = decompile(request, "x.json", report)
    assert text is not None, [(d.path, d.message) for d in report.diagnostics]
    return text


@given(compilable, st.sampled_from(["v5", "nested"]))
def test_what_was_compiled_comes_back_and_compiles_to_the_same(
    segment: t.Segment, layout: Layout
) -> None:
    requests, report = compile_file(t.File((segment,)), layout)
    assert {d.code for d in report.diagnostics} <= _LIMITS
    assume(requests)
    text = decompiled(encode(requests[0]))
    again = compile_text(text, layout=layout, symbolic=True).segments
    assert [each.json for each in again] == json_of(requests)
    # Canonical: what comes back is formatted already, and comes back as itself.
    assert format_file(parse(Source("x", text), Report())) == text
    assert decompiled(again[0].json) == text


@given(compilable)
def test_formatting_does_not_change_what_is_compiled(segment: t.Segment) -> None:
    requests, report = compile_file(t.File((segment,)))
    text = format_file(t.File((segment,)))
    again = compile_text(text, symbolic=True)
    assert [each.json for each in again.segments] == json_of(requests)
    # As sets: a tree without places reports the same finding once.
    assert {each.code for each in again.diagnostics} == {d.code for d in report.diagnostics}


@given(files)
@settings(max_examples=scaled(500))
def test_formatting_does_not_change_what_is_found(file: t.File) -> None:
    requests, report = compile_file(file)
    # What is imported is nowhere: `compile_text` would stop there.
    again, found = compile_file(parse(Source("x.seg", format_file(file)), Report()))
    assert encode(again) == encode(requests)
    assert {d.code for d in found.diagnostics} == {d.code for d in report.diagnostics}


@given(compilable)
def test_what_the_compiler_writes_is_in_normal_form(segment: t.Segment) -> None:
    requests, _ = compile_file(t.File((segment,)))
    assume(requests)
    rule: Rule = requests[0].rule
    assert normalise(rule) == rule


# --- from the other side: rules to source and back ---------------------------------------


def read(text: str) -> Rule:
    report = Report()
    rule = read_rule(load(text, report), "$", report)
    assert rule is not None, [(d.path, d.message) for d in report.diagnostics]
    return rule


def rule_and_back(text: str) -> None:
    """compile(decompile(r)) is the normalised r; where two levels hold it, on two levels."""
    wanted = normalise(read(text))
    report = Report()
    source = decompile(text, "x.json", report)
    assert source is not None, [(d.path, d.message) for d in report.diagnostics]
    file = parse(Source("x", source), report)
    assert format_file(file) == source
    for layout in ("v5", "nested"):
        found = Report()
        (segment,) = resolve(Program("x", {"x": file}), found)
        assert render_outline(explain(segment), 100)
        rule = lower(segment, found, layout="v5" if layout == "v5" else "nested")
        if rule is None:
            # Repeated names in a Composite expression, or an older rule, outgrow two levels.
            assert {d.code for d in found.diagnostics} <= {*_TOO_LARGE, Code.SEG212, Code.SEG214}
            continue
        if layout == "v5":
            assert encode(rule) == encode(wanted)
            assert normalise(rule) == rule


_TOO_LARGE = {Code.SEG210, Code.SEG301, Code.SEG302}


@given(wild_rules())
def test_any_rule_comes_back_as_its_normal_form(text: str) -> None:
    rule_and_back(text)


@given(loose_rules())
def test_any_rule_that_is_loosely_written_comes_back_too(pair: tuple[str, str]) -> None:
    rule_and_back(pair[1])


@given(rules())
def test_older_rules_come_back_as_their_normal_form(rule: Any) -> None:
    rule_and_back(json.dumps(rule))


@given(rules(nested=False, composite=False, limits=False))
def test_normal_form_keeps_what_the_console_shows(rule: Any) -> None:
    """Without Composite, the rule sets stay as they are: as many, in order, with their labels."""
    made = json.loads(encode(normalise(read(json.dumps(rule)))))
    before = [part for part in (rule or {}).get("conditions", []) if part["conditions"]]
    assert [part.get("description") or None for part in before] == [
        part.get("description") for part in made["conditions"]
    ]
    assert [len(part["conditions"]) for part in before] == [
        len(part["conditions"]) for part in made["conditions"]
    ]
    several = [
        (b["type"], a["type"])
        for b, a in zip(before, made["conditions"], strict=True)
        if len(b["conditions"]) > 1
    ]
    assert all(old == new for old, new in several)


# --- the contract ------------------------------------------------------------------------


@given(compilable)
def test_what_is_compiled_is_what_the_api_describes(segment: t.Segment) -> None:
    requests, _ = compile_file(t.File((segment,)))
    assume(requests)
    assert rule_errors(json.loads(encode(requests[0].rule))) == []


@given(wild_rules())
@settings(max_examples=scaled(500))
def test_normal_forms_are_what_the_api_describes(text: str) -> None:
    assert rule_errors(json.loads(encode(normalise(read(text))))) == []


@given(compilable)
@settings(max_examples=scaled(300))
def test_the_same_source_gives_the_same_bytes(segment: t.Segment) -> None:
    first, _ = compile_file(t.File((segment,)))
    second, _ = compile_file(t.File((segment,)))
    assert encode(first) == encode(second)
    assert json.loads(encode(first)) == json.loads(encode(first, pretty=False))
