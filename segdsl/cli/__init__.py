"""The `segdsl` command: options in, one function called, what comes back rendered.

Each command is a module of its own, imported when it is asked for.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of the installed command."""
    try:
        from segdsl.cli.group import cli

        cli(prog_name="segdsl")
    except KeyboardInterrupt:
        sys.exit(130)
