"""The `segdsl` command: options in, one function called, what comes back rendered.

Each command is a module of its own, imported when it is asked for.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from click import Command

# What must be closed, and is when the interpreter ends in the usual way.
_DATABASES = ("duckdb", "sqlite3")


def main() -> None:
    """The entry point of the installed command.

    What is imported lives as long as the process, and syntax trees and rules hold no cycles:
    there is little for the collector of garbage to find, so it looks seldom.
    """
    gc.set_threshold(200_000, 20, 100)
    try:
        from segdsl.cli.group import cli

        if "_SEGDSL_COMPLETE" in os.environ:
            _complete(cli)
        cli(prog_name="segdsl")
    except KeyboardInterrupt:
        sys.exit(130)
    except SystemExit as end:
        _leave(end.code)
        raise


def _complete(cli: Command) -> NoReturn:
    """Answers the completion script of a shell, which has no place for a message."""
    try:
        from segdsl.cli.shells import VARIABLE, register

        register()
        cli(prog_name="segdsl", complete_var=VARIABLE)
    except Exception:
        sys.exit(1)
    sys.exit(0)


def _leave(code: object) -> None:
    """Ends the process at once, where that loses nothing.

    To take apart all that was imported is a tenth of a short run. Whoever asked to be called
    at the end is called; where a thread or a database is at work, the usual end is taken.
    """
    threads = sys.modules.get("threading")
    if not (code is None or isinstance(code, int)) or any(of in sys.modules for of in _DATABASES):
        return
    if threads is not None and threads.active_count() > 1:
        return
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code or 0)
