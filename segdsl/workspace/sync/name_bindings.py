"""What the names in a workspace mean, and what they meant when it was last seen.

A name means the resource of the workspace that has it, or else the one of the server that the
workspace does not have. Since a name can go to another resource on the server, the lock keeps
which id each name in a text meant: where it would mean another one by now, and nobody edited it
so here, that is a shift, which is followed only by request. A part of a resource, as a stage of
a funnel, is named as a resource is, with the resource's name behind its own. Pure.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.segment_names import (
    SegmentNames,
    ids_by_name,
    names_by_id,
)
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ByName
from segdsl.workspace.kinds.resource import Server, Unmanaged, Use
from segdsl.workspace.project.keys import WHOLES, Folder, Key, Part, Ref
from segdsl.workspace.project.lock import Entry, NameIds
from segdsl.workspace.sync.identity import Match


class Named(NamedTuple):
    """A resource, or a part of one, by the ways to name it, the shortest first."""

    ref: Ref
    names: tuple[ByName, ...]

    @classmethod
    def of(cls, ref: Ref, folder: Folder | None, name: str) -> Named:
        """A resource; the folder is None where none can name it."""
        return cls(ref, (ByName(name),) if folder is None else c.spellings(folder, name))

    @classmethod
    def parts_of(cls, name: str, parts: Iterable[Part]) -> Iterator[Named]:
        """The parts of a resource with that name."""
        return (cls(part.ref, (ByName(part.name, name),)) for part in parts)


class Names:
    """The names of resources, and which each means: the first of the groups that has it decides.

    A ref has the id of a resource of the server, or the symbolic id of one without an id.
    """

    def __init__(self, *groups: Iterable[Named]) -> None:
        self._ids: dict[str, dict[ByName, Sequence[str]]] = {}
        for group in groups:
            for kind, found in _by_kind(group).items():
                self._ids[kind] = {**found, **self._ids.get(kind, {})}
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


def _by_kind(group: Iterable[Named]) -> dict[str, dict[ByName, list[str]]]:
    """The ids by name, of each kind."""
    kinds: dict[str, dict[ByName, list[str]]] = {}
    for ref, names in group:
        ids = kinds.setdefault(ref.kind, {})
        for name in names:
            ids.setdefault(name, []).append(ref.id)
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

    `parts` has the parts of the resources in files, by what refers to these. `leaving` are the
    resources to be deleted: only where no other has the name does it mean one of those, or a part
    of one. What belongs to others is not among the matches: no name means it.
    """

    def __init__(
        self,
        matches: Sequence[Match],
        server: Server,
        parts: Mapping[Ref, Sequence[Part]],
        leaving: Collection[Ref] = (),
    ) -> None:
        self.server = server
        self.matches: dict[Ref, Match] = {}
        """Every match by what refers to it, or to a part of it."""
        self.parts = parts
        local: list[Named] = []
        for match in matches:
            self.matches[match.ref] = match
            self.matches.update({part.ref: match for part in _last_parts(match)})
        for match in matches:
            if match.local is not None:
                local += named_here(match.ref, match.local.key, parts.get(match.ref, ()))
                self.matches.update({part.ref: match for part in parts.get(match.ref, ())})
        here = {match.ref for match in matches if match.local is not None}
        self.local = frozenset(named.ref for named in local)
        self.remote: dict[Ref, Named] = {}
        others: list[Named] = []
        last: list[Named] = []
        for ref, names in names_on_server(server):
            self.remote.update({named.ref: named for named in names})
            # A part that a resource of the workspace has no more means nothing.
            if ref not in here:
                (last if ref in leaving else others).extend(names)
        self.names = Names(local, others, last)

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
        places = [(use.name, use.span, use.via) for use in uses if use.kind == kind]
        error = self.server.unreadable.get(WHOLES.get(kind, kind))
        if error is not None:
            for name, span, via in places:
                if not known.get(name):
                    report.add(
                        Code.SEG304,
                        span,
                        f"cannot look up the {kind} {reference(name, kind)}: {error.message}",
                        help="try again later, or use its id (`#1234`)"
                        if error.retryable
                        else "use its id (`#1234`), or run `segdsl schema pull` with a key that "
                        f"may list {kind}s",
                        via=via,
                    )
            places = [each for each in places if known.get(each[0])]
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
        entry = match.entry
        names = _names_of(ref, named_here(entry.ref, entry.key, entry.part_list))
        if match.server is not None:
            # One that is said to have moved here has its new place in the lock already.
            state = match.server.state
            names += _names_of(ref, named_here(match.server.ref, state.key, state.parts))
        return name in names and name not in self._names_here(ref)

    def _names_here(self, ref: Ref) -> tuple[ByName, ...]:
        """The ways to name a resource, or a part of one, in the workspace."""
        match = self.matches.get(ref)
        if match is None or match.local is None:
            return ()
        parts = self.parts.get(match.ref, ())
        return _names_of(ref, named_here(match.ref, match.local.key, parts))

    def place(self, ref: Ref) -> Folder | None:
        """Folder and name of a resource, or of a part of one behind the resource's: as in the
        workspace, or else as on the server; None where neither has it."""
        match = self.matches.get(ref)
        if match is None:
            return None
        if match.local is not None:
            key, parts = match.local.key, self.parts.get(match.ref, ())
        elif match.server is not None:
            key, parts = match.server.state.key, match.server.state.parts
        else:
            return None
        names = {part.ref: (part.name,) for part in parts}
        return (*key.folder, key.name, *names.get(ref, ()))

    def describe(self, shift: Shift) -> str:
        """A shift in a sentence."""
        sentence = f"{reference(shift.name, shift.kind)} meant #{shift.was}"
        remote = self.remote.get(shift.ref)
        there = shift.name
        if remote is not None:
            there = _spelled_like(shift.name, remote.names)
        here = self._names_here(shift.ref)
        if there != shift.name:
            sentence += f", which is {reference(there, shift.kind)} on the server now"
        elif here and self._is_lost_here(shift.name, shift.ref):
            sentence += (
                f", which is {reference(_spelled_like(shift.name, here), shift.kind)} here now"
            )
        match shift.now:
            case ():
                return sentence
            case [id]:
                other = "one that is new here" if is_symbolic(id) else f"#{id}"
                return f"{sentence}; it would mean {other}"
            case several:
                return f"{sentence}; {len(several)} {shift.kind}s have that name now"


