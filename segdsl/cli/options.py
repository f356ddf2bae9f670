"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from segdsl.cli.completer import completer

_Function = TypeVar("_Function", bound=Callable[..., Any])
FORMATS = ("text", "json", "sarif", "github")
_JSON = "segdsl.json"


def color_option(function: _Function) -> _Function:
    """Adds `--color`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="When to use color; auto: on a terminal, unless NO_COLOR is set.",
    )(function)


def target_option(function: _Function) -> _Function:
    """Adds `--target NAME`."""
    return click.option(
        "--target",
        metavar="NAME",
        shell_complete=completer("targets"),
        help="Target in segdsl.toml, instead of the default one.",
    )(function)


def layout_option(function: _Function) -> _Function:
    """Adds `--layout`."""
    return click.option(
        "--layout",
        type=click.Choice(["v5", "nested"]),
        default="v5",
        help="Rule layout: two levels with Composite, or the older nested And/Or.",
    )(function)


def output_option(function: _Function) -> _Function:
    """Adds `-o FILE`; the command takes `output`."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write to FILE (atomically) instead of standard output.",
        shell_complete=completer("anything"),
    )(function)


def no_schema_option(function: _Function) -> _Function:
    """Adds `--no-schema`; the command takes `no_schema`."""
    return click.option(
        "--no-schema",
        is_flag=True,
        help="Do not check names and types against the target's schema.",
    )(function)


def select_option(function: _Function) -> _Function:
    """Adds `--select NAME`; the command takes `select`, a tuple."""
    return click.option(
        "--select",
        metavar="NAME",
        shell_complete=completer("selectable"),
        multiple=True,
        help="Only the segment with this name or path (repeatable).",
    )(function)


def segment_option(function: _Function) -> _Function:
    """Adds `--segment NAME|ID`, segments on the server; the command takes `named`, a tuple."""
    return click.option(
        "--segment",
        "named",
        metavar="NAME|ID",
        multiple=True,
        shell_complete=completer("segments"),
        help="Segment on the server, by name, path or id (repeatable).",
    )(function)


def settings_option(function: _Function) -> _Function:
    """Adds `--set NAME=VALUE`; the command takes a dict `settings`."""
    return click.option(
        "--set",
        "settings",
        metavar="NAME=VALUE",
        shell_complete=completer("params"),
        multiple=True,
        callback=_settings,
        help="Set a param (repeatable).",
    )(function)


def _settings(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"`{text}` is not NAME=VALUE, such as `days=60`")
        if name in settings:
            raise click.BadParameter(f"`{name}` is set twice")
        settings[name] = value
    return settings


# --- diagnostics and formats -----------------------------------------------------------------


def diagnostic_options(function: _Function) -> _Function:
    """Adds `--allow`, `--format` and `--color`, the fields of `OutputOptions`."""
    function = format_options(*FORMATS)(color_option(function))
    return click.option(
        "--allow",
        "allowed",
        metavar="CODE",
        shell_complete=completer("warnings"),
        multiple=True,
        callback=_warning_codes,
        help="Suppress this warning (repeatable).",
    )(function)


def format_options(
    *formats: str, alias: tuple[str, ...] = (), help: str | None = None
) -> Callable[[_Function], _Function]:
    """Adds `--format` with these formats, and `--json`, its short form; the command takes `form`.

    With `json` the command prints one document to standard output: see `segdsl.cli.document`.
    """
    subject = "Output format for diagnostics" if "sarif" in formats else "Output format"

    def add(function: _Function) -> _Function:
        short = click.option(
            "--json",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_short,
            help="Same as --format json.",
        )
        long = click.option(
            "--format",
            *alias,
            "form",
            type=click.Choice(formats),
            default="text",
            callback=_format,
            help=help or f"{subject}; json: one document with all output.",
        )
        return long(short(function))

    return add


def _short(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[_JSON] = value


def _format(ctx: click.Context, param: click.Parameter, value: str) -> str:
    is_explicit = ctx.get_parameter_source(param.name or "") is not ParameterSource.DEFAULT
    if ctx.meta.get(_JSON):
        if is_explicit and value != "json":
            raise click.UsageError(f"--json and --format {value} cannot be combined")
        value = "json"
    if value == "json" and not ctx.resilient_parsing:
        from segdsl.cli import document

        document.start(ctx)
    return value


def _warning_codes(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    if not values:
        return ()
    from segdsl.diagnostics.codes import WARNINGS, Code
    from segdsl.diagnostics.suggest import did_you_mean

    warnings = sorted(code.name for code in WARNINGS)
    codes = tuple(text.upper() for text in values)
    for text, code in zip(values, codes, strict=True):
        if code not in Code.__members__:
            suggestion = did_you_mean(code, warnings)
            choices = f"the warnings are {', '.join(warnings)}"
            advice = "; ".join(part for part in (suggestion, choices) if part)
            raise click.BadParameter(f"unknown code `{text}`; {advice}")
        if code not in warnings:
            raise click.BadParameter(
                f"{code} is an error; only warnings can be suppressed: {', '.join(warnings)}"
            )
    return codes
