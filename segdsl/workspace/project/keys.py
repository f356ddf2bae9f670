"""What identifies a resource: by its id on a server, or by its place in a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from segdsl.language.references.symbolic_ids import symbolic_id, symbolic_segment_id
from segdsl.language.values import ByName

SEGMENT = "segment"
"""The kind of the resources that locks without kinds are about."""
FUNNEL, STAGE = "funnel", "stage"
ACTIVATION, TEMPLATE = "activation", "activation template"
CONNECTION, USER = "connection", "user"
PREDICTIVE, MODEL = "predictive segment", "predictive model"
"""A predictive segment, and what rules and schemas call it that name its scores."""
JOURNEY, JOURNEY_STAGE = "journey", "journey stage"
JOURNEY_STEP, JOURNEY_ACTIVATION = "journey step", "journey activation"
WHOLES = {STAGE: FUNNEL, JOURNEY_STAGE: JOURNEY}
"""What the parts belong to that others can name."""

Folder = tuple[str, ...]


class Ref(NamedTuple):
    """A resource by its kind and its id, or by the symbolic id of one that has no id yet."""

    kind: str
    id: str


class Part(NamedTuple):
    """A named part of a resource, such as a stage of a funnel, that others can refer to.

    Its id is symbolic where the server has no such part yet.
    """

    kind: str
    name: str
    id: str

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)


def new_part(kind: str, name: str, of: str) -> Part:
    """A part that has no id yet, of the resource with that name."""
    return Part(kind, name, symbolic_id(kind, ByName(name, of)))


class Key(NamedTuple):
    """Where a resource is: names are unique within a folder, kind by kind."""

    kind: str
    folder: Folder
    name: str

    @property
    def symbolic_ref(self) -> Ref:
        """What refers to a resource of this place that has no id yet."""
        return Ref(self.kind, symbolic_segment_id(self.folder, self.name))

    @property
    def place(self) -> tuple[Folder, str]:
        """Folder and name."""
        return self.folder, self.name

    @property
    def path(self) -> str:
        """Folder and name, with slashes in between."""
        return "/".join((*self.folder, self.name))

    @property
    def title(self) -> str:
        """What to call it in a text: the path, behind the kind where that is not a segment."""
        return self.path if self.kind == SEGMENT else f"{self.kind} {self.path}"


def noun(kinds: Iterable[str]) -> str:
    """What to call resources of these kinds: the kind where there is one, or else `resource`."""
    names = set(kinds)
    return names.pop() if len(names) == 1 else "resource"
