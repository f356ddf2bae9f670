"""How an error ends a command: which exit code, and which text.

Commands raise errors of the layers below them, or `CommandError`; `segdsl.cli.group` turns every
`SegdslError` into a `CommandError`.

| Error | Exit code |
| --- | --- |
| `DiagnosticsError`: files with errors | 1 |
| `InputError`: a file, a setting or an argument that cannot be used, and any other | 2 |
| `ClientError`, `EngineError`, `ApiError`: an API, remote or local, that fails | 3 |
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import click

from segdsl.cli.console import echo, use_color, wrapped
from segdsl.errors import InputError, SegdslError
from segdsl.terminal import visible, visible_lines

if TYPE_CHECKING:
    from segdsl.diagnostics import Diagnostic

ErrorKind = Literal["usage", "api", "interrupted"]
"""The kinds of errors in the JSON document."""
FINDINGS = 1
USAGE_ERROR = 2
API_ERROR = 3
CHANGES_PENDING = 4
"""The exit code of `plan --exit-code` when there are changes."""
INTERRUPTED = 130
NO_READER = 141


class CommandError(click.ClickException):
    """An error that ends a command without a usage line, which `click.UsageError` has.

    `kind` and `help` go into the JSON document with the message; as `raw_message`, if the message
    has names that were made visible. `diagnostics` are those of files.
    """

    def __init__(
        self,
        message: str,
        help: str | None = None,
        *,
        exit_code: int = USAGE_ERROR,
        kind: ErrorKind = "usage",
        raw_message: str | None = None,
        diagnostics: Sequence[Diagnostic] = (),
    ) -> None:
        super().__init__(message)
        self.help = help
        self.exit_code: int = exit_code  # type: ignore[misc]
        self.kind: ErrorKind = kind
        self.raw_message = message if raw_message is None else raw_message
        self.diagnostics = diagnostics

    def show(self, file: object = None) -> None:
        """Prints the error to standard error."""
        if self.kind == "api":
            echo_api_error(self.message, self.help)
        else:
            echo(f"Error: {self.message}", err=True)


def command_error(error: SegdslError) -> CommandError:
    """The error as the command line shows it, with its exit code."""
    # A name in a message must not begin a line of its own.
    message = visible(error.message)
    if error.more:
        message = f"{message}\n{error.more}"
    if isinstance(error, InputError):
        return CommandError(message, raw_message=str(error))

    from segdsl.diagnostics import DiagnosticsError

    if isinstance(error, DiagnosticsError):
        diagnostics = error.report.diagnostics
        message = "\n".join(visible(diagnostic.message) for diagnostic in diagnostics)
        return CommandError(
            message, exit_code=FINDINGS, raw_message=str(error), diagnostics=diagnostics
        )

    from segdsl.api.errors import ClientError

    if isinstance(error, ClientError):
        return CommandError(error.message, error.help, exit_code=API_ERROR, kind="api")
    if _is_of_local_api(error):
        return CommandError(str(error), exit_code=API_ERROR, kind="api")
    return CommandError(message, raw_message=str(error))


def _is_of_local_api(error: SegdslError) -> bool:
    """Whether an error is of the local API or its engine; does not import them."""
    classes = (("segdsl.engine.errors", "EngineError"), ("segdsl.server.errors", "ApiError"))
    return any(
        module in sys.modules and isinstance(error, getattr(sys.modules[module], name))
        for module, name in classes
    )


def echo_api_error(message: str, help: str | None, subject: str = "", kind: str = "") -> None:
    """Prints one error of the API to standard error.

    `subject` is the name of what it is about, and `kind` its kind where that is no segment.
    """
    color = use_color("auto", sys.stderr)
    head = click.style("error", fg="red", bold=True) if color else "error"
    about = f"{kind} “{visible(subject)}”: ".lstrip() if subject else ""
    echo(f"{head}: {about}{visible(message)}", err=True, color=color)
    if help:
        echo(f"  = help: {visible(help)}", err=True, color=color)


@contextmanager
def printable_errors() -> Iterator[None]:
    """Makes the texts of click's errors printable: they repeat arguments as they were given."""
    try:
        yield
    except CommandError:
        raise
    except click.ClickException as error:
        # A group without a command raises its help page, which has lines of our own.
        is_line = isinstance(error, click.UsageError)
        is_line = is_line and not isinstance(error, click.exceptions.NoArgsIsHelpError)
        printable = visible if is_line else visible_lines
        error.message = printable(error.message)  # type: ignore[misc]
        before = "Error: " + error.format_message().removesuffix(error.message)
        whole = wrapped(before + error.message, sys.stderr)
        if whole.startswith(before):
            error.message = whole.removeprefix(before)  # type: ignore[misc]
        raise
