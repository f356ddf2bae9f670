"""Where the keys and values of a TOML text are, which Python's own reader does not say.

For texts that have been read: invalid TOML is not reported here, and does not loop. Needed only for
errors, so it may be slow.
"""

from __future__ import annotations

import contextlib
import re
import tomllib

import msgspec

Path = tuple[str | int, ...]
"""Keys, and numbers of the elements of arrays from 0: `("targets", "local", "kind")`."""

MOST_PARTS = 200

# Compiled when they are first needed, which is when a file has an error.
_SPACE = r"[ \t]*"
_IDLE = r"(?:[ \t\r\n]|#[^\n]*)*"
_BARE = r"[A-Za-z0-9_-]+"
_STRING = (
    r'(?s)"""(?:[^\\]|\\.)*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'"
)
_PLAIN = r"[^,\]}#\n]*"


class Place(msgspec.Struct, frozen=True):
    """Offsets of a key and of its value; those of an element of an array are the same.

    The value of a table with a head of its own is its name there.
    """

    key: tuple[int, int]
    value: tuple[int, int]


def has_long_key(text: str) -> bool:
    """Whether a key of a text, with dots between its parts, has more than MOST_PARTS of them."""
    if all(line.count(".") < MOST_PARTS for line in text.split("\n")):
        return False
    scanner = _Scanner(text)
    try:
        scanner.document()
    except _LongKeyError:
        return True
    except (_StrangeError, RecursionError):
        pass
    return False


def places(text: str) -> dict[Path, Place]:
    """The place of every key and element of a text, the first one where there are several."""
    scanner = _Scanner(text)
    with contextlib.suppress(_StrangeError, RecursionError):
        scanner.document()
    return scanner.found


class _StrangeError(Exception):
    """Something that is no TOML: what was found before stays."""


class _LongKeyError(_StrangeError):
    """A key of more parts than are read."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Place] = {}
        self.tables: dict[Path, int] = {}
        """The number of tables in each array of tables so far."""

    def match(self, pattern: str) -> re.Match[str] | None:
        return re.compile(pattern).match(self.text, self.at)

    def skip(self, pattern: str) -> None:
        found = self.match(pattern)
        assert found is not None, "every text matches it"
        self.at = found.end()

    def take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise _StrangeError

    def document(self) -> None:
        base: Path = ()
        while True:
            self.skip(_IDLE)
            if self.at >= len(self.text):
                return
            if self.take("[["):
                base = self.head(is_array=True)
                self.need("]]")
            elif self.take("["):
                base = self.head(is_array=False)
                self.need("]")
            else:
                self.pair(base)

    def head(self, *, is_array: bool) -> Path:
        keys = self.keys()
        path: Path = ()
        for number, (name, place) in enumerate(keys, start=1):
            path = (*path, name)
            self.found.setdefault(path, Place(place, place))
            if is_array and number == len(keys):
                self.tables[path] = self.tables.get(path, 0) + 1
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
                self.found.setdefault(path, Place(place, place))
        return path

    def pair(self, base: Path) -> None:
        keys = self.keys()
        self.need("=")
        self.skip(_SPACE)
        path = base
        for name, place in keys:
            path = (*path, name)
            self.found.setdefault(path, Place(place, place))
        start = self.at
        self.value(path)
        if self.found[path].key == keys[-1][1]:
            self.found[path] = Place(keys[-1][1], (start, self.end()))

    def keys(self) -> list[tuple[str, tuple[int, int]]]:
        found: list[tuple[str, tuple[int, int]]] = []
        while True:
            self.skip(_SPACE)
            name = self.match(_BARE) or self.match(_STRING)
            if name is None:
                raise _StrangeError
            self.at = name.end()
            found.append((_name(name[0]), name.span()))
            if len(found) > MOST_PARTS:
                raise _LongKeyError
            self.skip(_SPACE)
            if not self.take("."):
                return found

    def value(self, path: Path) -> None:
        string = self.match(_STRING)
        if string is not None:
            self.at = string.end()
        elif self.take("["):
            self.array(path)
        elif self.take("{"):
            self.inline(path)
        else:
            self.skip(_PLAIN)

    def array(self, path: Path) -> None:
        number = 0
        while True:
            self.skip(_IDLE)
            if self.take("]"):
                return
            start = self.at
            element = (*path, number)
            self.value(element)
            place = (start, self.end())
            self.found.setdefault(element, Place(place, place))
            number += 1
            self.skip(_IDLE)
            if not self.take(","):
                self.need("]")
                return

    def inline(self, path: Path) -> None:
        while True:
            self.skip(_IDLE)
            if self.take("}"):
                return
            self.pair(path)
            self.skip(_IDLE)
            if not self.take(","):
                self.need("}")
                return

    def end(self) -> int:
        """Where what was read ends, without the white space behind it."""
        end = self.at
        while self.text[end - 1].isspace():
            end -= 1
        return end


def _name(written: str) -> str:
    """The name that a key stands for."""
    if re.fullmatch(_BARE, written):
        return written
    try:
        return next(iter(tomllib.loads(f"{written} = 0")))
    except tomllib.TOMLDecodeError:
        raise _StrangeError from None


def written(path: Path) -> str:
    """A path as it is written in a head: `targets.local`; numbers of elements are left out."""
    return ".".join(
        each if re.fullmatch(_BARE, each) else f'"{each}"' for each in path if isinstance(each, str)
    )
