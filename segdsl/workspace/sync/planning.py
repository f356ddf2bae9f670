"""Making a plan: the workspace, the lock and the server compared, three ways.

What differs is a change only where the server is as it was last seen; anything else is a
conflict, which nothing but `force` turns into a change. Pure: nothing is asked or sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Code, Report
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.symbolic_ids import symbolic_segment_id
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.workspace.project.lock import Entry, Lock, parted
from segdsl.workspace.sync.differences import unlike
from segdsl.workspace.sync.identity import Match, matched
from segdsl.workspace.sync.local import Local
from segdsl.workspace.sync.name_bindings import NameBindings, Reading, id_of
from segdsl.workspace.sync.order import ordered
from segdsl.workspace.sync.plan import Change, Conflict, LeftAlone, Plan, Rename, Version, Why
from segdsl.workspace.sync.renaming import likely_renames
from segdsl.workspace.sync.segment_state import Key, State
from segdsl.workspace.sync.server import NO_PLACE, Server, ServerSegment


class PlanOptions(msgspec.Struct, frozen=True):
    """What a person asks of a plan: which layout, and what they allow.

    `allow_empty` says that a workspace is meant to have lost all or most of its segments;
    `as_new` that no new segment is a renamed one, and `apart` the same of these ids. `moves` are
    the segments of the lock, by id, whose place in the workspace is another one now.
    """

    layout: Layout = "v5"
    force: bool = False
    prune: bool = False
    allow_empty: bool = False
    as_new: bool = False
    apart: frozenset[str] = frozenset()
    moves: Mapping[str, Key] = {}

    def answered(self, renames: Sequence[Rename], answers: Sequence[bool]) -> PlanOptions:
        """The options with what a person says of each pair: that it was renamed, or not."""
        said = list(zip(renames, answers, strict=True))
        moves = {each.id: (each.folder, each.name) for each, yes in said if yes}
        return msgspec.structs.replace(
            self,
            moves={**self.moves, **moves},
            apart=self.apart | {each.id for each, yes in said if not yes},
        )


class Wanted(msgspec.Struct, frozen=True):
    """A segment of the workspace as it is to be: what is sent, and the state that makes."""

    rule: str
    state: State


class Compared(msgspec.Struct, frozen=True):
    """A match, with what the workspace wants of it, and what the names in it mean.

    Names that are shifted mean what they did; `instead` is what the segment would be with what
    they mean now, where that can be told.
    """

    match: Match
    wanted: Wanted | None = None
    reading: Reading = Reading()
    instead: Wanted | None = None


class Comparison(msgspec.Struct, frozen=True):
    """Every segment of the three sides, and what names mean among them."""

    all: tuple[Compared, ...]
    meaning: NameBindings


def make_plan(
    parent_segment: str,
    target: str,
    local: Sequence[Local],
    lock: Lock,
    server: Server,
    report: Report,
    options: PlanOptions,
    *,
    among: frozenset[str] | None = None,
) -> Plan:
    """What is to be done; where the report has errors, there is no use in it.

    `among` are the files that a person
    named: the plan is about their segments alone.
    """
    compared = compare(local, lock, server, report, options, among)
    names = compared.meaning.names.by_id
    chosen = [each for each in compared.all if among is None or _file_of(each.match) in among]
    decisions = [_Decision(each, compared.meaning, names, options) for each in chosen]
    changes = [each.change for each in decisions if each.change is not None]
    spans = {each.key: each.segment.span for each in local}
    disputed = {each.conflict.id for each in decisions if each.conflict is not None}
    settled = tuple(each.settled for each in decisions if each.settled is not None)
    dropped = tuple(each.dropped for each in decisions if each.dropped is not None)
    renames, apart = _renames(decisions, lock, options)
    about = {*dropped, *(each.id for each in (*settled, *apart))}
    return Plan(
        parent_segment,
        target,
        () if report.has_errors else ordered(changes, server, report, spans, disputed),
        tuple(each.conflict for each in decisions if each.conflict is not None),
        settled,
        dropped,
        tuple(each.left for each in decisions if each.left is not None),
        sum(each.match.local is None and each.match.entry is None for each in compared.all)
        + len(server.left_alone),
        tuple(each for each in lock.entries if each.id in about),
        tuple(_left_alone(compared, server)) if among is None else (),
        renames,
        apart,
    )


def _renames(
    decisions: Sequence[_Decision], lock: Lock, options: PlanOptions
) -> tuple[tuple[Rename, ...], tuple[Entry, ...]]:
    """What looks renamed, and the entries of those that are said not to be."""
    changes = [each.change for each in decisions if each.change is not None]
    entries = [each.left for each in decisions if each.left is not None]
    entries += [lock.by_id[change.id] for change in changes if change.after is None and change.id]
    found = likely_renames(entries, changes)
    said = {each.id for each in found if options.as_new} | options.apart
    asked = likely_renames([each for each in entries if each.id not in said], changes)
    left = {each.left.id for each in decisions if each.left is not None}
    return (
        () if options.as_new else asked,
        tuple(
            msgspec.structs.replace(each, file="")
            for each in entries
            if each.id in said and each.id in left
        ),
    )


def _left_alone(compared: Comparison, server: Server) -> Iterator[LeftAlone]:
    """What the server has that is in no file, and that none could hold."""
    for each in compared.all:
        seen = each.match.seen
        why = None if seen is None or each.match.local is not None else seen.state.without_words
        if seen is not None and why is not None:
            yield LeftAlone(*seen.state.key, seen.id, why)
    yield from (LeftAlone((), each.name, each.id, each.why) for each in server.left_alone)


def compare(
    local: Sequence[Local],
    lock: Lock,
    server: Server,
    report: Report,
    options: PlanOptions,
    among: frozenset[str] | None = None,
) -> Comparison:
    """Every segment of the three sides, those of the workspace lowered with the ids they need.

    What cannot be compiled is not wanted, and reported where it is `among` the files that a
    person named.
    """
    matches = matched(local, lock, server)
    leaving = {
        id_of(each)
        for each in matches
        if options.prune
        and each.local is None
        and each.entry is not None
        and (among is None or each.entry.file in among)
    }
    meaning = NameBindings(matches, server, leaving)
    elsewhere = Report()
    compared = []
    for match in matches:
        if match.local is None:
            compared.append(Compared(match))
            continue
        own = report if among is None or match.local.file in among else elsewhere
        compared.append(_compared(match, match.local, meaning, own, options))
    if among is not None:
        _report_left_out(compared, among, report)
    return Comparison(tuple(compared), meaning)


def _compared(
    match: Match, local: Local, meaning: NameBindings, report: Report, options: PlanOptions
) -> Compared:
    segment = local.segment
    reading = meaning.read(local, match.entry, report, force=options.force)
    wanted = _wanted(local, match.seen, reading.ids, report, options.layout)
    instead = None
    if reading.shifts:
        now = {("segment", each.name): each.now[0] for each in reading.shifts if each.alone}
        if len(now) == len(reading.shifts):
            instead = _wanted(local, match.seen, {**reading.ids, **now}, Report(), options.layout)
    if match.seen is None and segment.kind == "funnel_stage":
        report.add(
            Code.SEG307,
            segment.span,
            f"{string(segment.name)} is a stage of a funnel, and comes into being with its funnel",
            help="make the funnel in the console first",
        )
    return Compared(match, wanted, reading, instead)


def _report_left_out(compared: Sequence[Compared], among: frozenset[str], report: Report) -> None:
    """Reports references to what is still to be created, and not by this plan."""
    here = [(each.match.local, each.reading.ids) for each in compared if each.match.local]
    files = {
        symbolic_segment_id(*each.key): each.file for each, _ in here if each.file not in among
    }
    for local, ids in here:
        if local.file not in among:
            continue
        for name, place in named_segments(local.segment.condition):
            file = files.get(ids.get(("segment", name), ""))
            if file is not None:
                report.add(
                    Code.SEG304,
                    place.span,
                    f"{string(name.name)} is not on the server yet, and its file "
                    f"`{file}` is not among those that are planned",
                    help="name that file as well, or apply it first",
                    via=place.via,
                )


def _wanted(
    local: Local, seen: ServerSegment | None, ids: Ids, report: Report, layout: Layout
) -> Wanted | None:
    segment = local.segment
    if any(("segment", name) not in ids for name, _ in named_segments(segment.condition)):
        return None  # reported with the reference
    tried = Report()
    rule = lower(segment, tried, layout=layout, ids=ids)
    if rule is None and seen is not None:
        # An older rule that no two levels can hold stays as it is, if nothing else changed.
        nested = lower(segment, Report(), layout="nested", ids=ids)
        if nested is not None and _canonical(encode(nested, pretty=False)) == seen.state.rule:
            rule, tried = nested, Report()
    report.diagnostics.extend(each for each in tried.diagnostics if each not in report.diagnostics)
    if rule is None:
        return None
    text = encode(rule, pretty=False)
    folder, name = local.key
    description = segment.description or ""
    state = State(folder, name, segment.kind, description, _canonical(text), segment.hidden)
    return Wanted(text, state)


def _canonical(rule: str) -> str:
    return canonical_rule(rule.encode())


def _file_of(match: Match) -> str:
    if match.local is not None:
        return match.local.file
    return match.entry.file if match.entry is not None else ""


class _Decision:
    """What becomes of one segment: at most one of its fields is set, beside `dropped`."""

    def __init__(
        self,
        compared: Compared,
        meaning: NameBindings,
        names: Mapping[str, ByName],
        options: PlanOptions,
    ) -> None:
        self.meaning = meaning
        self.left_alone = meaning.server.left_alone_ids
        self.names = names
        self.options = options
        self.compared = compared
        self.change: Change | None = None
        self.conflict: Conflict | None = None
        self.settled: Entry | None = None
        self.dropped: str | None = None
        self.left: Entry | None = None
        match, wanted = compared.match, compared.wanted
        if match.local is None:
            self._only_elsewhere(match.entry, match.seen)
        elif wanted is not None:
            self._here(match.local, wanted, match.entry, match.seen)

    def _here(
        self, local: Local, wanted: Wanted, entry: Entry | None, seen: ServerSegment | None
    ) -> None:
        if seen is None:
            if entry is None:
                self.change = self._to(local, wanted, None)
            elif entry.id in self.left_alone:
                # It is there, so no force makes it again.
                left = self.left_alone[entry.id]
                why: Why = "left alone"
                if left.why == NO_PLACE:
                    why = "in a folder that no clause can name"
                conflict = self._conflict(why, local, wanted)
                notes = () if left.why == NO_PLACE else (left.why,)
                self.conflict = msgspec.structs.replace(conflict, notes=conflict.notes + notes)
            else:
                self._disputed("deleted on the server", local, wanted, None)
        elif self._is_shifted(wanted, entry, seen):
            self._disputed("a name in it no longer means what it did", local, wanted, seen)
        elif seen.state == wanted.state:
            refers = self.compared.reading.refers
            self.settled = entry_of(seen, local.file, self.names, refers)
        elif entry is None:
            self._disputed("on both sides, and never seen together", local, wanted, seen)
        elif entry.digest == seen.state.digest:
            # With a shift it is here by force alone.
            self.change = self._to(local, wanted, seen, forced=bool(self.compared.reading.shifts))
        elif entry.digest == wanted.state.digest:
            self._disputed("changed on the server", local, wanted, seen)
        else:
            self._disputed("changed on both sides", local, wanted, seen)

    def _is_shifted(self, wanted: Wanted, entry: Entry | None, seen: ServerSegment) -> bool:
        """Whether a name in it means another one now, and nothing else keeps it from a plan."""
        if self.options.force or not self.compared.reading.shifts:
            return False
        return seen.state == wanted.state or (
            entry is not None and entry.digest == seen.state.digest
        )

    def _only_elsewhere(self, entry: Entry | None, seen: ServerSegment | None) -> None:
        if entry is None:
            return
        if seen is None:
            if entry.id not in self.left_alone:
                self.dropped = entry.id
        elif not self.options.prune:
            self.left = entry
        elif entry.digest == seen.state.digest or self.options.force:
            self.change = Change(
                entry.file,
                seen.id,
                before=self._version(seen.state),
                folder_id=seen.folder_id,
                forced=entry.digest != seen.state.digest,
            )
        else:
            why: Why = "deleted here, changed on the server"
            self.conflict = Conflict(
                why,
                *seen.state.key,
                entry.file,
                seen.id,
                entry.source or None,
                None,
                self._source(seen.state),
            )

    def _disputed(self, why: Why, local: Local, wanted: Wanted, seen: ServerSegment | None) -> None:
        entry = self.compared.match.entry
        if self.options.force:
            self.change = self._to(local, wanted, seen, forced=True)
            if seen is None and entry is not None:
                self.dropped = entry.id
            return
        self.conflict = self._conflict(why, local, wanted)

    def _conflict(self, why: Why, local: Local, wanted: Wanted) -> Conflict:
        key = wanted.state.key
        return conflict_of(why, key, local.file, self.compared, self.meaning, self.names)

    def _to(
        self, local: Local, wanted: Wanted, seen: ServerSegment | None, *, forced: bool = False
    ) -> Change:
        return Change(
            local.file,
            None if seen is None else seen.id,
            None if seen is None else self._version(seen.state),
            self._version(wanted.state),
            wanted.rule,
            None if seen is None else seen.folder_id,
            (),
            forced,
            *parted(self.compared.reading.refers),
        )

    def _version(self, state: State) -> Version:
        return Version(state, self._source(state))

    def _source(self, state: State) -> str | None:
        return state.source(self.names)


def entry_of(
    seen: ServerSegment, file: str, names: Mapping[str, ByName], meant: Mapping[ByName, str]
) -> Entry:
    """What the lock keeps of a segment as it is on the server now."""
    state = seen.state
    source = state.source(names) or ""
    return Entry(seen.id, state.name, state.folder, file, state.digest, source, *parted(meant))


def conflict_of(
    why: Why,
    key: Key,
    file: str,
    compared: Compared,
    meaning: NameBindings,
    names: Mapping[str, ByName],
) -> Conflict:
    """A conflict with its sides in source. Of names that are shifted it shows what they would do,
    as in a text nothing of it is seen."""
    entry, seen, shifts = compared.match.entry, compared.match.seen, compared.reading.shifts
    base = None if entry is None else entry.source or None
    here = compared.wanted
    if why == "a name in it no longer means what it did":
        base, here = None, compared.instead
    notes = tuple(map(meaning.told, shifts)) + _without_words(seen)
    if not notes and here is not None and seen is not None:
        notes = unlike(here.state, seen.state, entry, names)
    return Conflict(
        why,
        *key,
        file,
        None if seen is None else seen.id,
        base,
        None if here is None else here.state.source(names),
        None if seen is None else seen.state.source(names),
        notes,
    )


def _without_words(seen: ServerSegment | None) -> tuple[str, ...]:
    """A note on what of the server's segment no source can hold, by its JSON path."""
    why = None if seen is None else seen.state.without_words
    return () if why is None else (f"the language has no words for a part of its rule: {why}",)
