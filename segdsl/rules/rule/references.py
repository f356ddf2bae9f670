"""References to segments, to stages of funnels and to predictive segments in the JSON of a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KINDS: Mapping[str, str] = {
    "Reference": "segment",
    "FunnelStageReference": "stage",
    "PredictiveScoreReference": "predictive segment",
}
"""What each type of condition refers to, of those whose target is in a workspace."""


def references(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every reference of a rule's JSON with its kind, as in `KINDS`; filters hold none."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        type = node.get("type")
        if isinstance(type, str) and type in KINDS and "id" in node:
            yield KINDS[type], node
        conditions = node.get("conditions")
        if isinstance(conditions, list):
            waiting.extend(conditions)


def segment_references(document: Any) -> Iterator[dict[str, Any]]:
    """Every `Reference` object, which is to a segment."""
    return (node for kind, node in references(document) if kind == "segment")
