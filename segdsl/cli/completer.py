"""How a parameter is completed; the module that finds the words is imported for a shell only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from segdsl.cli.completion_items import Kind


def completer(kind: Kind) -> Callable[..., list[CompletionItem]]:
    """The `shell_complete` of a parameter whose values are of this kind."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from segdsl.cli.completion_items import completion_items

        return completion_items(kind, ctx, incomplete)

    return complete
