"""The lock: the id that each resource of a workspace has on a server, and its last seen state.

One file for each target, committed with the workspace. Without it nothing is lost: what is
equal on both sides is matched again, and what differs is a conflict. Pure: texts in, texts out.
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
from segdsl.workspace.project.keys import SEGMENT, Folder, Key, Part, Ref

VERSION = 2
"""Version 1 had segments only, and no kinds; it is read, and written as this version."""
MENDED = "restore the last committed one, or delete it and run `segdsl plan`"
_HEAD = """\
# Written by segdsl and committed with the workspace: the id of each resource on the server,
# and its state when it was last seen there. Not meant to be edited.
"""


NameIds = dict[tuple[str, ByName], str]
"""The ids that names in a resource's text mean, by kind and name."""


def is_id(text: str) -> bool:
    """Whether an id is in the form that the API gives: it becomes a part of addresses."""
    return _ID.fullmatch(text) is not None


_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_KIND = re.compile(r"[a-z][a-z_ ]{0,98}")


class LockError(InputError):
    """A lock that cannot be used; its text says what to do."""


class Entry(msgspec.Struct, frozen=True):
    """One resource that both sides had.

    `file` counts from the workspace's folder, and is "" where no file has the resource (any more).
    `digest` is that of the last seen state, `source` the same state as source text, or "" where
    the language cannot express it. `refers` is which id each name in the text of the file meant
    then, by kind and name; `refers_in` the same of names with their folder (or other parent), by
    kind, folder and name. `parts` has the ids of its named parts, by kind and name, and `pieces`
    the last seen fingerprint of each piece that is sent by itself (`State.pieces`).
    """

    kind: str
    id: str
    name: str
    folder: Folder
    file: str
    digest: str
    source: str
    refers: dict[str, dict[str, str]] = {}
    refers_in: dict[str, dict[str, dict[str, str]]] = {}
    parts: dict[str, dict[str, str]] = {}
    pieces: dict[str, str] = {}

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.folder, self.name)

    @property
    def name_ids(self) -> NameIds:
        """The ids that names in the text meant."""
        return join_name_ids(self.refers, self.refers_in)

    @property
    def part_list(self) -> tuple[Part, ...]:
        return tuple(
            Part(kind, name, id) for kind, ids in self.parts.items() for name, id in ids.items()
        )


def join_name_ids(
    refers: Mapping[str, Mapping[str, str]],
    refers_in: Mapping[str, Mapping[str, Mapping[str, str]]],
) -> NameIds:
    """Ids by kind and name, from the two tables of an entry."""
    return {
        **{
            (kind, ByName(name)): id for kind, names in refers.items() for name, id in names.items()
        },
        **{
            (kind, ByName(name, folder)): id
            for kind, folders in refers_in.items()
            for folder, names in folders.items()
            for name, id in names.items()
        },
    }


def split_name_ids(
    name_ids: Mapping[tuple[str, ByName], str],
) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, dict[str, str]]]]:
    """The two tables of an entry, from ids by kind and name."""
    refers: dict[str, dict[str, str]] = {}
    refers_in: dict[str, dict[str, dict[str, str]]] = {}
    for (kind, name), id in name_ids.items():
        if name.parent is None:
            refers.setdefault(kind, {})[name.name] = id
        else:
            refers_in.setdefault(kind, {}).setdefault(name.parent, {})[name.name] = id
    return refers, refers_in


class Lock(msgspec.Struct, frozen=True):
    """The entries, and the parent segment that they are of; None before the first."""

    parent_segment: str | None = None
    entries: tuple[Entry, ...] = ()

    @property
    def by_ref(self) -> dict[Ref, Entry]:
        return {entry.ref: entry for entry in self.entries}

    def with_entries(
        self, parent_segment: str, entries: Iterable[Entry], confirmed: Collection[Ref] = ()
    ) -> Lock:
        """The lock with these entries and no others, sorted by kind and path.

        An entry that has the place of one that is `confirmed` now has no file any more: it was
        deleted here, and its place is another's.
        """
        ordered = sorted(entries, key=lambda entry: (*entry.key, entry.id))
        places = {entry.key for entry in ordered if entry.ref in confirmed}
        return Lock(
            parent_segment,
            tuple(
                msgspec.structs.replace(entry, file="")
                if entry.key in places and entry.ref not in confirmed
                else entry
                for entry in ordered
            ),
        )

    def moved(self, ref: Ref, key: Key, file: str) -> Lock:
        """The lock where a resource has another place in the workspace, and all else as it was.

        Whatever had that place has no file any more.
        """
        entries = [
            msgspec.structs.replace(entry, folder=key.folder, name=key.name, file=file)
            if entry.ref == ref
            else entry
            for entry in self.entries
        ]
        return self.with_entries(self.parent_segment or "", entries, (ref,))

    def of_parent(self, parent_segment: str, where: str) -> Lock:
        """The lock, checked to be of that parent segment; raises LockError."""
        if self.parent_segment not in (None, parent_segment):
            raise LockError(
                f"{where} is for the parent segment {self.parent_segment}, but the target's is "
                f"{parent_segment}: check `parent_segment` in segdsl.toml; if the target was "
                "changed on purpose, delete the lock"
            )
        return self


