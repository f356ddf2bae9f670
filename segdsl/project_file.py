"""Where the project file is. Apart from what reads it, so that no library is needed to see
that there is none."""

from __future__ import annotations

import os

FILE = "segdsl.toml"


def project_file(start: str) -> str | None:
    """The nearest `segdsl.toml`, in a folder or further up; None where there is none."""
    folder = os.path.realpath(start)
    while True:
        path = os.path.join(folder, FILE)
        if os.path.lexists(path) and not os.path.isdir(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
