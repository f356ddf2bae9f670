"""Carrying out a plan: each change once what it waits for is made, independent ones together.

Right before a resource is changed or deleted, each time that it is tried, it is read again:
only what is as the plan saw it is touched (the API has no other means to say so). What the plan
wants and is there already counts as done, so a plan can be carried out again after any failure.
At the end what was changed is read once more, for what somebody overwrote in the meantime.
A resource counts as gone only where the list does not have it: a 404 may be of anything in between.

How a resource is read and sent is of its kind (`Requests`); when, and what its answers mean for
the plan, is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.api import Client, ClientError
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.workspace.kinds.kind import Answers, Requests
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Change, Version
from segdsl.workspace.kinds.state import State, is_interrupted, part_ids, settled
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.sync.plan import Plan

AT_ONCE = 16
"""Changes that are under way at the same time."""
GRACE = 15.0
"""Seconds that a change under way is given when a person interrupts."""

Done = OneOf["created", "updated", "deleted", "there already", "failed", "not tried"]


class ChangedSinceError(ClientError):
    """A resource that is not as the plan saw it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} after the plan was made, so this run did not touch it", "make a new plan"
        )


class OverwrittenError(ClientError):
    """A resource that somebody changed right after this run did: the change of this run is lost."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this run changed it, but right afterwards {what}: the change is lost",
            "make a new plan: it shows the current version",
        )


class UnsureError(ClientError):
    """A resource that an answer says is deleted, and that the list still has."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the API answered that there is no such {kind}, but its list of {kind}s still has it",
            "run the command again; a proxy may have answered in place of the API",
        )


class MissingTargetError(ClientError):
    """A resource that refers to another, which this run could not create."""

    def __init__(self) -> None:
        super().__init__(
            "what it leads to was not created, so it was created without that",
            "fix what failed, and make a new plan: it goes on from here",
        )


class Outcome(msgspec.Struct, frozen=True):
    """What became of a change; `state` is the resource's on the server, where that is known."""

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
    on_outcome: Callable[[Outcome], None],
    kinds: Kinds = KINDS,
) -> list[Outcome]:
    """Makes the changes of a plan; `on_outcome` is called with each outcome as it comes.

    A failure stops what waits for it and nothing else. Interrupted, what is under way is
    finished, nothing else is begun, and CancelledError is raised behind the last outcome.
    """
    return await _Run(client, plan, on_outcome, kinds).run()


