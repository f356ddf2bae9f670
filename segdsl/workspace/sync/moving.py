"""`mv`: records in the lock that a resource has another place in the workspace. Pure.

The resource keeps its id, and the next plan updates it on the server instead of creating another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.workspace.kinds.resource import LocalResource
from segdsl.workspace.project.keys import SEGMENT, Folder, Key, noun
from segdsl.workspace.project.lock import Entry, Lock
from segdsl.workspace.remote.listing import SegmentNotFoundError


class Move(msgspec.Struct, frozen=True):
    """A move that is to be recorded, and the lock after it.

    `displaced` is the entry that had the place before; it is in no file then.
    """

    entry: Entry
    local: LocalResource
    lock: Lock
    displaced: Entry | None = None

    @property
    def is_new(self) -> bool:
        """Whether it says anything that the lock did not."""
        return self.entry.key != self.local.key


def move(lock: Lock, local: Sequence[LocalResource], old: str, new: str) -> Move:
    """The move of a resource of the lock to the place of one in the workspace.

    `old` is an id, a path or a name of the lock, `new` a path or a name of the workspace. Raises
    SegmentNotFoundError where either is not found, or is not unique, or `old` is still in a file.
    """
    here = {each.key: each for each in local}
    entry = _entry(lock, old, here)
    target = _local([each for each in local if each.key.kind == entry.kind], new)
    still = here.get(entry.key)
    if still is not None and still.key != target.key:
        raise SegmentNotFoundError(
            f"`{path_of(entry.folder, entry.name)}` is still in {still.file}: give it its new "
            "name or folder there first"
        )
    displaced = next(
        (each for each in lock.entries if each.key == target.key and each.ref != entry.ref),
        None,
    )
    moved = lock.moved(entry.ref, target.key, target.file)
    return Move(entry, target, moved, displaced)


def path_of(folder: Folder, name: str) -> str:
    return "/".join((*folder, name))


def _entry(lock: Lock, named: str, here: Iterable[Key]) -> Entry:
    places = set(here)
    is_id = [named in (each.id, f"#{each.id}") for each in lock.entries]
    is_name = [
        bool(named.strip()) and named in (path_of(each.folder, each.name), each.name)
        for each in lock.entries
    ]
    if named.startswith("#") and any(is_id):
        is_name = is_id
    found = [each for each, *is_it in zip(lock.entries, is_id, is_name, strict=True) if any(is_it)]
    if len(found) > 1:
        # Of several with one name, the one that no file has any more is meant.
        gone = [each for each in found if each.key not in places]
        found = gone if len(gone) == 1 else found
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"#{each.id} ({path_of(each.folder, each.name)})" for each in found)
        what = noun(each.kind for each in found)
        raise SegmentNotFoundError(
            f"{len(found)} {what}s of the lock are named `{named}`: specify one by path or id; "
            f"they are {listed}"
        )
    words = [each.name for each in lock.entries]
    words += [path_of(each.folder, each.name) for each in lock.entries]
    help = did_you_mean(named, words, "it has only what was applied or pulled")
    what = noun(each.kind for each in lock.entries) if lock.entries else SEGMENT
    raise SegmentNotFoundError(f"the lock has no {what} `{named}`; {help}")


def _local(local: Sequence[LocalResource], named: str) -> LocalResource:
    by_path = [each for each in local if each.key.path == named]
    found = by_path or [each for each in local if each.key.name == named]
    if len(found) == 1 and named.strip():
        return found[0]
    if found:
        listed = ", ".join(f"{each.key.path} ({each.file})" for each in found)
        what = noun(each.key.kind for each in found)
        raise SegmentNotFoundError(
            f"{len(found)} {what}s of the workspace are named `{named}`: specify one by path; "
            f"they are {listed}"
        )
    words = [each.key.name for each in local]
    words += [each.key.path for each in local]
    help = did_you_mean(named, words, "change its name or folder in its file first")
    what = noun(each.key.kind for each in local) if local else SEGMENT
    raise SegmentNotFoundError(f"no file of the workspace has a {what} `{named}`; {help}")
