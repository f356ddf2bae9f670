"""Stages that do not narrow the one before: what is proved, and what is left alone."""

from __future__ import annotations

import pytest
from linting import NAME

from segdsl.analysis.lint.stages import report_stages
from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.source import Source


def findings(*rules: str) -> list[Diagnostic]:
    """What is found in a funnel whose stages have these rules, each the text of a segment."""
    report = Report()
    text = "\n".join(f'segment "{chr(65 + n)}" {rule}' for n, rule in enumerate(rules))
    file = parse(Source(NAME, text), report)
    segments = resolve(Program(NAME, {NAME: file}), report)
    assert not report.has_errors, [of.message for of in report.diagnostics]
    stages = tuple(c.Stage(each.name, each, each.span) for each in segments)
    report_stages([c.Funnel("F", stages)], report)
    return report.diagnostics


def said(wide: str, narrow: str) -> str | None:
    """What is said of a stage with the rule `narrow` behind one with the rule `wide`."""
    match findings(f"where {wide}", f"where {narrow}"):
        case []:
            return None
        case [one]:
            assert one.code.name == "SEG620"
            return one.message.removeprefix('the stage "B" ')
        case more:
            raise AssertionError(more)


NEVER = 'never has a profile of the one before it, "A"'
ALL = 'has all profiles of the one before it, "A"'
SAME = 'selects the same profiles as "A"'


def allows(subject: str) -> str:
    return f'allows values of `{subject}` that the one before it, "A", does not'


@pytest.mark.parametrize(
    ("wide", "narrow", "message"),
    [
        # Never both.
        ("age > 30", "age < 20", NEVER),
        ('country = "JP"', 'country = "US" and age > 3', NEVER),
        ("has purchases", "not has purchases", NEVER),
        ("has purchases", 'not (has purchases where kind = "A")', None),
        ('has purchases where kind = "A"', "not has purchases", NEVER),
        ("count(purchases) >= 3", "count(purchases) < 2", NEVER),
        ("in segment #7", "not in segment #7", NEVER),
        ("age > 30 or vip is true", "age < 20 and vip is false", NEVER),
        # Wider.
        ('country = "JP" and age > 30', 'country = "JP"', ALL),
        ("count(purchases) >= 3", "count(purchases) >= 1", ALL),
        ("count(purchases) > 3", "has purchases", ALL),
        ('has purchases where kind = "A"', "has purchases", ALL),
        ('has purchases where kind = "A" and n > 3', 'has purchases where kind = "A"', ALL),
        ('count(purchases where kind = "A") >= 2', 'has purchases where kind in ("A", "B")', ALL),
        ("count(purchases) < 3", 'count(purchases where kind = "A") < 3', ALL),
        ("in segment #7 and age > 3", "in segment #7", ALL),
        ('country = "JP"', 'country in ("JP", "US")', ALL),
        ('country = "JP"', 'country = "JP" or age > 3', ALL),
        ('country = "JP"', "everyone", ALL),
        # The same.
        ("age > 30", "age > 30", SAME),
        ('a = 1 and b = 2', "b = 2 and a = 1", SAME),
        ("has purchases", "count(purchases) > 0", SAME),
        # Looser about one column, whatever else is asked.
        ("age > 18", 'age > 10 and country = "JP"', allows("age")),
        ("age between 20 and 30", "age between 25 and 40", allows("age")),
        ("count(purchases) >= 3 and a = 1", "count(purchases) >= 2 and a = 1 and b = 1",
         allows("count(purchases)")),
        ('page starts with "/cart"', 'page starts with "/c" and a = 1', allows("page")),
        # Narrower, or nothing to say.
        ("age > 18", "age > 20", None),
        ("age > 18", 'age > 18 and country = "JP"', None),
        ("age >= 18", "age > 17 and b = 1", None),
        ("has purchases", 'has purchases where kind = "A"', None),
        ("count(purchases) >= 1", "count(purchases) >= 3", None),
        ("count(purchases) < 3", "count(purchases) < 2", None),
        ('count(purchases where kind = "A") < 3', "count(purchases) < 3", None),
        ("has page_views", "has purchases", None),
        ('country = "JP"', "has purchases", None),
        ("in segment #7", "in segment #8", None),
        ("age > 18", "age > 10 and in segment #7", None),
        ("everyone", "age > 3", None),
        ("age > 30 or vip is true", "age > 30", None),
    ],
)  # fmt: skip
def test_two_stages(wide: str, narrow: str, message: str | None) -> None:
    assert said(wide, narrow) == message


def test_each_stage_is_compared_with_the_one_before() -> None:
    found = findings("where a > 1", "where a > 2", "where a > 1", "where a > 3")
    assert [(of.code.name, of.message) for of in found] == [
        ("SEG620", 'the stage "C" has all profiles of the one before it, "B"'),
    ]
    assert [note.message for note in found[0].notes] == ["the stage before it"]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("where a > 1 limit 10 by a desc", "where a > 1"),
        ("where a > 1", "where a > 1 limit 10 by a desc"),
        ("where a > 2 limit 10 by a desc", "where a > 1"),
    ],
)
def test_of_the_first_profiles_nothing_is_proved(wide: str, narrow: str) -> None:
    assert findings(wide, narrow) == []


def test_the_first_profiles_of_others_are_none_of_these() -> None:
    [found] = findings("where a > 1 limit 10 by a desc", "where a < 1")
    assert found.message == f'the stage "B" {NEVER}'


def test_a_stage_without_a_rule_is_passed_over() -> None:
    report = Report()
    report_stages([c.Funnel("F", (c.Stage("A"), c.Stage("B"), c.Stage("C")))], report)
    assert report.diagnostics == []
