"""The group of commands: their help, and how each of them ends.

Exit codes are in `segdsl.cli.errors`. An interruption (130) and a reader that has gone away (141)
print nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from typing import Any

import click

from segdsl._version import __version__
from segdsl.cli import document
from segdsl.cli.errors import (
    FINDINGS,
    INTERRUPTED,
    NO_READER,
    CommandError,
    command_error,
    printable_errors,
)
from segdsl.cli.examples import examples
from segdsl.errors import SegdslError

# The commands by purpose, in the order of the help page.
GROUPS = {
    "Write": ("fmt", "check", "compile", "decompile", "import", "rule"),
    "Inspect": ("explain", "preview", "simulate", "sql"),
    "Workspace": ("init", "plan", "apply", "pull", "mv"),
    "Server": ("list", "show", "create", "delete", "run", "journey", "parent", "schema", "serve"),
    "Other": ("completion", "help"),
}
# Each command with its line in the list of commands, so that none is imported for it.
COMMANDS = {
    "apply": "Apply the workspace to the server.",
    "check": "Check files and their imports for errors and warnings.",
    "compile": "Compile files to API requests or rules.",
    "completion": "Print a shell completion script.",
    "create": "Create segments and their folders on the server.",
    "decompile": "Convert JSON of the API to source.",
    "delete": "Delete a segment from the server.",
    "explain": "Explain segments, journeys and other items in plain English.",
    "fmt": "Format files in place.",
    "help": "Show help for a command.",
    "import": "Convert tdx YAML files to .seg files.",
    "init": "Create a workspace in the current folder.",
    "journey": "Launch, pause and resume journeys of the server.",
    "list": "List the segments on the server, or its resources of another KIND.",
    "mv": "Record a rename or a move, so that the id stays the same.",
    "parent": "Configure and run the parent segment.",
    "plan": "Show what `segdsl apply` would change on the server.",
    "preview": "Count the profiles that segments select, without creating anything.",
    "pull": "Write what is on the server to files.",
    "rule": "Explain a diagnostic code, with an example.",
    "run": "Run an activation, or train a predictive segment.",
    "schema": "Pull and show the schema of the parent segment.",
    "serve": "Serve a local Audience API over your own data.",
    "show": "Show a segment on the server as source, or a resource of another kind.",
    "simulate": "Simulate a journey over local data, day by day.",
    "sql": "Print the SQL query of each segment.",
}
# A keyword cannot be the name of a module.
_MODULES = {"import": "import_"}
HELP_OPTIONS = ["-h", "--help"]


class Commands(click.Group):
    """Imports a command's module when the command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"segdsl.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)
        _reject_empty_values(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, COMMANDS))
        for title, names in GROUPS.items():
            with formatter.section(title):
                # The same column in every group.
                formatter.write_dl([(name.ljust(widest), COMMANDS[name]) for name in names])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        document.remember_arguments(ctx, args)
        if ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from segdsl.diagnostics.suggest import did_you_mean

            help = did_you_mean(args[0], COMMANDS, f"the commands are {', '.join(COMMANDS)}")
            ctx.fail(f"unknown command `{args[0]}`; {help}")
        if not set(HELP_OPTIONS) & set(args):
            _import_msgspec()
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            option = error.option_name
            names = [name for name in COMMANDS if option in _options(self.get_command(ctx, name))]
            if not names:
                raise
            name = next((argument for argument in args if argument in names), names[0])
            ctx.fail(f"`{option}` goes after the command: `segdsl {name} {option}`")

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        with printable_errors():
            return super().make_context(*arguments, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with printable_errors():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        """Runs the command; turns whatever ends it into an exit code and a readable error."""
        _use_utf8()
        try:
            try:
                return self._invoke_with_document(ctx)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _discard_output()
            raise click.exceptions.Exit(NO_READER) from None
        except OSError as error:
            _discard_output()
            reason = (error.strerror or str(error)).lower()
            raise CommandError(f"cannot write the output: {reason}") from error

    def _invoke_with_document(self, ctx: click.Context) -> Any:
        """Runs the command; writes its JSON document, if it has one, however it ends."""
        try:
            try:
                result = super().invoke(ctx)
            except SegdslError as error:
                raise command_error(error) from error
        except click.exceptions.Exit as exit:
            document.finish(ctx, exit.exit_code)
            raise
        except KeyboardInterrupt:
            document.finish(ctx, INTERRUPTED)
            raise
        except click.Abort:
            document.finish(ctx, FINDINGS, "not confirmed")
            raise
        except CommandError as error:
            document.fail(ctx, error)
            raise
        except click.ClickException as error:
            document.finish(ctx, error.exit_code, error.format_message())
            raise
        document.finish(ctx, 0)
        return result


def _reject_empty_values(command: click.Command) -> None:
    """Makes every option and argument that takes a string reject an empty one.

    An empty one usually comes from a variable that is not set: `--target "$TARGET"` would choose
    the default target, and `apply "$FILES"` the whole workspace.
    """
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            _reject_empty_values(subcommand)
    for param in command.params:
        if isinstance(param.type, click.types.StringParamType) and param.callback is None:
            param.callback = _not_empty


def _options(command: click.Command | None) -> set[str]:
    """The names of a command's options."""
    params = () if command is None else command.params
    return {name for param in params if isinstance(param, click.Option) for name in param.opts}


def _not_empty(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if "" in (value if isinstance(value, tuple) else (value,)):
        raise click.BadParameter("it is empty; is a variable in the command not set?")
    return value


def _import_msgspec() -> None:
    """Imports msgspec as if `typing_extensions` were not installed.

    It then uses `typing`, which has all that it needs; importing the other takes a twentieth of a
    short run.
    """
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]


def _use_utf8() -> None:
    """Makes standard output UTF-8 with plain line ends, whatever the environment says."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _discard_output() -> None:
    """Makes the interpreter's last flush go nowhere instead of failing again."""
    with contextlib.suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=Commands,
    context_settings={"help_option_names": HELP_OPTIONS},
    epilog=examples("segdsl init --data data", "segdsl check", "segdsl help plan"),
)
@click.version_option(__version__, prog_name="segdsl")
def cli() -> None:
    """Write, check and deploy segments of the Treasure Data Audience API.

    \b
    Exit codes:
      0    success
      1    errors in files, or conflicts
      2    usage error
      3    API error
      4    `plan --exit-code`: changes to apply
      130  interrupted (Ctrl-C)
    """
