"""The one JSON document that a command with `--format json` writes to standard output.

`begin` is called when the option is read, the command puts in what it has, and the group of
commands writes the document when the command ends, with its exit code. Without the option every
call here does nothing to standard output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.output import say, write

if TYPE_CHECKING:
    from segdsl.diagnostics import Diagnostic
    from segdsl.output.parts import Error
    from segdsl.output.shapes import Output
    from segdsl.source import Source

Kind = Literal["usage", "api", "interrupted"]
PENDING = 4
"""The exit code of `plan --exit-code` where there is something to do."""
INTERRUPTED = 130
_DOCUMENT = "segdsl.document"
_ARGUMENTS = "segdsl.arguments"
_AS_JSON = {"--json", "--format=json", "--output=json"}


class Document:
    """What a command has said so far."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.result: Output | None = None
        self.diagnostics: Sequence[Diagnostic] = ()
        self.sources: Mapping[str, Source] = {}
        self.notes: list[str] = []
        self.error: Error | None = None
        self.is_written = False

    def finish(self, exit_code: int) -> None:
        """Writes the document, once."""
        import msgspec

        from segdsl.output.diagnostics import findings
        from segdsl.output.encoding import encoded
        from segdsl.output.shapes import outputs

        if self.is_written:
            return
        self.is_written = True
        result = self.result or outputs()[self.command]()
        whole = msgspec.structs.replace(
            result,
            ok=exit_code in (0, PENDING),
            exit_code=exit_code,
            diagnostics=findings(self.diagnostics, self.sources),
            error=self.error,
            notes=tuple(self.notes),
        )
        write(encoded(whole), nl=False)


def remember(ctx: click.Context, arguments: Sequence[str]) -> None:
    """Keeps the command line, for errors that come before its options are read."""
    ctx.meta[_ARGUMENTS] = tuple(arguments)


def begin(ctx: click.Context) -> None:
    """The command of a context answers with a document."""
    names = ctx.command_path.split(" ", 1)
    ctx.meta.setdefault(_DOCUMENT, Document(names[1] if len(names) > 1 else names[0]))


def current() -> Document | None:
    """The document of the command that runs; None where it does not write one."""
    ctx = click.get_current_context(silent=True)
    found = None if ctx is None else ctx.meta.get(_DOCUMENT)
    return found if isinstance(found, Document) else None


def answer(result: Output) -> None:
    """What the command made, for the document."""
    document = current()
    if document is not None:
        document.result = result


def note(text: str) -> None:
    """A sentence for people, on standard error; it goes into the document too."""
    say(text, err=True)
    document = current()
    if document is not None:
        document.notes.append(text)


def failed(kind: Kind, message: str, help: str | None = None) -> None:
    """Why the command cannot do what was asked, for the document; the first reason stays."""
    document = current()
    if document is not None and document.error is None:
        from segdsl.output.parts import Error

        document.error = Error(kind=kind, message=message, help=help)


def end(ctx: click.Context, exit_code: int, problem: str | None = None) -> None:
    """Writes the document of the command, where there is one, as it ends with an exit code."""
    document = ctx.meta.get(_DOCUMENT)
    if document is None and problem is not None:
        document = _unread(ctx)
    if not isinstance(document, Document) or document.is_written:
        return
    ctx.meta[_DOCUMENT] = document
    if exit_code == INTERRUPTED:
        problem = "interrupted"
    if problem is not None:
        from segdsl.output.parts import Error

        kind: Kind = "interrupted" if exit_code == INTERRUPTED else "usage"
        document.error = Error(kind=kind, message=problem)
    document.finish(exit_code)


def _unread(ctx: click.Context) -> Document | None:
    """The document that a command line asks for that could not be read as a whole."""
    arguments: tuple[str, ...] = ctx.meta.get(_ARGUMENTS, ())
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if _AS_JSON.isdisjoint((*options, *map("=".join, pairwise(options)))):
        return None
    from segdsl.output.shapes import outputs

    words = [each for each in arguments if not each.startswith("-")]
    names = (" ".join(words[:length]) for length in (2, 1))
    return Document(next((name for name in names if name in outputs()), ctx.command_path))
