"""The file of a target's parent segment, and what of the server was last seen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal as OneOf

import msgspec
import tomli_w

from segdsl.errors import FileError, InputError
from segdsl.files import check_followed, write_text
from segdsl.parent_segment import model as m
from segdsl.parent_segment.file import ParentFileError, parse_configuration
from segdsl.parent_segment.shape import FILE
from segdsl.parent_segment.writing import write_configuration
from segdsl.project_file import FILE as PROJECT_FILE
from segdsl.toml import parse_toml
from segdsl.toml.document import read_text
from segdsl.workspace.project.config import LocalTarget, Project, ProjectError, shown_path
from segdsl.workspace.project.paths import beside

_HEAD = """\
# Written by segdsl and committed with the workspace: the parent segment as it was last seen on the
# server. Not meant to be edited.
"""
MENDED = "restore the last committed one, or delete it and run `segdsl parent pull`"


class SeenError(InputError):
    """The record of what was last seen cannot be used; its text says what to do."""


class Seen(msgspec.Struct, frozen=True):
    """A parent segment as it was last seen on the server."""

    id: str
    configuration: m.Configuration


class _SeenFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parent_segment: str
    seen: str


class ParentFile(msgspec.Struct, frozen=True):
    """A `parent_segment.toml`: its path, its name for messages, its text ("" where there is none),
    and its configuration, None where it has no `[master]`."""

    path: Path
    name: str
    text: str
    configuration: m.Configuration | None

    @property
    def is_there(self) -> bool:
        return os.path.lexists(self.path)


def parent_path(project: Project, target: str, file: str | None) -> Path:
    """The file: the one that a person named, or that of the data of a local target, or the one
    beside segdsl.toml."""
    if file is not None:
        return Path(file)
    _, chosen = project.target(target)
    if isinstance(chosen, LocalTarget) and chosen.data is not None:
        data = project.path(chosen.data)
        return data / FILE if data.is_dir() else data.with_suffix(".toml")
    return project.folder / FILE


def read_parent_file(project: Project, target: str, file: str | None) -> ParentFile:
    """The file of a target; raises ParentFileError."""
    path = parent_path(project, target, file)
    name = shown_path(path)
    what = f"{name} is not a valid TOML file"
    text = read_text(path, ParentFileError, what, root=str(path.parent)) or ""
    return ParentFile(path, name, text, parse_configuration(text, name) if text.strip() else None)


def save_parent_file(file: ParentFile, configuration: m.Configuration) -> bool:
    """Writes a configuration into the file, with all else that it holds; whether it changed."""
    text = write_configuration(file.text, configuration, file.name)
    if text == file.text:
        return False
    check_followed(str(file.path), str(file.path.parent))
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create `{file.path.parent}`: {error.strerror}") from error
    write_text(str(file.path), text)
    return True


class Begun(msgspec.Struct, frozen=True):
    """A file that has a configuration now."""

    file: str
    status: OneOf["created", "changed"]


def begin_parent_file(
    project: Project, target: str | None, file: str | None, name: str, master: str
) -> Begun:
    """Writes the beginning of a configuration into the file of a target, which has none yet.

    Raises ParentFileError for a table without a database, InputError for a file with a `[master]`.
    """
    chosen, _ = project.target(target)
    here = read_parent_file(project, chosen, file)
    if here.configuration is not None:
        raise InputError(f"{here.name} has a `[master]` already: edit it")
    database, dot, table = master.partition(".")
    if not (dot and database.strip() and table.strip()):
        raise InputError(f"`{master}` names no table of a database: write it as database.table")
    configuration = m.Configuration(name, m.Master(m.Table(database, table)), schedule=m.Never())
    save_parent_file(here, configuration)
    return Begun(here.name, "changed" if here.text.strip() else "created")


# --- what was last seen ----------------------------------------------------------------


def seen_path(project: Project, target: str) -> Path:
    """`<target>.parent_segment.lock.toml` beside the project file."""
    return beside(project, target, "parent_segment.lock.toml")


def load_seen(project: Project, target: str) -> Seen | None:
    """What was last seen; None before the first pull. Raises SeenError."""
    path = seen_path(project, target)
    what = f"{path.name} is not a valid record of a parent segment"
    text = read_text(path, SeenError, what, MENDED, root=str(path.parent))
    if text is None:
        return None
    file = parse_toml(text, path.name, SeenError, what, MENDED).convert(
        _SeenFile, SeenError, what, MENDED
    )
    try:
        configuration = parse_configuration(file.seen, path.name)
    except ParentFileError as error:
        raise SeenError(f"{what}: {error.message}; {MENDED}") from None
    if configuration is None:
        raise SeenError(f"{what}; {MENDED}")
    return Seen(file.parent_segment, configuration)


def save_seen(project: Project, target: str, seen: Seen) -> None:
    """Records what was seen, where that is new."""
    path = seen_path(project, target)
    text = _HEAD + tomli_w.dumps(
        {
            "parent_segment": seen.id,
            "seen": write_configuration("", seen.configuration, path.name),
        },
        multiline_strings=True,
    )
    before = read_text(path, SeenError, path.name, root=str(path.parent))
    if before != text:
        check_followed(str(path), str(path.parent))
        write_text(str(path), text)


def record_id(project: Project, target: str, id: str) -> str:
    """Writes the id of a created parent segment into segdsl.toml; returns the file's name."""
    import tomlkit

    path = project.folder / PROJECT_FILE
    name = shown_path(path)
    text = read_text(path, ProjectError, f"{name} is not a valid TOML file", root=str(path.parent))
    document = tomlkit.parse(text or "")
    document["targets"][target]["parent_segment"] = int(id) if id.isdecimal() else id
    check_followed(str(path), str(path.parent))
    write_text(str(path), tomlkit.dumps(document))
    return name
