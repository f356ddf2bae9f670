"""The workspace, the lock and the server compared, resource by resource. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName
from segdsl.workspace.kinds.registry import Kinds, named_kinds
from segdsl.workspace.kinds.resource import (
    LocalResource,
    Seen,
    Server,
    ServerResource,
    Use,
    Wanted,
)
from segdsl.workspace.project.keys import Key, Part, Ref
from segdsl.workspace.project.lock import Entry, Lock, split_name_ids
from segdsl.workspace.sync.differences import unlike
from segdsl.workspace.sync.identity import Match, match_resources
from segdsl.workspace.sync.name_bindings import NameBindings, Reading
from segdsl.workspace.sync.ownership import match_owned, report_missing_owner
from segdsl.workspace.sync.plan import Conflict, Why


class Compared(msgspec.Struct, frozen=True):
    """A match, with what the workspace wants of it, and what the names in it mean.

    Names that are shifted mean what they did; `instead` is what the resource would be with what
    they mean now, where that is one thing. `uses` are the names in its text.
    """

    match: Match
    wanted: Wanted | None = None
    reading: Reading = Reading()
    instead: Wanted | None = None
    uses: tuple[Use, ...] = ()

    @property
    def file(self) -> str:
        """The file that it is in, or was; "" where it never was in one."""
        if self.match.local is not None:
            return self.match.local.file
        return self.match.entry.file if self.match.entry is not None else ""


class Comparison(msgspec.Struct, frozen=True):
    """Every resource of the three sides, and what names mean among them."""

    resources: tuple[Compared, ...]
    bindings: NameBindings


class CompareOptions(msgspec.Struct, frozen=True):
    """What `force` and `prune` do, see `PlanOptions`."""

    force: bool = False
    prune: bool = False


def compare(
    local: Sequence[LocalResource],
    lock: Lock,
    server: Server,
    kinds: Kinds,
    report: Report,
    options: CompareOptions,
    among: frozenset[str] | None = None,
) -> Comparison:
    """Every resource of the three sides, those of the workspace compiled with the ids they need.

    What cannot be compiled is not wanted, and reported where it is `among` the files that the
    user named.
    """
    matches = match_resources(local, lock, server, kinds)
    leaving = {
        match.ref
        for match in matches
        if options.prune
        and match.local is None
        and match.entry is not None
        and (among is None or match.entry.file in among)
    }
    parts = {
        match.ref: tuple(kinds[match.local.key.kind].parts(match.local, seen_of(match)))
        for match in matches
        if match.local is not None and kinds[match.local.key.kind].part_kinds
    }
    bindings = NameBindings(matches, server, parts, leaving)
    matches += match_owned(local, lock, server, kinds, bindings, report, force=options.force)
    elsewhere = Report()
    compared = []
    for match in matches:
        if match.local is None:
            compared.append(Compared(match))
            continue
        own = report if among is None or match.local.file in among else elsewhere
        report_missing_owner(match.local, server, own)
        compared.append(_compared(match, match.local, bindings, kinds, own, options))
    if among is not None:
        _report_left_out(compared, among, report)
    return Comparison(tuple(compared), bindings)


def _compared(
    match: Match,
    local: LocalResource,
    bindings: NameBindings,
    kinds: Kinds,
    report: Report,
    options: CompareOptions,
) -> Compared:
    kind = kinds[local.key.kind]
    named = named_kinds(kinds)
    uses = tuple(use for use in kind.uses(local) if use.kind in named)
    reading = bindings.read(uses, match.entry, report, force=options.force)
    seen = seen_of(match)

    def compiled(ids: Mapping[tuple[str, ByName], str], report: Report) -> Wanted | None:
        if any(use.target not in ids for use in uses):
            return None  # reported with the reference
        return kind.compile(local, ids, seen, report)

    wanted = compiled(reading.ids, report)
    instead = None
    if reading.shifts:
        now = {
            (shift.kind, shift.name): shift.now[0] for shift in reading.shifts if shift.is_unique
        }
        if len(now) == len(reading.shifts):
            instead = compiled({**reading.ids, **now}, Report())
    if match.server is None:
        kind.check_new(local, report)
    return Compared(match, wanted, reading, instead, uses)


def seen_of(match: Match) -> Seen:
    """What is known of a resource of a file beside its text."""
    return Seen(match.entry, None if match.server is None else match.server.state)


def _report_left_out(compared: Sequence[Compared], among: frozenset[str], report: Report) -> None:
    """Reports references to what is still to be created, and not by this plan."""
    elsewhere = {
        ref: each.match.local.file
        for each in compared
        if each.match.local is not None and each.match.local.file not in among
        for ref in (each.match.local.key.symbolic_ref, *_part_refs(each))
    }
    for each in compared:
        if each.match.local is None or each.match.local.file not in among:
            continue
        for use in each.uses:
            file = elsewhere.get(Ref(use.kind, each.reading.ids.get(use.target, "")))
            if file is not None:
                report.add(
                    Code.SEG304,
                    use.span,
                    f"{string(use.name.name)} is not on the server yet, and its file "
                    f"`{file}` is not among those that are planned",
                    help="name that file as well, or apply it first",
                    via=use.via,
                )


def _part_refs(compared: Compared) -> list[Ref]:
    """The parts that are not on the server yet."""
    parts = () if compared.wanted is None else compared.wanted.state.parts
    return [part.ref for part in parts if is_symbolic(part.id)]


# --- what comparing comes to -----------------------------------------------------------


def entry_of(
    server: ServerResource,
    file: str,
    names: Mapping[Ref, ByName],
    name_ids: Mapping[tuple[str, ByName], str],
) -> Entry:
    """What the lock keeps of a resource as it is on the server now."""
    state = server.state
    source = state.source(names) or ""
    return Entry(
        state.resource,
        server.id,
        state.name,
        state.folder,
        file,
        state.digest,
        source,
        *split_name_ids(name_ids),
        parts_table(state.parts),
        dict(state.pieces),
    )


def parts_table(parts: Iterable[Part]) -> dict[str, dict[str, str]]:
    """The ids of parts by kind and name, as the lock keeps them."""
    table: dict[str, dict[str, str]] = {}
    for part in parts:
        table.setdefault(part.kind, {})[part.name] = part.id
    return table


def conflict_of(
    why: Why,
    key: Key,
    file: str,
    compared: Compared,
    bindings: NameBindings,
    names: Mapping[Ref, ByName],
) -> Conflict:
    """A conflict with its sides as source. Of names that are shifted it shows what they would do,
    as the text alone does not show it."""
    entry, server, shifts = compared.match.entry, compared.match.server, compared.reading.shifts
    base = None if entry is None else entry.source or None
    here = compared.wanted
    if why == "a name in it now refers to something else":
        base, here = None, compared.instead
    notes = tuple(map(bindings.describe, shifts)) + _inexpressible(server)
    if not notes and here is not None and server is not None:
        notes = unlike(here.state, server.state, entry, names)
    return Conflict(
        why,
        *key,
        file,
        None if server is None else server.id,
        base,
        None if here is None else here.state.source(names),
        None if server is None else server.state.source(names),
        notes,
    )


def _inexpressible(server: ServerResource | None) -> tuple[str, ...]:
    """A note on what of the server's resource no source can hold."""
    why = None if server is None else server.state.inexpressible
    return () if why is None else (f"a part of it cannot be written in the language: {why}",)
