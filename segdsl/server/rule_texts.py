"""Rewrites parts of a rule's JSON, and keeps every number as it was written.

A rule that needs no change stays the text that came.
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
    """The rule with the ids of references as strings: clients send both, but read strings.

    Text that is not a rule stays as it is: reading it reports the problem.
    """
    try:
        plain = _load(rule)
        numbers = [item for item in _objects(plain) if _has_number(item)]
        for reference in numbers:
            reference["id"] = bytes(reference["id"]).decode()
        return _dump(plain) if numbers else rule
    except (ValueError, RecursionError):
        return rule


def _has_number(item: dict[str, Any]) -> bool:
    return item.get("type") in _REFERENCES and isinstance(item.get("id"), msgspec.Raw)


def with_prefixed_sources(rule: str) -> str:
    """The rule with the table of each behavior as its source, not the name without prefix."""
    plain = _load(rule)
    sources = [item["source"] for item in _objects(plain) if isinstance(item.get("source"), dict)]
    short = [
        source
        for source in sources
        if isinstance(name := source.get("name"), str) and not name.startswith(PREFIX)
    ]
    for source in short:
        source["name"] = table_of(source["name"])
    return _dump(plain) if short else rule


def _load(text: str) -> Any:
    """Plain data with numbers as their text. Raises ValueError for a repeated key."""

    def number(digits: str) -> msgspec.Raw:
        return msgspec.Raw(digits.encode())

    return json.loads(
        text, parse_int=number, parse_float=number, object_pairs_hook=_without_repeats
    )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("a key is repeated")
    return keys


def _dump(plain: Any) -> str:
    return msgspec.json.encode(plain).decode()


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object, at any depth."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)
