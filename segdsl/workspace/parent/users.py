"""What may use a field, and which of the users that were collected use one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal as OneOf

import msgspec

from segdsl.parent_segment.vanishing import Field
from segdsl.workspace.parent.uses import is_used

UserKind = OneOf["segment", "stage", "activation", "template", "predictive segment", "journey"]


class User(msgspec.Struct, frozen=True, order=True):
    """What uses a field: of the server with its id, or of a file with its line from 1.

    The path is that of its folder, funnel, segment or journey with its own name behind; of a
    journey it goes on with the stage and the name of the criterion, branch or test that uses it.
    """

    kind: UserKind
    path: str
    id: str | None = None
    file: str | None = None
    line: int | None = None


class Vanishing(msgspec.Struct, frozen=True):
    """A field that disappears, and who uses it."""

    field: Field
    users: tuple[User, ...] = ()


Uses = tuple[User, frozenset[Field]]


def users_of(fields: Iterable[Field], uses: Sequence[Uses]) -> tuple[Vanishing, ...]:
    """The fields with their users, sorted."""
    return tuple(
        Vanishing(field, tuple(sorted({user for user, of in uses if is_used(field, of)}, key=_key)))
        for field in fields
    )


def _key(user: User) -> tuple[object, ...]:
    return (user.file is not None, user.kind, user.path, user.id or "", user.line or 0)
