"""Removes the key from texts of servers, in any form. Pure.

A server that received the key can send it back: in a reason phrase, a name, an id, a header or a
page; escaped, encoded, split or truncated. `Scrubber.scrubbed` removes from a text for display
every run of eight letters and digits of the key, in any case and with any separators, written
plainly, as an escape of URLs, JSON or HTML, or encoded in base64 or hexadecimal. Data is not
changed: a response that contains the key is rejected as a whole (`Scrubber.occurs_in`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

HIDDEN = "…"
RUN = 8
"""Length of the runs of letters and digits that are removed."""
_LEAST_VARIED = 4
"""A run of fewer different characters, such as `00000000`, reveals nothing about a key."""
_TOKEN = re.compile(
    r"%(?:25)*(?P<url>[0-9A-Fa-f]{2})|\\+u00(?P<json>[0-9A-Fa-f]{2})|\\+x(?P<byte>[0-9A-Fa-f]{2})"
    r"|&\#[xX]0*(?P<hex>[0-9A-Fa-f]{1,2});|&\#0*(?P<decimal>[0-9]{1,3});|(?P<plain>[0-9A-Za-z])",
    re.ASCII,
)
_JSON_ESCAPE = re.compile(rb"\\+u00([2-7][0-9a-fA-F])")


class Scrubber:
    """Finds and removes one key; its repr hides the key."""

    __slots__ = ("_exact", "_forms", "_runs")

    def __init__(self, key: str) -> None:
        secret = key.rpartition("/")[2]
        self._exact = tuple(each for each in (key, secret) if len(each) >= RUN)
        forms = {_plain(each) for each in (key, *_encoded(key), *_encoded(secret))}
        self._runs = frozenset(
            form[at : at + RUN]
            for form in forms
            for at in range(len(form) - RUN + 1)
            if len(set(form[at : at + RUN])) >= _LEAST_VARIED
        )
        is_secret = len(secret) >= RUN and len(set(secret)) > _LEAST_VARIED
        self._forms = tuple(set(_byte_forms(secret))) if is_secret else ()

    def __repr__(self) -> str:
        return "Scrubber(hidden)"

    def scrubbed(self, text: str) -> str:
        """The text without the key and parts of it."""
        for secret in self._exact:
            text = text.replace(secret, HIDDEN)
        if not self._runs:
            return text
        letters, spans = [], []
        for match in _TOKEN.finditer(text):
            letter = _letter(match)
            if letter:
                letters.append(letter)
                spans.append(match.span())
        stream = "".join(letters)
        covered: list[tuple[int, int]] = []
        for at in range(len(stream) - RUN + 1):
            if stream[at : at + RUN] in self._runs:
                start, end = spans[at][0], spans[at + RUN - 1][1]
                if covered and start <= covered[-1][1]:
                    start = covered.pop()[0]
                covered.append((start, end))
        for start, end in reversed(covered):
            text = f"{text[:start]}{HIDDEN}{text[end:]}"
        return text

    def occurs_in(self, content: bytes) -> bool:
        """Whether a body contains the whole secret, plain, escaped or encoded."""
        if not self._forms:
            return False
        if any(each in content for each in self._forms):
            return True
        if b"\\u00" not in content:
            return False
        plain = _JSON_ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), content)
        return any(each in plain for each in self._forms)


def _letter(match: re.Match[str]) -> str:
    """The letter or digit of a token, in lower case; "" for anything else."""
    if match["plain"] is not None:
        return match["plain"].lower()
    digits = match["url"] or match["json"] or match["byte"] or match["hex"]
    code = int(digits, 16) if digits is not None else int(match["decimal"])
    letter = chr(code)
    return letter.lower() if letter.isascii() and letter.isalnum() else ""


def _plain(text: str) -> str:
    """The letters and digits of a text, in lower case."""
    return "".join(each for each in text.lower() if each.isascii() and each.isalnum())


def _encoded(text: str) -> Iterator[str]:
    """A text in hexadecimal and base64, also as part of longer base64."""
    content = text.encode()
    yield content.hex()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        # The characters at both ends depend on the adjacent bytes.
        first = (0, 2, 3)[before]
        last = len(whole) if (before + len(content)) % 3 == 0 else len(whole) - 1
        yield whole[first:last]


def _byte_forms(secret: str) -> Iterator[bytes]:
    """The forms of the secret that are searched for in a body."""
    for text in (secret, secret.lower(), secret.upper(), secret[::-1]):
        yield text.encode()
    for text in _encoded(secret):
        yield text.encode()
        yield text.replace("+", "-").replace("/", "_").encode()
    yield secret.encode().hex().upper().encode()
    for form in ("%{:02x}", "%{:02X}", "\\u{:04x}", "\\u{:04X}", "&#{};", "&#x{:x};"):
        yield "".join(form.format(byte) for byte in secret.encode()).encode()
