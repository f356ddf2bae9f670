"""The models of solutions (RFM, lifetime value): read only, named by `parent_segment.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from segdsl.engine import ParentSegment
from segdsl.server.http.responses import FOLDER, iso, link
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.service import Collection, Json, Kind

_PREDICTIVE = "predictive"


class Models(Collection):
    """The models of the parent segment; those of solutions lie in the root folder (assumed)."""

    def root_resources(self) -> Iterable[Json]:
        service, root = self.service, self.service[Folders].root
        return [
            {
                "id": model.id,
                "type": "mlSolution",
                "attributes": {
                    "name": model.name,
                    "audienceId": service.audience,
                    "description": None,
                    "solutionType": model.solution,
                    "behaviorName": "",
                    "targetColumn": "",
                    "state": "published",
                    "createdAt": iso(root.created),
                    "updatedAt": iso(root.updated),
                    "lastPublishedAt": iso(root.updated),
                },
                "relationships": {"parentFolder": link(FOLDER, root.id)},
            }
            for model in service.data.parent.models
            if model.solution != _PREDICTIVE
        ]


def _reserved_ids(parent: ParentSegment) -> Iterator[str]:
    return (model.id for model in parent.models)


MODELS = Kind("model", Models, (), reserved_ids=_reserved_ids)
