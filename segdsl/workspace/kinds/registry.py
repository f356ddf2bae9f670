"""The kinds of resources that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping

from segdsl.workspace.kinds.kind import Kind
from segdsl.workspace.kinds.segments import SEGMENTS

Kinds = Mapping[str, Kind]

KINDS: Kinds = {SEGMENTS.name: SEGMENTS}
