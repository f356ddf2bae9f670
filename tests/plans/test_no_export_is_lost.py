"""Edits of all kinds on both sides in any order, with pulls and applies: none is lost unseen.

As `test_nothing_lost` for segments alone. Each edit writes a number of its own into a segment's
rule, the rule of a stage, or the settings of a template or an activation. Applies are also killed
between the requests of one change.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_api import NOW
from quick import scaled
from segdsl.api import ClientError, NewSegment
from segdsl.api.activation_records import NewActivation, NewTemplate
from segdsl.diagnostics import Report
from segdsl.server import open_local
from segdsl.workspace.kinds.resource import ServerResource
from segdsl.workspace.project.keys import ACTIVATION, FUNNEL, SEGMENT, TEMPLATE
from segdsl.workspace.project.lock import LockError
from segdsl.workspace.sync.plan import Plan
from teams import Team, connected
from test_activation_kind import data
from test_funnel_kind import Killed, KilledError

Thing = Literal["A", "F", "T", "X", "Y"]
"""A segment, a funnel, a template, an activation of the segment, and one of the first stage."""
THINGS: tuple[Thing, ...] = ("A", "F", "T", "X", "Y")
KINDS: dict[Thing, str] = {
    "A": SEGMENT,
    "F": FUNNEL,
    "T": TEMPLATE,
    "X": ACTIVATION,
    "Y": ACTIVATION,
}
Does = Literal[
    "here",
    "delete here",
    "console",
    "delete there",
    "pull",
    "pull by force",
    "apply",
    "apply, killed",
]
OFTEN: tuple[Does, ...] = ("here", "here", "console", "pull", "apply", "apply, killed")
ALL: tuple[Does, ...] = Does.__args__  # type: ignore[attr-defined]


class Step(NamedTuple):
    """One thing that somebody does; `after` is how many requests a killed client gets through."""

    does: Does
    thing: Thing = "A"
    after: int = 0


steps = st.builds(
    Step,
    st.sampled_from([*ALL, *OFTEN]),
    st.sampled_from(THINGS),
    st.integers(min_value=0, max_value=6),
)


def text_of(thing: Thing, number: int) -> str:
    match thing:
        case "A":
            return f'segment "A" where age = {number}\n'
        case "F":
            stages = f'stage "One" where age = {number}\n\nstage "Two" is segment "A"\n'
            return f'funnel "F"\n\n{stages}\nstage "Three" where age > {number}\n'
        case "T":
            return f'activation template "T"\n  to connection "s3"\n  with (path = "{number}")\n'
        case "X":
            # Both sides of the API, every other time.
            more = '  then run workflow "w" of project "p"\n' * (number % 2)
            head = f'activation "X" of segment "A"\n  to connection "s3"\n  columns all\n{more}'
            when = (
                f'  every day starting 2025-04-01T03:00 in "UTC" until 20{25 + number % 50}-12-31\n'
            )
            return f'{head}{when}  with (path = "{number}")\n'
        case "Y":
            return (
                'activation "Y" of stage "One" of funnel "F"\n  from template "T"\n'
                f'  to connection "s3"\n  columns all\n  with (path = "{number}")\n'
            )


_NUMBER = re.compile(r'(?:age = |path = "|"path":"|"rightValue":)(\d+)')


class World:
    """A team, and what it may overwrite: that which both sides have seen."""

    def __init__(self, team: Team, killed: Killed) -> None:
        self.team = team
        self.killed = killed
        self.edits = 100
        self.seen_there: dict[str, str] = {}
        """The content of each thing of the server that the workspace has seen, by id."""
        self.seen_here: set[int] = set()

    def here(self) -> dict[str, int]:
        """The number that each thing has here, by name."""
        files = self.team.files()
        return {
            each.key.name: int(
                _NUMBER.findall(files[each.file][each.place.start : each.place.end])[0]
            )
            for each in self.team.read().resources
        }

    async def there(self) -> dict[str, ServerResource]:
        """The things of the server, by id."""
        return {each.id: each for each in (await self.team.server()).resources.values()}

    async def do(self, step: Step) -> None:
        self.edits += 1
        # With nothing of the lock on the server, no plan and no pull is made.
        with suppress(LockError):
            await self._do(step)

    async def _do(self, step: Step) -> None:
        match step.does:
            case "here":
                self._edit_here(step.thing)
            case "delete here":
                for each in self.team.read().resources:
                    if each.key.name == step.thing:
                        (self.team.folder / each.file).unlink()
            case "console" | "delete there":
                with suppress(ClientError):  # What others refer to is not deleted.
                    await self._at_the_console(step)
            case "pull":
                await self._pull()
            case "pull by force":
                await self._pull(force=True)
            case "apply":
                await self._apply()
            case "apply, killed":
                await self._apply(step.after)

    def _edit_here(self, thing: Thing) -> None:
        found = [each.file for each in self.team.read().resources if each.key.name == thing]
        self.team.write(found[0] if found else f"{thing}.seg", text_of(thing, self.edits))

    # --- the console -------------------------------------------------------------------

    async def _at_the_console(self, step: Step) -> None:
        client = self.team.client
        found = [
            each
            for each in (await self.there()).values()
            if (each.state.resource, each.state.name) == (KINDS[step.thing], step.thing)
        ]
        if not found:
            return
        [one] = found
        id, parent = one.id, one.parent_id
        if step.does == "delete there":
            match step.thing:
                case "A":
                    await client.delete_segment(id)
                case "F":
                    await client.delete_funnel("7", id)
                case "T":
                    await client.delete_template(id)
                case "X" | "Y":
                    await client.delete_activation(parent or "", id)
            return
        match step.thing:
            case "A":
                await self._edit_segment(id)
            case "F":
                [stage, *_] = (await client.funnel("7", id)).stages
                if stage.segment_id is not None:
                    await self._edit_segment(stage.segment_id)
            case "T":
                document = (await client.template(id)).decoded()
                attributes = self._edited(document["attributes"])
                body = {"type": "activation-template", "attributes": attributes}
                await client.update_template("7", id, NewTemplate("T", raw(body), parent))
            case "X" | "Y":
                document = (await client.activation(parent or "", id)).decoded()
                body = {"type": "syndication", "attributes": self._edited(document["attributes"])}
                new = NewActivation(step.thing, raw(body))
                await client.update_activation("7", parent or "", id, new)

    def _edited(self, attributes: dict[str, Any]) -> dict[str, Any]:
        kept = {
            "name",
            "connectionId",
            "allColumns",
            "columns",
            "repeatUnit",
            "repeatFrequency",
            "startAt",
            "endOn",
            "timezone",
            "state",
            "kind",
            "fieldProperties",
        }
        body = {
            key: value
            for key, value in attributes.items()
            if key in kept and value is not None and (key != "repeatFrequency" or value)
        }
        body["connectionId"] = int(body["connectionId"])
        return {**body, "connectorConfig": {"path": str(self.edits)}}

    async def _edit_segment(self, id: str) -> None:
        now = await self.team.client.segment("7", id)
        assert now.rule is not None
        text = re.sub(
            r'"rightValue":\s*\d+', f'"rightValue":{self.edits}', bytes(now.rule).decode()
        )
        kind = now.kind or "batch"
        new = NewSegment(now.name, msgspec.Raw(text.encode()), kind, now.description, now.folder_id)
        await self.team.client.update_segment("7", id, new)

    # --- pulls and applies -------------------------------------------------------------

    async def _pull(self, *, force: bool = False) -> None:
        here, there = self.here(), await self.there()
        pull = await self.team.pull(force=force)
        assert await self.there() == there, "a pull changes nothing on the server"
        after = self.here()
        if not force:
            lost = {number for name, number in here.items() if after.get(name) != number}
            assert lost <= self.seen_here, "an edit here was lost by a pull"
        await self._see()
        files, lock = self.team.files(), self._lock()
        again = await self.team.pull(force=force)
        assert (self.team.files(), self._lock()) == (files, lock)
        assert again.conflicts == pull.conflicts
        if pull.conflicts or {each.what for each in again.items} - {"the same"}:
            return
        if len(after) == len(there):
            plan = await self.team.plan()
            assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())

    async def _plan(self) -> Plan | None:
        report = Report()
        plan = await self.team.plan(prune=True, report=report, as_new=True)
        return None if report.has_errors else plan

    async def _apply(self, after: int | None = None) -> None:
        here, there = self.here(), await self.there()
        plan, lock = await self._plan(), self._lock()
        if plan is None:
            return
        self.killed.left = after
        outcomes = []
        try:
            outcomes = await self.team.apply(plan)
        except KilledError:
            if lock is None:
                (self.team.folder / "local.lock.toml").unlink(missing_ok=True)
            else:
                (self.team.folder / "local.lock.toml").write_text(lock)
        finally:
            killed = self.killed.left is not None and self.killed.left < 0
            self.killed.left = None
        assert self.here() == here, "an apply changes nothing here"
        now = await self.there()
        if plan.conflicts:
            assert now == there, "with a conflict nothing is sent"
            return
        if killed:
            # A change that is half made is nobody's edit: the next run carries it on.
            plan = await self._plan()
            assert plan is not None
            assert not plan.conflicts, plan.conflicts[0]
            outcomes = await self.team.apply(plan)
            now = await self.there()
        for id, old in there.items():
            if id not in now or now[id].state != old.state:
                assert self.seen_there.get(id) == old.state.digest, "a console edit was lost"
        if all(each.is_done for each in outcomes):
            following = await self._plan()
            assert following is not None
            assert (following.changes, following.conflicts) == ((), ())
        await self._see()

    async def _see(self) -> None:
        """Remembers what is equal on both sides now."""
        plan = await self.team.plan(report=Report(), as_new=True)
        here, there = self.here(), await self.there()
        for entry in plan.unchanged:
            self.seen_there[entry.id] = there[entry.id].state.digest
            self.seen_here.add(here[entry.name])

    def _lock(self) -> str | None:
        path = self.team.folder / "local.lock.toml"
        return path.read_text() if path.exists() else None


def raw(body: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(body).encode())


async def emptied(team: Team) -> None:
    client = team.client
    for activation in await client.activations("7"):
        await client.delete_activation(activation.segment_id or "", activation.id)
    for template in await client.templates("7"):
        await client.delete_template(template.id)
    for funnel in await client.funnels("7"):
        await client.delete_funnel("7", funnel.id)
    await team.empty()


def happen(histories: Sequence[Sequence[Step]]) -> None:
    async def inside(folder: Path) -> None:
        async with open_local(data(folder), None, NOW, None) as transport:
            killed = Killed(transport)
            async with connected(folder, killed) as team:
                for history in histories:
                    team.clear()
                    await emptied(team)
                    world = World(team, killed)
                    for thing in THINGS:
                        await world.do(Step("here", thing))
                    for step in history:
                        await world.do(step)
                    await world.do(Step("pull"))
                    await world.do(Step("apply"))

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(inside(Path(folder)))


KNOWN: list[list[Step]] = [
    [Step("apply"), *(Step("console", each) for each in THINGS), Step("pull")],
    [
        Step("apply"),
        *(Step("console", each) for each in THINGS),
        *(Step("here", each) for each in THINGS),
        Step("apply"),
        Step("pull"),
        Step("pull by force"),
    ],
    [Step("apply, killed", "A", number) for number in range(7)],
    *(
        [
            Step("apply"),
            *(Step("here", each) for each in THINGS),
            Step("apply, killed", "A", number),
        ]
        for number in range(7)
    ),
    [Step("apply"), *(Step("delete there", each) for each in reversed(THINGS)), Step("pull")],
    [Step("apply"), *(Step("delete here", each) for each in THINGS), Step("apply, killed", "A", 2)],
]


def test_no_edit_is_lost_where_one_was() -> None:
    happen(KNOWN)


@settings(max_examples=scaled(3), deadline=None)
@given(st.lists(st.lists(steps, min_size=4, max_size=12), min_size=6, max_size=6))
def test_no_edit_is_lost(histories: list[list[Step]]) -> None:
    happen(histories)


@pytest.mark.slow
@settings(max_examples=scaled(20), deadline=None)
@given(st.lists(st.lists(steps, min_size=6, max_size=24), min_size=8, max_size=8))
def test_no_edit_is_lost_in_long_histories(histories: list[list[Step]]) -> None:
    happen(histories)
