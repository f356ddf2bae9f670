"""The lock of a target: the file `<target>.lock.toml`, read and written whole."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from segdsl.files import check_followed, read_bytes, write_text
from segdsl.toml.document import MAX_BYTES, read_text
from segdsl.workspace.project.config import Project
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import MENDED, Lock, LockError, merged, read_lock, write_lock
from segdsl.workspace.project.paths import beside


def lock_path(project: Project, target: str) -> Path:
    """`<target>.lock.toml` beside the project file."""
    return beside(project, target, "lock.toml")


def load_lock(project: Project, target: str) -> Lock:
    """The lock of a target, an empty one where there is none; raises LockError."""
    path = lock_path(project, target)
    what = f"{path.name} is not a valid lock"
    text = read_text(path, LockError, what, MENDED, root=str(path.parent))
    return Lock() if text is None else read_lock(text, path.name)


def save_lock(project: Project, target: str, lock: Lock) -> bool:
    """Writes the lock where it says something new; whether it did."""
    path = lock_path(project, target)
    text = write_lock(lock)
    is_there = os.path.lexists(path)
    if is_there and read_bytes(str(path), MAX_BYTES) == text.encode():
        return False
    if not lock.entries and not is_there:
        return False
    check_followed(str(path), str(path.parent))
    write_text(str(path), text)
    return True


def merge_lock(
    project: Project,
    target: str,
    parent_segment: str,
    base: Lock,
    ours: Lock,
    confirmed: Collection[Ref] = (),
) -> None:
    """Writes what `ours` changed of `base` into the lock as it is now.

    Another run may have written it since `base` was read. One that cannot be read any more is
    written anew.
    """
    try:
        now = load_lock(project, target).of_parent(parent_segment, "")
    except LockError:
        now = base
    entries = merged(base, ours, now).values()
    save_lock(project, target, Lock().with_entries(parent_segment, entries, confirmed))
