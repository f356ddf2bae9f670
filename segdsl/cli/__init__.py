"""The `segdsl` command: parses options, calls one function, prints the result.

Each command is a module of its own, imported when it is used.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from click import Command

# They must be closed, which the interpreter does when it ends in the usual way.
_DATABASES = ("duckdb", "sqlite3")


def main() -> None:
    """The entry point of the installed command.

    Imported modules live as long as the process, and syntax trees and rules have no cycles: the
    garbage collector would find little, so it runs rarely.
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
    """Answers the completion script of a shell, which cannot show an error."""
    try:
        from segdsl.cli.completion_scripts import VARIABLE, register

        register()
        cli(prog_name="segdsl", complete_var=VARIABLE)
    except Exception:
        sys.exit(1)
    sys.exit(0)


def _leave(code: object) -> None:
    """Ends the process at once, if that loses nothing.

    Tearing down the imported modules takes a tenth of a short run. Exit functions are called; with
    a thread or a database in use, the process ends in the usual way.
    """
    threads = sys.modules.get("threading")
    has_database = any(name in sys.modules for name in _DATABASES)
    if has_database or not (code is None or isinstance(code, int)):
        return
    if threads is not None and threads.active_count() > 1:
        return
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code or 0)
