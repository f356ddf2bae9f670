"""What a kind of resources provides. The checklist is in `segdsl.workspace.kinds`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from segdsl.api import Client, ClientError
from segdsl.diagnostics import Report
from segdsl.language.references.ids import Ids
from segdsl.language.values import Reference
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.resource import (
    Change,
    Edit,
    LocalResource,
    Outline,
    Seen,
    Server,
    Use,
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import Part, Ref
from segdsl.workspace.remote.reading import ServerReading

AnswerT = TypeVar("AnswerT")
"""What the API answers of one resource; the engine only hands it on."""
RequestT = TypeVar("RequestT")
"""What is sent of one resource; the engine only hands it on."""


class Prepared(msgspec.Struct, Generic[RequestT], frozen=True):
    """What is sent for a change: the request, the state that it makes, and the id of the folder
    (or other parent) that the resource is then in."""

    request: RequestT
    state: State
    parent_id: str | None = None


class Created(msgspec.Struct, Generic[AnswerT], frozen=True):
    """What came of a creation; `conflict` where one of its name was there before, which is the
    answer then."""

    answer: AnswerT
    conflict: ClientError | None = None


class Answers(msgspec.Struct, Generic[AnswerT], frozen=True):
    """All resources of a kind that a server lists, by id, and the ids of those that cannot be
    read; an id that the server does not answer is ""."""

    by_id: Mapping[str, AnswerT]
    unreadable: frozenset[str] = frozenset()


class Requests(Protocol[RequestT, AnswerT]):
    """The requests for the resources of a kind, of one parent segment. All raise ClientError.

    What they send is sent again after a failure that may pass, and what was sent once is not done
    twice: after an answer that was lost they look for what was made.
    """

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[RequestT]:
        """What to send for a creation or an update; makes the folder that the resource goes to.

        `ids` has the ids of what this run created, by symbolic ids.
        """

    async def create(self, new: RequestT) -> Created[AnswerT]:
        """Creates a resource once."""

    async def update(
        self, id: str, new: RequestT, look: Callable[[], Awaitable[AnswerT | None]]
    ) -> AnswerT:
        """Replaces a resource. `look` is called right before each try: what it finds is the
        answer, and nothing is sent."""

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        """Deletes a resource, with `look` as above. `parent_id` is the folder (or other parent)
        that it is in; so it is below.

        False where no answer says that it was deleted.
        """

    async def get(self, id: str, parent_id: str | None) -> AnswerT:
        """A resource that is there, whole."""

    async def get_or_none(self, id: str, parent_id: str | None) -> AnswerT | None:
        """A resource, whole; None where it is gone, which its list has to say as well."""

    async def all(self) -> Answers[AnswerT]:
        """All resources as the list has them."""

    def id_of(self, answer: AnswerT) -> str: ...

    def is_whole(self, answer: AnswerT) -> bool:
        """Whether an answer of the list says all that is compared."""

    def state_of(self, answer: AnswerT, expected: State) -> State:
        """The state in an answer, in the folder of `expected`; what it leaves out is as there."""

    def parent_of(self, answer: AnswerT) -> str | None:
        """The id of the folder (or other parent) of a resource; None where it is not answered."""


class Kind(Protocol):
    """What the engine asks of a kind. Its functions are pure but for those that are `async`.

    What a run is asked for that concerns one kind alone, as the layout of rules, is a field of
    its value.
    """

    @property
    def name(self) -> str:
        """Its name, a noun: in locks, plans, messages and symbolic ids."""

    @property
    def suffix(self) -> str:
        """How the names of its files end, with the dot."""

    @property
    def part_kinds(self) -> Sequence[str]:
        """The kinds of the named parts that its resources have, such as stages of a funnel."""

    @property
    def outside_kinds(self) -> Sequence[str]:
        """The kinds of what its texts name that is in no workspace, as a connection of the
        account; the server's names of these are in `Server.outside`."""

    @property
    def is_owned(self) -> bool:
        """Whether its resources belong to others (`LocalResource.owner`), and not to folders."""

    # --- in a workspace ----------------------------------------------------------------

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        """The resources of a workspace, in the order of the files.

        What has mistakes is reported and left out; so is one whose place another has.
        """

    def uses(self, local: LocalResource) -> Sequence[Use]:
        """The names of other resources in one, each as often as it is there."""

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        """The edits that make a use name `target`; None where the resource's own text does not
        have the name. `text` is that of its file."""

    def compile(
        self,
        local: LocalResource,
        ids: Ids,
        seen: Seen,
        report: Report,
    ) -> Wanted | None:
        """The request and the state of a resource; None after a report.

        `ids` has all names that it uses, some with symbolic ids. The parts of the state are those
        of `parts`.
        """

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        """The parts of a resource of a file, those that are on the server with their ids.

        A part that was renamed or moved within its resource keeps its id.
        """

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Reports a resource that no request can create."""

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        """Whether canonical source compiles to what a state says; `ids` has the names in it."""

    # --- likeness ----------------------------------------------------------------------

    def fingerprint(self, local: LocalResource) -> object | None:
        """What it says, without its name and folder; equal for equal resources."""

    def source_fingerprint(self, source: str) -> object | None:
        """The same of canonical source."""

    def outline(self, source: str) -> Outline:
        """What canonical source is compared by with others."""

    # --- in saved plans ----------------------------------------------------------------

    def read_state(self, data: object) -> State:
        """A state from a saved plan's JSON; raises ValueError."""

    def change_faults(self, change: Change) -> Iterator[str]:
        """What is wrong with a change that somebody edited, as the end of a sentence about it."""

    # --- on a server -------------------------------------------------------------------

    async def read_server(self, reading: ServerReading) -> Server:
        """The resources of this kind that a server has; raises ClientError."""

    def requests(self, client: Client, parent_id: str) -> Requests[Any, Any]: ...

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        """How many profiles the changes of this kind concern, by their numbers; `Effects()` where
        none. `changes` are those of all kinds, which these may refer to."""
