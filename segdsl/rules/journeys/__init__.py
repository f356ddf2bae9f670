"""Journeys: the API's stages, steps and segments of criteria, both ways."""

from segdsl.rules.journeys.documents import JourneyParts, parts_of, read_journey
from segdsl.rules.journeys.lowering import lower_journey
from segdsl.rules.journeys.model import encode_draft, encode_journey
from segdsl.rules.journeys.normal import normal_journey
from segdsl.rules.journeys.paths import path_text, rule_paths

__all__ = [
    "JourneyParts",
    "encode_draft",
    "encode_journey",
    "lower_journey",
    "normal_journey",
    "parts_of",
    "path_text",
    "read_journey",
    "rule_paths",
]
