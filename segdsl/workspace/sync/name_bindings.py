"""What the names of segments mean in a workspace, and what they meant when it was last seen.

A name means the segment of the workspace that has it, or else the one of the server that the
workspace does not have. Since a name can change hands on the server, the lock keeps which id each
name in a segment's text meant: where it would mean another one by now, and nobody edited it so
here, that is a shift, which is never followed unasked. Pure.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.segment_names import (
    NamedSegment,
    SegmentNames,
    index_names,
    names_by_id,
    segment_ids,
)
from segdsl.language.references.symbolic_ids import is_symbolic, symbolic_segment_id
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ByName
from segdsl.workspace.project.lock import Entry
from segdsl.workspace.sync.identity import Match
from segdsl.workspace.sync.local import Local
from segdsl.workspace.sync.server import Server


class Names:
    """The names of segments, and whom each means: the first of the groups that has it decides.

    An id is that of a segment of the server, or the symbolic id of one that is still to be made.
    """

    def __init__(self, *groups: Iterable[NamedSegment]) -> None:
        self.by_name: dict[ByName, Sequence[str]] = {}
        for group in groups:
            for name, ids in index_names(group).items():
                self.by_name.setdefault(name, ids)
        self.by_id = names_by_id(self.by_name)
        """How each segment is named, where that means no other."""

    def means(self, name: ByName) -> Sequence[str]:
        return self.by_name.get(name, ())


class Shift(msgspec.Struct, frozen=True):
    """A name in a segment that meant the one id, and would mean others (or none) now."""

    name: ByName
    was: str
    now: tuple[str, ...]

    @property
    def alone(self) -> bool:
        """Whether there is one that has the name now."""
        return len(self.now) == 1


class Reading(msgspec.Struct, frozen=True):
    """What the names in one segment mean; those that are shifted mean what they did.

    Names that mean nothing are not among the `ids`.
    """

    ids: Ids = {}
    shifts: tuple[Shift, ...] = ()

    @property
    def refers(self) -> dict[ByName, str]:
        """The same as the lock keeps it, by name."""
        return {name: id for (_, name), id in self.ids.items()}


class NameBindings:
    """What names mean beside a server, by the matches of a workspace's segments with its own.

    `leaving` are the ids of segments that are to be deleted: only where no other has the name
    does it mean one of those.
    """

    def __init__(
        self, matches: Sequence[Match], server: Server, leaving: Collection[str] = ()
    ) -> None:
        self.server = server
        self.matches: dict[str, Match] = {}
        """Every match by the id that names stand for."""
        here: list[NamedSegment] = []
        for match in matches:
            if match.local is not None:
                here.append((*match.local.key, id_of(match)))
            self.matches[id_of(match)] = match
        ours = {id for _, _, id in here}
        there = [each for each in on_server(server) if each[2] not in ours]
        self.here = frozenset(ours)
        self.names = Names(
            here,
            [each for each in there if each[2] not in leaving],
            [each for each in there if each[2] in leaving],
        )
        self.ids = frozenset(id for _, _, id in on_server(server))

    def read(self, local: Local, entry: Entry | None, report: Report, *, force: bool) -> Reading:
        """What the names in a segment mean; what means nothing, or several things, is reported.

        With `force` a name that is shifted means the one that has it now.
        """
        meant = {} if entry is None else entry.meant
        used = dict.fromkeys(name for name, _ in named_segments(local.segment.condition))
        shifts = [
            Shift(name, meant[name], tuple(self.names.means(name)))
            for name in used
            if name in meant and self._is_shifted(name, meant[name])
        ]
        kept = {each.name: each.was for each in shifts if not (force and _taken_over(each))}
        # Where all that have the name are the workspace's, it has to say itself which is meant.
        ours = {each.name for each in shifts if len(each.now) > 1 and self.here >= {*each.now}}
        known: SegmentNames = self.names.by_name
        if kept:
            own: dict[ByName, Sequence[str]] = {
                name: [id] for name, id in kept.items() if name not in ours
            }
            known = ChainMap(own, self.names.by_name)
        ids = dict(segment_ids([local.segment], known, report))
        ids.update({("segment", name): id for name, id in kept.items()})
        return Reading(ids, tuple(shifts))

    def _is_shifted(self, name: ByName, was: str) -> bool:
        now = self.names.means(name)
        if list(now) == [was] or was not in self.ids:
            return False
        # Renamed here, and nothing has the name: that is for the workspace to put right.
        return bool(now) or not self._lost_here(name, was)

    def _lost_here(self, name: ByName, id: str) -> bool:
        match = self.matches.get(id)
        if match is None or match.entry is None:
            return False
        names: tuple[ByName, ...] = c.spellings(match.entry.folder, match.entry.name)
        if match.seen is not None:
            # One that is said to have moved here has its new place in the lock already.
            names += c.spellings(*match.seen.state.key)
        if name not in names:
            return False
        return match.local is None or name not in c.spellings(*match.local.key)

    def told(self, shift: Shift) -> str:
        """A shift in a sentence."""
        said = f"{reference(shift.name, 'segment')} meant #{shift.was}"
        there = next(
            (
                _spelled_like(shift.name, folder, name)
                for folder, name, id in on_server(self.server)
                if id == shift.was
            ),
            shift.name,
        )
        match = self.matches.get(shift.was)
        if there != shift.name:
            said += f", which is {reference(there, 'segment')} on the server now"
        elif (
            match is not None and match.local is not None and self._lost_here(shift.name, shift.was)
        ):
            here = _spelled_like(shift.name, *match.local.key)
            said += f", which is {reference(here, 'segment')} here now"
        match shift.now:
            case ():
                return said
            case [id]:
                other = "one that is new here" if is_symbolic(id) else f"#{id}"
                return f"{said}; it would mean {other}"
            case several:
                return f"{said}; {len(several)} segments have that name now"


def _spelled_like(name: ByName, folder: tuple[str, ...] | None, other: str) -> ByName:
    """Another segment's name, with its folder where `name` has one."""
    if name.parent is None or folder is None:
        return ByName(other)
    return c.spellings(folder, other)[1]


def _taken_over(shift: Shift) -> bool:
    """Whether anything else has the name now, and the old one has not."""
    return len(shift.now) == 1 or (len(shift.now) > 1 and shift.was not in shift.now)


def id_of(match: Match) -> str:
    """What stands for a segment in a rule: its id, or the symbolic id of one still to be made."""
    if match.seen is not None:
        return match.seen.id
    if match.local is not None and not match.is_left_alone:
        return symbolic_segment_id(*match.local.key)
    assert match.entry is not None, "what was matched and is not seen is in the lock"
    return match.entry.id


def on_server(server: Server) -> Iterable[NamedSegment]:
    """Every segment of a server by its name there."""
    yield from ((*each.state.key, id) for id, each in server.segments.items())
    yield from ((None, each.name, each.id) for each in server.left_alone if each.id)
