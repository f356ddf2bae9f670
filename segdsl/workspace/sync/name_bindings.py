"""What the names in a workspace mean, and what they meant when it was last seen.

A name means the resource of the workspace that has it, or else the one of the server that the
workspace does not have. Since a name can go to another resource on the server, the lock keeps
which id each name in a text meant: where it would mean another one by now, and nobody edited it
so here, that is a shift, which is followed only by request. Pure.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.segment_names import (
    SegmentNames,
    ids_by_name,
    index_names,
    names_by_id,
)
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ByName
from segdsl.workspace.kinds.resource import Server, Use
from segdsl.workspace.project.keys import Folder, Ref
from segdsl.workspace.project.lock import Entry, NameIds
from segdsl.workspace.sync.identity import Match


class Named(NamedTuple):
    """A resource by its name; the folder is None where none can name it."""

    ref: Ref
    folder: Folder | None
    name: str


class Names:
    """The names of resources, and which each means: the first of the groups that has it decides.

    A ref has the id of a resource of the server, or the symbolic id of one without an id.
    """

    def __init__(self, *groups: Iterable[Named]) -> None:
        self._ids: dict[str, dict[ByName, Sequence[str]]] = {}
        for group in groups:
            for kind, named in _by_kind(group).items():
                ids = self._ids.setdefault(kind, {})
                for name, found in index_names(named).items():
                    ids.setdefault(name, found)
        self.by_ref: dict[Ref, ByName] = {
            Ref(kind, id): name
            for kind, ids in self._ids.items()
            for id, name in names_by_id(ids).items()
        }
        """How each resource is named, where that means no other."""

    def of_kind(self, kind: str) -> dict[ByName, Sequence[str]]:
        """The ids of the resources of a kind by name."""
        return self._ids.get(kind, {})

    def ids(self, kind: str, name: ByName) -> Sequence[str]:
        return self.of_kind(kind).get(name, ())


def _by_kind(group: Iterable[Named]) -> dict[str, list[tuple[Folder | None, str, str]]]:
    kinds: dict[str, list[tuple[Folder | None, str, str]]] = {}
    for ref, folder, name in group:
        kinds.setdefault(ref.kind, []).append((folder, name, ref.id))
    return kinds


class Shift(msgspec.Struct, frozen=True):
    """A name in a resource that meant the id `was`, and would mean others (or none) now."""

    kind: str
    name: ByName
    was: str
    now: tuple[str, ...]

    @property
    def is_unique(self) -> bool:
        """Whether there is one that has the name now."""
        return len(self.now) == 1

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.was)


class Reading(msgspec.Struct, frozen=True):
    """What the names in one resource mean; those that are shifted mean what they did.

    Names that mean nothing are not among the `ids`.
    """

    ids: Ids = {}
    shifts: tuple[Shift, ...] = ()

    @property
    def name_ids(self) -> NameIds:
        """The same for the lock."""
        return dict(self.ids)


class NameBindings:
    """What names mean beside a server, by the matches of a workspace's resources with its own.

    `leaving` are the resources to be deleted: only where no other has the name does it mean one
    of those.
    """

    def __init__(
        self, matches: Sequence[Match], server: Server, leaving: Collection[Ref] = ()
    ) -> None:
        self.server = server
        self.matches: dict[Ref, Match] = {}
        """Every match by what refers to it."""
        local: list[Named] = []
        for match in matches:
            if match.local is not None:
                local.append(Named(match.ref, match.local.key.folder, match.local.key.name))
            self.matches[match.ref] = match
        self.local = frozenset(named.ref for named in local)
        self.remote = {named.ref: named for named in names_on_server(server)}
        others = [named for named in self.remote.values() if named.ref not in self.local]
        self.names = Names(
            local,
            [named for named in others if named.ref not in leaving],
            [named for named in others if named.ref in leaving],
        )

    def read(
        self, uses: Sequence[Use], entry: Entry | None, report: Report, *, force: bool
    ) -> Reading:
        """What the names in a resource mean; what means nothing, or several things, is reported.

        With `force` a name that is shifted means the resource that has it now.
        """
        known = {} if entry is None else entry.name_ids
        targets = dict.fromkeys(use.target for use in uses)
        shifts = [
            Shift(kind, name, known[kind, name], tuple(self.names.ids(kind, name)))
            for kind, name in targets
            if (kind, name) in known and self._is_shifted(kind, name, known[kind, name])
        ]
        ids: dict[tuple[str, ByName], str] = {}
        for kind in dict.fromkeys(use.kind for use in uses):
            ids.update(self._read_kind(kind, uses, shifts, report, force=force))
        return Reading(ids, tuple(shifts))

    def _read_kind(
        self,
        kind: str,
        uses: Iterable[Use],
        shifts: Iterable[Shift],
        report: Report,
        *,
        force: bool,
    ) -> dict[tuple[str, ByName], str]:
        """The ids of the names of one kind."""
        own = [shift for shift in shifts if shift.kind == kind]
        kept = {shift.name: shift.was for shift in own if not (force and _is_taken_over(shift))}
        # Where all that have the name are the workspace's, it has to say itself which is meant.
        ambiguous = {
            shift.name
            for shift in own
            if len(shift.now) > 1 and self.local >= {Ref(kind, id) for id in shift.now}
        }
        known: SegmentNames = self.names.of_kind(kind)
        if kept:
            previous: dict[ByName, Sequence[str]] = {
                name: [id] for name, id in kept.items() if name not in ambiguous
            }
            known = ChainMap(previous, self.names.of_kind(kind))
        places = ((use.name, use.span, use.via) for use in uses if use.kind == kind)
        ids = ids_by_name(kind, places, known, report)
        ids.update({(kind, name): id for name, id in kept.items()})
        return ids

    def _is_shifted(self, kind: str, name: ByName, was: str) -> bool:
        now = self.names.ids(kind, name)
        if list(now) == [was] or Ref(kind, was) not in self.remote:
            return False
        # Renamed here, and nothing has the name: that is for the workspace to fix.
        return bool(now) or not self._is_lost_here(name, Ref(kind, was))

    def _is_lost_here(self, name: ByName, ref: Ref) -> bool:
        match = self.matches.get(ref)
        if match is None or match.entry is None:
            return False
        names: tuple[ByName, ...] = c.spellings(match.entry.folder, match.entry.name)
        if match.server is not None:
            # One that is said to have moved here has its new place in the lock already.
            names += c.spellings(*match.server.state.key.place)
        if name not in names:
            return False
        return match.local is None or name not in c.spellings(*match.local.key.place)

    def describe(self, shift: Shift) -> str:
        """A shift in a sentence."""
        sentence = f"{reference(shift.name, shift.kind)} meant #{shift.was}"
        remote = self.remote.get(shift.ref)
        there = shift.name
        if remote is not None:
            there = _spelled_like(shift.name, remote.folder, remote.name)
        match = self.matches.get(shift.ref)
        if there != shift.name:
            sentence += f", which is {reference(there, shift.kind)} on the server now"
        elif (
            match is not None
            and match.local is not None
            and self._is_lost_here(shift.name, shift.ref)
        ):
            here = _spelled_like(shift.name, match.local.key.folder, match.local.key.name)
            sentence += f", which is {reference(here, shift.kind)} here now"
        match shift.now:
            case ():
                return sentence
            case [id]:
                other = "one that is new here" if is_symbolic(id) else f"#{id}"
                return f"{sentence}; it would mean {other}"
            case several:
                return f"{sentence}; {len(several)} {shift.kind}s have that name now"


def _spelled_like(name: ByName, folder: Folder | None, other: str) -> ByName:
    """Another resource's name, with its folder where `name` has one."""
    if name.parent is None or folder is None:
        return ByName(other)
    return c.spellings(folder, other)[1]


def _is_taken_over(shift: Shift) -> bool:
    """Whether anything else has the name now, and the old one has not."""
    return len(shift.now) == 1 or (len(shift.now) > 1 and shift.was not in shift.now)


def names_on_server(server: Server) -> Iterator[Named]:
    """Every resource of a server by its name there."""
    for ref, each in server.resources.items():
        yield Named(ref, each.state.folder, each.state.name)
    for unmanaged in server.unmanaged:
        if unmanaged.id:
            yield Named(unmanaged.ref, None, unmanaged.name)
