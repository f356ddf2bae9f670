"""Reads a rule of the tool's YAML as one of the API."""

from __future__ import annotations

from segdsl.diagnostics import Code, Report
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.rule.document import load as load_json
from segdsl.rules.rule.model import Rule, encode
from segdsl.rules.rule.reader import read_rule as read_json_rule
from segdsl.workspace.tdx.checks import Keys
from segdsl.workspace.tdx.conditions import Conditions
from segdsl.workspace.tdx.document import UnreadableError, Value
from segdsl.workspace.tdx.operators import Json

_EVERYONE = "for everyone, write it by hand in a `.seg` file: `where everyone`"


def rule_value(keys: Keys, conditions: Conditions) -> Value:
    """The `rule` of a segment; an empty one would select everyone, which the file does not say.

    Raises UnreadableError after a report.
    """
    rule = conditions.need(keys, "rule", "a segment", _EVERYONE)
    if rule.data in ({}, [], ""):
        conditions.fail(rule, "a segment needs a `rule`, and it is empty here", _EVERYONE)
    return rule


def read_rule(value: Value, conditions: Conditions) -> Rule:
    """The rule in normal form; raises UnreadableError after a report of all mistakes."""
    return known_rule(conditions.rule(value), value, conditions)


def known_rule(rule: Json, value: Value, conditions: Conditions) -> Rule:
    """The rule of the API's JSON, which was made of a value; raises UnreadableError."""
    own = Report()
    read = read_json_rule(load_json(encode(rule, pretty=False), own), "$.rule", own)
    for diagnostic in own.diagnostics:
        place = conditions.place_in(rule, diagnostic.path) or value.place
        conditions.report.add(Code.SEG702, place, diagnostic.message, help=diagnostic.help)
    if read is None or own.has_errors:
        raise UnreadableError
    return normalise(read)
