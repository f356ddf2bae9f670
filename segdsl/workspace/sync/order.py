"""The order of changes: what is referred to comes first, what is deleted last.

References decide, whichever kinds they are between. Each change gets the numbers of the changes
that it waits for, so that independent ones can be made together. Pure.
"""

from __future__ import annotations

import graphlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.references.cycles import cycles
from segdsl.language.references.order import report_cycle
from segdsl.language.syntax.spelling import string
from segdsl.source import Span
from segdsl.workspace.kinds.resource import Change, Server
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import SEGMENT, Key, Ref, noun


def ordered(
    changes: Sequence[Change],
    server: Server,
    report: Report,
    spans: Mapping[Key, Span] | None = None,
    disputed: Collection[Ref] = (),
) -> tuple[Change, ...]:
    """The changes in an order that works, each with the numbers of those it waits for.

    What cannot be made at all is reported: a cycle of references as they would be then, a
    deletion of what is still referred to, places that are swapped or that another resource of
    the server keeps. `spans` are where the
    workspace has its resources; `disputed` are those in conflict, which is to be resolved before
    anything is deleted.
    """
    waits = _ChangeOrder(changes, server)
    waits.report_deletions(report, disputed, spans or {})
    waits.report_kept_places(report, server, disputed)
    if waits.report_cycles(report, spans or {}):
        return tuple(changes)
    try:
        order = list(graphlib.TopologicalSorter(waits.graph).static_order())
    except graphlib.CycleError as error:
        cycle = [changes[index].state for index in error.args[1]]
        report.add(
            Code.SEG311,
            None,
            "these changes cannot be made in any order: "
            + " → ".join(string(each.name) for each in cycle),
            help="apply them in two steps: first give one of them a temporary name",
        )
        return tuple(changes)
    new = {old: at for at, old in enumerate(order)}
    return tuple(
        msgspec.structs.replace(
            changes[index], first=tuple(sorted(new[each] for each in waits.graph[index]))
        )
        for index in order
    )


