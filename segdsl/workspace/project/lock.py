"""The lock: which segment of a server each segment of the workspace is, and how it was last seen.

One file for each target, committed with the workspace. Without it nothing is lost: what is
equal on both sides finds together again, and what differs is a conflict. Pure: texts in,
texts out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
import tomli_w

from segdsl.errors import InputError
from segdsl.language.values import ByName
from segdsl.toml import parse_toml

VERSION = 1
MENDED = "take the last committed one, or delete it and run `segdsl plan`"
_HEAD = """\
# Written by segdsl and committed with the workspace: the id of each segment on the server,
# and how it was last seen there. Not meant to be edited.
"""


Meant = dict[ByName, str]
"""The ids that names in a segment's text mean."""


def is_id(text: str) -> bool:
    """Whether an id is in the form that the API gives: it becomes a part of addresses."""
    return _ID.fullmatch(text) is not None


_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class LockError(InputError):
    """A lock that cannot be used; its text says what to do."""


class Entry(msgspec.Struct, frozen=True):
    """One segment that both sides knew.

    `file` counts from the workspace's folder, and is "" where it is in no file (any more).
    `digest` is that of the state last seen, `source` the same as a person reads it, or ""
    where the language has no words for it. `refers` is which id each name of a segment in the
    text of the file meant then, `refers_in` the same of names with their folder, by folder.
    """

    id: str
    name: str
    folder: tuple[str, ...]
    file: str
    digest: str
    source: str
    refers: dict[str, str] = {}
    refers_in: dict[str, dict[str, str]] = {}

    @property
    def meant(self) -> dict[ByName, str]:
        """The ids that names in the text meant."""
        return joined(self.refers, self.refers_in)


def joined(refers: Mapping[str, str], refers_in: Mapping[str, Mapping[str, str]]) -> Meant:
    """Ids by name, from the two tables of a lock."""
    return {
        **{ByName(name): id for name, id in refers.items()},
        **{
            ByName(name, folder): id
            for folder, names in refers_in.items()
            for name, id in names.items()
        },
    }


def parted(meant: Mapping[ByName, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The two tables of a lock, from ids by name."""
    refers_in: dict[str, dict[str, str]] = {}
    for name, id in meant.items():
        if name.parent is not None:
            refers_in.setdefault(name.parent, {})[name.name] = id
    return {name.name: id for name, id in meant.items() if name.parent is None}, refers_in


class Lock(msgspec.Struct, frozen=True):
    """The entries by id, and the parent segment that they are of; None before the first."""

    parent_segment: str | None = None
    entries: tuple[Entry, ...] = ()

    @property
    def by_id(self) -> dict[str, Entry]:
        return {each.id: each for each in self.entries}

    def with_entries(
        self, parent_segment: str, entries: Iterable[Entry], settled: Collection[str] = ()
    ) -> Lock:
        """The lock with these entries and no others, in the order of their paths.

        An entry that has the place of one that is `settled` just now is in no file any more: it
        was deleted here, and its place is another's.
        """
        ordered = sorted(entries, key=lambda each: (each.folder, each.name, each.id))
        places = {(each.folder, each.name) for each in ordered if each.id in settled}
        return Lock(
            parent_segment,
            tuple(
                msgspec.structs.replace(each, file="")
                if (each.folder, each.name) in places and each.id not in settled
                else each
                for each in ordered
            ),
        )

    def moved(self, id: str, folder: tuple[str, ...], name: str, file: str) -> Lock:
        """The lock where a segment has another place in the workspace, and all else as it was.

        Whatever had that place is in no file any more.
        """
        entries = [
            msgspec.structs.replace(each, folder=folder, name=name, file=file)
            if each.id == id
            else each
            for each in self.entries
        ]
        return self.with_entries(self.parent_segment or "", entries, (id,))

    def of_parent(self, parent_segment: str, where: str) -> Lock:
        """The lock, seen to be of that parent segment; raises LockError."""
        if self.parent_segment not in (None, parent_segment):
            raise LockError(
                f"{where} is of the parent segment {self.parent_segment}, and the target's is "
                f"{parent_segment}: check `parent_segment` in segdsl.toml, or delete the lock, "
                "if the target is meant to be another one now"
            )
        return self


def merged(base: Lock, ours: Lock, now: Lock) -> dict[str, Entry]:
    """The entries of `now` by id, with what `ours` changed of `base`."""
    before, after = base.by_id, ours.by_id
    found = dict(now.by_id)
    for id in before.keys() | after.keys():
        if before.get(id) == after.get(id):
            continue
        if id in after:
            found[id] = after[id]
        else:
            found.pop(id, None)
    return found


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    parent_segment: str
    segments: tuple[Entry, ...] = ()


def read_lock(text: str, name: str) -> Lock:
    """The lock in a file's text; raises LockError that names the file."""
    if any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in text.splitlines()):
        raise LockError(f"{name} holds the marks of a merge: keep both sides of each, or {MENDED}")
    what = f"{name} is not a valid lock"
    document = parse_toml(text, name, LockError, what, MENDED)
    if "version" not in document.data:
        raise LockError(f"{what}: it has no version; {MENDED}")
    version = document.data["version"]
    if isinstance(version, bool) or version != VERSION:
        raise LockError(
            f"{name} was written by another version of segdsl: this one reads version {VERSION}"
        )
    file = document.convert(_File, LockError, what, MENDED)
    seen: set[str] = set()
    for number, each in enumerate(file.segments):
        if each.id in seen:
            raise document.error(
                LockError,
                ("segments", number, "id"),
                f"{name} has the segment #{each.id} twice: keep one of the two",
            )
        seen.add(each.id)
        if not is_id(each.id) or not each.name.strip() or not all(map(str.strip, each.folder)):
            raise document.error(
                LockError,
                ("segments", number, "id"),
                f"{what}: this segment has no id of the API, no name, or a folder without a name; "
                f"{MENDED}",
            )
    return Lock(file.parent_segment, file.segments)


def write_lock(lock: Lock) -> str:
    """The text of a lock: the same bytes for the same entries."""
    document = {
        "version": VERSION,
        "parent_segment": lock.parent_segment or "",
        "segments": [_written(each) for each in lock.entries],
    }
    if not lock.entries:
        del document["segments"]
    # Each has a source of several lines, or is spread: one segment is never one line.
    return _HEAD + tomli_w.dumps(document, multiline_strings=True)


def _written(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(entry)
    refers = dict(sorted(found.pop("refers").items()))
    refers_in = {
        folder: dict(sorted(names.items()))
        for folder, names in sorted(found.pop("refers_in").items())
    }
    if refers:
        found["refers"] = refers
    return found | {"refers_in": refers_in} if refers_in else found
