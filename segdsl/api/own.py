"""Which answers are the API's own: the one rule by which anything counts as gone or done. Pure.

A proxy, a gateway, a firewall or a login page can answer in place of the API. What it says of a
segment means nothing. So:

- A success is 200, 201, 202 or 204 (observed), and its body is JSON or empty. Any other 2xx, such
  as a part (206) or what a proxy changed (203), is no answer of the API.
- A record is not there (404) only where the API says so in a form of its own:
  `{"code", "message"}`, both strings (described), or `{"errors": …}` that says something
  (described; observed as a string, a list and an object). Any other 404 is a `NotTheApiError`: a
  page, an empty body, plain text, or JSON of another form, such as a gateway's
  `{"message": "Not Found"}`.
- A segment is gone only where the API says so *and* its list agrees: `Client.segment_or_none`.
- A deletion is done where its answer names the segment. After any other success, an empty body
  among them (observed), the segment is read, and the API has to say that it is not there.
- An update is done where its answer is the segment. After any other success the segment is read,
  and has to be as it was sent. A creation is looked up likewise.
- A page (HTML, XML) with any other status below 500 is a `NotTheApiError` as well. 429 and 5xx are
  failures that pass, whoever answers them: they say nothing of a record.
- A redirect is followed to the same origin only, and one that would turn a change into a GET (301,
  302, 303) not at all.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from segdsl.rules.json_values import id_of

SUCCESSES = frozenset((200, 201, 202, 204))
KEEPS_THE_METHOD = frozenset((307, 308))
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|title|script|\?xml|!--)", re.IGNORECASE)


def is_page(content: bytes) -> bool:
    """Whether a body is HTML or XML, whatever its `Content-Type` says."""
    return _PAGE.match(content.removeprefix(b"\xef\xbb\xbf")) is not None


def says_not_found(content: bytes) -> bool:
    """Whether the body of a 404 is one of the API's own."""
    match _json(content):
        case {"code": str(code), "message": str(message)}:
            return bool(code.strip() and message.strip())
        case {"errors": str(errors)}:
            return bool(errors.strip())
        case {"errors": (list() | dict()) as errors}:
            return bool(errors)
        case _:
            return False


def names_record(content: bytes, id: str) -> bool:
    """Whether the body of a success is the record with that id, plain or under `data`."""
    found = _json(content)
    if isinstance(found, dict) and isinstance(found.get("data"), dict):
        found = found["data"]
    return isinstance(found, dict) and id_of(found.get("id")) == id


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (ValueError, RecursionError):
        return None
