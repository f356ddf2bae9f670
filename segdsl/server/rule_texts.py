"""A rule's JSON rewritten where it stands, with every number as it was written.

A rule that needs no change stays the very text that came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from segdsl.language.behaviors import PREFIX, table_of

_REFERENCES = (
    "Reference",
    "FunnelStageReference",
    "AbTestVariantReference",
    "PredictiveScoreReference",
    "MlAttributeReference",
)


def with_text_ids(rule: str) -> str:
    """The rule with the ids of references as texts: clients send both, and read texts (observed).

    What is no rule stays as it is: whoever reads it says what is wrong.
    """
    try:
        plain = _load(rule)
        numbers = [each for each in _objects(plain) if _has_number(each)]
        for reference in numbers:
            reference["id"] = bytes(reference["id"]).decode()
        return _dump(plain) if numbers else rule
    except (ValueError, RecursionError):
        return rule


def _has_number(of: dict[str, Any]) -> bool:
    return of.get("type") in _REFERENCES and isinstance(of.get("id"), msgspec.Raw)


def with_prefixed_sources(rule: str) -> str:
    """The rule with the table of each behavior as its source, and not the name without prefix."""
    plain = _load(rule)
    sources = [each["source"] for each in _objects(plain) if isinstance(each.get("source"), dict)]
    short = [
        each
        for each in sources
        if isinstance(name := each.get("name"), str) and not name.startswith(PREFIX)
    ]
    for source in short:
        source["name"] = table_of(source["name"])
    return _dump(plain) if short else rule


def _load(text: str) -> Any:
    """Plain data in which numbers are the text that they were; ValueError where a key is twice."""

    def number(digits: str) -> msgspec.Raw:
        return msgspec.Raw(digits.encode())

    return json.loads(
        text, parse_int=number, parse_float=number, object_pairs_hook=_without_repeats
    )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _dump(plain: Any) -> str:
    return msgspec.json.encode(plain).decode()


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object, wherever it is."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)
