"""What kinds have in common whose resources are items of `.seg` files.

Such a kind has two types: `ItemT`, an item as the language resolves it, and `StateT`, what is
compared. `SegFileKind` finds the items in files and in canonical source, checks the types in one
place, and answers what most kinds answer alike. What a kind adds:

- always: its name and types; where its items are (`items`, `keys`); what an item refers to, and
  what it compiles to (`uses_of`, `compile_item`, `matches`); its likeness (`item_fingerprint`,
  `outline`); what is wrong with an edited state (`state_faults`); and its requests (`read_server`,
  `requests`);
- where it differs from most: names of parts and of what is outside, owners, two of one place,
  what cannot be created, faults of a whole change, and effects.

The engine knows the protocol `Kind` alone: a kind with files of its own needs none of this.
"""

from __future__ import annotations

import abc
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from segdsl.api import Client
from segdsl.diagnostics import Report
from segdsl.files import SUFFIX
from segdsl.language.references.ids import Ids
from segdsl.language.resolve import Program, Resolved, resolve_all
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.walk import values_in, walk_item
from segdsl.language.values import Name, Reference
from segdsl.loading import Loaded
from segdsl.source import Source, Span
from segdsl.workspace.kinds.effects import NOT_COUNTED, Counting, Effects
from segdsl.workspace.kinds.kind import Requests
from segdsl.workspace.kinds.resource import (
    Change,
    Edit,
    LocalResource,
    Outline,
    Owner,
    Seen,
    Server,
    Use,
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.rewriting import rewrite_use
from segdsl.workspace.kinds.state import State
from segdsl.workspace.project.keys import Key, Part
from segdsl.workspace.remote.reading import ServerReading

ItemT = TypeVar("ItemT")
StateT = TypeVar("StateT", bound=State)

Items = Loaded | Resolved
"""The items of several files, or of one text."""

_DESCRIPTION = "  description "
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|[^\s\w(),]+')


class SegFileKind(abc.ABC, Generic[ItemT, StateT]):
    """A kind of items of `.seg` files; see `segdsl.workspace.kinds.kind.Kind`.

    A kind derives a frozen struct from it, with `StateMeta` as the metaclass.
    """

    __slots__ = ()

    name: ClassVar[str]
    item_type: ClassVar[type[Any]]
    """`ItemT`."""
    syntax_type: ClassVar[type[t.Item]]
    """The items of a syntax tree that become these."""
    state_type: ClassVar[type[Any]]
    """`StateT`."""
    suffix: ClassVar[str] = SUFFIX
    part_kinds: ClassVar[tuple[str, ...]] = ()
    outside_kinds: ClassVar[tuple[str, ...]] = ()
    is_owned: ClassVar[bool] = False

    # --- in a workspace ----------------------------------------------------------------

    @abc.abstractmethod
    def items(self, source: Items) -> Sequence[ItemT]:
        """The items of this kind."""

    @abc.abstractmethod
    def keys(self, loaded: Loaded) -> Sequence[Key]:
        """The keys of `items`, in the same order."""

    @abc.abstractmethod
    def spans(self, item: ItemT) -> tuple[Span, Span]:
        """All of an item's text, and what a report about it points at."""

    def owner_of(self, item: ItemT) -> Owner | None:
        """What an item belongs to, if anything."""
        return None

    def report_namesakes(self, loaded: Loaded, report: Report) -> None:
        """Reports items of one place, where the engine does not find them later."""

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        loaded = files.loaded
        written = {
            (file, item.span.start): (item, tree)
            for file, tree in loaded.trees.items()
            for item in tree.items
            if isinstance(item, self.syntax_type)
        }
        resources = []
        for key, item in zip(self.keys(loaded), self.items(loaded), strict=True):
            place, span = self.spans(item)
            more = says_more(*written[place.file, place.start])
            file, owner = files.paths[place.file], self.owner_of(item)
            resources.append(LocalResource(key, file, place, span, more, item, owner))
        self.report_namesakes(loaded, report)
        return tuple(resources)

    def item_of(self, local: LocalResource) -> ItemT:
        """The resolved item of a resource of this kind."""
        assert isinstance(local.item, self.item_type), self.name
        item: ItemT = local.item
        return item

    def own_state(self, state: State) -> StateT:
        """A state of this kind."""
        assert isinstance(state, self.state_type), self.name
        own: StateT = state
        return own

    @abc.abstractmethod
    def uses_of(self, item: ItemT) -> Sequence[Use]:
        """The names of other resources in an item."""

    def uses(self, local: LocalResource) -> Sequence[Use]:
        return self.uses_of(self.item_of(local))

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return rewrite_use(local, text, use, target)

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return ()

    @abc.abstractmethod
    def compile_item(
        self, item: ItemT, local: LocalResource, ids: Ids, seen: Seen, report: Report
    ) -> Wanted | None:
        """The request and the state of `item`, which is that of `local`; None after a report."""

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        return self.compile_item(self.item_of(local), local, ids, seen, report)

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Every item of most kinds can be created."""

    @abc.abstractmethod
    def matches(self, item: ItemT, state: StateT, ids: Ids) -> bool:
        """Whether an item of canonical source has the content of a state."""

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        item = self.only_item(source)
        return item is not None and self.matches(item, self.own_state(state), ids)

    # --- likeness ----------------------------------------------------------------------

    def only_item(self, source: str) -> ItemT | None:
        """The item of a source that has one of this kind, and nothing wrong."""
        return only_item(source, self.items)

    @abc.abstractmethod
    def item_fingerprint(self, item: ItemT) -> object | None:
        """What an item says, without its name and folder; equal for equal ones."""

    def fingerprint(self, local: LocalResource) -> object | None:
        return self.item_fingerprint(self.item_of(local))

    def source_fingerprint(self, source: str) -> object | None:
        item = self.only_item(source)
        return None if item is None else self.item_fingerprint(item)

    @abc.abstractmethod
    def outline(self, source: str) -> Outline:
        """What canonical source is compared by; see `outline_of_words` and `outline_of_lines`."""

    # --- in saved plans ----------------------------------------------------------------

    def read_state(self, data: object) -> State:
        state: State = msgspec.convert(data, self.state_type)
        return state

    @abc.abstractmethod
    def state_faults(self, state: StateT) -> Iterator[str]:
        """What is wrong with a state that somebody edited, as in `change_faults`."""

    def change_faults(self, change: Change) -> Iterator[str]:
        for version in (change.before, change.after):
            if version is not None:
                yield from self.state_faults(self.own_state(version.state))

    # --- on a server -------------------------------------------------------------------

    @abc.abstractmethod
    async def read_server(self, reading: ServerReading) -> Server: ...

    @abc.abstractmethod
    def requests(self, client: Client, parent_id: str) -> Requests[Any, Any]: ...

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        """None, as of all that selects nobody."""
        return NOT_COUNTED


# --- items of a text -------------------------------------------------------------------


def only_item(source: str, items: Callable[[Resolved], Sequence[ItemT]]) -> ItemT | None:
    """The item of a source that has one of its kind, and nothing wrong."""
    report = Report()
    tree = parse(Source("source", source), report)
    resolved = items(resolve_all(Program("source", {"source": tree}), report))
    return None if report.has_errors or len(resolved) != 1 else resolved[0]


def says_more(item: t.Item, file: t.File) -> bool:
    """Whether an item has comments, or uses of definitions."""
    start, end = item.span.start, item.span.end
    if any(start <= comment.span.start < end for comment in file.comments):
        return True
    uses = (isinstance(node, t.Use) for node in walk_item(item))
    return any(uses) or any(isinstance(value, Name) for value in values_in(item))


def outline_of_words(source: str, separator: str) -> Outline:
    """The description before the separator in canonical source, and the words behind it."""
    head, _, rest = source.partition(separator)
    description = ""
    for line in head.splitlines():
        if line.startswith(_DESCRIPTION):
            description = line.removeprefix(_DESCRIPTION)
    return Outline(description, Counter(_WORD.findall(rest)))


def outline_of_lines(source: str) -> Outline:
    """The description in canonical source, and its other lines but the first."""
    lines = source.splitlines()[1:]
    description = next((each for each in lines if each.startswith(_DESCRIPTION)), "")
    return Outline(description, Counter(each for each in lines if each != description))
