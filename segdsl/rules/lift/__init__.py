"""The API's rules to syntax trees in the canonical spelling."""

from segdsl.rules.lift.segments import lift_rule

__all__ = ["lift_rule"]
