"""The API's JSON to canonical source: a rule or whole segments, decompiled."""

from segdsl.rules.lift.decompile import decompile
from segdsl.rules.lift.segments import lift_rule

__all__ = ["decompile", "lift_rule"]
