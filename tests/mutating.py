"""Odd values and mutated documents, the same for the same seed. For the fuzzers of HTTP."""

from __future__ import annotations

import json
from random import Random
from typing import Any

Json = Any

TEXTS = (
    "",
    " ",
    "\0",
    "x" * 5_000,
    "\ud800",
    "a\u202eb\x1b[31m",
    "é" * 200,
    "\U0001f469\u200d\U0001f467",
    "../../etc/passwd",
    "segdsl.toml",
    "CON",
    "a/b\\c",
    "%00%2f",
    "<html>",
    "1e5",
    "-1",
    "true",
    "${x}",
    'quote " and \\',
    "line\nline",
)
NUMBERS: tuple[Json, ...] = (
    *(0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 10**400),
    *(0.0, -0.0, 1.5, 1e308, 5e-324, 12.0),
)
VALUES: tuple[Json, ...] = (
    *TEXTS,
    *NUMBERS,
    *(None, True, False, [], {}, [[]], [{}], [None], {"": None}, {"id": None}, {"data": []}),
)
LITERALS = (b"NaN", b"1e999", b"-Infinity", b"9" * 5_000, b"01", b'"\\ud800"', b'"\xff"', b"nul")
TYPES = ("And", "Or", "Composite", "Value", "Reference", "Column", "In", "Between", "TimeRange")


class Mutator:
    """Changes documents at random places; `random` decides everything."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def value(self) -> Json:
        return self.random.choice(VALUES)

    def json(self, document: Json, changes: int = 1) -> Json:
        """A copy of a document with some nodes changed."""
        for _ in range(changes):
            document = self._changed(document, self.random.randrange(max(1, _size(document))))
        return document

    def _changed(self, node: Json, at: int) -> Json:
        """A node with the one changed that is at that place in its walk."""
        if at == 0:
            return self._other(node)
        at -= 1
        match node:
            case dict():
                found = {}
                for key, inner in node.items():
                    size = _size(inner)
                    found[key] = self._changed(inner, at) if 0 <= at < size else inner
                    at -= size
                return found
            case list():
                items = []
                for inner in node:
                    size = _size(inner)
                    items.append(self._changed(inner, at) if 0 <= at < size else inner)
                    at -= size
                return items
            case _:
                return node

    def _other(self, node: Json) -> Json:
        choice = self.random.random
        match node:
            case dict() if node and choice() < 0.7:
                key = self.random.choice(list(node))
                rest = {name: each for name, each in node.items() if name != key}
                kind = self.random.randrange(4)
                if kind == 0:
                    return rest
                if kind == 1:
                    return {**rest, self.random.choice(TEXTS): node[key]}
                if kind == 2:
                    return {**node, "type": self.random.choice(TYPES)}
                return {**rest, key: self.value()}
            case list() if node and choice() < 0.7:
                kind = self.random.randrange(4)
                if kind == 0:
                    return node[: self.random.randrange(len(node))]
                if kind == 1:
                    return node * self.random.choice((2, 20))
                if kind == 2:
                    return self.random.sample(node, len(node))
                return [*node, self.value()]
            case dict() | list() if choice() < 0.5:
                return [node] if choice() < 0.5 else {"data": node}
            case str() if choice() < 0.5:
                return self.random.choice((node * 2, node[::-1], node.upper(), node[:-1]))
            case int() | float() if choice() < 0.5:
                return str(node)
            case _:
                return self.value()

    def text(self, document: Json) -> bytes:
        """A document as text, now and then of no valid JSON."""
        content = json.dumps(document).encode()
        if self.random.random() < 0.75:
            return content
        return self.bytes(content)

    def bytes(self, content: bytes) -> bytes:
        """Some bytes changed, left out, put in or repeated."""
        at = self.random.randrange(len(content) + 1)
        to = min(len(content), at + self.random.choice((0, 1, 1, 2, 30)))
        kind = self.random.randrange(7)
        if kind == 0:
            return content[:at]
        if kind == 1:
            return content[:at] + content[to:]
        if kind == 2:
            return content[:at] + self.random.choice(LITERALS) + content[to:]
        if kind == 3:
            return (
                content[:at] + self.random.randbytes(self.random.choice((1, 4, 50))) + content[to:]
            )
        if kind == 4:
            return content[:at] + content[at:to] * self.random.choice((2, 50)) + content[to:]
        if kind == 5:
            deep = self.random.choice((10, 300, 3_000))
            return content[:at] + b"[" * deep + b"]" * deep + content[to:]
        return content[:at] + b'{"a":' * 500 + b"1" + b"}" * 500 + content[to:]


def _size(node: Json) -> int:
    match node:
        case dict():
            return 1 + sum(map(_size, node.values()))
        case list():
            return 1 + sum(map(_size, node))
        case _:
            return 1
