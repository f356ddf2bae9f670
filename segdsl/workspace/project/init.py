"""Creates a workspace in a folder: the files of `segdsl init`.

No file is replaced: a `.gitignore` gets one more line, and any other file stays as it is. The
example is made from the tables; no server is asked.
"""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from typing import Literal as OneOf

import tomli_w

from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import FileError, InputError
from segdsl.files import SUFFIX, read_bytes, walk, write_text
from segdsl.parent_segment.shape import FILE as DESCRIPTION
from segdsl.project_file import FILE

EXAMPLE = f"first{SUFFIX}"
IGNORED = ".segdsl/"
IGNORE_FILE = ".gitignore"
LOCAL = "local"
REMOTE = "production"
_READ = (".csv", ".parquet")
_ABOUT = """\
# The parent segment that segdsl works on. Put no API key into this file: it comes from TD_API_KEY
# or ~/.td/td.conf.

"""
_ABOUT_LOCAL = """\
# A local Audience API over the tables in a folder. It needs no account.

"""


class WorkspaceFile(NamedTuple):
    """A file of the workspace, by its name in the folder, and what became of it."""

    file: str
    status: OneOf["created", "changed", "unchanged"]


class NewWorkspace(NamedTuple):
    """A workspace: its target, its files, and the commands to run next.

    `guesses` are what was guessed of raw tables, each a sentence.
    """

    target: str
    files: tuple[WorkspaceFile, ...]
    next: tuple[str, ...]
    guesses: tuple[str, ...] = ()


def start_remote(folder: Path, region: str, parent_segment: str) -> NewWorkspace:
    """A workspace for a parent segment of a region; raises FileError."""
    from segdsl.api.hosts import REGIONS

    if region not in REGIONS:
        help = did_you_mean(region, REGIONS) or f"the regions are: {', '.join(REGIONS)}"
        raise InputError(f"there is no region `{region}`; {help}")
    if not parent_segment.isascii() or not parent_segment.isdigit() or int(parent_segment) == 0:
        raise FileError(
            f"`{parent_segment}` is not the id of a parent segment: it is a whole number, the last "
            "one in the address of its page in the console"
        )
    target = {
        "kind": "treasuredata",
        "region": region,
        "parent_segment": int(parent_segment),
    }
    _check(folder, REMOTE, target)
    files = [_project_file(folder, REMOTE, target, _ABOUT), _ignore(folder)]
    commands = ("segdsl schema pull", "segdsl schema show", "segdsl pull")
    return NewWorkspace(REMOTE, tuple(files), commands)


def start_local(folder: Path, data: str, example: str) -> NewWorkspace:
    """A workspace over tables, `data` as a person named it, with a first segment.

    The segment is written where the folder has no source yet. Raises FileError.
    """
    target = {"kind": "local", "data": _from(folder, data)}
    _check(folder, LOCAL, target)
    files = [_project_file(folder, LOCAL, target, _ABOUT_LOCAL)]
    first = _example(folder, example)
    files += [first] if first is not None else []
    files.append(_ignore(folder))
    counted = EXAMPLE if first is not None else "."
    commands = ("segdsl schema pull", "segdsl check", f"segdsl preview {counted}")
    return NewWorkspace(LOCAL, tuple(files), commands)


def start_raw(folder: Path, data: str) -> NewWorkspace:
    """A workspace over raw tables, with a parent segment that is proposed for them.

    A `parent_segment.toml` with a `[master]` stays as it is. Raises FileError, DataError.
    """
    from segdsl.engine.build import is_raw
    from segdsl.engine.build.proposal import propose
    from segdsl.parent_segment.writing import write_configuration

    target = {"kind": "local", "data": _from(folder, data)}
    _check(folder, LOCAL, target)
    path = Path(data).expanduser() / DESCRIPTION
    name = f"{target['data']}/{DESCRIPTION}"
    guesses: tuple[str, ...] = ()
    described = WorkspaceFile(name, "unchanged")
    if not is_raw(path.parent):
        proposal = propose(path.parent)
        guesses = proposal.guesses
        before = read_bytes(str(path)).decode() if path.exists() else ""
        write_text(str(path), write_configuration(before, proposal.configuration, name))
        described = WorkspaceFile(name, "changed" if before else "created")
    files = (_project_file(folder, LOCAL, target, _ABOUT_LOCAL), described, _ignore(folder))
    commands = ("segdsl parent validate", "segdsl parent apply", "segdsl parent run")
    return NewWorkspace(LOCAL, files, (*commands, "segdsl schema pull"), guesses)


def holds_raw_tables(path: Path) -> bool:
    """Whether a folder holds raw tables; raises DataError."""
    from segdsl.engine.build.proposal import holds_raw

    return holds_raw(path)


def _from(folder: Path, data: str) -> str:
    """A path as the project file has it: counted from there, where it is inside."""
    path = os.path.realpath(os.path.expanduser(data))
    top = os.path.realpath(folder)
    inside = os.path.commonpath([path, top]) == top
    return Path(os.path.relpath(path, top) if inside else path).as_posix()


def _check(folder: Path, name: str, target: dict[str, Any]) -> None:
    """Raises FileError where a project file is there that has not this target."""
    path = folder / FILE
    if not os.path.lexists(path):
        return
    try:
        targets = tomllib.loads(read_bytes(str(path)).decode()).get("targets", {})
        there = targets.get(name)
    except (ValueError, AttributeError):
        targets, there = {}, None
    if there != target:
        free = next(each for each in _names(name) if each not in targets)
        text = tomli_w.dumps({"targets": {free: target}})
        raise FileError(
            f"{FILE} already exists, and was not changed; to add this target, append:",
            f"\n{text}",
        )


