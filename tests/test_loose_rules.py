"""Rules as real servers answer them and public clients send them: looser than the description.

Shapes are those of public programs and of their fixtures; names and values are invented.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import scaled
from segdsl import compile_text
from segdsl.analysis.explain import explain, render_outline
from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.rules.decompile import decompile
from segdsl.rules.rule.document import load
from segdsl.rules.rule.reader import read_rule
from strategies.loose_rules import DASHBOARD, loose_rules, loosened
from strategies.rules import rules
from strategies.wild_rules import json_text

Json = dict[str, Any]


def attribute(name: str, kind: str, right: Any, **more: Any) -> Json:
    return {
        "type": "Value",
        "leftValue": {"name": name, "visibility": "clear"},
        "operator": {"not": False, "rightValue": right, "type": kind},
        "exclude": False,
        **more,
    }


def count(table: str, *columns: Json, least: int = 1, **more: Any) -> Json:
    return {
        "type": "Value",
        "leftValue": {
            "aggregation": {"type": "Count"},
            "source": {"name": table},
            "filter": {"type": "And", "conditions": list(columns)},
        },
        "operator": {"not": False, "rightValue": least, "type": "GreaterEqual"},
        "exclude": False,
        **more,
    }


def column(name: str, operator: Json) -> Json:
    return {"type": "Column", "column": name, "operator": operator, "visibility": "clear"}


def group(*conditions: Json, kind: str = "And", **more: Any) -> Json:
    return {"conditions": list(conditions), "type": kind, **more}


PAST = {"type": "TimeWithinPast", "unit": "day", "value": 14, "not": False}
SHAPES: dict[str, tuple[Json, str]] = {
    "a count, and a key that says nothing at the top": (
        group(
            group(
                count("behavior_calls", column("tone", {"rightValue": "warm", "type": "Equal"})),
                description="",
            ),
            **DASHBOARD,
        ),
        'has calls where tone = "warm"',
    ),
    "an attribute in a labelled set": (
        group(group(attribute("plan", "Equal", "True"), description="On a plan")),
        '"On a plan": (plan = "True")',
    ),
    "a key that says nothing in a set": (
        group(group(attribute("plan", "Equal", "none"), description="Not yet", **DASHBOARD)),
        '"Not yet": (plan = "none")',
    ),
    "a number": (
        group(group(attribute("visits", "Greater", 12), description="Often", **DASHBOARD)),
        '"Often": (visits > 12)',
    ),
    "two sets with times as numbers": (
        group(
            group(count("behavior_calls", column("timestamp", PAST)), description=""),
            group(count("behavior_visits", column("timestamp", PAST)), **DASHBOARD),
        ),
        "rule set (has calls where timestamp within past 14 days)\n"
        "  and rule set (has visits where timestamp within past 14 days)",
    ),
    "one level, with nulls": (
        group(
            {
                "type": "Value",
                "leftValue": {"name": "city"},
                "operator": {"not": False, "rightValues": ["Kyo"], "type": "Contain"},
                "limit": None,
            }
        ),
        'city contains "Kyo"',
    ),
    "a table without the prefix": (
        group(group(count("web_orders", column("sku", {"rightValue": "A", "type": "Equal"})))),
        'has table "web_orders" where sku = "A"',
    ),
    "include": (
        group(
            group(
                {"type": "Reference", "include": True, "id": "12"},
                {"type": "Reference", "include": False, "id": 13},
                {"type": "Reference", "include": True, "exclude": False, "id": "14"},
                {"type": "Reference", "include": False, "exclude": True, "id": "15"},
            )
        ),
        "in segment #12\n  and not in segment #13\n  and in segment #14\n  and not in segment #15",
    ),
    "a negated past": (
        group(group({**attribute("seen", "", 0), "operator": {**PAST, "not": True}})),
        "seen not within past 14 days",
    ),
    "a negated past that is excluded": (
        group(
            group({**attribute("seen", "", 0), "operator": {**PAST, "not": True}, "exclude": True})
        ),
        "seen within past 14 days",
    ),
    "negated calendar units": (
        group(
            group(
                {
                    **attribute("seen", "", 0),
                    "operator": {"type": "TimeThis", "from": {"unit": "week"}, "not": True},
                },
                {**attribute("due", "", 0), "operator": {"type": "TimeToday", "not": True}},
                {
                    **attribute("due", "", 0),
                    "operator": {"type": "TimeNext", "from": {"unit": "year"}, "not": True},
                },
                {
                    **attribute("due", "", 0),
                    "operator": {
                        "type": "TimeWithinNext",
                        "unit": "day",
                        "value": "3",
                        "not": True,
                    },
                },
            )
        ),
        "seen not in this week\n  and due is not today\n  and due not in next year\n"
        "  and due not within next 3 days",
    ),
    "a negated past in a filter": (
        group(group(count("behavior_calls", column("timestamp", {**PAST, "not": True})))),
        "has calls where timestamp not for 14 days from 14 days ago",
    ),
    "no condition that can be excluded, and not excluded": (
        group(
            group(
                count("behavior_calls", column("tone", {"type": "IsNull"}) | {"exclude": False}),
                {
                    "type": "PredictiveScoreReference",
                    "id": "3",
                    "minGrade": 1,
                    "maxGrade": 5,
                    "includeConvertedCustomers": False,
                    "exclude": False,
                },
                {
                    "type": "MlAttributeReference",
                    "id": 4,
                    "solutionType": "rfm",
                    "leftValue": {"attribute": "rfm_segment", "visibility": "clear"},
                    "operator": {"type": "Equal", "rightValue": "loyal"},
                    "exclude": False,
                },
            )
        ),
        "(has calls where tone is null)\n  and score of #3 between 1 and 5\n"
        '  and rfm(#4).rfm_segment = "loyal"',
    ),
    "visibility where nothing has a name": (
        group(
            group(
                {"type": "Reference", "id": "12", "exclude": False, "visibility": "clear"},
                {
                    "type": "Value",
                    "leftValue": {
                        "source": {"name": "behavior_calls", "visibility": "clear"},
                        "aggregation": {
                            "type": "Last",
                            "column": "tone",
                            "orderColumn": "timestamp",
                            "visibility": "clear",
                        },
                        "filter": {
                            "type": "And",
                            "conditions": [column("tone", {"type": "IsNull", "not": True})],
                            "visibility": "clear",
                        },
                        "visibility": "clear",
                    },
                    "operator": {"type": "Equal", "rightValue": "warm", "visibility": "clear"},
                },
                {
                    **attribute("plan", "Equal", "gold"),
                    "limit": {
                        "type": "Count",
                        "number": 9,
                        "orderColumns": [
                            {
                                "type": "Column",
                                "column": "visits",
                                "order": "descending",
                                "visibility": "clear",
                            }
                        ],
                        "visibility": "clear",
                    },
                },
            )
        ),
        "in segment #12\n"
        '  and last(calls.tone by timestamp where tone is not null) = "warm"\n'
        '  and (plan = "gold" limit 9 by visits desc)',
    ),
    "never, as people write it": (
        group(
            group(
                {
                    **count("behavior_calls", least=1),
                    "operator": {"not": False, "rightValue": 1, "type": "Less"},
                }
            )
        ),
        "no calls",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_loose_rule_comes_back_and_compiles_to_the_same(name: str) -> None:
    rule, where = SHAPES[name]
    report = Report()
    text = decompile(json.dumps({"name": "x", "kind": 0, "rule": rule}), "x.json", report)
    assert report.diagnostics == []
    assert text == f'segment "x"\n\nwhere\n  {where}\n'
    [compiled] = compile_text(text).segments
    assert render_outline(explain(compiled.segment), 100)
    again = json.dumps(compiled.rule).encode()
    assert canonical_rule(again) == canonical_rule(json.dumps(rule).encode())


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ({"type": "Reference", "id": "1", "include": True, "exclude": True}, ".include"),
        ({"type": "Reference", "id": "1", "include": False, "exclude": False}, ".include"),
        ({"type": "Reference", "id": "1", "include": "yes"}, ".include"),
        ({**attribute("a", "Equal", 1), "colour": "red"}, ".colour"),
        (
            count("behavior_x", column("a", {"type": "IsNull"}) | {"exclude": True}),
            ".leftValue.filter.conditions[0].exclude",
        ),
        (
            {
                "type": "PredictiveScoreReference",
                "id": "3",
                "minGrade": 1,
                "maxGrade": 5,
                "exclude": True,
            },
            ".exclude",
        ),
        (
            {
                **count("behavior_x", column("at", {"type": "TimeNext", "from": {"unit": "day"}})),
                "arrayMatching": "any",
            },
            ".arrayMatching",
        ),
        (
            count(
                "behavior_x",
                column("at", {"type": "TimeNext", "from": {"unit": "day"}, "not": True}),
            ),
            ".leftValue.filter.conditions[0].operator.not",
        ),
        (
            {
                **count("behavior_x"),
                "operator": {"type": "Equal", "not": False, "rightValue": "three"},
            },
            ".operator",
        ),
    ],
)
def test_what_cannot_be_expressed_is_named_by_its_path(condition: Json, path: str) -> None:
    report = Report()
    assert decompile(json.dumps(group(group(condition))), "x.json", report) is None
    assert {(each.code, each.path) for each in report.diagnostics} == {
        (Code.SEG402, f"$.conditions[0].conditions[0]{path}")
    }


# --- any rule, written more loosely ------------------------------------------------------


@given(rules(), st.randoms(use_true_random=False))
def test_any_rule_means_the_same_however_loosely_it_is_written(rule: Any, chance: Any) -> None:
    loose = json_text(loosened(rule, lambda: chance.random() < 0.5))
    assert problems(loose) == []
    assert canonical_rule(loose.encode()) == canonical_rule(json.dumps(rule).encode())


@given(loose_rules())
@settings(max_examples=scaled(300))
def test_any_odd_rule_means_the_same_however_loosely_it_is_written(pair: tuple[str, str]) -> None:
    strict, loose = pair
    assert problems(loose) == []
    assert canonical_rule(loose.encode()) == canonical_rule(strict.encode())


def problems(text: str) -> list[Diagnostic]:
    report = Report()
    assert read_rule(load(text, report), "$", report) is not None or report.has_errors
    return report.diagnostics
