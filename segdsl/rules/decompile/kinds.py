"""What a JSON document of the API is: a segment, a funnel, an activation, a journey, …."""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

from segdsl.language.predictive import FEATURE_LISTS

DocumentKind = OneOf[
    "segment",
    "funnel",
    "activation",
    "template",
    "predictive segment",
    "journey",
    "journey activation",
    "compiled",
]
"""`compiled` is what `segdsl compile` writes of what takes several requests."""
_RESOURCES: dict[str, DocumentKind] = {
    "syndication": "activation",
    "activation-template": "template",
    "funnel": "funnel",
    "predictive-segment": "predictive segment",
    "journey": "journey",
    "journeyActivationStep": "journey activation",
}
_OF_PREDICTIVE = ("gradeThresholds", "baseSegmentId", "scoredSegmentId", *FEATURE_LISTS.values())
_OF_TEMPLATES = ("fieldProperties", "state")
_OF_ACTIVATIONS = ("connectionId", "connectorConfig", "syndicationBehaviors")


def inside(document: Any) -> Any:
    """What is in `data`, where there is one thing in it."""
    while isinstance(document, dict) and isinstance(document.get("data"), dict):
        document = document["data"]
    return document


def kind_of(document: Any) -> DocumentKind:
    """The kind, by its type or by the fields that only it has; `segment` for anything else."""
    value = inside(document)
    if not isinstance(value, dict):
        return "segment"
    if isinstance(value.get("requests"), list):
        return "compiled"
    if isinstance(value.get("attributes"), dict):
        return _RESOURCES.get(str(value.get("type")), "segment")
    if "rule" in value or "conditions" in value:
        return "segment"
    if "stages" in value:
        return "funnel"
    if any(key in value for key in _OF_PREDICTIVE):
        return "predictive segment"
    if any(key in value for key in _OF_TEMPLATES):
        return "template"
    return "activation" if any(key in value for key in _OF_ACTIVATIONS) else "segment"
