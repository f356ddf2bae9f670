"""A plan: what is done on a server so that it has what a workspace says.

Frozen data that can be saved in a file and applied later, exactly as it is. It is made in
`segdsl.workspace.sync.planning`, and carried out in `segdsl.workspace.sync.applying`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.errors import InputError
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Change, Unmanaged, Version
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import Folder, Key, Ref
from segdsl.workspace.project.lock import Entry, is_entry, is_id

VERSION = 3
"""Raised where an older plan would be carried out as something else."""

Why = OneOf[
    "changed on both sides",
    "changed on the server",
    "deleted on the server",
    "deleted here, changed on the server",
    "on both sides, but not in the lock",
    "a name in it now refers to something else",
    "another resource has its path here",
    "in a folder that a file cannot name",
    "in an unsupported form on the server",
]
"""Of an unsupported form, the notes say what is not supported."""


class PlanError(InputError):
    """A plan in a file that cannot be used; its text says why."""


class Conflict(msgspec.Struct, frozen=True):
    """A resource that is not touched: `base` is the source that both sides last had.

    A side that has no such resource, or cannot express it, is None. `notes` are sentences that
    say more of it.
    """

    why: Why
    kind: str
    folder: Folder
    name: str
    file: str
    id: str | None
    base: str | None
    here: str | None
    there: str | None
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.kind, self.folder, self.name)


class Rename(msgspec.Struct, frozen=True):
    """A resource to create that looks like one that no file has now, which is `id`, `old_folder`
    and `old_name`; `why` is what is alike."""

    kind: str
    id: str
    old_folder: Folder
    old_name: str
    folder: Folder
    name: str
    file: str
    why: tuple[str, ...]

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)

    @property
    def old_key(self) -> Key:
        return Key(self.kind, self.old_folder, self.old_name)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.folder, self.name)


class UnmanagedResource(msgspec.Struct, frozen=True):
    """A resource of the server that is in no file, and that none could hold; `why` says so."""

    kind: str
    folder: Folder
    name: str
    id: str
    why: str

    @classmethod
    def of(cls, unmanaged: Unmanaged) -> UnmanagedResource:
        return cls(unmanaged.kind, (), unmanaged.name, unmanaged.id, unmanaged.why)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.folder, self.name)


class Plan(msgspec.Struct, frozen=True):
    """Everything that a run of `apply` needs.

    `unchanged` are resources that are the same on both sides, as entries for the lock; `dropped`
    are to be removed from it. Either holds only where the lock has what it had when the plan was
    made: `known` are those entries. `left` were in the workspace once and are on the server
    still; `others` is how many the workspace never had, of which `unmanaged` are those that no
    file could hold. `detached` are entries of `left` that the user said no new resource is.
    """

    parent_segment: str
    target: str
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unchanged: tuple[Entry, ...] = ()
    dropped: tuple[Ref, ...] = ()
    left: tuple[Entry, ...] = ()
    others: int = 0
    known: tuple[Entry, ...] = ()
    unmanaged: tuple[UnmanagedResource, ...] = ()
    renames: tuple[Rename, ...] = ()
    detached: tuple[Entry, ...] = ()
    version: int = VERSION


def write_plan(plan: Plan) -> str:
    return msgspec.json.format(msgspec.json.encode(plan), indent=2).decode() + "\n"


def is_plan(data: bytes) -> bool:
    """Whether this is a saved plan, of any version, and may be overwritten by another."""
    try:
        document = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.keys() >= {"version", "target", "changes"}


def read_plan(data: bytes, name: str, kinds: Kinds = KINDS) -> Plan:
    """A plan that was saved in a file; raises PlanError."""

    def state(type: type, value: Any) -> Any:
        if type is not State:
            raise NotImplementedError
        kind = value.get("resource") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError("a state of a kind that is not known")
        return kinds[kind].read_state(value)

    if is_plan(data) and msgspec.json.decode(data)["version"] != VERSION:
        raise PlanError(f"{name} was made by another version of segdsl: make a new plan")
    try:
        plan = msgspec.json.decode(data, type=Plan, dec_hook=state)
    except (ValueError, RecursionError) as error:  # also what is not UTF-8
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise PlanError(
            f"{name} is not a valid plan ({why}): make one with `segdsl plan --save FILE`"
        ) from None
    for number, change in enumerate(plan.changes):
        if not all(0 <= first < number for first in change.first):
            raise PlanError(
                f"{name} is not a valid plan: its changes are out of sequence; make a new plan"
            )
    fault = next(_faults(plan, kinds), None)
    if fault is not None:
        raise PlanError(f"{name} is not a valid plan as segdsl writes it: {fault}; make a new plan")
    return plan


def _faults(plan: Plan, kinds: Kinds) -> Iterator[str]:
    """What no plan that segdsl wrote has: somebody edited it."""
    refs: set[Ref] = set()
    for number, change in enumerate(plan.changes):
        where = f"changes[{number}]"
        yield from (f"{where} {fault}" for fault in _change_faults(change, kinds))
        if (change.after or change.before) is not None:
            if change.ref in refs:
                yield f"{where} is of a {change.kind} that another change is of"
            refs.add(change.ref)
    entries = (*plan.unchanged, *plan.left, *plan.known, *plan.detached)
    if not all(map(is_entry, entries)):
        yield "an entry of the lock has no id, no name, or a folder without a name"
    if not all(map(is_id, (*(ref.id for ref in plan.dropped), plan.parent_segment))):
        yield "the parent segment, or a resource to remove from the lock, has no id"


def _change_faults(change: Change, kinds: Kinds) -> Iterator[str]:
    match change:
        case Change(before=None, after=None):
            yield "has neither `before` nor `after`"
            return
        case Change(before=Version(), id=id) if id is None or not is_id(id):
            yield "has no `id` of the resource that is there"
        case Change(before=None, id=str()):
            yield "has an `id` and nothing that is there `before`"
        case _:
            pass
    versions = [version for version in (change.before, change.after) if version is not None]
    if len({version.state.resource for version in versions}) > 1:
        yield "has two kinds"
        return
    for version in versions:
        state = version.state
        if not state.name.strip() or not all(part.strip() for part in state.folder):
            yield "has a blank name or folder"
    yield from kinds[change.kind].change_faults(change)
