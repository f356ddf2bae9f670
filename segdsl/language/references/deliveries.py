"""Activations and templates with ids in place of the names whose ids are known.

The ids come from a schema or a lock; a name that neither has stays as it is.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.references.ids import AmbiguousNames, Ids
from segdsl.language.references.substitution import reference_with_id
from segdsl.language.values import Reference
from segdsl.source import Span

_Item = TypeVar("_Item", a.Activation, a.ActivationTemplate)


def delivery_with_ids(
    item: _Item, ids: Ids, ambiguous: AmbiguousNames, report: Report
) -> _Item | None:
    """An activation or a template with the ids of the names in `ids`.

    Those are names of connections, users, templates and targets. None after a report of an
    ambiguous name.
    """
    own = Report()

    def known(kind: str, target: Reference, span: Span) -> Reference:
        return reference_with_id(kind, target, span, (), ids, ambiguous, own)

    delivery = item.delivery
    connection, notification = delivery.connection, delivery.notification
    if connection is not None:
        target = known("connection", connection.target, connection.span)
        connection = msgspec.structs.replace(connection, target=target)
    if notification is not None:
        recipients = tuple(
            msgspec.structs.replace(each, user=known("user", each.user, each.span))
            for each in notification.recipients
        )
        notification = msgspec.structs.replace(notification, recipients=recipients)
    delivery = msgspec.structs.replace(delivery, connection=connection, notification=notification)
    placed = msgspec.structs.replace(item, delivery=delivery)
    if isinstance(placed, a.Activation):
        whom = placed.target
        placed = msgspec.structs.replace(
            placed,
            target=msgspec.structs.replace(
                whom, reference=known(whom.kind, whom.reference, whom.span)
            ),
            template=None
            if placed.template is None
            else known("activation template", placed.template, placed.template_span),
        )
    report.diagnostics.extend(own.diagnostics)
    return None if own.has_errors else placed
