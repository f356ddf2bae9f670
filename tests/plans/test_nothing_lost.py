"""Edits on both sides in any order, with pulls, plans and applies between: none is lost unseen.

Each edit writes a number of its own, so that it is seen where it is, and where it is not. A rule
never refers to another segment than it did without an edit, whoever is given which name.
"""

from __future__ import annotations

import asyncio
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

from local_api import NOW, equal, rule, write_data
from quick import scaled
from segdsl.api import ClientError
from segdsl.diagnostics import Report
from segdsl.server import open_local
from segdsl.workspace.kinds.resource import ServerResource
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.keys import SEGMENT, Key, Ref
from segdsl.workspace.sync.plan import Plan, read_plan, write_plan
from segdsl.workspace.sync.pulling import Pull
from teams import Team, connected

NAMES = ("A", "B", "C")
FOLDERS: tuple[tuple[str, ...], ...] = ((), ("F",), ("G",))
Kind = Literal[
    "here",
    "comment here",
    "delete here",
    "console",
    "delete there",
    "move there",
    "rename there",
    "swap there",
    "undo there",
    "pull",
    "pull one",
    "pull by force",
    "save a plan",
    "apply the saved",
    "apply",
    "apply broken off",
    "apply, killed",
    "apply by force",
]
OFTEN: tuple[Kind, ...] = ("here", "console", "pull", "apply", "rename there", "swap there")
ALL: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


class Step(NamedTuple):
    """One thing that somebody does to the segment of a place; `other` is another name.

    It is what the segment refers to, is swapped with, or is called from then on.
    """

    kind: Kind
    name: str
    folder: tuple[str, ...] = ()
    other: str | None = None


steps = st.builds(
    Step,
    st.sampled_from([*ALL, *OFTEN]),
    st.sampled_from(NAMES),
    st.sampled_from(FOLDERS),
    st.sampled_from([None, *NAMES]),
)
Fact = tuple[int, Key]
"""An edit, by its number, and the place where it is."""
_NUMBER = re.compile(r"age = (\d+)")


def fact_of(seen: ServerResource) -> Fact:
    assert isinstance(seen.state, SegmentState)
    [number] = re.findall(r'"rightValue":(\d+)', seen.state.rule)
    return int(number), seen.state.key


