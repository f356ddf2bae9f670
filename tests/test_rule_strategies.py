"""The generators of rules: what they make fits the API's description, and has a meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from contract import rule_errors
from quick import scaled
from reference.population import Population
from reference.rule_evaluator import evaluate_rule, select_rule
from strategies.populations import populations
from strategies.rules import rules
from strategies.wild_rules import wild_rules

Json = dict[str, Any]


@pytest.mark.slow(quick=True)
@given(rules(nested=False))
@settings(max_examples=scaled(500))
def test_generated_rules_are_what_the_description_admits(rule: Json | None) -> None:
    assert rule_errors(rule) == []


@pytest.mark.slow(quick=True)
@given(wild_rules())
@settings(max_examples=scaled(500))
def test_wild_rules_are_what_the_description_admits(text: str) -> None:
    assert rule_errors(json.loads(text)) == []


@pytest.mark.slow(quick=True)
@given(rules(), populations())
@settings(max_examples=scaled(300))
def test_every_generated_rule_has_a_meaning(rule: Json | None, of: Population) -> None:
    chosen = select_rule(rule, of)
    assert {each.id for each in of.profiles if evaluate_rule(rule, each, of)} == chosen
