"""Results of checks, cached in `.segdsl/check` of the project until anything that was read changes.

A result is used again only if all that the check read is the same, byte for byte: every file, also
imported ones, the schema, the project file, the options, and this program. Anything else, such as
a damaged cache or a folder that cannot be written, means a check from the beginning.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from segdsl._version import __version__
from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.errors import FileError
from segdsl.files import body_of, is_within, read_bytes, seg_bytes, write_bytes
from segdsl.source import Source

FOLDER = os.path.join(".segdsl", "check")
MIN_FILES = 50
"""Files from which on a result is cached."""
MAX_CACHED = 10
MAX_BYTES = 400_000_000
"""Bytes of a cached result: a larger file counts as damaged."""
_NAME = re.compile(r"[0-9a-f]{24}")
_MAY_CHANGE = (Code.SEG107, Code.SEG115, Code.SEG116)
"""Findings on files that were not read: no digest shows whether they still hold."""


class Counts(NamedTuple):
    """How many items there are beside segments."""

    funnels: int = 0
    activations: int = 0
    templates: int = 0
    predictive_segments: int = 0
    journeys: int = 0


class CachedCheck(msgspec.Struct, frozen=True, array_like=True):
    """The result of a check: the digests of the files by name, and the findings.

    `basis` is the digest of all else that it depends on. `schema` names the schema's file, where
    one was used. `others` are the numbers of the other items. Where schedules
    depend on the time, the result holds from `made` until `until`, if that is not for ever.
    """

    basis: bytes
    files: dict[str, bytes]
    diagnostics: tuple[Diagnostic, ...]
    segments: int
    schema: str | None
    others: Counts
    made: datetime | None
    until: datetime | None


class CheckCache:
    """The cached result for one list of files of a project with certain options."""

    def __init__(self, folder: str, files: Sequence[str], options: Sequence[object]) -> None:
        self._project = folder
        self._folder = os.path.join(folder, FOLDER)
        asked = msgspec.json.encode([os.getcwd(), list(files), *options])
        self._path = os.path.join(self._folder, hashlib.sha256(asked).hexdigest()[:24])
        self._asked = asked

    def basis(self, *also: bytes | None) -> bytes:
        """The digest of what a check depends on beside its files: options, program, `also`."""
        known = hashlib.sha256(self._asked)
        for each in (_program(), *also):
            known.update(b"\0" if each is None else b"\1" + hashlib.sha256(each).digest())
        return known.digest()

    def again(self, basis: bytes, now: datetime) -> tuple[CachedCheck, dict[str, Source]] | None:
        """The cached result with the files that it points into; None where anything has changed."""
        try:
            data = read_bytes(self._path, MAX_BYTES)
            kept = msgspec.msgpack.decode(data, type=CachedCheck)
            if kept.basis != basis:
                return None
            if kept.made is not None and not (
                kept.made <= now and (kept.until is None or now < kept.until)
            ):
                return None
            names = files_in(kept.diagnostics)
            sources: dict[str, Source] = {}
            for name, known in kept.files.items():
                read = seg_bytes(name, name, Report())
                if read is None or digest(body := body_of(read)) != known:
                    return None
                if name in names:
                    sources[name] = Source(name, body.decode(errors="replace"))
        except (FileError, OSError, ValueError):
            return None
        return kept, sources

    def keep(self, kept: CachedCheck) -> None:
        """Caches a result, and deletes the oldest of too many."""
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
            for old in others[:-MAX_CACHED]:
                os.unlink(old)


def files_in(diagnostics: Iterable[Diagnostic]) -> set[str]:
    """The names of the files that findings point into."""
    spans = [of.span for of in diagnostics if of.span is not None]
    spans.extend(note.span for of in diagnostics for note in of.notes)
    return {span.file for span in spans}


def digest(body: bytes) -> bytes:
    """The digest of a file's content."""
    return hashlib.sha256(body).digest()


def _program() -> bytes:
    """The version of this program, and the times of its files, in case one was edited."""
    import segdsl

    parts: list[object] = [__version__, sys.version]
    for folder in segdsl.__path__:
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(each for each in folders if each != "__pycache__")
            for name in sorted(names):
                status = os.stat(os.path.join(parent, name))
                parts.append((name, status.st_size, status.st_mtime_ns))
    return msgspec.json.encode(parts)
