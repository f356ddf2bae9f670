"""Journeys: the API's stages, steps and segments of criteria, both ways."""

from segdsl.rules.journeys.criteria import CriteriaSegment, is_criteria_document, read_criteria
from segdsl.rules.journeys.documents import (
    JourneyParts,
    activation_ids,
    parts_of,
    read_journey,
    segment_ids,
)
from segdsl.rules.journeys.lowering import lower_journey
from segdsl.rules.journeys.model import encode_draft, encode_journey
from segdsl.rules.journeys.normal import normal_journey
from segdsl.rules.journeys.paths import path_text, rule_paths
from segdsl.rules.journeys.reading import JourneyDocument, read_document

__all__ = [
    "CriteriaSegment",
    "JourneyDocument",
    "JourneyParts",
    "activation_ids",
    "encode_draft",
    "encode_journey",
    "is_criteria_document",
    "lower_journey",
    "normal_journey",
    "parts_of",
    "path_text",
    "read_criteria",
    "read_document",
    "read_journey",
    "rule_paths",
    "segment_ids",
]
