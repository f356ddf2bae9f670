"""Carrying out a plan: each change once what it waits for is made, independent ones together.

Right before a segment is changed or deleted, each time that it is tried, it is looked at again:
only what is as the plan saw it is touched (the API has no other means to say so). What the plan
wants and is there already counts as done, so a plan can be carried out again after any failure.
At the end what was changed is looked at once more, for what somebody overwrote in the meantime.
A segment counts as gone only where the list does not have it: a 404 may be of anything in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal as OneOf

import msgspec

from segdsl.api import AlreadyExistsError, Client, ClientError, NewSegment
from segdsl.api import Segment as ApiSegment
from segdsl.workspace.sync.plan import Change, Plan
from segdsl.workspace.sync.segment_state import Folder, State, state_of, with_ids

AT_ONCE = 16
"""Changes that are under way at the same time."""
GRACE = 15.0
"""Seconds that a change under way is given when a person breaks off."""

Done = OneOf["created", "updated", "deleted", "there already", "failed", "not tried"]


class ChangedSinceError(ClientError):
    """A segment that is not as the plan saw it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} since the plan was made, and was left as it is", "make a new plan"
        )


class OverwrittenError(ClientError):
    """A segment that somebody changed right after this run did: the change of this run is lost."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this run changed it, and right after that {what}: the change is lost",
            "make a new plan: it shows what is there now",
        )


class UnsureError(ClientError):
    """A segment that is said to be deleted, and that the list still has."""

    def __init__(self) -> None:
        super().__init__(
            "the answer is that there is no such segment, and the list of segments still has it",
            "run it again; what stands between here and the API may have answered in its place",
        )


class Outcome(msgspec.Struct, frozen=True):
    """What became of a change; `state` is the segment's on the server, where that is known."""

    change: Change
    done: Done
    id: str | None = None
    state: State | None = None
    error: ClientError | None = None

    @property
    def is_done(self) -> bool:
        return self.done not in ("failed", "not tried")


async def carry_out(
    client: Client,
    plan: Plan,
    told: Callable[[Outcome], None],
) -> list[Outcome]:
    """Makes the changes of a plan; `told` hears of each outcome as it comes.

    A failure stops what waits for it and nothing else. Broken off, what is under way is
    finished, nothing else is begun, and CancelledError is raised behind the last outcome.
    """
    return await _Run(client, plan, told).run()


