"""Segments of a server as condition trees, so that they can be counted and explained like files."""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.workspace.remote.listing import Shown, show


async def server_segments(
    client: Client, parent_id: str, named: Sequence[str], report: Report
) -> tuple[c.Segment, ...]:
    """The segments with these ids, paths or names, each once, as they are on the server.

    One that cannot be read is reported and left out. Raises SegmentNotFoundError, ClientError.
    """
    found: dict[str, c.Segment | None] = {}
    for name in named:
        shown = await show(client, parent_id, name)
        if shown.found.segment.id not in found:
            found[shown.found.segment.id] = _resolved(shown, report)
    return tuple(each for each in found.values() if each is not None)


def _resolved(shown: Shown, report: Report) -> c.Segment | None:
    tree = shown.tree(report)
    if tree is None:
        return None
    name = f"#{shown.found.segment.id}"
    own = Report()
    segments = resolve(Program(name, {name: t.File((tree,))}), own)
    for diagnostic in own.diagnostics:
        report.put(diagnostic)
    # Places in a text that nobody wrote would mislead.
    return next(iter(segments), None)
