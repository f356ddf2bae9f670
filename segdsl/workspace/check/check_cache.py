"""What a check found, kept in `.segdsl/check` of the project until anything it looked at changes.

A check is told again only where all it read is as it was, byte for byte: every file, also those
that are imported, the schema, the project file, the options, and this program. Anything else,
a damaged file or a folder that cannot be written among it, means a check from the beginning.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Sequence

import msgspec

from segdsl._version import __version__
from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.errors import FileError
from segdsl.files import body_of, is_within, read_bytes, seg_bytes, write_bytes
from segdsl.source import Source

FOLDER = os.path.join(".segdsl", "check")
FEWEST = 50
"""Files for which it is worth to keep what was found."""
MOST_KEPT = 10
MAX_BYTES = 400_000_000
"""Bytes of a kept check: more is taken for damaged."""
_NAME = re.compile(r"[0-9a-f]{24}")
_MAY_CHANGE = (Code.SEG107, Code.SEG115, Code.SEG116)
"""What is told of a file that was not read: no content says that it is still so."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What was found in files, by name, each with what tells its content from another.

    `basis` tells what it was found by. `schema` names the schema's file, where one was used.
    """

    basis: bytes
    files: dict[str, bytes]
    diagnostics: tuple[Diagnostic, ...]
    segments: int
    schema: str | None


class Keeper:
    """Keeps the checks of one list of files of a project with certain options."""

    def __init__(self, folder: str, files: Sequence[str], options: Sequence[object]) -> None:
        self._project = folder
        self._folder = os.path.join(folder, FOLDER)
        asked = msgspec.json.encode([os.getcwd(), list(files), *options])
        self._path = os.path.join(self._folder, hashlib.sha256(asked).hexdigest()[:24])
        self._asked = asked

    def basis(self, *also: bytes | None) -> bytes:
        """What tells this check from another: what was asked, this program, and `also`."""
        told = hashlib.sha256(self._asked)
        for each in (_program(), *also):
            told.update(b"\0" if each is None else b"\1" + hashlib.sha256(each).digest())
        return told.digest()

    def again(self, basis: bytes) -> tuple[Kept, dict[str, Source]] | None:
        """What was found, and the files it is in; None where anything has changed."""
        try:
            data = read_bytes(self._path, MAX_BYTES)
            kept = msgspec.msgpack.decode(data, type=Kept)
            if kept.basis != basis:
                return None
            told = files_told(kept.diagnostics)
            sources: dict[str, Source] = {}
            for name, known in kept.files.items():
                read = seg_bytes(name, name, Report())
                if read is None or digest(body := body_of(read)) != known:
                    return None
                if name in told:
                    sources[name] = Source(name, body.decode(errors="replace"))
        except (FileError, OSError, ValueError):
            return None
        return kept, sources

    def keep(self, kept: Kept) -> None:
        """Keeps what was found, and forgets the oldest of too many."""
        if any(of.code in _MAY_CHANGE for of in kept.diagnostics):
            return
        if not is_within(self._folder, self._project):
            # A link leads elsewhere, where nothing is ours to write or to take away.
            return
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, exist_ok=True)
            ignoring = os.path.join(self._folder, ".gitignore")
            if not os.path.lexists(ignoring):
                write_bytes(ignoring, b"*\n")
            if os.path.islink(self._path):
                os.unlink(self._path)
            write_bytes(self._path, msgspec.msgpack.encode(kept))
            others = [each for each in os.scandir(self._folder) if _NAME.fullmatch(each.name)]
            others.sort(key=lambda each: each.stat(follow_symlinks=False).st_mtime)
            for old in others[:-MOST_KEPT]:
                os.unlink(old)


def files_told(diagnostics: Iterable[Diagnostic]) -> set[str]:
    """The names of the files that findings point into."""
    spans = [of.span for of in diagnostics if of.span is not None]
    spans.extend(note.span for of in diagnostics for note in of.notes)
    return {span.file for span in spans}


def digest(body: bytes) -> bytes:
    """What tells the content of a file from any other."""
    return hashlib.sha256(body).digest()


def _program() -> bytes:
    """What tells this program from another version of it, or from one that was edited."""
    import segdsl

    said: list[object] = [__version__, sys.version]
    for folder in segdsl.__path__:
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(each for each in folders if each != "__pycache__")
            for name in sorted(names):
                of = os.stat(os.path.join(parent, name))
                said.append((name, of.st_size, of.st_mtime_ns))
    return msgspec.json.encode(said)
