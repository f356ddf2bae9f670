"""Which segment of the workspace is which on the server, and how it was last seen there.

By place first, then by what the lock remembers: a segment that was moved or renamed on
either side stays the same segment. A guess is made only where there is one candidate
and nothing but the place or the name differs. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.condition.tree import Segment
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import Rule
from segdsl.source import Source
from segdsl.workspace.project.lock import Entry, Lock
from segdsl.workspace.sync.local import Local
from segdsl.workspace.sync.server import Server, ServerSegment


class Match(msgspec.Struct, frozen=True):
    """One segment on up to three sides; at least one is there.

    `is_left_alone` is one that the server has, but not so that it can be `seen`.
    """

    local: Local | None = None
    entry: Entry | None = None
    seen: ServerSegment | None = None
    is_left_alone: bool = False


def matched(local: Sequence[Local], lock: Lock, server: Server) -> list[Match]:
    """Every segment of the three sides once, those of the workspace first and in its order."""
    return _Matching(local, lock, server).matches()


class _Matching:
    """Pairs what is left of each side, in passes from the surest to the last."""

    def __init__(self, local: Sequence[Local], lock: Lock, server: Server) -> None:
        self.local = local
        self.server = server
        self.by_key = server.by_key
        self.left_alone = server.left_alone_ids
        self.entries = lock.by_id
        self.ids: dict[int, str] = {}
        """The id of each segment of the workspace that has one, by its index."""
        self.taken: set[str] = set()

    def matches(self) -> list[Match]:
        self._same_place_as_last_seen()
        self._same_place_as_now()
        self._moved()
        self._renamed()
        found = [self._match(each, self.ids.get(index)) for index, each in enumerate(self.local)]
        rest = [id for id in (*self.entries, *self.server.segments) if id not in self.taken]
        return found + [self._match(None, id) for id in dict.fromkeys(rest)]

    def _match(self, local: Local | None, id: str | None) -> Match:
        if id is None:
            return Match(local)
        seen = self.server.segments.get(id)
        return Match(local, self.entries.get(id), seen, id in self.left_alone)

    def _pair(self, index: int, id: str) -> None:
        self.ids[index] = id
        self.taken.add(id)

    def _open(self) -> list[tuple[int, Local]]:
        return [(at, each) for at, each in enumerate(self.local) if at not in self.ids]

    def _free(self) -> list[Entry]:
        """Entries that nothing is paired with, and whose segment is still there."""
        return [
            each
            for id, each in self.entries.items()
            if id not in self.taken and id in self.server.segments
        ]

    def _same_place_as_last_seen(self) -> None:
        # Of two of one place (a merge kept both, or one was deleted here) the one is meant that is
        # still on the server, in a file, and at that place.
        listed = sorted(self.entries.values(), key=self._likely)
        by_key = {(each.folder, each.name): each for each in listed}
        for index, each in self._open():
            entry = by_key.get(each.key)
            if entry is None or entry.id in self.taken:
                continue
            now = self.by_key.get(each.key)
            gone = entry.id not in self.server.segments
            if gone and now is not None and now.id not in self.entries:
                # Deleted and made again by somebody: what is there now is the one.
                continue
            self._pair(index, entry.id)

    def _likely(self, entry: Entry) -> tuple[bool, bool, bool]:
        seen = self.server.segments.get(entry.id)
        is_there = seen is not None and seen.state.key == (entry.folder, entry.name)
        return seen is not None, entry.file != "", is_there

    def _same_place_as_now(self) -> None:
        for index, each in self._open():
            seen = self.by_key.get(each.key)
            if seen is not None and seen.id not in self.taken:
                self._pair(index, seen.id)

    def _moved(self) -> None:
        """To another folder, with the same name."""
        self._only_ones(lambda local: local.segment.name, lambda entry: entry.name)

    def _renamed(self) -> None:
        """With the same condition, which no other segment that is left has."""
        if self._open() and self._free():
            self._only_ones(lambda local: _meaning(local.segment), _meaning_of_entry)

    def _only_ones(
        self, of_local: Callable[[Local], object], of_entry: Callable[[Entry], object]
    ) -> None:
        """Pairs those of which there is one on each side with a feature."""
        locals: dict[object, list[int]] = {}
        for index, each in self._open():
            locals.setdefault(of_local(each), []).append(index)
        entries: dict[object, list[str]] = {}
        for entry in self._free():
            entries.setdefault(of_entry(entry), []).append(entry.id)
        for feature, indexes in locals.items():
            ids = entries.get(feature, [])
            if feature is not None and len(indexes) == 1 and len(ids) == 1:
                self._pair(indexes[0], ids[0])


def _meaning(of: Segment) -> tuple[str, Rule] | None:
    """Kind and rule, with the names of others in the place of ids."""
    rule = lower(of, Report(), symbolic=True)
    return None if rule is None else (of.kind, normalise(rule))


def _meaning_of_entry(of: Entry) -> tuple[str, Rule] | None:
    report = Report()
    tree = parse(Source(of.id, of.source), report)
    segments = resolve(Program(of.id, {of.id: tree}), report)
    return None if report.has_errors or len(segments) != 1 else _meaning(segments[0])