class World:
    """A team, and what it may overwrite: that which both sides have seen."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.edits = 0
        self.seen_there: dict[str, Fact] = {}
        """How the workspace last saw each segment of the server, by id."""
        self.seen_here: set[Fact] = set()
        """What the server has, or had, of the workspace."""
        self.numbers: dict[str, list[int]] = {}
        """The edits of each segment in the console, by id."""
        self.deleted_here: set[int] = set()
        self.deleted_there: set[int] = set()
        self.refers: dict[int, frozenset[Ref]] = {}
        """What each edit refers to, since it is on the server."""
        self.saved: Plan | None = None

    def here(self) -> dict[Key, int]:
        files = self.team.files()
        found = {}
        for each in self.team.read().resources:
            [number] = _NUMBER.findall(files[each.file][each.place.start : each.place.end])
            found[each.key] = int(number)
        return found

    async def there(self) -> dict[str, ServerResource]:
        return await self.team.resources()

    async def do(self, step: Step) -> None:
        self.edits += 1
        key = Key(SEGMENT, step.folder, step.name)
        match step.kind:
            case "here" | "comment here" | "delete here":
                self._edit_here(step, key)
            case "pull":
                await self._pull()
            case "pull one":
                found = (await self.team.server()).by_key.get(key)
                if found is not None:
                    await self._pull(found.id)
            case "pull by force":
                await self._pull(force=True)
            case "save a plan":
                plan = await self._plan()
                if plan is not None:
                    self.saved = read_plan(write_plan(plan).encode(), "plan")
            case "apply the saved":
                if self.saved is not None:
                    await self._apply(self.saved, whole=False)
            case "apply" | "apply broken off" | "apply, killed" | "apply by force":
                await self._apply_now(step.kind)
            case _:
                # A place may be taken, and a segment be referred to by others.
                with suppress(ClientError):
                    await self._at_the_console(step, key)
        await self._nothing_turned()

    # --- edits -------------------------------------------------------------------------

    def _edit_here(self, step: Step, key: Key) -> None:
        found = [each for each in self.team.read().resources if each.key == key]
        path = found[0].file if found else "/".join((*step.folder, f"{step.name}.seg"))
        if not found and path in self.team.files():
            return  # another segment's file
        if step.kind == "here":
            clause = f'  folder "{"/".join(step.folder)}"\n' if step.folder else ""
            more = ""
            if step.other not in (None, step.name):
                more = f'\n  and not in segment "{step.other}"'
            text = f'segment "{step.name}"\n{clause}\nwhere\n  age = {self.edits}{more}\n'
            self.team.write(path, text)
        elif step.kind == "comment here" and found:
            text = self.team.files()[path]
            self.team.write(path, text.replace("where\n", "where\n  # Mine.\n", 1))
        elif found:
            self.deleted_here.add(self.here()[key])
            (self.team.folder / path).unlink()

    async def _at_the_console(self, step: Step, key: Key) -> None:
        server = await self.team.server()
        found = server.by_key.get(key)
        others = [each.id for each in server.resources.values() if each.state.name == step.other]
        if step.kind == "console":
            more = [{"type": "Reference", "id": id, "exclude": True} for id in others[:1]]
            made = rule(equal("age", self.edits), *more)
            if found is None:
                id = await self.team.console_create(key.name, made, key.folder)
            else:
                id = found.id
                await self.team.console_update(id, made)
            self.numbers.setdefault(id, []).append(self.edits)
        elif found is None:
            return
        elif step.kind == "delete there":
            await self.team.client.delete_segment(found.id)
            self.deleted_there.add(fact_of(found)[0])
        elif step.kind == "move there":
            to = FOLDERS[(FOLDERS.index(step.folder) + 1) % 3]
            await self._put(found, folder=to)
        elif step.kind == "rename there":
            await self._put(found, name=step.other)
        elif step.kind == "swap there" and others and others[0] != found.id:
            other = server.resources[Ref(SEGMENT, others[0])]
            await self._put(found, name="on its way")
            await self._put(other, *found.state.key.place[::-1])
            await self._put(found, *other.state.key.place[::-1])
        elif step.kind == "undo there" and self.numbers.get(found.id):
            number = self.numbers[found.id][-1]
            if self.refers.get(number) == frozenset():
                await self.team.console_update(found.id, rule(equal("age", number)))

    async def _put(
        self,
        segment: ServerResource,
        name: str | None = None,
        folder: tuple[str, ...] | None = None,
    ) -> None:
        assert isinstance(segment.state, SegmentState)
        as_it_is: Any = msgspec.Raw(segment.state.rule.encode())
        await self.team.console_update(segment.id, as_it_is, name, folder)

    # --- pulls -------------------------------------------------------------------------

    async def _pull(self, *named: str, force: bool = False) -> None:
        here, there = self.here(), await self.there()
        pull = await self.team.pull(*named, force=force)
        assert await self.there() == there, "a pull changes nothing on the server"
        after = self.here()
        if not force:
            lost = {(number, key) for key, number in here.items() if after.get(key) != number}
            assert lost <= self.seen_here, "an edit here was lost by a pull"
            if not named:
                back = (set(after.values()) - set(here.values())) & self.deleted_here
                assert not back, "what was deleted here came back by a pull"
        self._see(there)
        await self._nothing_is_left(pull, *named, force=force)

    async def _nothing_is_left(self, pull: Pull, *named: str, force: bool) -> None:
        """A second pull changes nothing, and what was pulled whole is nothing to plan."""
        files, lock = self.team.files(), self._lock()
        again = await self.team.pull(*named, force=force)
        assert (self.team.files(), self._lock()) == (files, lock)
        assert again.conflicts == pull.conflicts
        if named or pull.conflicts or {each.what for each in again.items} - {"the same"}:
            return
        if set(self.here()) <= {each.state.key for each in (await self.there()).values()}:
            plan = await self.team.plan()
            assert (plan.changes, plan.conflicts, plan.left) == ((), (), ())

    # --- plans and applies -------------------------------------------------------------

    async def _plan(self, *, force: bool = False) -> Plan | None:
        here, there, report = self.here(), await self.there(), Report()
        plan = await self.team.plan(prune=True, force=force, report=report)
        assert (self.here(), await self.there()) == (here, there), "a plan changes nothing"
        return None if report.has_errors else plan

    async def _apply_now(self, kind: Kind) -> None:
        force = kind == "apply by force"
        plan = await self._plan(force=force)
        if plan is None:
            return
        for change in plan.changes:
            # What nobody here has seen is overwritten by force alone, and that is said.
            if change.before is not None and change.id is not None:
                fact = fact_of(ServerResource(change.id, change.before.state))
                assert change.forced or self.seen_there.get(change.id) == fact
        if kind in ("apply", "apply by force"):
            await self._apply(plan, whole=True, force=force)
            return
        lock = self._lock()
        part = msgspec.structs.replace(plan, changes=plan.changes[: len(plan.changes) // 2])
        await self._apply(part, whole=False)
        path = self.team.folder / "local.lock.toml"
        if kind == "apply, killed" and lock is None:
            path.unlink(missing_ok=True)
        elif kind == "apply, killed" and lock is not None:
            path.write_text(lock)

    async def _apply(self, plan: Plan, *, whole: bool, force: bool = False) -> None:
        here, there = self.here(), await self.there()
        outcomes = await self.team.apply(plan)
        after = await self.there()
        assert self.here() == here, "an apply changes nothing here"
        if plan.conflicts:
            assert after == there, "with a conflict nothing is sent"
            return
        if force:
            self.refers.clear()
        else:
            for id, seen in there.items():
                if id not in after or fact_of(after[id]) != fact_of(seen):
                    assert self.seen_there.get(id) == fact_of(seen), "a console edit was lost"
            made = {fact_of(each)[0] for id, each in after.items() if id not in there}
            assert not made & self.deleted_there, "what was deleted in the console was made again"
        self._see(after)
        if whole and all(each.is_done for each in outcomes):
            following = await self.team.plan(prune=True)
            assert following.changes == ()
            assert following.conflicts == () or force

    # --- what both sides have seen -----------------------------------------------------

    def _see(self, there: dict[str, ServerResource]) -> None:
        here = {(number, key) for key, number in self.here().items()}
        for id, seen in there.items():
            if fact_of(seen) in here:
                self.seen_there[id] = fact_of(seen)
                self.seen_here.add(fact_of(seen))

    async def _nothing_turned(self) -> None:
        for seen in (await self.there()).values():
            number = fact_of(seen)[0]
            refers = self.refers.setdefault(number, seen.state.refers_to)
            assert seen.state.refers_to == refers, "a reference turned to another segment"

    def _lock(self) -> str | None:
        path = self.team.folder / "local.lock.toml"
        return path.read_text() if path.exists() else None


async def live(histories: Sequence[Sequence[Step]], folder: Path) -> None:
    async with (
        open_local(write_data(folder), None, NOW, None) as transport,
        connected(folder, transport) as team,
    ):
        for history in histories:
            team.clear()
            await emptied(team)
            world = World(team)
            for step in history:
                await world.do(step)
            await world.do(Step("pull", ""))
            await world.do(Step("apply", ""))


async def emptied(team: Team) -> None:
    """Takes every segment off the server, those that others refer to last."""
    while left := await team.client.segments("7"):
        for each in left:
            with suppress(ClientError):
                await team.client.delete_segment(each.id)


def happen(histories: Sequence[Sequence[Step]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(histories, Path(folder)))


F = ("F",)
KNOWN: list[list[Step]] = [
    [Step("here", "A"), Step("apply", ""), Step("console", "A"), Step("here", "A")],
    [Step("console", "A"), Step("pull", ""), Step("move there", "A"), Step("pull", "")],
    [Step("here", "A"), Step("apply", ""), Step("move there", "A"), Step("here", "A")],
    [Step("here", "A"), Step("apply", ""), Step("delete there", "A"), Step("console", "A")],
    # Moved away in the console, and another made in its place: both are the place's here.
    [
        Step("console", "C", F),
        Step("pull", ""),
        Step("move there", "C", F),
        Step("console", "C", F),
        Step("here", "C", F),
    ],
    # A name that is given on in the console, with the one that refers to it here, or all.
    *(
        [
            Step("console", "A"),
            Step("console", "B", (), "A"),
            pull,
            Step("rename there", "A", (), "C"),
            Step("console", "A", folder),
            *then,
        ]
        for pull in (Step("pull", ""), Step("pull one", "B"))
        for folder in ((), F)
        for then in ([], [Step("pull", "")], [Step("apply", "")], [Step("comment here", "B")])
    ),
    # Places that are swapped.
    [
        Step("console", "A"),
        Step("console", "B"),
        Step("pull", ""),
        Step("swap there", "A", (), "B"),
    ],
    # Swapped with one that was deleted here: two of the lock have one place then.
    [
        Step("console", "B", F),
        Step("console", "C", F),
        Step("pull", ""),
        Step("delete here", "B", F),
        Step("swap there", "B", F, "C"),
    ],
    # A plan that is older than the lock.
    [
        Step("console", "A"),
        Step("console", "B"),
        Step("pull", ""),
        Step("here", "B"),
        Step("save a plan", ""),
        Step("console", "A"),
        Step("pull one", "A"),
        Step("apply the saved", ""),
        Step("undo there", "A"),
    ],
]


def test_no_edit_is_lost_where_one_was() -> None:
    happen(KNOWN)


# Many in one run, as opening a server takes longest.
@settings(max_examples=scaled(4))
@given(st.lists(st.lists(steps, min_size=4, max_size=14), min_size=12, max_size=12))
def test_no_edit_is_lost(histories: list[list[Step]]) -> None:
    happen(histories)


@pytest.mark.slow
@settings(max_examples=scaled(100))
@given(st.lists(st.lists(steps, min_size=6, max_size=30), min_size=12, max_size=12))
def test_no_edit_is_lost_in_long_histories(histories: list[list[Step]]) -> None:
    happen(histories)
