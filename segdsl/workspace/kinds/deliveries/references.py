"""The references of a delivery: its connection and its recipients. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from segdsl.language import activations as a
from segdsl.language.references.ids import Ids
from segdsl.language.values import ById, ByName, Reference
from segdsl.source import Span
from segdsl.workspace.kinds.resource import Use
from segdsl.workspace.project.keys import CONNECTION, USER, Ref

Replace = Callable[[str, Reference], Reference]
"""What to put in the place of a reference to something of a kind."""
OUTSIDE = (CONNECTION, USER)
"""The kinds of what the account has, and no workspace."""


def replaced(delivery: a.Delivery, replace: Replace) -> a.Delivery:
    """A delivery with other references."""
    connection, notification = delivery.connection, delivery.notification
    if connection is not None:
        target = replace(CONNECTION, connection.target)
        connection = msgspec.structs.replace(connection, target=target)
    if notification is not None:
        recipients = tuple(
            msgspec.structs.replace(each, user=replace(USER, each.user))
            for each in notification.recipients
        )
        notification = msgspec.structs.replace(notification, recipients=recipients)
    return msgspec.structs.replace(delivery, connection=connection, notification=notification)


def with_ids(ids: Ids) -> Replace:
    """Puts ids in the place of the names that have one."""

    def replace(kind: str, target: Reference) -> Reference:
        if isinstance(target, ByName) and (kind, target) in ids:
            return ById(ids[kind, target])
        return target

    return replace


def with_names(names: Mapping[Ref, ByName]) -> Replace:
    """Puts names in the place of ids."""

    def replace(kind: str, target: Reference) -> Reference:
        return names.get(Ref(kind, target.id), target) if isinstance(target, ById) else target

    return replace


def other_ids(ids: Mapping[Ref, str]) -> Replace:
    """Puts other ids in the place of ids."""

    def replace(kind: str, target: Reference) -> Reference:
        if isinstance(target, ById):
            return ById(ids.get(Ref(kind, target.id), target.id))
        return target

    return replace


def uses_of(delivery: a.Delivery) -> Iterator[Use]:
    """The names in a delivery."""
    if delivery.connection is not None:
        yield from use(CONNECTION, delivery.connection.target, delivery.connection.span)
    if delivery.notification is not None:
        for each in delivery.notification.recipients:
            yield from use(USER, each.user, each.span)


def use(kind: str, target: Reference, span: Span) -> Iterator[Use]:
    """The use of a name; nothing for an id."""
    if isinstance(target, ByName):
        yield Use(kind, target, span)


def refs_of(delivery: a.Delivery) -> Iterator[Ref]:
    """What a delivery with ids refers to."""
    targets: list[tuple[str, Reference]] = []
    if delivery.connection is not None:
        targets.append((CONNECTION, delivery.connection.target))
    if delivery.notification is not None:
        targets += ((USER, each.user) for each in delivery.notification.recipients)
    for kind, target in targets:
        if isinstance(target, ById):
            yield Ref(kind, target.id)
