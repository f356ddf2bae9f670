"""What `plan`, `apply` and `pull` do from end to end, with files, lock and server.

This module reads and writes the workspace's files and asks a connection. Decisions are in the
pure modules beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.errors import FileError, InputError
from segdsl.files import check_followed, read_source, write_text
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Server
from segdsl.workspace.kinds.state import part_ids
from segdsl.workspace.project.config import Project
from segdsl.workspace.project.keys import SEGMENT, Folder, Key, Ref, noun
from segdsl.workspace.project.lock import Entry, Lock, split_name_ids
from segdsl.workspace.project.lock_file import load_lock, lock_path, merge_lock
from segdsl.workspace.project.schema import account_names
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.listing import SegmentNotFoundError
from segdsl.workspace.sync.applying import Outcome, carry_out
from segdsl.workspace.sync.comparison import parts_table
from segdsl.workspace.sync.effects import effects_of_plan
from segdsl.workspace.sync.guards import check_deletions, check_not_empty, check_same_server
from segdsl.workspace.sync.moving import Move, move
from segdsl.workspace.sync.paths import fold
from segdsl.workspace.sync.plan import Plan, PlanError
from segdsl.workspace.sync.planning import PlanOptions, make_plan
from segdsl.workspace.sync.pulling import Pull, make_pull
from segdsl.workspace.sync.server import check_offered, read_server
from segdsl.workspace.sync.workspace import Workspace, inside, non_folders, relative_to

KEEP_EVERY = 50
"""Changes after which the lock is saved, in case the run is killed."""


class Progress(msgspec.Struct, frozen=True):
    """Shows how far a long operation is: `begin` takes the number of steps."""

    begin: Callable[[int], None] = lambda steps: None
    step: Callable[[], None] = lambda: None


async def plan_for(
    connection: Connection,
    project: Project,
    workspace: Workspace,
    report: Report,
    options: PlanOptions,
    paths: Sequence[str] = (),
    on_note: Callable[[str], None] = lambda note: None,
) -> Plan:
    """The plan of a workspace, or of its files in some paths; of no use after errors in the report.

    `on_note` is called with notes on what was read.

    Raises LockError, FileError for a path without files, InputError for one that defines nothing.
    """
    lock = _lock(connection, project)
    for ref, (key, file) in options.moves.items():
        lock = lock.moved(ref, key, file)
    # Who names files that are gone intends that.
    whole = not paths or "." in relative_to(workspace.folder, paths)
    if whole and not (options.allow_empty or report.has_errors):
        check_not_empty(len(workspace.resources), lock, str(workspace.folder), report)
    concerned = _kinds_of(workspace, lock)
    known = account_names(project, connection.target)
    server = await read_server(
        connection.client, connection.parent.id, workspace.kinds, concerned, known, on_note
    )
    check_offered(server, concerned)
    check_same_server(lock, server, lock_path(project, connection.target).name)
    among = _among(workspace, lock, paths)
    plan = make_plan(
        connection.parent.id,
        connection.target,
        workspace.resources,
        lock,
        server,
        workspace.kinds,
        report,
        options,
        among=among,
    )
    if not (options.allow_empty or report.has_errors):
        check_deletions(plan, lock, report)
    return plan


async def effects_of(
    connection: Connection, plan: Plan, progress: Progress, kinds: Kinds = KINDS
) -> Effects:
    """How many profiles a plan concerns; raises ClientError."""
    counting = Counting(progress.begin, progress.step)
    return await effects_of_plan(connection.client, plan, counting, kinds)


async def apply_plan(
    connection: Connection,
    project: Project,
    plan: Plan,
    on_outcome: Callable[[Outcome], None],
    kinds: Kinds = KINDS,
) -> list[Outcome]:
    """Carries out a plan, and records in the lock what is done, also when it is interrupted.

    Raises PlanError where the plan is of another target or parent segment, LockError.
    """
    if plan.target != connection.target:
        # The same parent segment has an id of its own in each region.
        raise PlanError(
            f"the plan is for the target `{plan.target}`, not for `{connection.target}`: make a "
            "plan for that one"
        )
    if plan.parent_segment != connection.parent.id:
        raise PlanError(
            f"the plan is for the parent segment {plan.parent_segment}, but the target "
            f"`{connection.target}` has {connection.parent.id}"
        )
    recorder = _LockRecorder(connection, project, plan)

    def record(outcome: Outcome) -> None:
        recorder.record(outcome)
        on_outcome(outcome)

    try:
        return await carry_out(connection.client, plan, record, kinds)
    finally:
        recorder.save()


async def pull_into(
    connection: Connection,
    project: Project,
    workspace: Workspace,
    named: Sequence[str] = (),
    *,
    force: bool = False,
    keep: bool = False,
    on_note: Callable[[str], None] = lambda note: None,
) -> Pull:
    """Writes what the server has into the workspace, and the lock.

    `on_note` is called with notes on what was read.

    Raises SegmentNotFoundError for a name that neither side has, LockError, FileError.
    """
    lock = _lock(connection, project)
    known = account_names(project, connection.target)
    server = await read_server(
        connection.client, connection.parent.id, workspace.kinds, known=known, on_note=on_note
    )
    check_offered(server, _kinds_of(workspace, lock))
    check_same_server(lock, server, lock_path(project, connection.target).name)
    only = _named(server, lock, named) if named else None
    pull = make_pull(
        connection.parent.id,
        workspace,
        lock,
        server,
        only=only,
        force=force,
        keep=keep,
        occupied=frozenset(map(fold, non_folders(workspace.folder))),
    )
    # Somebody may have edited files while the server was read.
    for path in (*pull.writes, *pull.removals):
        _unchanged(workspace, path)
    for path, text in pull.writes.items():
        _write(workspace, path, text)
    for path in pull.removals:
        (workspace.folder / path).unlink(missing_ok=True)
    merge_lock(project, connection.target, connection.parent.id, lock, pull.lock)
    return pull


def move_in_lock(project: Project, target: str, workspace: Workspace, old: str, new: str) -> Move:
    """Records in the lock of a target that a resource has another place now; see `move`.

    Raises SegmentNotFoundError, LockError.
    """
    lock = load_lock(project, target)
    found = move(lock, workspace.resources, old, new)
    if found.is_new:
        merge_lock(project, target, lock.parent_segment or "", lock, found.lock)
    return found


def _unchanged(workspace: Workspace, path: str) -> None:
    """Raises FileError where a file is not as it was when the workspace was read.

    Also where it is not in the workspace, wherever links lead.
    """
    target = workspace.folder / path
    check_followed(str(target), str(workspace.folder))
    if path not in workspace.paths:
        if target.exists():
            raise FileError(f"cannot write `{target}`: it exists already; move it first")
    elif read_source(str(target), Report())[0].text != workspace.text(path):
        raise FileError(f"`{target}` was changed while segdsl read the server: pull again")


def _write(workspace: Workspace, path: str, text: str) -> None:
    target = workspace.folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot create the folder `{target.parent}`: {error.strerror}") from error
    write_text(str(target), text)


def _lock(connection: Connection, project: Project) -> Lock:
    lock = load_lock(project, connection.target)
    return lock.of_parent(connection.parent.id, lock_path(project, connection.target).name)


def _kinds_of(workspace: Workspace, lock: Lock) -> set[str]:
    """The kinds of what the workspace has, and of what it had."""
    here = {each.key.kind for each in workspace.resources}
    return here | {entry.kind for entry in lock.entries}


def _among(workspace: Workspace, lock: Lock, paths: Sequence[str]) -> frozenset[str] | None:
    """The files in these paths (which count from the current folder), also deleted ones."""
    if not paths:
        return None
    known = {*workspace.paths, *(each.file for each in lock.entries if each.file)}
    holding = {each.file for each in workspace.resources} | {each.file for each in lock.entries}
    chosen: set[str] = set()
    for path, relative in zip(paths, relative_to(workspace.folder, paths), strict=True):
        found = {each for each in known if inside(each, [relative])}
        if not found:
            raise FileError(
                f"there is no .seg file at `{path}`, neither on disk nor in the lock: check the "
                "spelling"
            )
        if found.isdisjoint(holding):
            raise InputError(f"`{path}` defines nothing, so there is nothing to plan")
        chosen |= found
    return frozenset(chosen)


def _named(server: Server, lock: Lock, names: Sequence[str]) -> frozenset[Ref]:
    """The resources that the user named by id, path or name."""
    places: dict[str, list[Ref]] = {}
    for ref, each in server.resources.items():
        _add_place(places, ref, each.state.folder, each.state.name)
    for entry in lock.entries:
        if entry.ref not in server.resources:
            _add_place(places, entry.ref, entry.folder, entry.name)
    for unmanaged in server.unmanaged:
        if unmanaged.id:
            _add_place(places, unmanaged.ref, (), unmanaged.name)
    kinds = [ref.kind for refs in places.values() for ref in refs]
    chosen: set[Ref] = set()
    for name in names:
        refs = places.get(name, [])
        if not refs:
            help = did_you_mean(name, places, "`segdsl list` lists all segments")
            raise SegmentNotFoundError(
                f"there is no {noun(kinds) if kinds else SEGMENT} `{name}`; {help}"
            )
        if len(refs) > 1:
            listed = ", ".join(f"#{ref.id}" for ref in refs)
            nouns = f"{noun(ref.kind for ref in refs)}s"
            raise SegmentNotFoundError(
                f"{len(refs)} {nouns} are named `{name}`: specify one of {listed}"
            )
        chosen.add(refs[0])
    return frozenset(chosen)


def _add_place(places: dict[str, list[Ref]], ref: Ref, folder: Folder, name: str) -> None:
    """What a resource may be called; not by a blank name, which may come from an empty variable."""
    names = (name, Key(ref.kind, folder, name).path) if name.strip() else ()
    for word in dict.fromkeys((*names, ref.id, f"#{ref.id}")):
        refs = places.setdefault(word, [])
        if ref not in refs:
            refs.append(ref)


class _LockRecorder:
    """Keeps the lock true while a plan is carried out."""

    def __init__(self, connection: Connection, project: Project, plan: Plan) -> None:
        self.connection = connection
        self.project = project
        self.base = _lock(connection, project)
        self.entries: dict[Ref, Entry] = dict(self.base.by_ref)
        # A plan that was saved for a while has less than the lock, where that has changed since.
        known = {entry.ref: entry for entry in plan.known}
        self.confirmed: set[Ref] = set()
        for entry in plan.unchanged:
            if self.entries.get(entry.ref) == known.get(entry.ref):
                self.entries[entry.ref] = entry
                self.confirmed.add(entry.ref)
        for entry in plan.detached:
            if self.entries.get(entry.ref) == known.get(entry.ref):
                self.entries[entry.ref] = entry
        for ref in plan.dropped:
            if self.entries.get(ref) == known.get(ref):
                self.entries.pop(ref, None)
        self.recorded = 0
        self.created: dict[Ref, str] = {}
        """The ids of what was created, by the symbolic ids that stand for them in the plan."""

    def record(self, outcome: Outcome) -> None:
        if not outcome.is_done or outcome.id is None:
            return
        change = outcome.change
        ref = Ref(change.kind, outcome.id)
        if change.id is None:
            self.created[change.ref] = outcome.id
        if change.after is not None and outcome.state is not None:
            self.created.update(part_ids(change.after.state, outcome.state))
        if change.after is None or outcome.state is None:
            self.entries.pop(ref, None)
        else:
            self.confirmed.add(ref)
            self.entries[ref] = Entry(
                *ref,
                outcome.state.name,
                outcome.state.folder,
                change.file,
                outcome.state.digest,
                change.after.source or "",
                *split_name_ids(
                    {
                        (kind, name): self.created.get(Ref(kind, id), id)
                        for (kind, name), id in change.name_ids.items()
                    }
                ),
                parts_table(outcome.state.parts),
                dict(outcome.state.pieces),
            )
        self.recorded += 1
        if self.recorded % KEEP_EVERY == 0:
            self.save()

    def save(self) -> None:
        parent = self.connection.parent.id
        ours = Lock(parent, tuple(self.entries.values()))
        merge_lock(self.project, self.connection.target, parent, self.base, ours, self.confirmed)
