"""What can go wrong with an Audience API, each with what to do about it.

Messages are in the reader's words and hold no key. `retryable` says that the same request
may well succeed a little later, `ambiguous` that nobody knows whether it took effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segdsl.errors import SegdslError

if TYPE_CHECKING:
    from segdsl.api.answers import Segment
    from segdsl.api.error_bodies import Referrer


class ClientError(SegdslError):
    """An Audience API that did not do what it was asked."""

    retryable = False
    ambiguous = False

    def __init__(self, message: str, help: str | None = None, *, after: float | None = None):
        super().__init__(message)
        self.message = message
        self.help = help
        self.after = after
        """Seconds to wait before another try, where the API said so."""


class UnauthorizedError(ClientError):
    """401."""


class ForbiddenError(ClientError):
    """403."""


class NotFoundError(ClientError):
    """404, in a form of the API's own (`segdsl.api.own`)."""


class ConflictError(ClientError):
    """409; `ids` are those of the segments that refer to what was to go.

    `referrers` are all that refer to it, of any kind.
    """

    def __init__(
        self,
        message: str,
        help: str | None,
        ids: tuple[str, ...],
        referrers: tuple[Referrer, ...] = (),
    ) -> None:
        super().__init__(message, help)
        self.ids = ids
        self.referrers = referrers


class RefusedError(ClientError):
    """400, or any other refusal of a request as it was sent."""


class NotOfferedError(RefusedError):
    """501: a part of the Audience API that this server does not have."""


class TooManyRequestsError(ClientError):
    """429: nothing was done."""

    retryable = True


class ServerFailedError(ClientError):
    """5xx: it may have been done."""

    retryable = True
    ambiguous = True


class UnreachableError(ClientError):
    """No answer: no connection, or one that broke."""

    retryable = True
    ambiguous = True


class BadAnswerError(ClientError):
    """An answer that is not what the API describes, whatever its form."""


class NotTheApiError(BadAnswerError):
    """An answer of something in front of the API, or in place of it (`segdsl.api.own`)."""


class RedirectedError(ClientError):
    """A redirect to where the key must not go."""


class QueryFailedError(ClientError):
    """A query that ended in an error or was killed by somebody."""


class AlreadyExistsError(ClientError):
    """A segment of that name is in that folder already."""

    def __init__(self, existing: Segment) -> None:
        super().__init__(
            f"a segment with this name is there already (#{existing.id})",
            "nothing was changed; give the new one another name or folder",
        )
        self.existing = existing


def is_name_taken(said: str) -> bool:
    """Whether an answer says that there is something of that name (observed: these words)."""
    return "already been taken" in said.lower()
