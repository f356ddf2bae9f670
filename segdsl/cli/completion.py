"""`segdsl completion`: the completion script for a shell."""

from __future__ import annotations

import click

from segdsl.cli.console import echo_result
from segdsl.cli.examples import examples


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
    """Print a shell completion script.

    It completes commands, options, files, targets, segments, diagnostic codes, columns and params,
    from the files of the workspace, without a request to a server.
    """
    from segdsl.cli.completion_scripts import completion_script

    echo_result(completion_script(shell))
