"""Errors of requests to the Audience API, each with a message and help.

Messages never contain the key. `retryable`: the same request may succeed later. `ambiguous`: the
request may or may not have taken effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from segdsl.errors import SegdslError

if TYPE_CHECKING:
    from segdsl.api.error_bodies import Referrer


CHECK_ADDRESS = "check that the address is the Audience API's"
"""Help for a response that the API itself would not send."""


class ClientError(SegdslError):
    """A request to an Audience API failed."""

    retryable = False
    ambiguous = False

    def __init__(self, message: str, help: str | None = None, *, after: float | None = None):
        super().__init__(message)
        self.message = message
        self.help = help
        self.after = after
        """Seconds to wait before a retry, from `Retry-After`."""


class UnauthorizedError(ClientError):
    """401: the API rejects the key."""


class ForbiddenError(ClientError):
    """403: the key lacks a permission."""


class NotFoundError(ClientError):
    """404 from the API itself (`segdsl.api.provenance`)."""


class ConflictError(ClientError):
    """409; `ids` are the segments that refer to the object of the request.

    `referrers` are all objects that refer to it, of any kind.
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


class RejectedError(ClientError):
    """400 or another 4xx: the API rejects the request as sent."""


class NotSupportedError(RejectedError):
    """501: this server does not support a part of the Audience API."""


class TooManyRequestsError(ClientError):
    """429: the request had no effect."""

    retryable = True


class ServerError(ClientError):
    """5xx: the request may have taken effect."""

    retryable = True
    ambiguous = True


class UnreachableError(ClientError):
    """No response: the connection failed, broke or timed out."""

    retryable = True
    ambiguous = True


class InvalidResponseError(ClientError):
    """A response that does not have the documented form."""


class ForeignResponseError(InvalidResponseError):
    """A response of a proxy or another server, not of the API (`segdsl.api.provenance`)."""


class RedirectedError(ClientError):
    """A redirect that the client does not follow, such as one to another host."""


class QueryFailedError(ClientError):
    """A query failed, was killed or took too long."""


class HasId(Protocol):
    """What the API has under an id."""

    @property
    def id(self) -> str: ...


ExistingT = TypeVar("ExistingT", bound=HasId)


class AlreadyExistsError(ClientError, Generic[ExistingT]):
    """The parent already has one of that name; `existing` is what the API has.

    The parent is the folder of a segment, a funnel and a template, and the segment of an
    activation. `exists` says so, in words, and `choose` what to choose for the new one.
    """

    def __init__(
        self,
        existing: ExistingT,
        exists: str = "a segment with this name already exists",
        choose: str = "another name or folder",
    ) -> None:
        super().__init__(
            f"{exists} (#{existing.id})",
            f"nothing was changed; choose {choose} for the new one",
        )
        self.existing = existing


def is_name_taken(text: str) -> bool:
    """Whether an error text says that the name is in use (observed: these words)."""
    return "already been taken" in text.lower()