class _Run:
    def __init__(
        self, client: Client, plan: Plan, on_outcome: Callable[[Outcome], None], kinds: Kinds
    ) -> None:
        self.plan = plan
        self.on_outcome = on_outcome
        self.requests: dict[str, Requests[Any, Any]] = {
            name: kind.requests(client, plan.parent_segment) for name, kind in kinds.items()
        }
        self.room = asyncio.Semaphore(AT_ONCE)
        self.stopped = False
        self.listed: dict[str, frozenset[str]] = {}
        """The ids that the list of each kind had when it was last read in this run."""
        self.partial: set[int] = set()
        """The changes that were made but for what refers to something that was not there yet."""
        self.outcomes: list[asyncio.Future[Outcome]] = []
        self.ids: dict[Ref, str] = {}
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
            for index in self.partial:
                self.on_outcome(tasks[index].result())
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return await self._checked(await self._completed([task.result() for task in tasks]))

    def _is_partial(self, outcome: Outcome) -> bool:
        """Whether it still lacks what refers to something that is created after it."""
        after, state = outcome.change.after, outcome.state
        if not outcome.is_done or after is None or state is None or not after.state.late_refs:
            return False
        return state != settled(after.state.with_ids(self.ids), state)

    async def _completed(self, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, where changes that were made in part are made whole."""

        async def complete(index: int, outcome: Outcome) -> Outcome:
            if index not in self.partial:
                return outcome
            if self._is_partial(outcome):
                outcome = await self._complete(outcome)
            elif outcome.is_done:
                outcome = msgspec.structs.replace(outcome, error=None)
            self.on_outcome(outcome)
            return outcome

        return list(await asyncio.gather(*map(complete, range(len(outcomes)), outcomes)))

    async def _complete(self, outcome: Outcome) -> Outcome:
        change, state = outcome.change, outcome.state
        assert change.after is not None, "nothing is missing of what is deleted"
        assert state is not None, "what is missing is known by the state"
        wanted = change.after.state.with_ids(self.ids)
        if any(is_symbolic(ref.id) for ref in wanted.late_refs):
            return msgspec.structs.replace(outcome, done="failed", error=MissingTargetError())
        if outcome.error is not None and not is_interrupted(state, wanted, {}):
            # One of its name was there before, and is another.
            return msgspec.structs.replace(outcome, done="failed")
        again = msgspec.structs.replace(change, id=outcome.id, before=Version(state, None))
        async with self.room:
            made = await self._try(again)
        done = outcome.done if made.is_done else made.done
        return msgspec.structs.replace(made, change=change, done=done)

    async def _checked(self, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, where updates that are not there any more have failed."""
        listed: dict[str, Answers[Any]] = {}
        for kind in dict.fromkeys(
            outcome.change.kind for outcome in outcomes if outcome.done == "updated"
        ):
            with suppress(ClientError):  # What was answered stands.
                listed[kind] = await self.requests[kind].all()

        async def check(outcome: Outcome) -> Outcome:
            answers = listed.get(outcome.change.kind)
            if outcome.done != "updated" or outcome.id is None or answers is None:
                return outcome
            if outcome.id in answers.unreadable:
                return outcome
            async with self.room:
                return await self._check_update(outcome, answers.by_id.get(outcome.id))

        return list(await asyncio.gather(*map(check, outcomes)))

    async def _check_update(self, outcome: Outcome, answer: Any | None) -> Outcome:
        """An update, checked: failed where somebody has undone it; `answer` is of the list."""
        assert outcome.id is not None, "what was updated has an id"
        assert outcome.state is not None, "what was updated is in a state"
        requests = self.requests[outcome.change.kind]
        what = "somebody deleted it"
        if answer is not None:
            what = "somebody changed it"
            if (
                requests.is_whole(answer)
                and requests.state_of(answer, outcome.state) == outcome.state
            ):
                return outcome
            try:
                answer = await requests.get(outcome.id, requests.parent_of(answer))
            except ClientError:
                return outcome
            if requests.state_of(answer, outcome.state) == outcome.state:
                return outcome
        return msgspec.structs.replace(outcome, done="failed", error=OverwrittenError(what))

    async def _is_gone(self, ref: Ref) -> bool:
        """Whether the list has no such resource. An id is never given to another."""
        ids = self.listed.get(ref.kind)
        if ids is None or {ref.id, ""} & ids:
            answers = await self.requests[ref.kind].all()
            ids = self.listed[ref.kind] = frozenset((*answers.by_id, *answers.unreadable))
        # One without an id may be any.
        return not {ref.id, ""} & ids

    async def _one(self, index: int) -> Outcome:
        try:
            outcome = await self._in_turn(index)
        except BaseException:
            if not self.outcomes[index].done():
                self.outcomes[index].set_result(Outcome(self.plan.changes[index], "not tried"))
            raise
        self.outcomes[index].set_result(outcome)
        if self._is_partial(outcome):
            self.partial.add(index)
        else:
            if outcome.is_done:
                outcome = msgspec.structs.replace(outcome, error=None)
            self.on_outcome(outcome)
        return outcome

    async def _in_turn(self, index: int) -> Outcome:
        change = self.plan.changes[index]
        before = [await self.outcomes[first] for first in change.first]
        outcome = Outcome(change, "not tried", change.id)
        if all(each.is_done for each in before):
            async with self.room:
                if not self.stopped:
                    outcome = await self._try(change)
        if outcome.id is not None and change.id is None:
            self.ids[change.ref] = outcome.id
        if outcome.state is not None and change.after is not None:
            self.ids.update(part_ids(change.after.state, outcome.state))
        return outcome

    async def _try(self, change: Change) -> Outcome:
        requests = self.requests[change.kind]
        try:
            match change.action:
                case "create":
                    return await self._create(change, requests)
                case "update":
                    return await self._update(change, requests)
                case "delete":
                    return await self._delete(change, requests)
        except ClientError as error:
            return Outcome(change, "failed", change.id, error=error)

    async def _create(self, change: Change, requests: Requests[Any, Any]) -> Outcome:
        new = await requests.prepare(change, self.ids)
        created = await requests.create(new.request)
        id, state = requests.id_of(created.answer), requests.state_of(created.answer, new.state)
        if created.conflict is None:
            return Outcome(change, "created", id, state)
        if any(is_symbolic(ref.id) for ref in new.state.late_refs):
            # Whether it is as wanted is known once these are there.
            return Outcome(change, "there already", id, state, created.conflict)
        if state != settled(new.state, state):
            raise created.conflict
        return Outcome(change, "there already", id, state)

    async def _update(self, change: Change, requests: Requests[Any, Any]) -> Outcome:
        assert change.id is not None, "it is there"
        assert change.before is not None, "it was seen"
        id, before = change.id, change.before.state
        new = await requests.prepare(change, self.ids)
        looks = 0
        there: Any | None = None

        async def look() -> Any | None:
            nonlocal looks, there
            looks += 1
            now = await requests.get_or_none(id, change.parent_id)
            if now is None:
                raise ChangedSinceError("it was deleted")
            if _is(requests, now, new.state, new.parent_id):
                there = now
            elif not _is(requests, now, before, change.parent_id) and not is_interrupted(
                requests.state_of(now, before), new.state, before.pieces
            ):
                raise ChangedSinceError("somebody changed it")
            return there

        answer = await requests.update(id, new.request, look)
        if there is not None and looks == 1:
            return Outcome(change, "there already", id, requests.state_of(there, new.state))
        return Outcome(change, "updated", id, requests.state_of(answer, new.state))

    async def _delete(self, change: Change, requests: Requests[Any, Any]) -> Outcome:
        assert change.id is not None, "it is there"
        assert change.before is not None, "it was seen"
        id, before = change.id, change.before.state
        looks = 0
        gone = False

        async def look() -> bool:
            nonlocal looks, gone
            looks += 1
            now = await requests.get_or_none(id, change.parent_id)
            gone = now is None
            if now is not None and not _is(requests, now, before, change.parent_id):
                raise ChangedSinceError("somebody changed it")
            return gone

        acknowledged = await requests.delete(id, change.parent_id, look)
        if not acknowledged and not gone and not await self._is_gone(change.ref):
            raise UnsureError(change.kind)
        done: Done = "there already" if gone and looks == 1 else "deleted"
        return Outcome(change, done, id)


def _is(requests: Requests[Any, Any], answer: Any, state: State, parent_id: str | None) -> bool:
    """Whether a resource is in that state and that folder."""
    parent, now = requests.parent_of(answer), requests.state_of(answer, state)
    return (None in (parent, parent_id) or parent == parent_id) and now == settled(state, now)


def undone(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if not outcome.is_done]
