"""A team for tests: a workspace in a folder, and a console beside it on the same server."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from local_api import NOW, write_data
from segdsl.api import ApiKey, Client, NewSegment, RetryPolicy
from segdsl.api import Segment as ApiSegment
from segdsl.api.complete import whole_segments
from segdsl.diagnostics import Report
from segdsl.server import LOCAL_KEY, open_local, parse_faults
from segdsl.workspace.kinds.registry import KINDS
from segdsl.workspace.kinds.resource import Server, ServerResource
from segdsl.workspace.project.config import Project, read_project
from segdsl.workspace.project.keys import SEGMENT
from segdsl.workspace.project.known_ids import Known
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.sync.applying import Outcome
from segdsl.workspace.sync.commands import apply_plan, plan_for, pull_into
from segdsl.workspace.sync.plan import Plan
from segdsl.workspace.sync.planning import PlanOptions
from segdsl.workspace.sync.pulling import Pull
from segdsl.workspace.sync.server import read_server
from segdsl.workspace.sync.workspace import Workspace, read_workspace

QUICK = RetryPolicy(attempts=30, first_pause=0.001, max_pause=0.01)


class Team:
    """A workspace in `folder`, and whoever sits at the console."""

    def __init__(self, folder: Path, client: Client, connection: Connection) -> None:
        self.folder = folder
        self.client = client
        self.connection = connection
        self.kinds = KINDS
        self.notes: list[str] = []
        """What plans and pulls note, in their order."""
        self.clear()

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "segdsl.toml").write_text(
            '[targets.local]\nkind = "local"\nurl = "http://localhost"\n'
        )

    @property
    def project(self) -> Project:
        return read_project(self.folder / "segdsl.toml")

    # --- the workspace -----------------------------------------------------------------

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def files(self, suffix: str = ".seg") -> dict[str, str]:
        return {
            each.relative_to(self.folder).as_posix(): each.read_text()
            for each in sorted(self.folder.rglob(f"*{suffix}"))
        }

    def read(self, report: Report | None = None) -> Workspace:
        found = report or Report()
        workspace = read_workspace(self.folder, Path.cwd(), {}, found, Known(), self.kinds)
        assert report is not None or not found.has_errors, found.diagnostics
        return workspace

    # --- what segdsl does --------------------------------------------------------------

    async def plan(
        self,
        *,
        force: bool = False,
        prune: bool = False,
        paths: Sequence[str] = (),
        report: Report | None = None,
        allow_empty: bool = True,
        as_new: bool = False,
    ) -> Plan:
        found = report or Report()
        options = PlanOptions(force=force, prune=prune, allow_empty=allow_empty, as_new=as_new)
        workspace = self.read(found)
        plan = await plan_for(
            self.connection, self.project, workspace, found, options, paths, self.notes.append
        )
        assert report is not None or not found.has_errors, found.diagnostics
        return plan

    async def apply(
        self,
        plan: Plan | None = None,
        *,
        prune: bool = False,
        on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    ) -> list[Outcome]:
        """An apply as the command does it: with a conflict nothing is sent."""
        plan = plan or await self.plan(prune=prune)
        if plan.conflicts:
            return []
        return await apply_plan(self.connection, self.project, plan, on_outcome, self.kinds)

    async def pull(self, *named: str, force: bool = False, keep: bool = False) -> Pull:
        return await pull_into(
            self.connection,
            self.project,
            self.read(),
            named,
            force=force,
            keep=keep,
            on_note=self.notes.append,
        )

    # --- the console -------------------------------------------------------------------

    async def server(self) -> Server:
        return await read_server(self.client, "7", self.kinds)

    async def resources(self) -> dict[str, ServerResource]:
        """The segments of the server that a workspace can have, by id."""
        return {
            ref.id: each
            for ref, each in (await self.server()).resources.items()
            if ref.kind == SEGMENT
        }

    async def segments(self) -> dict[str, ApiSegment]:
        return {each.name: each for each in await whole_segments(self.client, "7")}

    async def console_create(
        self, name: str, rule: object, folder: tuple[str, ...] = (), **more: object
    ) -> str:
        place = await self.client.ensure_folder("7", folder)
        raw = msgspec.Raw(msgspec.json.encode(rule))
        new = NewSegment(name, raw, folder_id=place.id)
        new = msgspec.structs.replace(new, **more)
        return (await self.client.create_segment("7", new)).id

    async def console_post(
        self, name: str, rule: object, folder: tuple[str, ...], **more: object
    ) -> str:
        """The same in one request, for many segments, with any keys of a body."""
        place = await self.client.ensure_folder("7", folder)
        body = {"name": name, "kind": 0, "rule": rule, "segmentFolderId": int(place.id), **more}
        answer = await self.client._transport.send("POST", "/audiences/7/segments", body=body)
        return str(json.loads(answer)["id"])

    async def console_update(
        self, id: str, rule: object, name: str | None = None, folder: tuple[str, ...] | None = None
    ) -> None:
        now = await self.client.segment("7", id)
        folder_id = now.folder_id
        if folder is not None:
            folder_id = (await self.client.ensure_folder("7", folder)).id
        raw = msgspec.Raw(msgspec.json.encode(rule))
        new = NewSegment(name or now.name, raw, now.kind or "batch", now.description, folder_id)
        await self.client.update_segment("7", id, new)

    async def empty(self) -> None:
        """Takes every segment off the server."""
        for each in await self.client.segments("7"):
            await self.client.delete_segment(each.id)


@asynccontextmanager
async def team(
    folder: Path,
    *,
    faults: str | None = None,
    store: Path | None = None,
    retry_policy: RetryPolicy = QUICK,
) -> AsyncIterator[Team]:
    """A team with a server of its own in this process."""
    data = write_data(folder)
    injected = None if faults is None else parse_faults(faults)
    async with (
        open_local(data, store, NOW, injected) as transport,
        connected(folder, transport, retry_policy) as found,
    ):
        yield found


@asynccontextmanager
async def connected(
    folder: Path, transport: httpx.AsyncBaseTransport, retry_policy: RetryPolicy = QUICK
) -> AsyncIterator[Team]:
    key = ApiKey(LOCAL_KEY)
    async with Client(
        "http://localhost", key, transport=transport, retry_policy=retry_policy
    ) as client:
        parent = await client.parent_segment("7")
        connection = Connection(client, parent, "local", True, NOW)
        yield Team(folder / "workspace", client, connection)


def with_team(test: object) -> object:
    """An async test of a team, as a test that pytest runs."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with team(tmp_path) as one:
                await test(one)  # type: ignore[operator]

        asyncio.run(inside())

    run.__name__ = getattr(test, "__name__", "test")
    run.__doc__ = getattr(test, "__doc__", None)
    return run
