"""Funnels and their stages as the store has them: what segments define and rules refer to."""

from __future__ import annotations

from segdsl.server.kinds.stages.collection import NAME, Stages, reserved_ids
from segdsl.server.kinds.stages.table import LAYOUT
from segdsl.server.service import Kind

STAGES = Kind(NAME, Stages, (), LAYOUT, reserved_ids)
