"""Two more made-up kinds: ladders with rungs that others can name, and letters that belong to them.

A rung is a part of kind `stage`, so that a segment's `in stage "X" of funnel "Y"` means it; a
letter belongs to a segment or to a rung. A file holds one a line:

    ladder "Onboarding" in "Life": "Interest" = age > 1, "Paid" in "Payers"
    letter "Weekly" of segment "Adults": "Hello"
    letter "Thanks" of stage "Paid" of funnel "Onboarding": "Hi"

A rung's rule is a text, and names a segment where it begins with `in`. Its rules are sent one by
one, behind the ladder itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from segdsl.api import Client, ClientError
from segdsl.diagnostics import Report
from segdsl.language.references.ids import Ids
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ById, ByName, Reference
from segdsl.source import Span
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.kind import Answers, Created, Prepared
from segdsl.workspace.kinds.resource import (
    Change,
    Edit,
    LocalResource,
    Outline,
    Owner,
    Seen,
    Server,
    ServerResource,
    Use,
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.state import State, StateMeta
from segdsl.workspace.project.keys import SEGMENT, Folder, Key, Part, Ref, new_part
from segdsl.workspace.remote.reading import ServerReading

LADDER, LETTER, STAGE = "ladder", "letter", "stage"
_Q = r'"[^"\n]*"'
_LADDER = re.compile(rf"^ladder ({_Q})(?: in ({_Q}))?: (.*)$", re.MULTILINE)
_RUNG = re.compile(rf"({_Q})(?: in ({_Q})| = ([^,\n]+))?")
_LETTER = re.compile(
    rf"^letter ({_Q}) of (segment|stage) (#\w+|{_Q}(?: of funnel {_Q})?): ({_Q})$", re.MULTILINE
)


class LostAnswerError(ClientError):
    """The request arrived, and its answer did not."""

    ambiguous = True
    retryable = True

    def __init__(self) -> None:
        super().__init__("the answer was lost")


class KilledError(BaseException):
    """The client was killed before a request."""


class StoredRung(msgspec.Struct, frozen=True):
    id: str
    name: str
    rule: str = ""
    """`in #5`, `= age > 1`, or nothing."""


class StoredLadder(msgspec.Struct, frozen=True):
    id: str
    folder: Folder
    name: str
    rungs: tuple[StoredRung, ...]


class StoredLetter(msgspec.Struct, frozen=True):
    id: str
    owner: Ref
    name: str
    text: str


class Api:
    """Ladders and letters of a server; `after` requests from now on a client is killed."""

    def __init__(self) -> None:
        self.ladders: dict[str, StoredLadder] = {}
        self.letters: dict[str, StoredLetter] = {}
        self.log: list[str] = []
        self.next_id = 100
        self.left: int | None = None

    def new_id(self) -> str:
        self.next_id += 1
        return str(self.next_id)

    def request(self, what: str) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KilledError
        self.log.append(what)

    def rung(self, ladder: str, name: str) -> StoredRung:
        [found] = [
            rung
            for each in self.ladders.values()
            if each.name == ladder
            for rung in each.rungs
            if rung.name == name
        ]
        return found


# --- states ----------------------------------------------------------------------------


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class LadderState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    tag_field="resource",
    tag=LADDER,
):
    folder: Folder
    name: str
    rungs: tuple[StoredRung, ...]

    @property
    def resource(self) -> str:
        return LADDER

    @cached_property
    def digest(self) -> str:
        return _digest(self.folder, self.name, msgspec.to_builtins(self.rungs))

    @property
    def refers_to(self) -> frozenset[Ref]:
        ids = (rung.rule[4:] for rung in self.rungs if rung.rule.startswith("in #"))
        return frozenset(Ref(SEGMENT, id) for id in ids)

    @property
    def parts(self) -> Sequence[Part]:
        return [Part(STAGE, rung.name, rung.id) for rung in self.rungs]

    @property
    def pieces(self) -> Mapping[str, str]:
        names = [(rung.id, rung.name) for rung in self.rungs]
        head = {"head": _digest(self.folder, self.name, names)}
        return {**head, **{rung.id: rung.rule for rung in self.rungs}}

    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        place = f' in "{"/".join(self.folder)}"' if self.folder else ""
        rungs = ", ".join(f'"{rung.name}"{_written(rung.rule, names)}' for rung in self.rungs)
        return f'ladder "{self.name}"{place}: {rungs}\n'

    @property
    def inexpressible(self) -> str | None:
        return None

    def with_ids(self, ids: Mapping[Ref, str]) -> LadderState:
        return msgspec.structs.replace(
            self,
            rungs=tuple(
                StoredRung(
                    ids.get(Ref(STAGE, rung.id), rung.id), rung.name, _with_ids(rung.rule, ids)
                )
                for rung in self.rungs
            ),
        )

    def changes_from(self, old: State) -> Sequence[str]:
        assert isinstance(old, LadderState)
        return ("rungs",) if old.rungs != self.rungs else ()

    def differences(self, server: State) -> Sequence[str]:
        return self.changes_from(server)


def _written(rule: str, names: Mapping[Ref, ByName]) -> str:
    if not rule.startswith("in #"):
        return f" {rule}" if rule else ""
    target = names.get(Ref(SEGMENT, rule[4:]))
    return f" {rule}" if target is None else f' in "{target.name}"'


def _with_ids(rule: str, ids: Mapping[Ref, str]) -> str:
    return f"in #{ids.get(Ref(SEGMENT, rule[4:]), rule[4:])}" if rule.startswith("in #") else rule


class LetterState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    eq=False,
    tag_field="resource",
    tag=LETTER,
):
    folder: Folder
    name: str
    of: Ref
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LetterState) and other.digest == self.digest

    def __ne__(self, other: object) -> bool:
        # A struct has one of its own, which is not made of `__eq__`.
        return not self == other

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def resource(self) -> str:
        return LETTER

    @cached_property
    def digest(self) -> str:
        return _digest(self.of, self.name, self.text)

    @property
    def owner(self) -> Ref:
        return Ref(*self.of)

    @property
    def refers_to(self) -> frozenset[Ref]:
        return frozenset({self.owner})

    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        target = reference(names.get(self.owner, ById(self.of[1])), self.of[0])
        return f'letter "{self.name}" of {self.of[0]} {target}: "{self.text}"\n'

    @property
    def inexpressible(self) -> str | None:
        return None

    def with_ids(self, ids: Mapping[Ref, str]) -> LetterState:
        of = Ref(self.of[0], ids.get(self.owner, self.of[1]))
        return msgspec.structs.replace(self, of=of)

    def changes_from(self, old: State) -> Sequence[str]:
        assert isinstance(old, LetterState)
        return ("text",) if old.text != self.text else ()

    def differences(self, server: State) -> Sequence[str]:
        return self.changes_from(server)


# --- requests --------------------------------------------------------------------------


class LadderRequests(msgspec.Struct, frozen=True):
    """The ladder itself first, and then each rule by itself."""

    api: Api

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[LadderState]:
        assert change.after is not None
        state = change.after.state.with_ids(ids)
        assert isinstance(state, LadderState)
        return Prepared(state, state)

    async def create(self, new: LadderState) -> Created[StoredLadder]:
        for found in self.api.ladders.values():
            if (found.folder, found.name) == (new.folder, new.name):
                return Created(found, ClientError("a ladder of this name is there already"))
        self.api.request(f"create {new.name}")
        rungs = tuple(StoredRung(self.api.new_id(), rung.name) for rung in new.rungs)
        made = StoredLadder(self.api.new_id(), new.folder, new.name, rungs)
        self.api.ladders[made.id] = made
        return Created(self._rules(made.id, new))

    def _rules(self, id: str, new: LadderState) -> StoredLadder:
        for at, rung in enumerate(new.rungs):
            ladder = self.api.ladders[id]
            if ladder.rungs[at].rule != rung.rule:
                self.api.request(f"rule of {rung.name}")
                rungs = list(ladder.rungs)
                rungs[at] = msgspec.structs.replace(rungs[at], rule=rung.rule)
                self.api.ladders[id] = msgspec.structs.replace(ladder, rungs=tuple(rungs))
        return self.api.ladders[id]

    async def update(
        self, id: str, new: LadderState, look: Callable[[], Awaitable[StoredLadder | None]]
    ) -> StoredLadder:
        there = await look()
        if there is not None:
            return there
        ladder = self.api.ladders[id]
        old = {rung.id: rung for rung in ladder.rungs}
        by_name = {
            rung.name: rung
            for rung in ladder.rungs
            if rung.name not in {each.name for each in new.rungs if not is_symbolic(each.id)}
        }
        rungs = []
        for rung in new.rungs:
            was = by_name.get(rung.name) if is_symbolic(rung.id) else old[rung.id]
            if was is None:
                was = StoredRung(self.api.new_id(), rung.name)
            rungs.append(msgspec.structs.replace(was, name=rung.name))
        head = StoredLadder(id, new.folder, new.name, tuple(rungs))
        if head != ladder:
            self.api.request(f"update {new.name}")
            self.api.ladders[id] = head
        return self._rules(id, new)

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        if await look():
            return False
        self.api.request(f"delete {self.api.ladders.pop(id).name}")
        return True

    async def get(self, id: str, parent_id: str | None) -> StoredLadder:
        return self.api.ladders[id]

    async def get_or_none(self, id: str, parent_id: str | None) -> StoredLadder | None:
        return self.api.ladders.get(id)

    async def all(self) -> Answers[StoredLadder]:
        return Answers(dict(self.api.ladders))

    def id_of(self, answer: StoredLadder) -> str:
        return answer.id

    def is_whole(self, answer: StoredLadder) -> bool:
        return True

    def state_of(self, answer: StoredLadder, expected: State) -> LadderState:
        return LadderState(answer.folder, answer.name, answer.rungs)

    def parent_of(self, answer: StoredLadder) -> str | None:
        return None


class LetterRequests(msgspec.Struct, frozen=True):
    api: Api

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[LetterState]:
        assert change.after is not None
        state = change.after.state.with_ids(ids)
        assert isinstance(state, LetterState)
        assert not is_symbolic(state.owner.id), "what it belongs to was created before"
        return Prepared(state, state)

    async def create(self, new: LetterState) -> Created[StoredLetter]:
        for found in self.api.letters.values():
            if (found.owner, found.name) == (new.owner, new.name):
                return Created(found, ClientError("a letter of this name is there already"))
        self.api.request(f"create {new.name}")
        made = StoredLetter(self.api.new_id(), new.owner, new.name, new.text)
        self.api.letters[made.id] = made
        return Created(made)

    async def update(
        self, id: str, new: LetterState, look: Callable[[], Awaitable[StoredLetter | None]]
    ) -> StoredLetter:
        there = await look()
        if there is not None:
            return there
        self.api.request(f"update {new.name}")
        assert self.api.letters[id].owner == new.owner, "nothing moves to another owner"
        self.api.letters[id] = StoredLetter(id, new.owner, new.name, new.text)
        return self.api.letters[id]

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        if await look():
            return False
        self.api.request(f"delete {self.api.letters.pop(id).name}")
        return True

    async def get(self, id: str, parent_id: str | None) -> StoredLetter:
        return self.api.letters[id]

    async def get_or_none(self, id: str, parent_id: str | None) -> StoredLetter | None:
        return self.api.letters.get(id)

    async def all(self) -> Answers[StoredLetter]:
        return Answers(dict(self.api.letters))

    def id_of(self, answer: StoredLetter) -> str:
        return answer.id

    def is_whole(self, answer: StoredLetter) -> bool:
        return True

    def state_of(self, answer: StoredLetter, expected: State) -> LetterState:
        return LetterState(expected.folder, answer.name, answer.owner, answer.text)

    def parent_of(self, answer: StoredLetter) -> str | None:
        return None


# --- the kinds -------------------------------------------------------------------------


class Item(msgspec.Struct, frozen=True):
    """A line: the rungs of a ladder with their rules as written, or the text of a letter."""

    rungs: tuple[tuple[str, str], ...] = ()
    uses: tuple[Use, ...] = ()
    text: str = ""


class _Base(msgspec.Struct, frozen=True):
    api: Api

    @property
    def suffix(self) -> str:
        return f".{self.name}"

    @property
    def name(self) -> str:
        raise NotImplementedError

    def uses(self, local: LocalResource) -> Sequence[Use]:
        return item_of(local).uses

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Everything can be created."""

    def outline(self, source: str) -> Outline:
        return Outline("", dict.fromkeys(source.split(), 1))

    def change_faults(self, change: Change) -> Iterator[str]:
        yield from ()

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        return Effects()

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return (Edit(use.span, reference(target, use.kind)),)


