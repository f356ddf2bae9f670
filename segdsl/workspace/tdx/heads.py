"""What stands at the head of every file of the tool: its name, and its folder."""

from __future__ import annotations

from segdsl.workspace.tdx.checks import Checks, Keys
from segdsl.workspace.tdx.document import Value


def name_in(keys: Keys, checks: Checks, what: str) -> str:
    """The `name` of a map, which is not blank; raises UnreadableError after a report.

    `what` is the map with its article: `a segment`.
    """
    at = checks.need(keys, "name", what)
    name = checks.text(at, f"{what}'s name")
    if not name.strip():
        checks.fail(at, f"{what} needs a name, and it is blank here")
    return name


def description_in(keys: Keys, checks: Checks) -> str | None:
    """The `description` of a map, None for an empty one; raises UnreadableError."""
    if "description" not in keys:
        return None
    return checks.text(keys["description"], "a description") or None


def folder_of(value: Value, checks: Checks) -> tuple[str, ...]:
    """The folder that a file names, from the top one: `Loyalty/Tokyo`."""
    text = checks.text(value, "a folder")
    parts = tuple(part.strip() for part in text.split("/"))
    parts = tuple(part for part in parts if part)
    if any(part in (".", "..") for part in parts):
        checks.fail(value, "a folder is named from the top one, without `.` or `..`")
    return parts
