"""The order of changes: what is referred to comes first, what is deleted last.

Each change is told which others it has to wait for, so that independent ones can be made
together. Pure.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Sequence

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.rule.symbols import symbol
from segdsl.syntax.text import string
from segdsl.values import ByName
from segdsl.workspace.plan import Change
from segdsl.workspace.server import Server


def ordered(changes: Sequence[Change], server: Server, report: Report) -> tuple[Change, ...]:
    """The changes in an order that works, each with the numbers of those it waits for.

    A deletion of what is still referred to, and places that are swapped, are reported.
    """
    waits = _Waits(changes, server)
    waits.report_deletions(report)
    try:
        order = list(graphlib.TopologicalSorter(waits.graph).static_order())
    except graphlib.CycleError as error:
        circle = [changes[index].state for index in error.args[1]]
        report.add(
            Code.SEG311,
            None,
            "these changes cannot be made in any order: "
            + " → ".join(string(each.name) for each in circle),
            help="make them in two steps: apply one of them under a name of its own first",
        )
        return tuple(changes)
    new = {old: at for at, old in enumerate(order)}
    return tuple(
        msgspec.structs.replace(
            changes[index], first=tuple(sorted(new[each] for each in waits.graph[index]))
        )
        for index in order
    )


class _Waits:
    """Which changes each change waits for, by index."""

    def __init__(self, changes: Sequence[Change], server: Server) -> None:
        self.changes = changes
        self.server = server
        self.by_id: dict[str, int] = {}
        """The change of a segment, by the id or the marked name in a rule."""
        for index, change in enumerate(changes):
            if change.id is not None:
                self.by_id[change.id] = index
            else:
                self.by_id[symbol("segment", ByName(change.state.name))] = index
        self.places = {
            change.before.state.key: index
            for index, change in enumerate(changes)
            if change.before is not None
            and (change.after is None or change.after.state.key != change.before.state.key)
        }
        """The changes that leave a place, by that place."""
        self.graph: dict[int, list[int]] = {
            index: sorted(self._before(index, change) - {index})
            for index, change in enumerate(changes)
        }

    def _before(self, index: int, change: Change) -> set[int]:
        found: set[int] = set()
        if change.after is not None:
            for id in change.after.state.refers_to:
                found |= self._through(id)
        else:
            assert change.id is not None, "what is deleted has an id"
            found.update(self._let_go(change.id))
        return found | self._making_room(index, change)

    def _through(self, id: str) -> set[int]:
        """The changes behind a reference, also through segments that stay as they are."""
        found: set[int] = set()
        seen: set[str] = set()
        waiting = [id]
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            if each in self.by_id:
                found.add(self.by_id[each])
            elif each in self.server.segments:
                waiting.extend(self.server.segments[each].state.refers_to)
        return found

    def _let_go(self, id: str) -> Iterable[int]:
        """The changes of segments that refer to one so far."""
        for index, change in enumerate(self.changes):
            if change.before is not None and id in change.before.state.refers_to:
                yield index

    def _making_room(self, index: int, change: Change) -> set[int]:
        """The change of the segment that is, so far, where this one is to be."""
        if change.after is None:
            return set()
        there = self.places.get(change.after.state.key)
        return set() if there is None or there == index else {there}

    def report_deletions(self, report: Report) -> None:
        """Reports what is to be deleted and has others on the server that will go on referring."""
        after = {id: each.state.refers_to for id, each in self.server.segments.items()}
        names = {id: each.state.name for id, each in self.server.segments.items()}
        for index, change in enumerate(self.changes):
            key = change.id or f"new {index}"
            if change.after is None:
                after.pop(key, None)
            else:
                after[key] = change.after.state.refers_to
                names[key] = change.after.state.name
        for change in self.changes:
            if change.after is not None or change.id is None:
                continue
            users = [names[key] for key, refers_to in after.items() if change.id in refers_to]
            if users:
                report.add(
                    Code.SEG310,
                    None,
                    f"{string(change.state.name)} (#{change.id}) cannot be deleted: "
                    f"{', '.join(map(string, sorted(users)))} would still refer to it",
                    help="take the references out first, or keep the segment",
                )
