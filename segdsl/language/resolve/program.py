"""A file with everything it imports, and what each name in it stands for.

Names are lexical: a definition sees its own file's names, and an import brings in
only what the named file itself defines.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

import msgspec

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.syntax.spelling import string
from segdsl.language.syntax.tree import File, Import, Let, Param
from segdsl.language.values import (
    JSON_NUMBER,
    Boolean,
    Date,
    Literal,
    Number,
    Text,
    is_iso_timestamp,
)
from segdsl.source import NOWHERE, Span

Definition = Let | Param


class Program(msgspec.Struct, frozen=True):
    """The file to compile, and all files by the name of their source."""

    main: str
    files: dict[str, File]


def import_key(importer: str, path: str) -> str:
    """The name of the source that an import in `importer` of `path` means."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


class Scope:
    """What the names of one file stand for, and where each is defined."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.names: dict[str, tuple[str, Definition]] = {}
        self.imported: dict[str, Span] = {}
        # Imported in vain, which is told at the import and nowhere else.
        self.missing: set[str] = set()
        # With a mistake in them, or defined twice: what they stand for is not what was meant.
        self.doubtful: set[str] = set()
        self.used: set[str] = set()

    def known(
        self, params: Mapping[tuple[str, str], Literal | None]
    ) -> tuple[Mapping[str, Literal | None], frozenset[str]]:
        """The values of names, None where it is not known, and the names of conditions.

        `params` are those of all files by file and name.
        """
        values: dict[str, Literal | None] = dict.fromkeys(self.missing)
        conditions = set()
        for name, (file, definition) in self.names.items():
            if isinstance(definition, Param):
                known = name not in self.doubtful
                values[name] = params[file, definition.name] if known else None
            else:
                conditions.add(name)
        return values, frozenset(conditions)


def scopes(program: Program, report: Report) -> dict[str, Scope]:
    """The scope of every file; double definitions and vain imports are reported."""
    own: dict[str, dict[str, Definition]] = {}
    doubtful: dict[str, set[str]] = {}
    for key, file in program.files.items():
        names: dict[str, Definition] = {}
        wrong = doubtful[key] = set()
        for item in file.items:
            if not isinstance(item, (Let, Param)):
                continue
            if file.is_mistaken(item):
                wrong.add(item.name)
            if isinstance(item, Let):
                parameters: set[str] = set()
                for parameter in item.parameters:
                    if parameter in parameters:
                        wrong.add(item.name)
                        _defined_twice(parameter, item.span, item.name_span, report)
                    parameters.add(parameter)
            first = names.setdefault(item.name, item)
            if first is not item:
                wrong.add(item.name)
                _defined_twice(item.name, item.name_span, first.name_span, report)
        own[key] = names
    found: dict[str, Scope] = {}
    for key, file in program.files.items():
        scope = found[key] = Scope(key)
        scope.names.update({name: (key, definition) for name, definition in own[key].items()})
        for item in file.items:
            if isinstance(item, Import):
                _bring_in(scope, item, program, own, report)
    for scope in found.values():
        scope.doubtful.update(
            name
            for name, (file, definition) in scope.names.items()
            if definition.name in doubtful[file]
        )
    return found


def _bring_in(
    scope: Scope,
    item: Import,
    program: Program,
    own: Mapping[str, Mapping[str, Definition]],
    report: Report,
) -> None:
    key = import_key(scope.file, item.path)
    if key not in program.files:
        report.add(
            Code.SEG107,
            item.path_span,
            f"the file {string(item.path)} cannot be found",
            help="the path is relative to the folder of the importing file",
        )
        return
    for name in item.names:
        definition = own[key].get(name)
        if definition is None:
            report.add(
                Code.SEG107,
                item.span,
                f"{string(item.path)} defines no `{name}`",
                help=report.did_you_mean(
                    name, own[key], "only definitions of the file itself can be imported"
                ),
            )
            scope.missing.add(name)
            continue
        if name in scope.names:
            before = scope.imported.get(name) or scope.names[name][1].name_span
            scope.doubtful.add(name)
            _defined_twice(name, item.span, before, report)
            continue
        scope.names[name] = (key, definition)
        scope.imported[name] = item.span


def _defined_twice(name: str, span: Span, before: Span, report: Report) -> None:
    report.add(
        Code.SEG102,
        span,
        f"`{name}` is already defined",
        help="rename one of them",
        notes=(Note("first defined here", before),),
    )


# --- params --------------------------------------------------------------------------


def _params(program: Program) -> Iterable[Param]:
    for file in program.files.values():
        yield from (item for item in file.items if isinstance(item, Param))


def literal_of(text: str, kind: str) -> Literal | None:
    """The value that a text given on the command line stands for, or None."""
    match kind:
        case "number":
            number = Number(text)
            return number if re.fullmatch(JSON_NUMBER, text) and number.is_bounded else None
        case "boolean":
            return Boolean(text == "true") if text in ("true", "false") else None
        case "date":
            return Date(text) if is_iso_timestamp(text) else None
        case _:
            return Text(text)


_KINDS: dict[type[Literal], str] = {
    Number: "number",
    Boolean: "boolean",
    Date: "date",
    Text: "string",
}


def kind_of(value: Literal) -> str:
    """The type of a param that may hold the value."""
    return _KINDS[type(value)]


def check_settings(
    programs: Iterable[Program], settings: Mapping[str, str], report: Report
) -> None:
    """Reports values set for params that no program has."""
    known = {param.name for program in programs for param in _params(program)}
    for name in settings:
        if name not in known:
            report.add(
                Code.SEG106,
                None,
                f"no param is named `{name}`",
                help=report.did_you_mean(
                    name, known, "declare it, as in `param days: number = 30`"
                ),
            )


def param_value(param: Param, settings: Mapping[str, str], report: Report) -> Literal | None:
    """A param's value: what was set, or else its default; None after a report."""
    if param.name in settings:
        text = settings[param.name]
        value = literal_of(text, param.type)
        if value is None:
            examples = {"number": "30", "boolean": "true or false", "date": "2024-01-31"}
            report.add(
                Code.SEG106,
                param.name_span,
                f"the param `{param.name}` was set to {string(text)}, which is not a {param.type}",
                help=f"set it to a {param.type} such as {examples[param.type]}",
            )
        return value
    if param.default is None:
        report.add(
            Code.SEG105,
            param.name_span if param.name_span is not NOWHERE else None,
            f"the param `{param.name}` has no value",
            help=f"set it (`--set {param.name}=…`), or give it a default",
        )
        return None
    if kind_of(param.default) != param.type:
        report.add(
            Code.SEG013,
            param.span,
            f"the default of `{param.name}` is not a {param.type}",
            help=f"declare it as a `{kind_of(param.default)}`, or change the default",
        )
        return None
    return param.default