class LadderKind(_Base, frozen=True):
    @property
    def name(self) -> str:
        return LADDER

    @property
    def part_kinds(self) -> Sequence[str]:
        return (STAGE,)

    @property
    def outside_kinds(self) -> Sequence[str]:
        return ()

    @property
    def is_owned(self) -> bool:
        return False

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        found = []
        for path, source in files.sources.items():
            for line in _LADDER.finditer(source.text if path.endswith(self.suffix) else ""):
                folder = tuple(filter(None, (line[2] or "").strip('"').split("/")))
                rungs, uses = [], []
                for rung in _RUNG.finditer(source.text, line.start(3), line.end(3)):
                    name = rung[1].strip('"')
                    rungs.append((name, rung[0][len(rung[1]) + 1 :]))
                    if rung[2]:
                        span = Span(source.name, *rung.span(2))
                        uses.append(Use(SEGMENT, ByName(rung[2].strip('"')), span))
                place = Span(source.name, *line.span())
                key = Key(LADDER, folder, line[1].strip('"'))
                item = Item(tuple(rungs), tuple(uses))
                found.append(LocalResource(key, path, place, place, False, item))
        return found

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        there = {part.name: part.id for part in (seen.server.parts if seen.server else ())}
        last = {part.name: part.id for part in (seen.entry.part_list if seen.entry else ())}
        names = [name for name, _ in item_of(local).rungs]
        ids = {name: there.get(name) for name in names}
        for name in names:
            if last.get(name) in there.values():
                ids[name] = last[name]
        lost = [name for name in last if name not in names and last[name] in there.values()]
        new = [name for name in names if ids[name] is None]
        if len(lost) == len(new) == 1:
            ids[new[0]] = last[lost[0]]
        return [
            new_part(STAGE, name, local.key.name) if id is None else Part(STAGE, name, id)
            for name, id in ids.items()
        ]

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        parts = self.parts(local, seen)
        rungs = []
        for (name, rule), part in zip(item_of(local).rungs, parts, strict=True):
            if rule.startswith('in "'):
                rule = f"in #{ids[SEGMENT, ByName(rule[4:-1])]}"
            rungs.append(StoredRung(part.id, name, rule))
        return Wanted("{}", LadderState(local.key.folder, local.key.name, tuple(rungs)))

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        return True

    def fingerprint(self, local: LocalResource) -> object | None:
        return tuple(name for name, _ in item_of(local).rungs)

    def source_fingerprint(self, source: str) -> object | None:
        line = _LADDER.match(source)
        return (
            None if line is None else tuple(rung[1].strip('"') for rung in _RUNG.finditer(line[3]))
        )

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, LadderState)

    async def read_server(self, reading: ServerReading) -> Server:
        return Server(
            {
                Ref(LADDER, id): ServerResource(id, LadderState(each.folder, each.name, each.rungs))
                for id, each in self.api.ladders.items()
            }
        )

    def requests(self, client: Client, parent_id: str) -> LadderRequests:
        return LadderRequests(self.api)