def merged(base: Lock, ours: Lock, current: Lock) -> dict[Ref, Entry]:
    """The entries of `current`, with what `ours` changed of `base`."""
    before, after = base.by_ref, ours.by_ref
    entries = dict(current.by_ref)
    for ref in before.keys() | after.keys():
        if before.get(ref) == after.get(ref):
            continue
        if ref in after:
            entries[ref] = after[ref]
        else:
            entries.pop(ref, None)
    return entries


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    parent_segment: str
    resources: tuple[Entry, ...] = ()


class _EntryV1(msgspec.Struct, frozen=True):
    """An entry of version 1, which is a segment; its names are of segments."""

    id: str
    name: str
    folder: Folder
    file: str
    digest: str
    source: str
    refers: dict[str, str] = {}
    refers_in: dict[str, dict[str, str]] = {}

    def upgraded(self) -> Entry:
        return Entry(
            SEGMENT,
            self.id,
            self.name,
            self.folder,
            self.file,
            self.digest,
            self.source,
            {SEGMENT: self.refers} if self.refers else {},
            {SEGMENT: self.refers_in} if self.refers_in else {},
        )


class _FileV1(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    parent_segment: str
    segments: tuple[_EntryV1, ...] = ()


def read_lock(text: str, name: str) -> Lock:
    """The lock in a file's text; raises LockError that names the file.

    Also one of version 1, which becomes one of this version.
    """
    if any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in text.splitlines()):
        raise LockError(
            f"{name} has unresolved merge conflicts: keep both sides of each, or {MENDED}"
        )
    what = f"{name} is not a valid lock"
    document = parse_toml(text, name, LockError, what, MENDED)
    if "version" not in document.data:
        raise LockError(f"{what}: it has no version; {MENDED}")
    version = document.data["version"]
    if isinstance(version, bool) or version not in (1, VERSION):
        raise LockError(
            f"{name} was written by another version of segdsl: this one reads version {VERSION}"
        )
    if version == 1:
        old = document.convert(_FileV1, LockError, what, MENDED)
        parent, entries = old.parent_segment, tuple(entry.upgraded() for entry in old.segments)
    else:
        file = document.convert(_File, LockError, what, MENDED)
        parent, entries = file.parent_segment, file.resources
    table = "segments" if version == 1 else "resources"
    seen: set[Ref] = set()
    for number, entry in enumerate(entries):
        if entry.ref in seen:
            raise document.error(
                LockError,
                (table, number, "id"),
                f"{name} has the {entry.kind} #{entry.id} twice: keep one of the two",
            )
        seen.add(entry.ref)
        if not is_entry(entry):
            raise document.error(
                LockError,
                (table, number, "id"),
                f"{what}: this {entry.kind} has no id of the API, no name, or a folder without a "
                f"name; {MENDED}",
            )
    return Lock(parent, entries)


def is_entry(entry: Entry) -> bool:
    """Whether an entry has a kind, an id, a name, folders with names, and ids of its parts."""
    return (
        _KIND.fullmatch(entry.kind) is not None
        and all(is_id(part.id) for part in entry.part_list)
        and is_id(entry.id)
        and bool(entry.name.strip())
        and all(map(str.strip, entry.folder))
    )


def write_lock(lock: Lock) -> str:
    """The text of a lock: the same bytes for the same entries."""
    document = {
        "version": VERSION,
        "parent_segment": lock.parent_segment or "",
        "resources": [_written(entry) for entry in lock.entries],
    }
    if not lock.entries:
        del document["resources"]
    # Each has a source of several lines, or is spread: one resource is never one line.
    return _HEAD + tomli_w.dumps(document, multiline_strings=True)


def _written(entry: Entry) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    for tables in ("refers", "refers_in", "parts", "pieces"):
        content = _sorted(fields.pop(tables))
        if content:
            fields[tables] = content
    return fields


def _sorted(content: Any) -> Any:
    """Nested tables with their keys in order, without empty ones."""
    if not isinstance(content, dict):
        return content
    return {key: _sorted(content[key]) for key in sorted(content) if content[key] != {}}
