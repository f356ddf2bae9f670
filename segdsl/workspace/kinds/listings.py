"""What the requests of kinds have in common: lists of a server, folders, and the sides of a change.

A kind reads its list, says of each listed resource what its state is or why no file can hold it
(`Listing`), and `server_of_listings` makes the kind's `Server` of that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Protocol, TypeGuard, TypeVar

import msgspec

from segdsl.api import Client, ClientError
from segdsl.api.responses import Listed, Unreadable
from segdsl.language.condition.tree import folder_path
from segdsl.language.values import ByName
from segdsl.workspace.kinds.kind import Answers
from segdsl.workspace.kinds.resource import CANNOT_READ, Change, Server, ServerResource, Unmanaged
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import Folder, Ref
from segdsl.workspace.remote.reading import UNREADABLE


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


AnswerT = TypeVar("AnswerT")
RecordT = TypeVar("RecordT", bound=_WithId)
StateT = TypeVar("StateT", bound=State)


class Listing(msgspec.Struct, frozen=True):
    """A resource that a server lists. `why` is why no file can hold it; `state` is then in no
    folder, or None where it cannot be read. `parent_id` is as in `ServerResource`."""

    id: str
    name: str
    state: State | None
    parent_id: str | None = None
    why: str | None = None


def server_of_listings(
    kind: str,
    unreadable: Iterable[Unreadable],
    listings: Iterable[Listing],
    *,
    unreadable_kinds: Mapping[str, ClientError] | None = None,
    outside: Mapping[Ref, ByName] | None = None,
) -> Server:
    """The resources of a kind: those of `listings`, and `unreadable` ones of the list."""
    resources: dict[Ref, ServerResource] = {}
    unmanaged = [Unmanaged(kind, each.id, each.name, unreadable_why(each)) for each in unreadable]
    for each in listings:
        if each.why is not None or each.state is None:
            why = each.why or CANNOT_READ
            unmanaged.append(Unmanaged(kind, each.id, each.name, why, each.state))
        else:
            resources[Ref(kind, each.id)] = ServerResource(each.id, each.state, each.parent_id)
    return Server(resources, tuple(unmanaged), dict(unreadable_kinds or {}), outside or {})


def unreadable_why(problem: Unreadable | ClientError) -> str:
    """Why a resource is not managed that cannot be read."""
    reason = problem.why if isinstance(problem, Unreadable) else problem.message
    return f"{CANNOT_READ}: {reason}"


async def whole_or_error(answer: Awaitable[AnswerT]) -> AnswerT | ClientError:
    """An answer on one resource, or the error that says that this one cannot be read."""
    try:
        return await answer
    except UNREADABLE as error:
        return error


def is_nameable(path: Folder | None) -> TypeGuard[Folder]:
    """Whether a `folder` clause can name a folder; the path is None where it cannot be seen."""
    return path is not None and folder_path("/".join(path)) == path


def answers_of(listed: Listed[RecordT]) -> Answers[RecordT]:
    """What a list has, by id."""
    return Answers(
        {each.id: each for each in listed}, frozenset(each.id for each in listed.unreadable)
    )


# --- what is sent ----------------------------------------------------------------------


def states_of(
    change: Change, ids: Mapping[Ref, str], state_type: type[StateT]
) -> tuple[StateT, StateT | None]:
    """The state that a creation or an update makes, with the ids of what this run created, and
    the state before an update."""
    assert change.after is not None, "only a deletion has no state to be"
    after = change.after.state.with_ids(ids)
    before = None if change.before is None else change.before.state
    assert isinstance(after, state_type), state_type
    assert before is None or isinstance(before, state_type), state_type
    return after, before


async def folder_id_of(client: Client, parent_id: str, change: Change) -> str:
    """The id of the folder that a resource is in after a change; makes the folder."""
    assert change.after is not None, "only a deletion has no state to be"
    folder = change.after.state.folder
    before = change.before
    if before is None or folder != before.state.folder or change.parent_id is None:
        return (await client.ensure_folder(parent_id, folder)).id
    return change.parent_id
