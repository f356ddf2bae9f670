"""What must hold of the parser and the formatter for every tree and every comment."""

from __future__ import annotations

import random
import re
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quick import scaled, tenth
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language import predicates as p
from segdsl.language import predictive
from segdsl.language.format import format_expression, format_file
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import journey_tree as jt
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Number
from segdsl.source import Source
from strategies.activation_items import activations, templates
from strategies.syntax import expressions, files, funnels, journeys, predictive_segments


def parsed(text: str) -> t.File:
    report = Report()
    found = parse(Source("test.seg", text), report)
    assert not report.diagnostics, (text, [d.message for d in report.diagnostics])
    return found


@given(files)
def test_parsing_what_was_formatted_gives_the_tree(file: t.File) -> None:
    assert parsed(format_file(file)) == file


@given(expressions)
def test_an_expression_on_one_line_reads_back(expression: t.Expression) -> None:
    (item,) = parsed(f"let x = {format_expression(expression)}").items
    assert isinstance(item, t.Let)
    assert item.body == expression


@given(files)
def test_formatting_is_idempotent(file: t.File) -> None:
    text = format_file(file)
    assert format_file(parsed(text), Source("test.seg", text)) == text


# --- comments --------------------------------------------------------------------------

_TOKEN = re.compile(
    r'[@#]?"(?:[^"\\\n]|\\[^\n])*"|`(?:[^`\\\n]|\\[^\n])*`|#[0-9]+'
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+)?(?:Z|[+-][0-9:]+)?|-?[0-9][0-9.eE+-]*|\w+|[<>!]=|\S"
)


def commented(text: str, seed: int, density: float) -> str:
    """The text with comments between tokens, at ends of lines and on lines of their own."""
    chance = random.Random(seed)
    parts: list[str] = []
    for count, token in enumerate(_TOKEN.findall(text)):
        if chance.random() < density:
            blank = "\n" * chance.randint(0, 2)
            where = chance.choice(["\n", " ", f"{blank}\n   "])
            parts.append(f"{where}# c{count} {chance.choice(['', 'and', '(', '東'])}\n")
        parts.append(token)
    if chance.random() < 0.5:
        parts.append(chance.choice([" ", "\n", "\n\n  "]) + "# at the end")
    return " ".join(parts)


def texts_of(comments: tuple[t.Comment, ...]) -> list[str]:
    return [comment.text for comment in comments]


@pytest.mark.many
@given(files, st.integers(0, 1 << 30), st.sampled_from([0.02, 0.1, 0.5, 1.0]))
@settings(max_examples=tenth(10_000))
def test_every_comment_is_kept(file: t.File, seed: int, density: float) -> None:
    text = commented(format_file(file), seed, density)
    before = parsed(text)
    assert before == t.File(file.items, before.comments)
    formatted = format_file(before, Source("test.seg", text))
    after = parsed(formatted)
    assert after.items == before.items
    assert sorted(texts_of(after.comments)) == sorted(texts_of(before.comments))
    assert format_file(after, Source("test.seg", formatted)) == formatted
    ordered = all(
        [clause.span.start for clause in item.clauses]
        == sorted(clause.span.start for clause in item.clauses)
        for item in before.items
        if isinstance(item, t.Segment)
    )
    if ordered:
        assert texts_of(after.comments) == texts_of(before.comments)


# --- other items than segments, of which few are among all files --------------------------

_new = st.one_of(funnels, activations, templates, predictive_segments, journeys, journeys)


@pytest.mark.many
@given(_new)
@settings(max_examples=tenth(3_000))
def test_any_other_item_reads_back(item: t.Item) -> None:
    text = format_file(t.File((item,)))
    file = parsed(text)
    assert file.items == (item,)
    assert format_file(file, Source("test.seg", text)) == text


@pytest.mark.many
@given(_new, st.integers(0, 1 << 30), st.sampled_from([0.02, 0.1, 0.5, 1.0]))
@settings(max_examples=tenth(3_000))
def test_every_comment_of_any_other_item_is_kept(item: t.Item, seed: int, density: float) -> None:
    text = commented(format_file(t.File((item,))), seed, density)
    before = parsed(text)
    assert before.items == (item,)
    formatted = format_file(before, Source("test.seg", text))
    after = parsed(formatted)
    assert after.items == before.items
    assert texts_of(after.comments) == texts_of(before.comments)
    assert format_file(after, Source("test.seg", formatted)) == formatted


@pytest.mark.many
@given(activations, st.randoms(use_true_random=False), st.integers(0, 1 << 30))
@settings(max_examples=tenth(1_000))
def test_comments_go_with_their_clause(
    item: t.Activation, chance: random.Random, seed: int
) -> None:
    """Whatever the order in which the clauses are written, but for that of behaviors."""
    head, *_ = format_file(t.File((t.Activation(item.name, item.target),))).splitlines()
    texts = []
    for clause in item.clauses:
        alone = t.Activation(item.name, item.target, (clause,))
        texts.append(format_file(t.File((alone,))).removeprefix(head))
    chance.shuffle(texts)
    text = commented("".join([head, *texts]), seed, 0.2)
    before = parsed(text)
    formatted = format_file(before, Source("test.seg", text))
    after = parsed(formatted)
    assert after.items == before.items
    assert sorted(texts_of(after.comments)) == sorted(texts_of(before.comments))
    assert format_file(after, Source("test.seg", formatted)) == formatted


# --- the generators reach everything -----------------------------------------------------


def _classes_in(of: Any, found: set[type]) -> None:
    if isinstance(of, tuple):
        for each in of:
            _classes_in(each, found)
    elif hasattr(of, "__struct_fields__"):
        found.add(type(of))
        for field in of.__struct_fields__:
            _classes_in(getattr(of, field), found)


def test_every_node_is_generated() -> None:
    """Within a few thousand files: which come is chance, and a rare node may wait."""
    found: set[type] = set()

    @given(files)
    @settings(max_examples=scaled(1_000), database=None)
    def collect(file: t.File) -> None:
        _classes_in(file.items, found)

    wanted = {
        *get_args(t.Expression),
        *get_args(t.Subject),
        *get_args(t.Item),
        *get_args(p.Predicate),
        t.Quantifier,
        t.Clause,
        p.Ago,
        t.FunnelClause,
        t.Stage,
        t.StageRule,
        *get_args(d.DeliveryClause),
        *get_args(a.Function),
        *get_args(a.Setting),
        a.ColumnSource,
        a.TextSource,
        a.Time,
        a.Placeholder,
        a.BehaviorOrder,
        a.Recipient,
        *get_args(a.Schedule),
        *get_args(pt.PredictiveClause),
        predictive.Feature,
        predictive.FeatureSource,
        *(jt.Reenters, jt.Meets, jt.Steps, jt.JourneyStage),
        *(j.Criterion, j.Activate, j.WaitFor, j.WaitUntilDate, j.WaitUntilDays),
        *(j.WaitForCondition, j.Decide, j.Branch, j.Split, j.Variant, j.Jump, j.End),
    }
    # A number is no struct, and never missing.
    wanted.discard(Number)
    for _ in range(10_000 // scaled(1_000)):
        collect()
        if wanted <= found:
            break
    assert wanted <= found


@given(st.text(max_size=40))
@example('segment "x" where a = 1 # c')
@settings(max_examples=scaled(500))
def test_a_file_with_findings_is_still_a_file(text: str) -> None:
    report = Report()
    file = parse(Source("x", text), report)
    assert file.items == () or all(isinstance(item, get_args(t.Item)) for item in file.items)
