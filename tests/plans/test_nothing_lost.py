"""Edits on both sides in any order, with pulls, plans and applies between: none is lost unseen."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from local_api import NOW, equal, rule, write_data
from segdsl.local import open_local
from segdsl.workspace.state import Key
from teams import Team, connected

NAMES = ("A", "B", "C")
FOLDERS: tuple[tuple[str, ...], ...] = ((), ("F",))
Kind = Literal["here", "delete here", "console", "delete there", "move there", "pull", "apply"]


class Step(NamedTuple):
    """One thing that somebody does; for `pull` and `apply` the rest does not matter."""

    kind: Kind
    name: str
    folder: tuple[str, ...] = ()


steps = st.builds(
    Step,
    st.sampled_from(
        [
            "here",
            "here",
            "delete here",
            "console",
            "console",
            "delete there",
            "move there",
            "pull",
            "pull",
            "apply",
            "apply",
        ]
    ),
    st.sampled_from(NAMES),
    st.sampled_from(FOLDERS),
)
States = dict[Key, str]
"""What each place holds, as canonical rules."""


class World:
    """A team, and what both sides last agreed on by each segment's place."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.agreed: States = {}
        self.edits = 0

    def here(self) -> States:
        found = {}
        for each in self.team.read().segments:
            found[each.key] = self.team.files()[each.file].partition("where")[2].strip()
        return found

    async def there(self) -> States:
        server = await self.team.server()
        found = {}
        for each in server.segments.values():
            source = each.state.source({}) or ""
            found[each.state.key] = source.partition("where")[2].strip()
        return found

    async def do(self, step: Step) -> None:
        self.edits += 1
        key = (step.folder, step.name)
        path = "/".join((*step.folder, f"{step.name}.seg"))
        match step.kind:
            case "here":
                clause = f'  folder "{"/".join(step.folder)}"\n' if step.folder else ""
                taken = [each.file for each in self.team.read().segments if each.key == key]
                text = f'segment "{step.name}"\n{clause}\nwhere\n  age = {self.edits}\n'
                self.team.write(taken[0] if taken else path, text)
            case "delete here":
                for each in self.team.read().segments:
                    if each.key == key:
                        (self.team.folder / each.file).unlink()
            case "console":
                await self._at_the_console(key)
            case "delete there":
                found = (await self.team.server()).by_key.get(key)
                if found is not None:
                    await self.team.client.delete_segment(found.id)
            case "move there":
                server = await self.team.server()
                found = server.by_key.get(key)
                other = (("F",) if step.folder == () else (), step.name)
                if found is not None and other not in server.by_key:
                    await self.team.console_update(
                        found.id, rule(equal("age", self.edits)), folder=other[0]
                    )
            case "pull":
                await self._pull()
            case "apply":
                await self._apply()

    async def _at_the_console(self, key: Key) -> None:
        found = (await self.team.server()).by_key.get(key)
        made = rule(equal("age", self.edits))
        if found is None:
            await self.team.console_create(key[1], made, key[0])
        else:
            await self.team.console_update(found.id, made)

    async def _pull(self) -> None:
        here, there = self.here(), await self.there()
        pull = await self.team.pull()
        after = self.here()
        shown = {(each.folder, each.name) for each in pull.conflicts}
        assert await self.there() == there, "a pull changes nothing on the server"
        for key, text in here.items():
            if text != self.agreed.get(key):
                assert after.get(key) == text, f"the edit of {key} here was lost by a pull"
        for key in self.agreed:
            if key not in here and key not in after:
                continue  # deleted here, and still so
            if key not in here and there.get(key) == self.agreed[key]:
                raise AssertionError(f"{key}, deleted here, came back by a pull")
        for key, text in there.items():
            other_is_edited = here.get(key) != self.agreed.get(key)
            if text != self.agreed.get(key) and other_is_edited and here.get(key) != text:
                assert key in shown, f"both sides of {key} differ, and no conflict was shown"
        self._agree(after, await self.there())
        # A second pull changes nothing.
        files = self.team.files()
        lock = self._lock()
        again = await self.team.pull()
        assert (self.team.files(), self._lock()) == (files, lock)
        assert again.conflicts == pull.conflicts

    async def _apply(self) -> None:
        here, there = self.here(), await self.there()
        plan = await self.team.plan(prune=True)
        assert (await self.there(), self.here()) == (there, here), "a plan changes nothing"
        outcomes = await self.team.apply(plan)
        after = await self.there()
        assert self.here() == here, "an apply changes nothing here"
        if plan.conflicts:
            assert after == there, "with a conflict nothing is sent"
            return
        assert all(each.is_done for each in outcomes)
        for key, text in there.items():
            if text != self.agreed.get(key):
                assert after.get(key) == text, f"the edit of {key} in the console was lost"
        for key in self.agreed:
            if key not in there:
                assert key not in after, f"{key}, deleted in the console, was made again"
        self._agree(here, after)
        following = await self.team.plan(prune=True)
        assert (following.changes, following.conflicts) == ((), ())

    def _agree(self, here: States, there: States) -> None:
        for key in {*here, *there, *self.agreed}:
            if here.get(key) == there.get(key):
                if key in here:
                    self.agreed[key] = here[key]
                else:
                    self.agreed.pop(key, None)

    def _lock(self) -> str | None:
        path = self.team.folder / "local.lock.toml"
        return path.read_text() if path.exists() else None


async def live(histories: list[list[Step]], folder: Path) -> None:
    async with (
        open_local(write_data(folder), None, NOW, None) as transport,
        connected(folder, transport) as team,
    ):
        for history in histories:
            team.clear()
            await team.empty()
            world = World(team)
            for step in history:
                await world.do(step)
            await world.do(Step("pull", ""))
            await world.do(Step("apply", ""))


# Many in one run, as opening a server takes longest.
@settings(max_examples=12)
@given(st.lists(st.lists(steps, min_size=3, max_size=14), min_size=12, max_size=12))
@example([[Step("here", "A"), Step("apply", ""), Step("console", "A"), Step("here", "A")]])
@example([[Step("console", "A"), Step("pull", ""), Step("move there", "A"), Step("pull", "")]])
@example([[Step("here", "A"), Step("apply", ""), Step("move there", "A"), Step("here", "A")]])
@example([[Step("here", "A"), Step("apply", ""), Step("delete there", "A"), Step("console", "A")]])
@example(
    # Moved away in the console, and another made in its place: both are the place's here.
    [
        [
            Step("console", "C", ("F",)),
            Step("pull", ""),
            Step("move there", "C", ("F",)),
            Step("console", "C", ("F",)),
            Step("here", "C", ("F",)),
        ]
    ]
)
def test_no_edit_is_lost(histories: list[list[Step]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(histories, Path(folder)))
