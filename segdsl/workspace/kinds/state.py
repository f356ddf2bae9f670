"""What is compared of a resource, wherever it is: in a workspace, on a server, or in a plan."""

from __future__ import annotations

import abc
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.values import ByName
from segdsl.workspace.project.keys import Folder, Key, Part, Ref

Site = tuple[str, Folder | Ref, str]
"""What is unique on a server: the kind, the folder or the owner, and the name."""


class StateMeta(msgspec.StructMeta, abc.ABCMeta):
    """The metaclass of states, which are structs with abstract members."""


class State(abc.ABC):
    """The state of a resource. Two are equal when nothing that carries a meaning differs.

    A kind derives a frozen struct from it, tagged with its name, as saved plans hold states:

        class NoteState(msgspec.Struct, State, metaclass=StateMeta, frozen=True, dict=True,
                        tag_field="resource", tag="note"): ...
    """

    @property
    @abc.abstractmethod
    def resource(self) -> str:
        """The name of its kind."""

    @property
    @abc.abstractmethod
    def folder(self) -> Folder: ...

    @property
    @abc.abstractmethod
    def name(self) -> str: ...

    @property
    @abc.abstractmethod
    def digest(self) -> str:
        """A fingerprint: equal for equal states, and practically for no others."""

    @property
    @abc.abstractmethod
    def refers_to(self) -> frozenset[Ref]:
        """The resources that it refers to, of any kind; by symbolic ids where they have no id."""

    @property
    def late_refs(self) -> frozenset[Ref]:
        """Those of `refers_to` that a creation can do without at first, as they may be in a cycle.

        They decide nothing of the order of changes: what refers to something that is created later
        is sent again, whole, behind that.
        """
        return frozenset()

    @abc.abstractmethod
    def source(self, names: Mapping[Ref, ByName]) -> str | None:
        """Canonical source with `names` in the place of ids; None where it cannot be expressed."""

    @property
    @abc.abstractmethod
    def inexpressible(self) -> str | None:
        """What its source cannot express; None where it has source."""

    @abc.abstractmethod
    def with_ids(self, ids: Mapping[Ref, str]) -> State:
        """The state with ids in the place of others, or of symbolic ids."""

    @abc.abstractmethod
    def changes_from(self, old: State) -> Sequence[str]:
        """What differs from an older state beside folder and name, each in a word for a plan."""

    def changes_in_words(self, old: State, names: Mapping[Ref, ByName]) -> Sequence[str]:
        """What a change from an older state means, in sentences for a plan, with `names` in the
        place of ids; nothing where the source says it well enough."""
        return ()

    def creation_in_words(self, names: Mapping[Ref, ByName]) -> Sequence[str]:
        """What it means that it is created, in the same way."""
        return ()

    @abc.abstractmethod
    def differences(self, server: State) -> Sequence[str]:
        """What differs from the server's state, field by field, also where no source shows it."""

    @property
    def owner(self) -> Ref | None:
        """What it belongs to, and cannot be moved away from; None where it is in a folder.

        The folder of what belongs to another resource is that one's place: it shows where the
        resource is, and is not compared.
        """
        return None

    @property
    def parts(self) -> Sequence[Part]:
        """Its named parts that others can refer to, by ids or symbolic ids."""
        return ()

    @property
    def pieces(self) -> Mapping[str, str]:
        """A fingerprint of each piece that is sent in a request of its own, by piece.

        What is not on the server yet is "". Empty where one request sends everything. A resource
        whose pieces each are as last seen or as wanted is one whose change was interrupted.
        """
        return {}

    @property
    def clearable(self) -> Collection[str]:
        """The pieces that sending another one may take from the server, to be sent again."""
        return ()

    @property
    def key(self) -> Key:
        return Key(self.resource, self.folder, self.name)

    @property
    def site(self) -> Site:
        return self.resource, self.owner or self.folder, self.name


# --- what the states of several kinds are made of --------------------------------------

_PIECE_DIGITS = 16
"""Hexadecimal digits of the fingerprint of a piece: a lock has one for each."""


def digest_of(content: object) -> str:
    """The `digest` of a state with this content, which is JSON."""
    return "sha256:" + _sha256(content)


def piece_of(content: object) -> str:
    """The fingerprint of a piece with this content, which is JSON."""
    return _sha256(content)[:_PIECE_DIGITS]


def _sha256(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def true_words(words: Mapping[str, bool]) -> tuple[str, ...]:
    """The words of what is so."""
    return tuple(word for word, is_so in words.items() if is_so)


def different_fields(here: State, there: State, names: Sequence[str]) -> list[str]:
    """The names of the fields in which two states differ."""
    return [name for name in names if getattr(here, name) != getattr(there, name)]


def report_in_words(report: Report) -> str:
    """What a report says of JSON, each message once and with its place; "" if nothing."""
    messages = (
        f"{each.path}: {each.message}" if each.path else each.message for each in report.diagnostics
    )
    return "; ".join(dict.fromkeys(messages))


# --- parts and pieces ------------------------------------------------------------------


def part_ids(wanted: State, server: State) -> dict[Ref, str]:
    """The ids that the parts of a state have on the server, for those with other ids, by name."""
    ids = {(part.kind, part.name): part.id for part in server.parts}
    return {
        part.ref: id
        for part in wanted.parts
        if (id := ids.get((part.kind, part.name), part.id)) != part.id
    }


def settled(wanted: State, server: State) -> State:
    """A state with the ids that new parts of it have on the server."""
    ids = {ref: id for ref, id in part_ids(wanted, server).items() if is_symbolic(ref.id)}
    return wanted.with_ids(ids) if ids else wanted


def is_interrupted(server: State, wanted: State, last: Mapping[str, str]) -> bool:
    """Whether each piece on the server is as wanted, or as last seen: `last`, by piece.

    That is how a change of several requests leaves a resource when it is interrupted; it can be
    carried on without overwriting what anybody else did.
    """
    now = server.pieces
    wanted_pieces = settled(wanted, server).pieces
    return bool(now) and all(
        piece in (wanted_pieces.get(key), last.get(key, ""))
        or (piece == "" and key in wanted.clearable)
        for key, piece in now.items()
    )
