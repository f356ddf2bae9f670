"""Activations and templates to syntax trees in the canonical spelling."""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.language import activations as a
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t


def lift_activation(activation: a.Activation) -> t.Activation:
    """The item of an activation; its clauses are in their order."""
    clauses: list[d.DeliveryClause] = []
    if activation.description is not None:
        clauses.append(d.Described(activation.description))
    if activation.template is not None:
        clauses.append(d.FromTemplate(activation.template))
    clauses += _delivery(activation.delivery)
    return t.Activation(activation.name, activation.target, tuple(clauses))


def lift_template(template: a.ActivationTemplate) -> t.ActivationTemplate:
    """The item of a template; its clauses are in their order."""
    clauses: list[d.DeliveryClause] = []
    if template.description is not None:
        clauses.append(d.Described(template.description))
    if template.folder is not None:
        clauses.append(d.InFolder(template.folder))
    clauses += _delivery(template.delivery)
    if template.state != "draft":
        clauses.append(d.InState(template.state))
    if template.locks:
        clauses.append(d.Locked(template.locks))
    return t.ActivationTemplate(template.name, tuple(clauses))


def _delivery(delivery: a.Delivery) -> Iterator[d.DeliveryClause]:
    if delivery.connection is not None:
        yield delivery.connection
    if delivery.columns is not None:
        yield delivery.columns
    yield from delivery.behaviors
    if delivery.schedule is not None:
        yield delivery.schedule
    if delivery.workflow is not None:
        yield delivery.workflow
    if delivery.in_sequence:
        yield d.InSequence()
    if delivery.settings is not None:
        yield d.Settings(delivery.settings)
    if delivery.notification is not None:
        yield delivery.notification
