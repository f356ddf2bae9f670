"""Compares rules by the normal form that the compiler would emit."""

from __future__ import annotations

import json

import msgspec

from segdsl.diagnostics import Report
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import encode
from segdsl.rules.rule.reader import read_rule


def same_rule(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Whether two rules, as JSON, are equal in normal form; unreadable ones by their JSON."""
    first, second = bytes(one), bytes(other)
    return first == second or canonical_rule(first) == canonical_rule(second)


def canonical_rule(text: bytes) -> str:
    """A rule's JSON in normal form: equal rules have equal texts.

    A rule that the language does not cover is its JSON with sorted keys; a text that is not valid
    JSON is an object with that text.
    """
    report = Report()
    try:
        rule = read_rule(load(text.decode(), report), "$", report)
    except (UnreadableError, UnicodeDecodeError):
        rule = None
    if rule is not None and not report.has_errors:
        return encode(normalise(rule), pretty=False)
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return json.dumps({"unreadable": text.decode(errors="backslashreplace")})
