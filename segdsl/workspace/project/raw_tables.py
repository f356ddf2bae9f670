"""Where a parent segment is described, and where its raw tables are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from segdsl.errors import InputError
from segdsl.parent_segment.file import read_configuration
from segdsl.parent_segment.model import Configuration
from segdsl.parent_segment.shape import FILE
from segdsl.workspace.project.config import LocalTarget, find_project, shown_path


class Described(msgspec.Struct, frozen=True):
    """A configuration with its file, and the folder of raw tables; None where nothing names it."""

    file: Path
    configuration: Configuration
    folder: Path | None


def find_described(target: str | None, file: str | None, data: str | None) -> Described:
    """The configuration in a file, by default that in the folder of the tables of a target.

    `data` is another folder. Raises ParentFileError, and InputError where there is no `[master]`.
    """
    folder = Path(data).expanduser() if data is not None else _folder_of(target)
    if data is not None and folder is not None and not folder.is_dir():
        raise InputError(f"there is no folder `{data}`: check the spelling of --data")
    path = Path(file).expanduser() if file is not None else (folder or Path.cwd()) / FILE
    name = shown_path(path)
    configuration = read_configuration(path, name, root=str(path.parent))
    if configuration is None:
        what = "has no `[master]`" if path.exists() else "does not exist"
        raise InputError(
            f"{name} {what}: nothing says what the parent segment is made of; `segdsl init --data "
            "DIR` proposes it for raw tables"
        )
    return Described(path, configuration, folder)


def need_folder(described: Described) -> Path:
    """The folder of raw tables; raises InputError."""
    if described.folder is None:
        raise InputError(
            "there are no raw tables here: name their folder with --data, or pass --sql for "
            "queries that measure them in a warehouse"
        )
    return described.folder


def _folder_of(target: str | None) -> Path | None:
    """The data of a local target of the project in the current folder."""
    project = find_project(Path.cwd())
    if project is None:
        return None
    _, chosen = project.target(target)
    if isinstance(chosen, LocalTarget) and chosen.data is not None:
        return project.path(chosen.data)
    return None
