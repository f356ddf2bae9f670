"""Funnels as both families answer them.

The population of a funnel is that of its first stage (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from segdsl.schema.model import Funnel as NamedFunnel
from segdsl.server.http.responses import FOLDER, USER_LINKS, history, iso, link
from segdsl.server.kinds.folders.table import Folder
from segdsl.server.kinds.segments.table import Segment
from segdsl.server.kinds.stages.table import Funnel, Stage
from segdsl.server.service import Item, Json

TYPE = "funnel"


class StageRules(msgspec.Struct, frozen=True):
    """The segments of stages by stage, and the numbers of activations by segment."""

    segments: Mapping[int, Segment]
    activations: Mapping[int, int]

    def activations_of(self, stage: Stage) -> int:
        segment = self.segments.get(stage.id)
        return 0 if segment is None else self.activations.get(segment.id, 0)

    def of_funnel(self, funnel: Funnel) -> int:
        return sum(map(self.activations_of, funnel.stages))

    def population(self, funnel: Funnel) -> int | None:
        first = self.segments.get(funnel.stages[0].id) if funnel.stages else None
        return None if first is None else first.population

    def segment_id(self, stage: Stage) -> str | None:
        segment = self.segments.get(stage.id)
        return None if segment is None else str(segment.id)


def plain(funnel: Funnel, rules: StageRules) -> Json:
    """A funnel under `/audiences`. A stage without a rule has no segment."""
    return {
        "id": str(funnel.id),
        "audienceId": funnel.audience,
        "segmentFolderId": str(funnel.folder),
        "name": funnel.name,
        "population": rules.population(funnel),
        "description": funnel.description or "",
        "numSyndications": rules.of_funnel(funnel),
        "needToRunWorkflow": False,
        "stages": [
            {
                "id": str(stage.id),
                "name": stage.name,
                "numSyndications": rules.activations_of(stage),
                "audienceId": funnel.audience,
                "funnelId": str(funnel.id),
                "segmentFolderId": str(funnel.folder),
                "segmentId": rules.segment_id(stage),
            }
            for stage in funnel.stages
        ],
        **history(funnel.created, funnel.updated),
    }


def resource(funnel: Funnel, rules: StageRules) -> Json:
    """A funnel under `/entities`. A stage without a rule has no `segmentId`."""
    return {
        "id": str(funnel.id),
        "type": TYPE,
        "attributes": {
            "audienceId": funnel.audience,
            "name": funnel.name,
            "description": funnel.description,
            "population": rules.population(funnel),
            "numSyndications": rules.of_funnel(funnel),
            "createdAt": iso(funnel.created),
            "updatedAt": iso(funnel.updated),
            "countPopulation": True,
            "stages": [_stage(stage, rules) for stage in funnel.stages],
        },
        "relationships": {"parentFolder": link(FOLDER, funnel.folder), **USER_LINKS},
    }


def _stage(stage: Stage, rules: StageRules) -> Json:
    answer: Json = {
        "id": str(stage.id),
        "name": stage.name,
        "numSyndications": rules.activations_of(stage),
    }
    segment = rules.segment_id(stage)
    return answer if segment is None else {**answer, "segmentId": segment}


def item(funnel: Funnel, rules: StageRules) -> Item:
    """A funnel in its folder."""
    return Item(funnel.folder, funnel.id, TYPE, lambda with_rule: resource(funnel, rules))


# --- funnels that parent_segment.toml names --------------------------------------------------


def named_plain(funnel: NamedFunnel, root: Folder) -> Json:
    """A funnel of `parent_segment.toml` under `/audiences`, which lies in the root folder."""
    return {
        "id": funnel.id,
        "audienceId": root.audience,
        "segmentFolderId": str(root.id),
        "name": funnel.name,
        "population": None,
        "description": "",
        "numSyndications": 0,
        "needToRunWorkflow": False,
        "stages": [
            {
                "id": stage.id,
                "name": stage.name,
                "numSyndications": 0,
                "audienceId": root.audience,
                "funnelId": funnel.id,
                "segmentFolderId": str(root.id),
                "segmentId": None,
            }
            for stage in funnel.stages
        ],
        **history(root.created, root.updated),
    }


def named_resource(funnel: NamedFunnel, root: Folder) -> Json:
    """A funnel of `parent_segment.toml` under `/entities`."""
    return {
        "id": funnel.id,
        "type": TYPE,
        "attributes": {
            "audienceId": root.audience,
            "name": funnel.name,
            "description": None,
            "population": None,
            "numSyndications": 0,
            "createdAt": iso(root.created),
            "updatedAt": iso(root.updated),
            "countPopulation": False,
            "stages": [
                {"id": stage.id, "name": stage.name, "numSyndications": 0}
                for stage in funnel.stages
            ],
        },
        "relationships": {"parentFolder": link(FOLDER, root.id), **USER_LINKS},
    }