class _Run:
    def __init__(self, client: Client, plan: Plan, told: Callable[[Outcome], None]) -> None:
        self.client = client
        self.plan = plan
        self.told = told
        self.room = asyncio.Semaphore(AT_ONCE)
        self.stopped = False
        self.listed: frozenset[str] | None = None
        """The ids that the list had when it was last asked for in this run."""
        self.outcomes: list[asyncio.Future[Outcome]] = []
        self.ids: dict[str, str] = {}
        """The ids of what was created, by the symbolic ids that stand for them."""

    async def run(self) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        self.outcomes = [loop.create_future() for _ in self.plan.changes]
        tasks = [asyncio.create_task(self._one(index)) for index in range(len(self.plan.changes))]
        if not tasks:
            return []
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            self.stopped = True
            await asyncio.wait(tasks, timeout=GRACE)
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return await self._looked_at_again([task.result() for task in tasks])

    async def _looked_at_again(self, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, where updates that are not there any more have failed."""
        if not any(each.done == "updated" for each in outcomes):
            return outcomes
        try:
            listed = await self.client.segments(self.plan.parent_segment)
        except ClientError:
            return outcomes  # What was answered stands.
        there = {each.id: each for each in listed}
        unread = {each.id for each in listed.unreadable}

        async def again(outcome: Outcome) -> Outcome:
            if outcome.done != "updated" or outcome.id is None or outcome.id in unread:
                return outcome
            async with self.room:
                return await self._still(outcome, there.get(outcome.id))

        return list(await asyncio.gather(*map(again, outcomes)))

    async def _still(self, outcome: Outcome, now: ApiSegment | None) -> Outcome:
        """An update, looked at again: failed where somebody has undone it; `now` is of the list."""
        assert outcome.id is not None, "what was updated has an id"
        assert outcome.state is not None, "what was updated is in a state"
        what = "somebody deleted it"
        if now is not None:
            what = "somebody changed it"
            if now.rule is not None and _told(now, outcome.state) == outcome.state:
                return outcome
            try:
                # The list may leave the rule out, or have an empty one in its place.
                now = await self.client.segment(self.plan.parent_segment, outcome.id)
            except ClientError:
                return outcome
            if _told(now, outcome.state) == outcome.state:
                return outcome
        return msgspec.structs.replace(outcome, done="failed", error=OverwrittenError(what))

    async def _is_gone(self, id: str) -> bool:
        """Whether the list has no such segment. An id is never given to another."""
        if self.listed is None or {id, ""} & self.listed:
            found = await self.client.segments(self.plan.parent_segment)
            unread = (each.id for each in found.unreadable)
            self.listed = frozenset((*(each.id for each in found), *unread))
        # One without an id may be any.
        return not {id, ""} & self.listed

    async def _one(self, index: int) -> Outcome:
        try:
            outcome = await self._when_its_turn_comes(index)
        except BaseException:
            if not self.outcomes[index].done():
                self.outcomes[index].set_result(Outcome(self.plan.changes[index], "not tried"))
            raise
        self.outcomes[index].set_result(outcome)
        self.told(outcome)
        return outcome

    async def _when_its_turn_comes(self, index: int) -> Outcome:
        change = self.plan.changes[index]
        before = [await self.outcomes[each] for each in change.first]
        outcome = Outcome(change, "not tried", change.id)
        if all(each.is_done for each in before):
            async with self.room:
                if not self.stopped:
                    outcome = await self._try(change)
        if outcome.id is not None and change.id is None:
            self.ids[change.mark] = outcome.id
        return outcome

    async def _try(self, change: Change) -> Outcome:
        try:
            match change.action:
                case "create":
                    return await self._create(change)
                case "update":
                    return await self._update(change)
                case "delete":
                    return await self._delete(change)
        except ClientError as error:
            return Outcome(change, "failed", change.id, error=error)

    def _new(self, change: Change, folder_id: str | None) -> tuple[NewSegment, State]:
        assert change.after is not None, "only a deletion has no state to be"
        assert change.rule is not None, "what is sent is in the plan"
        state = change.after.state
        assert state.kind is not None, "what a workspace says has a kind"
        # What stays as it is is not sent: a server may not tell whether a segment is hidden.
        stays = change.before is not None and change.before.state.hidden == state.hidden
        rule = with_ids(change.rule, self.ids)
        new = NewSegment(
            state.name,
            msgspec.Raw(rule.encode()),
            state.kind,
            state.description,
            folder_id,
            count_population=False if change.before is None else None,
            is_visible=None if stays else not state.hidden,
        )
        return new, state.with_ids(self.ids)

    async def _folder(self, folder: Folder) -> str:
        return (await self.client.ensure_folder(self.plan.parent_segment, folder)).id

    async def _create(self, change: Change) -> Outcome:
        new, wanted = self._new(change, await self._folder(change.state.folder))
        try:
            made = await self.client.create_segment(self.plan.parent_segment, new)
        except AlreadyExistsError as error:
            existing = error.existing
            if _told(existing, wanted) != wanted:
                raise
            return Outcome(change, "there already", existing.id, wanted)
        return Outcome(change, "created", made.id, _told(made, wanted))

    async def _update(self, change: Change) -> Outcome:
        assert change.id is not None, "it is there"
        assert change.before is not None, "it was seen"
        before = change.before.state
        folder_id = change.folder_id
        if change.state.folder != before.folder:
            folder_id = await self._folder(change.state.folder)
        new, wanted = self._new(change, folder_id)
        looks = 0
        there: ApiSegment | None = None

        async def look() -> ApiSegment | None:
            nonlocal looks, there
            looks += 1
            now = await self._look(change)
            if now is None:
                raise ChangedSinceError("it was deleted")
            if _is(now, wanted, folder_id):
                there = now
            elif not _is(now, before, change.folder_id):
                raise ChangedSinceError("somebody changed it")
            return there

        made = await self.client.update_segment(self.plan.parent_segment, change.id, new, look)
        if there is not None and looks == 1:
            return Outcome(change, "there already", change.id, wanted)
        return Outcome(change, "updated", change.id, _told(made, wanted))

    async def _delete(self, change: Change) -> Outcome:
        assert change.id is not None, "it is there"
        assert change.before is not None, "it was seen"
        before = change.before.state
        looks = 0
        gone = False

        async def look() -> bool:
            nonlocal looks, gone
            looks += 1
            now = await self._look(change)
            gone = now is None
            if now is not None and not _is(now, before, change.folder_id):
                raise ChangedSinceError("somebody changed it")
            return gone

        acknowledged = await self.client.delete_segment(change.id, look)
        if not acknowledged and not gone and not await self._is_gone(change.id):
            raise UnsureError
        done: Done = "there already" if gone and looks == 1 else "deleted"
        return Outcome(change, done, change.id)

    async def _look(self, change: Change) -> ApiSegment | None:
        assert change.id is not None, "only what is there can be looked at"
        return await self.client.segment_or_none(self.plan.parent_segment, change.id)


def _is(now: ApiSegment, state: State, folder_id: str | None) -> bool:
    """Whether a segment is in that state and that folder."""
    same_folder = None in (now.folder_id, folder_id) or now.folder_id == folder_id
    return same_folder and _told(now, state) == state


def _told(now: ApiSegment, state: State) -> State:
    """The state that an answer tells; what it leaves out is as in `state`."""
    found = state_of(state.folder, now)
    return msgspec.structs.replace(
        found,
        hidden=state.hidden if "isVisible" in now.left_out else found.hidden,
        description=state.description if "description" in now.left_out else found.description,
        kind=state.kind if "kind" in now.left_out else found.kind,
    )


def undone(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if not each.is_done]
