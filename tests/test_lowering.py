"""What each spelling compiles to: rule 5 of the language, leaf by leaf.

One line of source, one condition of the API beside it, written shortly:
`[exclude] subject operator`, where a `!` in front of the operator is its own `not`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.language.predicates import has_not
from segdsl.language.references.ids import Ids
from segdsl.language.values import ByName
from segdsl.rules.lower import lower
from segdsl.rules.lower.operators import operator
from segdsl.rules.rule.model import encode, takes_not
from support import segment_of


def rule_of(where: str, **options: Any) -> Any:
    compiled = compile_text(f'segment "x" where {where}', **options)
    assert compiled.codes == [], compiled.render()
    [segment] = compiled.segments
    return segment.rule


def findings(where: str) -> list[Code]:
    return [each.code for each in compile_text(f'segment "x" where {where}').diagnostics]


def short(condition: Any) -> str:
    """One condition of the API in a line."""
    if condition["type"] == "Value":
        left = condition["leftValue"]
        if "source" in left:
            kind = left["aggregation"]
            column = kind.get("column") or ",".join(kind.get("columns", ()))
            source = left["source"]["name"].removeprefix("behavior_")
            subject = f"{kind['type']}({source}{'.' + column if column else ''}"
            subject += (
                f" by {','.join(kind['groupingColumns'])}" if kind.get("groupingColumns") else ""
            )
            subject += f" where {short_filter(left['filter'])}" if left["filter"] else ""
            subject += ")"
        else:
            subject = left["name"]
        matching = condition["arrayMatching"]
        if matching is not None:
            subject = f"{matching if isinstance(matching, str) else json.dumps(matching)} {subject}"
        exclude = "exclude " if condition["exclude"] else ""
        return f"{exclude}{subject} {short_operator(condition['operator'])}"
    exclude = "exclude " if condition.get("exclude") else ""
    return f"{exclude}{condition['type']} {condition['id']}"


def short_operator(of: Any) -> str:
    rest = {key: value for key, value in of.items() if key not in ("type", "not")}
    (first, *more) = rest.values() or [""]
    shown = json.dumps(first) if not more else json.dumps(rest)
    return f"{'!' if of.get('not') else ''}{of['type']} {shown}".replace(' ""', "").strip()


def short_filter(of: Any) -> str:
    if of["type"] == "Column":
        matching = of["arrayMatching"]
        quantifier = "" if matching is None else json.dumps(matching).strip('"') + " "
        return f"{quantifier}{of['column']} {short_operator(of['operator'])}"
    word = " and " if of["type"] == "And" else " or "
    return word.join(
        f"({short_filter(part)})" if part["type"] != "Column" else short_filter(part)
        for part in of["conditions"]
    )


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        # `not` on a scalar is the operator's own, where it has one …
        ('country = "JP"', 'country Equal "JP"'),
        ('country != "JP"', 'country !Equal "JP"'),
        ('not country = "JP"', 'country !Equal "JP"'),
        ('not country != "JP"', 'country Equal "JP"'),
        ("not age >= 18", "age !GreaterEqual 18"),
        ("age not >= 18", "age !GreaterEqual 18"),
        ("email is not null", "email !IsNull true"),
        ('country not in ("US", "CA")', 'country !In ["US", "CA"]'),
        ('url not contains "/x"', 'url !Contain ["/x"]'),
        ("not signup on 2024-01-01", 'signup !Equal {"timestamp": "2024-01-01"}'),
        ("not visit at most 3 days ago", 'visit !GreaterEqual {"last": 3, "unit": "day"}'),
        # … and `exclude` where it has none.
        (
            "not visit within past 3 days",
            'exclude visit TimeWithinPast {"unit": "day", "value": "3"}',
        ),
        ("visit not in this quarter", 'exclude visit TimeThis {"unit": "quarter"}'),
        ("visit is not today", "exclude visit TimeToday"),
        ("visit not before 2024-01-01", 'exclude visit Less {"timestamp": "2024-01-01"}'),
        ("not visit more than 3 days ago", 'exclude visit Less {"last": 3, "unit": "day"}'),
        # On arrays `!=` asks each element, `not` the whole.
        ('any of tags = "x"', 'any tags Equal "x"'),
        ('any of tags != "x"', 'any tags !Equal "x"'),
        ('not any of tags = "x"', 'exclude any tags Equal "x"'),
        ('every one of tags in ("x")', 'all tags In ["x"]'),
        ("at least 2 of scores > 3", '{"atLeast": 2} scores Greater 3'),
        # Counts that 0 satisfies are the excluded complement.
        ("count(p) >= 3", "Count(p) GreaterEqual 3"),
        ("count(p) < 3", "exclude Count(p) GreaterEqual 3"),
        ("count(p) <= 2", "exclude Count(p) Greater 2"),
        ("count(p) = 0", "exclude Count(p) GreaterEqual 1"),
        ("count(p) = 3", "Count(p) Equal 3"),
        ("count(p) != 3", "exclude Count(p) Equal 3"),
        ("count(p) != 0", "Count(p) GreaterEqual 1"),
        ("count(p) >= 0", "exclude Count(p) Less 0"),
        ("count(p) > -1", "exclude Count(p) LessEqual -1"),
        ("count(p) between 0 and 2", "exclude Count(p) Greater 2"),
        (
            "count(p) not between 1 and 3",
            'exclude Count(p) Between {"minValue": 1, "maxValue": 3, "rightValue": 0}',
        ),
        ("count(p) in (0, 2)", "exclude Count(p) !In [0, 2]"),
        ("count(p) not in (0, 2)", "Count(p) !In [0, 2]"),
        ("not count(p) < 3", "Count(p) GreaterEqual 3"),
        ("count distinct (p.sku) < 2", "exclude CountDistinct(p.sku) GreaterEqual 2"),
        ("has p", "Count(p) GreaterEqual 1"),
        ("no p", "exclude Count(p) GreaterEqual 1"),
        ("not no p", "Count(p) GreaterEqual 1"),
        # The other aggregates are missing where there is no event.
        ("sum(p.x) < 3", "Sum(p.x) Less 3"),
        ("sum(p.x) != 3", "exclude Sum(p.x) Equal 3"),
        ("not sum(p.x) < 3", "exclude Sum(p.x) Less 3"),
        # A limit has no complement, and a bare count needs none.
        ("(count(p) < 3 limit 3 by x asc)", "Count(p) Less 3"),
        ("(count(p) != 3 limit 3 by x asc)", "Count(p) !Equal 3"),
        ("(not count(p) < 3 limit 3 by x asc)", "Count(p) !Less 3"),
        ("not (count(p) < 3 limit 3 by x asc)", "exclude Count(p) Less 3"),
        # `some`: what the console writes, which leaves out profiles without events.
        ("count distinct (some p.x) < 3", "CountDistinct(p.x) Less 3"),
        ("count distinct (some p.x) != 3", "CountDistinct(p.x) !Equal 3"),
        ("count distinct (some p.x) not >= 3", "CountDistinct(p.x) !GreaterEqual 3"),
        ("not count distinct (some p.x) < 3", "exclude CountDistinct(p.x) Less 3"),
        ("sum(some p.x) is null", "Sum(p.x) IsNull true"),
        # Groups and windows.
        ("count(p by o) >= 3", "Count(p by o) GreaterEqual 3"),
        ("not count(p by o) >= 3", "exclude Count(p by o) GreaterEqual 3"),
        ("not count(p by o) = 3", "exclude Count(p by o) Equal 3"),
        ("not sum(p.x by o) = 3", "exclude Sum(p.x by o) Equal 3"),
        ("sum(some p.x by o) != 3", "Sum(p.x by o) !Equal 3"),
        ("count(some p by o) < 3", "Count(p by o) Less 3"),
        # References.
        ("not in segment #12", "exclude Reference 12"),
        ('in segment #"a b"', "Reference a b"),
        ("in stage #3", "FunnelStageReference 3"),
        ("in variant #4", "AbTestVariantReference 4"),
    ],
)
def test_leaf(where: str, condition: str) -> None:
    rule = rule_of(where)
    assert short(rule["conditions"][0]["conditions"][0]) == condition


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ('a = "x" and b = 1', 'a Equal "x" and b Equal 1'),
        ('not (a = "x" or b = 1)', 'a !Equal "x" and b !Equal 1'),
        # An operator without `not` is written as one that says the same and has it …
        (
            "not t within past 3 days",
            't !TimeRange {"duration": {"day": 3}, "from": {"last": 3, "unit": "day"}, '
            '"reverse": false}',
        ),
        (
            "t not in last month",
            't !TimeRange {"duration": {"month": 1}, "from": {"last": 1, "unit": "month"}, '
            '"reverse": false}',
        ),
        (
            "t not in this week",
            't !TimeRange {"duration": {"week": 1}, "from": {"last": 0, "unit": "week"}, '
            '"reverse": false}',
        ),
        ("t is not today", 't !GreaterEqual {"last": 0, "unit": "day"}'),
        # … or as its opposite, a missing value included.
        ("t not before 2024-01-01", 't GreaterEqual {"timestamp": "2024-01-01"} or t IsNull true'),
        ("not t less than 3 days ago", 't LessEqual {"last": 3, "unit": "day"} or t IsNull true'),
        ('not any of g = "x"', '{"exactly": 0} g Equal "x" or g IsNull true'),
        ('not every one of g = "x"', 'any g !Equal "x" or g IsNull true'),
        ("not at least 2 of g = 1", '{"atMost": 1} g Equal 1 or g IsNull true'),
        ("not at most 2 of g = 1", '{"atLeast": 3} g Equal 1 or g IsNull true'),
        (
            "not exactly 2 of g = 1",
            '{"atMost": 1} g Equal 1 or {"atLeast": 3} g Equal 1 or g IsNull true',
        ),
        ("not at least 0 of g = 1", "g IsNull true"),
        ('any of g != "x"', 'any g !Equal "x"'),
    ],
)
def test_filter(where: str, expected: str) -> None:
    rule = rule_of(f"has p where {where}")
    left = rule["conditions"][0]["conditions"][0]["leftValue"]
    assert short_filter(left["filter"]) == expected


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("has p where t not within next 3 days", Code.SEG202),
        ("has p where not t in next month", Code.SEG202),
        ("has p where not t between 1 and 3 days from now", Code.SEG202),
        ("has p where not every one of g within past 3 days", Code.SEG202),
        ("has p where count(q) > 1", Code.SEG201),
        ("has p where has q", Code.SEG201),
        ("has p where in segment #1", Code.SEG201),
        ('has p where "L": (a = 1)', Code.SEG201),
        ("has p where (a = 1 limit 3 by x asc)", Code.SEG201),
        ("has p where group g.a = 1", Code.SEG201),
        ("has p where score of #1 between 1 and 2", Code.SEG201),
        ("has p where rfm(#1).r_quartile = 1", Code.SEG201),
        ('count(p) = "3"', Code.SEG203),
        ('count(p) contains "3"', Code.SEG203),
        ("any of count(p) = 3", Code.SEG203),
        ("sum(p.x) is null", Code.SEG204),
        ("first(p.x by t) is not null", Code.SEG204),
        ("count(p by o) < 3", Code.SEG205),
        ("count(p over 7 days) = 0", Code.SEG205),
        ("count(p by o) != 3", Code.SEG205),
        ("count(p by o) != 0", Code.SEG205),
        ("not count(p by o) = 0", Code.SEG205),
        ("count(p over 1 day) not between 0 and 3", Code.SEG205),
        ("sum(p.x by o) != 3", Code.SEG205),
        ("first(p.x by t per o) not in (1, 2)", Code.SEG205),
        ("count(p over 0 days 0 hours) >= 3", Code.SEG014),
        ("not score of #1 between 1 and 2", Code.SEG206),
        ("none (score of #1 between 1 and 2, a = 1)", Code.SEG206),
        ("any of tags not within past 3 days", Code.SEG207),
        ("not rfm(#1).rfm_score within past 3 days", Code.SEG207),
        ("(a = 1 and b = 2 limit 3 by x asc)", Code.SEG208),
        ("(in segment #1 limit 3 by x asc)", Code.SEG208),
        ("(count distinct (p.x) < 3 limit 3 by x asc)", Code.SEG208),
        ("count(some p) < 3", Code.SEG215),
        ("count(some p where a = 1) >= 3", Code.SEG215),
        ("(a not within past 3 days limit 3 by x asc)", Code.SEG208),
        ('not "L": (a = 1)', Code.SEG209),
        ("none (rule set (a = 1), b = 2)", Code.SEG209),
        ('"L": any (a = 1, rule set (b = 2))', Code.SEG210),
        ("any of rfm(#1).rfm_score = 1", Code.SEG213),
        ('in segment "Churned"', Code.SEG303),
        ('cltv("m").alive_prob > 0.5', Code.SEG303),
    ],
)
def test_what_cannot_be_said(where: str, code: Code) -> None:
    assert findings(where) == [code]


@pytest.mark.parametrize(
    ("where", "help"),
    [
        ('not "L": (a = 1)', 'put the `not` inside: `"Label": (not …)`'),
        (
            "not rule set (a = 1)",
            "put the `not` inside: `rule set (not …)`, or remove `rule set`",
        ),
        ('"A": (a = 1 and "B": (b = 2))', "remove the label of one of them"),
        ("rule set (a = 1 and rule set (b = 2))", "remove the `rule set` of one of them"),
        ('"A": (a = 1 and rule set (b = 2))', "remove the `rule set` or the label of one of"),
    ],
)
def test_a_rule_set_is_called_as_it_was_written(where: str, help: str) -> None:
    [one] = compile_text(f'segment "x" where {where}').diagnostics
    assert (one.help or "").startswith(help)
    said = one.message + (one.help or "")
    assert ("label" in said.lower()) == ('"' in where)
    assert ("`rule set`" in said) == ("rule set" in where)


@pytest.mark.parametrize(
    ("where", "rule_type", "limit"),
    [
        ('a = "x"\nlimit 10 by ltv desc', "And", {"type": "Count", "number": 10}),
        ("everyone\nlimit 2.5% by ltv asc", "And", {"type": "Percent", "number": 2.5}),
    ],
)
def test_limits(where: str, rule_type: str, limit: dict[str, Any]) -> None:
    rule = rule_of(where)
    assert rule["type"] == rule_type
    assert {key: rule["limit"][key] for key in limit} == limit


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('let f(x, x) = k = x\nsegment "s" where f(3, 4)', [Code.SEG102]),
        ('segment "s" where a = 1 limit 5 by aggregate desc', [Code.SEG214]),
        ('segment "s" where (a = 1 limit 5 by aggregate desc)', [Code.SEG214]),
        ('segment "s" where (count(p) > 1 limit 5 by aggregate desc)', []),
        ('segment "s" where a = 1 limit 5', [Code.SEG212]),
        ('segment "" where a = 1', [Code.SEG114]),
        ('segment "\\u{3000}\\n" where a = 1', [Code.SEG114]),
        ('segment " s " where a = 1', []),
        ('segment "s" where in segment ""', [Code.SEG114]),
        ('let f = not in segment " "\nsegment "s" where f and f', [Code.SEG114]),
        ('segment "s" folder " " where a = 1', []),
    ],
)
def test_what_is_found_in_whole_texts(text: str, codes: list[Code]) -> None:
    assert [each.code for each in compile_text(text, symbolic=True).diagnostics] == codes


def test_a_negated_limit_is_excluded() -> None:
    rule = rule_of("not (a != 1 limit 10 by ltv desc)")
    condition = rule["conditions"][0]["conditions"][0]
    assert condition["exclude"] is True
    assert condition["operator"]["not"] is True


def test_symbolic_ids_are_marked() -> None:
    rule = rule_of('in stage "A \\"b\\"" of funnel "F" and in segment "S"', symbolic=True)
    ids = [condition["id"] for condition in rule["conditions"][0]["conditions"]]
    assert ids == ['name:"A \\"b\\"" of funnel "F"', 'name:"S"']


MODELS: Ids = {
    ("predictive model", ByName("Churn")): "12",
    ("rfm model", ByName("Customers")): "13",
}


@pytest.mark.parametrize(
    ("where", "kind", "id"),
    [
        ('score of "Churn" between 1 and 2', "predictive model", "12"),
        ('rfm("Customers").rfm_segment = "Champions"', "rfm model", "13"),
    ],
)
def test_the_id_of_a_model_is_found_by_its_name(where: str, kind: str, id: str) -> None:
    segment = segment_of(where)
    rule = lower(segment, Report(), ids=MODELS)
    assert rule is not None
    assert f'"id":"{id}"' in encode(rule, pretty=False)
    report = Report()
    assert lower(segment, report) is None
    [found] = report.diagnostics
    assert (found.code, f"the id of the {kind}" in found.message) == (Code.SEG303, True)


def test_everyone_is_a_rule_without_conditions() -> None:
    assert rule_of("everyone") == {"type": "And", "conditions": []}


def test_the_create_request() -> None:
    text = 'segment "N" description "D" folder "a/b" kind realtime where everyone'
    [segment] = compile_text(text, check=True).segments
    assert segment.request == {
        "name": "N",
        "kind": 1,
        "rule": {"type": "And", "conditions": []},
        "description": "D",
    }


def test_numbers_keep_their_exact_text() -> None:
    text = 'segment "x" where a in (1.50, 1e5, -0, 123456789012345678901234567890)'
    [segment] = compile_text(text, check=True).segments
    body = "".join(segment.json.split())
    assert '"rightValues":[1.50,1e5,-0,123456789012345678901234567890]' in body


def test_both_tables_agree_on_which_operators_have_a_not() -> None:
    wheres = [
        "a = 1",
        "a > 1",
        "a between 1 and 2",
        "a in (1)",
        'a contains "x"',
        'a matches "x"',
        "a is null",
        "a on 2024-01-01",
        "a before 2024-01-01",
        "a on or before 2024-01-01",
        "a after 2024-01-01",
        "a on or after 2024-01-01",
        "a more than 1 day ago",
        "a at least 1 day ago",
        "a less than 1 day ago",
        "a at most 1 day ago",
        "a between 2 and 1 days ago",
        "a within past 1 day",
        "a within next 1 day",
        "a in last day",
        "a in this day",
        "a in next day",
        "a is today",
        "a for 1 day from 2 days ago",
        "a between 1 and 2 days from now",
    ]
    text = "\n".join(f'segment "{index}" where {where}' for index, where in enumerate(wheres))
    compiled = compile_text(text)
    assert compiled.codes == []
    assert len(compiled.segments) == len(wheres)
    for each in compiled.segments:
        predicate = each.segment.condition.predicate  # type: ignore[union-attr]
        assert has_not(predicate) == takes_not(operator(predicate)), predicate
