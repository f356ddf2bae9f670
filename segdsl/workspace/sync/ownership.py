"""Which resource that belongs to another one, as an activation to its segment, is which.

It is known by what it belongs to and by its name there. What it belongs to keeps its id when it is
renamed, so that what belongs to it stays the same, too. Nothing moves from one owner to another:
that is one resource less, and a new one. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.diagnostics import Code, Note, Report
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ById, ByName
from segdsl.workspace.kinds.registry import Kinds
from segdsl.workspace.kinds.resource import LocalResource, Owner, Server
from segdsl.workspace.project.keys import FUNNEL, STAGE, Folder, Ref
from segdsl.workspace.project.lock import Entry, Lock
from segdsl.workspace.sync.identity import Match, Matching
from segdsl.workspace.sync.name_bindings import NameBindings

_LOOK_UP = {STAGE: "segdsl schema pull"}
"""The command that shows the ids of a kind, where `segdsl list` does not."""


def match_owned(
    local: Sequence[LocalResource],
    lock: Lock,
    server: Server,
    kinds: Kinds,
    bindings: NameBindings,
    report: Report,
    *,
    force: bool = False,
) -> list[Match]:
    """Every resource of the three sides that belongs to another, once.

    `bindings` has what names mean. With `force` the owner is what has the name now. Two of one
    name and owner are reported.
    """
    owned = [each for each in local if kinds[each.key.kind].is_owned]
    return _Ownership(owned, lock, server, kinds, bindings, report, force).matches()


class _Ownership:
    def __init__(
        self,
        local: Sequence[LocalResource],
        lock: Lock,
        server: Server,
        kinds: Kinds,
        bindings: NameBindings,
        report: Report,
        force: bool,
    ) -> None:
        self.bindings = bindings
        self.force = force
        self.kinds = kinds
        self.report = report
        entries = [entry for entry in lock.entries if entry.kind in kinds]
        entries = [entry for entry in entries if kinds[entry.kind].is_owned]
        there = [each for each in server.resources.values() if each.state.owner is not None]
        self.matching = Matching(local, entries, there, server, kinds)
        self.by_name: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            self.by_name.setdefault((entry.kind, entry.name), []).append(entry)
        self.by_site = {each.state.site: each.ref for each in there}
        owners = {each.ref: each.state.owner for each in there}
        self.by_last = {
            (entry.kind, owners[entry.ref], entry.name): entry.ref
            for entry in sorted(entries, key=lambda entry: entry.file != "")
            if entry.ref in owners
        }
        """What the lock has, by owner and name, of what is still on the server."""
        self.owners: list[Ref | None] = [None] * len(local)
        self.places: dict[int, Folder | None] = {}
        self.first: dict[tuple[str, Ref, str], LocalResource] = {}

    def matches(self) -> list[Match]:
        shifted = []
        for index, each in self.matching.open():
            owner = _owner(each)
            now, last = self._now(owner), self._last(each, owner)
            if now is not None and (last in (None, now) or self.force):
                self._belongs(index, each, now)
            else:
                shifted.append((index, each, now, last))
        for index, each, now, last in shifted:
            # Its name may mean something else by now: the plan says so, and follows it on request.
            is_free = last is not None and (each.key.kind, last, each.key.name) not in self.first
            owner_ref = last if is_free else now
            if owner_ref is not None:
                self._belongs(index, each, owner_ref)
        self._gone()
        self._renamed()
        return [self._placed(match) for match in self.matching.all_matches()]

    def _placed(self, match: Match) -> Match:
        """The match with its resource of a file at its owner's place, wherever that is."""
        local = match.local
        place = None if local is None else self.places.get(id(local))
        if local is None or place is None:
            return match
        key = local.key._replace(folder=place)
        local = msgspec.structs.replace(local, key=key)
        has_no_id = match.server is None and not match.is_unmanaged
        return msgspec.structs.replace(
            match, local=local, ref=key.symbolic_ref if has_no_id else match.ref
        )

    def _now(self, owner: Owner) -> Ref | None:
        """What the owner's name means; None where it means nothing, or several things."""
        match owner.target:
            case ById(id):
                return Ref(owner.kind, id)
            case ByName() as name:
                ids = self.bindings.names.ids(owner.kind, name)
                return Ref(owner.kind, ids[0]) if len(ids) == 1 else None

    def _last(self, local: LocalResource, owner: Owner) -> Ref | None:
        """What the name meant when it was last seen, where that is still on the server."""
        if not isinstance(owner.target, ByName):
            return None
        entries = self.by_name.get((local.key.kind, local.key.name), ())
        ids = {entry.name_ids.get((owner.kind, owner.target)) for entry in entries}
        refs = {Ref(owner.kind, id) for id in ids if id is not None}
        refs = {ref for ref in refs if ref in self.bindings.remote}
        return refs.pop() if len(refs) == 1 else None

    def _belongs(self, index: int, local: LocalResource, owner: Ref) -> None:
        """Pairs a resource with that of its name and owner, if the server has it."""
        self.owners[index] = owner
        self.places[id(local)] = self.bindings.place(owner)
        site = (local.key.kind, owner, local.key.name)
        first = self.first.setdefault(site, local)
        if first is not local:
            self._report_duplicate(first, local, owner)
            return
        for ref in (self.by_last.get(site), self.by_site.get(site)):
            if ref is not None and ref not in self.matching.taken:
                self.matching.pair(index, ref)
                return

    def _gone(self) -> None:
        """Pairs those that are not on the server any more with their entries, by place."""
        gone = {
            entry.key: entry.ref
            for entry in self.matching.entries.values()
            if entry.ref not in self.matching.there
        }
        for index, each in self.matching.open():
            ref = gone.get(each.key)
            if ref is not None and ref not in self.matching.taken:
                self.matching.pair(index, ref)

    def _renamed(self) -> None:
        """Pairs those with the same owner and content, which no other that is left has."""
        if not (self.matching.open() and self.matching.free()):
            return
        owners = {
            id(each): owner for each, owner in zip(self.matching.local, self.owners, strict=True)
        }

        def local_feature(local: LocalResource) -> object:
            found = self.kinds[local.key.kind].fingerprint(local)
            owner = owners[id(local)]
            return None if found is None or owner is None else (owner, found)

        def entry_feature(entry: Entry) -> object:
            found = self.kinds[entry.kind].source_fingerprint(entry.source)
            owner = self.matching.there[entry.ref].state.owner
            return None if found is None else (owner, found)

        self.matching.pair_unique(local_feature, entry_feature)

    def _report_duplicate(self, first: LocalResource, second: LocalResource, owner: Ref) -> None:
        self.report.add(
            Code.SEG111,
            second.span,
            f"another {second.key.kind} of the same {owner.kind} is named "
            f"{string(second.key.name)} too",
            help="give it another name",
            notes=(Note("the first one", first.span),),
        )


def report_missing_owner(local: LocalResource, server: Server, report: Report) -> None:
    """Reports a resource that belongs to an id which the server does not have.

    Nothing is said of a kind that the server does not offer, or of which it has some that cannot
    be read.
    """
    owner = local.owner
    if owner is None or not isinstance(owner.target, ById):
        return
    whole = FUNNEL if owner.kind == STAGE else owner.kind
    if whole in server.unreadable:
        return
    if any(of.kind == whole and (of.state is None or not of.id) for of in server.unmanaged):
        return
    parts = (part.ref for state in server.states.values() for part in state.parts)
    if Ref(owner.kind, owner.target.id) in {*server.states, *parts}:
        return
    report.add(
        Code.SEG304,
        owner.span or local.span,
        f"no {owner.kind} on the server has the id #{owner.target.id}",
        help=f"refer to the {owner.kind} by its name, or look up its id with "
        f"`{_LOOK_UP.get(owner.kind, 'segdsl list')}`",
    )


def _owner(local: LocalResource) -> Owner:
    assert local.owner is not None, "it belongs to another"
    return local.owner
