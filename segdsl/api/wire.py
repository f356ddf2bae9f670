"""One request to an Audience API, and what became of it; sent again where that is safe.

Nothing here knows endpoints. Every failure leaves as a `ClientError`, without the key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec
import stamina

from segdsl import __version__
from segdsl.api import errors as e
from segdsl.api.error_bodies import said_by
from segdsl.api.hosts import HostError, checked, is_loopback, same_origin
from segdsl.api.keys import ApiKey

JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"
_T = TypeVar("_T")
_MOST_REDIRECTS = 3
# Whoever uses this as a library may listen; nobody is told anything unasked.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class Patience(msgspec.Struct, frozen=True):
    """How long one waits, in seconds: for a try, between tries, and in all."""

    connect: float = 10.0
    answer: float = 60.0
    exchange: float = 180.0
    """For all of one request and its answer, however steadily it trickles."""
    attempts: int = 10
    refusals: int = 5
    """How often one knocks where nobody is."""
    first_pause: float = 0.2
    longest_pause: float = 10.0
    in_all: float = 120.0
    asked_for: float = 60.0
    """The longest `Retry-After` that is obeyed."""
    first_poll: float = 0.02
    longest_poll: float = 2.0
    query: float = 3_600.0
    """How long a query may run before it is killed."""


class _WithKey(httpx.Auth):
    """Puts the key on a request at the last moment.

    Headers of httpx hide it when they are shown; a header in a variable of ours would not.
    """

    def __init__(self, key: ApiKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._key.header
        yield request


class Wire:
    """Sends requests with the key, so many at a time."""

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None,
        concurrency: int,
        patience: Patience,
    ) -> None:
        self.base = checked(base)
        self.patience = patience
        self._key = key
        self._room = asyncio.Semaphore(concurrency)
        self._deserted = False
        try:
            self._http = httpx.AsyncClient(
                base_url=self.base,
                auth=_WithKey(key),
                transport=transport,
                timeout=httpx.Timeout(patience.answer, connect=patience.connect),
                limits=httpx.Limits(
                    max_connections=concurrency, max_keepalive_connections=concurrency
                ),
                follow_redirects=False,
                # A proxy for others is none for this machine.
                trust_env=not is_loopback(self.base),
                headers={"User-Agent": f"segdsl/{__version__}"},
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL):
            # What the error says may hold the password of a proxy.
            raise HostError(
                "the variables of the environment that say how to reach the network cannot be "
                "used: check HTTPS_PROXY and ALL_PROXY (http:// or https:// proxies), "
                "SSL_CERT_FILE and SSL_CERT_DIR"
            ) from None

    async def close(self) -> None:
        await self._http.aclose()

    async def again(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """The result of an attempt, made again after failures that pass, for a while."""
        patience = self.patience
        unheard = 0

        def pause(error: Exception) -> bool | float:
            """Whether to try again, or after how many seconds."""
            nonlocal unheard
            if not isinstance(error, e.ClientError) or not error.passing:
                return False
            if isinstance(error, e.UnreachableError) and not error.lost:
                unheard += 1
                # Once nobody has been found there, others need not knock as often.
                self._deserted = self._deserted or unheard >= patience.refusals
                return not self._deserted
            if error.after is None:
                return True
            return error.after if error.after <= patience.asked_for else False

        tries = stamina.retry_context(
            on=pause,
            attempts=patience.attempts,
            timeout=patience.in_all,
            wait_initial=patience.first_pause,
            wait_max=patience.longest_pause,
            wait_jitter=patience.first_pause,
        )
        async for each in tries:
            with each:
                return await attempt()
        raise AssertionError("the last failure is raised")

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        media: str = JSON,
    ) -> bytes:
        """One request, once; the body of the answer to it."""
        headers = {"Accept": media}
        content: bytes | None = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["Content-Type"] = media
        async with self._room:
            try:
                async with asyncio.timeout(self.patience.exchange):
                    answer = await self._answer(method, path, query, content, headers)
            except TimeoutError:
                raise e.UnreachableError(
                    f"{self.base.host} did not answer in full within "
                    f"{self.patience.exchange:g} seconds",
                    "try again later",
                ) from None
        self._deserted = False
        if answer.is_success:
            return answer.content
        raise self._failure(answer, method, path)

    async def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: dict[str, str],
    ) -> httpx.Response:
        try:
            request = self._http.build_request(
                method, path, params=query, content=content, headers=headers
            )
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await self._http.send(request)
                if not answer.is_redirect or answer.next_request is None:
                    return answer
                there = answer.next_request.url
                if not same_origin(there, request.url):
                    raise e.RedirectedError(
                        f"{request.url.host} sends its callers on to {there.host}, and the key "
                        "is not taken there",
                        "check the region of the target",
                    )
                request = answer.next_request
                request.headers.update(headers)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        raise e.RedirectedError(f"{request.url.host} sends its callers round in circles")

    def _unreachable(self, error: httpx.HTTPError) -> e.ClientError:
        host = self.base.host
        match error:
            case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
                reason = self._key.scrubbed(str(error)) or "no answer"
                found = e.UnreachableError(
                    f"cannot reach {self.base}: {reason}",
                    "check the network and the target's address",
                )
                # Nothing was sent, so nothing was done.
                found.lost = False
                return found
            case httpx.TimeoutException():
                return e.UnreachableError(
                    f"{host} did not answer within {self.patience.answer:g} seconds",
                    "try again later",
                )
            case _:
                return e.UnreachableError(
                    f"the connection to {host} broke: {type(error).__name__}", "try again"
                )

    # --- answers that are failures ---------------------------------------------------

    def _failure(self, answer: httpx.Response, method: str, path: str) -> e.ClientError:
        said = said_by(answer.content, self._key.scrubbed)
        status, line = answer.status_code, said.line
        what = f"{line or answer.reason_phrase or 'no reason given'} ({status})"
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
                )
            case 409 if not e.is_name_taken(line):
                return e.ConflictError(f"the API refuses this: {what}", None, ())
            case 429:
                after = _seconds(answer.headers.get("Retry-After"))
                asks = "" if after is None else f", and asks to wait {after:g} seconds"
                return e.TooManyRequestsError(
                    f"{self.base.host} has had too many requests{asks}",
                    "try again later",
                    after=after,
                )
            case 501:
                return e.NotOfferedError(
                    f"{self.base.host} does not offer this: {what}",
                    "it is a server that lacks a part of the Audience API",
                )
            case _ if status >= 500:
                return e.ServerFailedError(
                    f"{self.base.host} failed: {what}",
                    "it is not this segment's fault: try again later",
                    after=_seconds(answer.headers.get("Retry-After")),
                )
            case _ if status >= 400:
                return e.RefusedError(f"the API refuses this: {what}")
            case _:
                return e.BadAnswerError(
                    f"{self.base.host} gives an answer that it should not: {what}"
                )


def _seconds(retry_after: str | None) -> float | None:
    """What `Retry-After` says: seconds, or a date; None where it says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
        return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
