"""The drawing of compiled rules: source in, tree out; and every operator in the API's words."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given
from inline_snapshot import snapshot

from segdsl.analysis.explain.rule_tree import draw, operator_words
from segdsl.diagnostics import Report
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Number
from segdsl.rules.lower import lower
from segdsl.rules.rule import model as m
from segdsl.source import Source
from segdsl.terminal import cell_width
from strategies.syntax import compilable


def compiled(where: str) -> m.Rule:
    report = Report()
    file = parse(Source("test.seg", f'segment "x" where {where}'), report)
    (segment,) = resolve(Program("test.seg", {"test.seg": file}), report, {})
    rule = lower(segment, report)
    assert rule is not None
    return rule


def drawn(where: str, width: int = 100, *, ascii: bool = False) -> str:
    return "\n".join(draw(compiled(where), width, ascii=ascii))


def condition(where: str) -> str:
    """The line of the only condition."""
    return drawn(where).splitlines()[2].removeprefix("   └─ ")


LAYERED = """
  country = "JP"
  and sum(purchases.amount where category = "E" and (a = 1 or b is null)) > 50000
  and "Reachable": any (email is true, all (push is true, age >= 18))
"""


def test_rule_sets_and_their_conditions_are_numbered_and_lettered() -> None:
    assert drawn(LAYERED) == snapshot("""\
And
├─ Rule set 1 (And)
│  ├─ country Equal "JP"
│  └─ Sum(purchases.amount) Greater 50000
│     └─ filter And
│        ├─ category Equal "E"
│        └─ Or
│           ├─ a Equal 1
│           └─ b IsNull
└─ Rule set 2 (Composite A or (B and C)) — Reachable
   ├─ A  email Equal true
   ├─ B  push Equal true
   └─ C  age GreaterEqual 18""")


def test_the_drawing_can_do_with_ascii_alone() -> None:
    text = drawn(LAYERED, ascii=True)
    assert text.isascii()
    assert text.splitlines()[:4] == [
        "And",
        "|- Rule set 1 (And)",
        '|  |- country Equal "JP"',
        "|  `- Sum(purchases.amount) Greater 50000",
    ]
    assert "`- Rule set 2 (Composite A or (B and C)) - Reachable" in text


def test_names_and_texts_are_not_touched_by_ascii() -> None:
    assert drawn('"東京 — 1": (`—` = "…")', ascii=True) == snapshot("""\
And
`- Rule set 1 (And) - 東京 — 1
   `- `—` Equal "…\"""")


def test_long_lines_are_clipped_by_cells() -> None:
    assert drawn('country = "abcdefghij"', 20).splitlines()[2] == "   └─ country Equal…"
    assert drawn('country = "abcdefghij"', 20, ascii=True).splitlines()[2] == "   `- country Equ..."
    wide = drawn('a = "東京東京東京東京"', 19).splitlines()[2]
    assert wide == '   └─ a Equal "東…'
    assert all(len(line) <= 1 for line in draw(compiled("a = 1"), 1))


def test_everyone_is_a_rule_without_conditions() -> None:
    assert drawn("everyone") == "And, without conditions: everyone"


def test_a_limit_stands_with_what_it_limits() -> None:
    where = "(count(b) >= 3 limit 10% by aggregate desc) limit 100 by ltv asc"
    assert drawn(where) == snapshot("""\
And, limit 100 by ltv ascending
└─ Rule set 1 (And)
   └─ Count(b) GreaterEqual 3, limit 10% by aggregation descending""")


def test_older_rules_are_drawn_as_deep_as_they_are() -> None:
    one = m.ReferenceCondition("Reference", "12", False)
    deep = m.Group("Or", (m.Group("Composite", (one, m.Group("And", (one,))), expr="A or B"), one))
    old = m.Group("And", (m.Group("Or", (deep, m.Group("And", ()))), one))
    assert "\n".join(draw(old, 100)) == snapshot("""\
And
├─ Rule set 1 (Or)
│  ├─ Or
│  │  ├─ Composite A or B
│  │  │  ├─ A  Reference #12
│  │  │  └─ B (And)
│  │  │     └─ Reference #12
│  │  └─ Reference #12
│  └─ And, without conditions
└─ Reference #12""")


