"""Condition tree to the API's rule, exactly (rules 1 to 4 of the language)."""

from segdsl.rules.lower.segment import (
    CreateRequest,
    create_request,
    lower,
    lower_in_any_layout,
)

__all__ = ["CreateRequest", "create_request", "lower", "lower_in_any_layout"]
