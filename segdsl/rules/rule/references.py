"""References to segments in the JSON of a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def segment_references(document: Any) -> Iterator[dict[str, Any]]:
    """Every `Reference` object of a rule's JSON; filters hold none."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        if node.get("type") == "Reference" and "id" in node:
            yield node
        conditions = node.get("conditions")
        if isinstance(conditions, list):
            waiting.extend(conditions)