def test_conditions_under_a_composite_rule_carry_their_number() -> None:
    one = m.ReferenceCondition("FunnelStageReference", "a b", True)
    rule = m.Group("Composite", (m.Group("And", (one,), "odd\ntext"), one), expr="1 or 2")
    assert "\n".join(draw(rule, 100)) == snapshot("""\
Composite 1 or 2
├─ Rule set 1 (And) — "odd\\ntext"
│  └─ exclude FunnelStageReference #a b
└─ 2  exclude FunnelStageReference #a b""")


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ('country != "JP"', 'country not Equal "JP"'),
        ("not (seen in this month)", "exclude seen TimeThis month"),
        ('any of tags = "x"', 'any of tags Equal "x"'),
        ("not every one of tags = 1", "exclude all of tags Equal 1"),
        ("at least 2 of tags != 1", "atLeast 2 of tags not Equal 1"),
        ("at most 2 of tags = 1", "atMost 2 of tags Equal 1"),
        ("exactly 2 of tags = 1", "exactly 2 of tags Equal 1"),
        ("group household.size > 3", "household.size Greater 3"),
        ("no buys", "exclude Count(buys) GreaterEqual 1"),
        ("count(buys by a, b) > 2", "Count(buys for each a, b) Greater 2"),
        ("count distinct (b.x, b.y) > 2", "CountDistinct(b.x, b.y) Greater 2"),
        ("max(b.x over 1 day 2 hours) > 2", "Max(b.x) TimeSliding 1 day 2 hours Greater 2"),
        ("first(b.x by t per id) = 2", "First(b.x by t for each id) Equal 2"),
        ("in segment #12", "Reference #12"),
        ("not in variant #12", "exclude AbTestVariantReference #12"),
        ("score of #7 between 3 and 5", "PredictiveScoreReference #7 grade 3 to 5"),
        (
            "score of #7 between 3 and 5 including converted",
            "PredictiveScoreReference #7 grade 3 to 5 including converted",
        ),
        ("rfm(#7).rfm_score > 5", "MlAttributeReference rfm #7 rfm_score Greater 5"),
    ],
)
def test_each_condition_is_one_line(where: str, line: str) -> None:
    assert condition(where) == line


OPERATORS: list[tuple[str, str]] = [
    ("= 1.50", "Equal 1.50"),
    ("is true", "Equal true"),
    ('matches "^x"', 'Regexp "^x"'),
    ("is not null", "not IsNull"),
    ("between 1 and 5", "Between 1 and 5"),
    ('not in ("a", 1)', 'not In ("a", 1)'),
    ('contains "x"', 'Contain ("x")'),
    ('starts with any ("x", "y")', 'StartWith ("x", "y")'),
    ('ends with "x"', 'EndWith ("x")'),
    ("on 2024-01-01", "Equal timestamp 2024-01-01"),
    ("more than 30 days ago", "Less last 30 days"),
    ("at most 1 day 2 hours ago", "GreaterEqual last 1 day 2 hours (unit hour)"),
    (
        "between 2024-01-01 and 1 day ago",
        "Between timestamp 2024-01-01 and last 1 day",
    ),
    ("within past 1 day", "TimeWithinPast 1 day"),
    ("within next 2 weeks", "TimeWithinNext 2 weeks"),
    ("not for 7 days from 1 month ago reverse", "not TimeRange 7 days from last 1 month reverse"),
    ("in last month", "TimeRange from month"),
    ("in this month", "TimeThis month"),
    ("in next month", "TimeNext month"),
    ("is today", "TimeToday"),
    (
        "between 3 days and 1 week from now",
        "TimeInBetweenNext next 3 days and next 1 week",
    ),
]


@pytest.mark.parametrize(("asked", "words"), OPERATORS)
def test_each_operator_has_its_words(asked: str, words: str) -> None:
    assert condition(f"x {asked}") == f"x {words}"


def test_all_kinds_of_operators_are_among_these() -> None:
    seen = set()
    for asked, _ in OPERATORS:
        (group,) = compiled(f"x {asked}").conditions
        assert isinstance(group, m.Group)
        (value,) = group.conditions
        assert isinstance(value, m.ValueCondition)
        seen.add(type(value.operator))
    assert seen == set(m.Operator.__args__)
    odd = m.Comparison("Less", False, m.Timestamp("a\nb"))
    assert operator_words(odd) == 'Less timestamp "a\\nb"'
    assert operator_words(msgspec.structs.replace(odd, right_value=Number("1"))) == "Less 1"


@given(compilable)
def test_every_rule_can_be_drawn_within_its_width(of: t.Segment) -> None:
    report = Report()
    found = resolve(Program("a", {"a": t.File((of,))}), report, {})
    rule = lower(found[0], report, symbolic=True) if found else None
    assume(rule is not None)
    assert rule is not None
    whole = draw(rule, 10_000)
    for width in (20, 80):
        for ascii in (False, True):
            lines = draw(rule, width, ascii=ascii)
            assert len(lines) == len(whole)
            assert all(cell_width(line) <= width for line in lines)
            assert all("\n" not in line for line in lines)