def _names(name: str) -> Iterator[str]:
    """Names of targets: `local`, `local-2`, `local-3`, …"""
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _project_file(folder: Path, name: str, target: dict[str, Any], about: str) -> WorkspaceFile:
    path = folder / FILE
    if os.path.lexists(path):
        return WorkspaceFile(FILE, "unchanged")
    write_text(str(path), about + tomli_w.dumps({"targets": {name: target}}))
    return WorkspaceFile(FILE, "created")


def _example(folder: Path, text: str) -> WorkspaceFile | None:
    """The first segment; None where there are other sources."""
    path = folder / EXAMPLE
    if os.path.lexists(path):
        return WorkspaceFile(EXAMPLE, "unchanged")
    if any(name.endswith(SUFFIX) for _, names in walk(str(folder)) for name in names):
        return None
    write_text(str(path), text)
    return WorkspaceFile(EXAMPLE, "created")


def _ignore(folder: Path) -> WorkspaceFile:
    """Has git ignore what segdsl keeps for itself."""
    path = folder / IGNORE_FILE
    if not os.path.lexists(path):
        write_text(str(path), f"{IGNORED}\n")
        return WorkspaceFile(IGNORE_FILE, "created")
    try:
        text = read_bytes(str(path)).decode()
    except UnicodeDecodeError:
        raise FileError(
            f"{IGNORE_FILE} is not UTF-8: add the line `{IGNORED}` to it yourself"
        ) from None
    if IGNORED.rstrip("/") in {line.strip().strip("/") for line in text.splitlines()}:
        return WorkspaceFile(IGNORE_FILE, "unchanged")
    end = "" if not text or text.endswith("\n") else "\n"
    write_text(str(path), f"{text}{end}{IGNORED}\n")
    return WorkspaceFile(IGNORE_FILE, "changed")


# --- tables --------------------------------------------------------------------------


class Table(NamedTuple):
    """A file of a folder of tables, or a table of a database; one of the two says more of it."""

    file: str
    holds: str | None
    why: str | None


class DataOverview(NamedTuple):
    """What is in a folder of tables, and a first segment of its columns."""

    tables: tuple[Table, ...]
    example: str


def look_at_data(path: Path) -> DataOverview:
    """What can be used of a folder of tables, or of a DuckDB file; raises DataError."""
    from segdsl.engine.data import open_data
    from segdsl.engine.errors import DataError
    from segdsl.workspace.project.first_segment import first_segment

    try:
        opened = open_data(path)
    except DataError as error:
        said, hint = str(error), _profiles_hint(path)
        stop = "." if hint.startswith(" ") and not said.endswith("?") else ""
        raise DataError(f"{said}{stop}{hint}") from error
    with opened as data:
        held = {each.name: len(each.columns) for each in data.catalog.tables}
        words = {name: _holds(name, columns, data.population()) for name, columns in held.items()}
        passed_over = dict(data.skipped)
        example = first_segment(data)
    if not path.is_dir():
        tables = [Table(name, text, None) for name, text in sorted(words.items())]
        tables += [Table(name, None, why) for name, why in sorted(passed_over.items())]
    else:
        tables = [
            _file(each, words, passed_over)
            for each in sorted(os.listdir(path))
            if not each.startswith(".")
        ]
    return DataOverview(tuple(tables), example)


def _holds(table: str, columns: int, population: int) -> str:
    from segdsl.diagnostics.places import counted
    from segdsl.engine.tables import is_behavior
    from segdsl.language.behaviors import name_of
    from segdsl.sql.catalog import CUSTOMERS

    if table == CUSTOMERS:
        return f"{counted(population, 'profile')} with {counted(columns, 'attribute')}"
    if is_behavior(table):
        name = name_of(table)
        said = f"`{name}`" if name is not None else f'`table "{table}"`'
        return f"events of {said} with {counted(columns, 'column')}"
    return f"`{table}`, with {counted(columns, 'column')}"


def _profiles_hint(path: Path) -> str:
    """Of a folder of CSV files without profiles, the file that may hold them, or where raw ones go.

    Raw tables have no ids of profiles: `segdsl parent run` makes them.
    """
    from segdsl.engine.csv_table import header
    from segdsl.engine.errors import DataError
    from segdsl.engine.tables import TIME_COLUMNS
    from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID

    if not path.is_dir():
        return ""
    headers: dict[str, list[str]] = {}
    for file in sorted(path.glob("*.csv")):
        with contextlib.suppress(DataError):
            headers[file.name] = header(file)
    if headers and not any(PROFILE_ID in columns for columns in headers.values()):
        here, above = Path.cwd().resolve(), path.resolve().parent
        if above != here and above.is_relative_to(here):
            where = f"this folder is their database: write `--data {above.relative_to(here)}`"
        else:
            file = path / "shop" / next(iter(headers))
            where = f"put them into a folder for their database, such as {file}"
        return f" If these are raw tables, {where}"
    if any((path / f"{CUSTOMERS}{each}").exists() for each in _READ):
        return ""
    for name, columns in headers.items():
        if PROFILE_ID in columns and not set(TIME_COLUMNS) & set(columns):
            return f"; if {name} has them, rename it to {CUSTOMERS}.csv"
    return ""


def _file(name: str, words: dict[str, str], passed_over: dict[str, str]) -> Table:
    stem, ending = os.path.splitext(name)
    if name == DESCRIPTION:
        return Table(name, "what the tables cannot say about themselves", None)
    if ending in _READ:
        if stem in words:
            return Table(name, words[stem], None)
        why = passed_over.get(stem, f"{name} is not read as a table").removeprefix(f"{name} ")
        return Table(name, None, why)
    if ending.lower() in _READ:
        return Table(name, None, f"its extension must be lower case: {ending.lower()}")
    return Table(name, None, "neither Parquet (.parquet) nor CSV (.csv)")
