"""The candidates that complete a word on a command line, from files only, never from a server.

Files that cannot be read give fewer candidates and no message. A candidate is of type `PATH`,
`NAME` or `PART`: see `segdsl.cli.completion_scripts`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import click
from click.shell_completion import CompletionItem

from segdsl.cli.completion_scripts import NAME, PART, PATH
from segdsl.cli.kinds import RUN, SHOWN

Kind = Literal[
    "sources",
    "yaml",
    "json",
    "data",
    "folders",
    "anything",
    "segments",
    "shown",
    "runnable",
    "selectable",
    "commands",
    "targets",
    "warnings",
    "codes",
    "columns",
    "things",
    "params",
    "regions",
]
"""The kinds of words on a command line."""
MAX_ITEMS = 1_000
"""Candidates for one word; nobody would read more."""
MAX_FILES = 500
"""Sources that are searched for names."""
MAX_BYTES = 1_000_000
"""Bytes that are searched in each of them."""
_SEGMENT = re.compile(r'^[ \t]*segment[ \t]+("(?:[^"\\\n]|\\.)*")', re.MULTILINE)
_ITEM = re.compile(
    r'^[ \t]*(?:segment|funnel|activation(?:[ \t]+template)?)[ \t]+("(?:[^"\\\n]|\\.)*")',
    re.MULTILINE,
)
_SHOWN = re.compile(
    r"^[ \t]*(segment|funnel|predictive segment|journey|activation template|activation)[ \t]+"
    r'("(?:[^"\\\n]|\\.)*")',
    re.MULTILINE,
)
_OF_SEGMENTS = ("create", "sql")
"""The commands that can only select segments."""
_PARAM = re.compile(r"^[ \t]*param[ \t]+([^\W\d]\w*|`(?:[^`\\\n]|\\.)*`)", re.MULTILINE)


def completion_items(kind: Kind, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """The candidates for a word, from its beginning."""
    try:
        return list(islice(_KINDS[kind](ctx, incomplete), MAX_ITEMS))
    except Exception:
        return []  # a shell cannot show an error; the command will


# --- files ---------------------------------------------------------------------------


def _paths(*suffixes: str) -> Callable[[click.Context, str], Iterator[CompletionItem]]:
    """Files with one of the suffixes (`""`: all files), and folders."""

    def paths(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
        folder, typed = os.path.split(incomplete)
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            in_order = sorted(entries, key=lambda entry: entry.name)
        for entry in in_order:
            is_hidden = entry.name.startswith(".") and not typed.startswith(".")
            if is_hidden or not entry.name.startswith(typed):
                continue
            path = os.path.join(folder, entry.name)
            if entry.is_dir():
                yield CompletionItem(f"{path}/", type=PATH)
            elif any(entry.name.endswith(suffix) for suffix in suffixes):
                yield CompletionItem(path, type=PATH)

    return paths


def _sources(ctx: click.Context) -> Iterator[str]:
    """The texts of the sources on the command line, or by default of the project."""
    from segdsl.files import seg_files

    named = ctx.params.get("files") or ctx.params.get("paths") or ()
    paths = [path for path in named if path != "-" and os.path.exists(path)]
    if not paths:
        project = _project_folder()
        paths = [os.path.relpath(project) if project is not None else "."]
    for path in seg_files(paths)[:MAX_FILES]:
        with open(path, "rb") as file:
            yield file.read(MAX_BYTES).decode("utf-8", "ignore")


# --- the project ---------------------------------------------------------------------


def _project_folder() -> str | None:
    from segdsl.project_file import project_file

    path = project_file(os.getcwd())
    return None if path is None else os.path.dirname(path)


def _targets(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    import tomllib

    folder = _project_folder()
    if folder is not None:
        text = Path(folder, "segdsl.toml").read_text(encoding="utf-8")
        yield from _starting_with(incomplete, tomllib.loads(text).get("targets", {}))


def _segments(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """The names in the sources, the lock and the schema; once a `/` is typed, their paths, too."""
    names = dict.fromkeys(_names_in_sources(ctx))
    names.update(dict.fromkeys(_recorded_names(ctx, with_folders="/" in incomplete)))
    yield from _starting_with(incomplete, names)


def _shown(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """The names of resources of any kind, or of the kind that stands before."""
    words = ctx.params.get("words") or ()
    kind = words[0] if words and words[0] in SHOWN else None
    if not words:
        yield from _starting_with(incomplete, SHOWN)
    if kind in (None, "segment"):
        yield from _segments(ctx, incomplete)
    yield from _starting_with(incomplete, _names_of_kinds(ctx, SHOWN if kind is None else (kind,)))


def _runnable(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    of_command = (ctx.info_name,) if ctx.info_name in RUN else RUN
    yield from _starting_with(incomplete, _names_of_kinds(ctx, of_command))


def _names_of_kinds(ctx: click.Context, kinds: Iterable[str]) -> dict[str, None]:
    """The names of items of the sources, but for segments, of these kinds."""
    from segdsl.language.syntax.spelling import unquote

    words = {"predictive-segment": "predictive segment", "template": "activation template"}
    wanted = {words.get(kind, kind) for kind in kinds} - {"segment"}
    names: dict[str, None] = {}
    for text in _sources(ctx):
        for match in _SHOWN.finditer(text):
            if match[1] in wanted:
                names[unquote(match[2])] = None
    return names


def _names_in_sources(ctx: click.Context, pattern: re.Pattern[str] = _SEGMENT) -> Iterator[str]:
    from segdsl.language.syntax.spelling import unquote

    for text in _sources(ctx):
        for match in pattern.finditer(text):
            yield unquote(match[1])


def _selectable(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    pattern = _SEGMENT if ctx.info_name in _OF_SEGMENTS else _ITEM
    yield from _starting_with(incomplete, dict.fromkeys(_names_in_sources(ctx, pattern)))


def _recorded_names(ctx: click.Context, *, with_folders: bool) -> Iterator[str]:
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.project.lock_file import load_lock
    from segdsl.workspace.project.schema import load_schema

    project = find_project(Path.cwd())
    if project is None:
        return
    target, _ = project.target(ctx.params.get("target"))
    schema = load_schema(project, target)
    paths = [(entry.folder, entry.name) for entry in load_lock(project, target).entries]
    paths += [(segment.folder, segment.name) for segment in (schema.segments if schema else ())]
    for folder, name in paths:
        yield name
        if with_folders and folder:
            yield "/".join((*folder, name))


def _columns(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """The attributes of the schema, for the last word of a list with commas."""
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.project.schema import load_schema

    project = find_project(Path.cwd())
    schema = None if project is None else load_schema(project, ctx.params.get("target"))
    before, comma, typed = incomplete.rpartition(",")
    listed = {name.strip() for name in before.split(",")}
    for attribute in schema.attributes if schema is not None else ():
        name = attribute.name
        if name.startswith(typed) and name not in listed:
            yield CompletionItem(f"{before}{comma}{name}", help=attribute.label, type=PART)


def _things(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.schema.search import schema_items
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.project.schema import load_schema

    project = find_project(Path.cwd())
    schema = None if project is None else load_schema(project, ctx.params.get("target"))
    if schema is not None:
        yield from _starting_with(
            incomplete, dict.fromkeys(item.name for item in schema_items(schema))
        )


def _params(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.language.syntax.spelling import unquote

    names: dict[str, None] = {}
    for text in _sources(ctx):
        for match in _PARAM.finditer(text):
            name = match[1]
            names[unquote(name) if name.startswith("`") else name] = None
    for name in names:
        if name.startswith(incomplete):
            yield CompletionItem(f"{name}=", type=PART)


# --- segdsl itself -------------------------------------------------------------------


def _commands(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.cli.group import cli

    command: click.Command | None = cli
    for name in ctx.params.get("names") or ():
        command = command.get_command(ctx, name) if isinstance(command, click.Group) else None
    if isinstance(command, click.Group):
        yield from _starting_with(incomplete, command.list_commands(ctx))


def _codes(*, warnings: bool) -> Callable[[click.Context, str], Iterator[CompletionItem]]:
    def codes(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
        from segdsl.diagnostics.codes import WARNINGS, Code

        for code in Code:
            if code.name.startswith(incomplete.upper()) and (code in WARNINGS or not warnings):
                yield CompletionItem(code.name, help=code.value)

    return codes


def _regions(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.api.hosts import REGIONS

    yield from _starting_with(incomplete, REGIONS)


def _starting_with(incomplete: str, names: Iterable[str]) -> Iterator[CompletionItem]:
    """The names that start with the typed text and fit on one line, in their order."""
    for name in names:
        if name.startswith(incomplete) and name.isprintable():
            yield CompletionItem(name, type=NAME)


_KINDS: dict[Kind, Callable[[click.Context, str], Iterator[CompletionItem]]] = {
    "sources": _paths(".seg"),
    "yaml": _paths(".yml", ".yaml"),
    "json": _paths(".json"),
    "data": _paths(".duckdb"),
    "folders": _paths(),
    "anything": _paths(""),
    "segments": _segments,
    "shown": _shown,
    "runnable": _runnable,
    "selectable": _selectable,
    "commands": _commands,
    "targets": _targets,
    "warnings": _codes(warnings=True),
    "codes": _codes(warnings=False),
    "columns": _columns,
    "things": _things,
    "params": _params,
    "regions": _regions,
}
