"""What can stand where on a command line; what does the work is imported for a shell only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from segdsl.cli.candidates import Kind


def completes(kind: Kind) -> Callable[..., list[CompletionItem]]:
    """The `shell_complete` of a parameter of this kind."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from segdsl.cli.candidates import candidates

        return candidates(kind, ctx, incomplete)

    return complete
