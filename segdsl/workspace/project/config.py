"""`segdsl.toml`: the Audience APIs that a project uses, by name.

A local target is data in a folder (or a local Audience API on a port); any other is a
parent segment in a region. The file never has a key. Nothing is opened here.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from segdsl.diagnostics.codes import WARNINGS, Code
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import InputError
from segdsl.project_file import FILE, project_file
from segdsl.toml import Document, read_toml
from segdsl.toml.places import written

EXAMPLE = """\
[targets.local]
kind = "local"
data = "data"
"""


_YEARS = (2, 9998)
# In every time zone such a moment has a day before it and one behind it.
_FIRST = int(datetime(_YEARS[0], 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(_YEARS[1] + 1, 1, 1, tzinfo=UTC).timestamp())


class ProjectError(InputError):
    """A project file that is missing or cannot be used; its text says what to do."""


class LocalTarget(
    msgspec.Struct, frozen=True, tag="local", tag_field="kind", forbid_unknown_fields=True
):
    """A local Audience API: over `data` in this process, or one that is served at `url`.

    Paths count from the project file. `store` is where segments are kept, by default
    `.segdsl/<target>.sqlite`; `now` fixes the clock of `data`, `faults` are the faults
    that `segdsl serve --faults` makes, and `strict` refuses what the API's description does not
    allow, as `segdsl serve --strict` does. `exports` is the folder for the files that activations
    write, by default `exports` beside `data`, or in the project where `data` is outside it.
    """

    data: str | None = None
    store: str | None = None
    now: datetime | None = None
    faults: str | None = None
    strict: bool = False
    exports: str | None = None
    url: str | None = None
    parent_segment: int | str | None = None


class ApiTarget(
    msgspec.Struct, frozen=True, tag="treasuredata", tag_field="kind", forbid_unknown_fields=True
):
    """A parent segment of the Audience API. `profile` names the credentials to use.

    `url` replaces the region's host: another one of the regions' hosts, or any base URL on this
    machine, also with a path, where recorded answers are replayed for tests. Without a
    `parent_segment` the target is for one that `segdsl parent apply` creates.
    """

    region: str
    parent_segment: int | str | None = None
    profile: str | None = None
    url: str | None = None


Target = LocalTarget | ApiTarget


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    targets: dict[str, Target]
    default: str | None = None
    allow: tuple[str, ...] = ()


class Project(msgspec.Struct, frozen=True):
    """The targets of a project file, and the folder it is in.

    `allow` are the codes of warnings that are suppressed in its files. `document` is the file, for
    errors that show a place in it.
    """

    folder: Path
    targets: dict[str, Target]
    default: str
    allow: tuple[str, ...] = ()
    document: Document | None = None

    def target(self, name: str | None) -> tuple[str, Target]:
        """The target of that name, or the default one; raises ProjectError."""
        chosen = name or self.default
        if chosen not in self.targets:
            there = ", ".join(sorted(self.targets))
            help = did_you_mean(chosen, self.targets) or f"the targets are: {there}"
            raise ProjectError(f"{shown_path(self.folder / FILE)} has no target `{chosen}`; {help}")
        return chosen, self.targets[chosen]

    def fixed_now(self, target: str | None) -> datetime | None:
        """The time that a local target fixes (`now`), an aware time; None where it fixes none."""
        _, chosen = self.target(target)
        return chosen.now if isinstance(chosen, LocalTarget) else None

    def error(self, target: str, key: str, message: str, help: str | None = None) -> ProjectError:
        """An error about a key of a target, with its place in the file."""
        if self.document is None:
            return ProjectError(message if help is None else f"{message}; {help}")
        return self.document.error(ProjectError, ("targets", target, key), message, help)

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
            f"there is no {FILE} here or in a folder above, so no target is known; "
            "run `segdsl init` to create one, or write it yourself:",
            f"\n{EXAMPLE}",
        )
    return project


def read_project(path: Path) -> Project:
    """A project file, checked; raises ProjectError, which shows each mistake at its line."""
    name = shown_path(path)
    what = f"{name} is not a valid TOML file"
    document = read_toml(path, name, ProjectError, what, root=str(path.parent))
    if document is None:
        raise ProjectError(f"cannot read {name}: no such file or directory")
    if _holds_a_key(document.data):
        raise ProjectError(
            f"{name} holds an API key; remove it (and change the key, if the file was "
            "shared): keys come from TD_API_KEY or from a file of credentials"
        )
    file = document.convert(_File, ProjectError, f"{name} is not a valid project file")
    if not file.targets:
        raise ProjectError(f"{name} names no target; write one:", f"\n{EXAMPLE}")
    default = file.default or ("local" if "local" in file.targets else next(iter(file.targets)))
    for target_name, target in file.targets.items():
        _check_target(target_name, target, document)
    if file.default is not None and file.default not in file.targets:
        there = f"the targets are: {', '.join(sorted(file.targets))}"
        raise document.error(
            ProjectError,
            ("default",),
            f"the default target `{file.default}` is not in the file",
            did_you_mean(file.default, file.targets, there),
        )
    _check_codes(file.allow, document)
    return Project(path.parent, file.targets, default, file.allow, document)


def shown_path(path: Path) -> str:
    """A path as a person in the current folder writes it."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()


def _check_target(name: str, target: Target, document: Document) -> None:
    """Refuses what the shape of a target allows, and no target can be."""
    at = ("targets", name)
    if isinstance(target, LocalTarget) and (target.data is None) == (target.url is None):
        raise document.error(
            ProjectError,
            at,
            f"the target `{name}` needs either `data` or `url`",
            "`data` is a folder of tables, and `url` where a local Audience API is served",
            on="key",
        )
    if isinstance(target, LocalTarget) and target.now is not None and target.now.tzinfo is None:
        raise document.error(
            ProjectError,
            (*at, "now"),
            f"`now` in [{written(at)}] does not say its time zone",
            f"write it as {target.now.isoformat()}Z or {target.now.isoformat()}+09:00",
        )
    for key in ("data", "store", "exports"):
        if "\0" in (getattr(target, key, None) or ""):
            raise document.error(
                ProjectError, (*at, key), f"`{key}` in [{written(at)}] is not a valid file name"
            )


def _check_codes(codes: tuple[str, ...], document: Document) -> None:
    warnings = sorted(code.name for code in WARNINGS)
    listed = f"the warnings are {', '.join(warnings)}"
    for number, code in enumerate(codes):
        if code in Code.__members__ and code not in warnings:
            raise document.error(
                ProjectError,
                ("allow", number),
                f"`allow` names {code}, an error; only warnings can be allowed",
                listed,
            )
        if code not in warnings:
            raise document.error(
                ProjectError,
                ("allow", number),
                f"`allow` names `{code}`, which is not a code",
                did_you_mean(code, warnings, listed),
            )


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
        raise ProjectError(
            f"{where} is not a time: write it as 2024-10-01T09:00:00+09:00"
        ) from None
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
