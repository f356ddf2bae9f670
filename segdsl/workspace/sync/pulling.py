"""What a pull writes: the server's segments as source, where nothing of the workspace is lost.

A segment that differs is taken over only where the workspace has it as it was last seen, and
only where its text says no more than its rule (comments and definitions would be lost).
Anything else stays, and is told. Pure: the files to write come out as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Report
from segdsl.language.references.ids import Ids
from segdsl.language.references.segment_names import NamedSegment
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName
from segdsl.rules.lower import lower_in_any_layout
from segdsl.rules.rule.model import encode
from segdsl.source import Source
from segdsl.workspace.project.lock import Entry, Lock, parted
from segdsl.workspace.sync.identity import Match
from segdsl.workspace.sync.local import Local, Workspace
from segdsl.workspace.sync.name_bindings import Names, Reading, Shift, id_of, on_server
from segdsl.workspace.sync.paths import fold, mirror_path
from segdsl.workspace.sync.plan import Conflict, Why
from segdsl.workspace.sync.planning import Compared, PlanOptions, compare, conflict_of, entry_of
from segdsl.workspace.sync.reference_rewrite import Edit, respelling
from segdsl.workspace.sync.segment_state import Folder
from segdsl.workspace.sync.server import Server, ServerSegment

Pulled = OneOf[
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
`noted` is what stays as it is here, though the server's state counts as seen now;
`left alone` is what no source can hold."""

_UNSEEN: Why = "on both sides, and never seen together"
_NO_ROOM: Why = "another segment has its place here"
_SHIFTED: Why = "a name in it no longer means what it did"


class Item(msgspec.Struct, frozen=True):
    """What a pull does with a segment; `file` is "" where it is in none.

    `why` is there for what is left alone.
    """

    what: Pulled
    folder: tuple[str, ...]
    name: str
    file: str
    why: str = ""


