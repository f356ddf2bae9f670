"""What the store refuses. Nothing here knows SQL or HTTP."""

from __future__ import annotations

import msgspec

from segdsl.errors import InputError, SegdslError


class StoreError(InputError):
    """A store that cannot be used: which file, why, and what to do."""


class NameTakenError(SegdslError):
    """Something else in the same folder has the name; `id` is its id."""

    def __init__(self, id: int) -> None:
        self.id = id
        super().__init__(str(id))


class NoSuchFolderError(SegdslError):
    """The folder that something should be put in does not exist."""


class CycleError(SegdslError):
    """Something would contain itself or refer to itself, directly or through others."""


class ImmutableError(SegdslError):
    """Something that cannot be changed, such as the root folder."""


class Referrers(msgspec.Struct, frozen=True):
    """What refers to something: a kind's table and the ids and names of its rows, by id."""

    table: str
    rows: tuple[tuple[int, str], ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(id for id, _ in self.rows)


class ReferencedError(SegdslError):
    """Something that cannot be deleted, because others refer to it."""

    def __init__(self, referrers: tuple[Referrers, ...]) -> None:
        self.referrers = referrers
        super().__init__("; ".join(f"{kind.table}: {kind.ids}" for kind in referrers))
