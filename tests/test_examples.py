"""The examples compile, are canonical, and together show the whole language."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from contract import rule_errors
from segdsl import compile_text
from segdsl.diagnostics import Report
from segdsl.files import seg_files
from segdsl.imports import load_programs
from segdsl.language import predicates as p
from segdsl.language.format import format_file
from segdsl.language.resolve import resolve
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.grammar import grammar_text
from segdsl.language.syntax.parser import parse
from segdsl.language.values import SEGMENT_KINDS
from segdsl.rules.decompile import decompile
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import Rule, encode
from segdsl.source import Source
from support import nodes

EXAMPLES = Path(__file__).parents[1] / "examples"
FOLDERS = tuple(EXAMPLES / name for name in ("activations", "funnels", "journeys", "retail"))
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*.seg"))


def compiled(path: Path) -> list[Rule]:
    report = Report()
    programs, _ = load_programs([str(path)], report)
    rules = [
        lower(segment, report, symbolic=True)
        for program in programs
        for segment in resolve(program, report)
    ]
    assert not report.diagnostics, [(d.code, d.message) for d in report.diagnostics]
    return [rule for rule in rules if rule is not None]


def test_there_are_at_least_twelve_segments() -> None:
    assert sum(len(compiled(path)) for path in FILES) >= 12
    assert len(seg_files(map(str, FOLDERS))) == len(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_example_is_canonical(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    source = Source(path.name, text)
    assert format_file(parse(source, Report()), source) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_example_is_commented(path: Path) -> None:
    assert parse(Source(path.name, path.read_text(encoding="utf-8")), Report()).comments


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_rule_is_what_the_api_describes(path: Path) -> None:
    for rule in compiled(path):
        assert rule_errors(json.loads(encode(rule))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_rule_comes_back_and_compiles_to_itself(path: Path) -> None:
    for rule in compiled(path):
        report = Report()
        text = decompile(encode(rule), "x.json", report)
        assert text is not None
        [again] = compile_text(text, symbolic=True).segments
        assert json.loads(encode(rule)) == again.rule


# --- the whole language ------------------------------------------------------------------


ALL = [
    node
    for path in FILES
    for node in nodes(parse(Source(path.name, path.read_text(encoding="utf-8")), Report()).items)
]


def test_together_they_use_every_node() -> None:
    wanted = {
        *get_args(t.Expression),
        *get_args(t.Subject),
        *get_args(t.Item),
        *get_args(p.Predicate),
        p.Ago,
        t.Quantifier,
        t.Clause,
    }
    # What `household.size` is only a schema can tell; until there is one it is an error.
    assert wanted - {type(node) for node in ALL} == {t.Dotted}


def test_together_they_use_every_word_and_sign() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    text = re.sub(r'"[^"\n]*"|`[^`\n]*`|^ *#.*$', " ", text, flags=re.MULTILINE)
    terminals = re.findall(r'^[A-Z_]+: "(.+)"$', grammar_text(), re.MULTILINE)
    terminals += re.findall(r"^[A-Z_]+\.3: /([a-z]+)\(\?=", grammar_text(), re.MULTILINE)
    words = set(re.findall(r"[a-z]+|[<>!]=|[^\s\w]", text))
    assert [each for each in terminals if each not in words] == []


def test_together_they_use_every_function_quantifier_and_kind() -> None:
    functions = {node.function for node in ALL if isinstance(node, t.Aggregate)}
    assert functions == set(get_args(t.Function))
    assert {node.how for node in ALL if isinstance(node, t.Quantifier)} == {
        "any",
        "every",
        "at least",
        "at most",
        "exactly",
    }
    kinds = {node.value for node in ALL if isinstance(node, t.Clause) and node.word == "kind"}
    assert kinds == set(SEGMENT_KINDS)


def test_a_composite_rule_is_among_them() -> None:
    assert any('"Composite"' in encode(rule) for path in FILES for rule in compiled(path))
