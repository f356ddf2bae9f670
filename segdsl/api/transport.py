"""Sends requests to an Audience API and retries them where that is safe.

Knows no endpoints. Every failure is raised as a `ClientError`, without the key.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx
import msgspec
import stamina

from segdsl._version import __version__
from segdsl.api import errors as e
from segdsl.api import provenance
from segdsl.api.bounded_read import ENCODING, RECORD, MemoryBudget, Response, read_response
from segdsl.api.error_bodies import one_line
from segdsl.api.error_mapping import Service, response_error
from segdsl.api.hosts import HostError, account_address, checked, is_loopback, same_origin
from segdsl.api.keys import ApiKey

JSON = "application/json"
JSON_API = "application/vnd.treasuredata.v1+json"
_T = TypeVar("_T")
_MAX_REDIRECTS = 3
# Logging is opt-in, as usual for a library.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class RetryPolicy(msgspec.Struct, frozen=True):
    """Timeouts, retries and polling intervals; durations in seconds."""

    connect_timeout: float = 10.0
    response_timeout: float = 60.0
    request_timeout: float = 180.0
    """For one request and its whole response, however slowly it arrives."""
    attempts: int = 10
    max_refused_connections: int = 5
    """Failed connections in a row after which no request is retried."""
    first_pause: float = 0.2
    max_pause: float = 10.0
    total: float = 120.0
    """For all attempts together."""
    max_retry_after: float = 60.0
    """The longest `Retry-After` that is honored."""
    first_poll: float = 0.02
    max_poll: float = 2.0
    query_timeout: float = 3_600.0
    """How long a query may run before it is killed."""
    run_timeout: float = 86_400.0
    """How long the client waits for the run of an activation."""
    max_run_poll: float = 15.0


class _WithKey(httpx.Auth):
    """Adds the key to a request just before it is sent.

    httpx hides the header in its representations; a variable of ours would show it.
    """

    def __init__(self, key: ApiKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._key.header
        yield request


NO_HEADERS: Mapping[str, str] = {}


def _tls(base: httpx.URL) -> ssl.SSLContext | bool:
    """How certificates are verified: without reading any authorities where TLS is not used."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if base.scheme == "http" else True


