"""Reports unused definitions: a `let` or a `param` that nothing names and no file imports.

A name counts as used wherever it occurs, whatever it means there, so there are no false reports.
Only the files that were read can import a definition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.resolve import import_key
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.spelling import name
from segdsl.language.syntax.walk import values_in, walk_item
from segdsl.language.values import Name
from segdsl.source import Span

Export = tuple[str, str]
"""A definition as files import it: the key of its file, and its name."""


class Unused(msgspec.Struct, frozen=True):
    """A definition that its own file does not use; `is_shared` if that file has no segment
    and no funnel.

    A shared file is imported by others, which may not have been read.
    """

    export: Export
    what: OneOf["let", "param"]
    span: Span
    is_shared: bool


def unused_in(key: str, tree: t.File) -> Iterator[Unused]:
    """The definitions that are unused in their own file; none if not all names are known."""
    if not tree.names_known:
        return
    definitions = [item for item in tree.items if isinstance(item, t.Let | t.Param)]
    if not definitions:
        return
    used = names_in(tree)
    is_shared = not any(isinstance(item, t.Segment | t.Funnel) for item in tree.items)
    for item in definitions:
        if item.name not in used:
            what: OneOf["let", "param"] = "let" if isinstance(item, t.Let) else "param"
            yield Unused((key, item.name), what, item.name_span, is_shared)


def imports_in(key: str, tree: t.File) -> Iterator[Export]:
    """The definitions that a file imports."""
    for item in tree.items:
        if isinstance(item, t.Import):
            source = import_key(key, item.path)
            yield from ((source, each) for each in item.names)


def unused_among(trees: Mapping[str, t.File], *, whole: bool) -> dict[str, set[str]]:
    """The names of unused definitions by file; of shared files only if the project is `whole`."""
    imported = {each for key, tree in trees.items() for each in imports_in(key, tree)}
    unused: dict[str, set[str]] = {}
    for key, tree in trees.items():
        for each in unused_in(key, tree):
            if each.export not in imported and (whole or not each.is_shared):
                unused.setdefault(key, set()).add(each.export[1])
    return unused


def report_unused(
    definitions: Iterable[Unused], imported: Collection[Export], report: Report, *, whole: bool
) -> None:
    """Reports definitions that no file imports; of shared files only if the project is `whole`."""
    for definition in definitions:
        if definition.export in imported or (definition.is_shared and not whole):
            continue
        name_text = name(definition.export[1])
        fixable = " (fixable with `segdsl check --fix`)" if definition.what == "let" else ""
        help = f"remove it{fixable}"
        where = "in any file" if whole else "in this file"
        message = f"`{definition.what} {name_text}` is not used {where}"
        report.add(Code.SEG611, definition.span, message, help=help)


def names_in(tree: t.File) -> set[str]:
    """All names in a file outside its imports, whatever they mean there."""
    names: set[str] = set()
    for item in tree.items:
        for node in walk_item(item):
            match node:
                # An attribute of that name may be intended as the definition (SEG218).
                case t.Use(name) | t.Test(t.Attribute(name)):
                    names.add(name)
                case _:
                    pass
        names.update(value.name for value in values_in(item) if isinstance(value, Name))
    return names
