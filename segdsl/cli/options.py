"""What the commands share: the options about diagnostics, and telling what was found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from segdsl.cli.completing import completes
from segdsl.cli.output import product, say, write

if TYPE_CHECKING:
    from segdsl.diagnostics import Diagnostic, Report
    from segdsl.source import Source

_Function = TypeVar("_Function", bound=Callable[..., Any])
FORMATS = ("text", "json", "sarif", "github")
_AS_JSON = "segdsl.json"
PLAIN_WIDTH = 100
SCHEMA_HINT = "hint: `segdsl schema pull` makes this know the columns of the parent segment"


class Look(NamedTuple):
    """How findings are told, and which warnings are not."""

    form: str
    allowed: tuple[str, ...]
    color: str


def color_option(function: _Function) -> _Function:
    """Adds `--color`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colour; auto is on a terminal, unless NO_COLOR is set.",
    )(function)


def layout_option(function: _Function) -> _Function:
    """Adds `--layout`."""
    return click.option(
        "--layout",
        type=click.Choice(["v5", "nested"]),
        default="v5",
        help="Two levels with Composite, or older nested And/Or.",
    )(function)


def no_schema_option(function: _Function) -> _Function:
    """Adds `--no-schema`; the command takes `no_schema`."""
    return click.option(
        "--no-schema",
        is_flag=True,
        help="Do not check with the target's schema, where that is out of date.",
    )(function)


def select_option(function: _Function) -> _Function:
    """Adds `--select NAME`; the command takes `select`, a tuple."""
    return click.option(
        "--select",
        metavar="NAME",
        shell_complete=completes("selectable"),
        multiple=True,
        help="Only the segment of this name, or path; can be given again.",
    )(function)


def server_option(function: _Function) -> _Function:
    """Adds `--segment NAME|ID`, segments of the server; the command takes `named`, a tuple."""
    return click.option(
        "--segment",
        "named",
        metavar="NAME|ID",
        multiple=True,
        shell_complete=completes("segments"),
        help="A segment of the server, by name, path or id; can be given again.",
    )(function)


def need_source(files: Sequence[str], named: Sequence[str]) -> None:
    """Raises UsageError where neither files nor segments of the server are given."""
    if not files and not named:
        raise click.UsageError(
            "name a FILE or a folder, or a segment of the server with --segment NAME"
        )


def summed(report: Report, look: Look, schema: str | None) -> str:
    """How many findings there are; where `schema`, a file, contradicts segments, what to do if
    that is itself what is wrong."""
    from segdsl.diagnostics.places import tally

    count = tally(told(report, look))
    if schema is None:
        return count
    todo = "`segdsl schema pull` renews it; --no-schema goes without"
    return f"{count}\nhint: if {schema} is out of date, {todo}"


def look_options(function: _Function) -> _Function:
    """Adds `--format`, `--allow` and `--color`; the command takes them as a `Look`."""
    function = format_options(*FORMATS)(color_option(function))
    for option in (
        click.option(
            "--allow",
            "allowed",
            metavar="CODE",
            shell_complete=completes("warnings"),
            multiple=True,
            callback=_codes,
            help="Do not tell warnings of this code; can be given again.",
        ),
    ):
        function = option(function)
    return function


def format_options(
    *forms: str, alias: tuple[str, ...] = (), help: str | None = None
) -> Callable[[_Function], _Function]:
    """Adds `--format` with these forms, and `--json`, its short form; the command takes `form`.

    With `json` the command writes one document to standard output: see `segdsl.cli.document`.
    """
    default = "Output format for diagnostics; json is one document with everything."
    if "sarif" not in forms:
        default = "Output format; json is one document with everything."

    def add(function: _Function) -> _Function:
        short = click.option(
            "--json",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_short,
            help="Short for --format json.",
        )
        long = click.option(
            "--format",
            *alias,
            "form",
            type=click.Choice(forms),
            default="text",
            callback=_form,
            help=help or default,
        )
        return long(short(function))

    return add


