"""Reads responses of the Audience API within size limits.

Sizes are after decompression and are checked before the memory is allocated.
"""

from __future__ import annotations

import zlib

import httpx

from segdsl.api.errors import CHECK_ADDRESS, InvalidResponseError

RECORD = 16_000_000
"""Maximum bytes of a response about one record."""
LIST = 100_000_000
"""Maximum bytes of a list, in one response or several."""
ERROR = 256_000
"""Bytes read of a failed response; the rest is ignored."""
TOTAL = 300_000_000
"""Maximum bytes of all responses that are read at the same time."""
BYTES_PER_VALUE = 10
"""Limits the JSON values of a response to one for this many bytes of its size limit: a value takes
far more memory than its text."""
ENCODING = "gzip"
"""The only accepted compression."""


class TooLargeError(InvalidResponseError):
    """A response, or a list in several responses, exceeds a limit; it was not read completely."""

    def __init__(self, host: str, what: str) -> None:
        super().__init__(
            f"the response of {host} exceeds {what} and was not read completely",
            CHECK_ADDRESS,
        )


class MemoryBudget:
    """The bytes left for all responses that are read at the same time."""

    def __init__(self, size: int = TOTAL) -> None:
        self.left = size


class Response:
    """A complete response. Its repr hides the content, which may contain the key."""

    __slots__ = ("content", "headers", "reason", "status")

    def __init__(self, status: int, reason: str, headers: httpx.Headers, content: bytes) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.content = content

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.content)} bytes)"


async def read_response(response: httpx.Response, most: int, budget: MemoryBudget) -> Response:
    """Reads a streamed response completely, or the first `ERROR` bytes of a failed one.

    Raises TooLargeError, InvalidResponseError for an unexpected compression, and httpx's errors.
    """
    if not response.is_success:
        try:
            content = await _read(response, ERROR, budget, is_failure=True)
        except InvalidResponseError:
            content = b""  # The status is enough.
    else:
        content = await _read(response, most, budget)
    # Raised here so that no variable in the traceback holds the content.
    if isinstance(content, TooLargeError):
        raise content
    return Response(response.status_code, response.reason_phrase, response.headers, content)


def _value_count(content: bytes) -> int:
    """An upper bound of the number of JSON values in a body."""
    return sum(map(content.count, (b",", b"[", b"{"))) + 1


async def _read(
    response: httpx.Response, most: int, budget: MemoryBudget, *, is_failure: bool = False
) -> bytes | TooLargeError:
    """Reads at most `most` bytes of a response; a failed one is cut there, not an error."""
    host = response.url.host
    if response.is_stream_consumed:
        # A transport with the response in memory has already decompressed it.
        return _bounded(response.content, most, host, is_failure)
    inflate = _decompressor(response)
    body = bytearray()
    taken = 0
    try:
        async for chunk in response.aiter_raw():
            taken += len(chunk)
            # One byte beyond the bound shows that there is more.
            piece = chunk if inflate is None else inflate(chunk, most + 1 - len(body))
            body += piece
            budget.left -= len(piece)
            if budget.left < 0:
                return TooLargeError(host, f"the total limit of {TOTAL // 1_000_000} MB")
            if max(len(body), taken) > most:
                break
    finally:
        budget.left += len(body)
    if inflate is not None and len(body) <= most:
        inflate.check_end()
    if taken > most and not is_failure:
        return _too_large(host, most)
    return _bounded(bytes(body), most, host, is_failure)


def _bounded(content: bytes, most: int, host: str, is_failure: bool) -> bytes | TooLargeError:
    if is_failure:
        return content[:most]
    if len(content) > most:
        return _too_large(host, most)
    values = most // BYTES_PER_VALUE
    return TooLargeError(host, f"{values:,} values") if _value_count(content) > values else content


def _too_large(host: str, most: int) -> TooLargeError:
    return TooLargeError(host, f"{most // 1_000_000} MB")


class _Gunzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    def __call__(self, chunk: bytes, most: int) -> bytes:
        try:
            return self._inner.decompress(chunk, most)
        except zlib.error:
            raise InvalidResponseError("the API's response cannot be decompressed") from None

    def check_end(self) -> None:
        if not self._inner.eof:
            raise InvalidResponseError("the API's compressed response is truncated")


def _decompressor(response: httpx.Response) -> _Gunzip | None:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    match encoding:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Gunzip()
        case _:
            raise InvalidResponseError(
                "the API's response has an unexpected compression",
                CHECK_ADDRESS,
            )
