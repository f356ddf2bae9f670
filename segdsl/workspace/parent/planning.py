"""Plans of a parent segment: the file, the server, and what was last seen of it, compared. Pure.

An update of settings changes them alone. One of the master table, attributes, behaviors or filters
replaces all of them, so it is planned only where the server is as it was last seen.
"""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.api.configurations import NewParentSegment, ParentSegmentRecord
from segdsl.errors import InputError
from segdsl.parent_segment import model as m
from segdsl.parent_segment.bodies import create_body, is_confirmed, replace_body, settings_body
from segdsl.parent_segment.changes import Change, changes, same
from segdsl.parent_segment.reading import Reading, read
from segdsl.parent_segment.vanishing import Field, vanishing
from segdsl.rules.json_values import ValueFormError
from segdsl.workspace.parent.users import Vanishing

Action = OneOf["none", "create", "settings", "replace"]
NOT_SEEN = "it differs from the file, and was not pulled yet"
CHANGED = "it was changed on the server since it was last seen"


class UnreadableParentError(InputError):
    """A parent segment of a server that segdsl cannot write."""


class OnServer(msgspec.Struct, frozen=True):
    """A parent segment as a server has it."""

    record: ParentSegmentRecord
    reading: Reading


class ParentPlan(msgspec.Struct, frozen=True):
    """What an apply would do. `why` and `theirs` are of a conflict: what was changed on the server.

    `unread` says of what cannot be read that it may use what disappears, too.
    """

    target: str
    file: str
    name: str
    action: Action
    wanted: m.Configuration
    before: OnServer | None = None
    changes: tuple[Change, ...] = ()
    gone: tuple[Field, ...] = ()
    vanishing: tuple[Vanishing, ...] = ()
    unread: tuple[str, ...] = ()
    why: str | None = None
    theirs: tuple[Change, ...] = ()

    @property
    def id(self) -> str | None:
        return None if self.before is None else self.before.record.id

    @property
    def is_conflict(self) -> bool:
        return self.why is not None

    def request(self) -> NewParentSegment:
        """What is sent; raises BodyError."""
        keys = None
        body: dict[str, Any]
        if self.before is None:
            body = create_body(self.wanted)
        elif self.action == "settings":
            keys = frozenset(each.name for each in self.changes)
            body = settings_body(self.wanted, keys)
        else:
            body = replace_body(self.wanted, self.before.reading)
        return NewParentSegment(
            self.wanted.name, body, lambda document: is_confirmed(document, self.wanted, keys)
        )


def on_server(record: ParentSegmentRecord) -> OnServer:
    """The record, read; raises UnreadableParentError."""
    try:
        return OnServer(record, read(record.decoded()))
    except ValueFormError as problem:
        raise UnreadableParentError(
            f"the parent segment {record.id} ({record.name}) cannot be read: {problem}"
        ) from None


def make_plan(
    target: str,
    file: str,
    wanted: m.Configuration,
    there: OnServer | None,
    seen: m.Configuration | None,
) -> ParentPlan:
    """The plan of a file; `seen` is what was last seen of the server. Raises BodyError."""
    if there is None:
        plan = ParentPlan(target, file, wanted.name, "create", wanted)
        plan.request()  # What the server cannot have is an error of the plan.
        return plan
    now = there.reading.configuration
    found = changes(now, wanted)
    if not found:
        return ParentPlan(target, file, wanted.name, "none", wanted, there)
    action: Action = "settings" if all(each.is_setting for each in found) else "replace"
    gone = vanishing(there.reading, wanted) if action == "replace" else ()
    plan = ParentPlan(target, file, wanted.name, action, wanted, there, found, gone)
    if seen is None:
        return msgspec.structs.replace(plan, why=NOT_SEEN)
    if not same(seen, now):
        theirs = changes(seen, now) or changes(now, seen)
        return msgspec.structs.replace(plan, why=CHANGED, theirs=theirs)
    plan.request()
    return plan
