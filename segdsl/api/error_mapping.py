"""Maps failed responses to errors, without the key. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal as OneOf

from segdsl.api import errors as e
from segdsl.api import provenance
from segdsl.api.bounded_read import Response
from segdsl.api.error_bodies import error_text, one_line

Service = OneOf["audience", "account"]
"""The Audience API, or the account's own (`/v3`): connections and users."""
_NAMES: dict[Service, str] = {"audience": "Audience API", "account": "account's API"}
LONGEST_WAIT = 86_400.0
"""Seconds; a longer `Retry-After` is reported as “more than a day”."""
_MOST_DIGITS = 12


def response_error(
    response: Response,
    method: str,
    host: str,
    scrub: Callable[[str], str],
    service: Service = "audience",
) -> e.ClientError | None:
    """The error for a response; None if it is a success of the API itself (`provenance`)."""
    status = response.status
    if status in provenance.SUCCESSES:
        if provenance.is_page(response.content):
            return _foreign_response(service, host, status, "a page")
        return None
    if 200 <= status < 300:
        return _foreign_response(service, host, status, f"an unexpected status for {method}")
    if _is_foreign(service, status, response.content):
        return _foreign_response(service, host, status, _reason(response, scrub))
    return _api_error(response, host, scrub, service)


def _is_foreign(service: Service, status: int, content: bytes) -> bool:
    match status:
        case 404 if service == "account":
            return not provenance.account_says_not_found(content)
        case 404:
            return not provenance.says_not_found(content)
        case 407 | 511:
            return True
        case _ if 400 <= status < 500 and status != 429:
            return provenance.is_page(content)
        case _:
            return False


def _foreign_response(service: Service, host: str, status: int, what: str) -> e.ClientError:
    return e.ForeignResponseError(
        f"{host} sent a response that is not from the {_NAMES[service]}: {what} ({status})",
        "a proxy, a login page or another server may have responded: check the network and the "
        "target's address",
    )


def _reason(response: Response, scrub: Callable[[str], str]) -> str:
    """The error text of a response, or its reason phrase, without the key."""
    line = error_text(response.content, scrub).line
    return line or one_line(response.reason, scrub) or "no reason given"


def _api_error(
    response: Response, host: str, scrub: Callable[[str], str], service: Service
) -> e.ClientError:
    said = error_text(response.content, scrub)
    status, line = response.status, said.line
    what = f"{_reason(response, scrub)} ({status})"
    match status:
        case 401:
            return e.UnauthorizedError(
                f"the API rejected the key: {what}",
                "use a master key of an account in this region; a write-only key is rejected, too",
            )
        case 403 if service == "account":
            return e.ForbiddenError(
                f"the key does not have permission: {what}",
                "use a key of a user who may see the connections and users of the account",
            )
        case 403:
            return e.ForbiddenError(
                f"the key does not have permission: {what}",
                "use a master key of a user who can edit the segments of this parent segment",
            )
        case 404 if service == "account":
            return e.NotFoundError(f"not found: {what}", "check the name and the region")
        case 404:
            return e.NotFoundError(
                f"not found: {what}",
                "check the id of the parent segment and the region; ids of one region are unknown "
                "in the others",
            )
        case 409 if said.referrers or not line:
            return e.ConflictError(
                what if said.referrers else f"it is in use: {what}",
                "change or delete what refers to it first",
                said.segment_ids,
                said.referrers,
            )
        case 409 if not e.is_name_taken(line):
            return e.ConflictError(f"the API rejected the request: {what}", None, ())
        case 429:
            after = seconds(response.headers.get("Retry-After"))
            return e.TooManyRequestsError(
                f"too many requests to {host}{_wait(after)}", "try again later", after=after
            )
        case 501:
            return e.NotSupportedError(
                f"{host} does not support this request: {what}",
                "this server implements only a part of the Audience API",
            )
        case _ if status >= 500:
            return e.ServerError(
                f"{host} failed: {what}",
                "this is a problem of the server, not of the segment: try again later",
                after=seconds(response.headers.get("Retry-After")),
            )
        case _ if status >= 400:
            return e.RejectedError(f"the API rejected the request: {what}")
        case _:
            return e.InvalidResponseError(f"unexpected response from {host}: {what}")


def _wait(after: float | None) -> str:
    match after:
        case None:
            return ""
        case _ if after > LONGEST_WAIT:
            return "; it asks to wait for more than a day"
        case _:
            return f"; it asks to wait {after:g} seconds"


def seconds(retry_after: str | None) -> float | None:
    """The seconds of `Retry-After`, an integer or a date; None if it is absent or invalid.

    Negative values become 0; values over a day become `LONGEST_WAIT + 1`.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0") or "0"
        return LONGEST_WAIT + 1 if len(digits) > _MOST_DIGITS else _bounded(float(digits))
    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:  # `-0000`: UTC without a known local zone
            when = when.replace(tzinfo=UTC)
        return _bounded((when - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _bounded(wait: float) -> float:
    return min(max(0.0, wait), LONGEST_WAIT + 1)
