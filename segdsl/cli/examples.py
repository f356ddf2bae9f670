"""The examples at the end of a help page."""

from __future__ import annotations


def examples(*commands: str) -> str:
    """The end of a help page that shows these command lines, each as it is."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
