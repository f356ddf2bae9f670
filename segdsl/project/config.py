"""`segdsl.toml`: which Audience APIs a project speaks with, by name.

A local target is data in a folder (or a local Audience API on a port); any other is a
parent segment in a region. No key ever stands in the file. Nothing is opened here.
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from segdsl.diagnostics.codes import WARNINGS, Code
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.files import FileError
from segdsl.project.finding import FILE, project_file

EXAMPLE = """\
[targets.local]
kind = "local"
data = "data"
"""


_YEARS = (2, 9998)
# In every time zone such a moment has a day before it and one behind it.
_FIRST = int(datetime(_YEARS[0], 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(_YEARS[1] + 1, 1, 1, tzinfo=UTC).timestamp())


class ProjectError(FileError):
    """A project file that is missing or cannot be used; its text says what to do."""


class LocalTarget(
    msgspec.Struct, frozen=True, tag="local", tag_field="kind", forbid_unknown_fields=True
):
    """A local Audience API: over `data` in this process, or one that is served at `url`.

    Paths count from the project file. `store` is where segments are kept, by default
    `.segdsl/<target>.sqlite`; `now` fixes the clock of `data`, `faults` is the weather
    that `segdsl serve --faults` makes, and `strict` refuses what the API's description does not
    allow, as `segdsl serve --strict` does.
    """

    data: str | None = None
    store: str | None = None
    now: datetime | None = None
    faults: str | None = None
    strict: bool = False
    url: str | None = None
    parent_segment: int | str | None = None


class ApiTarget(
    msgspec.Struct, frozen=True, tag="treasuredata", tag_field="kind", forbid_unknown_fields=True
):
    """A parent segment of the Audience API. `profile` names the credentials to use.

    `url` replaces the region's host: another one of the regions' hosts, or any base URL on this
    machine, also with a path, where recorded answers are replayed for tests.
    """

    region: str
    parent_segment: int | str
    profile: str | None = None
    url: str | None = None


Target = LocalTarget | ApiTarget


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    targets: dict[str, Target]
    default: str | None = None
    allow: tuple[str, ...] = ()


class Project(msgspec.Struct, frozen=True):
    """The targets of a project file, and the folder it is in.

    `allow` are the codes of warnings that are not told of its files.
    """

    folder: Path
    targets: dict[str, Target]
    default: str
    allow: tuple[str, ...] = ()

    def target(self, name: str | None) -> tuple[str, Target]:
        """The target of that name, or the default one; raises ProjectError."""
        chosen = name or self.default
        if chosen not in self.targets:
            there = ", ".join(sorted(self.targets))
            help = did_you_mean(chosen, self.targets) or f"there are: {there}"
            raise ProjectError(f"{self.folder / FILE} has no target `{chosen}`; {help}")
        return chosen, self.targets[chosen]

    def path(self, text: str) -> Path:
        """A path of the project file."""
        return self.folder / os.path.expanduser(text)


def find_project(start: Path) -> Project | None:
    """The project that a folder is in: the nearest `segdsl.toml`, there or further up."""
    path = project_file(str(start))
    return None if path is None else read_project(Path(path))


def need_project(start: Path) -> Project:
    """As `find_project`, but a missing file is an error that shows what to write."""
    project = find_project(start)
    if project is None:
        raise ProjectError(
            f"there is no {FILE} here or in a folder above, so nobody knows what to ask; "
            "write one that names a target:",
            EXAMPLE,
        )
    return project


def read_project(path: Path) -> Project:
    """A project file, checked; raises ProjectError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is no TOML file: {error}") from error
    file = _checked(document, path)
    if not file.targets:
        raise ProjectError(f"{path} names no target; write one:", EXAMPLE)
    default = file.default or ("local" if "local" in file.targets else next(iter(file.targets)))
    for name, target in file.targets.items():
        if isinstance(target, LocalTarget) and (target.data is None) == (target.url is None):
            raise ProjectError(
                f"{path}: the target `{name}` needs either `data`, a folder, or `url`, "
                "where a local Audience API is served"
            )
    if file.default is not None and file.default not in file.targets:
        there = ", ".join(sorted(file.targets))
        raise ProjectError(f"{path}: the default target `{file.default}` is not among: {there}")
    _check_codes(file.allow, path)
    return Project(path.parent, file.targets, default, file.allow)


def _check_codes(codes: tuple[str, ...], path: Path) -> None:
    warnings = sorted(code.name for code in WARNINGS)
    for code in codes:
        if code in Code.__members__ and code not in warnings:
            raise ProjectError(f"{path}: `allow` names {code}, an error; only warnings can be")
        if code not in warnings:
            help = did_you_mean(code, warnings) or f"the warnings are {', '.join(warnings)}"
            raise ProjectError(f"{path}: `allow` names `{code}`, and there is no such code; {help}")


def _checked(document: dict[str, Any], path: Path) -> _File:
    if _holds_a_key(document):
        raise ProjectError(
            f"{path} holds an API key; take it out (and change the key, if the file was "
            "shared): keys come from TD_API_KEY or from a file of credentials"
        )
    try:
        return msgspec.convert(document, _File)
    except msgspec.ValidationError as error:
        raise ProjectError(
            f"{path} is not as it should be: {error}; a target has a `kind`, local or "
            "treasuredata, and what the README lists for it"
        ) from None


def _holds_a_key(value: object) -> bool:
    """Whether a name in the document says that a key is kept there."""
    match value:
        case dict():
            return any(
                name.lower() in ("apikey", "api_key", "key", "token") or _holds_a_key(inner)
                for name, inner in value.items()
            )
        case list():
            return any(map(_holds_a_key, value))
        case _:
            return False


def moment(value: datetime | str, where: str) -> int:
    """The Unix seconds of a fixed clock; raises ProjectError. `where` names it to a reader."""
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        raise ProjectError(f"{where} is no time: write it as 2024-10-01T09:00:00+09:00") from None
    if time.tzinfo is None:
        raise ProjectError(
            f"{where} does not say its time zone: write it as {time.isoformat()}Z or "
            f"{time.isoformat()}+09:00"
        )
    seconds = int(time.timestamp())
    if not _FIRST <= seconds < _LAST:
        raise ProjectError(
            f"{where} is at an end of the calendar, where days and months cannot be counted: "
            f"give a year from {_YEARS[0]} to {_YEARS[1]}"
        )
    return seconds