class LetterKind(_Base, frozen=True):
    @property
    def name(self) -> str:
        return LETTER

    @property
    def part_kinds(self) -> Sequence[str]:
        return ()

    @property
    def outside_kinds(self) -> Sequence[str]:
        return ()

    @property
    def is_owned(self) -> bool:
        return True

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        found = []
        for path, source in files.sources.items():
            for line in _LETTER.finditer(source.text if path.endswith(self.suffix) else ""):
                kind, target = line[2], _target(line[3])
                uses: tuple[Use, ...] = ()
                folder: Folder = (line[3],)
                if isinstance(target, ByName):
                    uses = (Use(kind, target, Span(source.name, *line.span(3))),)
                    folder = (*filter(None, [target.parent]), target.name)
                place = Span(source.name, *line.span())
                key = Key(LETTER, folder, line[1].strip('"'))
                item = Item((), uses, line[4].strip('"'))
                found.append(
                    LocalResource(key, path, place, place, False, item, Owner(kind, target))
                )
        return found

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return ()

    def compile(self, local: LocalResource, ids: Ids, seen: Seen, report: Report) -> Wanted | None:
        assert local.owner is not None
        kind, target = local.owner.kind, local.owner.target
        of = Ref(kind, target.id if isinstance(target, ById) else ids[kind, target])
        text = item_of(local).text
        return Wanted("{}", LetterState(local.key.folder, local.key.name, of, text))

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        return True

    def fingerprint(self, local: LocalResource) -> object | None:
        return item_of(local).text

    def source_fingerprint(self, source: str) -> object | None:
        line = _LETTER.match(source)
        return None if line is None else line[4].strip('"')

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, LetterState)

    async def read_server(self, reading: ServerReading) -> Server:
        names: dict[Ref, Folder] = {
            Ref(SEGMENT, each.id): (each.name,)
            for each in await reading.client.segments(reading.parent_id)
        }
        for ladder in self.api.ladders.values():
            for rung in ladder.rungs:
                names[Ref(STAGE, rung.id)] = (*ladder.folder, ladder.name, rung.name)
        return Server(
            {
                Ref(LETTER, id): ServerResource(
                    id, LetterState(names[each.owner], each.name, each.owner, each.text)
                )
                for id, each in self.api.letters.items()
            }
        )

    def requests(self, client: Client, parent_id: str) -> LetterRequests:
        return LetterRequests(self.api)


def _target(text: str) -> Reference:
    if text.startswith("#"):
        return ById(text[1:])
    name, _, funnel = text.partition(" of funnel ")
    return ByName(name.strip('"'), funnel.strip('"') or None)


def item_of(local: LocalResource) -> Item:
    assert isinstance(local.item, Item)
    return local.item
