"""Where a pulled segment goes: folders and files named as on the server, safe on every system."""

from __future__ import annotations

import re

from segdsl.workspace.state import Folder

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST = 120
"""Bytes of a name: most file systems take 255, and some add to them."""


def mirror_path(folder: Folder, name: str, id: str, taken: set[str]) -> str:
    """The path of a segment's file; with its id where another file has that name already.

    `taken` holds the paths that are in use, in small letters (`fold`): some systems make no
    difference. The path counts from the workspace's folder.
    """
    path = "/".join([*map(_safe, folder), _safe(name)])
    if fold(f"{path}.seg") not in taken:
        return f"{path}.seg"
    return f"{path} ({_safe(id)}).seg"


def fold(path: str) -> str:
    """What tells two paths apart on any system."""
    return path.casefold()


def _safe(name: str) -> str:
    """The name with nothing in it that a file's name must not have."""
    text = _UNSAFE.sub("_", name)
    while len(text.encode(errors="replace")) > _LONGEST:
        text = text[:-1]
    text = text.encode(errors="replace").decode().rstrip(" .")
    if not text or text.startswith((".", "~", "-")) or _RESERVED.fullmatch(text):
        text = f"_{text}"
    return text
