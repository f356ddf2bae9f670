"""`segdsl explain`: segments in plain sentences, or their rule sets drawn as a tree."""

from __future__ import annotations

import click

from segdsl.cli.options import (
    look_options,
    settings_option,
)


@click.command("explain")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--tree", is_flag=True, help="Draw the rule sets of the compiled rule instead.")
@settings_option
@look_options
def command(
    files: tuple[str, ...],
    tree: bool,
    settings: dict[str, str],
    form: str,
    allowed: tuple[str, ...],
    color: str,
) -> None:
    """Say in plain English who is in each segment (`-`: standard input).

    A folder stands for all .seg files in it. Diagnostics go to standard error in every
    form.
    """
