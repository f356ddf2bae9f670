"""The names of the files that a target has beside `segdsl.toml`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from segdsl.workspace.project.config import Project


def beside(project: Project, target: str, ending: str) -> Path:
    """`<target>.<ending>`; characters that no file name takes are written as `%xx`."""
    safe = quote(target, safe=" ()+,@").replace("~", "%7E")
    return project.folder / f"{safe}.{ending}"
