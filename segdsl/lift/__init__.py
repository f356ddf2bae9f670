"""The API's JSON to canonical source: a rule or whole segments, decompiled."""

from segdsl.lift.decompile import decompile
from segdsl.lift.segments import lift_rule

__all__ = ["decompile", "lift_rule"]
