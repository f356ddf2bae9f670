"""One request to an Audience API, and what became of it; sent again where that is safe.

Nothing here knows endpoints. Every failure leaves as a `ClientError`, without the key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx
import msgspec
import stamina

from segdsl._version import __version__
from segdsl.api import errors as e
from segdsl.api import own
from segdsl.api.bounded import ENCODING, RECORD, Answer, Room, read_answer
from segdsl.api.error_bodies import told
from segdsl.api.failures import failure
from segdsl.api.hosts import HostError, checked, is_loopback, same_origin
from segdsl.api.keys import ApiKey

JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"
_T = TypeVar("_T")
_MOST_REDIRECTS = 3
# Whoever uses this as a library may listen; nobody is told anything unasked.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class RetryPolicy(msgspec.Struct, frozen=True):
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


class Transport:
    """Sends requests with the key, so many at a time."""

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None,
        concurrency: int,
        retry_policy: RetryPolicy,
    ) -> None:
        self.base = checked(base)
        self.retry_policy = retry_policy
        self._key = key
        self._room = asyncio.Semaphore(concurrency)
        self._memory = Room()
        self._deserted = False
        self._tasks: dict[asyncio.Task[object], int] = {}
        """The tasks that are in the middle of a request, and how deep."""
        try:
            self._http = httpx.AsyncClient(
                base_url=self.base,
                auth=_WithKey(key),
                transport=transport,
                timeout=httpx.Timeout(retry_policy.answer, connect=retry_policy.connect),
                limits=httpx.Limits(
                    max_connections=concurrency, max_keepalive_connections=concurrency
                ),
                follow_redirects=False,
                # A proxy for others is none for this machine.
                trust_env=not is_loopback(self.base),
                headers={"User-Agent": f"segdsl/{__version__}", "Accept-Encoding": ENCODING},
                # Nothing that a server sends is kept, or sent back.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL):
            # What the error says may hold the password of a proxy.
            raise HostError(
                "the variables of the environment that say how to reach the network cannot be "
                "used: check HTTPS_PROXY and ALL_PROXY (http:// or https:// proxies), "
                "SSL_CERT_FILE and SSL_CERT_DIR"
            ) from None

    @property
    def host(self) -> str:
        return self.base.host

    async def close(self) -> None:
        """Ends what is still under way, such as what ran beside a request that failed."""
        others = [each for each in self._tasks if each is not asyncio.current_task()]
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._http.aclose()

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None, "requests are sent in a loop"
        self._tasks[task] = self._tasks.get(task, 0) + 1
        try:
            yield
        finally:
            self._tasks[task] -= 1
            if not self._tasks[task]:
                del self._tasks[task]

    async def again(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """The result of an attempt, made again after failures that pass, for a while."""
        retry_policy = self.retry_policy
        unheard = 0

        def pause(error: Exception) -> bool | float:
            """Whether to try again, or after how many seconds."""
            nonlocal unheard
            if not isinstance(error, e.ClientError) or not error.retryable:
                return False
            if isinstance(error, e.UnreachableError) and not error.ambiguous:
                unheard += 1
                # Once nobody has been found there, others need not knock as often.
                self._deserted = self._deserted or unheard >= retry_policy.refusals
                return not self._deserted
            if error.after is None:
                return True
            return error.after if error.after <= retry_policy.asked_for else False

        tries = stamina.retry_context(
            on=pause,
            attempts=retry_policy.attempts,
            timeout=retry_policy.in_all,
            wait_initial=retry_policy.first_pause,
            wait_max=retry_policy.longest_pause,
            wait_jitter=retry_policy.first_pause,
        )
        with self._under_way():
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
        most: int = RECORD,
    ) -> bytes:
        """One request, once; the body of the answer to it, which has at most so many bytes.

        What counts as an answer of the API is in `segdsl.api.own`.
        """
        headers = {"Accept": media}
        content: bytes | None = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["Content-Type"] = media
        with self._under_way():
            answer = await self._exchange(method, path, query, content, headers, most)
        self._deserted = False
        found = failure(answer, method, self.base.host, self._key.scrubbed)
        if found is not None:
            raise found
        if self._key.occurs_in(answer.content):
            raise e.BadAnswerError(
                f"an answer of {self.base.host} has the API key in it, and is not used",
                "if a segment holds the key, in its name, description or rule, change the key and "
                "take it out there",
            )
        return answer.content

    async def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: dict[str, str],
        most: int,
    ) -> Answer:
        """A request and its answer, in their turn and in their time."""
        async with self._room:
            try:
                async with asyncio.timeout(self.retry_policy.exchange):
                    return await self._answer(method, path, query, content, headers, most)
            except TimeoutError:
                raise e.UnreachableError(
                    f"{self.base.host} did not answer in full within "
                    f"{self.retry_policy.exchange:g} seconds",
                    "try again later",
                ) from None

    async def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: dict[str, str],
        most: int,
    ) -> Answer:
        try:
            request = self._http.build_request(
                method, path, params=query, content=content, headers=headers
            )
            for _ in range(_MOST_REDIRECTS + 1):
                response = await self._http.send(request, stream=True)
                async with aclosing(response):
                    if not response.is_redirect or response.next_request is None:
                        return await read_answer(response, most, self._memory)
                    request = self._next(request, response.status_code, response.next_request)
                request.headers.update(headers)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        raise e.RedirectedError(f"{request.url.host} redirects in a cycle")

    def _next(self, request: httpx.Request, status: int, then: httpx.Request) -> httpx.Request:
        """The request that a redirect asks for; raises RedirectedError."""
        if not same_origin(then.url, request.url):
            raise e.RedirectedError(
                f"{request.url.host} redirects to {self.told(then.url.host) or 'another address'}, "
                "and the key is not sent there",
                "check the region of the target",
            )
        if status not in own.KEEPS_THE_METHOD and request.method != "GET":
            raise e.RedirectedError(
                f"{request.url.host} redirects a {request.method} in a way ({status}) that would "
                "lose it",
                "is something else answering at this address?",
            )
        return then

    def _unreachable(self, error: Exception) -> e.ClientError:
        host = self.base.host
        match error:
            case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
                reason = self.told(str(error)) or "no answer"
                found = e.UnreachableError(
                    f"cannot reach {self.base}: {reason}",
                    "check the network and the target's address",
                )
                # Nothing was sent, so nothing was done.
                found.ambiguous = False
                return found
            case httpx.TimeoutException():
                return e.UnreachableError(
                    f"{host} did not answer within {self.retry_policy.answer:g} seconds",
                    "try again later",
                )
            case _:
                return e.UnreachableError(
                    f"the connection to {host} broke: {type(error).__name__}", "try again"
                )

    def told(self, text: str) -> str:
        """A text of the API as it may be shown: in one line, without HTML or the key."""
        return told(text, self._key.scrubbed)
