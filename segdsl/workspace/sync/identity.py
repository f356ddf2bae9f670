"""Which resource of the workspace is which on the server, and its last seen state there.

By place first, then by what the lock has: a resource that was moved or renamed on either side
stays the same resource. A guess is made only where there is one candidate and nothing but the
place or the name differs. What belongs to another resource is matched once it is known which that
one is: see `segdsl.workspace.sync.ownership`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from segdsl.workspace.kinds.registry import Kinds
from segdsl.workspace.kinds.resource import LocalResource, Server, ServerResource
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import Entry, Lock


class Match(msgspec.Struct, frozen=True):
    """One resource on up to three sides; at least one is there.

    `ref` has its id, or the symbolic id of one that is not on the server yet. `is_unmanaged` is
    one that the server has in a form that no file can hold.
    """

    ref: Ref
    local: LocalResource | None = None
    entry: Entry | None = None
    server: ServerResource | None = None
    is_unmanaged: bool = False


def match_resources(
    local: Sequence[LocalResource], lock: Lock, server: Server, kinds: Kinds
) -> list[Match]:
    """Every resource of the three sides once, those of the workspace first and in its order;
    without those that belong to others."""
    return Matching(
        [each for each in local if not kinds[each.key.kind].is_owned],
        # Entries of a kind that this version does not have stay in the lock as they are.
        [each for each in lock.entries if each.kind in kinds and not kinds[each.kind].is_owned],
        [each for each in server.resources.values() if each.state.owner is None],
        server,
        kinds,
    ).matches()


class Matching:
    """Pairs what is left of each side, in passes from the surest to the last.

    `entries` and `there` are those of the lock and of the server that may be paired.
    """

    def __init__(
        self,
        local: Sequence[LocalResource],
        entries: Iterable[Entry],
        there: Iterable[ServerResource],
        server: Server,
        kinds: Kinds,
    ) -> None:
        self.local = local
        self.kinds = kinds
        self.there = {each.ref: each for each in there}
        self.by_key = {each.state.key: each for each in self.there.values()}
        self.unmanaged = server.unmanaged_by_ref
        self.entries = {entry.ref: entry for entry in entries}
        self.refs: dict[int, Ref] = {}
        """The ref of each resource of the workspace that has an id, by its index."""
        self.taken: set[Ref] = set()

    def matches(self) -> list[Match]:
        self._same_place_as_last_seen()
        self._same_place_as_now()
        self._moved()
        self._renamed()
        return self.all_matches()

    def all_matches(self) -> list[Match]:
        """Every resource once, as far as they are paired."""
        found = [self._match(each, self.refs.get(index)) for index, each in enumerate(self.local)]
        rest = [ref for ref in (*self.entries, *self.there) if ref not in self.taken]
        return found + [self._match(None, ref) for ref in dict.fromkeys(rest)]

    def _match(self, local: LocalResource | None, ref: Ref | None) -> Match:
        if ref is None:
            assert local is not None, "what has no id is in the workspace"
            return Match(local.key.symbolic_ref, local)
        server = self.there.get(ref)
        entry, is_unmanaged = self.entries.get(ref), ref in self.unmanaged
        if server is None and local is not None and not is_unmanaged:
            # It is gone from the server, and would be created again.
            return Match(local.key.symbolic_ref, local, entry)
        return Match(ref, local, entry, server, is_unmanaged)

    def pair(self, index: int, ref: Ref) -> None:
        self.refs[index] = ref
        self.taken.add(ref)

    def open(self) -> list[tuple[int, LocalResource]]:
        return [(index, each) for index, each in enumerate(self.local) if index not in self.refs]

    def free(self) -> list[Entry]:
        """Entries that nothing is paired with, and whose resource is still there."""
        return [
            entry
            for ref, entry in self.entries.items()
            if ref not in self.taken and ref in self.there
        ]

    def _same_place_as_last_seen(self) -> None:
        # Of two of one place (a merge kept both, or one was deleted here) the one is meant that is
        # still on the server, in a file, and at that place.
        by_key = {entry.key: entry for entry in sorted(self.entries.values(), key=self._likelihood)}
        for index, each in self.open():
            entry = by_key.get(each.key)
            if entry is None or entry.ref in self.taken:
                continue
            now = self.by_key.get(each.key)
            is_gone = entry.ref not in self.there
            if is_gone and now is not None and now.ref not in self.entries:
                # Deleted and created again by somebody: what is there now is the one.
                continue
            self.pair(index, entry.ref)

    def _likelihood(self, entry: Entry) -> tuple[bool, bool, bool]:
        server = self.there.get(entry.ref)
        is_there = server is not None and server.state.key == entry.key
        return server is not None, entry.file != "", is_there

    def _same_place_as_now(self) -> None:
        for index, each in self.open():
            server = self.by_key.get(each.key)
            if server is not None and server.ref not in self.taken:
                self.pair(index, server.ref)

    def _moved(self) -> None:
        """To another folder, with the same name."""
        self.pair_unique(lambda local: local.key.name, lambda entry: entry.name)

    def _renamed(self) -> None:
        """With the same content, which no other resource that is left has."""
        if self.open() and self.free():
            self.pair_unique(
                lambda local: self.kinds[local.key.kind].fingerprint(local),
                lambda entry: self.kinds[entry.kind].source_fingerprint(entry.source),
            )

    def pair_unique(
        self,
        local_feature: Callable[[LocalResource], object],
        entry_feature: Callable[[Entry], object],
    ) -> None:
        """Pairs those of which there is one on each side with a feature."""
        locals: dict[tuple[str, object], list[int]] = {}
        for index, each in self.open():
            locals.setdefault((each.key.kind, local_feature(each)), []).append(index)
        entries: dict[tuple[str, object], list[Ref]] = {}
        for entry in self.free():
            entries.setdefault((entry.kind, entry_feature(entry)), []).append(entry.ref)
        for feature, indexes in locals.items():
            refs = entries.get(feature, [])
            if feature[1] is not None and len(indexes) == 1 and len(refs) == 1:
                self.pair(indexes[0], refs[0])