class _ChangeOrder:
    """Which changes each change waits for, by index."""

    def __init__(self, changes: Sequence[Change], server: Server) -> None:
        self.changes = changes
        self.before = server.states
        self.by_ref = {change.ref: index for index, change in enumerate(changes)}
        self.by_ref |= {
            part.ref: index
            for index, change in enumerate(changes)
            if change.after is not None
            for part in change.after.state.parts
        }
        self.wholes = {part.ref: ref for ref, state in self.before.items() for part in state.parts}
        """The resource that each part of the server belongs to."""
        self.places = {
            change.before.state.site: index
            for index, change in enumerate(changes)
            if change.before is not None
            and (change.after is None or change.after.state.site != change.before.state.site)
        }
        """The changes that leave a place, by that place."""
        self.reached = {
            index: {} if change.after is None else self._behind(change.after.state)
            for index, change in enumerate(changes)
        }
        """The changes behind the references of each, itself where that is a cycle."""
        self.graph: dict[int, list[int]] = {
            index: sorted(self._before(index, change) - {index})
            for index, change in enumerate(changes)
        }

    def _before(self, index: int, change: Change) -> set[int]:
        found = set(self.reached[index])
        for ref in _dropped(change):
            found.update(self._referring(ref))
        return found | self._making_room(index, change)

    def _behind(self, state: State) -> dict[int, tuple[Ref, ...]]:
        """The changes behind the references of a state, also through resources that stay as
        they are: each with those on a shortest way."""
        found: dict[int, tuple[Ref, ...]] = {}
        ways: dict[Ref, tuple[Ref, ...]] = dict.fromkeys(sorted(_early_refs(state)), ())
        waiting = deque(ways)
        while waiting:
            each = waiting.popleft()
            if each in self.by_ref:
                found[self.by_ref[each]] = ways[each]
            elif (whole := self.wholes.get(each, each)) in self.before:
                for ref in sorted(_early_refs(self.before[whole])):
                    if ref not in ways:
                        ways[ref] = (*ways[each], each)
                        waiting.append(ref)
        return found

    def _referring(self, ref: Ref) -> Iterable[int]:
        """The changes of resources that refer to one so far."""
        for index, change in enumerate(self.changes):
            if change.before is not None and ref in change.before.state.refers_to:
                yield index

    def _making_room(self, index: int, change: Change) -> set[int]:
        """The change of the resource that is, so far, where this one is to be."""
        if change.after is None:
            return set()
        there = self.places.get(change.after.state.site)
        return set() if there is None or there == index else {there}

    def report_cycles(self, report: Report, spans: Mapping[Key, Span]) -> bool:
        """Reports cycles among references as they would be; whether there are any."""
        found = cycles(self.reached)
        for cycle in found:
            first = self.changes[cycle[0]].state
            parts = [(first, string(first.name))]
            for one, other in pairwise(cycle):
                for ref in self.reached[one][other]:
                    whole = self.wholes.get(ref, ref)
                    state = self.before[whole]
                    shown = f"{string(state.name)} (#{whole.id}, as the server has it)"
                    parts.append((state, shown))
                state = self.changes[other].state
                parts.append((state, string(state.name)))
            found_at = [spans.get(state.key) for state, _ in parts]
            what = noun(state.resource for state, _ in parts)
            report_cycle([name for _, name in parts], found_at, report, what)
        return bool(found)

    def report_kept_places(self, report: Report, server: Server, disputed: Collection[Ref]) -> None:
        """Reports what is to get a place that no change takes from another resource."""
        there = server.by_key
        for change in self.changes:
            if change.before is None or change.after is None:
                continue
            other = there.get(change.after.state.key)
            if other is None or other.ref in self.by_ref or other.ref in disputed:
                continue
            report.add(
                Code.SEG311,
                None,
                f"{string(change.state.name)} is still the name of #{other.id} on the server",
                help=f"if no file has #{other.id}, delete it with --prune; if one has, plan that "
                "file, too; or choose another name",
            )

    def report_deletions(
        self, report: Report, disputed: Collection[Ref], spans: Mapping[Key, Span]
    ) -> None:
        """Reports what is to be deleted while others on the server go on referring to it."""
        after = {ref: state.refers_to for ref, state in self.before.items()}
        keys = {ref: state.key for ref, state in self.before.items()}
        # The folder of what belongs to another resource is not known from its text alone.
        here = {(key.kind, key.name) for key in spans}
        for change in self.changes:
            if change.after is None:
                after.pop(change.ref, None)
            else:
                after[change.ref] = change.after.state.refers_to
                keys[change.ref] = change.after.state.key
        for change in self.changes:
            for dropped in _dropped(change):
                users = [
                    keys[ref]
                    for ref, refers_to in after.items()
                    if dropped in refers_to and ref not in disputed
                ]
                if users:
                    verb = "refers" if len(users) == 1 else "refer"
                    names = (f"{_prefix(each.kind)}{string(each.name)}" for each in users)
                    in_files = all((each.kind, each.name) in here for each in users)
                    # What was in a file is there until it is deleted.
                    prune = "" if in_files else "; --prune deletes what is no longer in any file"
                    report.add(
                        Code.SEG310,
                        None,
                        f"{_dropped_name(change, dropped)} (#{dropped.id}) cannot be deleted: "
                        f"{', '.join(sorted(names))} still {verb} to it",
                        help=f"remove the references first, or keep the {dropped.kind}{prune}",
                    )


def _early_refs(state: State) -> frozenset[Ref]:
    """What has to be there before."""
    return state.refers_to - state.late_refs


def _prefix(kind: str) -> str:
    """What stands before the name of a resource: segments have their name alone."""
    return "" if kind == SEGMENT else f"the {kind} "


def _dropped(change: Change) -> list[Ref]:
    """What a change deletes: the resource, or parts of it."""
    own = [change.ref] if change.after is None and change.id is not None else []
    return [*own, *(part.ref for part in change.dropped_parts)]


def _dropped_name(change: Change, ref: Ref) -> str:
    name = {part.ref: part.name for part in change.dropped_parts}.get(ref)
    if name is None:
        return f"{_prefix(change.kind)}{string(change.state.name)}"
    return f"the {ref.kind} {string(name)} of {string(change.state.name)}"
