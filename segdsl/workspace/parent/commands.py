"""What `segdsl parent` does from end to end, with the file, what was last seen, and a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal as OneOf
from typing import TypeVar

import msgspec

from segdsl.api import Client, ClientError, NotFoundError
from segdsl.api.activation_records import Execution
from segdsl.api.configurations import ParentSegmentRecord, Population
from segdsl.api.errors import NotSupportedError
from segdsl.errors import InputError
from segdsl.loading import Loaded
from segdsl.parent_segment import model as m
from segdsl.parent_segment.changes import Change, changes, same
from segdsl.parent_segment.shape import FILE
from segdsl.workspace.parent import files
from segdsl.workspace.parent.planning import CHANGED, OnServer, ParentPlan, make_plan, on_server
from segdsl.workspace.parent.users import users_of
from segdsl.workspace.parent.users_in_files import uses_in_files
from segdsl.workspace.parent.users_on_server import uses_on_server
from segdsl.workspace.project.config import ApiTarget, LocalTarget, Project
from segdsl.workspace.remote.connect import Reached
from segdsl.workspace.remote.reading import NOT_OFFERED, ServerReading

SHOWN_RUNS = 5
_T = TypeVar("_T")


class NoParentError(InputError):
    """The target has no parent segment, or its file has none."""


class ChangedSincePlanError(ClientError):
    """The server has something else than the plan was made for."""


class NoRunsError(InputError):
    """A parent segment that the server does not build."""


class FailedBuildError(ClientError):
    """A run that ended without success."""


# --- which one -------------------------------------------------------------------------


async def find_parent(
    reached: Reached, project: Project, configuration: m.Configuration | None
) -> OnServer | None:
    """The parent segment of a target; None where it is to be created.

    It is the one that segdsl.toml names, or was last seen, or the only one of a local API, or the
    one with the name in the file. Raises ClientError, UnreadableParentError.
    """
    client, target = reached.client, reached.target
    seen = files.load_seen(project, reached.name)
    if target.parent_segment is not None:
        id = str(target.parent_segment)
        return on_server(await _need(client, id, reached.name))
    if seen is not None:
        return on_server(await _need(client, seen.id, reached.name))
    if isinstance(target, LocalTarget):
        listed = await client.parent_segments()
        if len(listed) == 1 and not listed.unreadable:
            return on_server(await client.configuration(listed[0].id))
    if configuration is None:
        return None
    record = await client.find_configuration(configuration.name)
    return None if record is None else on_server(record)


async def _need(client: Client, id: str, target: str) -> ParentSegmentRecord:
    record = await client.configuration_or_none(id)
    if record is None:
        raise NotFoundError(
            f"the parent segment {id} of the target `{target}` does not exist",
            "check `parent_segment` in segdsl.toml; to create a new one, take the key away and "
            f"delete {target}.parent_segment.lock.toml",
        )
    return record


async def need_parent(reached: Reached, project: Project) -> OnServer:
    """The parent segment of a target; raises NoParentError."""
    found = await find_parent(reached, project, None)
    if found is None:
        raise NoParentError(
            f"the target `{reached.name}` has no parent segment yet: name one with "
            "`parent_segment = …` in segdsl.toml, or create it with `segdsl parent apply`"
        )
    return found


# --- pull ------------------------------------------------------------------------------


class ParentPull(msgspec.Struct, frozen=True):
    """What became of the file: `changes` are those in it; a conflict writes nothing."""

    file: str
    id: str
    name: str
    status: OneOf["created", "changed", "unchanged", "kept", "conflict"]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


async def pull_parent(
    reached: Reached, project: Project, file: str | None, *, force: bool, keep: bool
) -> ParentPull:
    """Writes what the server has into the file, and records it as seen.

    What was changed in the file since is not overwritten without `force`; with `keep` the file
    stays, and the server's version counts as seen.
    """
    here = files.read_parent_file(project, reached.name, file)
    if file is None and here.configuration is None and _has_built_tables(reached.target):
        raise NoParentError(
            f"the tables of the target `{reached.name}` are built already, so {here.name} says "
            "nothing of how: describe raw tables with `segdsl parent init`, or name another file "
            "with --file"
        )
    there = await need_parent(reached, project)
    now = there.reading.configuration
    notes = _notes(there)
    seen = files.load_seen(project, reached.name)
    record = there.record
    before = here.configuration
    found = () if before is None else changes(before, now)
    if keep:
        files.save_seen(project, reached.name, files.Seen(record.id, now))
        return ParentPull(here.name, record.id, record.name, "kept", (), notes)
    is_ours = before is not None and (
        seen is None or seen.id != record.id or bool(changes(seen.configuration, before))
    )
    if is_ours and changes(now, before or now) and not force:
        if seen is not None and seen.id == record.id and same(seen.configuration, now):
            notes = (*notes, "the file was changed here; pass --force to overwrite it")
            return ParentPull(here.name, record.id, record.name, "kept", (), notes)
        return ParentPull(here.name, record.id, record.name, "conflict", found, notes)
    is_new = not here.text.strip()
    changed = files.save_parent_file(here, now)
    files.save_seen(project, reached.name, files.Seen(record.id, now))
    status: OneOf["created", "changed", "unchanged"] = "unchanged"
    if changed:
        status = "created" if is_new else "changed"
    return ParentPull(here.name, record.id, record.name, status, found, notes)


def _has_built_tables(target: LocalTarget | ApiTarget) -> bool:
    """Whether it is over data of this machine, which a `[master]` would declare to be raw."""
    return isinstance(target, LocalTarget) and target.data is not None


def _notes(there: OnServer) -> tuple[str, ...]:
    reading = there.reading
    notes = [f"not in the file, since it cannot be read: {each}" for each in reading.unreadable]
    if reading.enriched:
        notes.append(f"added by enrichments, not in the file: {', '.join(reading.enriched)}")
    return tuple(notes)


# --- plan and apply --------------------------------------------------------------------


async def plan_parent(
    reached: Reached, project: Project, file: str | None, loaded: Loaded
) -> ParentPlan:
    """The plan of the file, with everything that uses what disappears; raises NoParentError."""
    here = files.read_parent_file(project, reached.name, file)
    if here.configuration is None:
        there = f"{here.name} has no `[master]`" if here.text else f"there is no {here.name}"
        raise NoParentError(
            f"{there}: run `segdsl parent pull` or `segdsl parent init`, or name a {FILE} with "
            "--file"
        )
    found = await find_parent(reached, project, here.configuration)
    seen = files.load_seen(project, reached.name)
    known = None
    if seen is not None and found is not None and seen.id == found.record.id:
        known = seen.configuration
    plan = make_plan(reached.name, here.name, here.configuration, found, known)
    if not plan.gone:
        return plan
    assert found is not None, "what disappears was there"
    server = await uses_on_server(ServerReading(reached.client, found.record.id))
    uses = (*server.uses, *uses_in_files(loaded, server.rule))
    return msgspec.structs.replace(plan, vanishing=users_of(plan.gone, uses), unread=server.unread)


class Applied(msgspec.Struct, frozen=True):
    """What an apply did; `recorded` is the file with the id of what was created."""

    plan: ParentPlan
    done: OneOf["created", "updated", "there already", "nothing"]
    id: str | None = None
    recorded: str | None = None


async def apply_parent(reached: Reached, project: Project, plan: ParentPlan) -> Applied:
    """Carries out a plan without conflicts; raises ChangedSincePlanError, ClientError.

    Right before each try the server is read again: only what is as the plan saw it is replaced.
    """
    client = reached.client
    if plan.action == "none":
        if plan.before is not None:
            now = plan.before.reading.configuration
            files.save_seen(project, plan.target, files.Seen(plan.before.record.id, now))
        return Applied(plan, "nothing", plan.id)
    new = plan.request()
    if plan.before is None:
        record = await client.create_parent_segment(new)
        _record(project, plan.target, record)
        recorded = None
        if reached.target.parent_segment is None and not isinstance(reached.target, LocalTarget):
            recorded = files.record_id(project, plan.target, record.id)
        return Applied(plan, "created", record.id, recorded)
    before, looks, there_already = plan.before, 0, False

    async def look() -> ParentSegmentRecord | None:
        nonlocal looks, there_already
        looks += 1
        now = await client.configuration_or_none(before.record.id)
        if now is None:
            raise ChangedSincePlanError(f"the parent segment {before.record.id} was deleted")
        if new.is_confirmed(now.decoded()):
            there_already = looks == 1
            return now
        if not same(on_server(now).reading.configuration, before.reading.configuration):
            raise ChangedSincePlanError(
                f"nothing was sent: {CHANGED}", "run `segdsl parent plan` again"
            )
        return None

    record = await client.update_parent_segment(before.record.id, new, look)
    _record(project, plan.target, record)
    return Applied(plan, "there already" if there_already else "updated", record.id)


def _record(project: Project, target: str, record: ParentSegmentRecord) -> None:
    now = on_server(record).reading.configuration
    files.save_seen(project, target, files.Seen(record.id, now))


# --- run and status --------------------------------------------------------------------


class JourneyRun(msgspec.Struct, frozen=True):
    """A run of a journey that followed the one of its parent segment."""

    id: str
    name: str
    execution: Execution


class ParentRun(msgspec.Struct, frozen=True):
    """A run that builds a parent segment; `population` is known once it has ended well.

    `journeys` are the runs of launched journeys that were waited for.
    """

    id: str
    name: str
    execution: Execution
    population: int | None = None
    journeys: tuple[JourneyRun, ...] = ()


async def run_parent(
    client: Client,
    record: ParentSegmentRecord,
    on_start: Callable[[ParentRun], None],
    on_status: Callable[[Execution], None],
    *,
    wait: bool,
    with_journeys: bool = False,
) -> ParentRun:
    """Runs it, at most once, and waits for its end; raises ClientError, NoRunsError.

    `with_journeys` also waits for the runs of launched journeys that follow.
    """
    before = await _journey_runs(client, record.id) if wait and with_journeys else {}
    try:
        execution = await client.run_parent_segment(record.id)
    except NotSupportedError as error:
        raise NoRunsError(
            f"{record.name} (#{record.id}) cannot be run: {error.message}; a local API builds "
            "tables only if its folder of data has raw ones"
        ) from None
    run = ParentRun(record.id, record.name, execution)
    on_start(run)
    if not wait:
        return run
    ended = await client.wait_for_parent_run(record.id, run.execution, on_status=on_status)
    run = msgspec.structs.replace(run, execution=ended)
    if ended.status != "success":
        return run
    journeys: list[JourneyRun] = []
    after = await _journey_runs(client, record.id) if with_journeys else {}
    for id, each in after.items():
        known = before.get(id)
        if known is None or known.execution.attempt_id != each.execution.attempt_id:
            execution = await client.wait_for_journey(id, each.execution)
            journeys.append(JourneyRun(id, each.name, execution))
    population = (await client.parent_segment(record.id)).population
    return msgspec.structs.replace(run, population=population, journeys=tuple(journeys))


async def _journey_runs(client: Client, parent_id: str) -> dict[str, JourneyRun]:
    """The last run of each version of a journey that has any."""
    listed = await _offered(client.journeys(parent_id))
    return {
        each.id: JourneyRun(each.id, each.name, each.latest_execution)
        for each in listed or ()
        if each.latest_execution is not None
    }


def check_built(run: ParentRun) -> None:
    """Raises FailedBuildError for a run that ended without success."""
    if run.execution.is_ended and run.execution.status != "success":
        execution = run.execution
        why = "" if execution.message is None else f": {execution.message}"
        raise FailedBuildError(
            f"the run of {run.name} (#{run.id}) ended as `{execution.status}`{why}",
            "look at its log in the console" if execution.message is None else None,
        )


class ParentStatus(msgspec.Struct, frozen=True):
    """A parent segment as it is; the latest runs first, populations in order.

    None is what the server does not offer.
    """

    there: OnServer
    runs: tuple[Execution, ...] | None = ()
    populations: tuple[Population, ...] | None = ()


async def parent_status(reached: Reached, project: Project) -> ParentStatus:
    """The schedule, the last runs and the population; raises ClientError."""
    there = await need_parent(reached, project)
    id = there.record.id
    runs = await _offered(reached.client.parent_executions(id))
    if runs is not None:
        ordered = sorted(runs, key=lambda each: each.created_at or "", reverse=True)
        runs = tuple(ordered[:SHOWN_RUNS])
    return ParentStatus(there, runs, await _offered(reached.client.populations(id)))


async def _offered(request: Awaitable[_T]) -> _T | None:
    """What is asked for; None where the server, or the key, does not have it."""
    try:
        return await request
    except NOT_OFFERED:
        return None
