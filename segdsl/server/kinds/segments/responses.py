"""Segments as both families answer them."""

from __future__ import annotations

import msgspec

from segdsl.server.http.responses import FOLDER, USER_LINKS, history, iso, link
from segdsl.server.kinds.segments.table import STAGE, Segment
from segdsl.server.service import Item, Json

BATCH_TYPE = "segment-batch"
REALTIME_TYPE = "segment-realtime"
STAGE_TYPE = "segment-funnel-stage"


def plain(segment: Segment, activations: int) -> Json:
    """A segment under `/audiences`, with the number of its activations."""
    return {
        "audienceId": segment.audience,
        "id": str(segment.id),
        "name": segment.name,
        "realtime": segment.is_realtime,
        "kind": segment.kind,
        "isVisible": segment.is_visible,
        "numSyndications": activations,
        "description": segment.description,
        "segmentFolderId": str(segment.folder),
        "population": segment.population,
        "countPopulation": segment.count_population,
        **history(segment.created, segment.updated),
        "rule": _rule(segment),
        "referencedBy": [str(id) for id in segment.referenced_by],
    }


def resource(segment: Segment, activations: int, *, with_rule: bool = True) -> Json:
    """A segment under `/entities`, with the number of its activations.

    Without the rule, its key is left out; `isEmptyRule` is there all the same (observed).
    """
    attributes: Json = {
        "audienceId": segment.audience,
        "name": segment.name,
        "description": segment.description,
        "population": segment.population,
        "numSyndications": activations,
        "isVisible": segment.is_visible,
        "isEmptyRule": _is_empty(segment),
        "createdAt": iso(segment.created),
        "updatedAt": iso(segment.updated),
        "countPopulation": segment.count_population,
        "segmentInsightDashboardId": None,
        "enrichments": None,
    }
    if with_rule:
        attributes["rule"] = _rule(segment)
    return {
        "id": str(segment.id),
        "type": _type(segment),
        "attributes": attributes,
        "relationships": {"parentFolder": link(FOLDER, segment.folder), **USER_LINKS},
    }


def item(segment: Segment, activations: int) -> Item:
    """A segment in its folder."""
    return Item(
        segment.folder,
        segment.id,
        _type(segment),
        lambda with_rule: resource(segment, activations, with_rule=with_rule),
    )


def _type(segment: Segment) -> str:
    if segment.kind == STAGE:
        return STAGE_TYPE
    return REALTIME_TYPE if segment.is_realtime else BATCH_TYPE


def _rule(segment: Segment) -> msgspec.Raw | None:
    """The rule as it was sent."""
    return None if segment.rule is None else msgspec.Raw(segment.rule.encode())


class _Conditions(msgspec.Struct):
    conditions: list[msgspec.Raw] = []


def _is_empty(segment: Segment) -> bool:
    rule = segment.rule
    return rule is None or not msgspec.json.decode(rule, type=_Conditions).conditions
