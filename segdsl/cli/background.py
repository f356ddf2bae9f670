"""What becomes of runs that a command started and does not wait for.

A local API in the command's own process ends with the command, and stops what runs.
"""

from __future__ import annotations

from segdsl.cli import document
from segdsl.cli.console import echo


def report_interrupted(run: str, *, is_embedded: bool) -> None:
    """Says after Ctrl-C what becomes of the `run`, in a word such as `training`."""
    if is_embedded:
        echo(
            f"interrupted: the {run} is stopped, as the local API ends with this command", err=True
        )
    else:
        echo(f"interrupted; the {run} goes on at the server", err=True)


def note_not_waited(run: str, *, is_embedded: bool) -> None:
    """Notes that a run which is not waited for is stopped, where it is."""
    if is_embedded:
        document.add_note(
            f"the local API of this target ends with this command, and stops the {run}: leave out "
            "--no-wait, or name the `url` of a `segdsl serve` in segdsl.toml"
        )
