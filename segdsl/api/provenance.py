"""Decides which responses come from the API itself. Pure.

A proxy, a gateway, a firewall or a login page can respond in place of the API; such a response
says nothing about a segment. The rules by which a segment counts as deleted, updated or created:

- A success is 200, 201, 202 or 204 (observed), with a body of JSON or none. Any other 2xx, such as
  206 (partial) or 203 (changed by a proxy), is not a response of the API.
- A 404 counts only in a form of the API: `{"code", "message"}`, both strings (described), or
  `{"errors": …}` that is not empty (described; observed as a string, a list and an object). Any
  other 404 is a `ForeignResponseError`: a page, an empty body, plain text, or JSON of another form,
  such as a gateway's `{"message": "Not Found"}`.
- A segment is deleted only if the API returns 404 *and* its list does not contain the segment:
  `Client.segment_or_none`.
- A deletion is confirmed by a response that names the segment. After any other success, such as
  an empty body (observed), the segment is read and must be a 404.
- An update is confirmed by a response with the segment. After any other success the segment is
  read and must match the update. A creation is looked up in the same way.
- A page (HTML, XML) with any other status below 500 is a `ForeignResponseError`, too. 429 and 5xx
  are transient failures, whoever sends them.
- A redirect is followed only to the same origin, and never if it would turn a change into a GET
  (301, 302, 303).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from segdsl.rules.json_values import id_of

SUCCESSES = frozenset((200, 201, 202, 204))
METHOD_PRESERVING_REDIRECTS = frozenset((307, 308))
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|title|script|\?xml|!--)", re.IGNORECASE)


def is_page(content: bytes) -> bool:
    """Whether a body is HTML or XML, by its content alone."""
    return _PAGE.match(content.removeprefix(b"\xef\xbb\xbf")) is not None


def says_not_found(content: bytes) -> bool:
    """Whether the body of a 404 has a form of the API."""
    match _json(content):
        case {"code": str(code), "message": str(message)}:
            return bool(code.strip() and message.strip())
        case {"errors": str(errors)}:
            return bool(errors.strip())
        case {"errors": (list() | dict()) as errors}:
            return bool(errors)
        case _:
            return False


def account_says_not_found(content: bytes) -> bool:
    """The same for the account's API: `{"error": …}` or `{"message": …}` (observed in clients)."""
    match _json(content):
        case {"error": str(text)} | {"message": str(text)}:
            return bool(text.strip())
        case _:
            return False


def names_record(content: bytes, id: str) -> bool:
    """Whether the body of a success is the record with that id, bare or under `data`."""
    body = _json(content)
    if isinstance(body, dict) and isinstance(body.get("data"), dict):
        body = body["data"]
    return isinstance(body, dict) and id_of(body.get("id")) == id


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (ValueError, RecursionError):
        return None
