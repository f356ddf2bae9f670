"""Segments as they will be once a plan is applied, each as one condition that the server can count.

What a plan changes, or what changes through what it refers to, is in no segment of the server
yet: its condition is put in the place of references to it. All else is left to the server. Pure.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import SegdslError
from segdsl.language.condition import tree as c
from segdsl.language.references.inline import MAX_INLINED, inline_segments
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.values import ById
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import load
from segdsl.rules.rule.reader import read_rule
from segdsl.workspace.kinds.resource import Change
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.kinds.state import State


class UncountableError(SegdslError):
    """No rule selects the profiles that will be in a segment; the text says why."""


class Projection:
    """What will be there, by id or, where there is none yet, by symbolic id.

    `there` are the states of all that the server has now, by id.
    """

    def __init__(self, changes: Iterable[Change], there: Mapping[str, SegmentState]) -> None:
        changes = tuple(changes)
        self._states = dict(there)
        for change in changes:
            if change.after is None:
                self._states.pop(change.ref.id, None)
            else:
                self._states[change.ref.id] = segment_state(change.after.state)
        self.changing = self._reached(
            change.ref.id
            for change in changes
            if change.after is not None
            and (
                change.before is None
                or segment_state(change.before.state).rule != segment_state(change.after.state).rule
            )
        )
        """What has another rule then, or refers to what has one, in any number of steps."""
        self._placed: dict[SegmentState, tuple[c.Segment, int] | UncountableError] = {}
        for mark in self._in_order():
            self._remember(self._states[mark])

    def segment(self, state: SegmentState) -> c.Segment:
        """A state that will be, with what changes in the place of references.

        Its condition may be `NOBODY`. Raises UncountableError.
        """
        found = self._remember(state)
        if isinstance(found, UncountableError):
            raise found
        return found[0]

    def _reached(self, changed: Iterable[str]) -> frozenset[str]:
        users: dict[str, list[str]] = {}
        for mark, state in self._states.items():
            for other in state.segment_ids:
                users.setdefault(other, []).append(mark)
        waiting = list(changed)
        found = set(waiting)
        while waiting:
            new = [each for each in users.get(waiting.pop(), ()) if each not in found]
            found.update(new)
            waiting.extend(new)
        return frozenset(found)

    def _in_order(self) -> Iterable[str]:
        """What changes, each behind what it refers to, so that no depth is too deep."""
        graph = {mark: self._states[mark].segment_ids & self.changing for mark in self.changing}
        try:
            return list(graphlib.TopologicalSorter(graph).static_order())
        except graphlib.CycleError:
            return ()  # A cycle that was on the server before; each in it is told of.

    def _remember(self, state: SegmentState) -> tuple[c.Segment, int] | UncountableError:
        found = self._placed.get(state)
        if found is None:
            # What refers to itself finds this.
            self._placed[state] = UncountableError("it refers to itself")
            try:
                found = self._place(state)
            except UncountableError as error:
                found = error
            self._placed[state] = found
        return found

    def _place(self, state: SegmentState) -> tuple[c.Segment, int]:
        """The segment, and how many references in it were replaced."""
        times = 0

        def put(reference: c.Membership) -> c.Condition | None:
            nonlocal times
            target = reference.target
            mark = target.id if isinstance(target, ById) else symbolic_id("segment", target)
            if mark not in self.changing:
                return None
            found = self._remember(self._states[mark])
            if isinstance(found, UncountableError):
                raise found
            other, own = found
            if other.limit is not None:
                raise UncountableError(
                    f"it refers to “{other.name}”, which changes too and has a limit that no "
                    "other rule can hold"
                )
            times += 1 + own
            if times > MAX_INLINED:
                raise UncountableError(f"it refers to more than {MAX_INLINED} that change too")
            return other.condition

        segment = lifted(state)
        condition = inline_segments(segment.condition, put)
        return msgspec.structs.replace(segment, condition=condition), times


def segment_state(state: State) -> SegmentState:
    assert isinstance(state, SegmentState), "a segment"
    return state


def lifted(state: SegmentState) -> c.Segment:
    """A state as a condition; raises UncountableError."""
    report = Report()
    rule = read_rule(load(state.rule, report), "$", report)
    if rule is not None and state.kind is not None:
        tree = t.File((lift_rule(rule, state.name, None, state.kind),))
        segments = resolve(Program("", {"": tree}), report)
        if len(segments) == 1 and not report.has_errors:
            return segments[0]
    raise UncountableError("a part of it cannot be written in the language")
