"""The stages of a running service: those of the store, and those of `parent_segment.toml`.

Who is in a stage of the store is what its segment says. Who is in a stage that
`parent_segment.toml` names is in the tables of the data: such a funnel is only read.
"""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.engine import ParentSegment
from segdsl.schema.model import Funnel as NamedFunnel
from segdsl.server.kinds.stages.table import Funnel, FunnelTable, Stage
from segdsl.server.service import Collection, Service

NAME = "stage"


class Stages(Collection):
    """The stages of the parent segment."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.table = FunnelTable(service.store)

    @property
    def named(self) -> tuple[NamedFunnel, ...]:
        """The funnels that `parent_segment.toml` names."""
        return self.service.data.parent.funnels

    def find(self, id: int) -> Stage | None:
        """A stage of the store."""
        return self.table.find_stage(self.service.audience, id)

    def funnel_of(self, id: int) -> Funnel | None:
        """The funnel of a stage of the store."""
        stage = self.find(id)
        return None if stage is None else self.table.find(self.service.audience, stage.funnel)

    def is_named(self, id: int) -> bool:
        """Whether `parent_segment.toml` names a stage of that id."""
        return any(stage.id == str(id) for funnel in self.named for stage in funnel.stages)


def reserved_ids(parent: ParentSegment) -> Iterator[str]:
    """The ids of the funnels of `parent_segment.toml`, and of their stages."""
    for funnel in parent.funnels:
        yield funnel.id
        yield from (stage.id for stage in funnel.stages)
