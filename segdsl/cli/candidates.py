"""What a shell offers to complete a word with: from files alone, never from a server.

Whatever is wrong with those files, a shell gets fewer candidates and no message. A word that is
offered is one of the shells' `PATH`, `NAME` or `PART`: see `segdsl.cli.shells`.
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

from segdsl.cli.shells import NAME, PART, PATH

Kind = Literal[
    "sources",
    "yaml",
    "json",
    "data",
    "folders",
    "anything",
    "segments",
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
"""What a word of a command line can be."""
MOST = 1_000
"""Candidates that a shell is given; more would not be read."""
MOST_FILES = 500
"""Sources that are searched for names."""
MOST_BYTES = 1_000_000
"""Of each of them."""
_SEGMENT = re.compile(r'^[ \t]*segment[ \t]+("(?:[^"\\\n]|\\.)*")', re.MULTILINE)
_PARAM = re.compile(r"^[ \t]*param[ \t]+([^\W\d]\w*|`(?:[^`\\\n]|\\.)*`)", re.MULTILINE)


def candidates(kind: Kind, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """What can stand for a word of which a person typed the beginning."""
    try:
        return list(islice(_KINDS[kind](ctx, incomplete), MOST))
    except Exception:
        return []  # a shell has no place to say what is wrong; the command will


# --- files ---------------------------------------------------------------------------


def _paths(*endings: str) -> Callable[[click.Context, str], Iterator[CompletionItem]]:
    """Files with one of the endings, all with "", and folders."""

    def paths(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
        folder, typed = os.path.split(incomplete)
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = sorted(entries, key=lambda each: each.name)
        for entry in found:
            is_hidden = entry.name.startswith(".") and not typed.startswith(".")
            if is_hidden or not entry.name.startswith(typed):
                continue
            path = os.path.join(folder, entry.name)
            if entry.is_dir():
                yield CompletionItem(f"{path}/", type=PATH)
            elif any(entry.name.endswith(ending) for ending in endings):
                yield CompletionItem(path, type=PATH)

    return paths


def _sources(ctx: click.Context) -> Iterator[str]:
    """The texts of the sources that are named on the command line, or else of the project."""
    from segdsl.files import seg_files

    named = ctx.params.get("files") or ctx.params.get("paths") or ()
    paths = [each for each in named if each != "-" and os.path.exists(each)]
    if not paths:
        project = _project_folder()
        paths = [os.path.relpath(project) if project is not None else "."]
    for path in seg_files(paths)[:MOST_FILES]:
        with open(path, "rb") as file:
            yield file.read(MOST_BYTES).decode("utf-8", "ignore")


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
        yield from _beginning(tomllib.loads(text).get("targets", {}), incomplete)


def _segments(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """The names that the sources, the lock and the schema have, and with a `/` their paths."""
    names = dict.fromkeys(_names_in_sources(ctx))
    names.update(dict.fromkeys(_kept_names(ctx, with_folders="/" in incomplete)))
    yield from _beginning(names, incomplete)


def _names_in_sources(ctx: click.Context) -> Iterator[str]:
    from segdsl.language.syntax.spelling import unquote

    for text in _sources(ctx):
        for found in _SEGMENT.finditer(text):
            yield unquote(found[1])


def _selectable(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    yield from _beginning(dict.fromkeys(_names_in_sources(ctx)), incomplete)


def _kept_names(ctx: click.Context, *, with_folders: bool) -> Iterator[str]:
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.project.lock_file import load_lock
    from segdsl.workspace.project.schema import load_schema

    project = find_project(Path.cwd())
    if project is None:
        return
    target, _ = project.target(ctx.params.get("target"))
    schema = load_schema(project, target)
    places = [(each.folder, each.name) for each in load_lock(project, target).entries]
    places += [(each.folder, each.name) for each in (schema.segments if schema else ())]
    for folder, name in places:
        yield name
        if with_folders and folder:
            yield "/".join((*folder, name))


def _columns(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """The attributes of the schema, the last of a list with commas."""
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.project.schema import load_schema

    project = find_project(Path.cwd())
    schema = None if project is None else load_schema(project, ctx.params.get("target"))
    before, comma, typed = incomplete.rpartition(",")
    given = {each.strip() for each in before.split(",")}
    for each in schema.attributes if schema is not None else ():
        if each.name.startswith(typed) and each.name not in given:
            yield CompletionItem(f"{before}{comma}{each.name}", help=each.label, type=PART)


def _things(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.schema.search import schema_items
    from segdsl.workspace.project.config import find_project
    from segdsl.workspace.project.schema import load_schema

    project = find_project(Path.cwd())
    schema = None if project is None else load_schema(project, ctx.params.get("target"))
    if schema is not None:
        yield from _beginning(dict.fromkeys(each.name for each in schema_items(schema)), incomplete)


def _params(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.language.syntax.spelling import unquote

    names: dict[str, None] = {}
    for text in _sources(ctx):
        for found in _PARAM.finditer(text):
            names[unquote(found[1]) if found[1].startswith("`") else found[1]] = None
    for name in names:
        if name.startswith(incomplete):
            yield CompletionItem(f"{name}=", type=PART)


# --- what segdsl has -----------------------------------------------------------------


def _commands(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.cli.group import cli

    found: click.Command | None = cli
    for name in ctx.params.get("names") or ():
        found = found.get_command(ctx, name) if isinstance(found, click.Group) else None
    if isinstance(found, click.Group):
        yield from _beginning(found.list_commands(ctx), incomplete)


def _codes(*, warnings: bool) -> Callable[[click.Context, str], Iterator[CompletionItem]]:
    def codes(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
        from segdsl.diagnostics.codes import WARNINGS, Code

        for code in Code:
            if code.name.startswith(incomplete.upper()) and (code in WARNINGS or not warnings):
                yield CompletionItem(code.name, help=code.value)

    return codes


def _regions(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from segdsl.api.hosts import REGIONS

    yield from _beginning(REGIONS, incomplete)


def _beginning(names: Iterable[str], typed: str) -> Iterator[CompletionItem]:
    """The names with this beginning that one line can hold, in their order."""
    for name in names:
        if name.startswith(typed) and name.isprintable():
            yield CompletionItem(name, type=NAME)


_KINDS: dict[Kind, Callable[[click.Context, str], Iterator[CompletionItem]]] = {
    "sources": _paths(".seg"),
    "yaml": _paths(".yml", ".yaml"),
    "json": _paths(".json"),
    "data": _paths(".duckdb"),
    "folders": _paths(),
    "anything": _paths(""),
    "segments": _segments,
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
