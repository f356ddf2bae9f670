"""A plan: what would be done on a server so that it has what a workspace says.

Frozen data that can be kept in a file and applied later, exactly as it is. How it is made is
in `segdsl.workspace.sync.planning`, how it is carried out in `segdsl.workspace.sync.applying`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import InputError
from segdsl.language.references.symbolic_ids import symbolic_segment_id
from segdsl.language.values import ByName
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.workspace.project.lock import Entry, is_id, joined
from segdsl.workspace.sync.segment_state import State

VERSION = 2
"""Raised where a plan of before would be carried out as something else."""

Why = OneOf[
    "changed on both sides",
    "changed on the server",
    "deleted on the server",
    "deleted here, changed on the server",
    "on both sides, and never seen together",
    "a name in it no longer means what it did",
    "another segment has its place here",
    "in a folder that no clause can name",
    "left alone",
]
"""`left alone` is what is on the server in a form that cannot be handled; notes say why."""


class PlanError(InputError):
    """A plan in a file that cannot be used; its text says why."""


class Version(msgspec.Struct, frozen=True):
    """A state with its source as a person reads it; None where the language has no words for it."""

    state: State
    source: str | None


class Change(msgspec.Struct, frozen=True):
    """One segment to create (no `before`), to update, or to delete (no `after`).

    `rule` is what is sent; the ids of segments that the same plan creates stand in it as
    symbolic ids, `name:"Churned"`. `first` are the numbers of the changes that must have
    been made before. `folder_id` is the folder that the segment is in now, and `refers` (with
    folders `refers_in`) what each name of a segment in its text means, as in the lock.
    """

    file: str
    id: str | None = None
    before: Version | None = None
    after: Version | None = None
    rule: str | None = None
    folder_id: str | None = None
    first: tuple[int, ...] = ()
    forced: bool = False
    refers: dict[str, str] = {}
    refers_in: dict[str, dict[str, str]] = {}

    @property
    def meant(self) -> dict[ByName, str]:
        """What names of segments in its text mean, for the lock."""
        return joined(self.refers, self.refers_in)

    @property
    def action(self) -> OneOf["create", "update", "delete"]:
        if self.after is None:
            return "delete"
        return "create" if self.before is None else "update"

    @property
    def state(self) -> State:
        """The state to be, or, of what is deleted, the one that was."""
        version = self.after or self.before
        assert version is not None, "a change has one side at least"
        return version.state

    @property
    def mark(self) -> str:
        """What refers to the segment in rules: its id, or the symbolic id where it has none yet."""
        return self.id or symbolic_segment_id(*self.state.key)

    @property
    def what(self) -> tuple[str, ...]:
        """What becomes different: `moved`, `renamed`, `rule`, `description`, `kind`, and whether it
        is `hidden` from now on, or `shown`."""
        if self.before is None or self.after is None:
            return ()
        old, new = self.before.state, self.after.state
        words = {
            "moved": old.folder != new.folder,
            "renamed": old.name != new.name,
            "rule": old.rule != new.rule,
            "description": old.description != new.description,
            "kind": old.kind != new.kind,
            "hidden" if new.hidden else "shown": old.hidden != new.hidden,
        }
        return tuple(word for word, differs in words.items() if differs)


class Conflict(msgspec.Struct, frozen=True):
    """A segment that is not touched: `base` is how both sides last knew it.

    A side that has no such segment, or no words for it, is None. `notes` are sentences that say
    more of it.
    """

    why: Why
    folder: tuple[str, ...]
    name: str
    file: str
    id: str | None
    base: str | None
    here: str | None
    there: str | None
    notes: tuple[str, ...] = ()


class Rename(msgspec.Struct, frozen=True):
    """A segment to create that looks like one that no file has now, which is `id`, `old_folder`
    and `old_name`; `why` is what is alike."""

    id: str
    old_folder: tuple[str, ...]
    old_name: str
    folder: tuple[str, ...]
    name: str
    file: str
    why: tuple[str, ...]


class LeftAlone(msgspec.Struct, frozen=True):
    """A segment of the server that is in no file, and that none could hold; `why` says so."""

    folder: tuple[str, ...]
    name: str
    id: str
    why: str


class Plan(msgspec.Struct, frozen=True):
    """Everything that a run of `apply` needs.

    `settled` are segments that are the same on both sides, as the lock is to have them;
    `dropped` are ids that it is to forget. Either holds only where the lock has what it had when
    the plan was made: `known` are those entries. `left` were in the workspace once and are on the
    server still; `others` is how many the workspace never had, of which `left_alone` are those
    that no file could hold.
    """

    parent_segment: str
    target: str
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    settled: tuple[Entry, ...] = ()
    dropped: tuple[str, ...] = ()
    left: tuple[Entry, ...] = ()
    others: int = 0
    known: tuple[Entry, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    renames: tuple[Rename, ...] = ()
    apart: tuple[Entry, ...] = ()
    version: int = VERSION


def write_plan(plan: Plan) -> str:
    return msgspec.json.format(msgspec.json.encode(plan), indent=2).decode() + "\n"


def is_plan(data: bytes) -> bool:
    """Whether this is a plan that was kept, by any version, and may make room for another."""
    try:
        document = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return isinstance(document, dict) and document.keys() >= {"version", "target", "changes"}


def read_plan(data: bytes, name: str) -> Plan:
    """A plan that was kept in a file; raises PlanError."""
    try:
        plan = msgspec.json.decode(data, type=Plan)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise PlanError(
            f"{name} is no plan ({why}): make one with `segdsl plan --save FILE`"
        ) from None
    if plan.version != VERSION:
        raise PlanError(f"{name} was made by another version of segdsl: make a new plan")
    for number, change in enumerate(plan.changes):
        if not all(0 <= each < number for each in change.first):
            raise PlanError(f"{name} is no plan: its changes are in no order; make a new plan")
    fault = next(_faults(plan), None)
    if fault is not None:
        raise PlanError(f"{name} is no plan as segdsl writes it: {fault}; make a new plan")
    return plan


def _faults(plan: Plan) -> Iterator[str]:
    """What no plan that segdsl wrote has: somebody edited it."""
    marks: set[str] = set()
    for number, change in enumerate(plan.changes):
        where = f"changes[{number}]"
        yield from (f"{where} {fault}" for fault in _faults_of(change))
        if (change.after or change.before) is not None:
            if change.mark in marks:
                yield f"{where} is of a segment that another change is of"
            marks.add(change.mark)
    entries = (*plan.settled, *plan.left, *plan.known, *plan.apart)
    if not all(is_id(each.id) and each.name.strip() and all(each.folder) for each in entries):
        yield "a segment of the lock has no id, no name, or a folder without a name"
    if not all(map(is_id, (*plan.dropped, plan.parent_segment))):
        yield "the parent segment, or a segment that is to be forgotten, has no id"


def _faults_of(change: Change) -> Iterator[str]:
    match change:
        case Change(before=None, after=None):
            yield "has neither `before` nor `after`"
        case Change(before=Version(), id=id) if id is None or not is_id(id):
            yield "has no `id` of the segment that is there"
        case Change(before=None, id=str()):
            yield "has an `id` and nothing that is there `before`"
        case Change(after=Version(), rule=None):
            yield "has no `rule` to send"
        case Change(after=Version(State(kind=None))):
            yield "has no `kind` to send"
        case _:
            pass
    for version in (change.before, change.after):
        if version is None:
            continue
        state = version.state
        if not state.name.strip() or not all(each.strip() for each in state.folder):
            yield "has a blank name or folder"
        if not _is_rule(state.rule):
            yield "has a state whose `rule` is no JSON object"
    if change.rule is not None and not _is_rule(change.rule):
        yield "has a `rule` that is no JSON object"


def _is_rule(text: str) -> bool:
    try:
        return isinstance(load(text, Report()), dict)
    except UnreadableError:
        return False
