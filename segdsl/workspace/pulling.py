"""What a pull writes: the server's segments as source, where nothing of the workspace is lost.

A segment that differs is taken over only where the workspace has it as it was last seen, and
only where its text says no more than its rule (comments and definitions would be lost).
Anything else stays, and is told. Pure: the files to write come out as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf

import msgspec

from segdsl.api.sameness import canonical_rule
from segdsl.diagnostics import Report
from segdsl.lower import lower
from segdsl.lower.references import Ids
from segdsl.resolve import Program, resolve
from segdsl.rule.model import encode
from segdsl.source import Source
from segdsl.syntax.parser import parse
from segdsl.values import ByName
from segdsl.workspace.local import Local, Workspace
from segdsl.workspace.lock import Entry, Lock
from segdsl.workspace.mirror import fold, mirror_path
from segdsl.workspace.plan import Conflict, Why
from segdsl.workspace.planning import Compared, compare, entry_of
from segdsl.workspace.server import Seen, Server
from segdsl.workspace.state import State

Pulled = OneOf[
    "new", "changed", "the same", "changed here", "deleted here", "gone", "kept", "left alone"
]
"""`gone` is what the server has no more; `kept` is what has comments or definitions of its own;
`left alone` is what no source can hold."""

_UNSEEN: Why = "on both sides, and never seen together"


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
) -> Pull:
    """What to write. `only` are the ids of the segments that a person named.

    With `force`, or named, a segment that was deleted here comes back; with `force` what
    differs is taken from the server, whatever is here.
    """
    # What does not compile here is none of a pull's business: it counts as changed here.
    compared = compare(workspace.segments, lock, server, Report(), "v5")
    pulling = _Pulling(workspace, lock, server, only, force)
    for each in compared:
        pulling.look(each)
    for segment in server.nameless:
        if only is None or segment.id in only:
            pulling.cannot(segment.name, "no `folder` clause can name its folder")
    return pulling.result(parent_segment)


class _Pulling:
    def __init__(
        self,
        workspace: Workspace,
        lock: Lock,
        server: Server,
        only: frozenset[str] | None,
        force: bool,
    ) -> None:
        self.workspace = workspace
        self.server = server
        self.names = server.names
        self.ids = {("segment", ByName(name)): id for id, name in self.names.items()}
        self.only = only
        self.force = force
        self.entries = dict(lock.by_id)
        self.taken = {fold(each) for each in workspace.paths}
        self.here = {each.key: each.file for each in workspace.segments}
        """The file of each place that is taken in the workspace."""
        self.by_file: dict[str, list[Local]] = {}
        for each in workspace.segments:
            self.by_file.setdefault(each.file, []).append(each)
        self.edits: dict[str, list[tuple[Local, str]]] = {}
        self.writes: dict[str, str] = {}
        self.removals: list[str] = []
        self.items: list[Item] = []
        self.conflicts: list[Conflict] = []

    def result(self, parent_segment: str) -> Pull:
        for file, edits in self.edits.items():
            text = self.workspace.text(file)
            for local, source in sorted(edits, key=lambda each: -each[0].place.start):
                text = text[: local.place.start] + source.rstrip("\n") + text[local.place.end :]
            self.writes[file] = text
        lock = Lock().with_entries(parent_segment, self.entries.values())
        return Pull(
            self.writes, tuple(self.removals), tuple(self.items), tuple(self.conflicts), lock
        )

    def look(self, compared: Compared) -> None:
        match, seen = compared.match, compared.match.seen
        id = match.entry.id if match.entry is not None else None
        id = seen.id if seen is not None else id
        if self.only is not None and id not in self.only:
            return
        if seen is None:
            if match.local is None:
                assert match.entry is not None, "a match has one side at least"
                del self.entries[match.entry.id]
            elif match.entry is not None:
                self._tell("gone", *match.local.key, match.local.file)
            return
        if match.local is None:
            self._not_here(match.entry, seen)
        elif compared.wanted is not None and compared.wanted.state == seen.state:
            self._settle(seen, match.local.file)
            self._tell("the same", *seen.state.key, match.local.file)
        else:
            wanted = None if compared.wanted is None else compared.wanted.state
            self._differs(match.local, wanted, match.entry, seen)

    # --- one segment -------------------------------------------------------------------

    def _not_here(self, entry: Entry | None, seen: Seen) -> None:
        asked = self.force or self.only is not None
        if seen.state.key in self.here:
            # Another segment has this place here, and nobody knows which is meant.
            self._dispute(_UNSEEN, entry, None, seen, self.here[seen.state.key])
        elif entry is None or asked:
            self._write_new(seen)
        elif entry.digest == seen.state.digest:
            self._tell("deleted here", *seen.state.key, "")
        else:
            self._dispute("deleted here, changed on the server", entry, None, seen, entry.file)

    def _write_new(self, seen: Seen) -> None:
        source = self._source(seen)
        if source is None:
            return
        path = mirror_path(*seen.state.key, seen.id, self.taken)
        self.taken.add(fold(path))
        self.here[seen.state.key] = path
        self.writes[path] = source
        self._settle(seen, path)
        self._tell("new", *seen.state.key, path)

    def _differs(self, local: Local, wanted: State | None, entry: Entry | None, seen: Seen) -> None:
        is_as_seen = entry is not None and wanted is not None and entry.digest == wanted.digest
        if self.force or (is_as_seen and not local.says_more):
            self._replace(local, entry, seen)
        elif entry is not None and entry.digest == seen.state.digest:
            self._tell("changed here", *local.key, local.file)
        elif is_as_seen:
            self._tell("kept", *local.key, local.file)
            self._dispute("changed on the server", entry, wanted, seen, local.file)
        else:
            why: Why = _UNSEEN if entry is None else "changed on both sides"
            self._dispute(why, entry, wanted, seen, local.file)

    def _replace(self, local: Local, entry: Entry | None, seen: Seen) -> None:
        if seen.state.key != local.key and seen.state.key in self.here:
            self._dispute(_UNSEEN, entry, None, seen, self.here[seen.state.key])
            return
        source = self._source(seen)
        if source is None:
            return
        del self.here[local.key]
        path = self._moved_path(local, entry, seen)
        self.here[seen.state.key] = path
        if path == local.file:
            self.edits.setdefault(path, []).append((local, source))
        else:
            self.taken.add(fold(path))
            self.writes[path] = source
            self.removals.append(local.file)
        self._settle(seen, path)
        self._tell("changed", *seen.state.key, path)

    def _moved_path(self, local: Local, entry: Entry | None, seen: Seen) -> str:
        """Where the file goes: a file that a pull made for one segment follows it."""
        text = self.workspace.text(local.file)
        alone = (
            len(self.by_file[local.file]) == 1
            and (text[: local.place.start] + text[local.place.end :]).isspace()
        )
        if entry is None or not alone:
            return local.file
        others = self.taken - {fold(local.file)}
        if local.file != mirror_path(entry.folder, entry.name, entry.id, others):
            return local.file
        return mirror_path(*seen.state.key, seen.id, others)

    def _settle(self, seen: Seen, file: str) -> None:
        self.entries[seen.id] = entry_of(seen, file, self.names)

    def _tell(self, what: Pulled, folder: tuple[str, ...], name: str, file: str) -> None:
        self.items.append(Item(what, folder, name, file))

    def _dispute(
        self, why: Why, entry: Entry | None, here: State | None, seen: Seen, file: str
    ) -> None:
        self.conflicts.append(
            Conflict(
                why,
                *seen.state.key,
                file,
                seen.id,
                None if entry is None else entry.source or None,
                None if here is None else here.source(self.names),
                seen.state.source(self.names),
            )
        )

    # --- source ------------------------------------------------------------------------

    def _source(self, seen: Seen) -> str | None:
        """The segment as source that compiles to it again; None where there is none."""
        state = seen.state
        source = state.source(self.names)
        if source is None:
            self.cannot(state.name, "the language has no words for a part of its rule")
        elif _compiled(source, self.ids) != (state.kind, state.rule):
            self.cannot(state.name, "its source would not compile to the same rule")
        else:
            return source
        return None

    def cannot(self, name: str, why: str) -> None:
        self.items.append(Item("left alone", (), name, "", why))


def _compiled(source: str, ids: Ids) -> tuple[str, str] | None:
    """Kind and canonical rule of a source with one segment, in whichever layout holds it."""
    report = Report()
    tree = parse(Source("", source), report)
    segments = resolve(Program("", {"": tree}), report)
    if report.has_errors or len(segments) != 1:
        return None
    [segment] = segments
    rule = lower(segment, Report(), ids=ids) or lower(segment, report, layout="nested", ids=ids)
    if rule is None:
        return None
    return segment.kind, canonical_rule(encode(rule, pretty=False).encode())
