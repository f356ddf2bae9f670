"""A made-up kind of resources: mailings to segments, with source, state and API of their own.

A file holds one mailing a line, and comments:

    # Mondays.
    mailing "Weekly" in "Letters" to "Adults" of "/" says "Hello"

It is made through the interface of kinds alone, as somebody would who adds a kind.
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
from segdsl.language.values import ById, ByName, Reference
from segdsl.source import Span
from segdsl.workspace.kinds.effects import Counting, Effects
from segdsl.workspace.kinds.kind import Answers, Created, Kind, Prepared
from segdsl.workspace.kinds.resource import (
    Change,
    Edit,
    LocalResource,
    Outline,
    Seen,
    Server,
    ServerResource,
    Use,
    Wanted,
    WorkspaceFiles,
)
from segdsl.workspace.kinds.state import State, StateMeta
from segdsl.workspace.project.keys import SEGMENT, Folder, Key, Part, Ref
from segdsl.workspace.remote.reading import ServerReading

MAILING = "mailing"
_QUOTED = r'"[^"\n]*"'
_LINE = re.compile(
    rf"^mailing (?P<name>{_QUOTED})(?: in (?P<folder>{_QUOTED}))? "
    rf"to (?P<to>#\w+|{_QUOTED}(?: of {_QUOTED})?) says (?P<text>{_QUOTED})$",
    re.MULTILINE,
)


# --- state -----------------------------------------------------------------------------


class MailingState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    tag_field="resource",
    tag=MAILING,
):
    """Who is written to, by the segment's id or symbolic id, and what is written."""

    folder: Folder
    name: str
    segment: str
    text: str

    @property
    def resource(self) -> str:
        return MAILING

    @cached_property
    def digest(self) -> str:
        text = json.dumps([self.folder, self.name, self.segment, self.text])
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def refers_to(self) -> frozenset[Ref]:
        return frozenset({Ref(SEGMENT, self.segment)})

    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        if self.inexpressible is not None:
            return None
        target = spelled(names.get(Ref(SEGMENT, self.segment), ById(self.segment)))
        place = f' in "{"/".join(self.folder)}"' if self.folder else ""
        return f'mailing "{self.name}"{place} to {target} says "{self.text}"\n'

    @property
    def inexpressible(self) -> str | None:
        return "its text has a quote" if '"' in self.text else None

    def with_ids(self, ids: Mapping[Ref, str]) -> MailingState:
        segment = ids.get(Ref(SEGMENT, self.segment), self.segment)
        return msgspec.structs.replace(self, segment=segment)

    def changes_from(self, old: State) -> Sequence[str]:
        assert isinstance(old, MailingState)
        words = {"segment": old.segment != self.segment, "text": old.text != self.text}
        return tuple(word for word, differs in words.items() if differs)

    def differences(self, server: State) -> Sequence[str]:
        return self.changes_from(server)


def spelled(target: Reference) -> str:
    match target:
        case ById(id):
            return f"#{id}"
        case ByName(name, None):
            return f'"{name}"'
        case ByName(name, parent):
            return f'"{name}" of "{parent}"'


def target_of(text: str) -> Reference:
    if text.startswith("#"):
        return ById(text[1:])
    name, _, parent = text.partition(" of ")
    return ByName(name.strip('"'), parent.strip('"') or None)


class Line(msgspec.Struct, frozen=True):
    """A mailing as its file has it, and where the file names the segment."""

    segment: Reference
    text: str
    at: Span


# --- the API ---------------------------------------------------------------------------


class Record(msgspec.Struct, frozen=True):
    id: str
    name: str
    folder: Folder
    segment: str
    text: str


class LostAnswerError(ClientError):
    """The request arrived, and its answer did not."""

    ambiguous = True
    retryable = True

    def __init__(self) -> None:
        super().__init__("the answer was lost")


