"""Variants of A/B tests: read only, with the names that `parent_segment.toml` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from segdsl.engine import ParentSegment
from segdsl.server.errors import refuse
from segdsl.server.service import JSON, Call, Collection, Kind, Route, Service


class Variants(Collection):
    """The variants of the parent segment's tests."""


def list_variants(service: Service, call: Call) -> Any:
    """All variants; each test is the only step of a journey with its name (assumed)."""
    audience = call.query.get("audience_id")
    if audience is None:
        raise refuse("the parameter `audience_id` is required")
    service.check_audience(audience)
    variants = service.data.parent.variants
    tests = {test: str(number) for number, test in enumerate(_tests(service), 1)}
    return {
        "data": [
            {
                "id": variant.id,
                "type": "realtimeJourneyABTestVariant",
                "attributes": {
                    "name": variant.name,
                    "location": variant.test,
                    "realtimeJourneyId": tests[variant.test],
                    "realtimeJourneyName": variant.test,
                    "realtimeJourneyStageId": tests[variant.test],
                    "realtimeJourneyStepName": variant.test,
                    "realtimeJourneyStepVariantName": variant.name,
                },
            }
            for variant in variants
        ]
    }


def _tests(service: Service) -> list[str]:
    """The names of the tests, each once."""
    return list(dict.fromkeys(variant.test for variant in service.data.parent.variants))


def _reserved_ids(parent: ParentSegment) -> Iterator[str]:
    return (variant.id for variant in parent.variants)


ROUTES = (Route("GET", "/entities/realtime_journeys/abtest_variants", list_variants, JSON),)
VARIANTS = Kind("variant", Variants, ROUTES, reserved_ids=_reserved_ids)
