"""The JSON documents of what a server has of any kind: lists of it, and one of it."""

from __future__ import annotations

import msgspec

from segdsl.output import documents, models
from segdsl.output.segments import folder_of
from segdsl.workspace.project.keys import (
    ACTIVATION,
    FUNNEL,
    JOURNEY,
    PREDICTIVE,
    SEGMENT,
    TEMPLATE,
)
from segdsl.workspace.remote.resources import Listing, Resource
from segdsl.workspace.showing import Shown

_KINDS: dict[str, models.ResourceKind] = {
    SEGMENT: "segment",
    FUNNEL: "funnel",
    PREDICTIVE: "predictive-segment",
    JOURNEY: "journey",
    ACTIVATION: "activation",
    TEMPLATE: "template",
}


def resources_output(listing: Listing) -> documents.ListOutput:
    """The resources of a kind by path."""
    return documents.ListOutput(
        kind=_KINDS[listing.kind],
        resources=tuple(map(_listed, listing.resources)),
        unreadable=tuple(
            models.UnreadableSegment(id=each.id or None, name=each.name or None, why=each.why)
            for each in listing.unreadable
        ),
    )


def _listed(resource: Resource) -> models.ListedResource:
    return models.ListedResource(
        id=resource.id,
        name=resource.name,
        folder=folder_of(resource.folder),
        owner=resource.owner,
        journey_bundle=resource.group,
        version=resource.version,
        state=resource.state,
        paused=resource.is_paused,
        stages=resource.stages,
        accuracy=resource.accuracy,
        last_run_at=resource.last_run,
        updated_at=resource.updated_at,
    )


def shown_output(
    shown: Shown, source: str | None, graph: str | None = None
) -> documents.ShowOutput:
    """A resource as the API returns it, and as source."""
    found = shown.resource
    is_segment = shown.segment is not None
    raw = msgspec.Raw(shown.json.encode())
    return documents.ShowOutput(
        kind=_KINDS[found.kind],
        id=found.id,
        name=found.name or None,
        folder=folder_of(found.folder),
        source=source,
        graph=graph,
        segment=raw if is_segment else None,
        resource=None if is_segment else raw,
    )