class MailingApi:
    """The mailings of a server. `lose` is how many answers in a row are lost from now on."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.log: list[str] = []
        self.lose = 0
        self.next_id = 1

    def put(self, record: Record) -> None:
        self.records[record.id] = record

    async def post(self, new: MailingState) -> Record:
        record = Record(str(self.next_id), new.name, new.folder, new.segment, new.text)
        self.next_id += 1
        self.put(record)
        self._answer(f"created {new.name}")
        return record

    async def replace(self, id: str, new: MailingState) -> Record:
        record = Record(id, new.name, new.folder, new.segment, new.text)
        self.put(record)
        self._answer(f"updated {new.name}")
        return record

    async def remove(self, id: str) -> None:
        self._answer(f"deleted {self.records.pop(id).name}")

    def _answer(self, done: str) -> None:
        self.log.append(done)
        if self.lose:
            self.lose -= 1
            raise LostAnswerError


class MailingRequests(msgspec.Struct, frozen=True):
    """Each request is sent again after an answer that was lost, once it is looked for."""

    api: MailingApi

    async def prepare(self, change: Change, ids: Mapping[Ref, str]) -> Prepared[MailingState]:
        assert change.after is not None
        state = change.after.state.with_ids(ids)
        assert isinstance(state, MailingState)
        assert not is_symbolic(state.segment), "what it refers to was created before"
        return Prepared(state, state)

    async def create(self, new: MailingState) -> Created[Record]:
        sent = False
        while True:
            for record in self.api.records.values():
                if (record.folder, record.name) == (new.folder, new.name):
                    taken = ClientError("a mailing of this name is there already")
                    return Created(record, None if sent else taken)
            try:
                return Created(await self.api.post(new))
            except LostAnswerError:
                sent = True

    async def update(
        self, id: str, new: MailingState, look: Callable[[], Awaitable[Record | None]]
    ) -> Record:
        while True:
            there = await look()
            if there is not None:
                return there
            try:
                return await self.api.replace(id, new)
            except LostAnswerError:
                continue

    async def delete(
        self, id: str, parent_id: str | None, look: Callable[[], Awaitable[object | None]]
    ) -> bool:
        while True:
            if await look():
                return False
            try:
                await self.api.remove(id)
            except LostAnswerError:
                continue
            return True

    async def get(self, id: str, parent_id: str | None) -> Record:
        return self.api.records[id]

    async def get_or_none(self, id: str, parent_id: str | None) -> Record | None:
        return self.api.records.get(id)

    async def all(self) -> Answers[Record]:
        return Answers(dict(self.api.records))

    def id_of(self, answer: Record) -> str:
        return answer.id

    def is_whole(self, answer: Record) -> bool:
        return True

    def state_of(self, answer: Record, expected: State) -> MailingState:
        return MailingState(answer.folder, answer.name, answer.segment, answer.text)

    def parent_of(self, answer: Record) -> str | None:
        return None


# --- the kind --------------------------------------------------------------------------


class MailingKind(msgspec.Struct, frozen=True):
    api: MailingApi

    @property
    def name(self) -> str:
        return MAILING

    @property
    def suffix(self) -> str:
        return ".mail"

    @property
    def part_kinds(self) -> Sequence[str]:
        return ()

    @property
    def outside_kinds(self) -> Sequence[str]:
        return ()

    @property
    def is_owned(self) -> bool:
        return False

    def parts(self, local: LocalResource, seen: Seen) -> Sequence[Part]:
        return ()

    def read_files(self, files: WorkspaceFiles, report: Report) -> Sequence[LocalResource]:
        found = []
        for path, source in files.sources.items():
            if not path.endswith(self.suffix):
                continue
            for line in _LINE.finditer(source.text):
                name, folder, to, text = (
                    (line[group] or "").strip() for group in ("name", "folder", "to", "text")
                )
                place = Span(source.name, *line.span())
                item = Line(target_of(to), text.strip('"'), Span(source.name, *line.span("to")))
                parts = tuple(part for part in folder.strip('"').split("/") if part)
                key = Key(MAILING, parts, name.strip('"'))
                found.append(LocalResource(key, path, place, place, False, item))
        return found

    def uses(self, local: LocalResource) -> Sequence[Use]:
        line = line_of(local)
        return [Use(SEGMENT, line.segment, line.at)] if isinstance(line.segment, ByName) else []

    def rewrite_use(
        self, local: LocalResource, text: str, use: Use, target: Reference
    ) -> Sequence[Edit] | None:
        return (Edit(use.span, spelled(target)),)

    def compile(
        self,
        local: LocalResource,
        ids: Ids,
        seen: Seen,
        report: Report,
    ) -> Wanted | None:
        line = line_of(local)
        target = line.segment
        id = target.id if isinstance(target, ById) else ids[SEGMENT, target]
        return Wanted(line.text, MailingState(local.key.folder, local.key.name, id, line.text))

    def check_new(self, local: LocalResource, report: Report) -> None:
        """Every mailing can be created."""

    def compiles_to(self, source: str, state: State, ids: Ids) -> bool:
        assert isinstance(state, MailingState)
        line = _LINE.match(source)
        if line is None:
            return False
        target = target_of(line["to"])
        id = target.id if isinstance(target, ById) else ids.get((SEGMENT, target))
        return (id, line["text"].strip('"')) == (state.segment, state.text)

    def fingerprint(self, local: LocalResource) -> object | None:
        return line_of(local).text

    def source_fingerprint(self, source: str) -> object | None:
        line = _LINE.match(source)
        return None if line is None else line["text"].strip('"')

    def outline(self, source: str) -> Outline:
        line = _LINE.match(source)
        return Outline("", {} if line is None else dict.fromkeys(line["text"].split(), 1))

    def read_state(self, data: object) -> State:
        return msgspec.convert(data, MailingState)

    def change_faults(self, change: Change) -> Iterator[str]:
        if change.body == "":
            yield "has no text"

    async def read_server(self, reading: ServerReading) -> Server:
        return Server(
            {
                Ref(MAILING, id): ServerResource(
                    id, MailingState(each.folder, each.name, each.segment, each.text)
                )
                for id, each in self.api.records.items()
            }
        )

    def requests(self, client: Client, parent_id: str) -> MailingRequests:
        return MailingRequests(self.api)

    async def effects(
        self,
        client: Client,
        parent_id: str,
        changes: Mapping[int, Change],
        server: Server,
        counting: Counting,
    ) -> Effects:
        return Effects()


def line_of(local: LocalResource) -> Line:
    assert isinstance(local.item, Line)
    return local.item


def mailing_kind(api: MailingApi) -> Kind:
    return MailingKind(api)
