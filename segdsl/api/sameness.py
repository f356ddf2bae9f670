"""Whether two rules are the same: equal in the normal form that the compiler would write."""

from __future__ import annotations

import json

import msgspec

from segdsl.diagnostics import Report
from segdsl.layout import normalise
from segdsl.rule.document import UnreadableError, load
from segdsl.rule.model import Rule
from segdsl.rule.reader import read_rule


def same_rule(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Whether two rules, as JSON, are the same. What cannot be read is the same only as itself."""
    first, second = bytes(one), bytes(other)
    if first == second:
        return True
    read_first, read_second = _read(first), _read(second)
    if read_first is None or read_second is None:
        return bool(json.loads(first) == json.loads(second))
    return read_first == read_second


def _read(text: bytes) -> Rule | None:
    report = Report()
    try:
        rule = read_rule(load(text.decode(), report), "$", report)
    except (UnreadableError, UnicodeDecodeError):
        return None
    return None if rule is None or report.has_errors else normalise(rule)
