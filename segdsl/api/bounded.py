"""Reads an answer of the Audience API within bounds, whatever the server sends.

The size that counts is that after decompression; it is checked before the memory is taken.
"""

from __future__ import annotations

import zlib

import httpx

from segdsl.api.errors import BadAnswerError

RECORD = 16_000_000
"""Bytes of the answer about one record, at most."""
LIST = 100_000_000
"""Bytes of the answer that is a list, at most; and of a list that comes in parts."""
ERROR = 256_000
"""Bytes of a failure that are read; the rest is not."""
IN_ALL = 300_000_000
"""Bytes of the answers that are read at the same time, at most."""
BYTES_PER_VALUE = 10
"""An answer has at most one value of JSON for so many of the bytes that it may have: a value takes
far more memory than its text."""
ENCODING = "gzip"
"""The one compression that is asked for."""


class TooLargeError(BadAnswerError):
    """An answer, or a list of them, beyond the bounds. It was not read to its end."""

    def __init__(self, host: str, what: str) -> None:
        super().__init__(
            f"{host} answers with more than {what}, which was not read to its end",
            "is something else answering at this address?",
        )


class Room:
    """How many bytes all answers that are read at the same time may still have."""

    def __init__(self, size: int = IN_ALL) -> None:
        self.left = size


class Answer:
    """An answer in full. It does not show what is in it, which may be the key."""

    __slots__ = ("content", "headers", "reason", "status")

    def __init__(self, status: int, reason: str, headers: httpx.Headers, content: bytes) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.content = content

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.content)} bytes)"


async def read_answer(response: httpx.Response, most: int, room: Room) -> Answer:
    """The whole of an answer that is being streamed; of a failure, its first bytes (`ERROR`).

    Raises TooLargeError; BadAnswerError for a compression that was not asked for; and the errors of
    httpx.
    """
    if not response.is_success:
        try:
            found = await _read(response, ERROR, room, is_failure=True)
        except BadAnswerError:
            found = b""  # The status says enough.
    else:
        found = await _read(response, most, room)
    # Raised here, where no variable of a traceback holds what came.
    if isinstance(found, TooLargeError):
        raise found
    return Answer(response.status_code, response.reason_phrase, response.headers, found)


def _values(content: bytes) -> int:
    """No fewer than the values of JSON in a body."""
    return sum(map(content.count, (b",", b"[", b"{"))) + 1


async def _read(
    response: httpx.Response, most: int, room: Room, *, is_failure: bool = False
) -> bytes | TooLargeError:
    """The bytes of an answer; of a failure no more than so many are asked for."""
    host = response.url.host
    if response.is_stream_consumed:
        # A transport that had the answer in memory has decompressed it as well.
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
            room.left -= len(piece)
            if room.left < 0:
                return TooLargeError(host, f"{IN_ALL // 1_000_000} MB at a time")
            if max(len(body), taken) > most:
                break
    finally:
        room.left += len(body)
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
    return TooLargeError(host, f"{values:,} values") if _values(content) > values else content


def _too_large(host: str, most: int) -> TooLargeError:
    return TooLargeError(host, f"{most // 1_000_000} MB")


class _Gunzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    def __call__(self, chunk: bytes, most: int) -> bytes:
        try:
            return self._inner.decompress(chunk, most)
        except zlib.error:
            raise BadAnswerError("the API's answer is compressed, and cannot be read") from None

    def check_end(self) -> None:
        if not self._inner.eof:
            raise BadAnswerError("the API's answer is compressed, and ends in the middle")


def _decompressor(response: httpx.Response) -> _Gunzip | None:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    match encoding:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Gunzip()
        case _:
            raise BadAnswerError(
                "the API's answer is compressed in a way that was not asked for",
                "is something else answering at this address?",
            )