class Transport:
    """Sends authenticated requests, at most `concurrency` at a time.

    `base` is the address of an Audience API. With the service `account` requests go to the
    account's own API of the same region; there is no way to name another host.
    """

    def __init__(
        self,
        base: str,
        key: ApiKey,
        *,
        transport: httpx.AsyncBaseTransport | None,
        concurrency: int,
        retry_policy: RetryPolicy,
        service: Service = "audience",
    ) -> None:
        address = checked(base)
        self.base = address if service == "audience" else account_address(address)
        self._service: Service = service
        self.retry_policy = retry_policy
        self._key = key
        self._slots = asyncio.Semaphore(concurrency)
        self._memory = MemoryBudget()
        self._unreachable_host = False
        self._tasks: dict[asyncio.Task[object], int] = {}
        """Requests in progress by task; calls can be nested."""
        try:
            self._http = httpx.AsyncClient(
                base_url=self.base,
                auth=_WithKey(key),
                transport=transport,
                verify=_tls(self.base),
                timeout=httpx.Timeout(
                    retry_policy.response_timeout, connect=retry_policy.connect_timeout
                ),
                limits=httpx.Limits(
                    max_connections=concurrency, max_keepalive_connections=concurrency
                ),
                follow_redirects=False,
                # A configured proxy does not apply to loopback addresses.
                trust_env=not is_loopback(self.base),
                headers={"User-Agent": f"segdsl/{__version__}", "Accept-Encoding": ENCODING},
                # Cookies are neither stored nor sent.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL):
            # The text of the error may contain the password of a proxy.
            raise HostError(
                "invalid network settings in environment variables: check HTTPS_PROXY and "
                "ALL_PROXY (http:// or https:// proxies), SSL_CERT_FILE and SSL_CERT_DIR"
            ) from None

    @property
    def host(self) -> str:
        return self.base.host

    async def close(self) -> None:
        """Cancels the requests of other tasks and closes the connections."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    @contextmanager
    def _tracked(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None, "requests are sent in an event loop"
        self._tasks[task] = self._tasks.get(task, 0) + 1
        try:
            yield
        finally:
            self._tasks[task] -= 1
            if not self._tasks[task]:
                del self._tasks[task]

    async def retry(
        self, attempt: Callable[[], Awaitable[_T]], *, attempts: int | None = None
    ) -> _T:
        """Runs an attempt, with retries after transient failures; returns its result.

        `attempts` limits how often, below what the policy allows.
        """
        retry_policy = self.retry_policy
        refused = 0

        def pause(error: Exception) -> bool | float:
            """Whether to retry; a number is the seconds to wait before that."""
            nonlocal refused
            if not isinstance(error, e.ClientError) or not error.retryable:
                return False
            if isinstance(error, e.UnreachableError) and not error.ambiguous:
                refused += 1
                # Once the host counts as unreachable, other requests fail at once.
                self._unreachable_host = (
                    self._unreachable_host or refused >= retry_policy.max_refused_connections
                )
                return not self._unreachable_host
            if error.after is None:
                return True
            return error.after if error.after <= retry_policy.max_retry_after else False

        tries = stamina.retry_context(
            on=pause,
            attempts=min(retry_policy.attempts, attempts or retry_policy.attempts),
            timeout=retry_policy.total,
            wait_initial=retry_policy.first_pause,
            wait_max=retry_policy.max_pause,
            wait_jitter=retry_policy.first_pause,
        )
        with self._tracked():
            async for attempt_context in tries:
                with attempt_context:
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
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> bytes:
        """Sends one request once; returns the response's body, of at most `most` bytes.

        `segdsl.api.provenance` defines which responses count as the API's.
        """
        sent = {**headers, "Accept": media}
        content: bytes | None = None
        if body is not None:
            content = msgspec.json.encode(body)
            sent["Content-Type"] = media
        with self._tracked():
            response = await self._exchange(method, path, query, content, sent, most)
        self._unreachable_host = False
        error = response_error(response, method, self.base.host, self._key.scrubbed, self._service)
        if error is not None:
            raise error
        if self._key.occurs_in(response.content):
            raise e.InvalidResponseError(
                f"a response of {self.base.host} contains the API key and was discarded",
                "if the name, description or rule of a segment contains the key, remove it there "
                "and revoke the key",
            )
        return response.content

    async def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: dict[str, str],
        most: int,
    ) -> Response:
        """Sends a request when a slot is free, within the request timeout."""
        async with self._slots:
            try:
                async with asyncio.timeout(self.retry_policy.request_timeout):
                    return await self._respond(method, path, query, content, headers, most)
            except TimeoutError:
                raise e.UnreachableError(
                    f"{self.base.host} did not send a complete response within "
                    f"{self.retry_policy.request_timeout:g} seconds",
                    "try again later",
                ) from None

    async def _respond(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: dict[str, str],
        most: int,
    ) -> Response:
        try:
            request = self._http.build_request(
                method, path, params=query, content=content, headers=headers
            )
            for _ in range(_MAX_REDIRECTS + 1):
                response = await self._http.send(request, stream=True)
                async with aclosing(response):
                    if not response.is_redirect or response.next_request is None:
                        return await read_response(response, most, self._memory)
                    request = self._next(request, response.status_code, response.next_request)
                request.headers.update(headers)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        raise e.RedirectedError(f"{request.url.host} redirects too many times")

    def _next(
        self, request: httpx.Request, status: int, redirected: httpx.Request
    ) -> httpx.Request:
        """The request to follow a redirect with; raises RedirectedError."""
        if not same_origin(redirected.url, request.url):
            destination = self.display(redirected.url.host) or "another address"
            raise e.RedirectedError(
                f"{request.url.host} redirects to {destination}, which must not receive the key",
                "check the region of the target",
            )
        if status not in provenance.METHOD_PRESERVING_REDIRECTS and request.method != "GET":
            raise e.RedirectedError(
                f"{request.url.host} redirects a {request.method} with status {status}, which "
                "would drop the request",
                e.CHECK_ADDRESS,
            )
        return redirected

    def _unreachable(self, error: Exception) -> e.ClientError:
        host = self.base.host
        match error:
            case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
                reason = self.display(str(error)) or "no response"
                unreachable = e.UnreachableError(
                    f"cannot reach {self.base}: {reason}",
                    "check the network and the target's address",
                )
                # Nothing was sent, so the request had no effect.
                unreachable.ambiguous = False
                return unreachable
            case httpx.TimeoutException():
                return e.UnreachableError(
                    f"{host} did not respond within {self.retry_policy.response_timeout:g} seconds",
                    "try again later",
                )
            case _:
                return e.UnreachableError(
                    f"the connection to {host} failed: {type(error).__name__}", "try again"
                )

    def display(self, text: str) -> str:
        """A text of the API for display: in one line, without HTML or the key."""
        return one_line(text, self._key.scrubbed)
