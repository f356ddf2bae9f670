"""What is compared of a resource, wherever it is: in a workspace, on a server, or in a plan."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence

import msgspec

from segdsl.language.values import ByName
from segdsl.workspace.project.keys import Folder, Key, Ref


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

    @abc.abstractmethod
    def differences(self, server: State) -> Sequence[str]:
        """What differs from the server's state, field by field, also where no source shows it."""

    @property
    def key(self) -> Key:
        return Key(self.resource, self.folder, self.name)
