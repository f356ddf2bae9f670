"""The one JSON document that a command with `--format json` prints to standard output.

`start` is called when the option is read, the command sets its result, and the group of commands
writes the document when the command ends, with its exit code. Without the option every function
here leaves standard output alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from segdsl.cli.console import echo, echo_raw
from segdsl.cli.errors import CHANGES_PENDING, INTERRUPTED, CommandError, ErrorKind

if TYPE_CHECKING:
    from segdsl.diagnostics import Diagnostic
    from segdsl.output.documents import Output
    from segdsl.output.models import Error
    from segdsl.source import Source

_DOCUMENT = "segdsl.document"
_ARGUMENTS = "segdsl.arguments"
_JSON_OPTIONS = {"--json", "--format=json", "--output=json"}


class Document:
    """What a command has to report so far."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.result: Output | None = None
        self.diagnostics: Sequence[Diagnostic] = ()
        self.sources: Mapping[str, Source] = {}
        self.notes: list[str] = []
        self.error: Error | None = None
        self.is_written = False

    def write(self, exit_code: int) -> None:
        """Writes the document, once."""
        import msgspec

        from segdsl.output.diagnostics import diagnostics_output
        from segdsl.output.documents import outputs
        from segdsl.output.encoding import encoded

        if self.is_written:
            return
        self.is_written = True
        result = self.result or outputs()[self.command]()
        document = msgspec.structs.replace(
            result,
            ok=exit_code in (0, CHANGES_PENDING),
            exit_code=exit_code,
            diagnostics=diagnostics_output(self.diagnostics, self.sources),
            error=self.error,
            notes=tuple(self.notes),
        )
        echo_raw(encoded(document), nl=False)


def remember_arguments(ctx: click.Context, arguments: Sequence[str]) -> None:
    """Keeps the command line, for errors before its options are read."""
    ctx.meta[_ARGUMENTS] = tuple(arguments)


def start(ctx: click.Context) -> None:
    """Makes the command of a context end with a document."""
    names = ctx.command_path.strip().split(" ", 1)
    ctx.meta.setdefault(_DOCUMENT, Document(names[1] if len(names) > 1 else names[0]))


def current() -> Document | None:
    """The document of the running command; None without `--format json`."""
    ctx = click.get_current_context(silent=True)
    document = None if ctx is None else ctx.meta.get(_DOCUMENT)
    return document if isinstance(document, Document) else None


def set_result(result: Output) -> None:
    """Puts the command's result into the document."""
    document = current()
    if document is not None:
        document.result = result


def add_note(text: str) -> None:
    """Prints a note to standard error, and adds it to the document."""
    echo(text, err=True)
    document = current()
    if document is not None:
        document.notes.append(text)


def notes_once() -> Callable[[str], None]:
    """A function that adds each note of a server once, however often it is read."""
    from segdsl.terminal import visible

    noted: set[str] = set()

    def note(text: str) -> None:
        if text not in noted:
            noted.add(text)
            add_note(visible(text))

    return note


def set_error(kind: ErrorKind, message: str, help: str | None = None) -> None:
    """Puts into the document why the command fails; the first reason stays."""
    document = current()
    if document is not None and document.error is None:
        from segdsl.output.models import Error

        document.error = Error(kind=kind, message=message, help=help)


def finish(
    ctx: click.Context,
    exit_code: int,
    message: str | None = None,
    kind: ErrorKind = "usage",
    help: str | None = None,
) -> None:
    """Writes the document of a command that ends, if it has one; `message` is its error."""
    document = ctx.meta.get(_DOCUMENT)
    if document is None and message is not None:
        document = _requested(ctx)
    if not isinstance(document, Document) or document.is_written:
        return
    ctx.meta[_DOCUMENT] = document
    if exit_code == INTERRUPTED:
        message, kind = "interrupted", "interrupted"
    if message is not None:
        from segdsl.output.models import Error

        document.error = Error(kind=kind, message=message, help=help)
    document.write(exit_code)


def fail(ctx: click.Context, error: CommandError) -> None:
    """Writes the document of a command that ends with an error, if it has one."""
    document = ctx.meta.get(_DOCUMENT)
    if isinstance(document, Document) and error.diagnostics:
        document.diagnostics = error.diagnostics
    finish(ctx, error.exit_code, error.raw_message, error.kind, error.help)


def _requested(ctx: click.Context) -> Document | None:
    """The document that a command line asks for, if it could not be parsed as a whole."""
    arguments: tuple[str, ...] = ctx.meta.get(_ARGUMENTS, ())
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if _JSON_OPTIONS.isdisjoint((*options, *map("=".join, pairwise(options)))):
        return None
    from segdsl.output.documents import outputs

    words = [argument for argument in arguments if not argument.startswith("-")]
    names = (" ".join(words[:length]) for length in (2, 1))
    return Document(next((name for name in names if name in outputs()), ctx.command_path))
