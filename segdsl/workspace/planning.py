"""Making a plan: the workspace, the lock and the server compared, three ways.

What differs is a change only where the server is as it was last seen; anything else is a
conflict, which nothing but `force` turns into a change. Pure: nothing is asked or sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from segdsl.api.sameness import canonical_rule
from segdsl.diagnostics import Code, Report
from segdsl.live.references import named_segments, segment_ids
from segdsl.lower import lower
from segdsl.lower.references import Ids
from segdsl.lower.segment import Layout
from segdsl.rule.model import encode
from segdsl.rule.symbols import is_symbol, symbol
from segdsl.syntax.text import string
from segdsl.values import ByName
from segdsl.workspace.local import Local
from segdsl.workspace.lock import Entry, Lock
from segdsl.workspace.matching import Match, matched
from segdsl.workspace.order import ordered
from segdsl.workspace.plan import Change, Conflict, Plan, Version, Why
from segdsl.workspace.server import Seen, Server
from segdsl.workspace.state import State


class Wish(msgspec.Struct, frozen=True):
    """What a person asks of a plan: which layout, and what they allow."""

    layout: Layout = "v5"
    force: bool = False
    prune: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """A segment of the workspace as it is to be: what is sent, and the state that makes."""

    rule: str
    state: State


class Compared(msgspec.Struct, frozen=True):
    """A match, with what the workspace wants of it."""

    match: Match
    wanted: Wanted | None = None


def make_plan(
    parent_segment: str,
    target: str,
    local: Sequence[Local],
    lock: Lock,
    server: Server,
    report: Report,
    wish: Wish,
    *,
    among: frozenset[str] | None = None,
) -> Plan:
    """What is to be done; where the report has errors, there is no use in it.

    `among` are the files that a person
    named: the plan is about their segments alone.
    """
    compared = compare(local, lock, server, report, wish.layout, among)
    names = server.names
    chosen = [each for each in compared if among is None or _file_of(each.match) in among]
    decisions = [_Decision(each, names, wish) for each in chosen]
    changes = [each.change for each in decisions if each.change is not None]
    spans = {each.key: each.segment.span for each in local}
    return Plan(
        parent_segment,
        target,
        () if report.has_errors else ordered(changes, server, report, spans),
        tuple(each.conflict for each in decisions if each.conflict is not None),
        tuple(each.settled for each in decisions if each.settled is not None),
        tuple(each.dropped for each in decisions if each.dropped is not None),
        tuple(each.left for each in decisions if each.left is not None),
        sum(each.match.local is None and each.match.entry is None for each in compared)
        + len(server.nameless),
    )


def compare(
    local: Sequence[Local],
    lock: Lock,
    server: Server,
    report: Report,
    layout: Layout,
    among: frozenset[str] | None = None,
) -> list[Compared]:
    """Every segment of the three sides, those of the workspace lowered with the ids they need.

    References by name mean a segment of the workspace, or else one of the server that the
    workspace does not have. What cannot be compiled is not wanted, and reported where it is
    `among` the files that a person named.
    """
    matches = matched(local, lock, server)
    segments = [each.segment for each in local]
    known = _ids_by_name(matches, server)
    elsewhere = Report()
    reports = [report if among is None or each.file in among else elsewhere for each in local]
    found: dict[tuple[str, ByName], str] = {}
    for segment, own in zip(segments, reports, strict=True):
        found.update(segment_ids([segment], known, own))
    if among is not None:
        _report_left_out(matches, among, found, report)
    compared = []
    for at, match in enumerate(matches):
        if match.local is None:
            compared.append(Compared(match))
            continue
        # Those of the workspace come first, and in its order.
        own = reports[at]
        wanted = _wanted(match.local, match.seen, found, own, layout)
        if match.seen is None and match.local.segment.kind == "funnel_stage":
            own.add(
                Code.SEG307,
                match.local.segment.span,
                f"{string(match.local.segment.name)} is a stage of a funnel, and comes into "
                "being with its funnel",
                help="make the funnel in the console first",
            )
        compared.append(Compared(match, wanted))
    return compared


def _ids_by_name(matches: Sequence[Match], server: Server) -> dict[str, list[str]]:
    """What a name can mean: ids, or the marked name of a segment that is still to be made."""
    found: dict[str, list[str]] = {}
    for match in matches:
        if match.local is not None:
            name = match.local.segment.name
            id = symbol("segment", ByName(name)) if match.seen is None else match.seen.id
            found.setdefault(name, []).append(id)
        elif match.seen is not None:
            found.setdefault(match.seen.state.name, []).append(match.seen.id)
    for each in server.nameless:
        found.setdefault(each.name, []).append(each.id)
    return found


def _report_left_out(
    matches: Sequence[Match], among: frozenset[str], ids: Ids, report: Report
) -> None:
    """Reports references to what is still to be created, and not by this plan."""
    here = [each.local for each in matches if each.local is not None]
    files = {each.segment.name: each.file for each in here if each.file not in among}
    for local in here:
        if local.file not in among:
            continue
        for name, place in named_segments(local.segment.condition):
            if name.name in files and is_symbol(ids.get(("segment", name), "")):
                report.add(
                    Code.SEG304,
                    place.span,
                    f"{string(name.name)} is not on the server yet, and its file "
                    f"`{files[name.name]}` is not among those that are planned",
                    help="name that file as well, or apply it first",
                    via=place.via,
                )


def _wanted(
    local: Local, seen: Seen | None, ids: Ids, report: Report, layout: Layout
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
    return Wanted(text, State(folder, name, segment.kind, description, _canonical(text)))


def _canonical(rule: str) -> str:
    return canonical_rule(rule.encode())


def _file_of(match: Match) -> str:
    if match.local is not None:
        return match.local.file
    return match.entry.file if match.entry is not None else ""


class _Decision:
    """What becomes of one segment: at most one of its fields is set, beside `dropped`."""

    def __init__(self, compared: Compared, names: Mapping[str, str], wish: Wish) -> None:
        self.names = names
        self.wish = wish
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

    def _here(self, local: Local, wanted: Wanted, entry: Entry | None, seen: Seen | None) -> None:
        if seen is None:
            if entry is None:
                self.change = self._to(local, wanted, None)
            else:
                self._disputed("deleted on the server", local, wanted, None)
        elif seen.state == wanted.state:
            self.settled = entry_of(seen, local.file, self.names)
        elif entry is None:
            self._disputed("on both sides, and never seen together", local, wanted, seen)
        elif entry.digest == seen.state.digest:
            self.change = self._to(local, wanted, seen)
        elif entry.digest == wanted.state.digest:
            self._disputed("changed on the server", local, wanted, seen)
        else:
            self._disputed("changed on both sides", local, wanted, seen)

    def _only_elsewhere(self, entry: Entry | None, seen: Seen | None) -> None:
        if entry is None:
            return
        if seen is None:
            self.dropped = entry.id
        elif not self.wish.prune:
            self.left = entry
        elif entry.digest == seen.state.digest or self.wish.force:
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

    def _disputed(self, why: Why, local: Local, wanted: Wanted, seen: Seen | None) -> None:
        entry = self.compared.match.entry
        if self.wish.force:
            self.change = self._to(local, wanted, seen, forced=True)
            if seen is None and entry is not None:
                self.dropped = entry.id
            return
        self.conflict = Conflict(
            why,
            *wanted.state.key,
            local.file,
            None if seen is None else seen.id,
            None if entry is None else entry.source or None,
            self._source(wanted.state),
            None if seen is None else self._source(seen.state),
        )

    def _to(
        self, local: Local, wanted: Wanted, seen: Seen | None, *, forced: bool = False
    ) -> Change:
        return Change(
            local.file,
            None if seen is None else seen.id,
            None if seen is None else self._version(seen.state),
            self._version(wanted.state),
            wanted.rule,
            None if seen is None else seen.folder_id,
            forced=forced,
        )

    def _version(self, state: State) -> Version:
        return Version(state, self._source(state))

    def _source(self, state: State) -> str | None:
        return state.source(self.names)


def entry_of(seen: Seen, file: str, names: Mapping[str, str]) -> Entry:
    """What the lock keeps of a segment as it is on the server now."""
    state = seen.state
    source = state.source(names) or ""
    return Entry(seen.id, state.name, state.folder, file, state.digest, source)
