"""The connection to a target: its options, and how a command uses it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segdsl.cli.options import target_option

if TYPE_CHECKING:
    from segdsl.workspace.remote.connect import Connection, Environment, Reached

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_SEND_KEY = "segdsl.send_key"


def connection_options(function: _Function) -> _Function:
    """Adds `--target`, `--now` and `--send-key`; `with_target` reads the last by itself."""
    for option in (
        click.option(
            "--send-key",
            is_flag=True,
            expose_value=False,
            callback=_send_key,
            help="Send the API key even if the target's `url` is on this machine.",
        ),
        click.option(
            "--now",
            metavar="TIME",
            help="Fix the clock of a local target, such as 2024-10-01T09:00:00+09:00.",
        ),
        target_option,
    ):
        function = option(function)
    return function


def _send_key(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[_SEND_KEY] = value


def with_target(
    target: str | None, now: str | None, action: Callable[[Connection], Awaitable[_T]]
) -> _T:
    """Connects to a target (None: the default one), awaits the action and returns its result.

    Raises InputError for a project, a target or a key that cannot be used, and ClientError for an
    API that fails.
    """
    import asyncio
    from pathlib import Path

    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.remote.connect import connect

    project = need_project(Path.cwd())

    async def main() -> _T:
        async with connect(project, target, _surroundings(), now=now) as connection:
            return await action(connection)

    return asyncio.run(main())


def with_account(
    target: str | None, now: str | None, action: Callable[[Reached], Awaitable[_T]]
) -> _T:
    """As `with_target`, whether or not the parent segment of the target is there yet."""
    import asyncio
    from pathlib import Path

    from segdsl.workspace.project.config import need_project
    from segdsl.workspace.remote.connect import reach

    project = need_project(Path.cwd())

    async def main() -> _T:
        async with reach(project, target, _surroundings(), now=now) as reached:
            return await action(reached)

    return asyncio.run(main())


def _surroundings() -> Environment:
    from pathlib import Path

    from segdsl.workspace.remote.connect import Environment

    context = click.get_current_context(silent=True)
    send_key = context is not None and bool(context.meta.get(_SEND_KEY))
    return Environment(os.environ, Path.home(), send_key)
