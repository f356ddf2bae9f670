"""Whether two rules are the same: equal in the normal form that the compiler would write."""

from __future__ import annotations

import json

import msgspec

from segdsl.diagnostics import Report
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import encode
from segdsl.rules.rule.reader import read_rule


def same_rule(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Whether two rules, as JSON, are the same. What cannot be read is the same only as itself."""
    first, second = bytes(one), bytes(other)
    return first == second or canonical_rule(first) == canonical_rule(second)


def canonical_rule(text: bytes) -> str:
    """A rule's JSON in normal form: the same text for the same rule.

    Of a rule that the language does not know, the JSON without what its layout adds; of what is no
    JSON that can be read, an object with the text as it is.
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
