"""Activations and their templates: the API's JSON, both ways."""

from segdsl.rules.activations.activation import (
    ActivationParts,
    Family,
    encode_activation,
    family_of,
    read_activation,
    read_journey_activation,
)
from segdsl.rules.activations.deliveries import ColumnIds
from segdsl.rules.activations.normal import normal_activation, normal_delivery, normal_template
from segdsl.rules.activations.template import TemplateParts, encode_template, read_template

__all__ = [
    "ActivationParts",
    "ColumnIds",
    "Family",
    "TemplateParts",
    "encode_activation",
    "encode_template",
    "family_of",
    "normal_activation",
    "normal_delivery",
    "normal_template",
    "read_activation",
    "read_journey_activation",
    "read_template",
]
