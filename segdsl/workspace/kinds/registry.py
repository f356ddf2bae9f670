"""The kinds of resources that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping

from segdsl.rules.lower.segment import Layout
from segdsl.workspace.kinds.funnels import FunnelKind
from segdsl.workspace.kinds.kind import Kind
from segdsl.workspace.kinds.segments import SegmentKind

Kinds = Mapping[str, Kind]


def kinds_of(layout: Layout = "v5") -> Kinds:
    """Every kind, for a run that wants rules in that layout."""
    kinds: tuple[Kind, ...] = (SegmentKind(layout), FunnelKind(layout))
    return {kind.name: kind for kind in kinds}


KINDS: Kinds = kinds_of()


def named_kinds(kinds: Kinds) -> frozenset[str]:
    """The kinds of all that a workspace can have and a name can mean: resources, and their parts.

    What else a text names is known by a schema alone.
    """
    return frozenset((*kinds, *(part for kind in kinds.values() for part in kind.part_kinds)))
