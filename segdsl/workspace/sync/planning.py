"""Making a plan: the workspace, the lock and the server compared, three ways.

What differs is a change only where the server is as it was last seen; anything else is a
conflict, which nothing but `force` turns into a change. Pure: nothing is asked or sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.workspace.kinds.registry import Kinds
from segdsl.workspace.kinds.resource import (
    NO_PLACE,
    Change,
    LocalResource,
    Server,
    ServerResource,
    Version,
    Wanted,
)
from segdsl.workspace.kinds.state import State, is_interrupted
from segdsl.workspace.project.keys import Key, Ref
from segdsl.workspace.project.lock import Entry, Lock, split_name_ids
from segdsl.workspace.sync.comparison import (
    Compared,
    CompareOptions,
    Comparison,
    compare,
    conflict_of,
    entry_of,
)
from segdsl.workspace.sync.order import ordered
from segdsl.workspace.sync.plan import Conflict, Plan, Rename, UnmanagedResource, Why
from segdsl.workspace.sync.renaming import likely_renames

INTERRUPTED = "carries on its creation, which was interrupted"
"""The note on what is on the server in part, and not in the lock."""


class PlanOptions(msgspec.Struct, frozen=True):
    """What the user allows of a plan.

    `allow_empty` says that a workspace is meant to have lost all or most of its resources;
    `as_new` that no new resource is a renamed one, and `detached` the same of these. `moves` are
    the resources of the lock whose place in the workspace is another one now, in a file.
    """

    force: bool = False
    prune: bool = False
    allow_empty: bool = False
    as_new: bool = False
    detached: frozenset[Ref] = frozenset()
    moves: Mapping[Ref, tuple[Key, str]] = {}

    def answered(self, renames: Sequence[Rename], answers: Sequence[bool]) -> PlanOptions:
        """The options with an answer for each pair: that it was renamed, or not."""
        pairs = list(zip(renames, answers, strict=True))
        moves = {rename.ref: (rename.key, rename.file) for rename, yes in pairs if yes}
        return msgspec.structs.replace(
            self,
            moves={**self.moves, **moves},
            detached=self.detached | {rename.ref for rename, yes in pairs if not yes},
        )

    @property
    def comparing(self) -> CompareOptions:
        return CompareOptions(self.force, self.prune)


def make_plan(
    parent_segment: str,
    target: str,
    local: Sequence[LocalResource],
    lock: Lock,
    server: Server,
    kinds: Kinds,
    report: Report,
    options: PlanOptions,
    *,
    among: frozenset[str] | None = None,
) -> Plan:
    """What is to be done; where the report has errors, the plan is of no use.

    `among` are the files that the user named: the plan is about their resources alone.
    """
    comparison = compare(local, lock, server, kinds, report, options.comparing, among)
    chosen = [each for each in comparison.resources if among is None or each.file in among]
    decisions = [_Decision(each, comparison, server, options) for each in chosen]
    changes = [each.change for each in decisions if each.change is not None]
    spans = {
        each.match.local.key: each.match.local.span
        for each in comparison.resources
        if each.match.local is not None
    }
    disputed = {
        Ref(each.conflict.kind, each.conflict.id)
        for each in decisions
        if each.conflict is not None and each.conflict.id is not None
    }
    unchanged = tuple(each.unchanged for each in decisions if each.unchanged is not None)
    dropped = tuple(each.dropped for each in decisions if each.dropped is not None)
    renames, detached = _renames(decisions, lock, kinds, options)
    about = {*dropped, *(entry.ref for entry in (*unchanged, *detached))}
    return Plan(
        parent_segment,
        target,
        () if report.has_errors else ordered(changes, server, report, spans, disputed),
        tuple(each.conflict for each in decisions if each.conflict is not None),
        unchanged,
        dropped,
        tuple(each.left for each in decisions if each.left is not None),
        sum(each.match.local is None and each.match.entry is None for each in comparison.resources)
        + len(server.unmanaged),
        tuple(entry for entry in lock.entries if entry.ref in about),
        tuple(_unmanaged(comparison, server)) if among is None else (),
        renames,
        detached,
    )


def _renames(
    decisions: Sequence[_Decision], lock: Lock, kinds: Kinds, options: PlanOptions
) -> tuple[tuple[Rename, ...], tuple[Entry, ...]]:
    """What looks renamed, and the entries of those that are said not to be."""
    changes = [each.change for each in decisions if each.change is not None]
    entries = [each.left for each in decisions if each.left is not None]
    entries += [lock.by_ref[change.ref] for change in changes if change.after is None]
    found = likely_renames(entries, changes, kinds)
    detached = {rename.ref for rename in found if options.as_new} | options.detached
    open_pairs = likely_renames(
        [entry for entry in entries if entry.ref not in detached], changes, kinds
    )
    left = {each.left.ref for each in decisions if each.left is not None}
    return (
        () if options.as_new else open_pairs,
        tuple(
            msgspec.structs.replace(entry, file="")
            for entry in entries
            if entry.ref in detached and entry.ref in left
        ),
    )


def _unmanaged(comparison: Comparison, server: Server) -> Iterator[UnmanagedResource]:
    """What the server has that is in no file, and that none could hold."""
    for each in comparison.resources:
        there = each.match.server
        if there is None or each.match.local is not None:
            continue
        why = there.state.inexpressible
        if why is not None:
            yield UnmanagedResource(*there.state.key, there.id, why)
    yield from map(UnmanagedResource.of, server.unmanaged)


class _Decision:
    """What becomes of one resource: at most one of its fields is set, beside `dropped`."""

    def __init__(
        self, compared: Compared, comparison: Comparison, server: Server, options: PlanOptions
    ) -> None:
        self.compared = compared
        self.bindings = comparison.bindings
        self.names = comparison.bindings.names.by_ref
        self.unmanaged = server.unmanaged_by_ref
        self.options = options
        self.change: Change | None = None
        self.conflict: Conflict | None = None
        self.unchanged: Entry | None = None
        self.dropped: Ref | None = None
        self.left: Entry | None = None
        match, wanted = compared.match, compared.wanted
        if match.local is None:
            self._only_elsewhere(match.entry, match.server)
        elif wanted is not None:
            self._here(match.local, wanted, match.entry, match.server)

    def _here(
        self,
        local: LocalResource,
        wanted: Wanted,
        entry: Entry | None,
        server: ServerResource | None,
    ) -> None:
        if server is None:
            if entry is None:
                self.change = self._to(local, wanted, None)
            elif entry.ref in self.unmanaged:
                # It is there, so no force creates it again.
                unmanaged = self.unmanaged[entry.ref]
                why: Why = "in an unsupported form on the server"
                if unmanaged.why == NO_PLACE:
                    why = "in a folder that a file cannot name"
                conflict = self._conflict(why, local, wanted)
                notes = () if unmanaged.why == NO_PLACE else (unmanaged.why,)
                self.conflict = msgspec.structs.replace(conflict, notes=conflict.notes + notes)
            else:
                self._disputed("deleted on the server", local, wanted, None)
        elif self._is_shifted(wanted, entry, server):
            self._disputed("a name in it now refers to something else", local, wanted, server)
        elif server.state == wanted.state:
            name_ids = self.compared.reading.name_ids
            self.unchanged = entry_of(server, local.file, self.names, name_ids)
        elif is_interrupted(server.state, wanted.state, {} if entry is None else entry.pieces):
            self.change = self._to(local, wanted, server, is_new=entry is None)
        elif entry is None:
            self._disputed("on both sides, but not in the lock", local, wanted, server)
        elif entry.digest == server.state.digest:
            # With a shift it is here by force alone.
            forced = bool(self.compared.reading.shifts)
            self.change = self._to(local, wanted, server, forced=forced)
        elif entry.digest == wanted.state.digest:
            self._disputed("changed on the server", local, wanted, server)
        else:
            self._disputed("changed on both sides", local, wanted, server)

    def _is_shifted(self, wanted: Wanted, entry: Entry | None, server: ServerResource) -> bool:
        """Whether a name in it means another one now, and nothing else keeps it from a plan."""
        if self.options.force or not self.compared.reading.shifts:
            return False
        return server.state == wanted.state or (
            entry is not None and entry.digest == server.state.digest
        )

    def _only_elsewhere(self, entry: Entry | None, server: ServerResource | None) -> None:
        if entry is None:
            return
        if server is None:
            if entry.ref not in self.unmanaged:
                self.dropped = entry.ref
        elif not self.options.prune:
            self.left = entry
        elif entry.digest == server.state.digest or self.options.force:
            self.change = Change(
                entry.file,
                server.id,
                before=self._version(server.state),
                parent_id=server.parent_id,
                forced=entry.digest != server.state.digest,
            )
        else:
            why: Why = "deleted here, changed on the server"
            self.conflict = Conflict(
                why,
                *server.state.key,
                entry.file,
                server.id,
                entry.source or None,
                None,
                self._source(server.state),
            )

    def _disputed(
        self, why: Why, local: LocalResource, wanted: Wanted, server: ServerResource | None
    ) -> None:
        entry = self.compared.match.entry
        if self.options.force:
            self.change = self._to(local, wanted, server, forced=True)
            if server is None and entry is not None:
                self.dropped = entry.ref
            return
        self.conflict = self._conflict(why, local, wanted)

    def _conflict(self, why: Why, local: LocalResource, wanted: Wanted) -> Conflict:
        key = wanted.state.key
        return conflict_of(why, key, local.file, self.compared, self.bindings, self.names)

    def _to(
        self,
        local: LocalResource,
        wanted: Wanted,
        server: ServerResource | None,
        *,
        forced: bool = False,
        is_new: bool = False,
    ) -> Change:
        """The change to what is wanted. `is_new` is that of a resource which was being created."""
        if server is None:
            notes = [*wanted.state.creation_in_words(self.names)]
        else:
            notes = [*wanted.state.changes_in_words(server.state, self.names)]
        return Change(
            local.file,
            None if server is None else server.id,
            None if server is None else self._version(server.state),
            self._version(wanted.state),
            wanted.body,
            None if server is None else server.parent_id,
            (),
            forced,
            *split_name_ids(self.compared.reading.name_ids),
            (*([INTERRUPTED] if is_new else []), *notes),
        )

    def _version(self, state: State) -> Version:
        return Version(state, self._source(state))

    def _source(self, state: State) -> str | None:
        return state.source(self.names)