def _short(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    ctx.meta[_AS_JSON] = given


def _form(ctx: click.Context, param: click.Parameter, given: str) -> str:
    is_given = ctx.get_parameter_source(param.name or "") is not ParameterSource.DEFAULT
    if ctx.meta.get(_AS_JSON):
        if is_given and given != "json":
            raise click.UsageError(f"--json and --format {given} cannot be given together")
        given = "json"
    if given == "json" and not ctx.resilient_parsing:
        from segdsl.cli import document

        document.begin(ctx)
    return given


def _codes(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        return ()
    from segdsl.diagnostics.codes import WARNINGS, Code
    from segdsl.diagnostics.suggest import did_you_mean

    warnings = sorted(code.name for code in WARNINGS)
    chosen = tuple(text.upper() for text in given)
    for text, code in zip(given, chosen, strict=True):
        if code not in Code.__members__:
            help = did_you_mean(code, warnings)
            listed = f"the warnings are {', '.join(warnings)}"
            advice = "; ".join(part for part in (help, listed) if part)
            raise click.BadParameter(f"there is no code `{text}`; {advice}")
        if code not in warnings:
            raise click.BadParameter(
                f"{code} is an error, and only warnings can be allowed: {', '.join(warnings)}"
            )
    return chosen


def settings_option(function: _Function) -> _Function:
    """Adds `--set NAME=VALUE`; the command takes a dict `settings`."""
    return click.option(
        "--set",
        "settings",
        metavar="NAME=VALUE",
        shell_complete=completes("params"),
        multiple=True,
        callback=_settings,
        help="Give a param its value; can be given again.",
    )(function)


def _settings(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"`{text}` is not NAME=VALUE, such as `days=60`")
        if name in found:
            raise click.BadParameter(f"`{name}` is set twice")
        found[name] = value
    return found


def in_color(color: str, stream: IO[str] | None) -> bool:
    """Whether a stream is written to in colour."""
    if color != "auto":
        return color == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream is not None and stream.isatty()


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; None where it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def told(report: Report, look: Look) -> list[Diagnostic]:
    """The findings that are told: all but the allowed warnings."""
    return [of for of in report.diagnostics if of.code.name not in look.allowed]


def tell(
    report: Report,
    sources: Mapping[str, Source],
    look: Look,
    *,
    product: bool,
    summary: str = "",
    notes: Sequence[str] = (),
) -> None:
    """Writes what was found.

    Text goes to standard error, and in JSON it is in the document that the command writes. SARIF
    and GitHub's commands go to standard output, or to standard error where standard output is for
    the command's `product`. The summary is one line of text, on standard error, and `notes` are
    more of them, which are also in the document.
    """
    found = told(report, look)
    match look.form:
        case "text" if not found:
            pass
        case "text":
            import shutil

            from segdsl.diagnostics.render import render_text

            color = in_color(look.color, sys.stderr)
            terminal = sys.stderr is not None and sys.stderr.isatty()
            width = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if terminal else PLAIN_WIDTH
            text = render_text(found, sources, width=width, wrap=terminal, color=color)
            say(text, nl=False, err=True, color=color)
        case "json":
            from segdsl.cli.document import current

            document = current()
            if document is not None:
                document.diagnostics, document.sources = found, sources
                document.notes += notes
        case "sarif":
            from segdsl._version import __version__
            from segdsl.output.diagnostics import render_sarif

            write(render_sarif(found, sources, __version__), nl=False, err=product)
        case _:
            from segdsl.output.diagnostics import render_github

            write(render_github(found, sources), nl=False, err=product)
    if not (product and look.form in ("sarif", "github")):
        for line in filter(None, (summary, *notes)):
            say(line, err=True)


def stop_on_errors(report: Report) -> None:
    """Ends the command with 1 where an error was found."""
    if report.has_errors:
        raise click.exceptions.Exit(1)


def write_product(
    text: str, output: str | None, read: Sequence[str] = (), *, makes_source: bool = False
) -> None:
    """Writes what a command made of what it `read`: to a file, whole or not at all, or to standard
    output, unless that is for a JSON document."""
    if output is None or output == "-":
        from segdsl.cli.document import current

        if current() is None:
            product(text)
        return
    from segdsl.files import check_output, write_text

    check_output(output, read=read, makes_source=makes_source)
    write_text(output, text)
