"""Saved plans: files of their own, written whole."""

from __future__ import annotations

import os

from segdsl.errors import FileError
from segdsl.files import check_output, read_bytes, write_text
from segdsl.workspace.sync.plan import Plan, is_plan, write_plan


def check_plan_file(path: str) -> None:
    """Raises FileError where a file is in the way that holds anything else than a plan."""
    check_output(path)
    if os.path.isfile(path) and (data := read_bytes(path)) and not is_plan(data):
        raise FileError(
            f"`{path}` exists and is not a saved plan: choose another file, or delete it first"
        )


def save_plan(path: str, plan: Plan) -> None:
    """Writes a plan, where no other file is in the way; raises FileError."""
    check_plan_file(path)
    write_text(path, write_plan(plan))
