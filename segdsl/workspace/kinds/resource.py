"""Resources on the two sides, what names in them mean, and changes of them. Frozen data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from typing import Literal as OneOf

import msgspec

from segdsl.api import ClientError
from segdsl.language.values import ByName, Reference
from segdsl.loading import Loaded
from segdsl.source import Source, Span
from segdsl.workspace.kinds.state import Site, State
from segdsl.workspace.project.keys import Key, Part, Ref
from segdsl.workspace.project.lock import Entry, NameIds, join_name_ids

NO_PLACE = "no `folder` clause can name its folder"
CANNOT_READ = "it cannot be read"

# --- in a workspace --------------------------------------------------------------------


class WorkspaceFiles(msgspec.Struct, frozen=True):
    """The files of a workspace before anything is made of them.

    `sources` has the text of each file by its path from the workspace's folder, and `paths` that
    path by the name under which the file is reported. `loaded` is what the `.seg` files hold.
    """

    sources: Mapping[str, Source]
    paths: Mapping[str, str]
    loaded: Loaded


class LocalResource(msgspec.Struct, frozen=True):
    """A resource of a file. `file` counts from the workspace's folder.

    `place` is all of its text, and `span` what a report about it points at. `says_more` is
    whether its text holds more than its state: comments, uses of definitions. `item` is the
    kind's own form of it. `owner` is what it belongs to, as its text names it, if anything; the
    folder of its key is then that one's place as far as the workspace says it. `more_places` are
    other texts of the same file that are a part of it.
    """

    key: Key
    file: str
    place: Span
    span: Span
    says_more: bool
    item: Any
    owner: Owner | None = None
    more_places: tuple[Span, ...] = ()


class Owner(msgspec.Struct, frozen=True):
    """What a resource of a file belongs to: its kind, and how and where the text refers to it."""

    kind: str
    target: Reference
    span: Span | None = None


class Use(msgspec.Struct, frozen=True):
    """A name of another resource in the text of one.

    `span` is where, and `via` the uses of definitions that it came through, if any.
    """

    kind: str
    name: ByName
    span: Span
    via: tuple[Span, ...] = ()

    @property
    def target(self) -> tuple[str, ByName]:
        return self.kind, self.name


class Seen(msgspec.Struct, frozen=True):
    """What is known of a resource beside its text: its entry of the lock, and its state on the
    server now."""

    entry: Entry | None = None
    server: State | None = None


class Edit(msgspec.Struct, frozen=True):
    """A text to write in the place of another."""

    span: Span
    text: str


class Wanted(msgspec.Struct, frozen=True):
    """A resource of the workspace as it is to be: the body of its request, and its state.

    Without a body what is sent is made of the state. `is_filled` is that of one whose text leaves
    something to the server, which the state has as it is there.
    """

    body: str | None
    state: State
    is_filled: bool = False


class Outline(msgspec.Struct, frozen=True):
    """What two sources are compared by: the description, and the words of the rest."""

    description: str
    words: Mapping[str, int]


# --- on a server -----------------------------------------------------------------------


class ServerResource(msgspec.Struct, frozen=True):
    """A resource of a server. `parent_id` is the id of the folder that it is in, or of what else
    it belongs to."""

    id: str
    state: State
    parent_id: str | None = None

    @property
    def ref(self) -> Ref:
        return Ref(self.state.resource, self.id)


class Unmanaged(msgspec.Struct, frozen=True):
    """A resource of a server that no file can hold; `why` is the reason, in the reader's words.

    `state` is that of one which can be read, in no folder. An `id` or a `name` that the server
    does not answer is "".
    """

    kind: str
    id: str
    name: str
    why: str
    state: State | None = None

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)


class Server(msgspec.Struct, frozen=True):
    """The resources of a server, of one kind or of all.

    `unmanaged` are those that are neither pulled, changed nor deleted. `unreadable` are the kinds
    that the server does not offer, each with what it answered, also those of `outside`: the names
    of what resources refer to that is in no workspace, such as connections.
    """

    resources: dict[Ref, ServerResource] = {}
    unmanaged: tuple[Unmanaged, ...] = ()
    unreadable: dict[str, ClientError] = {}
    outside: Mapping[Ref, ByName] = {}

    @property
    def unmanaged_by_ref(self) -> dict[Ref, Unmanaged]:
        return {each.ref: each for each in self.unmanaged if each.id}

    @property
    def by_key(self) -> dict[Key, ServerResource]:
        return {each.state.key: each for each in self.resources.values()}

    @property
    def by_site(self) -> dict[Site, ServerResource]:
        return {each.state.site: each for each in self.resources.values()}

    @property
    def states(self) -> dict[Ref, State]:
        """The states of all that can be read; of what is unmanaged, in no folder."""
        unmanaged = {each.ref: each.state for each in self.unmanaged if each.state is not None}
        return {**unmanaged, **{ref: each.state for ref, each in self.resources.items()}}

    @classmethod
    def joined(cls, parts: Iterable[Server]) -> Server:
        """The resources of several kinds together."""
        listed = tuple(parts)
        return cls(
            {ref: each for part in listed for ref, each in part.resources.items()},
            tuple(each for part in listed for each in part.unmanaged),
            {kind: error for part in listed for kind, error in part.unreadable.items()},
            {ref: name for part in listed for ref, name in part.outside.items()},
        )


# --- changes ---------------------------------------------------------------------------


class Version(msgspec.Struct, frozen=True):
    """A state with its source as a person reads it; None where it cannot be expressed."""

    state: State
    source: str | None


class Change(msgspec.Struct, frozen=True):
    """One resource to create (no `before`), to update, or to delete (no `after`).

    `body` is what is sent; the ids of resources that the same plan creates stand in it as marked
    names, `name:"Churned"`. `first` are the numbers of the changes that must have been made
    before. `parent_id` is the folder (or other parent) that the resource is in now, and `refers`
    (with folders `refers_in`) what each name in its text means, as in the lock. `notes` are
    sentences on what a creation or an update means.
    """

    file: str
    id: str | None = None
    before: Version | None = None
    after: Version | None = None
    body: str | None = None
    parent_id: str | None = None
    first: tuple[int, ...] = ()
    forced: bool = False
    refers: dict[str, dict[str, str]] = {}
    refers_in: dict[str, dict[str, dict[str, str]]] = {}
    notes: tuple[str, ...] = ()

    @property
    def name_ids(self) -> NameIds:
        """What the names in its text mean, for the lock."""
        return join_name_ids(self.refers, self.refers_in)

    @property
    def action(self) -> OneOf["create", "update", "delete"]:
        if self.after is None:
            return "delete"
        return "create" if self.before is None else "update"

    @property
    def state(self) -> State:
        """The state to be, or, of what is deleted, the one that was."""
        version = self.after or self.before
        assert version is not None, "a change has one side at least"
        return version.state

    @property
    def kind(self) -> str:
        return self.state.resource

    @property
    def dropped_parts(self) -> tuple[Part, ...]:
        """The parts that it has before, and not after."""
        if self.before is None:
            return ()
        kept = () if self.after is None else [part.ref for part in self.after.state.parts]
        return tuple(part for part in self.before.state.parts if part.ref not in kept)

    @property
    def ref(self) -> Ref:
        """What refers to the resource: its id, or the symbolic id where it has none yet."""
        return self.state.key.symbolic_ref if self.id is None else Ref(self.kind, self.id)

    @property
    def what(self) -> tuple[str, ...]:
        """What becomes different: `moved`, `renamed`, and the words of the kind."""
        if self.before is None or self.after is None:
            return ()
        old, new = self.before.state, self.after.state
        # The folder of what belongs to another resource is that one's place.
        moved = new.owner is None and old.folder != new.folder
        words = {"moved": moved, "renamed": old.name != new.name}
        return (*(word for word, differs in words.items() if differs), *new.changes_from(old))