class Pull(msgspec.Struct, frozen=True):
    """Files to write, whole, and to remove, by their path in the workspace; and the lock after.

    Every segment that was looked at is an item or a conflict.
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
    only: frozenset[str] | None = None,
    force: bool = False,
    keep: bool = False,
    occupied: frozenset[str] = frozenset(),
) -> Pull:
    """What to write. `only` are the ids of the segments that a person named, `occupied` what
    no folder can have the path of, folded (`fold`).

    With `force`, or named, a segment that was deleted here comes back; with `force` what
    differs is taken from the server, whatever is here. With `keep` nothing is: what is here is
    what is wanted, and the lock has the server's as seen, so that a plan changes it.
    """
    return _Pulling(workspace, lock, server, only, force, keep, occupied).pull(parent_segment)


class _Take(msgspec.Struct):
    """A segment that is to come from the server: into its file, or into a new one."""

    at: int
    local: Local | None
    entry: Entry | None
    seen: ServerSegment
    path: str = ""


class _Pulling:
    """Decides first what is taken from the server, then where it goes, and writes at the end.

    Only then is it known what each name means after the pull.
    """

    def __init__(
        self,
        workspace: Workspace,
        lock: Lock,
        server: Server,
        only: frozenset[str] | None,
        force: bool,
        keep: bool,
        occupied: frozenset[str],
    ) -> None:
        self.workspace = workspace
        self.occupied = occupied
        self.server = server
        self.only = only
        self.force = force
        self.keep = keep
        # What does not compile here is none of a pull's business: it counts as changed here.
        compared = compare(workspace.segments, lock, server, Report(), PlanOptions())
        self.compared = compared.all
        self.meaning = compared.meaning
        self.names = compared.meaning.names
        self.entries = dict(lock.by_id)
        self.left_alone = server.left_alone_ids
        self.by_file: dict[str, list[Local]] = {}
        for each in workspace.segments:
            self.by_file.setdefault(each.file, []).append(each)
        self.takes: dict[int, _Take] = {}
        self.same: set[int] = set()
        self.noted: set[int] = set()
        self.settled: set[str] = set()
        self.edits: dict[str, list[Edit]] = {}
        self.stale: dict[int, tuple[Shift, ...]] = {}
        self.writes: dict[str, str] = {}
        self.removals: list[str] = []
        self.items: list[tuple[int, Item]] = []
        self.disputes: dict[int, tuple[Why, str]] = {}
        """Why each is in conflict, and the file that it is about."""

    def pull(self, parent_segment: str) -> Pull:
        for at, each in enumerate(self.compared):
            self._look(at, each)
        self._make_room()
        self._find_paths()
        self.names = self._names_after()
        for at, each in enumerate(self.compared):
            if at in self.takes:
                self._write(self.takes[at])
            elif at in self.noted:
                continue
            elif each.match.local is not None:
                self._respell(at, each, each.match.local)
        for left in self.server.left_alone:
            if self.only is None or left.id in self.only:
                name = left.name or (f"#{left.id}" if left.id else "a segment without a name")
                self._cannot(len(self.compared), name, left.why)
        for file, edits in self.edits.items():
            text = self.workspace.text(file)
            for edit in sorted(edits, key=lambda each: -each.span.start):
                text = text[: edit.span.start] + edit.text + text[edit.span.end :]
            self.writes[file] = text
        written = set(self.writes)
        return Pull(
            self.writes,
            tuple(each for each in self.removals if each not in written),
            tuple(each for _, each in sorted(self.items, key=lambda each: each[0])),
            tuple(self._conflict(at) for at in sorted(self.disputes)),
            Lock().with_entries(parent_segment, self.entries.values(), self.settled),
        )

    # --- what is taken -----------------------------------------------------------------

    def _is_asked_for(self, match: Match) -> bool:
        return (
            self.only is None
            or id_of(match) in self.only
            or (match.entry is not None and match.entry.id in self.only)
        )

    def _look(self, at: int, compared: Compared) -> None:
        match, seen = compared.match, compared.match.seen
        if not self._is_asked_for(match):
            return
        if seen is None and _id_of_entry(match) in self.left_alone:
            return  # It is there, and told with all of them.
        if self.keep:
            self._note(at, compared)
        elif seen is None:
            if match.local is None:
                assert match.entry is not None, "a match has one side at least"
                del self.entries[match.entry.id]
            elif match.entry is not None:
                self._tell(at, "gone", *match.local.key, match.local.file)
        elif match.local is None:
            self._not_here(at, match.entry, seen)
        elif compared.wanted is not None and compared.wanted.state == seen.state:
            self.same.add(at)
        else:
            self._differs(at, match.local, compared, seen)

    def _note(self, at: int, compared: Compared) -> None:
        """Takes the server's state for seen: what is here now is wanted instead of it."""
        entry, local, seen = compared.match.entry, compared.match.local, compared.match.seen
        self.noted.add(at)
        if seen is None:
            if entry is not None:
                del self.entries[entry.id]
        elif local is not None:
            self._settle(seen, local.file, compared.reading.refers)
        elif entry is not None:
            self._settle(seen, entry.file, entry.meant)
        if local is not None:
            self._tell(at, "noted", *local.key, local.file)
        elif entry is not None:
            self._tell(at, "noted", entry.folder, entry.name, "")

    def _not_here(self, at: int, entry: Entry | None, seen: ServerSegment) -> None:
        if entry is None or self.force or self.only is not None:
            self._take(at, None, entry, seen)
        elif entry.digest == seen.state.digest:
            self._tell(at, "deleted here", *seen.state.key, "")
        else:
            self.disputes[at] = ("deleted here, changed on the server", "")

    def _differs(self, at: int, local: Local, compared: Compared, seen: ServerSegment) -> None:
        entry, wanted = compared.match.entry, compared.wanted
        is_as_seen = (
            entry is not None and wanted is not None and entry.digest == wanted.state.digest
        )
        if self.force or (is_as_seen and not local.says_more):
            self._take(at, local, entry, seen)
        elif entry is not None and entry.digest == seen.state.digest:
            self._tell(at, "changed here", *local.key, local.file)
        elif is_as_seen:
            self._tell(at, "kept", *local.key, local.file)
            self.disputes[at] = ("changed on the server", local.file)
        else:
            why: Why = _UNSEEN if entry is None else "changed on both sides"
            self.disputes[at] = (why, local.file)

    def _take(self, at: int, local: Local | None, entry: Entry | None, seen: ServerSegment) -> None:
        state = seen.state
        source = state.source({})
        if source is not None and _compiled(source, {}) == (state.kind, state.rule):
            self.takes[at] = _Take(at, local, entry, seen)
            return
        why = "its source would not compile to the same rule"
        if source is None:
            why = f"the language has no words for a part of its rule: {state.without_words}"
        self._cannot(at, state.name, why)
        if local is not None:
            self.disputes[at] = ("changed on the server", local.file)

    # --- where it goes -----------------------------------------------------------------

    def _make_room(self) -> None:
        """Leaves what would come to the place of a segment that stays where it is here.

        Those that are taken go to their places together, as they did on the server.
        """
        stay = {
            each.match.local.key: each.match.local.file
            for at, each in enumerate(self.compared)
            if each.match.local is not None and at not in self.takes
        }
        while True:
            barred = [each for each in self.takes.values() if each.seen.state.key in stay]
            if not barred:
                return
            for each in barred:
                del self.takes[each.at]
                if each.local is not None:
                    stay[each.local.key] = each.local.file
                file = stay[each.seen.state.key]
                known = self.compared[each.at].match.entry is not None
                self.disputes[each.at] = (_NO_ROOM if known else _UNSEEN, file)

    def _find_paths(self) -> None:
        """A file that a pull made for one segment follows it; what is new gets one of its own."""
        movers = {at for at, each in self.takes.items() if self._follows(each)}
        left = {each.local.file for at, each in self.takes.items() if each.local and at in movers}
        folded = {fold(each) for each in left}
        taken = {fold(each) for each in self.workspace.paths} - folded
        for each in self.takes.values():
            if each.local is not None and each.at not in movers:
                each.path = each.local.file
                continue
            while not each.path:
                path = mirror_path(*each.seen.state.key, each.seen.id, taken, self.occupied)
                taken.add(fold(path))
                # Some systems would take it for the one that is to be removed.
                if fold(path) not in folded or path in left:
                    each.path = path
                elif each.local is not None and fold(each.local.file) == fold(path):
                    each.path = each.local.file
            if each.local is not None and each.path != each.local.file:
                self.removals.append(each.local.file)

    def _follows(self, take: _Take) -> bool:
        local, entry = take.local, take.entry
        if local is None or entry is None or take.seen.state.key == local.key:
            return False
        text = self.workspace.text(local.file)
        around = text[: local.place.start] + text[local.place.end :]
        if len(self.by_file[local.file]) > 1 or around.strip():
            return False
        others = {fold(each) for each in self.workspace.paths if each != local.file}
        return local.file == mirror_path(entry.folder, entry.name, entry.id, others, self.occupied)

    # --- what it says ------------------------------------------------------------------

    def _names_after(self) -> Names:
        """What names mean in the workspace once it is written."""
        here: list[NamedSegment] = [
            (*each.match.local.key, id_of(each.match))
            for at, each in enumerate(self.compared)
            if each.match.local is not None and at not in self.takes
        ]
        here += [(*each.seen.state.key, each.seen.id) for each in self.takes.values()]
        ours = {id for _, _, id in here}
        return Names(here, [each for each in on_server(self.server) if each[2] not in ours])

    def _write(self, take: _Take) -> None:
        state, local = take.seen.state, take.local
        names = {id: self.names.by_id[id] for id in state.refers_to if id in self.names.by_id}
        source = state.source(names)
        ids = {("segment", name): id for id, name in names.items()}
        if source is None or _compiled(source, ids) != (state.kind, state.rule):
            source, names = state.source({}), {}
        assert source is not None, "it was tried"
        if local is not None and take.path == local.file:
            edit = Edit(local.place, source.rstrip("\n"))
            self.edits.setdefault(take.path, []).append(edit)
        else:
            self.writes[take.path] = source
        self._settle(take.seen, take.path, {name: id for id, name in names.items()})
        self._tell(take.at, "new" if local is None else "changed", *state.key, take.path)

    def _respell(self, at: int, compared: Compared, local: Local) -> None:
        """Keeps what a segment refers to, where names are or have been given to others."""
        match, reading = compared.match, compared.reading
        asked = self._is_asked_for(match)
        # What had changed before is told and mended where it is asked for.
        leave = () if asked else [each.name for each in reading.shifts]
        made = respelling(local, self.workspace.text(local.file), reading, self.names, leave)
        if made.edits:
            self.edits.setdefault(local.file, []).extend(made.edits)
            self._tell(at, "respelled", *local.key, local.file)
        elif at in self.same:
            self._tell(at, "the same", *local.key, local.file)
        if at in self.same:
            assert match.seen is not None, "it is the same on both sides"
            self._settle(match.seen, local.file, made.refers)
        elif made.edits and match.entry is not None:
            # What both sides had has not changed, and neither has what its names mean.
            old = {name: id for name, id in match.entry.meant.items() if name not in reading.refers}
            refers, refers_in = parted({**old, **made.refers})
            entry = msgspec.structs.replace(match.entry, refers=refers, refers_in=refers_in)
            self.entries[match.entry.id] = entry
        if made.stale and match.entry is not None and match.seen is not None and asked:
            self.stale[at] = made.stale
            self.disputes.setdefault(at, (_SHIFTED, local.file))

    def _settle(self, seen: ServerSegment, file: str, meant: Mapping[ByName, str]) -> None:
        self.entries[seen.id] = entry_of(seen, file, self.names.by_id, meant)
        self.settled.add(seen.id)

    # --- what is told ------------------------------------------------------------------

    def _tell(self, at: int, what: Pulled, folder: Folder, name: str, file: str) -> None:
        self.items.append((at, Item(what, folder, name, file)))

    def _cannot(self, at: int, name: str, why: str) -> None:
        self.items.append((at, Item("left alone", (), name, "", why)))

    def _conflict(self, at: int) -> Conflict:
        """As the next pull tells it too: by the names that there are after this one."""
        why, file = self.disputes[at]
        compared = self.compared[at]
        seen = compared.match.seen
        assert seen is not None, "what is disputed is on the server"
        reading = Reading(compared.reading.ids, self.stale.get(at, ()))
        compared = msgspec.structs.replace(compared, reading=reading, instead=None)
        return conflict_of(why, seen.state.key, file, compared, self.meaning, self.names.by_id)


def _id_of_entry(of: Match) -> str | None:
    return None if of.entry is None else of.entry.id


def _compiled(source: str, ids: Ids) -> tuple[str, str] | None:
    """Kind and canonical rule of a source with one segment, in whichever layout holds it."""
    report = Report()
    tree = parse(Source("", source), report)
    segments = resolve(Program("", {"": tree}), report)
    if report.has_errors or len(segments) != 1:
        return None
    [segment] = segments
    rule = lower_in_any_layout(segment, report, ids=ids)
    if rule is None:
        return None
    return segment.kind, canonical_rule(encode(rule, pretty=False).encode())