def _spelled_like(name: ByName, names: Sequence[ByName]) -> ByName:
    """One of the names of a resource, with its folder where `name` has one."""
    return names[0] if name.parent is None else names[-1]


def _names_of(ref: Ref, named: Iterable[Named]) -> tuple[ByName, ...]:
    return tuple(name for each in named if each.ref == ref for name in each.names)


def _last_parts(match: Match) -> Iterator[Part]:
    """The parts that a resource was last seen to have, and those that the server has."""
    if match.entry is not None:
        yield from match.entry.part_list
    if match.server is not None:
        yield from match.server.state.parts


def _is_taken_over(shift: Shift) -> bool:
    """Whether anything else has the name now, and the old one has not."""
    return len(shift.now) == 1 or (len(shift.now) > 1 and shift.was not in shift.now)


def named_here(ref: Ref, key: Key, parts: Iterable[Part]) -> list[Named]:
    """A resource of that place, and its parts, by their names."""
    return [Named.of(ref, key.folder, key.name), *Named.parts_of(key.name, parts)]


def names_on_server(server: Server) -> Iterator[tuple[Ref, list[Named]]]:
    """Every resource of a server that others can name, with its parts, by their names there."""
    for ref, each in server.resources.items():
        if each.state.owner is None:
            yield ref, named_here(ref, each.state.key, each.state.parts)
    for unmanaged in server.unmanaged:
        if unmanaged.id:
            yield unmanaged.ref, _unmanaged_names(unmanaged)
    for ref, name in server.outside.items():
        yield ref, [Named(ref, (name,))]


def _unmanaged_names(unmanaged: Unmanaged) -> list[Named]:
    parts = () if unmanaged.state is None else unmanaged.state.parts
    return [
        Named.of(unmanaged.ref, None, unmanaged.name),
        *Named.parts_of(unmanaged.name, parts),
    ]
