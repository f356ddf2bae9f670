"""Connects to the Audience API of a target: the one place where a client is created.

A local target over data is served in this process, behind the same client, so that all that
commands do with it is the same for every target. The local API is imported only where it is used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

import httpx
import msgspec

from segdsl.api import (
    LOCAL_KEY,
    REGIONS,
    ApiKey,
    Client,
    HostError,
    ParentSegment,
    find_key,
    local_key,
)
from segdsl.api.hosts import checked, is_loopback
from segdsl.api.keys import LOCAL_VARIABLE
from segdsl.diagnostics.suggest import did_you_mean
from segdsl.files import check_output, is_within
from segdsl.workspace.project.config import ApiTarget, LocalTarget, Project, ProjectError, moment

if TYPE_CHECKING:
    from segdsl.server import Faults

IN_PROCESS = "http://localhost"
LOCAL_KEY_VARIABLE = LOCAL_VARIABLE


class Connection(msgspec.Struct, frozen=True):
    """A client, and the parent segment that a target is about."""

    client: Client
    parent: ParentSegment
    target: str
    is_local: bool
    now: int
    """The clock of the target, in Unix seconds; where it has its own, this machine's."""
    passed_over: tuple[str, ...] = ()
    """What of a local target's data is not read, in the reader's words, where it is opened here."""
    is_embedded: bool = False
    """Whether the API is in this process, and ends with it."""


class Environment(msgspec.Struct, frozen=True):
    """What a connection takes from the machine: variables and the home folder.

    `send_key`: the person who runs the command said that the account's key may be sent to an API
    on this machine.
    """

    environ: Mapping[str, str]
    home: Path
    send_key: bool = False


class Reached(msgspec.Struct, frozen=True):
    """A client of a target, whichever parent segment it is about; `clock` is a fixed one."""

    client: Client
    name: str
    target: LocalTarget | ApiTarget
    clock: int | None
    is_local: bool
    passed_over: tuple[str, ...] = ()
    is_embedded: bool = False
    """Whether the API is in this process, and ends with it."""


@asynccontextmanager
async def connect(
    project: Project, target: str | None, around: Environment, *, now: str | None = None
) -> AsyncIterator[Connection]:
    """Speaks with the parent segment of a target; see `reach`."""
    async with reach(project, target, around, now=now) as reached:
        yield await _connection(reached)


@asynccontextmanager
async def reach(
    project: Project, target: str | None, around: Environment, *, now: str | None = None
) -> AsyncIterator[Reached]:
    """Speaks with a target of a project, by default its default one.

    `now` fixes the clock of a local target over data. The `url` of a target may be any base URL
    on this machine, with a path too (`http://127.0.0.1:8801/replay`), so that a server with
    recorded answers can stand in; tests do. A project file may come from somebody else, and any
    program can listen on this machine: such an address gets the key of a local API, never that of
    the account (but for `send_key`). Raises ProjectError where that cannot be, and the client's and
    the engine's own errors.
    """
    name, chosen = project.target(target)
    match chosen:
        case LocalTarget(data=str(data)):
            from segdsl.server import open_local

            tables = project.path(data)
            clock = _clock(name, chosen, now)
            store = store_path(project, name, chosen)
            faults = _faults(project, name, chosen)
            exports = _exports(project, tables, chosen)
            opened = open_local(tables, store, clock, faults, strict=chosen.strict, exports=exports)
            async with opened as transport:
                key = ApiKey(LOCAL_KEY)
                async with Client(IN_PROCESS, key, transport=transport) as client:
                    passed_over = transport.passed_over
                    yield Reached(client, name, chosen, clock, True, passed_over, True)
        case LocalTarget(url=url):
            _refuse_now(now, name)
            assert url is not None, "the project file was checked"
            if not _is_here(url):
                raise project.error(
                    name,
                    "url",
                    f"the local target `{name}` is at {url}, which is not this machine",
                    'make it a target of kind "treasuredata"',
                )
            _check_address(project, name, url)
            async with Client(url, local_key(around.environ)) as client:
                yield Reached(client, name, chosen, None, True)
        case ApiTarget(region, _, profile, url):
            _refuse_now(now, name)
            if region not in REGIONS:
                there = f"the regions are: {', '.join(REGIONS)}"
                raise project.error(
                    name,
                    "region",
                    f"the target `{name}` names no region: `{region}`",
                    did_you_mean(region, REGIONS, there),
                )
            if url is not None:
                _check_address(project, name, url)
            if url is not None and _is_here(url) and not around.send_key:
                key = local_key(around.environ)
            else:
                key = find_key(profile, around.environ, around.home)
            async with Client(url or f"https://{REGIONS[region]}", key) as client:
                yield Reached(client, name, chosen, None, False)


