"""What a pull writes: the server's resources as source, where nothing of the workspace is lost.

A resource that differs is replaced only where the workspace has it as it was last seen, and
only where its text says no more than its state (comments and definitions would be lost).
Anything else stays, and is reported. Pure: the files to write are returned as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.values import ByName
from segdsl.source import Span
from segdsl.workspace.kinds.resource import Edit, LocalResource, Server, ServerResource
from segdsl.workspace.project.keys import Folder, Key, Ref
from segdsl.workspace.project.lock import Entry, Lock, split_name_ids
from segdsl.workspace.sync.comparison import (
    Compared,
    CompareOptions,
    compare,
    conflict_of,
    entry_of,
)
from segdsl.workspace.sync.identity import Match
from segdsl.workspace.sync.name_bindings import (
    Named,
    Names,
    Reading,
    Shift,
    named_here,
    names_on_server,
)
from segdsl.workspace.sync.paths import fold, mirror_path
from segdsl.workspace.sync.plan import Conflict, Why
from segdsl.workspace.sync.reference_rewrite import rewrite_references
from segdsl.workspace.sync.workspace import Workspace

Status = OneOf[
    "new",
    "changed",
    "the same",
    "respelled",
    "changed here",
    "deleted here",
    "gone",
    "kept",
    "noted",
    "left alone",
]
"""`respelled` is what names others by the names that they have now, and is otherwise as it was;
`gone` is what the server has no more; `kept` is what has comments or definitions of its own;
`noted` is what stays as it is here, and the server's version is marked as seen;
`left alone` is what no source can hold."""

_UNSEEN: Why = "on both sides, but not in the lock"
_NO_ROOM: Why = "another resource has its path here"
_SHIFTED: Why = "a name in it now refers to something else"


class Item(msgspec.Struct, frozen=True):
    """What a pull does with a resource; `file` is "" where it is in none.

    `why` is there for what is left alone.
    """

    what: Status
    kind: str
    folder: Folder
    name: str
    file: str
    why: str = ""

    @property
    def key(self) -> Key:
        return Key(self.kind, self.folder, self.name)


class Pull(msgspec.Struct, frozen=True):
    """Files to write, whole, and to remove, by their path in the workspace; and the lock after.

    Every resource that was compared is an item or a conflict.
    """

    writes: Mapping[str, str]
    removals: tuple[str, ...]
    items: tuple[Item, ...]
    conflicts: tuple[Conflict, ...]
    lock: Lock


def make_pull(
    parent_segment: str,
    workspace: Workspace,
    lock: Lock,
    server: Server,
    *,
    only: frozenset[Ref] | None = None,
    force: bool = False,
    keep: bool = False,
    occupied: frozenset[str] = frozenset(),
) -> Pull:
    """What to write. `only` are the resources that the user named, `occupied` what no folder can
    have the path of, folded (`fold`).

    With `force`, or named, a resource that was deleted here comes back; with `force` what
    differs is replaced by the server's, whatever is here. With `keep` nothing is: what is here is
    what is wanted, and the lock has the server's as seen, so that a plan changes it.
    """
    return _PullMaker(workspace, lock, server, only, force, keep, occupied).pull(parent_segment)


class _Replacement(msgspec.Struct):
    """A resource that is to come from the server: into its file, or into a new one."""

    index: int
    local: LocalResource | None
    entry: Entry | None
    server: ServerResource
    path: str = ""


class _PullMaker:
    """Decides first what is taken from the server, then where it goes, and writes at the end.

    Only then is it known what each name means after the pull.
    """

    def __init__(
        self,
        workspace: Workspace,
        lock: Lock,
        server: Server,
        only: frozenset[Ref] | None,
        force: bool,
        keep: bool,
        occupied: frozenset[str],
    ) -> None:
        self.workspace = workspace
        self.kinds = workspace.kinds
        self.occupied = occupied
        self.server = server
        self.only = only
        self.force = force
        self.keep = keep
        # What does not compile here does not concern a pull: it counts as changed here.
        comparison = compare(
            workspace.resources, lock, server, self.kinds, Report(), CompareOptions()
        )
        self.compared = comparison.resources
        self.bindings = comparison.bindings
        self.names = comparison.bindings.names
        self.entries = dict(lock.by_ref)
        self.unmanaged = server.unmanaged_by_ref
        self.by_file: dict[str, list[LocalResource]] = {}
        for each in workspace.resources:
            self.by_file.setdefault(each.file, []).append(each)
        self.takes: dict[int, _Replacement] = {}
        self.same: set[int] = set()
        self.noted: set[int] = set()
        self.confirmed: set[Ref] = set()
        self.edits: dict[str, list[Edit]] = {}
        self.stale: dict[int, tuple[Shift, ...]] = {}
        self.writes: dict[str, str] = {}
        self.removals: list[str] = []
        self.items: list[tuple[int, Item]] = []
        self.disputes: dict[int, tuple[Why, str]] = {}
        """Why each is in conflict, and the file that it is about."""

    def pull(self, parent_segment: str) -> Pull:
        for index, compared in enumerate(self.compared):
            self._decide(index, compared)
        self._make_room()
        self._find_paths()
        self.names = self._names_after()
        for index, compared in enumerate(self.compared):
            if index in self.takes:
                self._write(self.takes[index])
            elif index in self.noted:
                continue
            elif compared.match.local is not None:
                self._rewrite(index, compared, compared.match.local)
        for each in self.server.unmanaged:
            if self.only is None or each.ref in self.only:
                name = each.name or (f"#{each.id}" if each.id else f"a {each.kind} without a name")
                self._cannot(len(self.compared), each.kind, name, each.why)
        for file, edits in self.edits.items():
            text = self.workspace.text(file)
            is_shorter = False
            for edit in sorted(edits, key=lambda edit: -edit.span.start):
                text = text[: edit.span.start] + edit.text + text[edit.span.end :]
                is_shorter = is_shorter or (not edit.text and edit.span.end > edit.span.start)
            self.writes[file] = f"{text.rstrip()}\n" if is_shorter else text
        written = set(self.writes)
        return Pull(
            self.writes,
            tuple(path for path in self.removals if path not in written),
            tuple(item for _, item in sorted(self.items, key=lambda item: item[0])),
            tuple(self._conflict(index) for index in sorted(self.disputes)),
            Lock().with_entries(parent_segment, self.entries.values(), self.confirmed),
        )

    # --- what is taken -----------------------------------------------------------------

    def _is_requested(self, match: Match) -> bool:
        return (
            self.only is None
            or match.ref in self.only
            or (match.entry is not None and match.entry.ref in self.only)
        )

    def _decide(self, index: int, compared: Compared) -> None:
        match, server = compared.match, compared.match.server
        if not self._is_requested(match):
            return
        if server is None and match.entry is not None and match.entry.ref in self.unmanaged:
            return  # It is there, and reported with all of them.
        if self.keep:
            self._mark_as_seen(index, compared)
        elif server is None:
            if match.local is None:
                assert match.entry is not None, "a match has one side at least"
                del self.entries[match.entry.ref]
            elif match.entry is not None:
                self._add("gone", index, match.local.key, match.local.file)
        elif match.local is None:
            self._not_here(index, match.entry, server)
        elif compared.wanted is not None and compared.wanted.state == server.state:
            if compared.wanted.is_filled and not match.local.says_more:
                self._take(index, match.local, match.entry, server)
            else:
                self.same.add(index)
        else:
            self._differs(index, match.local, compared, server)

    def _mark_as_seen(self, index: int, compared: Compared) -> None:
        """Marks the server's version as seen: what is here now is wanted instead of it."""
        entry, local, server = compared.match.entry, compared.match.local, compared.match.server
        self.noted.add(index)
        if server is None:
            if entry is not None:
                del self.entries[entry.ref]
        elif local is not None:
            self._confirm(server, local.file, compared.reading.name_ids)
        elif entry is not None:
            self._confirm(server, entry.file, entry.name_ids)
        if local is not None:
            self._add("noted", index, local.key, local.file)
        elif entry is not None:
            self._add("noted", index, entry.key, "")

    def _not_here(self, index: int, entry: Entry | None, server: ServerResource) -> None:
        if entry is None or self.force or self.only is not None:
            self._take(index, None, entry, server)
        elif entry.digest == server.state.digest:
            self._add("deleted here", index, server.state.key, "")
        else:
            self.disputes[index] = ("deleted here, changed on the server", "")

    def _differs(
        self, index: int, local: LocalResource, compared: Compared, server: ServerResource
    ) -> None:
        entry, wanted = compared.match.entry, compared.wanted
        is_as_seen = (
            entry is not None and wanted is not None and entry.digest == wanted.state.digest
        )
        if self.force or (is_as_seen and not local.says_more):
            self._take(index, local, entry, server)
        elif entry is not None and entry.digest == server.state.digest:
            self._add("changed here", index, local.key, local.file)
        elif is_as_seen:
            self._add("kept", index, local.key, local.file)
            self.disputes[index] = ("changed on the server", local.file)
        else:
            why: Why = _UNSEEN if entry is None else "changed on both sides"
            self.disputes[index] = (why, local.file)

    def _take(
        self,
        index: int,
        local: LocalResource | None,
        entry: Entry | None,
        server: ServerResource,
    ) -> None:
        state = server.state
        source = state.source({})
        if source is not None and self.kinds[state.resource].compiles_to(source, state, {}):
            self.takes[index] = _Replacement(index, local, entry, server)
            return
        why = "its source would not compile to the same"
        if source is None:
            why = f"a part of it cannot be written in the language: {state.inexpressible}"
        self._cannot(index, state.resource, state.name, why)
        if local is not None:
            self.disputes[index] = ("changed on the server", local.file)

    # --- where it goes -----------------------------------------------------------------

    def _make_room(self) -> None:
        """Leaves what would come to the place of a resource that stays where it is here.

        Those that are taken go to their places together, as they did on the server.
        """
        stay = {
            each.match.local.key: each.match.local.file
            for index, each in enumerate(self.compared)
            if each.match.local is not None and index not in self.takes
        }
        while True:
            barred = [take for take in self.takes.values() if take.server.state.key in stay]
            if not barred:
                return
            for take in barred:
                del self.takes[take.index]
                if take.local is not None:
                    stay[take.local.key] = take.local.file
                file = stay[take.server.state.key]
                is_known = self.compared[take.index].match.entry is not None
                self.disputes[take.index] = (_NO_ROOM if is_known else _UNSEEN, file)

    def _find_paths(self) -> None:
        """A file that a pull made for one resource follows it; what is new gets one of its own."""
        movers = {index for index, take in self.takes.items() if self._follows(take)}
        left = {
            take.local.file
            for index, take in self.takes.items()
            if take.local is not None and index in movers
        }
        folded = {fold(path) for path in left}
        taken = {fold(path) for path in self.workspace.paths} - folded
        for take in self.takes.values():
            if take.local is not None and take.index not in movers:
                take.path = take.local.file
                continue
            while not take.path:
                path = self._mirror_path(take.server.state.key, take.server.id, taken)
                taken.add(fold(path))
                # Some systems would take it for the one that is to be removed.
                if fold(path) not in folded or path in left:
                    take.path = path
                elif take.local is not None and fold(take.local.file) == fold(path):
                    take.path = take.local.file
            if take.local is not None and take.path != take.local.file:
                self.removals.append(take.local.file)

    def _follows(self, take: _Replacement) -> bool:
        local, entry = take.local, take.entry
        if local is None or entry is None or take.server.state.key == local.key:
            return False
        text = self.workspace.text(local.file)
        around = text
        for place in sorted((local.place, *local.more_places), key=lambda place: -place.start):
            around = around[: place.start] + around[place.end :]
        if len(self.by_file[local.file]) > 1 or around.strip():
            return False
        others = {fold(path) for path in self.workspace.paths if path != local.file}
        return local.file == self._mirror_path(entry.key, entry.id, others)

    def _mirror_path(self, key: Key, id: str, taken: set[str]) -> str:
        suffix = self.kinds[key.kind].suffix
        return mirror_path(key.folder, key.name, id, taken, self.occupied, suffix)

    # --- what it says ------------------------------------------------------------------

    def _names_after(self) -> Names:
        """What names mean in the workspace once it is written."""
        local: list[Named] = []
        ours: set[Ref] = set()
        for index, each in enumerate(self.compared):
            ref, key = each.match.ref, None if each.match.local is None else each.match.local.key
            if key is not None and index not in self.takes and not self.kinds[key.kind].is_owned:
                local += named_here(ref, key, self.bindings.parts.get(ref, ()))
                ours.add(ref)
        for take in self.takes.values():
            if take.server.state.owner is None:
                local += named_here(take.server.ref, take.server.state.key, take.server.state.parts)
                ours.add(take.server.ref)
        others = [
            each for ref, names in names_on_server(self.server) if ref not in ours for each in names
        ]
        return Names(local, others)

    def _write(self, take: _Replacement) -> None:
        state, local = take.server.state, take.local
        names = {ref: self.names.by_ref[ref] for ref in state.refers_to if ref in self.names.by_ref}
        source = state.source(names)
        name_ids = {(ref.kind, name): ref.id for ref, name in names.items()}
        kind = self.kinds[state.resource]
        if source is None or not kind.compiles_to(source, state, name_ids):
            source, name_ids = state.source({}), {}
        assert source is not None, "it was tried"
        if local is not None and take.path == local.file:
            edit = Edit(local.place, source.rstrip("\n"))
            edits = self.edits.setdefault(take.path, [])
            edits.append(edit)
            # The source has those parts, too.
            text = self.workspace.text(local.file)
            edits += (Edit(_with_blank_lines(text, each), "") for each in local.more_places)
        else:
            self.writes[take.path] = source
        self._confirm(take.server, take.path, name_ids)
        self._add("new" if local is None else "changed", take.index, state.key, take.path)

    def _rewrite(self, index: int, compared: Compared, local: LocalResource) -> None:
        """Keeps what a resource refers to, where names are or have been given to others."""
        match, reading = compared.match, compared.reading
        is_requested = self._is_requested(match)
        # What had changed before is reported and fixed where it is requested.
        leave = () if is_requested else [(shift.kind, shift.name) for shift in reading.shifts]
        kind, text = self.kinds[local.key.kind], self.workspace.text(local.file)
        rewrite = rewrite_references(kind, local, text, reading, self.names, leave)
        if rewrite.edits:
            self.edits.setdefault(local.file, []).extend(rewrite.edits)
            self._add("respelled", index, local.key, local.file)
        elif index in self.same:
            self._add("the same", index, local.key, local.file)
        if index in self.same:
            assert match.server is not None, "it is the same on both sides"
            self._confirm(match.server, local.file, rewrite.name_ids)
        elif rewrite.edits and match.entry is not None:
            # What both sides had has not changed, and neither has what its names mean.
            old = {
                name: id
                for name, id in match.entry.name_ids.items()
                if name not in reading.name_ids
            }
            refers, refers_in = split_name_ids({**old, **rewrite.name_ids})
            entry = msgspec.structs.replace(match.entry, refers=refers, refers_in=refers_in)
            self.entries[match.entry.ref] = entry
        if rewrite.stale and match.entry is not None and match.server is not None and is_requested:
            self.stale[index] = rewrite.stale
            self.disputes.setdefault(index, (_SHIFTED, local.file))

    def _confirm(
        self,
        server: ServerResource,
        file: str,
        name_ids: Mapping[tuple[str, ByName], str],
    ) -> None:
        """Notes for the lock that both sides have a resource as the server has it."""
        entry = entry_of(server, file, self.names.by_ref, name_ids)
        self.entries[entry.ref] = entry
        self.confirmed.add(entry.ref)

    # --- what is reported --------------------------------------------------------------

    def _add(self, what: Status, index: int, key: Key, file: str) -> None:
        self.items.append((index, Item(what, *key, file)))

    def _cannot(self, index: int, kind: str, name: str, why: str) -> None:
        self.items.append((index, Item("left alone", kind, (), name, "", why)))

    def _conflict(self, index: int) -> Conflict:
        """As the next pull reports it too: by the names that there are after this one."""
        why, file = self.disputes[index]
        compared = self.compared[index]
        server = compared.match.server
        assert server is not None, "what is disputed is on the server"
        reading = Reading(compared.reading.ids, self.stale.get(index, ()))
        compared = msgspec.structs.replace(compared, reading=reading, instead=None)
        return conflict_of(why, server.state.key, file, compared, self.bindings, self.names.by_ref)


def _with_blank_lines(text: str, span: Span) -> Span:
    """A place in a text with the blank lines behind it."""
    rest = text[span.end :]
    return Span(span.file, span.start, span.end + len(rest) - len(rest.lstrip()))
