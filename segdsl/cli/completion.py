"""`segdsl completion`: the script for a shell."""

from __future__ import annotations

import click

from segdsl.cli.examples import examples
from segdsl.cli.output import product


@click.command(
    "completion",
    epilog=examples(
        "segdsl completion bash > ~/.segdsl-completion.bash",
        "source ~/.segdsl-completion.bash    # in ~/.bashrc",
        'eval "$(segdsl completion zsh)"      # in ~/.zshrc',
        "segdsl completion fish | source      # in config.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes command lines in a shell.

    It completes commands, options and their choices, files, targets, names of segments, codes,
    columns and params; from files of the workspace alone, without asking a server.
    """
    from segdsl.cli.shells import script

    product(script(shell))
