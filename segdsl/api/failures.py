"""From an answer that is no success to the error that says so, without the key. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from segdsl.api import errors as e
from segdsl.api import own
from segdsl.api.bounded import Answer
from segdsl.api.error_bodies import said_by, told

LONGEST_WAIT = 86_400.0
"""Seconds; a server that asks for more asks for “more than a day”."""
_MOST_DIGITS = 12


def failure(
    answer: Answer, method: str, host: str, scrub: Callable[[str], str]
) -> e.ClientError | None:
    """The error that an answer is; None for a success of the API's own (`own`)."""
    status = answer.status
    if status in own.SUCCESSES:
        if own.is_page(answer.content):
            return _not_the_api(host, status, "a page")
        return None
    if 200 <= status < 300:
        return _not_the_api(host, status, f"a status that no {method} has")
    if _is_of_another(status, answer.content):
        return _not_the_api(host, status, _reason(answer, scrub))
    return _of_the_api(answer, host, scrub)


def _is_of_another(status: int, content: bytes) -> bool:
    match status:
        case 404:
            return not own.says_not_found(content)
        case 407 | 511:
            return True
        case _ if 400 <= status < 500 and status != 429:
            return own.is_page(content)
        case _:
            return False


def _not_the_api(host: str, status: int, what: str) -> e.ClientError:
    return e.NotTheApiError(
        f"{host} gives an answer that is not the Audience API's: {what} ({status})",
        "a proxy, a login page or another server may have answered: check the network and the "
        "target's address; nothing is concluded from it",
    )


def _reason(answer: Answer, scrub: Callable[[str], str]) -> str:
    """What a failure says, or else the reason phrase, without the key."""
    line = said_by(answer.content, scrub).line
    return line or told(answer.reason, scrub) or "no reason given"


def _of_the_api(answer: Answer, host: str, scrub: Callable[[str], str]) -> e.ClientError:
    said = said_by(answer.content, scrub)
    status, line = answer.status, said.line
    what = f"{_reason(answer, scrub)} ({status})"
    match status:
        case 401:
            return e.UnauthorizedError(
                f"the API does not take the key: {what}",
                "it has to be a master key of an account of this region; a write-only key "
                "gets this answer too",
            )
        case 403:
            return e.ForbiddenError(
                f"the key may not do this: {what}",
                "use a master key, of a user who may edit the segments of this parent segment",
            )
        case 404:
            return e.NotFoundError(
                f"it is not there: {what}",
                "check the id of the parent segment and the region: on another region's host "
                "every id is unknown",
            )
        case 409 if said.referrers or not line:
            return e.ConflictError(
                what if said.referrers else f"it is in use: {what}",
                "change or delete what refers to it first",
                said.segment_ids,
                said.referrers,
            )
        case 409 if not e.is_name_taken(line):
            return e.ConflictError(f"the API refuses this: {what}", None, ())
        case 429:
            after = seconds(answer.headers.get("Retry-After"))
            return e.TooManyRequestsError(
                f"{host} has had too many requests{_asking(after)}", "try again later", after=after
            )
        case 501:
            return e.NotOfferedError(
                f"{host} does not offer this: {what}",
                "it is a server that lacks a part of the Audience API",
            )
        case _ if status >= 500:
            return e.ServerFailedError(
                f"{host} failed: {what}",
                "it is not this segment's fault: try again later",
                after=seconds(answer.headers.get("Retry-After")),
            )
        case _ if status >= 400:
            return e.RefusedError(f"the API refuses this: {what}")
        case _:
            return e.BadAnswerError(f"{host} gives an answer that it should not: {what}")


def _asking(after: float | None) -> str:
    match after:
        case None:
            return ""
        case _ if after > LONGEST_WAIT:
            return ", and asks to wait for more than a day"
        case _:
            return f", and asks to wait {after:g} seconds"


def seconds(retry_after: str | None) -> float | None:
    """What `Retry-After` says, in seconds of 0 or more; None where it says nothing.

    It is a whole number, or a date; whatever is beyond a day is a little more than a day.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0") or "0"
        return LONGEST_WAIT + 1 if len(digits) > _MOST_DIGITS else _bounded(float(digits))
    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:  # `-0000`: a time of UTC, from nobody knows where
            when = when.replace(tzinfo=UTC)
        return _bounded((when - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _bounded(wait: float) -> float:
    return min(max(0.0, wait), LONGEST_WAIT + 1)
