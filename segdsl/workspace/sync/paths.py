"""Where a pulled resource goes: folders and files named as on the server, safe on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import count

from segdsl.files import PASSED_OVER, SUFFIX, WRITTEN
from segdsl.project_file import FILE
from segdsl.workspace.project.keys import Folder

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE
)
_LONGEST = 120
"""Bytes of a name: most file systems take 255, and some add to them."""


def mirror_path(
    folder: Folder,
    name: str,
    id: str,
    taken: set[str],
    occupied: Collection[str] = (),
    suffix: str = SUFFIX,
) -> str:
    """The path of a resource's file, one that no other file has: with its id, if need be.

    `taken` holds the paths that are in use, folded (`fold`): some systems make no
    difference. `occupied` are the paths, folded, that no folder can have: of files, and of links,
    through which nothing is read, so that nothing is to be written there. Paths count from the
    workspace's folder.
    """
    parent = ""
    for each in folder:
        parent += _safe_folder(each)
        while fold(parent) in occupied:
            parent += "_"
        parent += "/"
    path = parent + _safe(name)
    with_id = f"{path} ({_safe(id)})"
    for number in count():
        # Another resource may bear the name with that id as its own.
        stem = (path, with_id)[number] if number < 2 else f"{with_id} ({number})"
        if fold(f"{stem}{suffix}") not in taken:
            return f"{stem}{suffix}"
    raise AssertionError("numbers do not end")


def fold(path: str) -> str:
    """What tells two paths apart on any system: not the case of letters, nor their Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _safe_folder(name: str) -> str:
    """The same for a folder, which must not be taken for a file, nor be passed over."""
    text = _safe(name)
    folded = fold(text)
    # A project file and what is kept beside it may come later, or with another target.
    is_file = folded == FILE or folded.endswith((SUFFIX, *WRITTEN))
    return f"{text}_" if is_file or folded in PASSED_OVER else text


def _safe(name: str) -> str:
    """The name with nothing in it that a file's name must not have."""
    text = _UNSAFE.sub("_", name)
    while len(text.encode(errors="replace")) > _LONGEST:
        text = text[:-1]
    text = text.encode(errors="replace").decode().rstrip(" .")
    if not text or text.startswith((".", "~", "-")) or _RESERVED.fullmatch(text):
        text = f"_{text}"
    return text
