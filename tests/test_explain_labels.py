"""Labels of the console beside names, in `explain` and nowhere else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from segdsl import compile_text
from segdsl.analysis.explain import explain
from segdsl.analysis.explain.legend import legend, names_in
from segdsl.diagnostics import Report
from segdsl.language.condition.tree import Segment, spellings
from segdsl.loading import load_segments
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import encode
from segdsl.schema.labels import labels_of
from segdsl.schema.model import Behavior, Column, Schema
from segdsl.sql import Context, render, selection

RETAIL = Path(__file__).parents[1] / "examples" / "retail"
SCHEMA = Schema(
    "1",
    "Shop",
    attributes=(
        Column("ltv", "number", label="Lifetime Value"),
        Column("country", "string", label="Country"),
        Column("age", "number"),
    ),
    behaviors=(
        Behavior(
            "behavior_web",
            (Column("amt", "number", label="Amount paid"), Column("sku", "string", label="Sku")),
            "Online Orders",
        ),
        Behavior("clicks", (Column("page", "string", label="Address"),), "Clicks"),
    ),
)


def segment(where: str, head: str = "") -> Segment:
    compiled = compile_text(f'segment "x" {head} where {where}', symbolic=True)
    assert compiled.codes == []
    [found] = compiled.segments
    return found.segment


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("ltv > 1", "In the console ltv is “Lifetime Value”."),
        # Other capitals tell nothing new, nor does the same label twice.
        ('country = "JP" and age > 3', None),
        ("not (ltv > 1 or ltv < -1)", "In the console ltv is “Lifetime Value”."),
        ("(age > 1 limit 3 by ltv desc)", "In the console ltv is “Lifetime Value”."),
        ("age > 1 limit 3 by ltv desc", "In the console ltv is “Lifetime Value”."),
        (
            'sum(web.amt where sku = "x" or amt > 3) > 1',
            "In the console the behavior web is “Online Orders” and amt of web is “Amount paid”.",
        ),
        (
            'has table "clicks" where page contains "/x"',
            'In the console page of table "clicks" is “Address”.',
        ),
        ("in segment #1", None),
    ],
)
def test_the_labels_of_what_a_segment_names(where: str, said: str | None) -> None:
    assert legend(names_in(segment(where), labels_of(SCHEMA))) == said
    closing = explain(segment(where), labels_of(SCHEMA)).closing
    assert [each for each in closing if "console" in each] == ([] if said is None else [said])


def test_a_label_is_on_one_line_and_sends_nothing_to_a_terminal() -> None:
    odd = Schema("1", "Shop", attributes=(Column("ltv", "number", label="Life\ntime\x1b[31m"),))
    said = legend(names_in(segment("ltv > 1"), labels_of(odd)))
    assert said == "In the console ltv is “Life␊time␛[31m”."


def test_a_behavior_named_like_an_attribute_is_told_from_it() -> None:
    odd = Schema(
        "1",
        "Shop",
        attributes=(Column("buys", "number", label="Purchases made"),),
        behaviors=(Behavior("behavior_buys", (), "Online Orders"),),
    )
    assert legend(names_in(segment("has buys and buys > 1"), labels_of(odd))) == (
        "In the console the behavior buys is “Online Orders” and buys is “Purchases made”."
    )


def test_a_segment_that_the_console_hides_says_so() -> None:
    assert "Hidden: the console does not show it" in explain(segment("age > 1", "hidden")).facts
    assert not any("Hidden" in each for each in explain(segment("age > 1")).facts)


def test_no_label_comes_into_a_rule_or_a_query() -> None:
    described = tomllib.loads((RETAIL / "parent_segment.toml").read_text())["labels"]
    labels = [label for table in described.values() for label in table.values()]
    # Each differs from the names, so that no test passes by confusing the two.
    names = {name for table in described.values() for name in table}
    assert len(labels) > 30
    assert not names & set(labels)
    report = Report()
    loaded = load_segments([str(RETAIL)], {}, report)
    context = Context(
        1_700_000_000,
        "Asia/Tokyo",
        segments={each: of for of in loaded.segments for each in spellings(*of.place)},
    )
    for each in loaded.segments:
        rule = lower(each, report, symbolic=True)
        assert rule is not None
        text = encode(rule) + render(selection(each, context), "duckdb")
        assert not [label for label in labels if label in text]
