"""Funnels with the rules of their stages: the API's JSON, both ways."""

from segdsl.rules.funnels.bodies import encode_funnel, encode_stage
from segdsl.rules.funnels.reading import (
    FunnelParts,
    StageParts,
    StageSegment,
    funnel_of,
    read_funnel,
    read_stage,
)

__all__ = [
    "FunnelParts",
    "StageParts",
    "StageSegment",
    "encode_funnel",
    "encode_stage",
    "funnel_of",
    "read_funnel",
    "read_stage",
]
