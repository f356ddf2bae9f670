"""The group of commands: which there are, and how every one of them ends.

Exit codes: 0 fine, 1 findings, 2 wrong use, 3 an API that does not answer as asked. An
interruption (130) and a reader that has gone away (141) are quiet.
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
from segdsl.cli.examples import examples
from segdsl.cli.output import errors_in_words
from segdsl.errors import InputError
from segdsl.terminal import visible

# Which commands belong together, in the order of the help.
GROUPS = {
    "Write": ("fmt", "check", "compile", "decompile", "import", "rule"),
    "Inspect": ("explain", "preview", "sql"),
    "Workspace": ("init", "plan", "apply", "pull", "mv"),
    "Server": ("list", "show", "create", "delete", "schema", "serve"),
    "Other": ("completion", "help"),
}
# Each command with the line that the help of all has, so that none is imported for it.
COMMANDS = {
    "apply": "Make the server have what the workspace says.",
    "check": "Look for mistakes in files (`-`: standard input), and in what they import.",
    "compile": "Compile segments to create requests, or with --rule to rules.",
    "completion": "Print the script that completes command lines in a shell.",
    "create": "Create segments on the server, and the folders they are in.",
    "decompile": "Turn a rule, a segment or a list of segments into source (`-`: standard input).",
    "delete": "Delete a segment of the server.",
    "explain": "Say in plain English who is in each segment (`-`: standard input).",
    "fmt": "Format files in place (`-`: standard input to standard output).",
    "help": "Show the help of a command.",
    "import": "Turn YAML segments of the vendor's own tool into .seg files.",
    "init": "Make a workspace in the current folder.",
    "list": "List the segments of the parent segment, by folder and name.",
    "mv": "Record that a segment has a new name or folder here, so that it keeps its id.",
    "plan": "Compare the workspace with the server, and say what `segdsl apply` would do.",
    "preview": "Count the profiles that segments select, without creating anything.",
    "pull": "Write the server's segments into files, in folders like the server's.",
    "rule": "Explain the code of a diagnostic, with an example that produces it.",
    "schema": "The attributes, behaviors and other things that segments can name.",
    "serve": "Serve a local Audience API over data of your own, on this machine only.",
    "show": "Show a segment of the server as source; with --json also as the API answers it.",
    "sql": "Print the query that selects the profiles of each segment.",
}
# A keyword cannot be the name of a module.
_MODULES = {"import": "importing"}
HELP = ["-h", "--help"]
INTERRUPTED = document.INTERRUPTED
NO_READER = 141


class WrongUse(click.ClickException):
    """What a person asked for cannot be done; nothing is wrong in their files."""

    exit_code = 2


class Commands(click.Group):
    """Imports a command's module when the command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"segdsl.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)
        _refuse_empty(command)
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
        document.remember(ctx, args)
        if ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from segdsl.diagnostics.suggest import did_you_mean

            help = did_you_mean(args[0], COMMANDS, f"there are {', '.join(COMMANDS)}")
            ctx.fail(f"there is no command `{args[0]}`; {help}")
        if not set(HELP) & set(args):
            _import_msgspec()
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name
            having = [each for each in COMMANDS if name in _options(self.get_command(ctx, each))]
            if not having:
                raise
            command = next((each for each in args if each in having), having[0])
            ctx.fail(f"`{name}` stands behind the command: `segdsl {command} {name}`")

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        with errors_in_words():
            return super().make_context(*arguments, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with errors_in_words():
            return self._in_words(ctx)

    def _in_words(self, ctx: click.Context) -> Any:
        """Runs the command; however it ends, its exit code and its error are for a reader."""
        _utf8_output()
        try:
            try:
                return self._invoke(ctx)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _discard_output()
            raise click.exceptions.Exit(NO_READER) from None
        except InputError as error:
            raise WrongUse(_in_lines(error)) from error
        except OSError as error:
            _discard_output()
            reason = (error.strerror or str(error)).lower()
            raise WrongUse(f"cannot write the output: {reason}") from error

    def _invoke(self, ctx: click.Context) -> Any:
        """Runs the command; however it ends, the JSON document that it owes is written."""
        try:
            found = super().invoke(ctx)
        except click.exceptions.Exit as exit:
            document.end(ctx, exit.exit_code)
            raise
        except KeyboardInterrupt:
            document.end(ctx, INTERRUPTED)
            raise
        except click.Abort:
            document.end(ctx, 1, "not confirmed")
            raise
        except click.ClickException as error:
            document.end(ctx, error.exit_code, error.format_message())
            raise
        except InputError as error:
            document.end(ctx, WrongUse.exit_code, str(error))
            raise
        document.end(ctx, 0)
        return found


def _refuse_empty(command: click.Command) -> None:
    """Has every option and argument that takes a text refuse an empty one.

    That is what is left of a variable that is not set: `--target "$TARGET"` would choose the
    default target, and `apply "$FILES"` the whole workspace.
    """
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _refuse_empty(each)
    for param in command.params:
        if isinstance(param.type, click.types.StringParamType) and param.callback is None:
            param.callback = _given


def _options(command: click.Command | None) -> set[str]:
    """What the options of a command are called."""
    params = () if command is None else command.params
    return {name for each in params if isinstance(each, click.Option) for name in each.opts}


def _given(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if "" in (value if isinstance(value, tuple) else (value,)):
        raise click.BadParameter("it is empty; is a variable in the command not set?")
    return value


def _in_lines(error: InputError) -> str:
    """The text of an error, in which a name begins no line of its own."""
    return f"{visible(error.message)}\n{error.more}" if error.more else visible(error.message)


def _import_msgspec() -> None:
    """Imports msgspec as it is where `typing_extensions` is not installed.

    Then it takes from `typing`, which has it all, what it needs; and the other is a twentieth of
    a short run.
    """
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]


def _utf8_output() -> None:
    """What is written is UTF-8 with plain line ends, whatever the surroundings say."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _discard_output() -> None:
    """Lets the interpreter's last flush go nowhere instead of failing again."""
    with contextlib.suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=Commands,
    context_settings={"help_option_names": HELP},
    epilog=examples("segdsl init --data data", "segdsl check", "segdsl help plan"),
)
@click.version_option(__version__, prog_name="segdsl")
def cli() -> None:
    """Segments of the Audience API, written to be read.

    \b
    Exit codes: 0 fine, 1 findings, 2 wrong use,
    3 no answer from the API, 4 `plan --exit-code` with
    something to do, 130 after Ctrl-C.
    """
