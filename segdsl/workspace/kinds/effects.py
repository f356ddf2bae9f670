"""How many profiles a plan concerns: the numbers of profiles before and after each change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from segdsl.workspace.project.keys import Folder, Key, Ref


class Effect(msgspec.Struct, frozen=True):
    """Profiles before and after a change, and those that join and leave; `error` where unknown."""

    before: int | None = None
    after: int | None = None
    joins: int | None = None
    leaves: int | None = None
    error: str | None = None


class PartEffect(msgspec.Struct, frozen=True):
    """The effect on a named part of a resource, such as a stage of a funnel."""

    name: str
    effect: Effect


class Reached(msgspec.Struct, frozen=True):
    """A resource that is in no change, and refers to what changes."""

    ref: Ref
    folder: Folder
    name: str
    effect: Effect

    @property
    def id(self) -> str:
        return self.ref.id

    @property
    def key(self) -> Key:
        return Key(self.ref.kind, self.folder, self.name)


class Effects(msgspec.Struct, frozen=True):
    """The effects of a plan.

    `by_change` has, by its number, each change of who is in a resource, and `parts` those of who
    is in a part of one. `uncounted` is how many there are beside those of `reached`.
    """

    by_change: Mapping[int, Effect] = {}
    reached: tuple[Reached, ...] = ()
    uncounted: int = 0
    parts: Mapping[int, tuple[PartEffect, ...]] = {}

    @classmethod
    def joined(cls, parts: Iterable[Effects]) -> Effects:
        """The effects of changes of several kinds together."""
        listed = tuple(parts)
        return cls(
            {number: each for part in listed for number, each in part.by_change.items()},
            tuple(each for part in listed for each in part.reached),
            sum(part.uncounted for part in listed),
            {number: each for part in listed for number, each in part.parts.items()},
        )


NOT_COUNTED = Effects()


class Counting(msgspec.Struct, frozen=True):
    """Who shows how far the counting is: `begin` takes how many there are to count."""

    begin: Callable[[int], None] = lambda steps: None
    answered: Callable[[], None] = lambda: None
