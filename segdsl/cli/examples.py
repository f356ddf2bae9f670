"""The examples at the end of a help page."""

from __future__ import annotations


def examples(*commands: str) -> str:
    """The end of a help page, with these command lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