def _check_address(project: Project, name: str, url: str) -> None:
    """Raises ProjectError where no key may be sent to the `url` of a target."""
    try:
        checked(url)
    except HostError as error:
        raise project.error(name, "url", str(error)) from None


def _is_here(url: str) -> bool:
    """Whether an address is on this machine; whether it is one at all is the client's to say."""
    try:
        return is_loopback(httpx.URL(url))
    except httpx.InvalidURL:
        return True


def _clock(name: str, target: LocalTarget, now: str | None) -> int | None:
    """The fixed clock of a local target: what was asked for, or what its file says."""
    if now is not None:
        return moment(now, "--now")
    return None if target.now is None else moment(target.now, f"`now` of the target `{name}`")


def _exports(project: Project, data: Path, target: LocalTarget) -> Path:
    """The folder for the files that activations write.

    Only one that the project file names may be outside the project.
    """
    from segdsl.server import exports_folder

    if target.exports:
        return project.path(target.exports)
    beside = exports_folder(data)
    is_inside = is_within(str(beside), str(project.folder))
    return beside if is_inside else project.path(beside.name)


def store_path(project: Project, name: str, target: LocalTarget) -> Path:
    """The file of a target's segments.

    Only one that the project file names may be outside the project.
    """
    if target.store:
        store = project.path(target.store)
        check_output(str(store))
        return store
    store = project.path(f".segdsl/{_file_name(name)}.sqlite")
    if not is_within(str(store), str(project.folder)):
        raise project.error(
            name,
            "data",
            f"cannot use the store `{store}`: it is outside the folder `{project.folder}`",
            f"take the link away, or name a file with `store` in [targets.{name}]",
        )
    return store


def _file_name(target: str) -> str:
    """The name of a target in that of a file, which is in one folder."""
    return target.replace("/", "%2F").replace("\\", "%5C").replace("\0", "%00")


def _faults(project: Project, name: str, target: LocalTarget) -> Faults | None:
    from segdsl.server import FaultsError, parse_faults

    try:
        return None if target.faults is None else parse_faults(target.faults)
    except FaultsError as error:
        raise project.error(name, "faults", f"`faults` of the target `{name}`: {error}") from None


def _refuse_now(now: str | None, name: str) -> None:
    if now is not None:
        raise ProjectError(
            f"--now is for local targets over data: the clock of `{name}` is the server's own"
        )


async def _connection(reached: Reached) -> Connection:
    client, name, target = reached.client, reached.name, reached.target
    now = int(time()) if reached.clock is None else reached.clock
    if target.parent_segment is not None:
        parent = await client.parent_segment(str(target.parent_segment))
        return _connected(reached, parent, now)
    parents = await client.parent_segments()
    if not isinstance(target, ApiTarget) and not parents and not parents.unreadable:
        raise ProjectError(
            f"the target `{name}` has no parent segment yet: `segdsl parent apply` creates it, and "
            "`segdsl parent run` builds its tables"
        )
    if isinstance(target, ApiTarget) or len(parents) != 1 or parents.unreadable:
        listed = [f"{each.id} ({each.name})" for each in parents]
        listed += [f"{each.title}, which cannot be read" for each in parents.unreadable]
        there = ", ".join(listed) or "none"
        problem = (
            f"the target `{name}` names no parent segment"
            if isinstance(target, ApiTarget)
            else f"the target `{name}` has {len(listed)} parent segments"
        )
        raise ProjectError(f"{problem}: specify one with `parent_segment = …`; they are: {there}")
    return _connected(reached, parents[0], now)


def _connected(reached: Reached, parent: ParentSegment, now: int) -> Connection:
    passed_over = reached.passed_over
    if reached.is_embedded and parent.population is None:
        built = f"{parent.name}, whose tables were never built: run `segdsl parent run`"
        passed_over = (*passed_over, built)
    return Connection(
        reached.client,
        parent,
        reached.name,
        reached.is_local,
        now,
        passed_over,
        reached.is_embedded,
    )
